#include "daemon/connectors/paging.h"

#include <catch2/catch.hpp>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/request_builder.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "tests/support/result.h"
#include "tests/support/seeded_random.h"

using Catch::Matchers::Contains;
using tba::Connector;
using tba::Value;
using tba::connectors::Page;
using tba::connectors::parameters_of_page;
using tba::connectors::read_page;
using tba::connectors::url_of_page;

namespace {

Value json(std::string_view text) {
  return tba::parse_json(text).value();
}

/// An API with one list, which has that `pagination`.
class List {
 public:
  explicit List(const std::string& pagination) {
    tba::Diagnostics diagnostics;
    auto connector = tba::read_connector("a.yaml", R"(
connector: a
base_url: https://a.example/v1
auth: { key: { type: api_key, in: query, parameter: key } }
endpoints:
  list:
    method: POST
    path: /list
    parameters:
      q: { in: query }
      after: { in: query, type: string }
      page: { in: query, type: integer }
      limit: { in: query, type: integer }
      variables: { in: body, type: object }
    pagination: )" + pagination + "\n",
                                         diagnostics);
    INFO(diagnostics.render());
    REQUIRE(connector);
    connector_ = *std::move(connector);
  }

  const Connector& connector() const { return connector_; }
  const tba::Endpoint& endpoint() const { return *connector_.endpoint("list"); }

  Value parameters(const Value& where, const std::string& given = "{}") const {
    return parameters_of_page(*endpoint().pagination, endpoint(), json(given), where);
  }

  tba::Result<tba::net::HttpRequest> request(const Value& where, const std::string& given = "{}",
                                             const tba::vault::Credential* credential = nullptr) {
    return tba::connectors::build_request(connector_, endpoint(), parameters(where, given),
                                          credential, "", url_of_page(where));
  }

  tba::Result<Page> read(const std::string& body, const Value& where = {},
                         const std::string& headers = "{}", const std::string& given = "{}") {
    const auto answer = Value::object(
        {{"status", Value::integer(200)}, {"headers", json(headers)}, {"body", json(body)}});
    const auto sent = parameters(where, given);
    const std::string url = "https://a.example/v1/list?q=x";
    return read_page(*endpoint().pagination, {endpoint(), answer, json(body), sent, where, url});
  }

 private:
  Connector connector_;
};

}  // namespace

