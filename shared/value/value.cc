#include "shared/value/value.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

#include <sodium.h>

namespace tba {
namespace detail {

/// What arrays and objects begin with. `next` links those that wait to be destroyed.
struct Container {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  std::uint32_t depth = 1;
  union {
    std::uint64_t bytes;
    Container* next;
  };
};

/// The characters follow the block.
struct StringBlock {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;

  char* text() { return reinterpret_cast<char*>(this + 1); }
};

/// The items follow the block.
struct ArrayBlock : Container {
  Value* items() { return reinterpret_cast<Value*>(this + 1); }
};

/// The members follow the block, then the slots of the hash index (none for a small object), then
/// the text of the names, in the order in which they were added. A slot holds a member's position
/// plus one, or 0.
struct ObjectBlock : Container {
  std::uint32_t slot_count = 0;
  std::uint32_t name_bytes = 0;
  std::uint32_t name_capacity = 0;

  Member* members() { return reinterpret_cast<Member*>(this + 1); }
  std::uint32_t* slots() { return reinterpret_cast<std::uint32_t*>(members() + capacity); }
  char* names() { return reinterpret_cast<char*>(slots() + slot_count); }
};

}  // namespace detail

namespace {

using detail::ArrayBlock;
using detail::Container;
using detail::ObjectBlock;
using detail::StringBlock;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 62;
constexpr std::uint32_t kMaxUnindexed = 16;  // members that are found faster by looking at each
constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53

std::uint32_t checked_size(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max() / 2) {
    throw std::length_error("a value of more than 2 GiB");
  }
  return static_cast<std::uint32_t>(size);
}

std::uint64_t sum(std::uint64_t left, std::uint64_t right) {
  return std::min(left + right, kMaxBytes);
}

/// Keyed, so that nobody outside can choose names that collide.
std::uint32_t hash_of(std::string_view name) {
  struct Key {
    Key() { crypto_shorthash_keygen(bytes); }
    unsigned char bytes[crypto_shorthash_KEYBYTES];
  };
  static const Key key;
  std::uint64_t hash = 0;
  static_assert(crypto_shorthash_BYTES == sizeof hash);
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(name.data()), name.size(), key.bytes);
  return static_cast<std::uint32_t>(hash);
}

thread_local std::int64_t allocated_bytes = 0;

void* allocate(std::size_t bytes) {
  void* memory = ::operator new(bytes);
  allocated_bytes += static_cast<std::int64_t>(bytes);
  return memory;
}

std::size_t allocation_of(const StringBlock& block) {
  return sizeof(StringBlock) + block.capacity;
}
std::size_t allocation_of(const ArrayBlock& block) {
  return sizeof(ArrayBlock) + block.capacity * sizeof(Value);
}
std::size_t allocation_of(const ObjectBlock& block) {
  return sizeof(ObjectBlock) + block.capacity * sizeof(Member) +
         block.slot_count * sizeof(std::uint32_t) + block.name_capacity;
}

template <typename Block>
void free_block(Block* block) {
  const auto bytes = allocation_of(*block);
  allocated_bytes -= static_cast<std::int64_t>(bytes);
  ::operator delete(block, bytes);
}

/// Whether this is the only holder, so that nobody sees a change.
template <typename Block>
bool is_unique(const Block& block) {
  return block.references.load(std::memory_order_acquire) == 1;
}

StringBlock* new_string(std::size_t capacity) {
  const auto room = checked_size(capacity);
  auto* block = new (allocate(sizeof(StringBlock) + room)) StringBlock;
  block->capacity = room;
  return block;
}

ArrayBlock* new_array(std::size_t capacity) {
  const auto room = checked_size(capacity);
  auto* block = new (allocate(sizeof(ArrayBlock) + room * sizeof(Value))) ArrayBlock;
  block->capacity = room;
  block->bytes = sizeof(ArrayBlock);
  return block;
}

/// Requires: room for it.
void add_item(ArrayBlock& block, Value item) {
  block.bytes = sum(block.bytes, item.bytes());
  block.depth = std::max(block.depth, item.depth() + 1);
  new (block.items() + block.size) Value(std::move(item));
  ++block.size;
}

