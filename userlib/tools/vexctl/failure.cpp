// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/failure.h"

#include <cstdio>

#include <nlohmann/json.hpp>

namespace vexfs {

namespace {

const char* type_of(ExitStatus status) {
    switch (status) {
    case kWrongUsage:
        return "usage";
    case kNotFound:
        return "not_found";
    case kNotPermitted:
        return "permission";
    case kBusy:
        return "busy";
    case kNoSpace:
        return "no_space";
    case kDamaged:
        return "damaged";
    case kPartial:
        return "partial";
    case kUnavailable:
        return "unavailable";
    case kTimedOut:
        return "timeout";
    case kInterrupted:
        return "interrupted";
    default:
        return "failed";
    }
}

} // namespace

ExitStatus exit_status_of(Code code) {
    switch (code) {
    case Code::kENOENT:
    case Code::kENOTTY:  // there is no volume
    case Code::kENODATA: // there is no collection
        return kNotFound;
    case Code::kEPERM:
    case Code::kEACCES:
        return kNotPermitted;
    case Code::kEBUSY:
    case Code::kEAGAIN:
        return kBusy;
    case Code::kENOSPC:
    case Code::kEDQUOT:
    case Code::kENOMEM:
        return kNoSpace;
    case Code::kEUCLEAN:
    case Code::kEBADMSG:
        return kDamaged;
    case Code::kENODEV:
    case Code::kENOTCONN:
    case Code::kESTALE:
    case Code::kEPROTO:
        return kUnavailable;
    case Code::kETIMEDOUT:
        return kTimedOut;
    case Code::kEINTR:
        return kInterrupted;
    default:
        return kFailed;
    }
}

int print_failure(const Failure& failure, const std::string& command, bool json,
                  ExitStatus status) {
    if (json) {
        const nlohmann::ordered_json document{{"schema", "vexctl.error/1"},
                                              {"command", command},
                                              {"subject", failure.subject},
                                              {"error",
                                               {{"code", name_of(failure.code)},
                                                {"type", type_of(status)},
                                                {"message", failure.sentence},
                                                {"hint", failure.hint}}}};
        std::fprintf(
            stderr, "%s\n",
            document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        return status;
    }
    std::string text = "vexctl: ";
    for (const std::string& part : {command, failure.subject})
        text += part.empty() ? "" : part + ": ";
    text += failure.sentence + " [" + name_of(failure.code) + "]\n";
    if (!failure.hint.empty())
        text += "hint: " + failure.hint + "\n";
    std::fputs(text.c_str(), stderr);
    return status;
}

} // namespace vexfs
