#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba {

/// What parse_json() accepts at most.
struct JsonLimits {
  std::size_t depth = 10'000;  ///< Nested arrays and objects; jq's own bound.
  std::size_t bytes = std::size_t{64} << 20;
};

/// Reads one JSON text (RFC 8259), UTF-8, with nothing after it but white space. Integers of 64
/// bits are kept exactly, other numbers become the nearest double (the largest finite one beyond).
/// Where a name comes twice in an object, the later value stands. Errors: `invalid` with a message
/// that begins with "line 1, column 2: ", columns counted in code points; `limit_exceeded`. Safe to
/// call from any thread; each keeps a parser of its own.
Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// How to_json() lays out its text.
struct JsonStyle {
  std::size_t indent = 0;   ///< Blanks or tabs for each level; 0: on one line, without spaces.
  bool tabs = false;        ///< Whether levels are indented by tabs.
  bool sort_names = false;  ///< Whether members are in order of their names' code points.

  static const JsonStyle compact;  ///< On one line, without spaces.
  static const JsonStyle pretty;   ///< Indented by two spaces, as jq prints.
};

inline constexpr JsonStyle JsonStyle::compact{};
inline constexpr JsonStyle JsonStyle::pretty{.indent = 2};

/// The value as JSON. Text that is not UTF-8 is repaired with U+FFFD.
std::string to_json(const Value& value, const JsonStyle& style = JsonStyle::compact);

/// The same, put behind what `out` holds.
void append_json(std::string& out, const Value& value, const JsonStyle& style = JsonStyle::compact);

/// The beginning of the value's compact JSON: all of it, or at least so many bytes. Takes no longer
/// than that needs.
std::string json_beginning(const Value& value, std::size_t bytes);

}  // namespace tba
