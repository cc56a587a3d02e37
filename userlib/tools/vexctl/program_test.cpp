// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;
using Json = nlohmann::json;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));
const std::vector<std::string> kNames{
    "create",  "show",   "list",    "put",   "get",     "rm",    "search", "import",
    "export",  "recall", "explain", "set",   "compact", "erase", "jobs",   "pool",
    "metrics", "stat",   "status",  "usage", "version", "help",  "manual", "completion"};

ProgramRun vexctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return run_program(arguments);
}

// The document that a command prints; it succeeds, or ends with `status`.
Json document(const std::vector<std::string>& arguments, int status = 0) {
    const ProgramRun run = vexctl(arguments);
    CAPTURE(run.err);
    CHECK(run.status == status);
    CHECK(run.err.empty());
    const Json json = Json::parse(run.out, nullptr, false);
    REQUIRE(json.is_object());
    return json;
}

// What a shell prints for a script, or nothing if there is no such shell.
std::string shell_says(const std::string& shell, const std::string& script, bool& present) {
    const ProgramRun run = run_program({shell, "-c", script});
    present = run.status != 127;
    CAPTURE(run.err);
    CHECK((run.status == 0 || !present));
    CHECK(run.err.empty());
    return run.out;
}

} // namespace

TEST_CASE("vexctl: a wrong command line is exit 2 and says what is right") {
    const auto wrong = [](const std::vector<std::string>& arguments) {
        const ProgramRun run = vexctl(arguments);
        CHECK(run.status == 2);
        CHECK(run.out.empty());
        return run.err;
    };
    const std::string list = " [EINVAL]\nhint: vexctl help lists what there is\n";
    CHECK(wrong({}) == "vexctl: no subcommand is named" + list);
    CHECK(wrong({"find"}) == "vexctl: 'find' is no subcommand" + list);
    CHECK(wrong({"status", "-x"}) ==
          "vexctl: status: option -x is not known [EINVAL]\nhint: usage: vexctl status [-j] "
          "[PATH]\n");
    CHECK(wrong({"status", "--bogus"}).find("option --bogus is not known") != std::string::npos);
    CHECK(wrong({"status", "-H"}).find("option -H is not known") != std::string::npos);
    CHECK(wrong({"usage", "a", "b"}).find("'b' is one operand too many") != std::string::npos);
    CHECK(wrong({"completion"}).find("bash|zsh|fish is missing") != std::string::npos);
    CHECK(wrong({"completion", "csh"}).find("'csh' is none of: bash, zsh, fish") !=
          std::string::npos);
    CHECK(wrong({"help", "find"}).find("'find' is none of: create") != std::string::npos);
    CHECK(wrong({"put"}).find("FILE is missing") != std::string::npos);
    CHECK(wrong({"search", "-k"}).find("option --hits wants N") != std::string::npos);
    CHECK(wrong({"search", "-k", "1", "--hits=2"}).find("--hits is given twice") !=
          std::string::npos);
    CHECK(wrong({"search", "--exact=yes"}).find("--exact takes no value") != std::string::npos);
    CHECK(wrong({"search", "-k0"}).find("--hits '0' is no whole number in 1 to 65536") !=
          std::string::npos);
    CHECK(wrong({"create", "d", "--dim", "4", "--metric", "l3"}).find("'l3' is none of: l2") !=
          std::string::npos);
    const Json json = Json::parse(wrong({"status", "--json", "--bogus"}));
    CHECK(json["schema"] == "vexctl.error/1");
    CHECK(json["error"]["type"] == "usage");
    CHECK(json["error"]["code"] == "EINVAL");
}

TEST_CASE("vexctl: what is no volume is exit 3, as text and as a document") {
    const ScratchDirectory directory;
    ProgramRun run = vexctl({"status", directory.path()});
    CHECK(run.status == 3);
    CHECK(run.out.empty());
    CHECK(run.err == "vexctl: status: " + directory.path() +
                         ": this is not on a VexFS volume [ENOTTY]\nhint: findmnt -t fuse.vexfs "
                         "lists the volumes that are mounted\n");
    run = vexctl({"usage", "-j", directory.path() + "/absent"});
    CHECK(run.status == 3);
    const Json json = Json::parse(run.err);
    CHECK(json == Json({{"schema", "vexctl.error/1"},
                        {"command", "usage"},
                        {"subject", directory.path() + "/absent"},
                        {"error",
                         {{"code", "ENOENT"},
                          {"type", "not_found"},
                          {"message", "No such file or directory"},
                          {"hint", "check the spelling"}}}}));
    CHECK(vexctl({"version", directory.path()}).status == 3);
}

