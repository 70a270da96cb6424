#include "cli/size_text.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "cli/json_fields.h"

namespace tba::cli {

std::string size_text(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit > 0 && bytes < 10 ? 1 : 0, kUnits[unit]);
}

std::string size_text(const Json& object, std::string_view key) {
  const auto bytes = number_of(object, key);
  return bytes ? size_text(*bytes) : "";
}

}  // namespace tba::cli
