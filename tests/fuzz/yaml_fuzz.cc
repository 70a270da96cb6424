#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/workflow_reader.h"

// Whatever a file holds: the readers neither throw nor crash, give nothing without saying why, and
// every problem has a place that can be shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tba::ConnectorCatalog catalog = tba::built_in_connectors();
  const std::string text(reinterpret_cast<const char*>(data), size);
  tba::Diagnostics of_workflow;
  const auto workflow = tba::read_workflow("fuzz.yaml", text, {.catalog = &catalog}, of_workflow);
  if (workflow.has_value() == of_workflow.has_errors()) __builtin_trap();
  tba::Diagnostics of_connector;
  const auto connector = tba::read_connector("fuzz.yaml", text, of_connector);
  if (connector.has_value() == of_connector.has_errors()) __builtin_trap();
  if (of_workflow.render().empty() && of_workflow.has_errors()) __builtin_trap();
  return 0;
}
