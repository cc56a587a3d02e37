// SPDX-License-Identifier: Apache-2.0
//
// Who may include and link whom, in the project and outside it.
#include <algorithm>

#include "userlib/testing/tidy/lexer.h"
#include "userlib/testing/tidy/rules.h"

namespace vexfs {
namespace {

constexpr std::string_view kTesting = "userlib/testing";

struct Include {
    size_t line = 0;
    std::string path;
    bool quoted = false;
};

std::vector<Include> includes_of(const SourceFile& file) {
    std::vector<Include> includes;
    for (size_t i = 0; i < file.code.size(); ++i) {
        std::string_view text = file.code[i];
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (!text.starts_with('#') || find_word(text, "include") == std::string_view::npos)
            continue;
        const size_t open = file.lines[i].find_first_of("\"<");
        const size_t close = file.lines[i].find_first_of("\">", open + 1);
        if (open == std::string::npos || close == std::string::npos)
            continue;
        includes.push_back(
            {i + 1, file.lines[i].substr(open + 1, close - open - 1), file.lines[i][open] == '"'});
    }
    return includes;
}

// One library: how its headers and its names begin, and the folders that may know it.
struct Library {
    const char* name;
    std::vector<std::string_view> headers;
    std::vector<std::string_view> words;
    std::vector<std::string_view> folders;
    bool tests = false; // and any test
};

const std::vector<Library>& libraries() {
    static const std::vector<Library> table = {
        {"liburing",
         {"liburing"},
         {"io_uring_queue_init", "io_uring_get_sqe", "io_uring_prep_"},
         {"userlib/device", "userlib/frontend/kmod"}},
        {"libfuse",
         {"fuse3/", "fuse_lowlevel.h", "fuse.h"},
         {"fuse_req_t", "fuse_session"},
         {"userlib/frontend/fuse", "vm-tests/cases/perf"}},
        {"FAISS", {"faiss/"}, {"faiss"}, {"index/adapters", "bench"}},
        {"hnswlib", {"hnswlib/"}, {"hnswlib"}, {"index/adapters", "bench"}},
        {"usearch", {"usearch/"}, {"unum"}, {"bench"}},
        {"Eigen", {"Eigen/", "eigen3/"}, {"Eigen"}, {"index/codec"}},
        {"OpenMP", {"omp.h"}, {"omp_get_max_threads"}, {"index/adapters", "bench"}},
        {"nlohmann/json",
         {"nlohmann/"},
         {"nlohmann"},
         {"userlib/tools", "userlib/device", "userlib/engine/report", "bench"}},
        {"isa-l", {"isa-l", "crc.h", "crc64.h"}, {}, {"base"}},
        {"xxhash", {"xxhash.h", "xxh3.h"}, {"XXH3_state_t"}, {"base"}},
        {"lz4", {"lz4"}, {}, {"userlib/pool"}},
        {"zstd", {"zstd"}, {"ZSTD_CCtx", "ZSTD_DCtx"}, {"userlib/pool"}},
        {"doctest", {"doctest"}, {"TEST_CASE"}, {}, true},
        {"LMDB", {"lmdb.h"}, {"MDB_env"}, {"bench"}, true},
        {"RocksDB", {"rocksdb/"}, {"rocksdb"}, {"bench"}},
        {"SQLite", {"sqlite3.h"}, {"sqlite3"}, {"bench"}},
    };
    return table;
}

bool may_know(const SourceFile& file, const Library& library) {
    if (library.tests && file.is_test())
        return true;
    for (std::string_view folder : library.folders)
        if (under(file.path, folder))
            return true;
    return false;
}

std::string only_in(const Library& library) {
    std::string places = library.tests ? "tests" : "";
    for (std::string_view folder : library.folders)
        places += (places.empty() ? "" : ", ") + std::string(folder) + "/";
    return std::string(library.name) + " is known only in " + places +
           ": ask there through an interface of our own types";
}

void check_library(const SourceFile& file, const Library& library, std::vector<Finding>& found) {
    if (may_know(file, library))
        return;
    for (const Include& include : includes_of(file))
        for (std::string_view header : library.headers)
            if (include.path.starts_with(header))
                found.push_back({file.path, include.line, only_in(library)});
    for (size_t i = 0; i < file.code.size(); ++i)
        for (std::string_view word : library.words)
            if (!file.code[i].starts_with('#') &&
                find_word(file.code[i], word) != std::string_view::npos)
                found.push_back({file.path, i + 1, only_in(library)});
}

std::vector<std::string> cmake_words(std::string_view line) {
    std::vector<std::string> words(1);
    for (char c : line.substr(0, line.find('#'))) {
        if (is_word_character(c))
            words.back() += c;
        else
            words.emplace_back();
    }
    return words;
}

bool may_include(const SourceFile& file, std::string_view to, const Arrows& arrows) {
    const std::string_view from = arrows.folder_of(file.path);
    if (under(to, kTesting))
        return under(file.path, "bench") || file.is_test();
    return arrows.allows(from, to);
}

} // namespace

std::vector<Finding> check_include_arrow(const Tree& tree, const Arrows& arrows) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (const Include& include : includes_of(file)) {
            const std::string_view from = arrows.folder_of(file.path);
            const std::string_view to = arrows.folder_of(include.path);
            if (to.empty() && include.quoted && !under(file.path, "kmod"))
                found.push_back({file.path, include.line,
                                 "\"" + include.path +
                                     "\" does not begin at the root of the tree: write the whole "
                                     "path, or <> for a header of the system"});
            else if (!to.empty() && !may_include(file, to, arrows))
                found.push_back({file.path, include.line,
                                 std::string(from) + " may not use " + std::string(to) +
                                     "; it may use " + arrows.allowed_text(from) +
                                     " (userlib/testing/tidy/arrows.txt)"});
        }
    return found;
}

std::vector<Finding> check_link_arrow(const Tree& tree, const Arrows& arrows) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files) {
        const std::string_view from = arrows.folder_of(file.path);
        if (name_of_path(file.path) != "CMakeLists.txt" || from.empty())
            continue;
        for (size_t i = 0; i < file.lines.size(); ++i)
            for (const std::string& word : cmake_words(file.lines[i])) {
                const std::string_view to = arrows.folder_of_target(word);
                if (!to.empty() && !arrows.allows(from, to))
                    found.push_back({file.path, i + 1,
                                     std::string(from) + " may not link " + std::string(to) +
                                         "; it may link " + arrows.allowed_text(from) +
                                         " (userlib/testing/tidy/arrows.txt)"});
            }
    }
    return found;
}

std::vector<Finding> check_third_party(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        if (file.is_c_family() && !under(file.path, "kmod"))
            for (const Library& library : libraries())
                check_library(file, library, found);
    return found;
}

} // namespace vexfs
