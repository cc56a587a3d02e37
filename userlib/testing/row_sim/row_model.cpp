// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/row_sim/row_model.h"

#include <algorithm>
#include <set>

#include <dirent.h>

namespace vexfs {

namespace {

constexpr uint32_t kOthersMayRead = 4;
constexpr size_t kNamesMax = 64; // of a folder
constexpr uint32_t kHitsMax = 65536;

const Caller kRoot{0, 0, {}, true};
const Caller kStranger{12345, 12345, {}, false};

// 0 if there is no such directory.
Result<uint64_t> find_directory(Names& names, uint64_t parent, const char* name) {
    const Result<Entry> entry = names.lookup(parent, name);
    if (!entry && entry.error().code == Code::kENOENT)
        return uint64_t{0};
    return VEXFS_TRY(Result<Entry>(entry)).ino;
}

Result<uint64_t> find_folder(Names& names, const RowModel& model, Folder folder) {
    if (folder != Folder::kS)
        return find_directory(names, kRootIno, name_of(folder));
    const uint64_t parent = model.at(model.s_in_a ? Folder::kA : Folder::kP).ino;
    return find_directory(names, parent, name_of(folder));
}

Result<ModelFile> read_file(Names& names, Collections& collections, uint64_t ino) {
    const Inode inode = VEXFS_TRY(names.get(ino));
    ModelFile file;
    file.open = (inode.mode & kOthersMayRead) != 0;
    file.data.resize(inode.size);
    const size_t bytes =
        VEXFS_TRY(names.read(ino, 0, std::as_writable_bytes(std::span(file.data))));
    if (bytes != file.data.size())
        return fail(Code::kEUCLEAN, "rows: a file is shorter than its size");
    RowsAsk ask;
    ask.want_rows = ask.want_vectors = true;
    const Result<FileRows> got = collections.get({ino, 0, {}, true, true}, kRoot, ask);
    if (!got && (got.error().code == Code::kENODATA || got.error().code == Code::kEXDEV))
        return file;
    const FileRows rows = VEXFS_TRY(Result<FileRows>(got));
    for (size_t i = 0; i < rows.metas.size(); ++i) {
        const StoredRow& stored = rows.metas[i];
        if (stored.damaged)
            return fail(Code::kEUCLEAN, "rows: one is damaged");
        ModelRow row{{}, stored.meta, rows.is_stale(stored)};
        std::memcpy(row.vector.data(), rows.vectors.data() + i * sizeof row.vector,
                    sizeof row.vector);
        file.rows.push_back(row);
    }
    return file;
}

Status read_names(Names& names, Collections& collections, Folder folder, RowModel& model) {
    ModelFolder& into = model.at(folder);
    for (const Listed& listed : VEXFS_TRY(names.list(into.ino, 0, kNamesMax))) {
        if (listed.type == DT_DIR)
            continue;
        into.names[listed.name] = listed.ino;
        if (!model.files.contains(listed.ino))
            model.files[listed.ino] = VEXFS_TRY(read_file(names, collections, listed.ino));
    }
    return ok();
}

float distance_of(const std::array<float, kModelDim>& a, const std::array<float, kModelDim>& b) {
    float sum = 0; // of small whole numbers: exact, in any order
    for (uint32_t i = 0; i < kModelDim; ++i)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

Status check_search(const RowModel& model, Collections& collections, Folder folder,
                    const std::array<float, kModelDim>& point, bool as_root, const Filter* filter) {
    SearchAsk ask;
    ask.filter = filter;
    ask.query = {index::Element::kF32, kModelDim, std::as_bytes(std::span(point)).data()};
    ask.k = kHitsMax;
    ask.exact = true;
    SearchAnswer answer;
    VEXFS_TRY_VOID(collections.search(model.at(folder).ino, as_root ? kRoot : kStranger, ask,
                                      {&ask.query, 1}, {&answer, 1}));
    const std::vector<ModelHit> wanted = model.nearest(folder, point, as_root, filter != nullptr);
    if (!answer.report.exact || answer.report.degraded != 0)
        return fail(Code::kEUCLEAN, "rows: a search is not exact");
    if (answer.hits.size() != wanted.size())
        return fail(Code::kEUCLEAN, "rows: a search finds more or fewer than it should");
    for (size_t i = 0; i < wanted.size(); ++i) {
        const SearchHit& hit = answer.hits[i];
        if (ModelHit{hit.distance, hit.id} != wanted[i])
            return fail(Code::kEUCLEAN, "rows: a search finds something else than it should");
        if (hit.stale != model.files.at(hit.id.ino).rows[hit.id.row].stale)
            return fail(Code::kEUCLEAN,
                        "rows: a search says that a row is stale, or that it is not");
    }
    return ok();
}

} // namespace

const char* name_of(Folder folder) {
    constexpr std::array kNames{"A", "S", "B", "P"};
    return kNames[static_cast<size_t>(folder)];
}

uint64_t RowModel::collection_of(Folder folder) const {
    if (folder == Folder::kS)
        return s_in_a ? at(Folder::kA).ino : 0;
    return at(folder).schema ? at(folder).ino : 0;
}

RowModel::Home RowModel::home_of(uint64_t ino) const {
    std::set<uint64_t> collections;
    for (const Folder folder : kFolders)
        for (const auto& [name, file] : at(folder).names)
            if (file == ino)
                collections.insert(collection_of(folder));
    if (collections.size() > 1)
        return Home::kSeveral;
    return collections.contains(0) ? Home::kNowhere : Home::kOne;
}

size_t RowModel::links_of(uint64_t ino) const {
    size_t links = 0;
    for (const ModelFolder& folder : folders_)
        for (const auto& [name, file] : folder.names)
            links += file == ino ? 1 : 0;
    return links;
}

bool RowModel::any_rows_in(Folder folder) const {
    return std::ranges::any_of(at(folder).names,
                               [this](const auto& name) { return has_rows(name.second); });
}

void RowModel::remove_name(Folder folder, const std::string& name) {
    const uint64_t ino = at(folder).names.at(name);
    at(folder).names.erase(name);
    if (links_of(ino) == 0)
        files.erase(ino);
}

bool RowModel::below(Folder folder, Folder top) const {
    return folder == top || (folder == Folder::kS && top == (s_in_a ? Folder::kA : Folder::kP));
}

std::vector<ModelHit> RowModel::nearest(Folder folder, const std::array<float, kModelDim>& point,
                                        bool as_root, bool stale_alone) const {
    std::set<uint64_t> visible;
    for (const Folder of : kFolders) {
        if (!below(of, folder) || collection_of(of) != collection_of(folder))
            continue;
        if (!as_root && !(at(of).open && at(folder).open))
            continue;
        for (const auto& [name, ino] : at(of).names)
            if (as_root || files.at(ino).open)
                visible.insert(ino);
    }
    std::vector<ModelHit> hits;
    for (const uint64_t ino : visible) {
        const std::vector<ModelRow>& rows = files.at(ino).rows;
        for (uint32_t row = 0; row < rows.size(); ++row)
            if (rows[row].stale || !stale_alone)
                hits.push_back({distance_of(point, rows[row].vector), {ino, row}});
    }
    std::ranges::sort(hits);
    return hits;
}

Result<RowModel> read_model(Names& names, Collections& collections) {
    RowModel model;
    for (const Folder folder : {Folder::kA, Folder::kP, Folder::kS, Folder::kB}) {
        ModelFolder& into = model.at(folder);
        into.ino = VEXFS_TRY(find_folder(names, model, folder));
        if (folder == Folder::kS && into.ino == 0) {
            model.s_in_a = false;
            into.ino = VEXFS_TRY(find_folder(names, model, folder));
        }
        if (into.ino == 0)
            continue;
        into.open = (VEXFS_TRY(names.get(into.ino)).mode & kOthersMayRead) != 0;
        const Result<SchemaInfo> schema = collections.schema(into.ino);
        into.schema = schema && schema->own;
    }
    for (const Folder folder : kFolders)
        if (model.at(folder).ino != 0)
            VEXFS_TRY_VOID(read_names(names, collections, folder, model));
    return model;
}

Status check_searches(const RowModel& model, Collections& collections,
                      const std::array<float, kModelDim>& point) {
    FilterFault fault;
    const Filter stale = VEXFS_TRY(Filter::compile("stale", {}, fault));
    for (const Folder folder : kFolders) {
        if (model.at(folder).ino == 0 || model.collection_of(folder) == 0)
            continue;
        for (const bool as_root : {true, false})
            VEXFS_TRY_VOID(check_search(model, collections, folder, point, as_root, nullptr));
        VEXFS_TRY_VOID(check_search(model, collections, folder, point, true, &stale));
    }
    return ok();
}

} // namespace vexfs
