#include "daemon/steps/cassette_check.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "shared/connector_reader.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kShop = R"(
connector: shop
base_url: https://shop.example
auth:
  token: { type: bearer }
  login: { type: basic }
  key: { type: api_key, in: query, parameter: key }
  hook: { type: webhook_secret }
  path: { type: api_key, in: path, parameter: secret }
error:
  when: ${{ .body.ok == false }}
  message: ${{ .body.why }}
  retry_after: ${{ .body.wait }}
output: ${{ .body.result }}
endpoints:
  get: { method: GET, path: "/items/{id}", parameters: { id: { in: path, required: true } } }
  add: { method: POST, path: /items, parameters: { name: { in: body } } }
  hook: { method: POST, path: "/{secret}/send" }
  plain: { method: GET, path: /plain, output: "${{ .body }}" }
)";

Connector shop() {
  Diagnostics diagnostics;
  auto connector = read_connector("shop.yaml", kShop, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

/// What is not as the only cassette of a file says: "at: expected, not got".
Texts differences(const std::string& cassette) {
  const auto connector = shop();
  Diagnostics diagnostics;
  const auto cassettes = read_cassettes("cassettes/shop.yaml", "cassettes: [ " + cassette + " ]",
                                        connector, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(cassettes);
  REQUIRE(cassettes->size() == 1);
  Texts texts;
  const auto now = *parse_time("2026-11-23T12:00:00Z");
  for (const auto& [at, expected, got] : check_cassette(connector, cassettes->front(), now))
    texts.push_back(fmt::format("{}: {}, not {}", at, to_json(expected), to_json(got)));
  return texts;
}

/// The problems of a file of cassettes.
Texts problems(const std::string& text) {
  Diagnostics diagnostics;
  CHECK_FALSE(read_cassettes("shop.yaml", text, shop(), diagnostics));
  Texts messages;
  for (const auto& problem : diagnostics.items()) messages.push_back(problem.message);
  return messages;
}

}  // namespace

TEST_CASE("cassette: a call that goes as it says has no differences") {
  CHECK(differences(R"({ endpoint: get, parameters: { id: 7 }, auth: token,
    request: { method: GET, url: "https://shop.example/items/7", body: null,
               headers: { authorization: Bearer ******** } },
    answer: { body: { ok: true, result: { id: 7 } } }, result: { id: 7 } })")
            .empty());
  CHECK(differences(R"({ endpoint: add, parameters: { name: a },
    request: { body: { name: a }, headers: { Content-Type: application/json } },
    answer: { status: 404 }, error: { kind: http_status, message: shop/add answered 404 } })")
            .empty());
  CHECK(differences("{ endpoint: plain, answer: { body: '{}' }, result: '{}' }").empty());
  CHECK(differences("{ endpoint: plain, answer: { headers: { Content-Type: application/json }, "
                    "body: '[1]' }, result: [1] }")
            .empty());
  CHECK(differences("{ endpoint: plain, answer: {}, result: null }").empty());
}

TEST_CASE("cassette: secrets are made up, and nowhere to be seen") {
  CHECK(differences("{ endpoint: add, auth: login, request: { headers: "
                    "{ Authorization: Basic ******** } } }")
            .empty());
  CHECK(differences("{ endpoint: add, auth: key, request: { url: "
                    "'https://shop.example/items?key=********' } }")
            .empty());
  CHECK(differences("{ endpoint: hook, auth: path, request: { url: "
                    "'https://shop.example/********/send' } }")
            .empty());
}

TEST_CASE("cassette: everything that is sent otherwise is told") {
  CHECK(differences(R"({ endpoint: add, parameters: { name: a },
    request: { method: PUT, url: "https://shop.example/", body: { name: b },
               headers: { Content-Type: text/plain, X-None: a } } })") ==
        Texts{R"(request.method: "PUT", not "POST")",
              R"(request.url: "https://shop.example/", not "https://shop.example/items")",
              R"(request.headers.Content-Type: "text/plain", not "application/json")",
              R"(request.headers.X-None: "a", not null)",
              R"(request.body: {"name":"b"}, not {"name":"a"})"});
}

TEST_CASE("cassette: an answer that is taken otherwise is told") {
  CHECK(differences("{ endpoint: plain, answer: { body: [1] }, result: [2] }") ==
        Texts{"result: [2], not [1]"});
  CHECK(differences("{ endpoint: get, parameters: { id: 7 }, answer: { body: { ok: false, "
                    "why: gone } }, result: 1 }") == Texts{R"(error: null, not "shop/get: gone")"});
  CHECK(differences("{ endpoint: plain, answer: {}, error: { kind: api } }") ==
        Texts{R"(error: "a failure", not null)"});
  CHECK(differences("{ endpoint: add, answer: { status: 429, body: { wait: 5 } }, "
                    "error: { kind: api, message: no, retry_after: 6 } }") ==
        Texts{R"(error.kind: "api", not "http_status")",
              R"(error.message: "no", not "shop/add answered 429")",
              "error.retry_after: 6, not 5"});
  CHECK(differences("{ endpoint: add, answer: { status: 500 }, error: { retry_after: 1 } }") ==
        Texts{"error.retry_after: 1, not null"});
  CHECK(differences("{ endpoint: add, answer: { status: 503, headers: { Retry-After: 'Mon, 23 Nov "
                    "2026 12:01:00 GMT' } }, error: { retry_after: 60 } }")
            .empty());
}

TEST_CASE("cassette: a request that cannot be built fails, which may be expected") {
  CHECK(differences("{ endpoint: get, error: { kind: request } }").empty());
  CHECK(differences("{ endpoint: get, request: { method: GET } }") ==
        Texts{R"(error: null, not "shop/get: parameter 'id' is missing")"});
  CHECK(differences("{ endpoint: add, error: { kind: request } }") ==
        Texts{R"(error: "a failure", not null)"});
}

TEST_CASE("cassette: what is wrong in a file is told, all of it") {
  CHECK(problems("cassettes: [ { endpoint: gte, auth: tokn }, { endpoint: get, result: 1 },\n"
                 "  { endpoint: get, answer: {}, result: 1, error: {} } ]") ==
        Texts{"there is no endpoint 'gte' (did you mean 'get'?)",
              "there is no auth scheme 'tokn' (did you mean 'token'?)",
              "a result needs the 'answer' that it is made of",
              "a call has a result or fails, not both"});
  CHECK(problems("cassettes: [ { endpoint: get, auth: hook } ]") ==
        Texts{"a call by 'hook' proves who is calling in another way each time, or not at all"});
  CHECK(problems("{}") == Texts{"a file of cassettes needs the key 'cassettes'"});
  CHECK(problems("cassettes: [ { name: a } ]") == Texts{"a cassette needs the key 'endpoint'"});
  CHECK(problems("cassettes: [").size() == 1);
}

}  // namespace tba::steps
