// SPDX-License-Identifier: Apache-2.0
//
// PUT, GET, DROP and STAT: rows of files.
#include <algorithm>

#include "userlib/frontend/wire/dispatch/messages.h"

namespace vexfs {

namespace {

static_assert(sizeof(vexfs_msg) + sizeof(vexfs_drop_reply) <= VEXFS_ROOM_MIN);
static_assert(sizeof(vexfs_msg) + sizeof(vexfs_stat_reply) <= VEXFS_ROOM_MIN);
static_assert(sizeof(vexfs_msg) + sizeof(vexfs_put_reply) + sizeof(vexfs_put_status) <=
              VEXFS_ROOM_MIN);

FileChoice choice_of(const Message& message, const vexfs_file& file, std::string_view name) {
    FileChoice choice;
    choice.node = message.node();
    choice.ino = file.ino;
    choice.name = name;
    choice.opened_for_write = message.opened_for(VEXFS_FILE_WRITE);
    choice.opened_for_read = message.opened_for(VEXFS_FILE_READ);
    return choice;
}

// Goes through the files of a PUT: what belongs to each.
class PutFiles {
  public:
    explicit PutFiles(const PutRequest& put)
        : put_(put), vector_bytes_(vexfs_vector_bytes(put.body.element, put.body.dim)) {}

    // The next one. What it returns points into the message and into this object.
    PutRows next(const Message& message, FileChoice& choice) {
        const vexfs_put_file one = put_.files[file_++];
        choice = choice_of(message, one.file, put_.names.substr(name_, one.file.name));
        PutRows rows;
        rows.first = one.first;
        rows.truncate = (put_.head.flags & VEXFS_PUT_TRUNCATE) != 0;
        rows.data_version = one.data_version;
        rows.vectors =
            put_.vectors.subspan(size_t{row_} * vector_bytes_, size_t{one.rows} * vector_bytes_);
        metas_.clear();
        for (uint32_t i = 0; i < one.rows && put_.metas.size() != 0; ++i) {
            const vexfs_row_meta meta = put_.metas[row_ + i];
            metas_.push_back({meta.tag, meta.offset, meta.length});
        }
        rows.metas = metas_;
        row_ += one.rows;
        name_ += one.file.name;
        return rows;
    }