ObjectBlock* new_object(std::size_t capacity, std::size_t name_capacity) {
  const auto room = checked_size(capacity);
  const auto name_room = checked_size(name_capacity);
  const auto slots = room > kMaxUnindexed ? std::bit_ceil(std::size_t{room} * 2) : 0;
  auto* block = new (allocate(sizeof(ObjectBlock) + room * sizeof(Member) +
                              slots * sizeof(std::uint32_t) + name_room)) ObjectBlock;
  block->capacity = room;
  block->bytes = sizeof(ObjectBlock);
  block->slot_count = checked_size(slots);
  block->name_capacity = name_room;
  std::fill_n(block->slots(), slots, 0U);
  return block;
}

/// The slot of that name: where its member is, or where it would go. Requires: an index.
std::uint32_t& slot_for(ObjectBlock& block, std::string_view name) {
  const auto mask = block.slot_count - 1;
  auto position = hash_of(name) & mask;
  while (true) {
    auto& slot = block.slots()[position];
    if (slot == 0 || block.members()[slot - 1].name == name) return slot;
    position = (position + 1) & mask;
  }
}

/// Where a name stands in an object.
struct Place {
  Member* member = nullptr;       // null: there is none
  std::uint32_t* slot = nullptr;  // null: there is no index
};

Place place_of(ObjectBlock& block, std::string_view name) {
  if (block.slot_count > 0) {
    auto& slot = slot_for(block, name);
    return {slot == 0 ? nullptr : block.members() + (slot - 1), &slot};
  }
  for (auto* member = block.members(); member != block.members() + block.size; ++member) {
    if (member->name == name) return {member, nullptr};
  }
  return {};
}

/// Requires: room for it and its name, and no such member; `slot` is where place_of() found room.
void add_member(ObjectBlock& block, std::string_view name, Value value, std::uint32_t* slot) {
  auto* text = block.names() + block.name_bytes;
  if (!name.empty()) std::memcpy(text, name.data(), name.size());
  block.name_bytes += static_cast<std::uint32_t>(name.size());
  block.bytes = sum(block.bytes, sizeof(Member) - sizeof(Value) + name.size() + value.bytes());
  block.depth = std::max(block.depth, value.depth() + 1);
  const std::string_view own_name(text, name.size());
  if (slot != nullptr) *slot = block.size + 1;
  new (block.members() + block.size) Member{own_name, std::move(value)};
  ++block.size;
}

/// Requires: as above.
void add_member(ObjectBlock& block, std::string_view name, Value value) {
  auto* slot = block.slot_count > 0 ? &slot_for(block, name) : nullptr;
  add_member(block, name, std::move(value), slot);
}

int rank_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return 0;
    case Value::Kind::boolean:
      return value.as_boolean() ? 2 : 1;
    case Value::Kind::integer:
    case Value::Kind::number:
      return 3;
    case Value::Kind::string:
      return 4;
    case Value::Kind::array:
      return 5;
    case Value::Kind::object:
      return 6;
  }
  return 0;
}

/// Exact also where the integer has no double.
std::weak_ordering compare_numbers(std::int64_t left, double right) {
  if (std::isnan(right)) return std::weak_ordering::greater;
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (right >= kBeyond) return std::weak_ordering::less;
  if (right < -kBeyond) return std::weak_ordering::greater;
  const double whole = std::trunc(right);
  if (const auto order = left <=> static_cast<std::int64_t>(whole); order != 0) return order;
  if (right == whole) return std::weak_ordering::equivalent;
  return whole < right ? std::weak_ordering::less : std::weak_ordering::greater;
}

