// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/rules.h"

#include <array>

namespace vexfs {
namespace {

constexpr std::array kRules = {
    Rule{"include_arrow", check_include_arrow},
    Rule{"link_arrow", check_link_arrow},
    Rule{"third_party", check_third_party},
    Rule{"file_length", check_file_length},
    Rule{"function_length", check_function_length},
    Rule{"columns", check_columns},
    Rule{"tabs", check_tabs},
    Rule{"ascii", check_ascii},
    Rule{"trailing_blank", check_trailing_blank},
    Rule{"spdx", check_spdx},
    Rule{"pragma_once", check_pragma_once},
    Rule{"file_name", check_file_name},
    Rule{"folder_known", check_folder_known},
    Rule{"folder_purpose", check_folder_purpose},
    Rule{"header_purpose", check_header_purpose},
    Rule{"banned_text", check_banned_text},
    Rule{"banned_code", check_banned_code},
    Rule{"machine_path", check_machine_path},
};

} // namespace

std::span<const Rule> all_rules() {
    return kRules;
}

std::vector<std::string> check_tree(const Tree& tree, const Arrows& arrows) {
    std::vector<std::string> lines;
    for (const Rule& rule : kRules)
        for (const Finding& finding : rule.check(tree, arrows))
            lines.push_back(finding.path + ":" + std::to_string(finding.line) + ": " + rule.name +
                            ": " + finding.message);
    return lines;
}

} // namespace vexfs
