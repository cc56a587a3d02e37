// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/cache_trace.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include <fcntl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/guard.h"

namespace vexfs {

namespace {

constexpr std::array<char, 16> kMagic{'v', 'e', 'x', 'f', 's', ' ', 'c', 'a',
                                      'c', 'h', 'e', ' ', 't', 'r', 'c', '1'};
constexpr size_t kEventBytes = 16;
constexpr size_t kBufferBytes = size_t{1} << 16;

} // namespace

Result<std::unique_ptr<CacheTrace>> CacheTrace::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fail(code_from_errno(errno), "cache trace: open");
    std::unique_ptr<CacheTrace> trace(new CacheTrace(descriptor));
    MutexLock lock(trace->mutex_);
    trace->buffer_.reserve(kBufferBytes);
    for (const char letter : kMagic)
        trace->buffer_.push_back(static_cast<std::byte>(letter));
    return trace;
}

CacheTrace::~CacheTrace() {
    MutexLock lock(mutex_);
    write_out();
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

void CacheTrace::write_out() {
    size_t done = 0;
    while (descriptor_ >= 0 && done < buffer_.size()) {
        const ssize_t wrote = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            ::close(descriptor_);
            descriptor_ = -1;
        }
        done += wrote > 0 ? static_cast<size_t>(wrote) : 0;
    }
    buffer_.clear();
}

void CacheTrace::add(const CacheEvent& event) noexcept {
    MutexLock lock(mutex_);
    if (descriptor_ < 0)
        return;
    std::array<std::byte, kEventBytes> raw;
    store_le<uint64_t>(raw.data(), event.key);
    store_le<uint32_t>(raw.data() + 8, event.bytes);
    store_le<uint32_t>(raw.data() + 12, event.kind);
    buffer_.insert(buffer_.end(), raw.begin(), raw.end()); // room was reserved
    if (buffer_.size() + kEventBytes > kBufferBytes)
        write_out();
}

Result<std::vector<CacheEvent>> read_cache_trace(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::array<char, kMagic.size()> magic{};
    if (!stream.is_open())
        return fail(code_from_errno(errno), "cache trace: open");
    if (!stream.read(magic.data(), magic.size()) || magic != kMagic)
        return fail(Code::kEUCLEAN, "cache trace: the file is none");
    return guard(fail(Code::kENOMEM, "cache trace"), [&]() -> Result<std::vector<CacheEvent>> {
        std::vector<CacheEvent> events;
        std::array<char, kEventBytes> raw{};
        while (stream.read(raw.data(), raw.size())) {
            const auto* const bytes = reinterpret_cast<const std::byte*>(raw.data());
            const auto kind = load_le<uint32_t>(bytes + 12);
            if (kind > CacheEvent::kAhead)
                return fail(Code::kEUCLEAN, "cache trace: an event of no known kind");
            events.push_back({load_le<uint64_t>(bytes), load_le<uint32_t>(bytes + 8),
                              static_cast<CacheEvent::Kind>(kind)});
        }
        return events;
    });
}

std::vector<CacheAccess> accesses_of(const std::vector<CacheEvent>& events) {
    std::vector<CacheAccess> accesses;
    std::unordered_map<uint64_t, size_t> missed; // key to the access that waits for its size
    for (const CacheEvent& event : events) {
        const auto waiting = missed.find(event.key);
        if (event.kind == CacheEvent::kPut && waiting != missed.end()) {
            accesses[waiting->second].bytes = event.bytes;
            missed.erase(waiting);
            continue;
        }
        if (event.kind == CacheEvent::kMiss)
            missed[event.key] = accesses.size();
        const bool put = event.kind == CacheEvent::kPut;
        accesses.push_back({event.key, event.bytes,
                            put                                ? CacheAccess::How::kPut
                            : event.kind == CacheEvent::kAhead ? CacheAccess::How::kAhead
                                                               : CacheAccess::How::kLookUp});
    }
    const auto has_no_size = [](const CacheAccess& access) {
        return access.bytes == 0;
    };
    accesses.erase(std::remove_if(accesses.begin(), accesses.end(), has_no_size), accesses.end());
    return accesses;
}

} // namespace vexfs
