#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/value/json.h"
namespace tba::expression {

std::string described(const Value& value) {
  constexpr std::size_t kMaxBytes = 14;
  constexpr std::string_view kCut = "...";
  // Only as much of a long value is written as can be shown.
  std::string text;
  if (value.is_string()) {
    text = to_json(Value::string(value.as_string().substr(0, 64)));
  } else if (value.bytes() > 4096) {
    text = std::string(value.is_array() ? "[" : "{").append(kCut);
  } else {
    text = to_json(value);
  }
  if (text.size() > kMaxBytes) {
    auto end = kMaxBytes - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end).append(kCut);
  }
  return fmt::format("{} ({})", type_name(value), text);
}

Failure not_iterable(const Value& value) {
  return {"Cannot iterate over " + described(value)};
}

}  // namespace tba::expression
