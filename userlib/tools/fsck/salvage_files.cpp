// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/fsck/salvage_files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "userlib/device/file_descriptor.h"
#include "userlib/store/salvage.h"
#include "userlib/tools/units/units.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string hex(Bytes bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += kDigits[std::to_integer<unsigned>(byte) >> 4];
        text += kDigits[std::to_integer<unsigned>(byte) & 15];
    }
    return text;
}

Json key_json(const Key& key) {
    return {{"object", key.oid}, {"type", key.type}, {"sub", key.sub}, {"tie", key.tie}};
}

// Threads: one thread.
class Files final : public SalvageSink {
  public:
    explicit Files(const std::string& directory)
        : directory_(directory), items_(directory + "/items.jsonl") {}

    Status data(uint64_t oid, uint64_t offset, Bytes bytes, uint64_t txg) override {
        Object& object = objects_[oid];
        object.bytes += bytes.size();
        object.oldest_txg = std::min(object.oldest_txg, txg);
        summary.data_bytes += bytes.size();
        if (open_oid_ != oid || !open_.is_open()) {
            const std::string path = directory_ + "/objects/" + std::to_string(oid);
            open_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            open_oid_ = oid;
        }
        while (open_.is_open() && !bytes.empty()) {
            const ssize_t done =
                ::pwrite(open_.raw(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (done < 0 && errno == EINTR)
                continue;
            if (done < 0)
                return fail(code_from_errno(errno), "salvage: writing an object");
            bytes = bytes.subspan(static_cast<size_t>(done));
            offset += static_cast<uint64_t>(done);
        }
        return open_.is_open() ? ok()
                               : Status(fail(code_from_errno(errno), "salvage: making an object"));
    }

    Status lost_data(uint64_t oid, uint64_t offset, uint64_t length) override {
        objects_[oid].lost.push_back({{"offset", offset}, {"length", length}});
        summary.lost_bytes += length;
        return ok();
    }

    Status item(const Key& key, Bytes value, uint64_t txg) override {
        Json line = key_json(key);
        line["value"] = hex(value);
        line["commit"] = txg;
        items_ << line.dump() << '\n';
        ++summary.items;
        return items_ ? ok() : Status(fail(Code::kEIO, "salvage: writing the items"));
    }

    Status lost_keys(const Key& from, const Key& end) override {
        lost_keys_.push_back({{"from", key_json(from)}, {"end", key_json(end)}});
        ++summary.lost_key_ranges;
        return ok();
    }

    Status write_manifest(const SalvageReport& report) {
        VolumeId id{};
        std::ranges::copy(report.header.volume_id, id.begin());
        Json objects = Json::array();
        for (const auto& [oid, object] : objects_)
            objects.push_back({{"object", oid},
                               {"file", "objects/" + std::to_string(oid)},
                               {"bytes", object.bytes},
                               {"oldest_commit", object.oldest_txg},
                               {"lost", object.lost}});
        summary.objects = objects_.size();
        summary.damaged_nodes = report.damaged_nodes;
        summary.log_operations = report.log_operations;
        summary.log_damaged = report.log_damaged;
        const Json manifest{{"schema", "fsck.vexfs.salvage/1"},
                            {"uuid", volume_id_text(id)},
                            {"commit", report.newest_txg},
                            {"commits_walked", report.commits},
                            {"damaged_nodes", report.damaged_nodes},
                            {"log_operations", report.log_operations},
                            {"log_damaged", report.log_damaged},
                            {"items", summary.items},
                            {"data_bytes", summary.data_bytes},
                            {"lost_bytes", summary.lost_bytes},
                            {"lost_keys", lost_keys_},
                            {"objects", objects}};
        std::ofstream file(directory_ + "/manifest.json");
        file << manifest.dump(2) << '\n';
        file.close();
        items_.close();
        return file && items_ ? ok() : Status(fail(Code::kEIO, "salvage: writing the manifest"));
    }

    SalvageSummary summary;

  private:
    struct Object {
        uint64_t bytes = 0;
        uint64_t oldest_txg = UINT64_MAX;
        Json lost = Json::array();
    };

    const std::string directory_;
    std::ofstream items_;
    std::map<uint64_t, Object> objects_;
    Json lost_keys_ = Json::array();
    uint64_t open_oid_ = 0;
    FileDescriptor open_;
};

} // namespace

Result<SalvageSummary> salvage_files(Device& device, const std::string& directory,
                                     std::string& explanation) {
    std::error_code error;
    if (fs::exists(directory, error) && !fs::is_empty(directory, error)) {
        explanation = directory + " is there and not empty";
        return fail(Code::kEEXIST, "salvage: the directory is not empty");
    }
    if (!fs::create_directories(directory + "/objects", error) && error) {
        explanation = directory + ": " + error.message();
        return fail(Code::kEIO, "salvage: making the directory");
    }
    Files files(directory);
    const SalvageReport report = VEXFS_TRY(salvage(device, files));
    VEXFS_TRY_VOID(files.write_manifest(report));
    return files.summary;
}

} // namespace vexfs
