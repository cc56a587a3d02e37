// SPDX-License-Identifier: Apache-2.0
//
// The C++ cover of the library: an image that no one has mounted gets a collection of three files,
// and the two nearest to a vector are found. Run again, it finds them once more.
//
//     photos IMAGE                      made by mkfs.vexfs
#include <array>
#include <cstdio>

#include <sys/stat.h>

#include <vexfs/vexfs.hpp>

namespace {

using namespace vexfs::client;

constexpr uint32_t kDim = 3;
using Vector = std::array<float, kDim>;

Expected<Nothing> fill(const Node& photos) {
    vexfs_schema schema{};
    schema.dim = kDim;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_COSINE;
    if (auto made = photos.set_schema(schema); !made)
        return made.error();
    constexpr std::array<std::pair<const char*, Vector>, 3> kPhotos{
        {{"cat", {1, 0, 0}}, {"dog", {0.8F, 0.6F, 0}}, {"tree", {0, 0, 1}}}};
    for (const auto& [name, vector] : kPhotos) {
        if (auto made = photos.make(name, S_IFREG | 0644); !made)
            return made.error();
        if (auto put = photos.put<float>(name, kDim, vector); !put)
            return put.error();
    }
    return Nothing{};
}

Expected<Node> open_photos(const std::string& image) {
    auto root = Node::open(image + ":/");
    if (!root)
        return root.error();
    const auto made = root->make("photos", S_IFDIR | 0755);
    if (!made && made.error().code != EEXIST)
        return made.error();
    auto photos = Node::open(image + ":/photos");
    if (!photos || !made)
        return photos;
    if (auto filled = fill(*photos); !filled)
        return filled.error();
    return photos;
}

Expected<Nothing> find(const Node& photos) {
    const Vector like_a_dog{0.7F, 0.7F, 0};
    const auto hits = photos.search<float>(like_a_dog, {.k = 2, .flags = VEXFS_SEARCH_PATHS});
    if (!hits)
        return hits.error();
    for (size_t i = 0; i < hits->all().size(); ++i)
        std::printf("%.*s at distance %.3f\n", static_cast<int>(hits->path(i).size()),
                    hits->path(i).data(), static_cast<double>(hits->all()[i].distance));
    return Nothing{};
}

// Every node is closed when it returns.
Expected<Nothing> run(const std::string& path) {
    const auto photos = open_photos(path);
    return photos ? find(*photos) : photos.error();
}

} // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("usage: photos IMAGE\n", stderr);
        return 2;
    }
    vexfs_image_options options{};
    options.flags = VEXFS_IMAGE_WRITE;
    auto image = Image::open(arguments[1], options);
    auto done = image ? run(arguments[1]) : Expected<Nothing>(image.error());
    if (done)
        done = image->close();
    if (!done)
        std::fprintf(stderr, "photos: %s\n", done.error().text.c_str());
    return done ? 0 : 1;
}
