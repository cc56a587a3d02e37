// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/stress/storm.h"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"

namespace vexfs {
namespace {

constexpr uint64_t kFiles = 120;
constexpr uint64_t kRowsMax = 64; // of a file; so many files of them are linked into a graph
constexpr uint32_t kDim = 16;
constexpr uint32_t kHits = 50;
constexpr const char* kVector = "user.vexfs.vector";

using Row = std::array<float, kDim>;

// Threads: one thread.
class RowStorm {
  public:
    RowStorm(std::string collection, uint64_t seed, Verdict& verdict)
        : collection_(std::move(collection)), random_(seed), verdict_(verdict),
          directory_(::open(collection_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        verdict_.expect("open the collection", directory_ >= 0, {});
    }
    ~RowStorm() { ::close(directory_); }
    RowStorm(const RowStorm&) = delete;
    RowStorm& operator=(const RowStorm&) = delete;

    uint64_t run() {
        uint64_t calls = 0;
        for (; !verdict_.is_over(); ++calls)
            act(random_.below(10));
        return calls;
    }

    // Each file that has a vector is found by the first row of it.
    void check() {
        for (uint64_t number = 0; number < kFiles && !verdict_.is_over(); ++number) {
            std::vector<Row> rows(kRowsMax);
            const ssize_t size =
                ::getxattr(path(number).c_str(), kVector, rows.data(), rows.size() * sizeof(Row));
            if (size < 0) {
                verdict_.expect("getxattr", false, {ENOENT, ENODATA});
                continue;
            }
            const float nearest = search(rows[0], 1, VEXFS_SEARCH_EXACT);
            if (nearest != 0)
                verdict_.fail("the row of file " + std::to_string(number) + " is not found");
        }
    }

  private:
    [[nodiscard]] std::string path(uint64_t number) const {
        return collection_ + "/" + std::to_string(number);
    }
    std::string path() { return path(random_.below(kFiles)); }

    // In one of a few clusters.
    Row draw() {
        Row row;
        const auto centre = static_cast<float>(random_.below(20));
        for (uint32_t i = 0; i < kDim; ++i)
            row[i] = centre * static_cast<float>(i % 5) + static_cast<float>(random_.normal());
        return row;
    }

    void act(uint64_t which) {
        if (which < 3)
            put();
        else if (which < 7)
            (void)search(draw(), kHits, kFlags[random_.below(std::size(kFlags))]);
        else if (which == 7 && ::removexattr(path().c_str(), kVector) != 0)
            verdict_.expect("removexattr", false, {ENOENT, ENODATA});
        else if (which == 8 && ::rename(path().c_str(), path().c_str()) != 0)
            verdict_.expect("rename", false, {ENOENT});
        else if (which == 9 && random_.chance(1, 2) && ::unlink(path().c_str()) != 0)
            verdict_.expect("unlink", false, {ENOENT});
        else if (which == 9 && ::link(path().c_str(), path().c_str()) != 0)
            verdict_.expect("link", false, {ENOENT, EEXIST});
    }

    void put() {
        const std::string file = path();
        const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (opened < 0) {
            verdict_.expect("open", false, {ENOENT});
            return;
        }
        std::vector<Row> rows(random_.between(1, kRowsMax));
        for (Row& row : rows)
            row = draw();
        if (::fsetxattr(opened, kVector, rows.data(), rows.size() * sizeof(Row), 0) != 0)
            verdict_.expect("setxattr", false, {ENOENT, ESTALE});
        ::close(opened);
    }

    // The distance of the nearest, or infinity.
    float search(const Row& query, uint32_t k, uint32_t flags) {
        message_ = {};
        auto* const wanted = reinterpret_cast<vexfs_search*>(message_.bytes + sizeof(vexfs_msg));
        vexfs_msg& head = message_.head;
        head.size = sizeof head + sizeof *wanted + sizeof query;
        head.room = sizeof message_;
        head.op = VEXFS_OP_SEARCH;
        head.version = VEXFS_ABI_VERSION;
        head.body = sizeof *wanted;
        head.flags = flags;
        wanted->queries = 1;
        wanted->dim = kDim;
        wanted->element = VEXFS_ELEMENT_F32;
        wanted->k = k;
        std::memcpy(wanted + 1, query.data(), sizeof query);
        if (::ioctl(directory_, VEXFS_IOC(VEXFS_OP_SEARCH, sizeof message_), &message_) != 0) {
            verdict_.expect("search", false, {});
            return HUGE_VALF;
        }
        return look_at_hits(k);
    }

    float look_at_hits(uint32_t k) {
        const auto* const reply =
            reinterpret_cast<const vexfs_search_reply*>(message_.bytes + sizeof(vexfs_msg));
        const auto* const answer = reinterpret_cast<const vexfs_answer*>(
            reinterpret_cast<const char*>(reply) + message_.head.body);
        const auto* const hits = reinterpret_cast<const vexfs_hit*>(answer + 1);
        if (reply->hits > k || answer->degraded != 0)
            verdict_.fail("a search finds more than was asked for, or damage");
        std::set<std::pair<uint64_t, uint32_t>> seen;
        float last = 0;
        for (uint32_t i = 0; i < reply->hits; ++i) {
            if (!(hits[i].distance >= last))
                verdict_.fail("hits are not in order");
            if (!seen.emplace(hits[i].ino, hits[i].row).second)
                verdict_.fail("a row is found twice");
            last = hits[i].distance;
        }
        return reply->hits == 0 ? HUGE_VALF : hits[0].distance;
    }

    static constexpr uint32_t kFlags[] = {0, 0, VEXFS_SEARCH_EXACT, VEXFS_SEARCH_PER_FILE};

    const std::string collection_;
    Random random_;
    Verdict& verdict_;
    const int directory_;
    union Message {
        vexfs_msg head;
        char bytes[VEXFS_MAX_IOCTL];
    };
    alignas(8) Message message_{};
};

} // namespace

uint64_t storm_rows(const std::string& collection, uint64_t seed, Verdict& verdict) {
    return RowStorm(collection, seed, verdict).run();
}

void check_rows(const std::string& collection, Verdict& verdict) {
    RowStorm(collection, 0, verdict).check();
}

} // namespace vexfs
