#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "shared/value/value.h"

namespace tba::expression {

/// What an expression of a workflow can read: `.trigger` and `$trigger`, and so on.
enum class Root : std::uint8_t {
  trigger,
  inputs,
  steps,
  run,
  workflow,
  env,
  vars,
  item,
  index,
  error,
  event,
  attempt,
};

inline constexpr std::size_t kRootCount = 12;

/// The name as written in an expression, without the dot or the dollar sign.
std::string_view name_of(Root root);
std::optional<Root> root_named(std::string_view name);

/// The input of a workflow's expressions: the values of those roots that are known at this point.
/// Cheap to copy, since values are shared.
class Context {
 public:
  Context& set(Root root, Value value) {
    values_[static_cast<std::size_t>(root)] = std::move(value);
    present_[static_cast<std::size_t>(root)] = true;
    return *this;
  }

  /// The value of a root; null where it was not set.
  const Value* find(Root root) const {
    const auto index = static_cast<std::size_t>(root);
    return present_[index] ? &values_[index] : nullptr;
  }

  /// All roots that were set, as an object: what `.` is.
  Value as_value() const;

 private:
  std::array<Value, kRootCount> values_;
  std::array<bool, kRootCount> present_{};
};

}  // namespace tba::expression
