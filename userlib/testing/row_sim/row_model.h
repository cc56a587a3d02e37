// SPDX-License-Identifier: Apache-2.0
//
// What a small tree with collections should hold, written as plainly as it can be: a few folders,
// the names in them, and files with their bytes and their rows. It says what a verb should answer
// and what a search should find, and it can be read out of a real tree.
//
// Threads: values.
#pragma once

#include <array>
#include <map>
#include <string>

#include "userlib/engine/collections.h"

namespace vexfs {

inline constexpr uint32_t kModelDim = 4;

// A and S begin as a collection and a folder in it; S moves between A and P; B is made, made a
// collection and removed; P is in none.
enum class Folder : uint8_t { kA, kS, kB, kP };
inline constexpr std::array kFolders{Folder::kA, Folder::kS, Folder::kB, Folder::kP};

struct ModelRow {
    std::array<float, kModelDim> vector{};
    RowMeta meta;
    bool stale = false;

    friend bool operator==(const ModelRow&, const ModelRow&) = default;
};

struct ModelFile {
    bool open = true; // others may read it
    std::string data;
    std::vector<ModelRow> rows;

    friend bool operator==(const ModelFile&, const ModelFile&) = default;
};

struct ModelFolder {
    uint64_t ino = 0; // 0: there is none
    bool open = true; // others may read it and go through it
    bool schema = false;
    std::map<std::string, uint64_t> names; // of files

    friend bool operator==(const ModelFolder&, const ModelFolder&) = default;
};

struct ModelHit {
    float distance = 0;
    RowId id;

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const ModelHit&, const ModelHit&) = default;
};

class RowModel {
  public:
    // Where a file is, as far as its rows are concerned.
    enum class Home : uint8_t { kNowhere, kOne, kSeveral };

    [[nodiscard]] ModelFolder& at(Folder folder) { return folders_[static_cast<size_t>(folder)]; }
    [[nodiscard]] const ModelFolder& at(Folder folder) const {
        return folders_[static_cast<size_t>(folder)];
    }
    // The directory of the collection that the folder is in; 0: none.
    [[nodiscard]] uint64_t collection_of(Folder folder) const;
    [[nodiscard]] Home home_of(uint64_t ino) const;
    [[nodiscard]] size_t links_of(uint64_t ino) const;
    [[nodiscard]] bool has_rows(uint64_t ino) const { return !files.at(ino).rows.empty(); }
    // Whether a file with a name in the folder has rows.
    [[nodiscard]] bool any_rows_in(Folder folder) const;
    // Of a name that goes. The file goes with its last one.
    void remove_name(Folder folder, const std::string& name);
    // What a search in the folder finds for somebody who owns nothing, or for root; of all rows or
    // of those that are stale.
    [[nodiscard]] std::vector<ModelHit> nearest(Folder folder,
                                                const std::array<float, kModelDim>& point,
                                                bool as_root, bool stale_alone) const;

    std::map<uint64_t, ModelFile> files;
    bool s_in_a = true; // else S is in P

    friend bool operator==(const RowModel&, const RowModel&) = default;

  private:
    [[nodiscard]] bool below(Folder folder, Folder top) const;

    std::array<ModelFolder, kFolders.size()> folders_;
};

// Its name; S is in A or in P, the others are in the root.
const char* name_of(Folder folder);

// What the real tree holds, in the words of the model. An error is a violation.
Result<RowModel> read_model(Names& names, Collections& collections);

// Whether exact searches in all folders, by root and by a stranger, with a filter and without, find
// what they should find.
Status check_searches(const RowModel& model, Collections& collections,
                      const std::array<float, kModelDim>& point);

} // namespace vexfs
