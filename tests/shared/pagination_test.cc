#include "shared/pagination.h"

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"

using tba::Connector;
using tba::Pagination;

namespace {

Connector read(const std::string& text) {
  tba::Diagnostics diagnostics;
  auto connector = tba::read_connector("a.yaml", text, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

}  // namespace

TEST_CASE("pagination: the connector's is that of the lists it fits") {
  const auto connector = read(R"(
connector: a
base_url: https://a.example
pagination: { style: cursor, parameter: after, next: "${{ .body.next }}", size_parameter: limit, size: 50 }
endpoints:
  list: { method: GET, path: /list, parameters: { after: { in: query } } }
  get: { method: GET, path: /get }
  odd: { method: GET, path: /odd, parameters: { after: { in: query, type: array } } }
  add: { method: POST, path: /list, parameters: { after: { in: body } } }
  one: { method: GET, path: /one, parameters: { after: { in: query } }, response: { id: integer } }
  none: { method: GET, path: /none, parameters: { after: { in: query } }, pagination: { style: none } }
)");
  const auto pagination = connector.endpoint("list")->pagination;
  REQUIRE(pagination);
  CHECK(pagination->style == Pagination::Style::cursor);
  CHECK(pagination->parameter == "after");
  CHECK(pagination->next);
  CHECK_FALSE(pagination->items);
  CHECK(pagination->size_parameter == "limit");
  CHECK(pagination->size == 50);
  for (const auto* id : {"get", "odd", "add", "one", "none"}) {
    CAPTURE(id);
    CHECK_FALSE(connector.endpoint(id)->pagination);
  }
}

TEST_CASE("pagination: an endpoint's own is the whole of it") {
  const auto connector = read(R"(
connector: a
base_url: https://a.example
pagination: { style: link_header }
endpoints:
  list: { method: GET, path: /list }
  search:
    method: POST
    path: /search
    parameters: { page: { in: body, type: integer } }
    pagination: { style: page, parameter: page, items: "${{ .body.hits }}", more: "${{ .body.more }}" }
  report:
    method: GET
    path: /report
    parameters: { offset: { in: query, type: integer } }
    pagination: { style: offset, parameter: offset, first: 10 }
)");
  CHECK(connector.endpoint("list")->pagination->style == Pagination::Style::link_header);
  CHECK(connector.endpoint("list")->pagination->is_by_url());
  const auto& search = *connector.endpoint("search")->pagination;
  CHECK(search.style == Pagination::Style::page);
  CHECK(search.first == 1);
  CHECK(search.items);
  CHECK(search.more);
  CHECK_FALSE(search.is_by_url());
  CHECK(connector.endpoint("report")->pagination->first == 10);
}

TEST_CASE("pagination: what tells of a page is a parameter or a member of one") {
  const auto connector = read(R"(
connector: a
base_url: https://a.example
endpoints:
  list:
    method: POST
    path: /list
    parameters: { page: { in: body }, variables: { in: body, type: object } }
)");
  const auto& parameters = connector.endpoint("list")->parameters;
  const auto found = [&](std::string_view name) -> std::string {
    const auto place = tba::find_page_parameter(name, parameters);
    if (!place) return "none";
    std::string text = place->parameter->name;
    for (const auto& each : place->inside) text += "/" + each;
    return text;
  };
  CHECK(found("page") == "page");
  CHECK(found("page.after") == "page/after");
  CHECK(found("variables.list.after") == "variables/list/after");
  CHECK(found("other.after") == "none");
  CHECK(found(".page") == "none");
  CHECK(found("") == "none");
}
