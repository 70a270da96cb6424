#include "daemon/steps/cassette_record.h"

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "daemon/steps/cassette_check.h"
#include "shared/connector_reader.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

using Catch::Contains;

constexpr const char* kShop = R"(
connector: shop
base_url: https://shop.example
auth:
  token: { type: bearer }
  aws: { type: aws_sigv4, service: shop, region: eu }
  path: { type: api_key, in: path, parameter: secret }
error:
  when: ${{ .body.ok == false }}
  message: ${{ .body.why }}
  retry_after: ${{ .body.wait // (.headers["x-reset"] | tonumber - now) }}
output: ${{ .body.result // .body }}
endpoints:
  get: { method: GET, path: "/items/{id}", parameters: { id: { in: path, required: true } } }
  add: { method: POST, path: /items, parameters: { name: { in: body } } }
  hook: { method: POST, path: "/{secret}/send" }
  paged: { method: GET, path: /list, output: "${{ { items: .body, next: .headers.link } }}" }
  timed: { method: GET, path: /timed, error: { when: "${{ now > 1763985600 }}" } }
  clock: { method: GET, path: /clock, output: "${{ { at: now } }}" }
  crumb: { method: GET, path: /crumb, output: "${{ .headers[\"set-cookie\"] }}" }
)";

constexpr const char* kAnywhere = R"(
connector: anywhere
auth: { token: { type: bearer } }
endpoints: { get: { method: GET, path: /items } }
)";

Connector connector_of(const std::string& text) {
  Diagnostics diagnostics;
  auto connector = read_connector("shop.yaml", text, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

/// A few seconds before the moment that the connector's `timed` knows.
Instant now() {
  return *parse_time("2025-11-24T11:59:00Z");
}

AnsweredCall call(const std::string& endpoint, std::string_view parameters, std::string_view answer,
                  const std::string& scheme = "") {
  return {endpoint, parse_json(parameters).value(), scheme, parse_json(answer).value()};
}

/// The cassette of the call, which shows no difference, however it is written down and whenever it
/// is looked at.
Cassette recorded(const AnsweredCall& call, const std::string& text = kShop,
                  const vault::LiveSecrets& secrets = {}) {
  const auto connector = connector_of(text);
  const auto cassette = record_cassette(connector, call, secrets, now());
  INFO((cassette ? "" : cassette.error().message));
  REQUIRE(cassette.has_value());
  const auto file = with_cassette("", as_value(*cassette));
  REQUIRE(file.has_value());
  Diagnostics diagnostics;
  const auto read = read_cassettes("cassettes/shop.yaml", *file, connector, diagnostics);
  INFO(*file << diagnostics.render());
  REQUIRE(read);
  REQUIRE(read->size() == 1);
  for (const auto later : {0, 7, 7000, 70'000'000}) {
    const auto differences =
        check_cassette(connector, read->front(), now() + std::chrono::seconds(later));
    for (const auto& each : differences) {
      UNSCOPED_INFO(each.at << ": " << to_json(each.expected) << ", not " << to_json(each.got));
    }
    CHECK(differences.empty());
  }
  return *cassette;
}

std::string text_of(const Cassette& cassette) {
  return to_json(as_value(cassette));
}

std::string refusal(const AnsweredCall& call, const vault::LiveSecrets& secrets = {}) {
  const auto cassette = record_cassette(connector_of(kShop), call, secrets, now());
  return cassette ? "recorded: " + text_of(*cassette) : cassette.error().message;
}

}  // namespace

TEST_CASE("cassette record: a call has what was sent and answered, and what a step made of it") {
  CHECK(text_of(recorded(call("get", R"({"id": 7})",
                              R"({"status": 200, "headers": {"date": "x", "x-a": "b"},
                                  "body": {"ok": true, "result": {"id": 7}}})",
                              "token"))) ==
        R"({"name":"id=7","endpoint":"get","parameters":{"id":7},"auth":"token",)"
        R"("request":{"method":"GET","url":"https://shop.example/items/7",)"
        R"("headers":{"Authorization":"Bearer ********"},"body":null},)"
        R"("answer":{"status":200,"body":{"ok":true,"result":{"id":7}}},"result":{"id":7}})");
  CHECK(text_of(recorded(
            call("add", R"({"name": "a"})", R"({"status": 201, "headers": {}, "body": null})"))) ==
        R"({"name":"name=a","endpoint":"add","parameters":{"name":"a"},)"
        R"("request":{"method":"POST","url":"https://shop.example/items",)"
        R"("headers":{"Content-Type":"application/json"},"body":{"name":"a"}},)"
        R"("answer":{"status":201},"result":null})");
}

TEST_CASE("cassette record: a failure is recorded as one") {
  const auto missing =
      recorded(call("get", R"({"id": "x"})", R"({"status": 404, "headers": {}, "body": "no"})"));
  CHECK(missing.name == "id=x, 404");
  CHECK(missing.failure->kind == "http_status");
  CHECK(missing.failure->message == "shop/get answered 404");
  CHECK_FALSE(missing.result);
  const auto told = recorded(call("get", R"({"id": 1})", R"({"status": 200, "headers": {},
      "body": {"ok": false, "why": "gone", "wait": 1.5}})"));
  CHECK(told.failure->kind == "api");
  CHECK(told.failure->message == "shop/get: gone");
  CHECK(told.failure->retry_after == 1.5);
}

TEST_CASE("cassette record: what changes with the clock is left out, or the call is") {
  const auto waits =
      recorded(call("get", R"({"id": 1})",
                    R"({"status": 429, "headers": {"x-reset": "1763985700"}, "body": {}})"));
  CHECK(waits.failure->kind == "http_status");
  CHECK_FALSE(waits.failure->retry_after);
  CHECK_FALSE(recorded(call("clock", "{}", R"({"status": 200, "headers": {}, "body": 1})")).result);
  for (const auto* answer : {R"({"status": 200, "headers": {}, "body": {}})",
                             R"({"status": 200, "headers": {}, "body": "output fails"})"}) {
    CHECK_THAT(refusal(call("timed", "{}", answer)),
               Contains("whether the answer tells of a failure depends on what time it is"));
  }
}

TEST_CASE("cassette record: of headers those stay that an answer's meaning needs") {
  const auto paged = recorded(call("paged", "{}", R"({"status": 200, "headers": {
      "content-type": "application/json", "link": "<b>; rel=next", "date": "x", "x-more": "y"},
      "body": [1]})"));
  CHECK(paged.answer->headers == Cassette::Headers{{"link", "<b>; rel=next"}});
  CHECK_THAT(refusal(call("crumb", "{}",
                          R"({"status": 200, "headers": {"set-cookie": "a=b"}, "body": 1})")),
             Contains("depends on a header that is not recorded"));
}

