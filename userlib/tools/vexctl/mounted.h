// SPDX-License-Identifier: Apache-2.0
//
// A mounted volume, by way of libvexfs, and the documents in which it speaks of itself.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
#include "userlib/tools/vexctl/failure.h"

namespace vexfs {

// A document of the engine, which may be of another release: what it lacks reads as 0, false or
// empty, and is remembered.
class Report {
  public:
    explicit Report(nlohmann::ordered_json json) : json_(std::move(json)) {}

    // `place`: a JSON pointer, "/space/used_bytes".
    [[nodiscard]] uint64_t number(const std::string& place) const;
    [[nodiscard]] std::string text(const std::string& place) const;
    [[nodiscard]] bool flag(const std::string& place) const;
    // The value as it is; null if there is none.
    [[nodiscard]] nlohmann::ordered_json part(const std::string& place) const;
    // The first place that was asked for and is not there, or holds something else; or empty.
    [[nodiscard]] const std::string& lacks() const { return lacks_; }

  private:
    template <typename Fits>
    const nlohmann::ordered_json* find(const std::string& place, Fits fits) const;

    nlohmann::ordered_json json_;
    mutable std::string lacks_;
};

class Mounted {
  public:
    static Result<Mounted> open(const std::string& path, Failure& failure);

    [[nodiscard]] Result<vexfs_hello_reply> hello(Failure& failure) const;
    [[nodiscard]] Result<Report> report(const char* name, Failure& failure) const;
    // Nothing if the caller may not read it.
    [[nodiscard]] Result<std::optional<Report>> report_of_root(const char* name,
                                                               Failure& failure) const;
    // EPROTO if the report lacked something.
    [[nodiscard]] Status check(const Report& report, const char* name, Failure& failure) const;

    [[nodiscard]] std::string root() const { return text_or_empty(vexfs_root(volume_.get())); }
    [[nodiscard]] std::string source() const { return text_or_empty(vexfs_source(volume_.get())); }
    [[nodiscard]] std::string type() const { return text_or_empty(vexfs_type(volume_.get())); }

  private:
    struct Closer {
        void operator()(vexfs_volume* volume) const { vexfs_close(volume); }
    };
    using Handle = std::unique_ptr<vexfs_volume, Closer>;

    Mounted(std::string path, Handle volume) : path_(std::move(path)), volume_(std::move(volume)) {}
    static std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

    std::string path_;
    Handle volume_;
};

} // namespace vexfs
