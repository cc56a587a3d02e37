// SPDX-License-Identifier: Apache-2.0
//
// libvexfs for C++20: handles that close themselves, spans in and out, errors as values.
//
// A thin cover of <vexfs/vexfs.h>, whose rules hold here too: what a call may do, and its errno.
// Nothing is thrown but by the standard library for lack of memory. Link libvexfs.
//
//     auto directory = vexfs::client::Node::open("/mnt/photos");      // or "photos.img:/photos"
//     if (!directory) return report(directory.error());
//     auto hits = directory->search<float>(vector, {.k = 10, .flags = VEXFS_SEARCH_PATHS});
//     for (size_t i = 0; hits && i < hits->all().size(); ++i)
//         std::cout << hits->path(i) << '\n';
//
// Threads: as in <vexfs/vexfs.h>: any thread uses a Node; results are values of their own.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <vexfs/vexfs.h>
#include <vexfs/vexfs_ioctl.h>

namespace vexfs::client {

struct Error {
    int code = 0; // an errno
    std::string text;
};

// A value or an Error. Asking for the one that is not there ends the process.
template <typename T>
class [[nodiscard]] Expected {
  public:
    Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    [[nodiscard]] T& value() & { return *or_abort(std::get_if<0>(&state_)); }
    [[nodiscard]] const T& value() const& { return *or_abort(std::get_if<0>(&state_)); }
    [[nodiscard]] T value() && { return std::move(*or_abort(std::get_if<0>(&state_))); }
    [[nodiscard]] const Error& error() const { return *or_abort(std::get_if<1>(&state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

  private:
    template <typename P>
    static P* or_abort(P* found) {
        if (found == nullptr)
            std::abort();
        return found;
    }

    std::variant<T, Error> state_;
};

using Nothing = std::monostate; // the value of a call that answers none

namespace internal {

struct Free {
    void operator()(void* allocation) const { std::free(allocation); }
};
template <typename T>
using Freed = std::unique_ptr<T, Free>;

struct Closer {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
    void operator()(vexfs_image* image) const { vexfs_image_close(image, nullptr); }
};

inline Error error_of(int result, const vexfs_reason& reason) {
    return {-result, reason.text};
}

template <typename T>
struct ElementOf;
template <>
struct ElementOf<float> {
    static constexpr uint16_t kElement = VEXFS_ELEMENT_F32;
};
template <>
struct ElementOf<int8_t> {
    static constexpr uint16_t kElement = VEXFS_ELEMENT_I8;
};
template <>
struct ElementOf<uint8_t> {
    static constexpr uint16_t kElement = VEXFS_ELEMENT_U8;
};

} // namespace internal

// Elements that have a type of C++. The others, f16, bf16 and bit, go by <vexfs/vexfs.h>.
template <typename T>
concept Element = requires {
    internal::ElementOf<T>::kElement;
};

// An image that is not mounted, open until it is closed: then its targets "IMAGE:/PATH" are used.
class Image {
  public:
    static Expected<Image> open(const std::string& path, const vexfs_image_options& options = {}) {
        vexfs_image* image = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_image_open(path.c_str(), &options, &image, &reason);
        if (result != 0)
            return internal::error_of(result, reason);
        return Image(image);
    }
    // Says whether all is durable; the destructor cannot. Every node of it is closed before.
    Expected<Nothing> close() {
        vexfs_reason reason{};
        vexfs_image* const image = image_.release();
        const int result = vexfs_image_close(image, &reason);
        if (result == 0)
            return Nothing{};
        if (result == -EBUSY)
            image_.reset(image);
        return internal::error_of(result, reason);
    }

  private:
    explicit Image(vexfs_image* image) : image_(image) {}
    std::unique_ptr<vexfs_image, internal::Closer> image_;
};

// The hits of a search: those of the first query first, nearest first.
class Hits {
  public:
    explicit Hits(vexfs_hits* raw) : raw_(raw) {}

    [[nodiscard]] std::span<const vexfs_answer> answers() const {
        return {raw_->answers, raw_->queries};
    }
    [[nodiscard]] std::span<const vexfs_hit> all() const { return {raw_->hit, raw_->hits}; }
    [[nodiscard]] std::span<const vexfs_hit> of_query(size_t query) const {
        size_t first = 0;
        for (size_t i = 0; i < query; ++i)
            first += answers()[i].found;
        return all().subspan(first, answers()[query].found);
    }
    // Of the i-th hit of all. "" unless VEXFS_SEARCH_PATHS was asked for.
    [[nodiscard]] std::string_view path(size_t i) const {
        return raw_->paths == nullptr ? std::string_view() : raw_->paths[i];
    }
    // Empty unless VEXFS_SEARCH_VECTORS was asked for.
    template <Element T>
    [[nodiscard]] std::span<const T> vector(size_t i) const {
        const size_t count = raw_->vector_bytes / sizeof(T);
        if (raw_->vectors == nullptr)
            return {};
        return {static_cast<const T*>(raw_->vectors) + i * count, count};
    }

  private:
    internal::Freed<vexfs_hits> raw_;
};

// Rows of a file.
class Rows {
  public:
    explicit Rows(vexfs_row_set* raw) : raw_(raw) {}

    [[nodiscard]] const vexfs_get_reply& head() const { return *raw_->head; }
    // Empty without VEXFS_GET_ROWS.
    [[nodiscard]] std::span<const vexfs_row> rows() const {
        return {raw_->rows, raw_->rows == nullptr ? 0 : size_t{head().rows}};
    }
    // Empty without VEXFS_GET_VECTORS, or if they have other elements.
    template <Element T>
    [[nodiscard]] std::span<const T> vector(size_t i) const {
        if (raw_->vectors == nullptr || head().element != internal::ElementOf<T>::kElement)
            return {};
        return {static_cast<const T*>(raw_->vectors) + i * head().dim, head().dim};
    }

  private:
    internal::Freed<vexfs_row_set> raw_;
};

// How to search.
struct Ask {
    uint32_t k = 10;
    uint32_t ef = 0;    // 0: the schema's
    uint32_t flags = 0; // VEXFS_SEARCH_*, but for RADIUS
    std::optional<float> radius{};
    std::string filter{};
};

// How to put rows.
struct Put {
    uint32_t first = VEXFS_ROW_APPEND;
    uint32_t flags = 0; // VEXFS_PUT_*
    uint64_t data_version = 0;
    std::span<const vexfs_row_meta> metas{}; // none, or one a row
};

struct Name {
    std::string name;
    uint64_t ino = 0;
    uint32_t type = 0; // DT_*
};

// A directory or a file that is open for messages. `name`: of a file in this directory; "": the
// node itself.
class Node {
  public:
    static Expected<Node> open(const std::string& target) {
        vexfs_node* node = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_node_open(target.c_str(), &node, &reason);
        if (result != 0)
            return internal::error_of(result, reason);
        return Node(node);
    }

    [[nodiscard]] vexfs_node* raw() const { return node_.get(); }
    [[nodiscard]] uint64_t ino() const { return vexfs_node_ino(raw()); }

    // S_IFREG or S_IFDIR with permissions.
    [[nodiscard]] Expected<Nothing> make(const std::string& name, uint32_t mode) const {
        return done([&](vexfs_reason* reason) {
            return vexfs_node_make(raw(), name.c_str(), mode, reason);
        });
    }
    [[nodiscard]] Expected<std::vector<Name>> list() const {
        vexfs_names* names = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_node_list(raw(), &names, &reason);
        if (result != 0)
            return internal::error_of(result, reason);
        const internal::Freed<vexfs_names> owned(names);
        std::vector<Name> list;
        for (const vexfs_name& each : std::span(names->names, names->count))
            list.push_back({each.name, each.ino, each.type});
        return list;
    }

    [[nodiscard]] Expected<vexfs_schema_reply> schema() const {
        vexfs_schema_reply reply{};
        return filled(
            reply, [&](vexfs_reason* reason) { return vexfs_schema_get(raw(), &reply, reason); });
    }
    [[nodiscard]] Expected<vexfs_schema_reply> set_schema(const vexfs_schema& schema,
                                                          uint32_t flags = 0) const {
        vexfs_schema_reply reply{};
        return filled(reply, [&](vexfs_reason* reason) {
            return vexfs_schema_set(raw(), &schema, flags, &reply, reason);
        });
    }

    // Rows of `dim` elements, one after the other; EINVAL if they are no whole rows.
    template <Element T>
    [[nodiscard]] Expected<vexfs_put_status> put(const std::string& name, uint32_t dim,
                                                 std::span<const T> vectors,
                                                 const Put& how = {}) const {
        const size_t rows = dim == 0 ? 0 : vectors.size() / dim;
        if (dim == 0 || rows * dim != vectors.size() || rows > UINT32_MAX ||
            (!how.metas.empty() && how.metas.size() != rows))
            return Error{EINVAL, "the vectors are no whole rows, or have not a meta each"};
        vexfs_put_rows file{};
        file.which = which(name);
        file.first = how.first;
        file.rows = static_cast<uint32_t>(rows);
        file.data_version = how.data_version;
        file.vectors = vectors.data();
        file.metas = how.metas.empty() ? nullptr : how.metas.data();
        const vexfs_put_batch batch{dim, internal::ElementOf<T>::kElement, 0, how.flags, 1, &file};
        vexfs_put_status status{};
        return filled(status, [&](vexfs_reason* reason) {
            return vexfs_rows_put(raw(), &batch, &status, reason);
        });
    }
    // `rows` 0: all from `first` on.
    [[nodiscard]] Expected<Rows> get(const std::string& name, uint32_t first = 0, uint32_t rows = 0,
                                     uint32_t flags = VEXFS_GET_ROWS | VEXFS_GET_VECTORS) const {
        const vexfs_which file = which(name);
        vexfs_row_set* set = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_rows_get(raw(), name.empty() ? nullptr : &file, first, rows, flags,
                                          &set, &reason);
        if (result != 0)
            return internal::error_of(result, reason);
        return Rows(set);
    }
    [[nodiscard]] Expected<vexfs_drop_reply> drop(const std::string& name, uint32_t first = 0,
                                                  uint32_t flags = 0) const {
        const vexfs_which file = which(name);
        vexfs_drop_reply reply{};
        return filled(reply, [&](vexfs_reason* reason) {
            return vexfs_rows_drop(raw(), name.empty() ? nullptr : &file, first, flags, &reply,
                                   reason);
        });
    }
    [[nodiscard]] Expected<vexfs_stat_reply> stat(const std::string& name = "",
                                                  uint32_t flags = 0) const {
        const vexfs_which file = which(name);
        vexfs_stat_reply reply{};
        return filled(reply, [&](vexfs_reason* reason) {
            return vexfs_rows_stat(raw(), name.empty() ? nullptr : &file, flags, &reply, reason);
        });
    }
    [[nodiscard]] Expected<Nothing> sync(uint32_t flags = 0) const {
        return done([&](vexfs_reason* reason) { return vexfs_rows_sync(raw(), flags, reason); });
    }

    // One query, or `queries` of them one after the other; EINVAL if they are not equally long.
    template <Element T>
    [[nodiscard]] Expected<Hits> search(std::span<const T> vectors, const Ask& ask,
                                        uint32_t queries = 1) const {
        if (queries == 0 || vectors.size() % queries != 0)
            return Error{EINVAL, "the vectors are no whole queries"};
        vexfs_query query{};
        query.vectors = vectors.data();
        query.queries = queries;
        query.dim = static_cast<uint32_t>(vectors.size() / queries);
        query.element = internal::ElementOf<T>::kElement;
        query.k = ask.k;
        query.ef = ask.ef;
        query.flags = ask.flags | (ask.radius ? VEXFS_SEARCH_RADIUS : 0);
        query.radius = ask.radius.value_or(0);
        query.filter = ask.filter.c_str();
        vexfs_hits* hits = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_rows_search(raw(), &query, &hits, &reason);
        if (result != 0)
            return internal::error_of(result, reason);
        return Hits(hits);
    }

  private:
    explicit Node(vexfs_node* node) : node_(node) {}

    static vexfs_which which(const std::string& name) {
        return {name.empty() ? nullptr : name.c_str(), 0};
    }
    template <typename Call>
    static Expected<Nothing> done(Call&& call) {
        Nothing nothing{};
        return filled(nothing, std::forward<Call>(call));
    }
    template <typename T, typename Call>
    static Expected<T> filled(T& reply, Call&& call) {
        vexfs_reason reason{};
        const int result = call(&reason);
        if (result != 0)
            return internal::error_of(result, reason);
        return reply;
    }

    std::unique_ptr<vexfs_node, internal::Closer> node_;
};

} // namespace vexfs::client
