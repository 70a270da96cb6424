#include "daemon/connectors/request_builder.h"

#include <catch2/catch.hpp>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "shared/connector_catalog.h"
#include "shared/value/json.h"
#include "tests/support/result.h"
#include "tests/support/seeded_random.h"

using Catch::Matchers::Contains;
using tba::AuthScheme;
using tba::Connector;
using tba::Endpoint;
using tba::ErrorCode;
using tba::Parameter;
using tba::ParameterPlace;
using tba::Value;
using tba::ValueType;
using tba::connectors::build_request;
using tba::net::HttpRequest;
using tba::vault::Credential;
using tba::vault::Secret;

namespace {

Value json(std::string_view text) {
  return tba::parse_json(text).value();
}

Parameter parameter(const std::string& name, ParameterPlace place,
                    ValueType type = ValueType::string, bool required = false) {
  Parameter made;
  made.name = made.sent_as = name;
  made.place = place;
  made.shape = tba::Shape::of(type);
  made.required = required;
  return made;
}

AuthScheme scheme(const std::string& name, AuthScheme::Type type,
                  AuthScheme::Place place = AuthScheme::Place::header,
                  const std::string& target = "", const std::string& prefix = "") {
  AuthScheme made;
  made.name = name;
  made.type = type;
  made.place = place;
  made.parameter = target;
  made.prefix = prefix;
  return made;
}

Connector example() {
  Connector connector;
  connector.name = "example";
  connector.base_url = "https://api.example.com/v1/";
  connector.headers = {{"Accept", "application/json"}, {"X-Version", "3"}};
  connector.auth = {
      scheme("token", AuthScheme::Type::bearer),
      scheme("login", AuthScheme::Type::basic),
      scheme("bot", AuthScheme::Type::api_key, AuthScheme::Place::header, "Authorization", "Bot "),
      scheme("query", AuthScheme::Type::api_key, AuthScheme::Place::query, "key"),
      scheme("cookie", AuthScheme::Type::api_key, AuthScheme::Place::cookie, "session"),
      scheme("path", AuthScheme::Type::api_key, AuthScheme::Place::path, "token"),
      scheme("nothing", AuthScheme::Type::none),
      scheme("oauth", AuthScheme::Type::oauth2, AuthScheme::Place::header, "", "Bearer "),
  };
  connector.auth.back().headers = {{"Client-Id", "id {client_id}"}, {"X-Fixed", "{}"}};
  connector.auth.push_back(scheme("webhook", AuthScheme::Type::webhook_secret));
  return connector;
}

Endpoint get_item() {
  Endpoint endpoint;
  endpoint.id = "get-item";
  endpoint.method = "GET";
  endpoint.path = "/items/{item}";
  endpoint.parameters = {
      parameter("item", ParameterPlace::path, ValueType::any, true),
      parameter("labels", ParameterPlace::query, ValueType::any),
      parameter("X-Trace", ParameterPlace::header, ValueType::any),
  };
  return endpoint;
}

Endpoint create_item() {
  Endpoint endpoint;
  endpoint.id = "create-item";
  endpoint.method = "POST";
  endpoint.path = "/items";
  endpoint.parameters = {
      parameter("title", ParameterPlace::body, ValueType::string, true),
      parameter("count", ParameterPlace::body, ValueType::integer),
      parameter("ratio", ParameterPlace::body, ValueType::number),
      parameter("open", ParameterPlace::body, ValueType::boolean),
      parameter("tags", ParameterPlace::body, ValueType::array),
      parameter("extra", ParameterPlace::body, ValueType::object),
      parameter("owner", ParameterPlace::body, ValueType::any),
  };
  return endpoint;
}

Credential credential(const std::string& scheme_name, AuthScheme::Type type,
                      std::initializer_list<std::pair<const char*, std::string>> fields) {
  Credential made;
  made.name = "mine";
  made.connector = "example";
  made.scheme = scheme_name;
  made.type = type;
  for (const auto& [name, value] : fields) made.fields.emplace(name, Secret(value));
  return made;
}

HttpRequest built(const Endpoint& endpoint, std::string_view parameters,
                  const Credential* credential = nullptr) {
  auto request = build_request(example(), endpoint, json(parameters), credential);
  REQUIRE(request);
  tba::tests::SeededRandom random(1);
  if (credential)
    REQUIRE(tba::connectors::authenticate(*request, example(), *credential, {{}, random}));
  return std::move(*request);
}

tba::Error refused(const Endpoint& endpoint, std::string_view parameters,
                   const Credential* credential = nullptr) {
  const auto request = build_request(example(), endpoint, json(parameters), credential);
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().code == ErrorCode::invalid);
  return request.error();
}

