#include <string>

#include <catch2/catch.hpp>

#include "daemon/connectors/request_builder.h"
#include "shared/connector_reader.h"
#include "shared/import/connector_writer.h"
#include "shared/import/curl.h"

namespace tba::connectors {
namespace {

/// What is sent by calling what a command was imported as, without any parameter.
net::HttpRequest request_of(const std::string& command) {
  const auto imported = importing::import_curl(command, {});
  REQUIRE(imported.has_value());
  Diagnostics diagnostics;
  const auto connector =
      read_connector("test.yaml", importing::write_connector(imported->connector, ""), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  auto request = build_request(*connector, connector->endpoints.at(0), Value::object({}), nullptr);
  INFO((request ? "" : request.error().message));
  REQUIRE(request.has_value());
  return std::move(*request);
}

}  // namespace

TEST_CASE("imported request: a call without parameters sends what the command sends") {
  const auto get = request_of(
      "curl 'https://a.example/users/42/a%20b?x=1&tag=a&tag=b%26c&flag=true' -H 'X-A: b: c'");
  CHECK(get.method == "GET");
  CHECK(get.url == "https://a.example/users/42/a%20b?x=1&tag=a&tag=b%26c&flag=true");
  CHECK(get.headers == net::HeaderFields{{"X-A", "b: c"}});
  CHECK(get.body.empty());

  const auto json = request_of(
      R"(curl -X PUT https://a.example/x --json '{"a": {"b": [1, null]}, "c": "012", "d": 1.5}')");
  CHECK(json.method == "PUT");
  CHECK(json.body == R"({"a":{"b":[1,null]},"c":"012","d":1.5})");
  CHECK(json.headers ==
        net::HeaderFields{{"Accept", "application/json"}, {"Content-Type", "application/json"}});
  CHECK(request_of("curl https://a.example/x --json '[]'").body == "[]");

  const auto form = request_of("curl https://a.example/x -d 'a=1&b=c%20d&b=2'");
  CHECK(form.body == "a=1&b=c%20d&b=2");
  CHECK(form.headers == net::HeaderFields{{"Content-Type", "application/x-www-form-urlencoded"}});
  const auto raw = request_of("curl https://a.example/x -H 'Content-Type: text/csv' -d 'a,b'");
  CHECK(raw.body == "a,b");
  CHECK(raw.headers == net::HeaderFields{{"Content-Type", "text/csv"}});
}

}  // namespace tba::connectors
