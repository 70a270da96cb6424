#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/expression/functions.h"

// What reading a part of a value and changing one have in common.

namespace tba::expression::detail {

/// A part of an array or a string of known size: from `begin` up to `end`, begin <= end <= size.
struct Cut {
  std::size_t begin;
  std::size_t end;
};

/// Where the sides of a slice cut; null is an open side. Nothing where a side is no number.
std::optional<Cut> cut_at(const Value& from, const Value& to, std::size_t size);

/// The same for a slice written as a key, `{"start": …, "end": …}`; both have to be there.
std::optional<Cut> cut_at(const Value& key, std::size_t size);

/// What a slice whose sides are no numbers is an error for.
Failure no_slice(const Value& target);

/// A number as an integer, cut towards zero, and to the nearest where it lies beyond; NaN is 0.
std::int64_t truncated(const Value& number);

bool is_nan(const Value& value);

/// The position that a number means in an array of that size, where a negative one counts from the
/// end; below 0 where that lies before the beginning.
std::int64_t position_of(const Value& number, std::size_t size);

/// At which positions the items of `wanted` follow each other in `array`, overlapping ones
/// included. Takes time with the size of both. Requires: arrays.
Value positions_of(const Value& wanted, const Value& array);

}  // namespace tba::expression::detail