TEST_CASE("cassette record: bodies are what they were") {
  for (const auto* answer : {
           R"({"status": 200, "headers": {"content-type": "application/json"}, "body": "{}"})",
           R"({"status": 200, "headers": {"content-type": "text/plain"}, "body": "[1]"})",
           R"({"status": 200, "headers": {}, "body": "two\nlines: # \"~\"\u0007"})",
           R"({"status": 200, "headers": {}, "body": {"id": 9007199254740993, "yes": "yes",
               "n": -1.5e-300, "t": "~", "e": {}, "l": [], "null": null, "...": "${{ .x }}"}})",
           R"({"status": 200, "headers": {}, "body": ""})",
           R"({"status": 200, "headers": {}, "body": false})",
       }) {
    CAPTURE(answer);
    recorded(call("add", "{}", answer));
  }
}

TEST_CASE("cassette record: no secret is in it, wherever it was") {
  vault::LiveSecrets secrets;
  const std::string_view texts[] = {"swordfish", "12345678"};
  const auto masked = secrets.add(texts);
  const auto cassette = recorded(call("hook", "{}", R"({"status": 200, "headers": {},
      "body": {"url": "https://shop.example/swordfish/send"}})",
                                      "path"),
                                 kShop, secrets);
  CHECK(cassette.request.url == "https://shop.example/********/send");
  CHECK(to_json(cassette.answer->body) == R"({"url":"https://shop.example/********/send"})");
  CHECK(recorded(
            call("add", R"({"name": "swordfish"})", R"({"status": 200, "headers": {}, "body": 1})"),
            kShop, secrets)
            .name == "name=********");
  CHECK_THAT(
      refusal(call("add", "{}", R"({"status": 200, "headers": {}, "body": 12345678})"), secrets),
      Contains("a number in it is a secret"));
}

