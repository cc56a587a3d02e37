// SPDX-License-Identifier: Apache-2.0
//
// The words for the numbers of a schema and of an answer.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ioctl/vexfs_ioctl.h"

namespace vexfs {

const char* metric_name(uint16_t metric);
const char* codes_name(uint16_t codes);
const char* index_name(uint16_t index);
std::string compress_name(uint16_t compress); // "zstd:7"
const char* pool_name(uint16_t pool);
const char* plan_name(uint32_t plan);

// Of the words that the table of options lists; 0 for another.
uint16_t element_number(std::string_view name);
uint16_t metric_number(std::string_view name);
uint16_t codes_number(std::string_view name); // another: auto
uint16_t index_number(std::string_view name);
uint16_t pool_number(std::string_view name);
// "auto", "off" or "none", "lz4", "zstd", "zstd:1" to "zstd:19"; nothing for another.
std::optional<uint16_t> compress_number(std::string_view name);

// Why a query found fewer than it wanted; "" if it did not.
std::string shortage_text(uint32_t why);

// The fields of a schema in words, and where it begins.
nlohmann::ordered_json schema_json(const vexfs_schema_reply& reply);
// "128 x f32, l2"
std::string schema_text(const vexfs_schema& schema);

} // namespace vexfs
