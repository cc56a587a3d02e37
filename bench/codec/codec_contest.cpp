// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/codec_contest.h"

#include <chrono>
#include <cstring>

#include "bench/machine/machine.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kDiskBlock = 4096;

struct Way {
    const char* name;
    Compression compression;
    bool as_numbers;
    bool seekable;
};

constexpr Compression kLz4{CodecId::kLz4, 0};
constexpr Compression kZstd{CodecId::kZstd, 3};
constexpr Way kWays[] = {{"lz4", kLz4, false, false},
                         {"zstd", kZstd, false, false},
                         {"auto", kLz4, true, true},
                         {"numbers, lz4", kLz4, true, false},
                         {"numbers, zstd", kZstd, true, false}};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// All blocks of a set, encoded and decoded again, one way.
// Threads: one thread.
class Turn {
  public:
    Turn(const BlockSet& set, const Way& way)
        : set_(set), way_(way), form_{way.as_numbers ? set.numbers : Numbers::kNone, way.seekable},
          coded_(set.blocks()), rooms_(set.blocks() * kCodecBlockBytes), back_(kCodecBlockBytes) {}

    Status encode(CodecFigures& figures) {
        const auto start = Clock::now();
        for (size_t i = 0; i < set_.blocks(); ++i)
            coded_[i] = VEXFS_TRY(coder_.encode(way_.compression, form_, set_.block(i), room(i)));
        figures.encode.push_back(static_cast<double>(set_.bytes.size()) / seconds_since(start));
        return ok();
    }

    Status decode(CodecFigures& figures) {
        double seconds = 0;
        size_t decoded = 0;
        size_t bytes = 0;
        size_t disk = 0;
        for (size_t i = 0; i < set_.blocks(); ++i) {
            const Coded& coded = coded_[i];
            bytes += coded.size_bytes;
            disk += div_ceil(coded.size_bytes, kDiskBlock);
            if (coded.is_raw())
                continue;
            const auto start = Clock::now();
            VEXFS_TRY_VOID(coder_.decode(static_cast<uint8_t>(coded.codec), coded.filter,
                                         room(i).first(coded.size_bytes), back_));
            seconds += seconds_since(start);
            ++decoded;
            if (std::memcmp(back_.data(), set_.block(i).data(), kCodecBlockBytes) != 0)
                return fail(Code::kEBADMSG, "codec: a block came back changed");
        }
        const auto all = static_cast<double>(set_.bytes.size());
        figures.share = static_cast<double>(bytes) / all;
        figures.disk_share = static_cast<double>(disk * kDiskBlock) / all;
        if (decoded > 0)
            figures.decode.push_back(static_cast<double>(decoded * kCodecBlockBytes) / seconds);
        return ok();
    }

  private:
    MutableBytes room(size_t i) {
        return MutableBytes(rooms_).subspan(i * kCodecBlockBytes, kCodecBlockBytes);
    }

    const BlockSet& set_;
    const Way& way_;
    const BlockForm form_;
    BlockCoder coder_;
    std::vector<Coded> coded_;
    std::vector<std::byte> rooms_;
    std::vector<std::byte> back_;
};

} // namespace

Result<std::vector<CodecFigures>> run_codec_contest(const BlockSet& set, const CodecPlan& plan) {
    const Pinned pinned = VEXFS_TRY(Pinned::to(plan.processor));
    std::vector<Turn> turns;
    std::vector<CodecFigures> all;
    for (const Way& way : kWays) {
        if (way.as_numbers && set.numbers == Numbers::kNone)
            continue;
        turns.emplace_back(set, way);
        all.push_back({way.name, 1, 1, {}, {}});
    }
    for (uint32_t round = 0; round < plan.rounds; ++round)
        for (size_t i = 0; i < turns.size(); ++i) {
            VEXFS_TRY_VOID(turns[i].encode(all[i]));
            VEXFS_TRY_VOID(turns[i].decode(all[i]));
        }
    return all;
}

} // namespace vexfs
