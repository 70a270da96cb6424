#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/value/value.h"
#include "shared/value_type.h"
#include "shared/yaml_reader.h"

namespace tba {

/// What is known of the form of data before it is there: of what an endpoint takes and answers, a
/// webhook's payload, what a step leaves. It says what may be there, never what must: any part may
/// also be missing or null.
///
/// Connector files write one as the data looks, with types for values (tba-connector(5)):
///
///     { login: string, labels: [{ name: string }], plan: { name: string, ...: any } }
struct Shape {
  using Fields = std::vector<std::pair<std::string, Shape>>;

  /// Of anything. Defined elsewhere, since `Fields` is whole only below: clang insists.
  Shape();

  ValueType type = ValueType::any;
  Fields fields;                        ///< Of an object: those that are known, in order.
  std::shared_ptr<const Shape> others;  ///< Of an object: the form of all others; null: none.
  std::shared_ptr<const Shape> items;   ///< Of an array: the form of each item; null: anything.

  /// Of everything that has that type.
  static Shape of(ValueType type);
  /// Of an object with no other fields than these.
  static Shape object(Fields fields);

  /// The field of that name where it is one of those known, else null.
  const Shape* field(std::string_view name) const;
};

/// The form of the value itself: its objects have no other fields. Of null, anything.
Shape shape_of(const Value& value);

/// The form of what has one form or the other.
Shape either(const Shape& left, const Shape& right);

/// How a path goes on to a member, as in jq: ".color", or `[".odd name"]` where a dot does not do.
std::string member_path(std::string_view name);

/// Why a value is not of a shape.
struct Misfit {
  std::string path;     ///< Of the part that is not: "[0].color"; empty: the value itself.
  std::string problem;  ///< Goes on from that part's name: "must be of type integer, not string".
  std::string hint;     ///< What to do about it, or empty.
};

/// The first part of the value that cannot be there by the shape, or that is of another type.
std::optional<Misfit> misfit(const Shape& shape, const Value& value);

/// What is wrong with a member of that name in an object of that shape, which leaves no room for
/// it.
Misfit unknown_member(const Shape& shape, std::string_view name);

/// A part that two shapes do not agree on.
struct ShapeConflict {
  std::string path;  ///< "[].color"; empty: they disagree as a whole.
  ValueType given = ValueType::any;
  ValueType wanted = ValueType::any;
};

/// Where data of the shape that is given is of another type than the one that is wanted. Of the
/// fields that may be there and are not wanted nothing is said.
std::optional<ShapeConflict> conflict(const Shape& given, const Shape& wanted);

/// Reads a shape as it is written in a connector file. Adds what is none to the diagnostics; such a
/// part may be anything in the result.
Shape read_shape(const yaml::Node& node, Diagnostics& diagnostics);

/// The shape as a connector file would write it, as data.
Value notation(const Shape& shape);

}  // namespace tba
