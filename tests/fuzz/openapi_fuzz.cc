// Descriptions of APIs: whatever the text, importing it ends, and what comes out is a connector
// file that can be read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/connector_reader.h"
#include "shared/import/connector_writer.h"
#include "shared/import/openapi.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto imported = tba::importing::import_openapi(text, {});
  if (!imported) return 0;
  tba::Diagnostics diagnostics;
  const auto written = tba::importing::write_connector(imported->connector, "");
  if (!tba::read_connector("fuzz.yaml", written, diagnostics)) std::abort();
  return 0;
}
