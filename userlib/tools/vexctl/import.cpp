// SPDX-License-Identifier: Apache-2.0
//
// Reads a file of vectors into a collection.
//
// Reading starts at the beginning each time and passes over what is there already: which rows are
// bad, and so which number each good one gets, follows from the source and the schema alone.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/shutdown.h"
#include "userlib/tools/vexctl/import_batch.h"
#include "userlib/tools/vexctl/mounted.h"
#include "userlib/tools/vexctl/progress.h"
#include "userlib/tools/vexctl/vector_input.h"

namespace vexfs {

namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr size_t kIoctlBytes = VEXFS_MAX_IOCTL - 256;

Columns columns_of(const Invocation& invocation) {
    return {invocation.value("vector-column"), invocation.value("name-column"),
            invocation.value("tag-column"), invocation.value("text-column"),
            !invocation.has("no-header")};
}

// Whether a record may be called so; a sentence if not.
std::string bad_name(const std::string& name) {
    if (name.empty() || name == "." || name == "..")
        return "'" + name + "' is no name of a file";
    if (name.size() > VEXFS_MAX_NAME)
        return "its name is longer than 255 bytes";
    if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
        return "its name has a slash or a NUL";
    return "";
}

class Import {
  public:
    Import(const Invocation& invocation, const Node& directory, const vexfs_schema& schema,
           size_t batch_bytes)
        : source_path_(invocation.operand(0)),
          name_(invocation.has("name") ? invocation.value("name")
                                       : std::filesystem::path(source_path_).filename().string()),
          split_(invocation.has("split")), by_name_(invocation.has("name-column")),
          dry_(invocation.has("dry-run")), schema_(schema), directory_(directory),
          batch_(directory, schema, batch_bytes), progress_(name_) {}

    Status open(const Invocation& invocation, Failure& failure);
    Status run(uint64_t limit, const Shutdown& shutdown, Failure& failure);
    void report(bool json) const;

    [[nodiscard]] bool has_bad() const { return bad_ > 0; }
    [[nodiscard]] bool interrupted() const { return interrupted_; }

  private:
    Status take(const Record& record, Failure& failure);
    Status refuse_record(const Record& record, const std::string& sentence, Failure& failure);
    Status begin_file_of(const Record& record, Failure& failure);
    Error refuse_source(Error error, const Fault& fault, Failure& failure) const;
    [[nodiscard]] std::string name_of(const Record& record) const;

