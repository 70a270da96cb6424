#include "shared/expression/context.h"

#include <algorithm>

namespace tba::expression {
namespace {

constexpr std::array<std::string_view, kRootCount> kNames = {
    "trigger", "inputs", "steps", "run",   "workflow", "env",
    "vars",    "item",   "index", "error", "event",    "attempt"};

}  // namespace

std::string_view name_of(Root root) {
  return kNames[static_cast<std::size_t>(root)];
}

std::optional<Root> root_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Root>(found - kNames.begin());
}

Value Context::as_value() const {
  ObjectBuilder builder;
  for (std::size_t i = 0; i < kRootCount; ++i) {
    if (present_[i]) builder.put(kNames[i], values_[i]);
  }
  return std::move(builder).build();
}

}  // namespace tba::expression