TEST_CASE("vexctl: a full disk below its output is no success") {
    const ProgramRun run = run_program({"bash", "-c", "\"$0\" help >/dev/full", kProgram});
    CHECK(run.status == 1);
    CHECK(run.err.find("what was printed was not taken [ENOSPC]") != std::string::npos);
}

TEST_CASE("vexctl: help names every subcommand, and each explains itself") {
    const std::string all = vexctl({"help"}).out;
    CHECK(all == vexctl({"--help"}).out);
    for (const std::string& name : kNames) {
        CAPTURE(name);
        CHECK(all.find("\n  " + name) != std::string::npos);
        const ProgramRun one = vexctl({"help", name});
        CHECK(one.status == 0);
        CHECK(one.out.starts_with("usage: vexctl " + name));
        CHECK(one.out == vexctl({name, "--help"}).out);
    }
    const ProgramRun version = vexctl({"version"});
    CHECK(version.out.find("libvexfs ") != std::string::npos);
    CHECK(version.out == vexctl({"--version"}).out);
    CHECK(document({"version", "--json"})["engine"].is_null());
}

TEST_CASE("vexctl: status tells who serves what, and what it did") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount({"-o", "mem=80M,commit=9"}).status == 0);
    REQUIRE(write_text(scratch.point() + "/file", std::string(100'000, 'x')));
    const Json json = document({"status", "--json", scratch.point() + "/file"});
    CHECK(json["schema"] == "vexctl.status/1");
    CHECK(json["health"] == "good");
    CHECK(json["volume"]["label"] == "trial");
    CHECK(json["volume"]["size_bytes"] == 96 << 20);
    CHECK(json["mount"] ==
          Json({{"root", scratch.point()}, {"source", scratch.image()}, {"front_end", "fuse"}}));
    CHECK(json["engine"]["read_only"] == false);
    CHECK(json["engine"]["uptime_seconds"].get<double>() >= 0);
    CHECK(json["engine"]["uptime_seconds"].get<double>() < 3600);
    CHECK(json["config"] == Json({{"memory_bytes", 80 << 20}, {"commit_ms", 9000}}));
    CHECK(json["jobs"].size() == 2);
    CHECK(json["unwritten"]["memory_bytes"] > 0);
    CHECK(json["devices"].size() == 1);
    const auto& requests = json["requests"];
    const auto write = std::find_if(requests.begin(), requests.end(),
                                    [](const Json& each) { return each["name"] == "write"; });
    REQUIRE(write != requests.end());
    CHECK((*write)["count"] > 0);
    CHECK((*write)["per_second"] > 0);
    CHECK((*write)["p50_ns"] > 0);
    CHECK((*write)["p99_ns"] >= (*write)["p50_ns"]);

    const std::string text = vexctl({"status", scratch.point()}).out;
    CAPTURE(text);
    CHECK(text.starts_with("volume     'trial' "));
    CHECK(text.find("\nhealth     good\n") != std::string::npos);
    CHECK(text.find("\nmounted    " + scratch.image() + " at " + scratch.point() +
                    " by fuse, writable\n") != std::string::npos);
    CHECK(text.find("\nsettings   80 MiB of memory, commit every 9 s\n") != std::string::npos);
    CHECK(text.find("\nwrite ") != std::string::npos);
    CHECK(scratch.unmount());
}

TEST_CASE("vexctl: the path is . if none is given, and nobody needs to be root") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    std::filesystem::permissions(scratch.directory(), std::filesystem::perms(0755));
    REQUIRE(scratch.mount().status == 0);
    const std::string as_nobody = "cd \"$1\" && exec setpriv --reuid 65534 --regid 65534 "
                                  "--clear-groups \"$0\" status --json";
    const ProgramRun run = run_program({"bash", "-c", as_nobody, kProgram, scratch.point()});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    const Json json = Json::parse(run.out, nullptr, false);
    REQUIRE(json.is_object());
    CHECK(json["mount"]["root"] == scratch.point());
    CHECK(json["config"].is_null());
    CHECK(json["jobs"].is_null());
    CHECK(scratch.unmount());
}

TEST_CASE("vexctl: the parts that usage names add up to the whole") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    const Json before = document({"usage", "-j", scratch.point()});
    Random random(7);
    std::string noise(8 << 20, '\0');
    for (char& byte : noise)
        byte = static_cast<char>(random.next());
    REQUIRE(write_text(scratch.point() + "/noise", noise));
    CHECK(scratch.unmount()); // commits it
    REQUIRE(scratch.mount().status == 0);
    const Json json = document({"usage", "-j", scratch.point()});
    const auto bytes = [&](const char* name) {
        return json[name].get<uint64_t>();
    };
    CHECK(json["schema"] == "vexctl.usage/1");
    CHECK(bytes("device_bytes") == 96 << 20);
    CHECK(bytes("device_bytes") == bytes("structure_bytes") + bytes("capacity_bytes"));
    CHECK(bytes("capacity_bytes") ==
          bytes("used_bytes") + bytes("available_bytes") + bytes("reserved_bytes"));
    CHECK(bytes("used_bytes") >= before["used_bytes"].get<uint64_t>() + noise.size());

    const std::string tabs = vexctl({"usage", "-H", scratch.point()}).out;
    CHECK(tabs.starts_with("device\t" + std::to_string(96 << 20) + "\nstructure\t"));
    CHECK(std::count(tabs.begin(), tabs.end(), '\n') == 7);
    CHECK(vexctl({"usage", scratch.point()}).out.starts_with("device                96 MiB  the"));
    CHECK(document({"version", "-j", scratch.point()})["engine"]["abi_max"] == 1);
    CHECK(scratch.unmount());
}

