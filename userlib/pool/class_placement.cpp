// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/class_placement.h"

#include <algorithm>
#include <cstring>

namespace vexfs {

namespace {

constexpr uint32_t kFineBytes = 16;
constexpr uint32_t kFineMax = 1024;
constexpr uint32_t kFineSteps = kFineMax / kFineBytes;
constexpr uint32_t kStepsPerDoubling = 32;
constexpr uint32_t kPagesOfSmall = 8;

// The number of the first step that is as large.
uint32_t step_of(size_t bytes) {
    if (bytes <= kFineMax)
        return static_cast<uint32_t>((bytes - 1) / kFineBytes);
    uint32_t doubling = 0;
    size_t low = kFineMax;
    for (; bytes > 2 * low; low *= 2)
        ++doubling;
    return kFineSteps + doubling * kStepsPerDoubling +
           static_cast<uint32_t>((bytes - 1 - low) / (low / kStepsPerDoubling));
}

uint32_t bytes_of_step(uint32_t step) {
    if (step < kFineSteps)
        return (step + 1) * kFineBytes;
    const uint32_t low = kFineMax << ((step - kFineSteps) / kStepsPerDoubling);
    return low + low / kStepsPerDoubling * ((step - kFineSteps) % kStepsPerDoubling + 1);
}

} // namespace

ChainShape chain_shape(uint32_t object_bytes) {
    const size_t most = object_bytes <= kPoolPageBytes ? kPagesOfSmall : PageSource::kRunPagesMax;
    ChainShape best;
    for (size_t pages = div_ceil(object_bytes, kPoolPageBytes); pages <= most; ++pages) {
        const ChainShape shape{object_bytes, static_cast<uint16_t>(pages),
                               static_cast<uint16_t>(pages * kPoolPageBytes / object_bytes)};
        // Shares of what the chain has, compared without dividing.
        if (best.pages == 0 || shape.waste_bytes() * best.pages < best.waste_bytes() * shape.pages)
            best = shape;
    }
    return best;
}

ClassPlacement::ClassPlacement(const PoolOptions& options, HandleTable& table)
    : object_bytes_max_(options.object_bytes_max), table_(table),
      source_(options.pages_max, *options.supply) {
    const uint32_t steps = step_of(object_bytes_max_) + 1;
    class_by_step_.resize(steps);
    for (uint32_t step = steps; step-- > 0;) { // the largest first: it takes in what is like it
        const ChainShape shape = chain_shape(bytes_of_step(step));
        if (classes_.empty() || classes_.back().shape.pages != shape.pages ||
            classes_.back().shape.objects != shape.objects)
            classes_.push_back({shape, {}, 0, 0});
        class_by_step_[step] = static_cast<uint16_t>(classes_.size() - 1);
    }
}

uint16_t ClassPlacement::class_of(size_t bytes) const {
    return class_by_step_[step_of(bytes)];
}

std::byte* ClassPlacement::memory(Spot spot) const {
    const Home& home = homes_[spot.home];
    return source_.memory(home.run) +
           size_t{spot.place} * classes_[home.size_class].shape.object_bytes;
}

size_t ClassPlacement::metadata_bytes() const {
    return homes_.metadata_bytes() + places_ * sizeof(uint32_t) +
           classes_.size() * sizeof(SizeClass) + class_by_step_.size() * sizeof(uint16_t);
}

HomeList* ClassPlacement::group_of(const Home& home) {
    SizeClass& size_class = classes_[home.size_class];
    if (home.used == size_class.shape.objects)
        return nullptr;
    return &size_class.groups[size_t{home.used} * kGroups / size_class.shape.objects];
}

// What this compaction has tried stands behind what it has not.
void ClassPlacement::enter_group(uint32_t id) {
    HomeList* const group = group_of(homes_[id]);
    if (group == nullptr)
        return;
    if (homes_[id].epoch == epoch_)
        homes_.push_back<&Home::group>(*group, id);
    else
        homes_.push_front<&Home::group>(*group, id);
}

void ClassPlacement::leave_group(uint32_t id) {
    if (HomeList* const group = group_of(homes_[id]))
        homes_.remove<&Home::group>(*group, id);
}

uint32_t ClassPlacement::fullest(const SizeClass& size_class, uint32_t except) const {
    for (uint32_t group = kGroups; group-- > 0;) {
        uint32_t id = size_class.groups[group].first;
        if (id != kNoHome && id == except)
            id = homes_[id].group.behind;
        if (id != kNoHome)
            return id;
    }
    return kNoHome;
}

Result<uint32_t> ClassPlacement::add_chain(uint16_t size_class) {
    const ChainShape& shape = classes_[size_class].shape;
    auto owners = std::make_unique<uint32_t[]>(shape.objects);
    for (uint32_t i = 0; i < shape.objects; ++i)
        owners[i] = kFreePlace | (i + 1);
    const uint32_t id = homes_.take();
    const Result<PageRun> run = source_.take(shape.pages);
    if (!run) {
        homes_.give(id);
        return run.error();
    }
    Home& home = homes_[id];
    home.run = *run;
    home.size_class = size_class;
    home.owners = std::move(owners);
    homes_.push_back<&Home::age>(ages_, id);
    enter_group(id);
    ++classes_[size_class].chains;
    classes_[size_class].free_places += shape.objects;
    places_ += shape.objects;
    ++home_count_;
    return id;
}

Spot ClassPlacement::put(uint32_t id, uint32_t owner) {
    leave_group(id);
    Home& home = homes_[id];
    const uint16_t place = home.next_free;
    home.next_free = static_cast<uint16_t>(home.owners[place] & ~kFreePlace);
    home.owners[place] = owner;
    ++home.used;
    --classes_[home.size_class].free_places;
    enter_group(id);
    return {id, place};
}

Result<Spot> ClassPlacement::place(size_t bytes, uint32_t owner, bool may_grow) {
    const uint16_t size_class = class_of(bytes);
    uint32_t id = fullest(classes_[size_class], kNoHome);
    if (id == kNoHome && !may_grow)
        return fail(Code::kENOMEM, "pool: no page of it has room");
    if (id == kNoHome)
        id = VEXFS_TRY(add_chain(size_class));
    heat(id);
    return put(id, owner);
}

size_t ClassPlacement::remove(Spot spot) {
    leave_group(spot.home);
    Home& home = homes_[spot.home];
    SizeClass& size_class = classes_[home.size_class];
    home.owners[spot.place] = kFreePlace | home.next_free;
    home.next_free = spot.place;
    --home.used;
    ++size_class.free_places;
    if (home.used > 0) {
        enter_group(spot.home);
        return 0;
    }
    --size_class.chains;
    size_class.free_places -= size_class.shape.objects;
    places_ -= size_class.shape.objects;
    source_.give(home.run);
    homes_.remove<&Home::age>(ages_, spot.home);
    homes_.give(spot.home);
    --home_count_;
    return size_class.shape.pages;
}

std::vector<PoolClass> ClassPlacement::classes() const {
    std::vector<PoolClass> used;
    // The largest was made first.
    for (auto it = classes_.rbegin(); it != classes_.rend(); ++it) {
        const size_t places = it->chains * it->shape.objects;
        if (it->chains > 0)
            used.push_back({it->shape.object_bytes, places - it->free_places, places,
                            it->chains * it->shape.pages});
    }
    return used;
}

uint32_t ClassPlacement::coldest() {
    while (ages_.first != kNoHome && homes_[ages_.first].touched)
        heat(ages_.first);
    return ages_.first;
}

void ClassPlacement::heat(uint32_t home) {
    homes_[home].touched = false;
    homes_.remove<&Home::age>(ages_, home);
    homes_.push_back<&Home::age>(ages_, home);
}

void ClassPlacement::owners(uint32_t home, std::vector<uint32_t>& into) const {
    const uint32_t objects = classes_[homes_[home].size_class].shape.objects;
    for (uint32_t i = 0; i < objects; ++i) {
        if ((homes_[home].owners[i] & kFreePlace) == 0)
            into.push_back(homes_[home].owners[i]);
    }
}

bool ClassPlacement::is_mapped(const Home& home) const {
    const uint32_t objects = classes_[home.size_class].shape.objects;
    for (uint32_t i = 0; i < objects; ++i) {
        if ((home.owners[i] & kFreePlace) == 0 && table_.at(home.owners[i]).users > 0)
            return true;
    }
    return false;
}

// The others of its class have room for all that is in it.
CompactStep ClassPlacement::empty(uint32_t id) {
    CompactStep step;
    const uint16_t size_class = homes_[id].size_class;
    for (uint16_t place = 0; step.pages == 0; ++place) {
        const uint32_t owner = homes_[id].owners[place];
        if ((owner & kFreePlace) != 0)
            continue;
        const Spot to = put(fullest(classes_[size_class], id), owner);
        HandleTable::Entry& entry = table_.at(owner);
        std::memcpy(memory(to), memory({id, place}), entry.bytes);
        entry.home = to.home;
        entry.place = to.place;
        ++step.moved;
        step.pages = remove({id, place});
    }
    return step;
}

std::optional<CompactStep> ClassPlacement::compact_class(SizeClass& size_class) {
    if (size_class.free_places < size_class.shape.objects) // there is not a chain to be saved
        return std::nullopt;
    for (HomeList& group : size_class.groups) {
        const uint32_t id = group.first;
        if (id == kNoHome || homes_[id].epoch == epoch_)
            continue;
        Home& home = homes_[id];
        home.epoch = epoch_;
        homes_.remove<&Home::group>(group, id);
        homes_.push_back<&Home::group>(group, id);
        return is_mapped(home) ? CompactStep{} : empty(id);
    }
    return std::nullopt;
}

std::optional<CompactStep> ClassPlacement::compact_step() {
    for (SizeClass& size_class : classes_) {
        if (const auto step = compact_class(size_class))
            return step;
    }
    return std::nullopt;
}

} // namespace vexfs