std::string header(const HttpRequest& request, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : request.headers) {
    if (key == name) all += all.empty() ? value : "|" + value;
  }
  return all;
}

}  // namespace

TEST_CASE("request: method, URL and default headers come from the definition") {
  const auto request = built(get_item(), R"({"item":"a"})");
  CHECK(request.method == "GET");
  CHECK(request.url == "https://api.example.com/v1/items/a");
  CHECK(request.headers ==
        tba::net::HeaderFields{{"Accept", "application/json"}, {"X-Version", "3"}});
  CHECK(request.body.empty());
}

TEST_CASE("request: a path segment is percent-encoded") {
  const auto url = [](std::string_view item) {
    return built(get_item(), R"({"item":)" + std::string(item) + "}").url.substr(33);
  };
  CHECK(url(R"("a/b?c#d e%ü")") == "a%2Fb%3Fc%23d%20e%25%C3%BC");
  CHECK(url(R"("a-b.c_d~e")") == "a-b.c_d~e");
  CHECK(url("1234567890123456789") == "1234567890123456789");
  CHECK(url("1.5") == "1.5");
  CHECK(url("true") == "true");
  CHECK(url(R"("...")") == "...");
  CHECK(url(R"("{item}")") == "%7Bitem%7D");
}

TEST_CASE("request: a path segment that would change the path is refused") {
  CHECK(refused(get_item(), R"({"item":""})").message ==
        "example/get-item: parameter 'item' is empty, which would change the path");
  for (const std::string item : {".", ".."}) {
    CHECK(refused(get_item(), R"({"item":")" + item + "\"}").message ==
          "example/get-item: parameter 'item' is '.' or '..', which would change the path");
  }
  CHECK(refused(get_item(), R"({"item":["a"]})").message ==
        "example/get-item: parameter 'item' holds an array, for which there is no room here");
}

TEST_CASE("request: a query is encoded, an array as one parameter for each item") {
  const auto url = [](std::string_view labels) {
    return built(get_item(), R"({"item":"a","labels":)" + std::string(labels) + "}").url.substr(34);
  };
  CHECK(url(R"("a b&c=d+e")") == "?labels=a%20b%26c%3Dd%2Be");
  CHECK(url("12") == "?labels=12");
  CHECK(url("false") == "?labels=false");
  CHECK(url(R"(["a",1,null])") == "?labels=a&labels=1&labels=null");
  CHECK(url("[]").empty());
  CHECK(url("null").empty());
  CHECK(refused(get_item(), R"({"item":"a","labels":{}})").message ==
        "example/get-item: parameter 'labels' holds an object, for which there is no room here");
  CHECK(refused(get_item(), R"({"item":"a","labels":[[1]]})").message ==
        "example/get-item: parameter 'labels' holds an array, for which there is no room here");
}

TEST_CASE("request: a header parameter cannot begin another header") {
  CHECK(header(built(get_item(), R"({"item":"a","X-Trace":"t 1"})"), "X-Trace") == "t 1");
  CHECK(header(built(get_item(), R"({"item":"a","X-Trace":5})"), "X-Trace") == "5");
  CHECK_THAT(refused(get_item(), R"({"item":"a","X-Trace":"a\r\nB: c"})").message,
             Contains("parameter 'X-Trace' holds a line break"));
  CHECK(refused(get_item(), R"({"item":"a","X-Trace":[]})").message ==
        "example/get-item: parameter 'X-Trace' holds an array, for which there is no room here");
}

TEST_CASE("request: a header parameter takes the place of a default header") {
  auto endpoint = get_item();
  endpoint.parameters.push_back(parameter("x-version", ParameterPlace::header));
  const auto request = built(endpoint, R"({"item":"a","x-version":"4"})");
  CHECK(header(request, "x-version") == "4");
  CHECK(header(request, "X-Version").empty());
}

TEST_CASE("request: body parameters become a JSON object, in the order of the definition") {
  const auto request = built(create_item(), R"({"tags":["x"],"title":"ä\"","count":7,"ratio":0.5,
      "open":false,"extra":{"id":1234567890123456789},"owner":null})");
  CHECK(request.body == R"({"title":"ä\"","count":7,"ratio":0.5,"open":false,"tags":["x"],)"
                        R"("extra":{"id":1234567890123456789},"owner":null})");
  CHECK(header(request, "Content-Type") == "application/json");
}

