// SPDX-License-Identifier: Apache-2.0
//
// Model: what a store must contain, kept as simply as possible. The oracle of the simulator.
//
// It shares no code with the store: items are a map, an object is its bytes. The hash of a state
// does not depend on the order in which it came about and is a sum, so that a state can be named by
// eight bytes.
//
// Threads: a value; copies share what did not change.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "userlib/store/key.h"

namespace vexfs {

class Model {
  public:
    using Content = std::shared_ptr<const std::vector<std::byte>>;

    void put(const Key& key, Bytes value);
    void erase(const Key& key);
    void write(uint64_t oid, uint64_t offset, Bytes bytes);
    void punch(uint64_t oid, uint64_t offset, uint64_t length);
    void destroy(uint64_t oid);

    [[nodiscard]] uint64_t hash() const { return hash_; }
    [[nodiscard]] const std::map<Key, Content>& items() const { return items_; }
    [[nodiscard]] const std::map<uint64_t, Content>& objects() const { return objects_; }

  private:
    void set_item(const Key& key, Content value);
    void set_object(uint64_t oid, std::vector<std::byte> content);
    [[nodiscard]] std::vector<std::byte> object(uint64_t oid) const;

    std::map<Key, Content> items_;
    std::map<uint64_t, Content> objects_; // without trailing zeros, never empty
    uint64_t hash_ = 0;
};

} // namespace vexfs
