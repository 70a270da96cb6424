#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "shared/expression/resources.h"
#include "shared/expression/tree.h"
#include "shared/value/value.h"

namespace tba::expression {

/// What an operation on values gives.
using Outcome = boost::system::result<Value, Failure>;

inline constexpr std::size_t kMaxArity = 4;

/// A function written in C++. `arguments` has as many values as its entry says; they are evaluated
/// before, each with the call's input, and are the function's to move from, as the input is.
struct Function {
  std::string_view name;
  std::uint32_t arity;  ///< At most kMaxArity.
  bool reads_all;  ///< Whether it reads all of its input: its bytes are spent, and bounded, before.
  Outcome (*evaluate)(Value input, std::span<Value> arguments, Resources& resources);
};

/// All of them, sorted by name, then by arity. Those whose names begin with an underscore are for
/// functions written in jq, not for programs of users.
std::span<const Function> functions();

/// The position in functions() of the one with that name and arity.
std::optional<std::uint32_t> find_function(std::string_view name, std::size_t arity);

/// The operators but `and`, `or` and `//`, which are control flow. A left side that nobody else
/// holds grows in place.
Outcome apply(Operator operation, Value left, Value right, Resources& resources);

Outcome negated(const Value& value);

/// `target[key]` by jq's rules: null has every key, and an object none but its own.
Outcome index(const Value& target, const Value& key);

/// `target[from:to]`; null for a side that is open.
Outcome slice(const Value& target, const Value& from, const Value& to);

/// Neither null nor false.
inline bool is_true(const Value& value) {
  return !value.is_null() && !(value.is_boolean() && !value.as_boolean());
}

/// What iterating over anything but an array or an object is an error for.
Failure not_iterable(const Value& value);

/// The value's JSON, cut to so many bytes with "..." at the end where it is longer.
std::string abbreviated(const Value& value, std::size_t bytes);

/// "number (12)", as jq's messages name a value: its JSON is cut where it is long.
std::string described(const Value& value);

}  // namespace tba::expression
