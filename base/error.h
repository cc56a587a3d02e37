// SPDX-License-Identifier: Apache-2.0
//
// The closed list of error codes and the Error value that carries one.
//
// Every failure in VexFS is one of the codes below. A code has one documented cause and one advice;
// a new code needs a line in this table and one in ioctl/README.md, and a test compares the two.
// The numbers are Linux errno values, so a border to C only flips the sign. Error is two words and
// trivially copyable: reporting ENOMEM allocates nothing.
//
// Threads: immutable values, any thread.
#pragma once

#include <cerrno>

// X(code, cause, advice)
#define VEXFS_ERROR_TABLE(X)                                                                       \
    X(EPERM, "the operation is reserved for the owner, for root or for VexFS itself",              \
      "use the owner's account, or another name if the name is reserved")                          \
    X(ENOENT, "the file, directory, attribute or job does not exist", "check the spelling")        \
    X(EINTR, "a signal cancelled the operation before it took effect", "call again")               \
    X(EIO, "the device failed, or data is damaged and no good copy is left",                       \
      "look at the log for object and offset, then run fsck.vexfs")                                \
    X(ENXIO, "no data, or no hole, lies at or behind the offset",                                  \
      "the file ends there: nothing is left to find")                                              \
    X(E2BIG, "the request is longer than this version knows and its tail is not zero",             \
      "ask HELLO for the version and send that one")                                               \
    X(EBADF, "the descriptor was not opened for this kind of access",                              \
      "open it for reading, or for writing where the operation changes state")                     \
    X(EAGAIN, "the operation would have to wait and the caller asked not to", "call again")        \
    X(ENOMEM, "memory, or the memory limit of the volume, is used up",                             \
      "raise mem=, or send fewer or smaller requests at once")                                     \
    X(EACCES, "the caller's rights do not allow it, or cannot be known",                           \
      "check owner, group and mode of the file and of every directory above it")                   \
    X(EBUSY, "the volume, device or session is in use by another process or call",                 \
      "wait for it, or stop the process that the message names")                                   \
    X(EEXIST, "the name or the schema exists", "choose another name, or remove the old one")       \
    X(EXDEV, "the operation would cross the border of a collection or of a volume",                \
      "copy instead of renaming or linking; mv does so by itself")                                 \
    X(ENODEV, "the engine is not running, or the device is gone", "start vexfsd, then try again")  \
    X(ENOTDIR, "a directory is needed and this is none", "name a directory")                       \
    X(EISDIR, "a file is needed and this is a directory", "name a file")                           \
    X(EINVAL, "an argument is malformed, out of range or unknown",                                 \
      "read the explanation in the reply: it names the field")                                     \
    X(EMFILE, "too many sessions or handles are open", "close some")                               \
    X(ENOTTY, "the operation number is unknown here",                                              \
      "check that the path is on VexFS, and ask HELLO what it offers")                             \
    X(EFBIG, "the file or the collection would exceed its largest size", "split it into several")  \
    X(ENOSPC, "the volume is full", "delete something: deleting always works")                     \
    X(EROFS, "the volume is mounted or opened read-only", "mount it for writing")                  \
    X(EMLINK, "the file has as many links as it may have", "copy it instead")                      \
    X(ERANGE, "the caller's buffer is too small for the value", "ask for the size first")          \
    X(EDEADLK, "the lock would wait for itself, or the engine would serve itself",                 \
      "do not use a volume from the process that serves it")                                       \
    X(ENAMETOOLONG, "a name is longer than 255 bytes", "use a shorter name")                       \
    X(ENOTEMPTY, "the directory is not empty", "remove what is in it first")                       \
    X(ELOOP, "too many symbolic links stand in the path", "check the links for a loop")            \
    X(ENODATA, "there is no such attribute, or no collection here",                                \
      "set the attribute, or create the collection, first")                                        \
    X(EPROTO, "the other side speaks another version of the protocol",                             \
      "install module, engine and library of one release")                                         \
    X(EBADMSG, "a checksum does not match", "run fsck.vexfs: it names the damaged part")           \
    X(EOVERFLOW, "a number does not fit the caller's format", "use the 64-bit form of the call")   \
    X(EMSGSIZE, "the reply does not fit the room the caller gave",                                 \
      "call again with the size that the reply's header states")                                   \
    X(EOPNOTSUPP, "this feature is not offered by this volume or front end",                       \
      "ask HELLO for the feature bits")                                                            \
    X(ENOTCONN, "the engine behind the mount has ended", "restart it, or unmount and mount again") \
    X(ETIMEDOUT, "a deadline passed before the operation was done",                                \
      "try again, or give it more time")                                                           \
    X(ESTALE, "the object or session is from before a restart, or is gone", "open it again")       \
    X(EUCLEAN, "a structure on the volume is not what the format demands",                         \
      "run fsck.vexfs: it names the damaged part")                                                 \
    X(EDQUOT, "the collection would have more rows than its schema allows",                        \
      "raise max_rows, or drop rows")                                                              \
    X(ECANCELED, "the operation was cancelled by its owner or by shutdown", "start it again")

namespace vexfs {

// An errno value out of the closed table. The enumerators carry the errno's own number; their names
// differ from the macros of <cerrno> only by the k and the case: Code::kEINVAL.
enum class Code : int {
#define VEXFS_ERROR_ENUM(code, cause, advice) k##code = code,
    VEXFS_ERROR_TABLE(VEXFS_ERROR_ENUM)
#undef VEXFS_ERROR_ENUM
};

// The name of the errno ("EINVAL"), what causes it, and what a user should do about it. Static
// strings.
const char* name_of(Code code);
const char* cause_of(Code code);
const char* advice_of(Code code);

// Folds any positive errno, as the kernel or a library reported it, into the closed table; unknown
// ones are EIO.
Code code_from_errno(int errno_value);

// A failure: the code, and a static string that names the step that failed ("label: checksum of
// copy 2"). The string is never freed and never formatted; figures go to the log, or into the
// explanation of a reply, where the error is handled.
struct Error {
    Code code;
    const char* what;

    // The errno that C callers see, positive.
    [[nodiscard]] constexpr int errno_value() const { return static_cast<int>(code); }

    friend constexpr bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

// A failure in one word at the place where it happens: `return fail(Code::kEIO, "label: read of
// copy 2");`
constexpr Error fail(Code code, const char* what) {
    return Error{code, what};
}

} // namespace vexfs
