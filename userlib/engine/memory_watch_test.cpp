// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/memory_watch.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "userlib/device/scratch_file.h"

using namespace vexfs;

namespace {

constexpr uint64_t kMib = uint64_t{1} << 20;

// A directory that stands for /.
class Machine {
  public:
    Machine() { meminfo(16'384, 8'192); }
    [[nodiscard]] const std::string& root() const { return folder_.path(); }

    void write(const std::string& path, const std::string& text) const {
        const std::filesystem::path whole = root() + path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole) << text;
    }
    void meminfo(uint64_t total_mib, uint64_t available_mib) const {
        write("/proc/meminfo", "MemTotal: " + std::to_string(total_mib * 1024) +
                                   " kB\nMemFree: 1 kB\nMemAvailable: " +
                                   std::to_string(available_mib * 1024) + " kB\n");
    }

  private:
    ScratchDirectory folder_;
};

void version_1(const Machine& machine, const std::string& group, const std::string& limit,
               uint64_t usage, uint64_t inactive) {
    const std::string folder = "/sys/fs/cgroup/memory" + group + "/memory.";
    machine.write(folder + "limit_in_bytes", limit + "\n");
    machine.write(folder + "usage_in_bytes", std::to_string(usage) + "\n");
    machine.write(folder + "stat", "cache 5\ninactive_file 1\ntotal_inactive_file " +
                                       std::to_string(inactive) + "\ntotal_active_file " +
                                       std::to_string(inactive) + "\n");
}

void version_2(const Machine& machine, const std::string& group, const std::string& limit,
               uint64_t usage, uint64_t inactive) {
    const std::string folder = "/sys/fs/cgroup" + group + "/memory.";
    machine.write(folder + "max", limit + "\n");
    machine.write(folder + "current", std::to_string(usage) + "\n");
    machine.write(folder + "stat",
                  "anon 5\nfile 6\ninactive_file " + std::to_string(inactive) + "\n");
}

} // namespace

TEST_CASE("memory limits: without groups the machine's memory is all there is") {
    const Machine machine;
    const std::vector<MemoryRoom> rooms = MemoryLimits(machine.root()).rooms();
    REQUIRE(rooms.size() == 1);
    CHECK(rooms[0].bytes == 8'192 * kMib);
    CHECK(rooms[0].limit_bytes == 16'384 * kMib);
    CHECK(MemoryLimits("/nonexistent").rooms().empty());
    CHECK(MemoryLimits("/nonexistent").stalled_percent() == 0);
    const std::vector<MemoryRoom> here = MemoryLimits().rooms();
    REQUIRE(!here.empty());
    for (const MemoryRoom& room : here)
        CHECK(room.bytes <= room.limit_bytes);
}

TEST_CASE("memory limits: every group around this process is asked, of either version") {
    const Machine machine;
    machine.write("/proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/a/b\n0::/\n");
    version_1(machine, "/a", std::to_string(300 * kMib), 290 * kMib, 20 * kMib);
    version_1(machine, "/a/b", std::to_string(200 * kMib), 100 * kMib, 0);
    std::vector<MemoryRoom> rooms = MemoryLimits(machine.root()).rooms();
    REQUIRE(rooms.size() == 3); // with the machine
    CHECK(rooms[0].limit_bytes == 200 * kMib);
    CHECK(rooms[0].bytes == 100 * kMib);
    CHECK(rooms[1].limit_bytes == 300 * kMib);
    CHECK(rooms[1].bytes == 50 * kMib); // with page cache in use and not

    machine.write("/proc/self/cgroup", "0::/s/t.service\n");
    version_2(machine, "/s", "max", 4000 * kMib, 0);
    version_2(machine, "/s/t.service", std::to_string(100 * kMib), 120 * kMib, 5 * kMib);
    rooms = MemoryLimits(machine.root()).rooms();
    REQUIRE(rooms.size() == 2);
    CHECK(rooms[0].limit_bytes == 100 * kMib);
    CHECK(rooms[0].bytes == 0);
    machine.write("/sys/fs/cgroup/s/t.service/memory.high", std::to_string(80 * kMib));
    CHECK(MemoryLimits(machine.root()).rooms()[0].limit_bytes == 80 * kMib);
}

TEST_CASE("memory limits: how long the machine waited, or the group where that is told") {
    const Machine machine;
    machine.write("/proc/pressure/memory", "some avg10=50.00 avg60=1.00 avg300=0.00 total=1\n"
                                           "full avg10=12.50 avg60=1.00 avg300=0.00 total=1\n");
    CHECK(MemoryLimits(machine.root()).stalled_percent() == 12.5);
    machine.write("/proc/self/cgroup", "0::/s\n");
    machine.write("/sys/fs/cgroup/s/memory.pressure", "full avg10=3.00 avg60=1.00\n");
    CHECK(MemoryLimits(machine.root()).stalled_percent() == 3);
}

TEST_CASE("memory limits: files that make no sense say nothing") {
    const Machine machine;
    for (const char* const text : {"", "\n", "4:memory", "::", "4:memory:", "4:memory:b\n0::b"}) {
        machine.write("/proc/self/cgroup", text);
        version_1(machine, "", "many", 1, 1);
        machine.write("/proc/meminfo", "MemTotal:\nMemAvailable: -\n");
        machine.write("/proc/pressure/memory", "full avg10=\nfull avg10=x\n");
        CHECK(MemoryLimits(machine.root()).rooms().empty());
    }
}

TEST_CASE("memory watch: what lacks is given back, at the level where most lacks") {
    const auto allowed = [](std::vector<MemoryRoom> rooms, bool stalled, uint64_t used_mib) {
        return bytes_allowed(rooms, stalled, used_mib * kMib) / kMib;
    };
    const uint64_t limit = 400 * kMib; // of which 100 are left to others
    CHECK(allowed({{limit, 300 * kMib}}, false, 50) == 150);
    CHECK(allowed({{limit, 100 * kMib}}, false, 50) == 50);
    CHECK(allowed({{limit, 70 * kMib}}, false, 50) == 20);
    CHECK(allowed({{limit, 0}}, false, 50) == 0);
    CHECK(allowed({{limit, 190 * kMib}}, true, 50) == 40);
    CHECK(allowed({{32'768 * kMib, 8'448 * kMib}}, false, 50) == 8'242); // there is plenty
    CHECK(allowed({{512 * kMib, 200 * kMib}, {16'384 * kMib, 210 * kMib}}, false, 100) == 54);
    CHECK(bytes_allowed({}, false, 50 * kMib) == UINT64_MAX);
    const MemoryRoom endless{UINT64_MAX, UINT64_MAX};
    CHECK(bytes_allowed({&endless, 1}, false, 50 * kMib) > UINT64_MAX / 2);
}

TEST_CASE("memory watch: it follows what the machine says") {
    const Machine machine;
    std::atomic<uint64_t> allowed = 0;
    const MemoryWatch watch(
        MemoryLimits(machine.root()), std::chrono::milliseconds(1), [] { return 100 * kMib; },
        [&allowed](uint64_t bytes) { allowed = bytes; });
    CHECK(allowed == (8'192 - 256 + 100) * kMib); // before it is made
    machine.meminfo(16'384, 200);
    while (allowed != 44 * kMib)
        std::this_thread::yield();
    machine.meminfo(16'384, 356);
    while (allowed != 150 * kMib)
        std::this_thread::yield();
}
