// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/interval.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include "userlib/tools/units/units.h"
#include "userlib/tools/vexctl/mounted.h"
#include "userlib/tools/vexctl/status.h"

namespace vexfs {

namespace {

constexpr int kHeadEvery = 20; // lines
constexpr double kSecondsMax = 86400;

std::optional<double> number_of(const std::string& text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || stop != end || !(number > 0) ||
        number > kSecondsMax)
        return std::nullopt;
    return number;
}

// The counters at one moment.
struct Moment {
    double time = 0;
    double searches = 0;
    double search_ns = 0;
    double puts = 0;
    double drops = 0;
    double read_bytes = 0;
    double written_bytes = 0;
    uint64_t pending = 0;
    uint64_t used_bytes = 0;
};

Result<Moment> look(const Mounted& volume, double& opened, Failure& failure) {
    const Report stats = VEXFS_TRY(volume.report("stats.json", failure));
    const auto number = [&](const char* place) {
        return static_cast<double>(stats.number(place));
    };
    Moment now;
    now.time = seconds_of(stats.text("/time"));
    opened = seconds_of(stats.text("/engine/opened"));
    now.searches = number("/collections/searches");
    now.search_ns = number("/collections/search_ns");
    now.puts = number("/collections/puts");
    now.drops = number("/collections/drops");
    now.read_bytes = number("/devices/0/read/bytes");
    now.written_bytes = number("/devices/0/write/bytes");
    now.pending = stats.number("/collections/rows_pending");
    now.used_bytes = stats.number("/space/used_bytes");
    VEXFS_TRY_VOID(volume.check(stats, "stats.json", failure));
    return now;
}

void print_head() {
    std::printf("%12s %12s %12s %12s %12s %12s %12s %12s\n", "searches/s", "mean", "puts/s",
                "drops/s", "pending", "read/s", "written/s", "used");
}

void print_line(const Moment& before, const Moment& now, const Invocation& invocation) {
    const double seconds = now.time > before.time ? now.time - before.time : 1e-3;
    // A counter is that of the collections that are open: one that closes takes its own along.
    const auto rate = [&](double Moment::*counter) {
        return now.*counter > before.*counter ? (now.*counter - before.*counter) / seconds : 0;
    };
    const double searches = rate(&Moment::searches);
    const double mean_ns = searches > 0 ? rate(&Moment::search_ns) / searches : 0;
    if (invocation.json()) {
        const nlohmann::ordered_json json{
            {"schema", "vexctl.rates/1"},
            {"seconds", seconds},
            {"searches_per_second", searches},
            {"search_mean_ns", mean_ns},
            {"puts_per_second", rate(&Moment::puts)},
            {"drops_per_second", rate(&Moment::drops)},
            {"rows_pending", now.pending},
            {"read_bytes_per_second", rate(&Moment::read_bytes)},
            {"written_bytes_per_second", rate(&Moment::written_bytes)},
            {"used_bytes", now.used_bytes}};
        std::printf("%s\n", json.dump().c_str());
    } else if (invocation.has("tabs")) {
        std::printf("%.1f\t%.0f\t%.1f\t%.1f\t%llu\t%.0f\t%.0f\t%llu\n", searches, mean_ns,
                    rate(&Moment::puts), rate(&Moment::drops),
                    static_cast<unsigned long long>(now.pending), rate(&Moment::read_bytes),
                    rate(&Moment::written_bytes), static_cast<unsigned long long>(now.used_bytes));
    } else {
        std::printf("%12.1f %12s %12.1f %12.1f %12llu %12s %12s %12s\n", searches,
                    latency_text(static_cast<uint64_t>(mean_ns)).c_str(), rate(&Moment::puts),
                    rate(&Moment::drops), static_cast<unsigned long long>(now.pending),
                    size_text(static_cast<uint64_t>(rate(&Moment::read_bytes))).c_str(),
                    size_text(static_cast<uint64_t>(rate(&Moment::written_bytes))).c_str(),
                    size_text(now.used_bytes).c_str());
    }
    std::fflush(stdout);
}

} // namespace

std::optional<Interval> interval_of(const Invocation& invocation) {
    const std::vector<std::string>& words = invocation.operands;
    const size_t first = !words.empty() && number_of(words[0]) ? 0 : 1;
    if (words.size() <= first)
        return std::nullopt;
    const std::optional<double> seconds = number_of(words[first]);
    if (!seconds)
        return std::nullopt;
    Interval interval{first == 0 ? "." : words[0], *seconds, 0};
    if (words.size() > first + 1)
        interval.count = static_cast<uint64_t>(number_of(words[first + 1]).value_or(0));
    return interval;
}

Result<int> watch(const Interval& interval, const Invocation& invocation, Failure& failure) {
    const Mounted volume = VEXFS_TRY(Mounted::open(interval.path, failure));
    Moment before;
    timespec next{};
    ::clock_gettime(CLOCK_MONOTONIC, &next);
    for (uint64_t line = 0; interval.count == 0 || line < interval.count; ++line) {
        double opened = 0;
        const Moment now = VEXFS_TRY(look(volume, opened, failure));
        if (line == 0)
            before.time = opened;
        if (line % kHeadEvery == 0 && !invocation.json() && !invocation.has("tabs"))
            print_head();
        print_line(before, now, invocation);
        before = now;
        if (line + 1 == interval.count)
            break;
        const double seconds = static_cast<double>(next.tv_nsec) * 1e-9 + interval.seconds;
        next.tv_sec += static_cast<time_t>(seconds);
        next.tv_nsec =
            static_cast<long>((seconds - static_cast<double>(static_cast<time_t>(seconds))) * 1e9);
        ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
    }
    return kDone;
}

} // namespace vexfs