TEST_CASE("cassette record: of a call that is signed nothing of its auth is kept") {
  const auto cassette =
      recorded(call("get", R"({"id": 1})", R"({"status": 200, "headers": {}, "body": 1})", "aws"));
  CHECK(cassette.auth.empty());
  CHECK(cassette.request.headers.empty());
}

TEST_CASE("cassette record: a connector that is somewhere else for everybody") {
  const auto cassette = recorded(
      call("get", "{}", R"({"status": 200, "headers": {}, "body": 1})", "token"), kAnywhere);
  CHECK(cassette.name == "get");
  CHECK(cassette.request.url == "https://stand-in.example/items");
}

TEST_CASE("cassette record: what no cassette holds is refused with a sentence") {
  auto bytes = call("get", R"({"id": 1})", R"({"status": 200, "headers": {}, "body": 1})");
  bytes.answer = std::move(bytes.answer).with_member("body", Value::string("\xff"));
  CHECK(refusal(bytes) ==
        "shop/get: the body of the answer is no text (UTF-8), which is all that cassettes hold");
  auto large = bytes;
  large.answer =
      std::move(large.answer).with_member("body", Value::string(std::string(1 << 20, 'x')));
  CHECK_THAT(refusal(large), Contains("parameters and answer take 1MiB") ||
                                 Contains("and a cassette holds at most 512KiB"));
  CHECK_THAT(refusal(call("get", R"({"id": 1})",
                          R"({"status": 200, "headers": {}, "body": 12345678901234567890123})")),
             Contains("no cassette can hold it"));
  CHECK_THAT(refusal(call("get", "{}", R"({"status": 200, "headers": {}, "body": 1})")),
             Contains("the call cannot be made again: shop/get: parameter 'id' is missing"));
}

TEST_CASE("cassette file: one more is put behind those that there are, and nothing else changes") {
  const auto cassette =
      parse_json(R"({"name":"a","endpoint":"get","answer":{"status":200}})").value();
  const std::string item = "- { name: a, endpoint: get, answer: { status: 200 } }\n";
  CHECK(with_cassette("", cassette).value() == "cassettes:\n  " + item);
  CHECK(with_cassette("cassettes:\n", cassette).value() == "cassettes:\n  " + item);
  const std::string mine = "# mine\ncassettes:\n- endpoint: x # y\n";
  CHECK(with_cassette(mine + "\n\n", cassette).value() == mine + item);
  const std::string unfinished = "cassettes:\n    - endpoint: x";
  CHECK(with_cassette(unfinished, cassette).value() == unfinished + "\n    " + item);
}

TEST_CASE("cassette file: where nothing can be put behind, it says so") {
  const auto cassette = parse_json(R"({"endpoint":"get"})").value();
  for (const auto* text : {"cassettes: []\n", "cassettes: [ { endpoint: x } ]\n", "a: b\n",
                           "cassettes:\n  - endpoint: x\nmore: 1\n", "- a\n", "cassettes: {\n",
                           "cassettes:\n  - endpoint: x\n...\n", "cassettes: x\n"}) {
    CAPTURE(text);
    const auto longer = with_cassette(text, cassette);
    REQUIRE_FALSE(longer.has_value());
    CHECK(longer.error().message == "nothing can be put behind the cassettes of the file");
  }
}

}  // namespace tba::steps
