#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/value/value.h"
#include "shared/value_type.h"
#include "shared/yaml_reader.h"

namespace tba {

/// What is known of the form of data before it is there: of an endpoint's answer, a webhook's
/// payload, what a step leaves. It says what may be there, never what must: any part may also be
/// missing or null.
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

/// Reads a shape as it is written in a connector file. Adds what is none to the diagnostics; such a
/// part may be anything in the result.
Shape read_shape(const yaml::Node& node, Diagnostics& diagnostics);

/// The shape as a connector file would write it, as data.
Value notation(const Shape& shape);

}  // namespace tba
