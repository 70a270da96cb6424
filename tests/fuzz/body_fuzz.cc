// Bodies of requests: whatever the type and the bytes, reading them ends, and gives the same twice.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/http/body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first line is the content type.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto type = text.substr(0, text.find('\n'));
  const auto body = text.substr(std::min(type.size() + 1, size));
  const auto value = tba::http::body_value(type, body);
  const auto again = tba::http::body_value(type, body);
  if (value.has_value() != again.has_value()) std::abort();
  if (value && tba::Value::compare(*value, *again) != 0) std::abort();
  return 0;
}
