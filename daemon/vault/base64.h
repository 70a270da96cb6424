#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tba::vault {

/// The alphabets of RFC 4648: section 4 with padding, section 5 without.
enum class Base64 { standard, url_safe };

std::string base64(std::string_view bytes, Base64 alphabet = Base64::standard);

/// The bytes of such a text, with or without padding and line breaks; nothing where it is none.
std::optional<std::string> from_base64(std::string_view text, Base64 alphabet = Base64::standard);

}  // namespace tba::vault
