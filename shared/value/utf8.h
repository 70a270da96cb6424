#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tba {

/// The length of the well-formed UTF-8 sequence (RFC 3629) that begins at `offset`: 1 to 4, or 0
/// where there is none. Requires: offset < text.size().
std::size_t utf8_length_at(std::string_view text, std::size_t offset);

/// The offset of the first byte that belongs to no well-formed sequence, or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// The number of code points; a byte that belongs to none counts as one.
std::size_t count_code_points(std::string_view text);

/// Puts the UTF-8 form of a code point behind `out`; U+FFFD for what is none.
void append_utf8(std::string& out, char32_t code_point);

/// The text with U+FFFD in place of each byte that belongs to no well-formed sequence.
std::string repair_utf8(std::string_view text);

/// The text, or as much of its beginning as has at most that many bytes, without half a character
/// at its end.
std::string shortened(std::string text, std::size_t most);

}  // namespace tba
