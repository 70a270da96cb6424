#include "shared/shape.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/suggestion.h"
#include "shared/value/json.h"

namespace tba {
namespace {

using Kind = yaml::Node::Kind;

/// The name that stands for all other fields of an object.
constexpr std::string_view kOthers = "...";

Shape read_type(const yaml::Node& node, Diagnostics& diagnostics) {
  if (const auto type = value_type_named(node.text)) return Shape::of(*type);
  const std::vector<std::string> known(kValueTypeNames.begin(), kValueTypeNames.end());
  node.error(diagnostics,
             fmt::format("there is no type '{}'{}", node.text, did_you_mean(node.text, known)),
             fmt::format("one of: {}; or the fields of an object, or a list of one shape",
                         fmt::join(known, ", ")));
  return {};
}

Shape read_array(const yaml::Node& node, Diagnostics& diagnostics) {
  if (node.items.size() != 1) {
    node.error(diagnostics, "the shape of an array is a list of one: the shape of every item");
    return {};
  }
  auto shape = Shape::of(ValueType::array);
  shape.items = std::make_shared<const Shape>(read_shape(*node.items.front(), diagnostics));
  return shape;
}

Shape read_object(const yaml::Node& node, Diagnostics& diagnostics) {
  auto shape = Shape::object({});
  for (const auto& [name, value] : node.members) {
    if (value->kind == Kind::null) {
      name->error(diagnostics, fmt::format("'{}' has no shape", name->text),
                  "write `any` for what may be anything");
    } else if (name->text == kOthers) {
      shape.others = std::make_shared<const Shape>(read_shape(*value, diagnostics));
    } else {
      shape.fields.emplace_back(name->text, read_shape(*value, diagnostics));
    }
  }
  return shape;
}

std::shared_ptr<const Shape> either_of(const std::shared_ptr<const Shape>& left,
                                       const std::shared_ptr<const Shape>& right) {
  if (!left) return right;
  if (!right) return left;
  return std::make_shared<const Shape>(either(*left, *right));
}

// What is found in a part that lies there.
std::optional<Misfit> inside(std::string path, std::optional<Misfit> found) {
  if (found) found->path.insert(0, path);
  return found;
}

std::optional<ShapeConflict> inside(std::string path, std::optional<ShapeConflict> found) {
  if (found) found->path.insert(0, path);
  return found;
}

std::optional<Misfit> misfit_of_member(const Shape& shape, const Member& member) {
  const auto* known = shape.field(member.name);
  if (known == nullptr) known = shape.others.get();
  if (known == nullptr) return unknown_member(shape, member.name);
  if (member.value.is_null()) return std::nullopt;
  return inside(member_path(member.name), misfit(*known, member.value));
}

}  // namespace

Shape::Shape() = default;

Shape Shape::of(ValueType type) {
  Shape shape;
  shape.type = type;
  if (type == ValueType::object) shape.others = std::make_shared<const Shape>();
  return shape;
}

Shape Shape::object(Fields fields) {
  Shape shape;
  shape.type = ValueType::object;
  shape.fields = std::move(fields);
  return shape;
}

const Shape* Shape::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found != fields.end() ? &found->second : nullptr;
}

Shape shape_of(const Value& value) {
  if (!value.is_object()) return Shape::of(type_of(value));
  Shape::Fields fields;
  for (const auto& member : value.members()) {
    fields.emplace_back(member.name, shape_of(member.value));
  }
  return Shape::object(std::move(fields));
}

Shape either(const Shape& left, const Shape& right) {
  if (left.type != right.type) return {};
  Shape both;
  both.type = left.type;
  both.others = either_of(left.others, right.others);
  if (left.items && right.items) both.items = either_of(left.items, right.items);
  for (const auto& [name, shape] : left.fields) {
    const auto* other = right.field(name);
    if (other == nullptr) other = right.others.get();
    both.fields.emplace_back(name, other != nullptr ? either(shape, *other) : shape);
  }
  for (const auto& [name, shape] : right.fields) {
    if (left.field(name) != nullptr) continue;
    both.fields.emplace_back(name, left.others ? either(shape, *left.others) : shape);
  }
  return both;
}

std::string member_path(std::string_view name) {
  const bool is_plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return is_plain ? fmt::format(".{}", name) : fmt::format("[{}]", to_json(Value::string(name)));
}

Misfit unknown_member(const Shape& shape, std::string_view name) {
  std::vector<std::string> known;
  for (const auto& field : shape.fields) known.push_back(field.first);
  return {"", fmt::format("has no '{}'{}", name, did_you_mean(name, known)),
          known.empty() || known.size() > kMostNames
              ? ""
              : fmt::format("it has: {}", fmt::join(known, ", "))};
}

std::optional<Misfit> misfit(const Shape& shape, const Value& value) {
  if (!has_type(value, shape.type)) {
    const bool is_scalar = value.is_number() || value.is_boolean();
    return Misfit{"",
                  fmt::format("must be of type {}, not {}", name_of(shape.type), type_name(value)),
                  shape.type == ValueType::string && is_scalar ? "write it in quotes" : ""};
  }
  for (std::size_t i = 0; shape.items && i < value.size(); ++i) {
    const auto& item = value.items()[i];
    if (item.is_null()) continue;
    if (auto found = inside(fmt::format("[{}]", i), misfit(*shape.items, item))) return found;
  }
  if (shape.type != ValueType::object) return std::nullopt;
  for (const auto& member : value.members()) {
    if (auto found = misfit_of_member(shape, member)) return found;
  }
  return std::nullopt;
}

std::optional<ShapeConflict> conflict(const Shape& given, const Shape& wanted) {
  if (given.type == ValueType::any || wanted.type == ValueType::any) return std::nullopt;
  if (!may_be(given.type, wanted.type)) return ShapeConflict{"", given.type, wanted.type};
  if (given.items && wanted.items) return inside("[]", conflict(*given.items, *wanted.items));
  for (const auto& [name, field] : given.fields) {
    const auto* other = wanted.field(name);
    if (other == nullptr) other = wanted.others.get();
    if (other == nullptr) continue;
    if (auto found = inside(member_path(name), conflict(field, *other))) return found;
  }
  return std::nullopt;
}

Shape read_shape(const yaml::Node& node, Diagnostics& diagnostics) {
  switch (node.kind) {
    case Kind::null:
      node.error(diagnostics, "a shape is missing", "write `any` for what may be anything");
      return {};
    case Kind::scalar:
      return read_type(node, diagnostics);
    case Kind::sequence:
      return read_array(node, diagnostics);
    case Kind::mapping:
      return read_object(node, diagnostics);
  }
  return {};
}

Value notation(const Shape& shape) {
  if (shape.type == ValueType::array && shape.items) return Value::array({notation(*shape.items)});
  const bool is_plain_object =
      shape.fields.empty() && shape.others && shape.others->type == ValueType::any;
  if (shape.type != ValueType::object || is_plain_object) {
    return Value::string(name_of(shape.type));
  }
  ObjectBuilder fields;
  for (const auto& [name, field] : shape.fields) fields.put(name, notation(field));
  if (shape.others) fields.put(kOthers, notation(*shape.others));
  return std::move(fields).build();
}

}  // namespace tba
