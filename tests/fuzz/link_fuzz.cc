// Headers Link: whatever the bytes, reading them ends, and what is found stands in them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/link_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const auto next = tba::next_link(header);
  if (next && header.find("<" + *next + ">") == std::string_view::npos) std::abort();
  return 0;
}
