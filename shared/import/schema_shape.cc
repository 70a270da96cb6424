#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/import/schema.h"

namespace tba::importing {
namespace {

// What a shape may hold: a page that somebody would read, and enough to find a misspelt field.
constexpr int kDeepest = 3;               // objects in each other
constexpr std::size_t kMostParts = 200;   // in all, where more than the outermost object is shown
constexpr std::size_t kMostFields = 400;  // of the outermost object
constexpr std::size_t kMostInnerFields = 40;
constexpr std::size_t kLongestName = 200;  // of a field
constexpr int kDeepestSchema = 12;         // of schemas made of others

/// The form of what is of both forms, as the parts of `allOf` are: an object has the fields of
/// both.
Shape both(Shape left, Shape right) {
  if (left.type == ValueType::any) return right;
  if (right.type == ValueType::any || left.type != ValueType::object || right.fields.empty())
    return left;
  if (right.type != ValueType::object || left.fields.empty()) return right;
  for (auto& [name, shape] : right.fields) {
    const auto known = std::ranges::find(left.fields, name, &Shape::Fields::value_type::first);
    if (known == left.fields.end()) {
      left.fields.emplace_back(name, std::move(shape));
    } else {
      known->second = both(std::move(known->second), std::move(shape));
    }
  }
  if (!left.others) left.others = right.others;
  return left;
}

class Shaper {
 public:
  Shaper(Description& description, Direction direction, int depth, std::size_t parts)
      : description_(description),
        left_out_(direction == Direction::request ? "readOnly" : "writeOnly"),
        deepest_(depth),
        left_(parts) {}

  Shape shape(const Value& written, int depth) {
    if (left_ == 0) {
      is_cut_ = true;
      return {};
    }
    --left_;
    const auto& schema = description_.resolve(written);
    const bool is_circle = std::ranges::find(open_, &schema) != open_.end();
    if (is_circle || open_.size() > kMostOpen) return Shape::of(own_type(schema));
    open_.push_back(&schema);
    auto result = combined(schema, depth);
    open_.pop_back();
    return result;
  }

  bool is_cut() const { return is_cut_; }

 private:
  static constexpr std::size_t kMostOpen = kDeepestSchema * (kDeepest + 1);

  Shape combined(const Value& schema, int depth) {
    Shape result = own(schema, depth);
    for (const auto& part : member(schema, "allOf").items())
      result = both(std::move(result), shape(part, depth));
    for (const auto* key : {"oneOf", "anyOf"})
      result = both(std::move(result), any_of(member(schema, key).items(), depth));
    return result;
  }

  Shape any_of(std::span<const Value> alternatives, int depth) {
    std::optional<Shape> all;
    for (const auto& alternative : alternatives) {
      const auto type = text_member(description_.resolve(alternative), "type");
      if (type == "null") continue;
      auto one = shape(alternative, depth);
      all = all ? either(*all, one) : std::move(one);
    }
    return all.value_or(Shape());
  }

  Shape own(const Value& schema, int depth) {
    const auto type = own_type(schema);
    if (type == ValueType::array) return array(schema, depth);
    if (type == ValueType::object) return object(schema, depth);
    return Shape::of(type);
  }

  // The type by the schema's own words, not by those of what it is made of.
  static ValueType own_type(const Value& schema) {
    const auto name = text_member(schema, "type");
    if (const auto type = value_type_named(name)) return *type;
    for (const auto& each : member(schema, "type").items()) {
      const auto type = each.is_string() ? value_type_named(each.as_string()) : std::nullopt;
      if (type) return member(schema, "type").size() <= 2 ? *type : ValueType::any;
    }
    if (schema.find("properties")) return ValueType::object;
    return schema.find("items") ? ValueType::array : ValueType::any;
  }

  Shape array(const Value& schema, int depth) {
    auto result = Shape::of(ValueType::array);
    const auto* items = schema.find("items");
    if (items == nullptr) return result;
    auto item = shape(*items, depth);
    if (item.type != ValueType::any) result.items = std::make_shared<const Shape>(std::move(item));
    return result;
  }

  Shape object(const Value& schema, int depth) {
    const auto properties = member(schema, "properties").members();
    const bool is_inner = depth > 0;
    const auto& additional = member(schema, "additionalProperties");
    if (depth >= deepest_ || (is_inner && properties.size() > kMostInnerFields))
      return Shape::of(ValueType::object);
    auto result = Shape::object({});
    if (properties.empty()) {
      result.others = std::make_shared<const Shape>(
          additional.is_object() ? shape(additional, depth + 1) : Shape());
      return result;
    }
    for (const auto& [name, property] : properties) {
      if (left_ == 0) is_cut_ = true;
      if (is_cut_) break;
      if (name == "..." || name.size() > kLongestName ||
          is_true(description_.resolve(property), left_out_))
        continue;
      result.fields.emplace_back(name, shape(property, depth + 1));
    }
    // A schema says what is there, not that there is nothing else, unless it says that too.
    const bool is_closed = additional.is_boolean() && !additional.as_boolean();
    if (is_cut_ || !is_closed) result.others = std::make_shared<const Shape>();
    return result;
  }

  Description& description_;
  std::string_view left_out_;  // the mark of members that go the other way only
  int deepest_;
  std::size_t left_;
  bool is_cut_ = false;
  std::vector<const Value*> open_;  // the schemas that the present one is part of
};

}  // namespace

Shape shape_of_schema(Description& description, const Value& schema, Direction direction) {
  for (int depth = kDeepest; depth > 1; --depth) {
    Shaper shaper(description, direction, depth, kMostParts);
    auto shape = shaper.shape(schema, 0);
    if (!shaper.is_cut()) return shape;
  }
  return Shaper(description, direction, 1, kMostFields).shape(schema, 0);
}

}  // namespace tba::importing
