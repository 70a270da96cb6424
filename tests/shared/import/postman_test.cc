#include "shared/import/postman.h"

#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/shared/import/samples.h"

namespace tba::importing {
namespace {

using Catch::Contains;
using Kinds = std::map<std::string, std::size_t>;
using Texts = std::vector<std::string>;

ImportedConnector import_text(const std::string& text, const ImportOptions& options = {}) {
  auto imported = import_postman(text, options);
  INFO(text);
  INFO((imported ? "" : imported.error().message));
  REQUIRE(imported.has_value());
  file_of(*imported);
  return std::move(*imported);
}

/// A collection with these items and more at its top.
std::string with_items(const std::string& items, const std::string& more = "") {
  return fmt::format(R"({{ "info": {{ "name": "Shop API" }}, {} "item": [ {} ] }})", more, items);
}

/// The only endpoint of a collection with that request.
Endpoint endpoint_of(const std::string& request, const std::string& more = "") {
  const auto imported =
      import_text(with_items(R"({ "name": "it", "request": )" + request + "}", more));
  REQUIRE(imported.connector.endpoints.size() == 1);
  return imported.connector.endpoints.front();
}

/// The endpoint of a request with that body and Content-Type.
Endpoint endpoint_with_body(const std::string& body, const std::string& type = "") {
  const auto header = type.empty() ? "" : R"({ "key": "content-type", "value": ")" + type + "\" }";
  return endpoint_of(R"({ "method": "POST", "url": "https://a.example/x", "header": [)" + header +
                     R"(], "body": )" + body + "}");
}

Texts ids_of(const ImportedConnector& imported) {
  Texts ids;
  for (const auto& endpoint : imported.connector.endpoints) ids.push_back(endpoint.id);
  return ids;
}

std::string error_of(const std::string& text, const ImportOptions& options = {}) {
  const auto imported = import_postman(text, options);
  REQUIRE_FALSE(imported.has_value());
  return imported.error().message;
}

}  // namespace

TEST_CASE("import postman: requests of all folders become endpoints") {
  const auto imported = import_text(R"({
    "info": { "name": "Shop API", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/" },
    "auth": { "type": "apikey", "apikey": [ { "key": "key", "value": "X-Key" },
                                            { "key": "value", "value": "{{key}}" } ] },
    "variable": [ { "key": "baseUrl", "value": "https://shop.example/v1" },
                  { "key": "shop", "value": "main" }, { "key": "api_token", "value": "abc" } ],
    "item": [
      { "name": "Items", "item": [
        { "name": "List the items", "event": [ { "listen": "test" } ], "response": [ {} ],
          "request": { "method": "GET", "description": "All of them.", "url": {
            "raw": "{{baseUrl}}/shops/{{shop}}/items?limit=5&after=",
            "query": [ { "key": "limit", "value": "5", "description": "how many" },
                       { "key": "after", "value": "x", "disabled": true } ] } } },
        { "name": "Get an item", "request": { "method": "GET", "url": {
            "raw": "{{baseUrl}}/items/:id?t={{api_token}}&u={{unknown}}",
            "variable": [ { "key": "id", "value": "7", "description": { "content": "which" } } ] } } } ] },
      { "name": "Ping", "request": "https://other.example/ping" } ] })");
  CHECK(file_of(imported) == R"(connector: shop
title: Shop API
base_url: https://shop.example
auth:
  key: { type: api_key, in: header, parameter: X-Key }

endpoints:
  list-the-items:
    title: List the items
    description: All of them.
    method: GET
    path: /v1/shops/{shop}/items
    parameters:
      shop: { in: path, type: string, default: main }
      limit: { in: query, type: integer, default: 5, description: how many }
      after: { in: query }

  get-an-item:
    title: Get an item
    method: GET
    path: /v1/items/{id}
    parameters:
      id: { in: path, type: integer, default: 7, description: which }
      t: { in: query, required: true }
      u: { in: query, required: true }

  ping:
    title: Ping
    method: GET
    path: /ping
    base_url: https://other.example
)");
  CHECK(imported.unsupported == Kinds{{"example of an answer", 1}, {"script", 1}});
}

TEST_CASE("import postman: what proves who is calling is inherited, or a request's own") {
  const auto imported = import_text(with_items(
      R"({ "name": "a", "request": { "url": "https://a.example", "auth": { "type": "noauth" } } },
         { "name": "f", "auth": { "type": "basic", "basic": { "username": "u", "password": "pw" } },
           "item": [ { "name": "b", "request": "https://a.example/b" } ] },
         { "name": "c", "request": { "url": "https://a.example", "auth": { "type": "apikey",
           "apikey": { "key": "k", "value": "s3cret", "in": "query" } } } },
         { "name": "d", "request": { "url": "https://a.example", "auth": { "type": "oauth2" } } },
         { "name": "e", "request": { "url": "https://a.example", "auth": { "type": "awsv4" } } },
         { "name": "g", "request": { "url": "https://a.example", "auth": { "type": "apikey" } } })",
      R"("auth": { "type": "bearer", "bearer": [ { "key": "token", "value": "t0ken" } ] },)"));
  Texts schemes;
  for (const auto& scheme : imported.connector.auth)
    schemes.push_back(scheme.name + " " + std::string(name_of(scheme.type)) + scheme.parameter);
  CHECK(schemes == Texts{"login basic", "key api_keyk", "token bearer"});
  CHECK(imported.unsupported == Kinds{{"authentication of type 'apikey'", 1},
                                      {"authentication of type 'awsv4'", 1},
                                      {"login by oauth2 (bearer: a token from elsewhere)", 1}});
  CHECK_THAT(file_of(imported), !Contains("s3cret") && !Contains("t0ken") && !Contains("pw"));
}

