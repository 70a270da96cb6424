// Reads arbitrary bytes as JSON. What is read must be written, read again as the same value (but
// for numbers beyond the largest, which are written as that), and survive the way through
// nlohmann::json.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "shared/value/json.h"
#include "shared/value/nlohmann.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tba;
  const auto read =
      parse_json(std::string_view(reinterpret_cast<const char*>(data), size), {.depth = 1000});
  if (!read) return 0;
  const auto value = parse_json(to_json(*read));
  if (!value || to_json(*value) != to_json(*read)) std::abort();
  for (const auto style : {JsonStyle::compact, JsonStyle::pretty}) {
    const auto again = parse_json(to_json(*value, style));
    if (!again || !(*again == *value) || !std::is_eq(Value::compare(*again, *value))) std::abort();
    if (again->depth() != value->depth()) std::abort();
  }
  if (!(from_nlohmann(to_nlohmann(*value)) == *value)) std::abort();
  return 0;
}