std::weak_ordering compare_numbers(const Value& left, const Value& right) {
  if (left.is_integer()) {
    return right.is_integer() ? std::weak_ordering(left.as_integer() <=> right.as_integer())
                              : compare_numbers(left.as_integer(), right.as_number());
  }
  if (right.is_integer()) return 0 <=> compare_numbers(right.as_integer(), left.as_number());
  const double one = left.as_number();
  const double other = right.as_number();
  if (std::isnan(one) || std::isnan(other)) return !std::isnan(one) <=> !std::isnan(other);
  if (one < other) return std::weak_ordering::less;
  return one > other ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

/// Compares all but the insides of two arrays or two objects, which are left to the caller.
std::weak_ordering compare_outside(const Value& left, const Value& right) {
  if (const auto order = rank_of(left) <=> rank_of(right); order != 0) return order;
  if (left.is_number()) return compare_numbers(left, right);
  if (left.is_string()) return left.as_string() <=> right.as_string();
  return std::weak_ordering::equivalent;
}

bool is_nan(const Value& value) {
  return value.kind() == Value::Kind::number && std::isnan(value.as_number());
}

bool has_insides(const Value& value) {
  return value.is_array() || value.is_object();
}

std::vector<const Member*> sorted_members(const Value& object) {
  std::vector<const Member*> sorted;
  sorted.reserve(object.size());
  for (const auto& member : object.members()) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(),
            [](const Member* left, const Member* right) { return left->name < right->name; });
  return sorted;
}

}  // namespace

Value::Value(const Value& other) noexcept : kind_(other.kind_), payload_(other.payload_) {
  if (is_counted()) retain();
}

Value& Value::operator=(const Value& other) noexcept {
  Value copy(other);
  std::swap(kind_, copy.kind_);
  std::swap(payload_, copy.payload_);
  return *this;
}

void Value::retain() const noexcept {
  auto& references =
      kind_ == Kind::string
          ? payload_.string->references
          : static_cast<Container*>(kind_ == Kind::array ? static_cast<Container*>(payload_.array)
                                                         : payload_.object)
                ->references;
  references.fetch_add(1, std::memory_order_relaxed);
}

// Gives up one reference. What nobody holds any more is destroyed part by part: a container whose
// turn has not come waits in a list that is linked through the containers themselves.
void Value::release() noexcept {
  ArrayBlock* arrays = nullptr;
  ObjectBlock* objects = nullptr;
  const auto let_go = [&](Value& value) {
    if (!value.is_counted()) return;
    const auto is_last = [](std::atomic<std::uint32_t>& references) {
      return references.load(std::memory_order_acquire) == 1 ||
             references.fetch_sub(1, std::memory_order_acq_rel) == 1;
    };
    if (value.kind_ == Kind::string) {
      if (is_last(value.payload_.string->references)) free_block(value.payload_.string);
    } else if (value.kind_ == Kind::array) {
      auto* block = value.payload_.array;
      if (is_last(block->references)) {
        block->next = arrays;
        arrays = block;
      }
    } else {
      auto* block = value.payload_.object;
      if (is_last(block->references)) {
        block->next = objects;
        objects = block;
      }
    }
  };
  let_go(*this);
  while (arrays != nullptr || objects != nullptr) {
    if (arrays != nullptr) {
      auto* block = arrays;
      arrays = static_cast<ArrayBlock*>(block->next);
      for (std::uint32_t i = 0; i < block->size; ++i) let_go(block->items()[i]);
      free_block(block);
    } else {
      auto* block = objects;
      objects = static_cast<ObjectBlock*>(block->next);
      for (std::uint32_t i = 0; i < block->size; ++i) let_go(block->members()[i].value);
      free_block(block);
    }
  }
}

Value Value::boolean(bool value) noexcept {
  Value result;
  result.kind_ = Kind::boolean;
  result.payload_.boolean = value;
  return result;
}

Value Value::integer(std::int64_t value) noexcept {
  Value result;
  result.kind_ = Kind::integer;
  result.payload_.integer = value;
  return result;
}

Value Value::number(double value) noexcept {
  if (std::abs(value) <= kMaxExactInteger && value == std::trunc(value) &&
      !(value == 0 && std::signbit(value))) {
    return integer(static_cast<std::int64_t>(value));
  }
  Value result;
  result.kind_ = Kind::number;
  result.payload_.number = value;
  return result;
}

