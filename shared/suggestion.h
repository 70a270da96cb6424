#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tba {

/// " (did you mean 'fetch'?)" with that of `known` which is nearest to `wrong`, or nothing if none
/// is near: the fewest insertions, deletions, replacements and swaps of neighbours, at most a third
/// of the longer one's letters; case does not count. To be put behind a message.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known);

/// The same, where `wrong` may well be right: only a name of more than three letters that is a
/// single edit away.
std::string slip_of(std::string_view wrong, const std::vector<std::string>& known);

/// Up to how many names a hint lists where there may be very many.
inline constexpr std::size_t kMostNames = 16;

}  // namespace tba
