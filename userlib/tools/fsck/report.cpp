// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/fsck/report.h"

#include <algorithm>
#include <cstring>

#include <nlohmann/json.hpp>

#include "userlib/tools/units/units.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

std::string label_of(const Header& header) {
    return {header.label.data(), ::strnlen(header.label.data(), header.label.size())};
}

std::string more_text(uint64_t count) {
    return "  and " + std::to_string(count) + " more\n";
}

std::string finding_text(const Finding& finding) {
    std::string text = std::string("  ") + finding.error.what + ": ";
    text += finding.address == 0 ? "" : "block " + std::to_string(finding.address) + ", ";
    return text + "object " + std::to_string(finding.oid) + ", offset " +
           std::to_string(finding.offset) + "\n";
}

// Names and attributes are bytes: what is not printable is written as \xHH.
std::string quoted(const std::string& name) {
    std::string text = "'";
    for (const char c : name) {
        char escaped[5] = {c};
        if (c < ' ' || c > '~' || c == '\'' || c == '\\')
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
        text += escaped;
    }
    return text + "'";
}

std::string names_text(const NamesReport& names, bool figures) {
    if (names.bare)
        return "";
    std::string text;
    for (const NamesFinding& finding : names.findings)
        text += std::string("  ") + finding.error.what + ": inode " + std::to_string(finding.ino) +
                (finding.name.empty() ? "" : ", " + quoted(finding.name)) + "\n";
    if (names.problems > names.findings.size())
        text += more_text(names.problems - names.findings.size());
    if (figures)
        text += std::to_string(names.directories) + " directories with " +
                std::to_string(names.names) + " names, " + std::to_string(names.files) +
                " files, " + std::to_string(names.others) + " of other types, " +
                std::to_string(names.xattrs) + " attributes\n" + std::to_string(names.unlinked) +
                " files without a name and " + std::to_string(names.trims) +
                " cut off in the middle, which the next mount finishes\n";
    return text;
}

std::string collections_text(const CollectionsReport& collections, bool figures) {
    std::string text;
    for (const CollectionsFinding& finding : collections.findings)
        text += std::string("  ") + finding.error.what + ": collection " +
                std::to_string(finding.directory) +
                (finding.ino == 0 ? "" : ", inode " + std::to_string(finding.ino)) + ", row " +
                std::to_string(finding.row) + "\n";
    if (collections.problems > collections.findings.size())
        text += more_text(collections.problems - collections.findings.size());
    if (figures && collections.collections > 0)
        text += std::to_string(collections.collections) + " collections with " +
                std::to_string(collections.rows) + " rows of " + std::to_string(collections.files) +
                " files\n";
    return text;
}

std::string look_text(const Look& look, bool figures) {
    if (look.refusal)
        return std::string("the volume cannot be opened: ") + look.refusal->what + " (" +
               cause_of(look.refusal->code) + ")\n";
    const CheckReport& report = look.report;
    std::string text;
    if (!look.clean())
        text += std::to_string(report.problems + look.names.problems + look.collections.problems) +
                " problems\n";
    for (const Finding& finding : report.findings)
        text += finding_text(finding);
    if (report.problems > report.findings.size())
        text += more_text(report.problems - report.findings.size());
    if (figures)
        text += "commit " + std::to_string(look.txg) + ": " + std::to_string(report.nodes) +
                " nodes, " + std::to_string(report.items) + " items, " +
                std::to_string(report.records) + " records of " + size_text(report.data_bytes) +
                ", " + std::to_string(report.orphans) + " orphans, " +
                size_text(report.used_blocks * kBlockBytes) + " in use\n" +
                std::to_string(report.damage.nodes_rescued) + " nodes with one bad copy, " +
                std::to_string(report.damage.nodes_lost) + " nodes and " +
                std::to_string(report.damage.records_lost) + " records lost\n";
    return text + names_text(look.names, figures) + collections_text(look.collections, figures);
}

Json names_json(const NamesReport& names) {
    if (names.bare)
        return {{"root", false}};
    Json findings = Json::array();
    for (const NamesFinding& finding : names.findings)
        findings.push_back({{"code", name_of(finding.error.code)},
                            {"message", finding.error.what},
                            {"inode", finding.ino},
                            {"name", finding.name}});
    return {{"root", true},
            {"problems", names.problems},
            {"findings", findings},
            {"directories", names.directories},
            {"files", names.files},
            {"others", names.others},
            {"names", names.names},
            {"attributes", names.xattrs},
            {"unlinked", names.unlinked},
            {"to_be_cut", names.trims}};
}

Json collections_json(const CollectionsReport& collections) {
    Json findings = Json::array();
    for (const CollectionsFinding& finding : collections.findings)
        findings.push_back({{"code", name_of(finding.error.code)},
                            {"message", finding.error.what},
                            {"collection", finding.directory},
                            {"inode", finding.ino},
                            {"row", finding.row}});
    return {{"problems", collections.problems},
            {"findings", findings},
            {"collections", collections.collections},
            {"files", collections.files},
            {"rows", collections.rows},
            {"pieces_to_be_erased", collections.leftovers}};
}

