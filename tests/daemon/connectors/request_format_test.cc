#include <string>

#include <catch2/catch.hpp>

#include "daemon/connectors/request_builder.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "tests/support/result.h"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using tba::Connector;
using tba::parse_json;
using tba::net::HttpRequest;

namespace {

constexpr const char* kHead =
    "connector: format\n"
    "base_url: https://format.example/v1\n"
    "headers: { X-Common: all }\n"
    "endpoints:\n";

/// A connector with these endpoints, written in the file with two blanks before each.
Connector connector_with(const std::string& endpoints) {
  tba::Diagnostics diagnostics;
  auto connector = tba::read_connector("format.yaml", kHead + endpoints, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

tba::Result<HttpRequest> request_of(const std::string& endpoint, std::string_view parameters) {
  const auto connector = connector_with("  it:\n" + endpoint);
  return tba::connectors::build_request(connector, connector.endpoints.front(),
                                        parse_json(parameters).value(), nullptr);
}

HttpRequest built(const std::string& endpoint, std::string_view parameters) {
  auto request = request_of(endpoint, parameters);
  INFO((request ? "" : request.error().message));
  REQUIRE(request);
  return *std::move(request);
}

std::string refusal(const std::string& endpoint, std::string_view parameters) {
  const auto request = request_of(endpoint, parameters);
  REQUIRE_FALSE(request.has_value());
  return request.error().message;
}

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "none";
}

std::string query_in_style(const std::string& style, std::string_view value) {
  const auto request = built(
      "    { method: GET, path: /x, parameters: { q: { in: query, style: " + style + " } } }\n",
      R"({"q":)" + std::string(value) + "}");
  return request.url.substr(std::string("https://format.example/v1/x").size());
}

}  // namespace

TEST_CASE("format: arrays and objects stand in a query by their style") {
  CHECK(query_in_style("repeat", R"([1,"b"])") == "?q=1&q=b");
  CHECK(query_in_style("comma", R"([1,"b"])") == "?q=1%2Cb");
  CHECK(query_in_style("comma", R"({"a":1,"b":true})") == "?q=a%2C1%2Cb%2Ctrue");
  CHECK(query_in_style("space", "[1,2]") == "?q=1%202");
  CHECK(query_in_style("pipe", "[1,2]") == "?q=1%7C2");
  CHECK(query_in_style("brackets", "[1,2]") == "?q%5B%5D=1&q%5B%5D=2");
  CHECK(query_in_style("brackets", R"({"a":{"b":[{"c":1}]}})") ==
        "?q%5Ba%5D%5Bb%5D%5B0%5D%5Bc%5D=1");
  CHECK(query_in_style("json", R"({"a":[1]})") == "?q=%7B%22a%22%3A%5B1%5D%7D");
  for (const std::string style : {"repeat", "comma", "brackets"}) {
    CHECK(query_in_style(style, "7") == "?q=7");
  }
}

TEST_CASE("format: what a style has no room for is refused") {
  const auto refused = [](const std::string& style, std::string_view value) {
    return refusal(
        "    { method: GET, path: /x, parameters: { q: { in: query, style: " + style + " } } }\n",
        R"({"q":)" + std::string(value) + "}");
  };
  constexpr auto kNoRoom = "for which there is no room here";
  CHECK_THAT(refused("repeat", R"({"a":1})"), Contains(kNoRoom));
  CHECK_THAT(refused("comma", "[[1]]"), Contains(kNoRoom));
  CHECK_THAT(refused("pipe", R"({"a":[1]})"), Contains(kNoRoom));
  const std::string deep(40, '[');
  CHECK_THAT(refused("brackets", deep + "1" + std::string(40, ']')),
             Contains("is more than 32 deep"));
}

TEST_CASE("format: a parameter is sent by another name where the file says so") {
  const auto request = built(
      "    method: POST\n"
      "    path: /x/{user.id}\n"
      "    parameters:\n"
      "      user: { in: path, name: user.id, required: true }\n"
      "      sort: { in: query, name: $sort }\n"
      "      trace: { in: header, name: X-Trace }\n"
      "      title: { in: body, name: Titel }\n",
      R"({"user":"a b","sort":"up","trace":"t","title":"T"})");
  CHECK(request.url == "https://format.example/v1/x/a%20b?%24sort=up");
  CHECK(header(request, "X-Trace") == "t");
  CHECK(request.body == R"({"Titel":"T"})");
}

TEST_CASE("format: cookies are joined, and hold nothing that would end them") {
  const std::string endpoint =
      "    method: GET\n"
      "    path: /x\n"
      "    parameters: { a: { in: cookie }, b: { in: cookie, style: json } }\n";
  CHECK(header(built(endpoint, R"({"a":"1","b":2})"), "Cookie") == "a=1; b=2");
  CHECK_THAT(refusal(endpoint, R"({"a":"1; b=2"})"),
             Contains("parameter 'a' holds a character that no cookie can"));
}

TEST_CASE("format: a value that is none of the choices is refused") {
  const std::string endpoint =
      "    method: GET\n"
      "    path: /x\n"
      "    parameters: { sort: { in: query, type: string, choices: [up, down], default: up } }\n";
  CHECK_THAT(built(endpoint, "{}").url, Contains("?sort=up"));
  const auto request = request_of(endpoint, R"({"sort":"left"})");
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().message == R"(format/it: parameter 'sort' cannot be "left")");
  CHECK(request.error().hint == "one of: up, down");
}

