// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/import_batch.h"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr size_t kRowsMax = 4096;

Error refuse_errno(int error, const std::string& path, Failure& failure) {
    const Code code = code_from_errno(error);
    return refuse(code, path, cause_of(code), advice_of(code), failure);
}

Status write_text(int file, const std::string& text, const std::string& path, Failure& failure) {
    for (size_t done = 0; done < text.size();) {
        const ssize_t count = ::write(file, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return refuse_errno(errno, path, failure);
        done += static_cast<size_t>(count);
    }
    return ok();
}

} // namespace

ImportBatch::ImportBatch(const Node& directory, const vexfs_schema& schema, size_t bytes)
    : directory_(directory), schema_(schema),
      rows_max_(std::clamp<size_t>(bytes / (vexfs_vector_bytes(schema.element, schema.dim) +
                                            sizeof(vexfs_row_meta) + sizeof(vexfs_put_file)),
                                   1, kRowsMax)) {}

Result<uint64_t> ImportBatch::begin_file(const std::string& name, const std::string& text,
                                         Failure& failure) {
    const std::string path = directory_.path() + "/" + name;
    const int made = ::openat(directory_.descriptor(), name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (made < 0 && errno != EEXIST)
        return refuse_errno(errno, path, failure);
    if (made >= 0) {
        const Status written = write_text(made, text, path, failure);
        ::close(made);
        if (!written) {
            ::unlinkat(directory_.descriptor(), name.c_str(), 0);
            return written.error();
        }
        ++counts_.files;
        present_ = 0;
    } else {
        VEXFS_TRY_VOID(flush(failure)); // rows of it may be among those gathered
        present_ = VEXFS_TRY(directory_.stat(name.c_str(), 0, failure)).rows;
    }
    name_ = name;
    number_ = 0;
    return present_;
}

Status ImportBatch::add(Bytes vector, uint64_t tag, Failure& failure) {
    const uint64_t number = number_++;
    if (number < present_) {
        ++counts_.present;
        return ok();
    }
    if (number > VEXFS_MAX_ROW)
        return refuse(Code::kEFBIG, directory_.path() + "/" + name_, "a file has no more rows", "",
                      failure);
    if (metas_.size() >= rows_max_)
        VEXFS_TRY_VOID(flush(failure));
    if (files_.empty() || files_.back().name != name_)
        files_.push_back({name_, static_cast<uint32_t>(number), 0});
    ++files_.back().rows;
    metas_.push_back({tag, 0, 0});
    vectors_.insert(vectors_.end(), vector.begin(), vector.end());
    return ok();
}

Status ImportBatch::flush(Failure& failure) {
    if (metas_.empty())
        return ok();
    const size_t vector_bytes = vexfs_vector_bytes(schema_.element, schema_.dim);
    std::vector<vexfs_put_rows> files;
    size_t row = 0;
    for (const File& file : files_) {
        files.push_back({{file.name.c_str(), 0},
                         file.first,
                         file.rows,
                         0,
                         vectors_.data() + row * vector_bytes,
                         metas_.data() + row});
        row += file.rows;
    }
    // The end of the work makes them durable, all at once.
    const vexfs_put_batch batch{
        schema_.dim, schema_.element, 0, VEXFS_PUT_ASYNC, static_cast<uint32_t>(files.size()),
        files.data()};
    vexfs_reason reason{};
    const int result = vexfs_rows_put(directory_.raw(), &batch, nullptr, &reason);
    if (result != 0)
        return explain(result, directory_.path(), reason, failure);
    counts_.put += metas_.size();
    files_.clear();
    metas_.clear();
    vectors_.clear();
    return ok();
}

} // namespace vexfs
