#include "daemon/connector_test.h"

#include <memory>
#include <utility>

#include "daemon/steps/cassette_check.h"
#include "shared/cassette.h"
#include "shared/clock.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/file.h"

namespace tba::daemon {
namespace {

Value view_of(const Cassette& cassette, const std::vector<steps::CassetteDifference>& found) {
  ArrayBuilder differences;
  for (const auto& [at, expected, got] : found) {
    differences.add(
        Value::object({{"at", Value::string(at)}, {"expected", expected}, {"got", got}}));
  }
  return Value::object({{"name", Value::string(cassette.name)},
                        {"endpoint", Value::string(cassette.endpoint)},
                        {"passed", Value::boolean(found.empty())},
                        {"differences", std::move(differences).build()}});
}

}  // namespace

Result<Value> test_connector(const std::string& connector_name, const std::string& cassette_file,
                             Diagnostics& diagnostics) {
  auto connector = built_in_connectors().find(connector_name);
  if (!connector) {
    auto text = read_file(connector_name, kMaxConnectorBytes);
    if (!text) return text.error();
    auto read = read_connector(connector_name, *std::move(text), diagnostics);
    if (!read) return Value();
    connector = std::make_shared<const Connector>(*std::move(read));
  }
  auto cassette_text = read_file(cassette_file, kMaxConnectorBytes);
  if (!cassette_text) return cassette_text.error();
  const auto cassettes =
      read_cassettes(cassette_file, *std::move(cassette_text), *connector, diagnostics);
  if (!cassettes) return Value();
  const auto now = SystemClock().now();
  ArrayBuilder items;
  for (const auto& cassette : *cassettes)
    items.add(view_of(cassette, steps::check_cassette(*connector, cassette, now)));
  return Value::object({{"items", std::move(items).build()}});
}

}  // namespace tba::daemon
