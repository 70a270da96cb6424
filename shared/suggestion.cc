#include "shared/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace tba {
namespace {

constexpr std::size_t kLongest = 64;  // nobody means so long a name by a slip of the finger

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// The optimal string alignment distance (Damerau 1964, without repeated edits of one place).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const bool same = lower(from[i - 1]) == lower(to[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(from[i - 1]) == lower(to[j - 2]) &&
          lower(from[i - 2]) == lower(to[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[to.size()];
}

// That of `known` which is nearest to `wrong` by at most as many edits as its longer name allows.
std::string nearest(std::string_view wrong, const std::vector<std::string>& known,
                    std::size_t (*allowed)(std::size_t longer)) {
  const std::string* nearest = nullptr;
  std::size_t least = kLongest;
  for (const auto& name : known) {
    const auto longer = std::max(wrong.size(), name.size());
    if (longer > kLongest) continue;
    const auto found = distance(wrong, name);
    if (found < least && found < longer && found <= allowed(longer)) {
      least = found;
      nearest = &name;
    }
  }
  return nearest != nullptr ? " (did you mean '" + *nearest + "'?)" : "";
}

}  // namespace

std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known) {
  return nearest(wrong, known,
                 [](std::size_t longer) { return std::max<std::size_t>(longer / 3, 1); });
}

std::string slip_of(std::string_view wrong, const std::vector<std::string>& known) {
  return nearest(wrong, known, [](std::size_t longer) -> std::size_t { return longer > 3; });
}

}  // namespace tba
