#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba {

struct Member;

namespace detail {
struct StringBlock;
struct ArrayBlock;
struct ObjectBlock;
}  // namespace detail

/// A JSON value: immutable, cheap to copy (parts are shared and counted) and 16 bytes small. Copies
/// may be read, copied and destroyed by several threads at once; one Value object may not be
/// assigned to while another thread reads it.
///
/// Numbers are 64-bit integers or doubles. A double with an integral value of at most 2^53 is kept
/// as an integer, so that every number has one form; only -0 stays a double. NaN and the infinities
/// can be calculated with; as JSON they are written as null and the largest finite numbers.
///
/// Objects keep their members in the order of insertion. Nothing here recurses with the depth of
/// the data.
class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

  Value() noexcept = default;  ///< null
  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept : kind_(other.kind_), payload_(other.payload_) {
    other.kind_ = Kind::null;
  }
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~Value() {
    if (is_counted()) release();
  }

  static Value boolean(bool value) noexcept;
  static Value integer(std::int64_t value) noexcept;
  static Value number(double value) noexcept;
  /// The text should be UTF-8; nobody checks. At most 2 GiB, else std::length_error; likewise below
  /// for items and names.
  static Value string(std::string_view text);
  static Value array(std::span<const Value> items);
  static Value array(std::initializer_list<Value> items);
  static Value array(std::vector<Value>&& items);
  /// Where a name comes twice, the later value stands, at the earlier place.
  static Value object(std::initializer_list<std::pair<std::string_view, Value>> members);

  Kind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_boolean() const noexcept { return kind_ == Kind::boolean; }
  bool is_integer() const noexcept { return kind_ == Kind::integer; }
  /// A number of either form, integers included.
  bool is_number() const noexcept { return kind_ == Kind::integer || kind_ == Kind::number; }
  bool is_string() const noexcept { return kind_ == Kind::string; }
  bool is_array() const noexcept { return kind_ == Kind::array; }
  bool is_object() const noexcept { return kind_ == Kind::object; }

  bool as_boolean() const noexcept;          ///< Requires: is_boolean().
  std::int64_t as_integer() const noexcept;  ///< Requires: is_integer().
  double as_number() const noexcept;         ///< Requires: is_number().
  /// Requires: is_string(). Valid while any copy of this value lives.
  std::string_view as_string() const noexcept;

  /// Of an array; empty for every other kind. Valid while any copy of this value lives, as is what
  /// members() and find() give.
  std::span<const Value> items() const noexcept;
  /// Of an object, in order of insertion; empty for every other kind.
  std::span<const Member> members() const noexcept;
  /// The value of that member; null if there is none, or this is no object. Hashed where the object
  /// is large.
  const Value* find(std::string_view name) const noexcept;
  /// The number of items or members; 0 for every other kind.
  std::size_t size() const noexcept;

  /// The memory this value takes with all its parts, as if none of them were shared. Known without
  /// walking; stops counting at 2^62.
  std::uint64_t bytes() const noexcept;
  /// How deep arrays and objects nest: 0 for scalars, 1 for `[]`. Known without walking; an object
  /// whose member was replaced in place may say more.
  std::uint32_t depth() const noexcept;

  /// This string with more text behind it. Where nobody else holds it, it grows in place.
  /// Requires: is_string().
  Value with_text(std::string_view text) &&;
  /// This array with one more item. Where nobody else holds it, it grows in place.
  /// Requires: is_array().
  Value with_item(Value item) &&;
  /// This array with another item in that place. Where nobody else holds it, it changes in place.
  /// Requires: is_array(), position < size().
  Value with_item_at(std::size_t position, Value item) &&;
  /// What with_item_at() is going to replace, taken out so that nobody else holds it: null stands
  /// there until then. The array is copied where somebody else holds it. Requires: as above.
  Value take_item(std::size_t position);
  /// Likewise for a member, which has to be there. Requires: is_object().
  Value take_member(std::string_view name);
  /// This object with that member added, or replaced at its place. Where nobody else holds it, it
  /// changes in place. Requires: is_object().
  Value with_member(std::string_view name, Value value) &&;

  /// Whether both are the same JSON value. Numbers compare by value, objects without regard to
  /// order. NaN equals nothing.
  friend bool operator==(const Value& left, const Value& right);

  /// jq's total order: null < false < true < numbers < strings (by code points) < arrays (item by
  /// item) < objects (by their sorted names, then by values in that order). NaN comes before all
  /// other numbers.
  static std::weak_ordering compare(const Value& left, const Value& right);

 private:
  friend class ArrayBuilder;
  friend class ObjectBuilder;

  union Payload {
    bool boolean;
    std::int64_t integer = 0;
    double number;
    detail::StringBlock* string;  // null: the empty string; likewise below
    detail::ArrayBlock* array;
    detail::ObjectBlock* object;
  };

  bool is_counted() const noexcept { return kind_ >= Kind::string && payload_.string != nullptr; }
  void retain() const noexcept;
  void release() noexcept;
  void own_array();

  Kind kind_ = Kind::null;
  Payload payload_;
};

/// One member of an object. The name's text belongs to the object: a copied Member must not outlive
/// it.
struct Member {
  std::string_view name;
  Value value;
};

/// Makes an array item by item.
class ArrayBuilder {
 public:
  ArrayBuilder() = default;
  /// With room for that many items.
  explicit ArrayBuilder(std::size_t capacity);

  void add(Value item);
  std::size_t size() const noexcept { return array_.size(); }
  /// The array; the builder is empty afterwards.
  Value build() &&;

 private:
  friend class Value;
  Value array_ = Value::array(std::span<const Value>());
};

/// Makes an object member by member.
class ObjectBuilder {
 public:
  ObjectBuilder() = default;
  /// With room for that many members whose names take `name_bytes` in all. It grows beyond both.
  explicit ObjectBuilder(std::size_t capacity, std::size_t name_bytes);

  /// Adds a member; one of that name that is there already gets the value instead, and stays at its
  /// place.
  void put(std::string_view name, Value value);
  const Value* find(std::string_view name) const noexcept { return object_.find(name); }
  std::size_t size() const noexcept { return object_.size(); }
  /// The object; the builder is empty afterwards.
  Value build() &&;

 private:
  Value object_ = Value::object({});
};

/// The bytes this thread has allocated for values less those it has freed. Only the difference
/// between two moments means something: what was built in between and still lives.
std::int64_t allocated_value_bytes() noexcept;

/// The name of a kind as jq's `type` gives it: "null", "boolean", "number" for both forms of
/// numbers, "string", "array", "object".
std::string_view type_name(const Value& value) noexcept;

}  // namespace tba
