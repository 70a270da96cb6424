#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/expression/functions.h"

namespace tba::expression {

/// What `@name` and `format("name")` write.
enum class FormatId : std::uint8_t {
  text,     ///< As `tostring`.
  json,     ///< As `tojson`.
  html,     ///< With entities for `<>&'"`.
  uri,      ///< Percent-encoded but for RFC 3986's unreserved characters.
  csv,      ///< An array as a line of RFC 4180, without its end.
  tsv,      ///< An array as a line of tab-separated values, without its end.
  sh,       ///< Quoted for a POSIX shell; an array as words.
  base64,   ///< RFC 4648 section 4.
  base64d,  ///< What that stands for; bytes that are no UTF-8 become U+FFFD.
  base32,   ///< RFC 4648 section 6.
  base32d,  ///< As base64d.
};

/// The format of that name, without the `@`.
std::optional<FormatId> format_named(std::string_view name);

/// The value in that format, a string. Takes its work from the budget.
Outcome format_value(FormatId format, const Value& value, Resources& resources);

}  // namespace tba::expression
