// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace vexfs {

const char* name_of(Code code) {
    switch (code) {
#define VEXFS_ERROR_NAME(code, cause, advice)                                                      \
    case Code::k##code:                                                                            \
        return #code;
        VEXFS_ERROR_TABLE(VEXFS_ERROR_NAME)
#undef VEXFS_ERROR_NAME
    }
    return "EIO";
}

const char* cause_of(Code code) {
    switch (code) {
#define VEXFS_ERROR_CAUSE(code, cause, advice)                                                     \
    case Code::k##code:                                                                            \
        return cause;
        VEXFS_ERROR_TABLE(VEXFS_ERROR_CAUSE)
#undef VEXFS_ERROR_CAUSE
    }
    return "unknown";
}

const char* advice_of(Code code) {
    switch (code) {
#define VEXFS_ERROR_ADVICE(code, cause, advice)                                                    \
    case Code::k##code:                                                                            \
        return advice;
        VEXFS_ERROR_TABLE(VEXFS_ERROR_ADVICE)
#undef VEXFS_ERROR_ADVICE
    }
    return "unknown";
}

Code code_from_errno(int errno_value) {
    switch (errno_value) {
#define VEXFS_ERROR_FOLD(code, cause, advice)                                                      \
    case code:                                                                                     \
        return Code::k##code;
        VEXFS_ERROR_TABLE(VEXFS_ERROR_FOLD)
#undef VEXFS_ERROR_FOLD
    default:
        return Code::kEIO;
    }
}

} // namespace vexfs
