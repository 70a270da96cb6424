#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/value/json.h"

namespace tba::expression {

std::string abbreviated(const Value& value, std::size_t bytes) {
  constexpr std::string_view kCut = "...";
  auto text = json_beginning(value, bytes + 1);
  if (text.size() <= bytes) return text;
  auto end = bytes - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end).append(kCut);
}

std::string described(const Value& value) {
  constexpr std::size_t kMaxBytes = 14;
  return fmt::format("{} ({})", type_name(value), abbreviated(value, kMaxBytes));
}

Failure not_iterable(const Value& value) {
  return {"Cannot iterate over " + described(value)};
}

}  // namespace tba::expression