TEST_CASE("vexctl: status of a volume that met damage is exit 7") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    Random random(8);
    std::string noise(64 << 10, '\0'); // nothing compresses it: it lies on the disk as it is
    for (char& byte : noise)
        byte = static_cast<char>(random.next());
    REQUIRE(write_text(scratch.point() + "/noise", noise));
    CHECK(scratch.unmount());
    const std::string image = text_of(scratch.image());
    const size_t place = image.find(noise.substr(0, 4096));
    REQUIRE(place != std::string::npos);
    const FileDescriptor raw(::open(scratch.image().c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::pwrite(raw.raw(), "damage", 6, static_cast<off_t>(place)) == 6);

    REQUIRE(scratch.mount().status == 0);
    CHECK(document({"status", "-j", scratch.point()})["health"] == "good"); // nobody has read it
    CHECK(run_program({"cat", scratch.point() + "/noise"}).status == 1);
    const Json json = document({"status", "-j", scratch.point()}, 7);
    CHECK(json["health"] == "damaged");
    CHECK(json["damage"]["records_lost"] > 0); // the kernel reads again
    const ProgramRun run = vexctl({"status", scratch.point()});
    CHECK(run.status == 7);
    CHECK(run.out.find(" records of files lost\n") != std::string::npos);
    CHECK(scratch.unmount());
}

TEST_CASE("vexctl: a mount whose engine has ended is exit 9") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    REQUIRE(scratch.kill_daemons());
    const ProgramRun run = vexctl({"status", scratch.point()});
    CHECK(run.status == 9);
    CHECK(run.err.find("the engine behind the mount has ended [ENOTCONN]") != std::string::npos);
}

TEST_CASE("vexctl: bash completes subcommands, options, shells and files") {
    const auto completed = [](const std::string& words, int at) {
        bool present = false;
        std::string said = shell_says("bash",
                                      "source <(" + kProgram + " completion bash); COMP_WORDS=(" +
                                          words + "); COMP_CWORD=" + std::to_string(at) +
                                          "; _vexctl; echo \"${COMPREPLY[*]}\"",
                                      present);
        REQUIRE(present);
        return said;
    };
    std::string all;
    for (const std::string& name : kNames)
        all += (all.empty() ? "" : " ") + name;
    CHECK(completed("vexctl ''", 1) == all + "\n");
    CHECK(completed("vexctl us", 1) == "usage\n");
    CHECK(completed("vexctl usage --", 2) == "--json --tabs --help\n");
    CHECK(completed("vexctl completion ''", 2) == "bash zsh fish\n");
    CHECK(completed("vexctl help v", 2) == "version\n");
    CHECK(completed("vexctl create --metric ''", 3) == "l2 cosine dot hamming jaccard\n");
    CHECK(completed("vexctl search --like " + kProgram, 3) == kProgram + "\n");
    CHECK(completed("vexctl status " + kProgram, 2) == kProgram + "\n");
}

TEST_CASE("vexctl: zsh and fish take their scripts") {
    bool present = false;
    std::string said = shell_says(
        "fish", kProgram + " completion fish | source; complete -C 'vexctl us'", present);
    if (present)
        CHECK(said == "usage\twhere the space goes\n");
    else
        MESSAGE("skipped: there is no fish");
    said = shell_says("zsh",
                      "autoload -Uz compinit; compinit -u -D; source <(" + kProgram +
                          " completion zsh); print $_comps[vexctl]",
                      present);
    if (present)
        CHECK(said == "_vexctl\n");
    else
        MESSAGE("skipped: there is no zsh");
}