  private:
    const PutRequest& put_;
    const size_t vector_bytes_;
    size_t file_ = 0;
    size_t name_ = 0;
    uint32_t row_ = 0;
    std::vector<RowMeta> metas_;
};

PutReply put_reply(const std::vector<vexfs_put_status>& files, uint64_t rows) {
    PutReply reply;
    reply.files = Records<vexfs_put_status>(std::span(files));
    reply.body.files = static_cast<uint32_t>(files.size());
    reply.body.failed = static_cast<uint32_t>(
        std::count_if(files.begin(), files.end(), [](const auto& one) { return one.status != 0; }));
    reply.body.rows = rows;
    return reply;
}

vexfs_row record_of(const FileRows& read, const StoredRow& row) {
    vexfs_row record{};
    record.meta = {row.meta.tag, row.meta.offset, row.meta.length};
    record.data_version = row.data_version;
    record.flags = (read.is_stale(row) ? VEXFS_ROW_STALE : 0) |
                   (row.pending ? VEXFS_ROW_PENDING : 0) | (row.damaged ? VEXFS_ROW_DAMAGED : 0);
    return record;
}

// Codes and links lie in the same pages. Codes are noise to a compressor, so that what they take is
// what they are.
void fill_totals(const RowCounts& counts, const RowsOnDisk& disk, vexfs_stat_reply& body) {
    body.total_rows = counts.rows;
    body.total_dead = counts.dead;
    body.total_disk_bytes = disk.vector_bytes + disk.record_bytes + disk.graph_bytes;
    body.vector_bytes = disk.vector_bytes;
    body.code_bytes_all =
        std::min((counts.rows - counts.pending) * counts.code_bytes, disk.graph_bytes);
    body.graph_bytes = disk.graph_bytes - body.code_bytes_all;
    body.memory_bytes = counts.memory_bytes;
    body.blocks_cached = counts.blocks.cached;
    body.blocks_read = counts.blocks.read;
    body.searches = counts.searches;
    body.search_ns = counts.search_ns;
    body.puts = counts.puts;
    body.drops = counts.drops;
}

} // namespace

// One file is put as a whole or not at all. Several are made durable together at the end; each has
// its own success, and a signal leaves out those that are not reached.
Result<size_t> Messages::perform(Message& message, const PutRequest& request) {
    const bool several = request.body.files > 1;
    if (several && !VEXFS_TRY(volume_.get(message.node())).is_directory())
        return fail(Code::kENOTDIR, "several files are put by way of a directory");
    const Caller caller = VEXFS_TRY(message.caller());
    VEXFS_TRY_VOID(message.reserve(sizeof(vexfs_msg) + sizeof(vexfs_put_reply) +
                                   uint64_t{request.body.files} * sizeof(vexfs_put_status)));
    const bool async = (request.head.flags & VEXFS_PUT_ASYNC) != 0;
    const VectorShape shape{static_cast<index::Element>(request.body.element), request.body.dim};
    PutFiles files(request);
    std::vector<vexfs_put_status> statuses(request.body.files);
    uint64_t rows_put = 0;
    for (size_t i = 0; i < statuses.size(); ++i) {
        if (message.is_cancelled()) {
            if (i == 0)
                return fail(Code::kECANCELED, "put: nothing was put");
            statuses[i].status = -ECANCELED;
            continue;
        }
        FileChoice choice;
        const PutRows rows = files.next(message, choice);
        uint64_t ino = 0;
        const Result<PutDone> done =
            volume_.put_rows(choice, caller, rows, shape, async || several, ino);
        if (!done && !several)
            return done.error();
        if (done)
            message.times_changed(ino);
        statuses[i].ino = ino;
        statuses[i].status = done ? 0 : -done.error().errno_value();
        statuses[i].first = done ? done->first : 0;
        statuses[i].total = done ? done->total : 0;
        rows_put += done ? request.files[i].rows : 0;
    }
    if (several && !async)
        VEXFS_TRY_VOID(volume_.sync());
    return message.reply(Reply(put_reply(statuses, rows_put)));
}

// Asks how many rows there are first, and so for the size of the reply, before it reads any.
Result<size_t> Messages::perform(Message& message, const GetRequest& request) {
    VEXFS_TRY_VOID(message.check_readable());
    const bool want_rows = (request.head.flags & VEXFS_GET_ROWS) != 0;
    const bool want_vectors = (request.head.flags & VEXFS_GET_VECTORS) != 0;
    const FileChoice choice = choice_of(message, request.body.file, request.name);
    const Caller caller = VEXFS_TRY(message.caller());
    RowsAsk ask{request.body.first, request.body.rows, false, false};
    FileRows read = VEXFS_TRY(volume_.get_rows(choice, caller, ask));
    const uint64_t vectors =
        want_vectors ? uint64_t{read.rows} * index::bytes_of(read.shape.element, read.shape.dim)
                     : 0;
    const uint64_t records = want_rows ? uint64_t{read.rows} * sizeof(vexfs_row) : 0;
    VEXFS_TRY_VOID(message.reserve(sizeof(vexfs_msg) + sizeof(vexfs_get_reply) + records +
                                   round_up<uint64_t>(vectors, 8)));
    if (read.rows > 0 && (want_rows || want_vectors)) {
        ask = {request.body.first, read.rows, true, want_vectors};
        read = VEXFS_TRY(volume_.get_rows(choice, caller, ask));
    }
    std::vector<vexfs_row> rows;
    for (const StoredRow& row : read.metas) {
        if (row.damaged && want_vectors && !want_rows)
            return fail(Code::kEBADMSG, "get: a vector cannot be read; GET_ROWS tells which");
        rows.push_back(record_of(read, row));
    }
    GetReply reply;
    reply.body.ino = read.ino;
    reply.body.data_version = read.data_version;
    reply.body.first = request.body.first;
    reply.body.rows = read.rows;
    reply.body.total = read.total;
    reply.body.dim = read.shape.dim;
    reply.body.element = static_cast<uint16_t>(read.shape.element);
    reply.body.flags = request.head.flags;
    if (want_rows)
        reply.rows = Records<vexfs_row>(std::span(std::as_const(rows)));
    reply.vectors = read.vectors;
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const DropRequest& request) {
    const FileChoice choice = choice_of(message, request.body.file, request.name);
    const bool async = (request.head.flags & VEXFS_DROP_ASYNC) != 0;
    const Dropped dropped = VEXFS_TRY(
        volume_.drop_rows(choice, VEXFS_TRY(message.caller()), request.body.first, async));
    message.times_changed(dropped.ino);
    DropReply reply;
    reply.body = {dropped.ino, dropped.dropped, dropped.total};
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const StatRequest& request) {
    VEXFS_TRY_VOID(message.check_readable());
    const bool totals = (request.head.flags & VEXFS_STAT_TOTALS) != 0;
    const FileChoice choice = choice_of(message, request.body.file, request.name);
    const RowStat stat = VEXFS_TRY(volume_.stat_rows(choice, VEXFS_TRY(message.caller()), totals));
    StatReply reply;
    vexfs_stat_reply& body = reply.body;
    body.ino = stat.ino;
    body.collection = stat.collection;
    body.data_version = stat.data_version;
    body.files = stat.files;
    body.rows = stat.rows;
    body.rows_stale = stat.stale;
    body.rows_pending = stat.pending;
    body.rows_damaged = stat.damaged;
    body.flags = (stat.of_file ? VEXFS_STAT_FILE : 0) | (stat.trained ? VEXFS_STAT_TRAINED : 0) |
                 (stat.totals ? VEXFS_STAT_TOTALS : 0);
    body.index = static_cast<uint16_t>(stat.index);
    body.code_bytes = static_cast<uint16_t>(stat.code_bytes);
    if (stat.totals)
        fill_totals(*stat.totals, stat.disk, body);
    return message.reply(Reply(reply));
}

} // namespace vexfs