Json look_json(const Look& look) {
    if (look.refusal)
        return {
            {"opened", false},
            {"error", {{"code", name_of(look.refusal->code)}, {"message", look.refusal->what}}}};
    const CheckReport& report = look.report;
    Json findings = Json::array();
    for (const Finding& finding : report.findings)
        findings.push_back({{"code", name_of(finding.error.code)},
                            {"message", finding.error.what},
                            {"object", finding.oid},
                            {"offset", finding.offset},
                            {"block", finding.address}});
    return {{"opened", true},
            {"commit", look.txg},
            {"log_damaged", look.log_damaged},
            {"problems", report.problems},
            {"findings", findings},
            {"nodes", report.nodes},
            {"items", report.items},
            {"records", report.records},
            {"data_bytes", report.data_bytes},
            {"orphans", report.orphans},
            {"used_bytes", report.used_blocks * kBlockBytes},
            {"nodes_with_a_bad_copy", report.damage.nodes_rescued},
            {"nodes_lost", report.damage.nodes_lost},
            {"records_lost", report.damage.records_lost},
            {"names", names_json(look.names)},
            {"collections", collections_json(look.collections)}};
}

const char* verdict(const VolumeCheck& result) {
    switch (result.exit_status()) {
    case kFsckClean:
        return "clean";
    case kFsckCorrected:
        return "repaired";
    default:
        return "damaged";
    }
}

} // namespace

std::string report_text(const VolumeCheck& result, const FsckOptions& options) {
    std::string text;
    if (!result.before.clean() || options.verbose)
        text += look_text(result.before, options.verbose);
    for (const std::string& repair : result.repairs)
        text += "repair: " + repair + "\n";
    if (result.after)
        text += look_text(*result.after, options.verbose);
    const int status = result.exit_status();
    const Look& last = result.after ? *result.after : result.before;
    if (!options.quiet && !last.refusal && last.names.bare)
        text += options.target + ": there is no root directory: it holds no files and cannot be "
                                 "mounted\n";
    if (!options.quiet || status != kFsckClean)
        text += options.target + ": " + verdict(result) + "\n";
    if (status == kFsckUncorrected && last.store_clean())
        text += "only the tree of files or its collections are damaged, which nothing repairs: "
                "copy the "
                "files to another volume\n";
    else if (status == kFsckUncorrected && options.mode != FsckOptions::Mode::kRepair)
        text += "look at fsck.vexfs(8) for -p, -y and the repairs that have a name\n";
    return text;
}

std::string report_json(const VolumeCheck& result, const FsckOptions& options) {
    Json json{{"schema", "fsck.vexfs/1"},
              {"target", options.target},
              {"verdict", verdict(result)},
              {"exit_status", result.exit_status()}};
    if (!result.before.refusal) {
        const Header& header = result.before.header;
        VolumeId id{};
        std::copy(header.volume_id.begin(), header.volume_id.end(), id.begin());
        json["label"] = label_of(header);
        json["uuid"] = volume_id_text(id);
    }
    json["before"] = look_json(result.before);
    json["repairs"] = result.repairs;
    if (result.after)
        json["after"] = look_json(*result.after);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string salvage_report(const SalvageSummary& summary, const FsckOptions& options) {
    if (options.json) {
        const Json json{{"schema", "fsck.vexfs/1"},
                        {"target", options.target},
                        {"verdict", summary.complete() ? "salvaged" : "salvaged in part"},
                        {"exit_status", summary.complete() ? kFsckClean : kFsckUncorrected},
                        {"salvage",
                         {{"directory", options.salvage_directory},
                          {"objects", summary.objects},
                          {"items", summary.items},
                          {"data_bytes", summary.data_bytes},
                          {"lost_bytes", summary.lost_bytes},
                          {"lost_key_ranges", summary.lost_key_ranges},
                          {"damaged_nodes", summary.damaged_nodes},
                          {"log_operations", summary.log_operations},
                          {"log_damaged", summary.log_damaged}}}};
        return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    if (options.quiet && summary.complete())
        return "";
    std::string text = options.target + ": " + std::to_string(summary.objects) + " objects with " +
                       size_text(summary.data_bytes) + " and " + std::to_string(summary.items) +
                       " items are in " + options.salvage_directory + "\n";
    if (!summary.complete())
        text += "lost: " + size_text(summary.lost_bytes) + " of data, and " +
                std::to_string(summary.lost_key_ranges) +
                " ranges of keys of which nothing is known; what lay below " +
                std::to_string(summary.damaged_nodes) +
                " damaged nodes is as old commits had it; manifest.json has the details\n";
    if (summary.log_damaged)
        text += "the log is damaged: of what was synced last only the beginning is there\n";
    return text;
}

} // namespace vexfs