TEST_CASE("request: a body of its own content type keeps it, an empty one is an object") {
  auto connector = example();
  connector.headers.emplace_back("content-type", "application/vnd.api+json");
  auto endpoint = create_item();
  endpoint.parameters[0].required = false;
  const auto request = build_request(connector, endpoint, Value(), nullptr);
  REQUIRE(request);
  CHECK(request->body == "{}");
  CHECK(header(*request, "content-type") == "application/vnd.api+json");
  CHECK(header(*request, "Content-Type").empty());
}

TEST_CASE("request: values of another type are refused with both names") {
  const auto message = [](std::string_view parameters) {
    return refused(create_item(), parameters).message;
  };
  CHECK(message(R"({"title":1})") ==
        "example/create-item: parameter 'title' must be of type string, not number");
  CHECK(message(R"({"title":"t","count":1.5})") ==
        "example/create-item: parameter 'count' must be of type integer, not number");
  CHECK(message(R"({"title":"t","count":"1"})") ==
        "example/create-item: parameter 'count' must be of type integer, not string");
  CHECK(message(R"({"title":"t","ratio":true})") ==
        "example/create-item: parameter 'ratio' must be of type number, not boolean");
  CHECK(message(R"({"title":"t","open":"yes"})") ==
        "example/create-item: parameter 'open' must be of type boolean, not string");
  CHECK(message(R"({"title":"t","tags":{}})") ==
        "example/create-item: parameter 'tags' must be of type array, not object");
  CHECK(message(R"({"title":"t","extra":[]})") ==
        "example/create-item: parameter 'extra' must be of type object, not array");
}

TEST_CASE("request: what is inside of a value is held to what is known of it") {
  auto endpoint = create_item();
  endpoint.parameters[4].shape.items =
      std::make_shared<const tba::Shape>(tba::Shape::of(ValueType::string));
  endpoint.parameters[5].shape = tba::Shape::object({{"id", tba::Shape::of(ValueType::integer)}});
  const auto message = [&](std::string_view parameters) {
    const auto error = refused(endpoint, parameters);
    return error.message + (error.hint.empty() ? "" : "; " + error.hint);
  };
  CHECK(message(R"({"title":"t","tags":["x",null,5]})") ==
        "example/create-item: parameter 'tags[2]' must be of type string, not number; write it in "
        "quotes");
  CHECK(message(R"({"title":"t","extra":{"id":"x"}})") ==
        "example/create-item: parameter 'extra.id' must be of type integer, not string");
  CHECK(message(R"({"title":"t","extra":{"idd":1}})") ==
        "example/create-item: parameter 'extra' has no 'idd' (did you mean 'id'?); it has: id");
  CHECK(built(endpoint, R"({"title":"t","tags":[null],"extra":{"id":null}})").body ==
        R"({"title":"t","tags":[null],"extra":{"id":null}})");
  CHECK(refused(create_item(), R"({"title":1122})").hint == "write it in quotes");
  CHECK(refused(create_item(), R"({"title":[]})").hint.empty());
}

TEST_CASE("request: a missing parameter is named, and null counts as missing") {
  for (const auto* parameters : {"null", "{}", R"({"title":null})"}) {
    const auto error = refused(create_item(), parameters);
    CHECK(error.message == "example/create-item: parameter 'title' is missing");
    CHECK(error.hint == "it is of type string");
  }
  CHECK(built(create_item(), R"({"title":"t","count":null})").body == R"({"title":"t"})");
}

