#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tba::connectors {

/// The bytes as hexadecimal digits, in lower case.
std::string hex(std::string_view bytes);

/// The bytes that such digits, in either case, stand for; nothing where the text is none.
std::optional<std::string> from_hex(std::string_view digits);

/// The SHA-256 hash (FIPS 180-4) of a text, as hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace tba::connectors
