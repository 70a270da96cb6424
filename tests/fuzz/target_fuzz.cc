// Request targets: whatever the bytes, reading them ends, no segment climbs, and the segments make
// up the path.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = tba::http::Target::parse(text);
  if (!target) return 0;
  std::string joined;
  for (std::size_t n = 0; n < target->segment_count(); ++n) {
    const auto segment = target->segment(n);
    if (segment == "." || segment == "..") std::abort();
    joined.append("/").append(segment);
  }
  if (joined != target->path() || joined.find('\0') != std::string::npos) std::abort();
  for (const auto& [name, value] : target->query) {
    if ((name + value).find('\0') != std::string::npos) std::abort();
  }
  return 0;
}