TEST_CASE("request: a default stands where nothing is given") {
  auto endpoint = create_item();
  endpoint.parameters[0].default_value = Value::string("untitled");
  CHECK(built(endpoint, "{}").body == R"({"title":"untitled"})");
  CHECK(built(endpoint, R"({"title":null})").body == R"({"title":"untitled"})");
  CHECK(built(endpoint, R"({"title":"t"})").body == R"({"title":"t"})");
}

TEST_CASE("request: an unknown parameter is refused with those that are known") {
  auto error = refused(get_item(), R"({"item":"a","itme":"b"})");
  CHECK(error.message == "example/get-item: there is no parameter 'itme'");
  CHECK(error.hint == "it takes: item, labels, X-Trace");
  Endpoint none;
  none.id = "ping";
  CHECK(refused(none, R"({"a":1})").hint == "it takes none");
  CHECK(refused(none, "[]").message == "example/ping: 'with' must be an object, not of type array");
}

TEST_CASE("request: a placeholder that nothing fills is refused") {
  auto endpoint = get_item();
  endpoint.path = "/items/{item}/{part}";
  const auto error = refused(endpoint, R"({"item":"a"})");
  CHECK(error.message == "example/get-item: nothing is given for {part} in its URL");
}

TEST_CASE("request: the credential's base URL takes the place of the connector's") {
  auto mine = credential("token", AuthScheme::Type::bearer, {{"token", "t"}});
  for (const auto& [base, url] : std::vector<std::pair<std::string, std::string>>{
           {"http://127.0.0.1:8080", "http://127.0.0.1:8080/items/a"},
           {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/items/a"},
           {"https://git.example.com/api/v3", "https://git.example.com/api/v3/items/a"},
           {"", "https://api.example.com/v1/items/a"}}) {
    mine.base_url = base;
    CHECK(built(get_item(), R"({"item":"a"})", &mine).url == url);
  }
}

TEST_CASE("request: each auth scheme puts its secret where it belongs") {
  const auto bearer = credential("token", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  CHECK(header(built(get_item(), R"({"item":"a"})", &bearer), "Authorization") == "Bearer s3cret");

  // The example of RFC 7617 section 2.
  const auto basic = credential("login", AuthScheme::Type::basic,
                                {{"username", "Aladdin"}, {"password", "open sesame"}});
  CHECK(header(built(get_item(), R"({"item":"a"})", &basic), "Authorization") ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

  const auto bot = credential("bot", AuthScheme::Type::api_key, {{"key", "s3cret"}});
  CHECK(header(built(get_item(), R"({"item":"a"})", &bot), "Authorization") == "Bot s3cret");

  const auto query = credential("query", AuthScheme::Type::api_key, {{"key", "s3c&ret"}});
  CHECK(built(get_item(), R"({"item":"a","labels":"b"})", &query).url ==
        "https://api.example.com/v1/items/a?labels=b&key=s3c%26ret");

  const auto cookie = credential("cookie", AuthScheme::Type::api_key, {{"key", "s3cret"}});
  CHECK(header(built(get_item(), R"({"item":"a"})", &cookie), "Cookie") == "session=s3cret");
  auto with_cookies = get_item();
  with_cookies.parameters.push_back(parameter("theme", ParameterPlace::cookie));
  CHECK(header(built(with_cookies, R"({"item":"a","theme":"dark"})", &cookie), "Cookie") ==
        "theme=dark; session=s3cret");

  const auto nothing = credential("nothing", AuthScheme::Type::none, {});
  CHECK(built(get_item(), R"({"item":"a"})", &nothing).headers ==
        built(get_item(), R"({"item":"a"})").headers);

  const auto oauth = credential("oauth", AuthScheme::Type::oauth2,
                                {{"client_id", "c1"}, {"access_token", "s3cret"}});
  const auto with_token = built(get_item(), R"({"item":"a"})", &oauth);
  CHECK(header(with_token, "Authorization") == "Bearer s3cret");
  CHECK(header(with_token, "Client-Id") == "id c1");
  CHECK(header(with_token, "X-Fixed") == "{}");
}

TEST_CASE("request: what signs does so over the request as it is sent") {
  auto connector = example();
  connector.auth.push_back(scheme("signed1", AuthScheme::Type::oauth1));
  connector.auth.push_back(scheme("aws", AuthScheme::Type::aws_sigv4));
  connector.auth.back().service = "execute-api";
  connector.auth.push_back(scheme("own", AuthScheme::Type::hmac));
  connector.auth.back().headers = {{"X-Client", "{key}"}};
  tba::HmacScheme hmac;
  hmac.header = "X-Signature";
  hmac.is_signed = {{tba::HmacScheme::Placeholder::body, ""}};
  connector.auth.back().hmac = hmac;
  const auto signed_by = [&](const Credential& mine) {
    auto request = build_request(connector, create_item(), json(R"({"title":"a"})"), &mine);
    REQUIRE(request);
    tba::tests::SeededRandom random(1);
    REQUIRE(tba::connectors::authenticate(*request, connector, mine,
                                          {tba::Instant(std::chrono::seconds(1)), random}));
    return std::move(*request);
  };
  const auto by_oauth1 = signed_by(credential("signed1", AuthScheme::Type::oauth1,
                                              {{"consumer_key", "k"}, {"consumer_secret", "s"}}));
  CHECK_THAT(header(by_oauth1, "Authorization"), Contains("oauth_signature_method=\"HMAC-SHA1\"") &&
                                                     Contains("oauth_timestamp=\"1\"") &&
                                                     !Contains("oauth_token"));
  const auto by_aws = signed_by(credential(
      "aws", AuthScheme::Type::aws_sigv4,
      {{"access_key_id", "AKID"}, {"secret_access_key", "s"}, {"region", "eu-central-1"}}));
  CHECK_THAT(header(by_aws, "Authorization"),
             Contains("AKID/19700101/eu-central-1/execute-api/aws4_request"));
  const auto by_hmac =
      signed_by(credential("own", AuthScheme::Type::hmac, {{"key", "k1"}, {"secret", "s"}}));
  CHECK(header(by_hmac, "X-Client") == "k1");
  CHECK(header(by_hmac, "X-Signature") == tba::connectors::hex(tba::connectors::hmac(
                                              tba::connectors::Hash::sha256, "s", by_hmac.body)));
}

TEST_CASE("request: the name that a key goes by can be the credential's own") {
  auto connector = example();
  using Place = AuthScheme::Place;
  connector.auth = {scheme("header", AuthScheme::Type::api_key, Place::header, "{header}"),
                    scheme("query", AuthScheme::Type::api_key, Place::query, "{parameter}"),
                    scheme("cookie", AuthScheme::Type::api_key, Place::cookie, "{cookie}"),
                    scheme("aws", AuthScheme::Type::aws_sigv4)};
  connector.auth.back().service = "{service}";
  const auto authenticated = [&](const Credential& mine) {
    auto request = build_request(connector, get_item(), json(R"({"item":"a"})"), &mine);
    REQUIRE(request);
    tba::tests::SeededRandom random(1);
    REQUIRE(tba::connectors::authenticate(*request, connector, mine,
                                          {tba::Instant(std::chrono::seconds(1)), random}));
    return std::move(*request);
  };
  const auto type = AuthScheme::Type::api_key;
  const auto by_header = credential("header", type, {{"header", "X-Own"}, {"key", "s3cret"}});
  CHECK(header(authenticated(by_header), "X-Own") == "s3cret");
  const auto by_query = credential("query", type, {{"parameter", "a b"}, {"key", "s3cret"}});
  CHECK(authenticated(by_query).url == "https://api.example.com/v1/items/a?a%20b=s3cret");
  const auto by_cookie = credential("cookie", type, {{"cookie", "sid"}, {"key", "s3cret"}});
  CHECK(header(authenticated(by_cookie), "Cookie") == "sid=s3cret");
  const auto by_aws = credential("aws", AuthScheme::Type::aws_sigv4,
                                 {{"service", "s3"},
                                  {"region", "eu-central-1"},
                                  {"access_key_id", "AKID"},
                                  {"secret_access_key", "s"}});
  CHECK_THAT(header(authenticated(by_aws), "Authorization"),
             Contains("AKID/19700101/eu-central-1/s3/aws4_request"));
}

TEST_CASE("request: an endpoint that nobody says the place of is not called") {
  auto connector = example();
  connector.base_url.clear();
  const auto nowhere = build_request(connector, get_item(), json(R"({"item":"a"})"), nullptr);
  REQUIRE_FALSE(nowhere);
  CHECK_THAT(nowhere.error().message, Contains("its connector has no base URL"));
  auto mine = credential("token", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  mine.base_url = "https://own.example/api";
  const auto there = build_request(connector, get_item(), json(R"({"item":"a"})"), &mine);
  REQUIRE(there);
  CHECK(there->url == "https://own.example/api/items/a");
}

TEST_CASE("request: a path alone is below the base URL of the credential") {
  const auto own = example();
  auto mine = credential("token", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  const auto url_of = [&](const std::string& url, const Connector* connector) {
    return tba::connectors::whole_url(url, mine, connector).value();
  };
  CHECK(url_of("/a?b=c", &own) == "https://api.example.com/v1/a?b=c");
  CHECK(url_of("//evil.test/a", &own) == "https://api.example.com/v1//evil.test/a");
  CHECK(url_of("https://else.example/a", &own) == "https://else.example/a");
  mine.base_url = "http://localhost:8080/";
  CHECK(url_of("/a", &own) == "http://localhost:8080/a");
  CHECK(url_of("/a", nullptr) == "http://localhost:8080/a");
  mine.base_url.clear();
  const auto nowhere = tba::connectors::whole_url("/a", mine, nullptr);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message ==
        "credential 'mine' has no base URL that the request could be below");
}

TEST_CASE("request: a login by digest is the client's to prove") {
  auto connector = example();
  connector.auth.push_back(scheme("digest", AuthScheme::Type::digest));
  const auto mine =
      credential("digest", AuthScheme::Type::digest, {{"username", "me"}, {"password", "s3:cret"}});
  HttpRequest request;
  tba::tests::SeededRandom random(1);
  REQUIRE(tba::connectors::authenticate(request, connector, mine, {{}, random}));
  CHECK(request.headers.empty());
  REQUIRE(request.digest_login);
  CHECK(request.digest_login->username == "me");
  CHECK(request.digest_login->password == "s3:cret");
}

TEST_CASE("request: a certificate that is none is refused") {
  auto connector = example();
  connector.auth.push_back(scheme("tls", AuthScheme::Type::mutual_tls));
  const auto mine = credential("tls", AuthScheme::Type::mutual_tls,
                               {{"certificate", "nonsense"}, {"private_key", "s3cret"}});
  HttpRequest request;
  tba::tests::SeededRandom random(1);
  const auto done = tba::connectors::authenticate(request, connector, mine, {{}, random});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::invalid);
  CHECK_THAT(done.error().message,
             Catch::Matchers::StartsWith("credential 'mine': ") && !Contains("s3cret"));
}

TEST_CASE("request: a key in the path fills its placeholder, in the base URL too") {
  const auto path = credential("path", AuthScheme::Type::api_key, {{"key", "12:s/3"}});
  auto endpoint = get_item();
  endpoint.path = "/hooks/{item}/{token}";
  CHECK(built(endpoint, R"({"item":"a"})", &path).url ==
        "https://api.example.com/v1/hooks/a/12%3As%2F3");
  CHECK(refused(endpoint, R"({"item":"a"})").hint ==
        "it takes a parameter of this name, or a credential");

  auto connector = example();
  connector.base_url = "https://api.example.com/bot{token}";
  const auto request = build_request(connector, get_item(), json(R"({"item":"a"})"), &path);
  REQUIRE(request);
  CHECK(request->url == "https://api.example.com/bot12%3As%2F3/items/a");

  CHECK(refused(get_item(), R"({"item":"a"})", &path).message ==
        "example/get-item: credential 'mine' goes where the URL has {token}, which this endpoint's "
        "has not");
}

TEST_CASE("request: a credential that does not fit is refused without its secret") {
  const auto message = [](const Credential& mine) {
    const auto error = refused(get_item(), R"({"item":"a"})", &mine);
    CHECK((error.message + error.hint).find("s3cret") == std::string::npos);
    return error.message;
  };
  auto mine = credential("token", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  mine.connector = "other";
  CHECK(message(mine) ==
        "example/get-item: credential 'mine' belongs to connector 'other', not "
        "'example'");

  mine = credential("gone", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  CHECK(
      message(mine) ==
      "example/get-item: credential 'mine' was set for auth scheme 'gone', which the connector no "
      "longer has, or has changed");
  mine = credential("token", AuthScheme::Type::api_key, {{"key", "s3cret"}});
  CHECK_THAT(message(mine), Contains("or has changed"));

  mine = credential("webhook", AuthScheme::Type::webhook_secret, {{"secret", "s3cret"}});
  CHECK(message(mine) ==
        "example/get-item: credential 'mine' is a webhook's secret, which cannot authenticate a "
        "call");
}

TEST_CASE("request: one that no connector describes takes what needs no endpoint") {
  const auto problem = [](const Credential& mine, const Connector* own) {
    const auto fits = tba::connectors::check_for_requests(mine, own);
    return fits ? std::string() : fits.error().message;
  };
  const auto connector = example();
  const auto login = credential("login", AuthScheme::Type::basic,
                                {{"username", "Aladdin"}, {"password", "open sesame"}});
  CHECK(problem(login, &connector).empty());
  CHECK(problem(login, nullptr) ==
        "credential 'mine' is for connector 'example', which there no longer is");
  const auto key = credential("query", AuthScheme::Type::api_key, {{"key", "s3cret"}});
  CHECK(problem(key, &connector).empty());
  const auto path = credential("path", AuthScheme::Type::api_key, {{"key", "s3cret"}});
  CHECK(problem(path, &connector) ==
        "credential 'mine' cannot be used with `http`: it is a key that goes into the path");
  const auto webhook = credential("webhook", AuthScheme::Type::webhook_secret, {{"secret", "s"}});
  CHECK_THAT(problem(webhook, &connector), Contains("cannot authenticate a call"));
  auto post = credential("login", AuthScheme::Type::basic,
                         {{"username", "Aladdin"}, {"password", "open sesame"}});
  post.connector = "email";
  CHECK(problem(post, tba::built_in_connectors().find("email").get()) ==
        "credential 'mine' cannot be used with `http`: it is for a mail server");
}

TEST_CASE("request: a credential goes to its own origin only") {
  auto mine = credential("token", AuthScheme::Type::bearer, {{"token", "s3cret"}});
  auto own = example();
  const auto may_go = [&](const std::string& url, const Connector* connector) {
    return tba::connectors::check_destination(url, mine, connector).has_value();
  };
  CHECK(may_go("https://api.example.com/a", &own));
  for (const auto* url :
       {"https://evil.test/a", "http://api.example.com/a", "https://api.example.com:8443/a",
        "https://api.example.com@evil.test/", "https://api.example.com.evil.test/", "nonsense"}) {
    CAPTURE(url);
    CHECK_FALSE(may_go(url, &own));
  }
  CHECK_FALSE(may_go("https://api.example.com/a", nullptr));
  CHECK_FALSE(may_go("nonsense", nullptr));
  mine.base_url = "http://localhost:8080";
  CHECK(may_go("http://localhost:8080/a", &own));
  CHECK_FALSE(may_go("https://api.example.com/a", &own));
}

TEST_CASE("request: the idempotency key goes where the connector says, if it does") {
  auto connector = example();
  const auto without = build_request(connector, get_item(), json(R"({"item":"a"})"), nullptr, "k1");
  REQUIRE(without);
  CHECK(without->headers.size() == 2);
  connector.idempotency.header = "Idempotency-Key";
  const auto with = build_request(connector, get_item(), json(R"({"item":"a"})"), nullptr, "k1");
  REQUIRE(with);
  CHECK(header(*with, "Idempotency-Key") == "k1");
  const auto empty = build_request(connector, get_item(), json(R"({"item":"a"})"), nullptr);
  REQUIRE(empty);
  CHECK(empty->headers.size() == 2);
}
