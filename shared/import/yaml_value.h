#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::importing {

/// What parse_yaml() accepts at most.
struct YamlLimits {
  std::size_t depth = 200;
  std::uint64_t value_bytes = std::uint64_t{1} << 30;  ///< Of the value, aliases written out.
};

/// Reads one YAML 1.2 document by the core schema as plain data, without the positions of every
/// part that yaml::read() keeps: descriptions of APIs hold megabytes. Keys are text whatever they
/// look like; where one comes twice, the later value stands. Tags are ignored. Errors: `invalid`,
/// with a message that begins with "line 1, column 2: "; `limit_exceeded`.
Result<Value> parse_yaml(std::string_view text, const YamlLimits& limits = {});

}  // namespace tba::importing