Value Value::string(std::string_view text) {
  Value result;
  result.payload_.string = nullptr;
  if (!text.empty()) {
    auto* block = new_string(text.size());
    block->size = block->capacity;
    std::memcpy(block->text(), text.data(), text.size());
    result.payload_.string = block;
  }
  result.kind_ = Kind::string;
  return result;
}

Value Value::array(std::span<const Value> items) {
  Value result;
  result.payload_.array = nullptr;
  if (!items.empty()) {
    auto* block = new_array(items.size());
    for (const auto& item : items) add_item(*block, item);
    result.payload_.array = block;
  }
  result.kind_ = Kind::array;
  return result;
}

Value Value::array(std::initializer_list<Value> items) {
  return array(std::span(items.begin(), items.size()));
}

Value Value::array(std::vector<Value>&& items) {
  ArrayBuilder builder(items.size());
  for (auto& item : items) builder.add(std::move(item));
  return std::move(builder).build();
}

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Value result;
  result.payload_.object = nullptr;
  result.kind_ = Kind::object;
  if (members.size() > 0) {
    std::size_t name_bytes = 0;
    for (const auto& member : members) name_bytes += member.first.size();
    result.payload_.object = new_object(members.size(), name_bytes);
  }
  for (const auto& [name, value] : members) result = std::move(result).with_member(name, value);
  return result;
}

bool Value::as_boolean() const noexcept {
  assert(is_boolean());
  return payload_.boolean;
}

std::int64_t Value::as_integer() const noexcept {
  assert(is_integer());
  return payload_.integer;
}

double Value::as_number() const noexcept {
  assert(is_number());
  return is_integer() ? static_cast<double>(payload_.integer) : payload_.number;
}

std::string_view Value::as_string() const noexcept {
  assert(is_string());
  auto* block = payload_.string;
  return block == nullptr ? std::string_view() : std::string_view(block->text(), block->size);
}

std::span<const Value> Value::items() const noexcept {
  if (!is_array() || payload_.array == nullptr) return {};
  return {payload_.array->items(), payload_.array->size};
}

std::span<const Member> Value::members() const noexcept {
  if (!is_object() || payload_.object == nullptr) return {};
  return {payload_.object->members(), payload_.object->size};
}

const Value* Value::find(std::string_view name) const noexcept {
  if (!is_object() || payload_.object == nullptr) return nullptr;
  const auto* member = place_of(*payload_.object, name).member;
  return member == nullptr ? nullptr : &member->value;
}

std::size_t Value::size() const noexcept {
  if (is_array()) return items().size();
  return members().size();
}

std::uint64_t Value::bytes() const noexcept {
  std::uint64_t parts = 0;
  if (is_counted()) {
    if (is_string()) parts = sizeof(StringBlock) + payload_.string->size;
    if (is_array()) parts = payload_.array->bytes;
    if (is_object()) parts = payload_.object->bytes;
  }
  return sum(sizeof(Value), parts);
}

std::uint32_t Value::depth() const noexcept {
  if (is_array()) return payload_.array == nullptr ? 1 : payload_.array->depth;
  if (is_object()) return payload_.object == nullptr ? 1 : payload_.object->depth;
  return 0;
}

Value Value::with_text(std::string_view text) && {
  assert(is_string());
  auto* block = payload_.string;
  if (text.empty()) return std::move(*this);
  if (block == nullptr || block->capacity - block->size < text.size() || !is_unique(*block)) {
    const auto old = as_string();
    Value grown;
    grown.payload_.string = new_string(old.size() + std::max(text.size(), old.size() / 2));
    grown.kind_ = Kind::string;
    block = grown.payload_.string;
    std::memcpy(block->text(), old.data(), old.size());
    block->size = static_cast<std::uint32_t>(old.size());
    std::memcpy(block->text() + block->size, text.data(), text.size());
    block->size += static_cast<std::uint32_t>(text.size());
    return grown;
  }
  std::memmove(block->text() + block->size, text.data(), text.size());
  block->size += static_cast<std::uint32_t>(text.size());
  return std::move(*this);
}

