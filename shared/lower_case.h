#pragma once

#include <string>
#include <string_view>

namespace tba {

/// The text with ASCII's capital letters as small ones: names of headers, hosts and media types are
/// the same in either.
std::string lower_case(std::string_view text);

}  // namespace tba
