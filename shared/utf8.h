#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tba {

/// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The text with U+FFFD in the place of each byte that is not part of well-formed UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace tba