TEST_CASE("format: an endpoint has headers, a base URL and a media type of its own") {
  const auto request = built(
      "    method: POST\n"
      "    path: /x\n"
      "    base_url: https://upload.example/\n"
      "    headers: { X-Own: mine, x-common: own }\n"
      "    content_type: application/vnd.format+json\n"
      "    parameters: { a: { in: body } }\n",
      R"({"a":1})");
  CHECK(request.url == "https://upload.example/x");
  CHECK(header(request, "X-Own") == "mine");
  CHECK(header(request, "X-Common") == "none");
  CHECK(header(request, "x-common") == "own");
  CHECK(header(request, "Content-Type") == "application/vnd.format+json");
}

TEST_CASE("format: a form has its fields by their style") {
  const auto request = built(
      "    method: POST\n"
      "    path: /x\n"
      "    body: form\n"
      "    parameters:\n"
      "      name: { in: body }\n"
      "      tags: { in: body }\n"
      "      items: { in: body, style: brackets }\n",
      R"({"name":"a b&c","tags":["x","y"],"items":[{"price":1},{"price":2}]})");
  CHECK(request.body ==
        "name=a%20b%26c&tags=x&tags=y&items%5B0%5D%5Bprice%5D=1&items%5B1%5D%5Bprice%5D=2");
  CHECK(header(request, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK_THAT(refusal("    method: POST\n"
                     "    path: /x\n"
                     "    body: form\n"
                     "    parameters: { a: { in: body } }\n",
                     R"({"a":{"b":1}})"),
             Contains("parameter 'a' holds an object"));
}

TEST_CASE("format: one parameter may be the whole body") {
  const std::string whole = "    parameters: { data: { in: whole_body, type: ";
  const auto as_json = "    method: PUT\n    path: /x\n" + whole + "array } }\n";
  CHECK(built(as_json, R"({"data":[1,2]})").body == "[1,2]");
  const auto nothing = built(as_json, "{}");
  CHECK(nothing.body.empty());
  CHECK(header(nothing, "Content-Type") == "none");

  const auto form = "    method: PUT\n    path: /x\n    body: form\n" + whole + "object } }\n";
  CHECK(built(form, R"({"data":{"a":1,"b":{"c":2}}})").body == "a=1&b%5Bc%5D=2");

  const auto raw = "    method: PUT\n    path: /x\n    body: raw\n" + whole + "any } }\n";
  const auto text = built(raw, R"({"data":"plain"})");
  CHECK(text.body == "plain");
  CHECK(header(text, "Content-Type") == "text/plain; charset=utf-8");
  const auto bytes = built(raw, R"({"data":{"base64":"AAH/"}})");
  CHECK(bytes.body == std::string("\x00\x01\xff", 3));
  CHECK(header(bytes, "Content-Type") == "application/octet-stream");
  CHECK_THAT(refusal(raw, R"({"data":7})"), Contains("the body must be a text"));
  CHECK_THAT(refusal(raw, R"({"data":{"base64":"?"}})"), Contains("holds a `base64` that is none"));
}

TEST_CASE("format: a multipart body has fields, files and data") {
  const std::string endpoint =
      "    method: POST\n"
      "    path: /x\n"
      "    body: multipart\n"
      "    parameters: { text: { in: body }, file: { in: body }, data: { in: body } }\n";
  const auto request = built(endpoint, R"({"text":["a","b"],"data":{"k":1},
      "file":{"filename":"a\"b.png","content_type":"image/png","base64":"iVBO"}})");
  const auto type = header(request, "Content-Type");
  REQUIRE_THAT(type, StartsWith("multipart/form-data; boundary=tba-"));
  const auto line = "--" + type.substr(type.find('=') + 1) + "\r\n";
  const std::string disposition = "Content-Disposition: form-data; name=";
  CHECK(request.body == line + disposition + "\"text\"\r\n\r\na\r\n" +                     //
                            line + disposition + "\"text\"\r\n\r\nb\r\n" +                 //
                            line + disposition + "\"file\"; filename=\"a%22b.png\"\r\n" +  //
                            "Content-Type: image/png\r\n\r\n\x89PN\r\n" +                  //
                            line + disposition + "\"data\"\r\n" +
                            "Content-Type: application/json\r\n\r\n{\"k\":1}\r\n" +
                            line.substr(0, line.size() - 2) + "--\r\n");

  const auto text = built(endpoint, R"({"file":{"content":"words"}})");
  CHECK_THAT(text.body, Contains("filename=\"file\"\r\nContent-Type: application/octet-stream"));
  CHECK_THAT(text.body, Contains("\r\n\r\nwords\r\n"));
  CHECK_THAT(refusal(endpoint, R"({"file":{"content":7}})"), Contains("that is no text"));
  CHECK_THAT(refusal(endpoint, R"({"file":{"base64":"!"}})"), Contains("that is none"));
  CHECK_THAT(refusal(endpoint, R"({"file":{"content":"","content_type":"a\r\nb: c"}})"),
             Contains("of several lines"));
}