TEST_CASE("import postman: bodies of every mode") {
  const auto json = endpoint_with_body(
      R"({ "mode": "raw", "raw": "{ \"a\": {{a}}, \"b\": \"x{{b}}\", \"c\": [1] }" })",
      "application/json");
  CHECK(json.body == BodyFormat::json);
  CHECK(json.content_type.empty());
  CHECK(parameter_text(json, "a") == "body any required");
  CHECK(parameter_text(json, "b") == "body any required");
  CHECK(parameter_text(json, "c") == "body array = [1]");
  CHECK(parameter_text(endpoint_with_body(R"({ "mode": "raw", "raw": "[1]" })"), "body") ==
        "whole_body array = [1]");
  const auto xml = endpoint_with_body(
      R"({ "mode": "raw", "raw": "<a/>", "options": { "raw": { "language": "xml" } } })");
  CHECK(xml.body == BodyFormat::raw);
  CHECK(xml.content_type == "application/xml");
  CHECK(endpoint_with_body(R"({ "mode": "raw", "raw": "hi" })").content_type == "text/plain");
  CHECK_FALSE(endpoint_with_body(R"({ "mode": "raw", "raw": "" })").has_body());

  const auto form = endpoint_with_body(R"({ "mode": "urlencoded", "urlencoded": [
    { "key": "a", "value": "1" }, { "key": "b", "value": "2", "disabled": true },
    { "key": "password", "value": "x" } ] })");
  CHECK(form.body == BodyFormat::form);
  CHECK(parameter_text(form, "a") == "body integer = 1");
  CHECK(parameter_text(form, "b") == "body any");
  CHECK(parameter_text(form, "password") == "body any required");
  const auto multipart = endpoint_with_body(R"({ "mode": "formdata", "formdata": [
    { "key": "f", "type": "file", "src": "/x" }, { "key": "t", "type": "text", "value": "v" } ] })");
  CHECK(multipart.body == BodyFormat::multipart);
  CHECK(parameter_text(multipart, "f") == "body object required");
  CHECK(parameter_text(multipart, "t") == R"(body string = "v")");

  const auto file = endpoint_with_body(R"({ "mode": "file", "file": { "src": "/x" } })");
  CHECK(parameter_text(file, "body") == "whole_body any required");
  const auto graphql = endpoint_with_body(R"({ "mode": "graphql", "graphql": {
    "query": "{ a }", "variables": "{ \"n\": 1 }" } })");
  CHECK(parameter_text(graphql, "query") == R"(body string = "{ a }")");
  CHECK(parameter_text(graphql, "variables") == R"(body object = {"n":1})");
  CHECK_FALSE(endpoint_with_body(R"({ "mode": "raw", "raw": "a", "disabled": true })").has_body());
  const auto odd = import_text(with_items(
      R"({ "name": "a", "request": { "url": "https://a.example", "body": { "mode": "smoke" } } })"));
  CHECK(odd.unsupported == Kinds{{"body of mode 'smoke'", 1}});
}

TEST_CASE("import postman: headers are a list, or lines of text") {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto list = endpoint_of(R"({ "url": "https://a.example", "header": [
    { "key": "X-A", "value": "{{a}}" }, { "key": "X-B", "value": "b", "disabled": true } ] })",
                                R"("variable": [ { "id": "a", "value": "1" } ],)");
  CHECK(list.headers == Headers{{"X-A", "1"}});
  CHECK(parameter_text(list, "X-B") == "header any");
  const auto lines =
      endpoint_of(R"({ "url": "https://a.example", "header": "X-A: 1\r\nnone\nX-B:  b: c\n" })");
  CHECK(lines.headers == Headers{{"X-A", "1"}, {"X-B", "b: c"}});
}

TEST_CASE("import postman: names that come twice get numbers, and one can choose by them") {
  const auto text = with_items(R"({ "name": "Get", "request": "https://a.example/a" },
                                  { "name": "Get", "request": "https://a.example/b" },
                                  { "name": "", "request": "https://a.example/c" })");
  CHECK(ids_of(import_text(text)) == Texts{"get", "get-2", "get-c"});
  CHECK(ids_of(import_text(text, {.only = "get-?"})) == Texts{"get-2", "get-c"});
  CHECK(error_of(text, {.only = "put-*"}) == "no endpoint has an id like 'put-*'");
}

TEST_CASE("import postman: a base URL that nobody knows is told, and can be given") {
  const auto text = with_items(R"({ "name": "a", "request": "{{host}}/x?a=1" },
                                  { "name": "b", "request": "https://{{host}}/y" },
                                  { "name": "c", "request": "{{host" })");
  const auto imported = import_text(text);
  CHECK(imported.connector.base_url == kUnknownBaseUrl);
  CHECK(imported.unsupported ==
        Kinds{{"base URL that is not known (written as https://base-url.invalid)", 1}});
  const auto given = import_text(text, {.name = "mine", .base_url = "https://b.example"});
  CHECK(given.connector.name == "mine");
  CHECK(given.connector.base_url == "https://b.example");
  CHECK(given.unsupported.empty());
  for (const auto& endpoint : given.connector.endpoints) CHECK(endpoint.base_url.empty());
}

TEST_CASE("import postman: what is no collection says so") {
  CHECK_THAT(error_of("{"), Catch::StartsWith("line 1, column "));
  CHECK(error_of(R"({ "id": "x", "requests": [] })") ==
        "this is no Postman collection of format 2.0 or 2.1");
  CHECK(error_of(with_items(R"({ "name": "empty", "item": [] })")) ==
        "the collection has no requests");
  CHECK(ids_of(import_text(R"({ "collection": )" +
                           with_items(R"({ "name": "a", "request": "https://a.example" })") +
                           "}")) == Texts{"a"});
}

}  // namespace tba::importing