TEST_CASE("paging: a link leads on, wherever it begins") {
  List list("{ style: link_header }");
  const auto page =
      list.read("[1]", {}, R"({"link": "<https://a.example/v1/list?page=2>; rel=next"})");
  REQUIRE(page);
  CHECK(page->items == json("[1]"));
  CHECK(url_of_page(page->next) == "https://a.example/v1/list?page=2");
  const auto url_behind = [&](const std::string& link) {
    return url_of_page(list.read("[1]", {}, R"({"link": "<)" + link + R"(>; rel=next"})")->next);
  };
  CHECK(url_behind("?page=2") == "https://a.example/v1/list?page=2");
  CHECK(url_behind("/v2/list#top") == "https://a.example/v2/list");
  CHECK(url_behind("more") == "https://a.example/v1/more");
  CHECK(url_behind("//b.example/x") == "https://b.example/x");
  CHECK(list.read("[]", {}, R"({"link": "<x>; rel=last"})")->next.is_null());
  CHECK(list.read("[]")->next.is_null());
  CHECK(url_of_page(Value()).empty());
}

TEST_CASE("paging: a URL in the body leads on") {
  List list(R"({ style: next_url, items: "${{ .body.data }}", next: "${{ .body.next }}" })");
  CHECK(url_of_page(list.read(R"({"data": [1], "next": "/v1/list?c=2"})")->next) ==
        "https://a.example/v1/list?c=2");
  for (const auto* next : {"null", "\"\"", "false"}) {
    CAPTURE(next);
    CHECK(list.read(R"({"data": [1], "next": )" + std::string(next) + "}")->next.is_null());
  }
  CHECK(list.read(R"({"data": [1], "next": 5})").error().message ==
        "`next` of its pagination gave number, not a URL");
  CHECK(list.read(R"({"data": [1], "next": "http://["})").error().message ==
        "what is said to lead to the next page is no URL");
}

TEST_CASE("paging: a cursor is sent in its parameter, as that has it") {
  List list(
      R"({ style: cursor, parameter: after, items: "${{ .body.data }}", next: "${{ .body.next }}" })");
  CHECK(list.parameters({}) == json("{}"));
  const auto page = list.read(R"({"data": [1], "next": 12})");
  REQUIRE(page);
  CHECK(list.parameters(page->next, R"({"q": 1})") == json(R"({"q": 1, "after": "12"})"));
  CHECK(list.request(page->next)->url == "https://a.example/v1/list?after=12");
  CHECK(list.read(R"({"data": [1], "next": ""})")->next.is_null());
  CHECK(list.read(R"({"data": [1]})")->next.is_null());
  CHECK(list.read(R"({"data": [1], "next": [2]})").error().message ==
        "`next` of its pagination gave array, not a text or a number");
  CHECK(list.read(R"({"data": {}, "next": 2})").error().message ==
        "`items` of its pagination gave object, not an array");

  List header(R"({ style: cursor, parameter: page, next: "${{ .headers[\"x-next-page\"] }}" })");
  const auto second = header.read("[1]", {}, R"({"x-next-page": "2"})");
  REQUIRE(second);
  CHECK(header.parameters(second->next) == json(R"({"page": 2})"));
  CHECK(header.read("[1]", {}, R"({"x-next-page": ""})")->next.is_null());
  CHECK(header.read("{}").error().message == "the answer is object, not an array of items");
}

TEST_CASE("paging: a cursor may stand inside a parameter") {
  List list(R"({ style: cursor, parameter: variables.page.after, size_parameter: variables.first,
      size: 50, items: "${{ .body.nodes }}", next: "${{ .body.cursor }}" })");
  CHECK(list.parameters({}) == json(R"({"variables": {"first": 50}})"));
  const auto page = list.read(R"({"nodes": [1], "cursor": "c"})");
  REQUIRE(page);
  CHECK(list.parameters(page->next, R"({"variables": {"first": 5, "q": "x"}})") ==
        json(R"({"variables": {"first": 5, "q": "x", "page": {"after": "c"}}})"));
  CHECK(list.parameters(page->next, R"({"variables": {"page": 7}})") ==
        json(R"({"variables": {"page": {"after": "c"}, "first": 50}})"));
  CHECK(list.request(page->next)->body == R"({"variables":{"first":50,"page":{"after":"c"}}})");
}

TEST_CASE("paging: what counts may stand inside a parameter") {
  List list(R"({ style: offset, parameter: variables.skip, items: "${{ .body.nodes }}" })");
  CHECK(list.parameters({}) == json(R"({"variables": {"skip": 0}})"));
  const auto page = list.read(R"({"nodes": [1, 2]})", {}, "{}", R"({"variables": {"skip": 4}})");
  REQUIRE(page);
  CHECK(list.parameters(page->next) == json(R"({"variables": {"skip": 6}})"));
}

TEST_CASE("paging: Telegram's next update is one behind the last") {
  List list(R"({ style: cursor, parameter: page, items: "${{ .body.result }}",
      next: "${{ .body.result | if length > 0 then last.update_id + 1 else null end }}" })");
  CHECK(list.parameters(list.read(R"({"result": [{"update_id": 7}]})")->next) ==
        json(R"({"page": 8})"));
  CHECK(list.read(R"({"result": []})")->next.is_null());
}

TEST_CASE("paging: the key of the last item leads on, until there is none or no more") {
  List list(
      R"({ style: keyset, parameter: after, key: "${{ .id }}", items: "${{ .body.data }}" })");
  CHECK(list.parameters(list.read(R"({"data": [{"id": "a"}, {"id": "b"}]})")->next) ==
        json(R"({"after": "b"})"));
  CHECK(list.read(R"({"data": []})")->next.is_null());
  CHECK(list.read(R"({"data": [1]})").error().message ==
        "`key` of its pagination: Cannot index number with string \"id\"");

  List more(
      R"({ style: keyset, parameter: after, key: "${{ .id }}", items: "${{ .body.data }}", more: "${{ .body.more }}" })");
  CHECK_FALSE(more.read(R"({"data": [{"id": "a"}], "more": true})")->next.is_null());
  CHECK(more.read(R"({"data": [{"id": "a"}], "more": false})")->next.is_null());
  CHECK(more.read(R"({"data": [{"id": "a"}]})")->next.is_null());
}

TEST_CASE("paging: pages are counted from the first, or from where the call begins") {
  List list("{ style: page, parameter: page }");
  CHECK(list.parameters({}) == json(R"({"page": 1})"));
  const auto second = list.read(R"([{"id": 1}])")->next;
  CHECK(list.parameters(second) == json(R"({"page": 2})"));
  CHECK(list.parameters({}, R"({"page": 5})") == json(R"({"page": 5})"));
  CHECK(list.parameters(list.read("[1]", {}, "{}", R"({"page": 5})")->next) ==
        json(R"({"page": 6})"));
  CHECK(list.read("[]", second)->next.is_null());
  CHECK(list.read("[1]", {}, "{}", R"({"page": "x"})").error().message ==
        "parameter 'page' must be a whole number to count pages from");

  List zero("{ style: page, parameter: page, first: 0 }");
  CHECK(zero.parameters({}) == json(R"({"page": 0})"));
}

TEST_CASE("paging: an offset grows by as many items as there were") {
  List list("{ style: offset, parameter: after, size_parameter: limit, size: 50 }");
  CHECK(list.parameters({}) == json(R"({"limit": 50, "after": "0"})"));
  const auto second = list.read("[1, 2, 3]")->next;
  CHECK(list.parameters(second, R"({"limit": 3})") == json(R"({"limit": 3, "after": "3"})"));
  CHECK(list.parameters(list.read("[4, 5]", second)->next) ==
        json(R"({"limit": 50, "after": "5"})"));
  CHECK(list.read("[]", second)->next.is_null());
}

TEST_CASE("paging: an API that does not heed the number of the page is found out") {
  List list("{ style: page, parameter: page }");
  const auto second = list.read(R"([{"id": 1}])")->next;
  CHECK(list.read(R"([{"id": 1}])", second).error().message ==
        "it answers with the same page again, whatever 'page' is");
  CHECK(list.read(R"([{"id": 2}])", second).has_value());
  const auto numbers = list.read("[0, 0]")->next;
  CHECK(list.read("[0, 0]", numbers).has_value());  // they may well be
}

TEST_CASE("paging: a page's URL takes the place of the request's on its own origin only") {
  List list("{ style: link_header }");
  const auto page = [](const std::string& url) {
    return Value::object({{"url", Value::string(url)}});
  };
  CHECK(list.request(page("https://a.example/v2/x?page=2"), R"({"q": 1})")->url ==
        "https://a.example/v2/x?page=2");
  CHECK(list.request(page("https://A.example:443/x"))->url == "https://A.example:443/x");
  for (const auto* url : {"http://a.example/x", "https://b.example/x", "https://a.example:8443/x",
                          "https://a.example@b.example/", "file:///etc/passwd", "nonsense"}) {
    CAPTURE(url);
    const auto refused = list.request(page(url));
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().message,
               Contains("the next page is said to be at another origin, where nothing is sent"));
  }
}

TEST_CASE("paging: a key in the query is put into a page's URL anew") {
  List list("{ style: link_header }");
  tba::vault::Credential credential;
  credential.name = "c";
  credential.connector = "a";
  credential.scheme = "key";
  credential.type = tba::AuthScheme::Type::api_key;
  credential.fields.emplace("key", tba::vault::Secret("sesame"));
  const auto where =
      Value::object({{"url", Value::string("https://a.example/v1/list?key=********&page=2&key")}});
  auto request = list.request(where, "{}", &credential);
  REQUIRE(request);
  tba::tests::SeededRandom random{1};
  REQUIRE(tba::connectors::authenticate(*request, list.connector(), credential, {{}, random}));
  CHECK(request->url == "https://a.example/v1/list?page=2&key=sesame");
}
