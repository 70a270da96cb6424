#include "shared/expression/functions.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "shared/expression/functions/tables.h"

namespace tba::expression {
namespace {

constexpr auto kTables = std::to_array<std::span<const Function> (*)()>({
    detail::array_functions,
    detail::core_functions,
    detail::date_functions,
    detail::format_functions,
    detail::matching_functions,
    detail::math_functions,
    detail::object_functions,
    detail::order_functions,
    detail::path_functions,
    detail::string_functions,
});

std::pair<std::string_view, std::uint32_t> order_of(const Function& function) {
  return {function.name, function.arity};
}

std::vector<Function> sorted_functions() {
  std::vector<Function> all;
  for (const auto table : kTables) {
    const auto part = table();
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end(), [](const Function& left, const Function& right) {
    return order_of(left) < order_of(right);
  });
  return all;
}

}  // namespace

std::span<const Function> functions() {
  static const auto kFunctions = sorted_functions();
  return kFunctions;
}

std::optional<std::uint32_t> find_function(std::string_view name, std::size_t arity) {
  const auto all = functions();
  const auto wanted = std::pair(name, static_cast<std::uint32_t>(arity));
  const auto found = std::lower_bound(
      all.begin(), all.end(), wanted,
      [](const Function& entry, const auto& key) { return order_of(entry) < key; });
  if (found == all.end() || order_of(*found) != wanted) return std::nullopt;
  return static_cast<std::uint32_t>(found - all.begin());
}

}  // namespace tba::expression