Value Value::with_item_at(std::size_t position, Value item) && {
  assert(is_array() && position < size());
  own_array();
  auto& place = payload_.array->items()[position];
  auto& bytes = payload_.array->bytes;
  if (bytes < kMaxBytes) bytes -= place.bytes();
  bytes = sum(bytes, item.bytes());
  payload_.array->depth = std::max(payload_.array->depth, item.depth() + 1);
  place = std::move(item);
  return std::move(*this);
}

Value Value::take_item(std::size_t position) {
  assert(is_array() && position < size());
  own_array();
  auto& place = payload_.array->items()[position];
  auto& bytes = payload_.array->bytes;
  if (bytes < kMaxBytes) bytes -= place.bytes() - sizeof(Value);
  return std::exchange(place, Value());
}

Value Value::take_member(std::string_view name) {
  assert(is_object() && find(name) != nullptr);
  if (!is_unique(*payload_.object)) *this = std::move(*this).with_member(name, *find(name));
  auto& block = *payload_.object;
  auto& place = place_of(block, name).member->value;
  if (block.bytes < kMaxBytes) block.bytes -= place.bytes() - sizeof(Value);
  return std::exchange(place, Value());
}

void Value::own_array() {
  if (is_unique(*payload_.array)) return;
  *this = array(items());
}

Value Value::with_item(Value item) && {
  assert(is_array());
  auto* block = payload_.array;
  if (block == nullptr || block->size == block->capacity || !is_unique(*block)) {
    const auto old_items = items();
    Value grown;
    grown.payload_.array = new_array(std::max<std::size_t>(4, old_items.size() * 2));
    grown.kind_ = Kind::array;
    block = grown.payload_.array;
    if (payload_.array != nullptr && is_unique(*payload_.array)) {
      for (auto& old_item : std::span(payload_.array->items(), old_items.size())) {
        add_item(*block, std::move(old_item));
      }
    } else {
      for (const auto& old_item : old_items) add_item(*block, old_item);
    }
    *this = std::move(grown);
  }
  add_item(*block, std::move(item));
  return std::move(*this);
}

Value Value::with_member(std::string_view name, Value value) && {
  assert(is_object());
  auto* block = payload_.object;
  const bool unique = block != nullptr && is_unique(*block);
  const auto [member, slot] = block == nullptr ? Place() : place_of(*block, name);
  if (unique && member != nullptr) {
    if (block->bytes < kMaxBytes) block->bytes -= member->value.bytes();
    block->bytes = sum(block->bytes, value.bytes());
    block->depth = std::max(block->depth, value.depth() + 1);
    member->value = std::move(value);
    return std::move(*this);
  }
  if (!unique || block->size == block->capacity ||
      block->name_capacity - block->name_bytes < name.size()) {
    const std::size_t size = block == nullptr ? 0 : block->size;
    const std::size_t name_bytes = block == nullptr ? 0 : block->name_bytes;
    Value grown;
    grown.payload_.object =
        member != nullptr ? new_object(size, name_bytes)
                          : new_object(std::max<std::size_t>(4, size * 2),
                                       std::max<std::size_t>(32, (name_bytes + name.size()) * 2));
    grown.kind_ = Kind::object;
    auto* target = grown.payload_.object;
    for (std::uint32_t i = 0; i < size; ++i) {
      auto& old = block->members()[i];
      if (&old == member) {
        add_member(*target, name, std::move(value));
      } else {
        add_member(*target, old.name, unique ? std::move(old.value) : old.value);
      }
    }
    *this = std::move(grown);
    if (member != nullptr) return std::move(*this);
    // `name` may be text of the old block, which `grown` keeps alive until the end of this
    // function.
    add_member(*target, name, std::move(value));
    return std::move(*this);
  }
  add_member(*block, name, std::move(value), slot);
  return std::move(*this);
}