    const std::string source_path_;
    const std::string name_;
    const bool split_;
    const bool by_name_;
    const bool dry_;
    const vexfs_schema schema_;
    const Node& directory_;
    std::unique_ptr<VectorSource> source_;
    std::ofstream bad_rows_;
    std::string bad_path_;
    std::string file_; // of the latest row
    bool begun_ = false;
    ImportBatch batch_;
    Progress progress_;
    std::vector<std::byte> vector_;
    uint64_t rows_ = 0; // good ones
    uint64_t bad_ = 0;
    bool interrupted_ = false;
};

Error Import::refuse_source(Error error, const Fault& fault, Failure& failure) const {
    return refuse(error.code, source_path_,
                  error.code == Code::kEBADMSG
                      ? "byte " + std::to_string(fault.offset) + ": " + fault.sentence
                      : fault.sentence,
                  "", failure);
}

Status Import::open(const Invocation& invocation, Failure& failure) {
    if (split_ && by_name_)
        return refuse_usage(invocation, "--split and --name-column both name the files", failure);
    if (invocation.has("text-column") && !by_name_)
        return refuse_usage(invocation, "--text-column wants --name-column", failure);
    if (const std::string bad = bad_name(name_); !bad.empty())
        return refuse_usage(invocation, bad, failure);
    Fault fault;
    auto source = VectorSource::open(source_path_, columns_of(invocation), fault);
    if (!source)
        return refuse_source(source.error(), fault, failure);
    source_ = std::move(*source);
    if (!invocation.has("bad-rows"))
        return ok();
    bad_path_ = invocation.value("bad-rows");
    bad_rows_.open(bad_path_, std::ios::binary | std::ios::trunc);
    if (!bad_rows_)
        return refuse(code_from_errno(errno), bad_path_, "it cannot be written", "", failure);
    return ok();
}

// Names of --split are in the order of the rows.
std::string Import::name_of(const Record& record) const {
    if (by_name_)
        return record.name.value_or("");
    if (!split_)
        return name_;
    std::string number = std::to_string(record.number);
    return std::string(number.size() < 9 ? 9 - number.size() : 0, '0') + number;
}

Status Import::refuse_record(const Record& record, const std::string& sentence, Failure& failure) {
    if (!bad_rows_.is_open())
        return refuse(Code::kEINVAL, source_path_,
                      "row " + std::to_string(record.number) + ", byte " +
                          std::to_string(record.offset) + ": " + sentence,
                      "--bad-rows FILE leaves such rows out and lists them", failure);
    ++bad_;
    const Json json{{"row", record.number}, {"offset", record.offset}, {"error", sentence}};
    bad_rows_ << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    if (!bad_rows_)
        return refuse(code_from_errno(errno), bad_path_, "it cannot be written", "", failure);
    return ok();
}

// Rows of one name that follow each other are those of one file.
Status Import::begin_file_of(const Record& record, Failure& failure) {
    const std::string name = name_of(record);
    if (begun_ && name == file_)
        return ok();
    VEXFS_TRY_VOID(batch_.begin_file(name, record.text, failure));
    begun_ = true;
    file_ = name;
    return ok();
}

Status Import::take(const Record& record, Failure& failure) {
    vector_.clear();
    std::string bad = record.bad;
    if (bad.empty())
        bad = append_converted(record, schema_, vector_);
    if (bad.empty())
        bad = bad_name(name_of(record));
    if (!bad.empty())
        return refuse_record(record, bad, failure);
    ++rows_;
    if (dry_)
        return ok();
    VEXFS_TRY_VOID(begin_file_of(record, failure));
    return batch_.add(vector_, record.tag.value_or(record.number), failure);
}

Status Import::run(uint64_t limit, const Shutdown& shutdown, Failure& failure) {
    Record record;
    Fault fault;
    Status taken = ok();
    for (uint64_t i = 0; i < limit && taken; ++i) {
        interrupted_ = shutdown.requested();
        if (interrupted_)
            break;
        const Result<bool> more = source_->next(record, fault);
        if (!more)
            taken = refuse_source(more.error(), fault, failure);
        if (!more || !*more)
            break;
        taken = take(record, failure);
        progress_.show(source_->offset(), source_->size_bytes(), rows_);
    }
    // What came before a failure is kept: the next import goes on behind it.
    Failure later;
    const Status flushed = batch_.flush(taken ? failure : later);
    return taken ? flushed : taken;
}

void Import::report(bool json) const {
    const ImportCounts& counts = batch_.counts();
    const double seconds = progress_.seconds();
    if (json) {
        Json document{{"schema", "vexctl.import/1"}};
        add_bytes(document, "source", source_path_);
        document.update({{"dry_run", dry_},
                         {"interrupted", interrupted_},
                         {"rows", rows_},
                         {"rows_put", counts.put},
                         {"rows_present", counts.present},
                         {"rows_bad", bad_},
                         {"files_made", counts.files},
                         {"seconds", seconds}});
        print_json(document);
        return;
    }
    if (dry_) {
        std::printf("%s rows of %s would go to %s, %s are bad\n", grouped(rows_).c_str(),
                    printable(source_path_).c_str(), printable(directory_.path()).c_str(),
                    grouped(bad_).c_str());
        return;
    }
    std::printf(
        "%s rows put in %.2f s, %s a second; %s files made", grouped(counts.put).c_str(), seconds,
        grouped(static_cast<uint64_t>(static_cast<double>(counts.put) / std::max(seconds, 1e-9)))
            .c_str(),
        grouped(counts.files).c_str());
    if (counts.present > 0)
        std::printf("; %s rows were there", grouped(counts.present).c_str());
    if (bad_ > 0)
        std::printf("; %s bad rows are listed in %s", grouped(bad_).c_str(),
                    printable(bad_path_).c_str());
    std::printf("\n");
    if (interrupted_)
        std::fprintf(stderr, "vexctl: import: interrupted; the same command goes on from here\n");
}

// What a message takes where there are sessions, or else an ioctl.
Result<size_t> batch_bytes(const std::string& path, Failure& failure) {
    const Mounted volume = VEXFS_TRY(Mounted::open(path, failure));
    const vexfs_hello_reply hello = VEXFS_TRY(volume.hello(failure));
    return (hello.features & VEXFS_FEATURE_SESSION) != 0 ? kBatchBytes : kIoctlBytes;
}

Result<int> import(const Invocation& invocation, Failure& failure) {
    const uint64_t limit =
        VEXFS_TRY(number_option(invocation, "limit", 1, UINT64_MAX, UINT64_MAX, failure));
    const std::string path = invocation.operand(1);
    const Node directory = VEXFS_TRY(Node::open(path, failure));
    const vexfs_schema schema = VEXFS_TRY(directory.schema(failure)).schema;
    const auto shutdown = Shutdown::create();
    if (!shutdown || !(*shutdown)->install({SIGINT, SIGTERM}))
        return refuse(Code::kENOMEM, "", "signals cannot be awaited", "", failure);
    Import work(invocation, directory, schema, VEXFS_TRY(batch_bytes(path, failure)));
    VEXFS_TRY_VOID(work.open(invocation, failure));
    const Status done = work.run(limit, **shutdown, failure);
    if (!invocation.has("dry-run")) {
        Failure later;
        const Status synced =
            directory.sync(invocation.has("wait") ? VEXFS_SYNC_LINK : 0, done ? failure : later);
        if (done)
            VEXFS_TRY_VOID(synced);
    }
    VEXFS_TRY_VOID(done);
    work.report(invocation.json());
    if (work.interrupted())
        return kInterrupted;
    return work.has_bad() ? kPartial : kDone;
}

} // namespace

int run_import(const Invocation& invocation) {
    Failure failure;
    return end_of(import(invocation, failure), invocation, failure);
}

} // namespace vexfs
