#pragma once

#include <cstddef>
#include <string_view>

namespace tba::expression::detail {

/// Where a text begins in another one, from an offset on; npos where it does not. Takes time with
/// the size of both, whatever they are, unlike std::string_view::find().
std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t from = 0);

}  // namespace tba::expression::detail
