// SPDX-License-Identifier: Apache-2.0
//
// Both headers as C++20: their layout is asserted while this compiles. The cases hold what a layout
// table cannot say.
#include "ioctl/abi_asserts.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

// The ops and all constants, by name, as the layout table lists them.
const std::map<std::string, unsigned long long>& constants() {
    static const std::map<std::string, unsigned long long> table = {
#define STRUCT(type, size)
#define FIELD(type, field, offset, size)
#define CONSTANT(name, value) {#name, name},
#define IOCTL(op, number)
#include "ioctl/layout.txt"
#undef STRUCT
#undef FIELD
#undef CONSTANT
#undef IOCTL
    };
    return table;
}

std::vector<unsigned long long> values_of(const std::string& prefix) {
    std::vector<unsigned long long> values;
    for (const auto& [name, value] : constants())
        if (name.rfind(prefix, 0) == 0)
            values.push_back(value);
    REQUIRE(!values.empty());
    return values;
}

} // namespace

TEST_CASE("abi: op numbers are distinct and lie in the ranges of applications") {
    std::set<unsigned long long> seen;
    for (unsigned long long op : values_of("VEXFS_OP_")) {
        CHECK(seen.insert(op).second);
        CHECK(((op >= 0x01 && op <= 0x3F) || (op >= 0x80 && op <= 0xBF)));
    }
}

TEST_CASE("abi: device commands are distinct and lie in the ranges of the queue") {
    std::set<unsigned> seen;
    for (unsigned long command : {VEXFS_QUEUE_ATTACH, VEXFS_QUEUE_DETACH, VEXFS_QUEUE_NOTIFY_INVAL,
                                  VEXFS_QUEUE_WAIT, VEXFS_QUEUE_COMMIT, VEXFS_QUEUE_FETCH}) {
        CHECK(_IOC_TYPE(command) == VEXFS_IOC_TYPE);
        CHECK(seen.insert(_IOC_NR(command)).second);
        CHECK((_IOC_NR(command) & 0x40) != 0);
    }
}

TEST_CASE("abi: requests of the queue are distinct") {
    std::set<unsigned long long> seen;
    for (unsigned long long request : values_of("VEXFS_REQ_"))
        CHECK(seen.insert(request).second);
}

TEST_CASE("abi: every flag and feature is one bit of its own") {
    for (const char* prefix :
         {"VEXFS_FEATURE_", "VEXFS_HELLO_", "VEXFS_PUT_",  "VEXFS_GET_",   "VEXFS_ROW_S",
          "VEXFS_ROW_P",    "VEXFS_ROW_D",  "VEXFS_DROP_", "VEXFS_SHORT_", "VEXFS_ANSWER_",
          "VEXFS_HIT_",     "VEXFS_STAT_",  "VEXFS_SYNC_", "VEXFS_PART_",  "VEXFS_QUEUE_FEATURE_",
          "VEXFS_REQUEST_", "VEXFS_SET_",   "VEXFS_OPEN_", "VEXFS_IO_",    "VEXFS_FILE_"}) {
        CAPTURE(prefix);
        unsigned long long seen = 0;
        for (unsigned long long bit : values_of(prefix)) {
            CHECK((bit & (bit - 1)) == 0);
            CHECK((bit & seen) == 0);
            seen |= bit;
        }
    }
    CHECK((VEXFS_EXPLAIN_TOTALS & (VEXFS_SEARCH_EXACT | VEXFS_SEARCH_PATHS | VEXFS_SEARCH_VECTORS |
                                   VEXFS_SEARCH_PER_FILE | VEXFS_SEARCH_RADIUS)) == 0);
}

TEST_CASE("abi: any failure fits in the least room, and the limits fit in a message") {
    CHECK(sizeof(vexfs_msg) + sizeof(vexfs_failure) + VEXFS_MAX_FAILURE_TEXT == VEXFS_ROOM_MIN);
    CHECK(VEXFS_MAX_IOCTL < 1 << _IOC_SIZEBITS);
    CHECK(VEXFS_MAX_IOCTL % 8 == 0);
    CHECK(VEXFS_MAX_HITS * sizeof(vexfs_hit) + VEXFS_MAX_QUERIES * sizeof(vexfs_answer) + 4096 <
          VEXFS_MAX_MESSAGE);
    CHECK(VEXFS_MAX_FILES * sizeof(vexfs_put_file) < VEXFS_MAX_MESSAGE);
    CHECK(VEXFS_ROW_APPEND == VEXFS_MAX_ROW + 1);
}

TEST_CASE("abi: the size of a vector follows from element and dimension") {
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_F32, VEXFS_MAX_DIM) == 262140);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_F16, 3) == 6);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_BF16, 3) == 6);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_I8, 3) == 3);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_U8, 3) == 3);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_BIT, 8) == 1);
    CHECK(vexfs_vector_bytes(VEXFS_ELEMENT_BIT, 9) == 2);
    CHECK(vexfs_vector_bytes(0, 9) == 0);
    CHECK(VEXFS_PAD8(0) == 0);
    CHECK(VEXFS_PAD8(1) == 8);
    CHECK(VEXFS_PAD8(8) == 8);
}

TEST_CASE("queue: what different sides write never shares a cache line") {
    CHECK(offsetof(vexfs_slot, request) == 0);
    CHECK(offsetof(vexfs_slot, reply) == 64);
    CHECK(offsetof(vexfs_slot, client) == 128);
    CHECK(sizeof(vexfs_slot) == 192);
    CHECK(sizeof(vexfs_queue_tail) == 64);
    CHECK(sizeof(vexfs_queue_engine) == 64);
}
