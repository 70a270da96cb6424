#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tba {

/// The names that stand in braces in a text, each once: "tenant" of "https://{tenant}.example.com".
/// Braces around anything but a name (a letter, then letters, digits and '_') are text like any
/// other.
std::vector<std::string> placeholders_in(std::string_view text);

/// The text with what `value_of` gives in the place of each such name and its braces.
std::string fill_placeholders(std::string_view text,
                              const std::function<std::string(std::string_view name)>& value_of);

}  // namespace tba
