// SPDX-License-Identifier: Apache-2.0
//
// mount.vexfs: the helper that mount(8) calls. It checks what it is told, has vexfsd mount and
// serve, and turns vexfsd's word into the exit status that mount(8) expects of a helper.
//
// Threads: one thread.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlib/tools/mount/options.h"
#include "userlib/tools/mount/run.h"

namespace vexfs {

namespace {

// Of mount(8).
enum Exit : int { kMounted = 0, kUsage = 1, kSystem = 2, kFailed = 32 };

int tell(const std::string& sentence, Code code, Exit status) {
    std::fprintf(stderr, "mount.vexfs: %s [%s]\n", sentence.c_str(), name_of(code));
    return status;
}

// The status that belongs to a cause.
Exit exit_of(Code code) {
    switch (code) {
    case Code::kEPERM:
    case Code::kEACCES:
        return kUsage;
    case Code::kENOMEM:
    case Code::kEMFILE:
    case Code::kEAGAIN:
        return kSystem;
    default:
        return kFailed;
    }
}

// vexfsd ends a sentence about a failure with the name of its code.
Exit exit_of(const std::string& said) {
    for (const Code code :
         {Code::kEPERM, Code::kEACCES, Code::kENOMEM, Code::kEMFILE, Code::kEAGAIN})
        if (said.ends_with(std::string("[") + name_of(code) + "]\n"))
            return exit_of(code);
    return kFailed;
}

// What vexfsd says up to its list of options: those of mount.vexfs have other names.
void pass_on(const std::string& said) {
    const size_t usage = said.find("usage: ");
    std::fputs(said.substr(0, usage).c_str(), stderr);
}

// What -f checks, and what is said better before a daemon is started.
Status check_operands(const MountOptions& options, std::string& sentence) {
    const auto refuse = [&](const std::string& text, int error) {
        sentence = text;
        return fail(code_from_errno(error), "mount: operand");
    };
    struct stat found {};
    if (::stat(options.device.c_str(), &found) != 0)
        return refuse(options.device + ": " + std::strerror(errno), errno); // NOLINT
    if (!S_ISREG(found.st_mode) && !S_ISBLK(found.st_mode))
        return refuse(options.device + " is neither a block device nor a regular file", EINVAL);
    const bool absent = ::stat(options.directory.c_str(), &found) != 0;
    if (absent && errno == ENOTCONN) // a dead mount, which vexfsd replaces
        return ok();
    if (absent)
        return refuse(options.directory + ": " + std::strerror(errno), errno); // NOLINT
    if (!S_ISDIR(found.st_mode))
        return refuse(options.directory + " is not a directory", ENOTDIR);
    return ok();
}

// A daemon that was killed between mounting and serving leaves a mount that answers nothing.
void remove_dead_mount(const std::string& directory) {
    struct stat found {};
    if (::stat(directory.c_str(), &found) != 0 && errno == ENOTCONN)
        ::umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

int mount(const MountOptions& options) {
    std::string sentence;
    if (const Status fit = check_operands(options, sentence); !fit)
        return tell(sentence, fit.error().code, exit_of(fit.error().code));
    const Result<std::string> daemon = find_daemon();
    if (!daemon)
        return tell(daemon.error().what, daemon.error().code, kSystem);
    std::vector<std::string> arguments{*daemon, "--fuse", options.directory};
    arguments.insert(arguments.end(), options.daemon.begin(), options.daemon.end());
    arguments.insert(arguments.end(), {"--", options.device});
    if (options.verbose) {
        for (const std::string& argument : arguments)
            std::printf("%s%s", &argument == arguments.data() ? "" : " ", argument.c_str());
        std::printf("\n");
        std::fflush(stdout);
    }
    if (options.fake)
        return kMounted;
    const Result<DaemonRun> run = run_daemon(arguments);
    if (!run)
        return tell(run.error().what, run.error().code, kSystem);
    pass_on(run->said);
    if (run->status == 0)
        return kMounted;
    remove_dead_mount(options.directory);
    if (run->status == -1)
        return tell("vexfsd was killed before it served", Code::kENODEV, kFailed);
    return run->status == 2 ? kUsage : exit_of(run->said);
}

} // namespace

} // namespace vexfs

int main(int count, char** arguments) {
    std::string explanation;
    const auto options = vexfs::parse_mount(count, arguments, explanation);
    if (!options) {
        std::fprintf(stderr, "mount.vexfs: %s\n%s", explanation.c_str(), vexfs::kMountUsage);
        return vexfs::kUsage;
    }
    if (options->help || options->version) {
        std::fputs(options->help ? vexfs::kMountUsage : "mount.vexfs " VEXFS_VERSION "\n", stdout);
        return vexfs::kMounted;
    }
    return vexfs::mount(*options);
}