bool operator==(const Value& left, const Value& right) {
  std::vector<std::pair<const Value*, const Value*>> open;
  const auto differs = [&open](const Value& one, const Value& other) {
    if (one.kind_ != other.kind_ && !(one.is_number() && other.is_number())) return true;
    if (one.is_string()) return one.as_string() != other.as_string();
    if (one.size() != other.size() || is_nan(one)) return true;
    if (!has_insides(one) && compare_outside(one, other) != 0) return true;
    const bool same_block = one.payload_.string == other.payload_.string;
    if (has_insides(one) && !same_block) open.emplace_back(&one, &other);
    return false;
  };
  if (differs(left, right)) return false;
  while (!open.empty()) {
    const auto [one, other] = open.back();
    open.pop_back();
    for (std::size_t i = 0; i < one->items().size(); ++i) {
      if (differs(one->items()[i], other->items()[i])) return false;
    }
    for (const auto& member : one->members()) {
      const auto* value = other->find(member.name);
      if (value == nullptr || differs(member.value, *value)) return false;
    }
  }
  return true;
}

std::weak_ordering Value::compare(const Value& left, const Value& right) {
  // Two arrays or two objects that are equal up to `next`. Objects: equal in all names.
  struct Open {
    const Value* left;
    const Value* right;
    std::vector<const Member*> left_members;
    std::vector<const Member*> right_members;
    std::size_t next = 0;
  };
  std::vector<Open> open;
  const auto enter = [&open](const Value& one, const Value& other) -> std::weak_ordering {
    if (const auto order = compare_outside(one, other); order != 0 || !has_insides(one)) {
      return order;
    }
    if (one.payload_.string == other.payload_.string) return std::weak_ordering::equivalent;
    Open entry{&one, &other, sorted_members(one), sorted_members(other)};
    const auto order = std::lexicographical_compare_three_way(
        entry.left_members.begin(), entry.left_members.end(), entry.right_members.begin(),
        entry.right_members.end(),
        [](const Member* a, const Member* b) { return a->name <=> b->name; });
    if (order != 0) return order;
    open.push_back(std::move(entry));
    return std::weak_ordering::equivalent;
  };
  if (const auto order = enter(left, right); order != 0) return order;
  while (!open.empty()) {
    auto& top = open.back();
    const auto next = top.next++;
    if (top.left->is_object()) {
      if (next == top.left_members.size()) {
        open.pop_back();
      } else if (const auto order =
                     enter(top.left_members[next]->value, top.right_members[next]->value);
                 order != 0) {
        return order;
      }
      continue;
    }
    const auto one = top.left->items();
    const auto other = top.right->items();
    if (next >= one.size() || next >= other.size()) {
      if (const auto order = one.size() <=> other.size(); order != 0) return order;
      open.pop_back();
    } else if (const auto order = enter(one[next], other[next]); order != 0) {
      return order;
    }
  }
  return std::weak_ordering::equivalent;
}

ArrayBuilder::ArrayBuilder(std::size_t capacity) {
  if (capacity > 0) array_.payload_.array = new_array(capacity);
}

void ArrayBuilder::add(Value item) {
  array_ = std::move(array_).with_item(std::move(item));
}

Value ArrayBuilder::build() && {
  return std::exchange(array_, Value::array(std::span<const Value>()));
}

ObjectBuilder::ObjectBuilder(std::size_t capacity, std::size_t name_bytes) {
  if (capacity > 0) object_.payload_.object = new_object(capacity, name_bytes);
}

void ObjectBuilder::put(std::string_view name, Value value) {
  object_ = std::move(object_).with_member(name, std::move(value));
}

Value ObjectBuilder::build() && {
  return std::exchange(object_, Value::object({}));
}

std::int64_t allocated_value_bytes() noexcept {
  return allocated_bytes;
}

std::string_view type_name(const Value& value) noexcept {
  switch (value.kind()) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "boolean";
    case Value::Kind::integer:
    case Value::Kind::number:
      return "number";
    case Value::Kind::string:
      return "string";
    case Value::Kind::array:
      return "array";
    case Value::Kind::object:
      return "object";
  }
  return "null";
}

}  // namespace tba
