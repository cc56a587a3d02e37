// SPDX-License-Identifier: Apache-2.0
//
// The verbs of a run: each is done to the volume and to the model, which have to agree.
#include "userlib/testing/row_sim/row_run.h"

namespace vexfs {

namespace {

constexpr uint64_t kValues = 1000;
constexpr uint64_t kFewRowsMax = 12;
constexpr uint64_t kManyRowsMax = 600; // more than one piece of a row map
constexpr uint64_t kDataBytesMax = 9000;

const Caller kRoot{0, 0, {}, true};
const Timestamp kNow{2, 0};

FileChoice opened(uint64_t ino) {
    return {ino, 0, {}, true, true};
}

template <typename T>
Status status_of(const Result<T>& result) {
    return result ? ok() : Status(result.error());
}

std::optional<Code> unless(bool works, Code code) {
    return works ? std::nullopt : std::optional(code);
}

// Rows that were there before a change of data are stale after it.
void make_stale(ModelFile& file) {
    for (ModelRow& row : file.rows)
        row.stale = true;
}

} // namespace

Status RowRun::put() {
    const std::optional<Where> where = any_name();
    if (!where)
        return create();
    const uint64_t ino = model_.at(where->folder).names.at(where->name);
    std::vector<ModelRow>& rows = model_.files.at(ino).rows;
    PutRows put;
    const uint64_t how = random_.below(8);
    put.truncate = how == 0;
    put.first = how == 0   ? 0
                : how <= 3 ? static_cast<uint32_t>(random_.below(rows.size() + 1))
                           : kAppend;
    const size_t first = put.first == kAppend ? rows.size() : put.first;
    std::vector<ModelRow> fresh(1 +
                                random_.below(random_.chance(1, 12) ? kManyRowsMax : kFewRowsMax));
    std::vector<float> vectors;
    std::vector<RowMeta> metas;
    for (ModelRow& row : fresh) {
        for (float& value : row.vector)
            vectors.push_back(value = static_cast<float>(random_.below(kValues)));
        row.meta = {random_.next(), random_.below(kValues), 1 + random_.below(kValues)};
        metas.push_back(row.meta);
    }
    put.metas = metas;
    put.vectors = std::as_bytes(std::span(vectors));
    uint64_t found = 0;
    const Result<PutDone> done =
        volume_.collections->put(opened(ino), kRoot, put, {index::Element::kF32, kModelDim}, found);
    const std::optional<Code> foreseen = code_of_rows(ino);
    VEXFS_TRY_VOID(expect(foreseen, status_of(done)));
    if (foreseen)
        return ok();
    rows.resize(put.truncate ? first + fresh.size() : std::max(rows.size(), first + fresh.size()));
    std::ranges::copy(fresh, rows.begin() + static_cast<ptrdiff_t>(first));
    if (done->first != first || done->total != rows.size())
        return fail(Code::kEUCLEAN, "rows: a put says another place");
    return ok();
}

Status RowRun::drop() {
    const std::optional<Where> where = any_name();
    if (!where)
        return create();
    const uint64_t ino = model_.at(where->folder).names.at(where->name);
    std::vector<ModelRow>& rows = model_.files.at(ino).rows;
    const uint64_t first = random_.chance(1, 3) ? 0 : random_.below(rows.size() + 2);
    const Result<Dropped> dropped =
        volume_.collections->drop(opened(ino), kRoot, static_cast<uint32_t>(first));
    VEXFS_TRY_VOID(expect(code_of_rows(ino), status_of(dropped)));
    if (first < rows.size())
        rows.resize(first);
    return ok();
}

Status RowRun::write() {
    const std::optional<Where> where = any_name();
    if (!where)
        return create();
    const uint64_t ino = model_.at(where->folder).names.at(where->name);
    ModelFile& file = model_.files.at(ino);
    const uint64_t offset = random_.below(file.data.size() + 1);
    const std::string text(1 + random_.below(random_.chance(1, 3) ? kDataBytesMax : 100),
                           static_cast<char>('a' + random_.below(26)));
    WriteRequest request;
    request.offset = offset;
    VEXFS_TRY_VOID(
        status_of(volume_.names->write(ino, request, std::as_bytes(std::span(text)), kNow)));
    file.data.resize(std::max<size_t>(file.data.size(), offset + text.size()));
    file.data.replace(offset, text.size(), text);
    make_stale(file);
    return ok();
}

Status RowRun::truncate() {
    const std::optional<Where> where = any_name();
    if (!where)
        return create();
    const uint64_t ino = model_.at(where->folder).names.at(where->name);
    ModelFile& file = model_.files.at(ino);
    const uint64_t size = random_.below(file.data.size() + 50);
    if (size == file.data.size())
        return ok();
    Attributes attributes;
    attributes.size = size;
    VEXFS_TRY_VOID(status_of(volume_.collections->set(ino, attributes, kNow)));
    file.data.resize(size);
    make_stale(file);
    return ok();
}

Status RowRun::create() {
    const Where where = any_place();
    const Result<Entry> made =
        volume_.names->make(model_.at(where.folder).ino, where.name, {S_IFREG | 0644}, kNow);
    const bool there = model_.at(where.folder).names.contains(where.name);
    VEXFS_TRY_VOID(expect(unless(!there, Code::kEEXIST), status_of(made)));
    if (there)
        return ok();
    model_.at(where.folder).names[where.name] = made->ino;
    model_.files[made->ino] = {};
    return ok();
}

// Some files are in use until the process ends.
Status RowRun::unlink() {
    const std::optional<Where> where = any_name();
    if (!where)
        return ok();
    if (random_.chance(1, 3))
        VEXFS_TRY_VOID(volume_.names->hold(model_.at(where->folder).names.at(where->name)));
    VEXFS_TRY_VOID(volume_.collections->unlink(model_.at(where->folder).ino, where->name, kNow));
    model_.remove_name(where->folder, where->name);
    return ok();
}

Status RowRun::link() {
    const std::optional<Where> from = any_name();
    const Where to = any_place();
    if (!from || model_.at(to.folder).names.contains(to.name))
        return ok();
    const uint64_t ino = model_.at(from->folder).names.at(from->name);
    const bool crosses = model_.has_rows(ino) &&
                         model_.collection_of(from->folder) != model_.collection_of(to.folder);
    const Result<Entry> linked =
        volume_.collections->link(ino, model_.at(to.folder).ino, to.name, kNow);
    VEXFS_TRY_VOID(expect(unless(!crosses, Code::kEXDEV), status_of(linked)));
    if (!crosses)
        model_.at(to.folder).names[to.name] = ino;
    return ok();
}

Status RowRun::rename() {
    const std::optional<Where> from = any_name();
    const Where to = any_place();
    if (!from)
        return ok();
    const uint64_t moved = model_.at(from->folder).names.at(from->name);
    std::map<std::string, uint64_t>& names = model_.at(to.folder).names;
    const auto found = names.find(to.name);
    const uint64_t replaced = found != names.end() ? found->second : 0;
    const bool exchange = replaced != 0 && random_.chance(1, 3);
    const bool crosses = model_.collection_of(from->folder) != model_.collection_of(to.folder) &&
                         (model_.has_rows(moved) || (exchange && model_.has_rows(replaced)));
    const Status renamed = volume_.collections->rename(
        place(*from), place(to), exchange ? RenameMode::kExchange : RenameMode::kReplace, kNow);
    VEXFS_TRY_VOID(expect(unless(!crosses, Code::kEXDEV), renamed));
    if (crosses || moved == replaced) // two names of one file: nothing happens
        return ok();
    if (exchange) {
        model_.at(from->folder).names[from->name] = replaced;
    } else {
        if (replaced != 0)
            model_.remove_name(to.folder, to.name);
        model_.at(from->folder).names.erase(from->name);
    }
    names[to.name] = moved;
    return ok();
}

// To others.
Status RowRun::close_or_open() {
    const std::optional<Where> where = any_name();
    Attributes attributes;
    if (!where || random_.chance(1, 3)) {
        bool& open = model_.at(Folder::kS).open;
        open = !open;
        attributes.mode = open ? 0755 : 0700;
        return status_of(volume_.collections->set(model_.at(Folder::kS).ino, attributes, kNow));
    }
    const uint64_t ino = model_.at(where->folder).names.at(where->name);
    bool& open = model_.files.at(ino).open;
    open = !open;
    attributes.mode = open ? 0644 : 0600;
    return status_of(volume_.collections->set(ino, attributes, kNow));
}

// B is there, or it becomes a collection.
Status RowRun::make_b() {
    ModelFolder& folder = model_.at(Folder::kB);
    if (folder.ino == 0) {
        folder.ino =
            VEXFS_TRY(volume_.names->make(kRootIno, name_of(Folder::kB), {S_IFDIR | 0755}, kNow))
                .ino;
        return ok();
    }
    Schema schema;
    schema.dim = kModelDim;
    schema.index = static_cast<uint16_t>(IndexKind::kFlat);
    const Result<SchemaInfo> set =
        volume_.collections->set_schema(folder.ino, schema, false, kRoot, kNow);
    VEXFS_TRY_VOID(expect(unless(!folder.schema, Code::kEEXIST), status_of(set)));
    folder.schema = true;
    return ok();
}

Status RowRun::remove_b() {
    ModelFolder& folder = model_.at(Folder::kB);
    if (folder.ino == 0)
        return ok();
    if (random_.chance(2, 3))
        while (!folder.names.empty()) { // each is a state of its own
            const std::string name = folder.names.begin()->first;
            const size_t since = recorder_->record_count();
            VEXFS_TRY_VOID(volume_.collections->unlink(folder.ino, name, kNow));
            model_.remove_name(Folder::kB, name);
            states_.push_back({model_, since});
        }
    const Status removed = volume_.collections->rmdir(kRootIno, name_of(Folder::kB), kNow);
    VEXFS_TRY_VOID(expect(unless(folder.names.empty(), Code::kENOTEMPTY), removed));
    if (folder.names.empty())
        folder = {};
    return ok();
}

Status RowRun::move_s() {
    const Folder from = model_.s_in_a ? Folder::kA : Folder::kP;
    const Folder to = model_.s_in_a ? Folder::kP : Folder::kA;
    const char* const name = name_of(Folder::kS);
    const bool crosses = model_.s_in_a && model_.any_rows_in(Folder::kS);
    const Status moved = volume_.collections->rename(
        {model_.at(from).ino, name}, {model_.at(to).ino, name}, RenameMode::kReplace, kNow);
    VEXFS_TRY_VOID(expect(unless(!crosses, Code::kEXDEV), moved));
    if (!crosses)
        model_.s_in_a = !model_.s_in_a;
    return ok();
}

} // namespace vexfs
