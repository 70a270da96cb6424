#include "shared/import/curl.h"

#include <string>

#include <catch2/catch.hpp>

#include "tests/shared/import/samples.h"

namespace tba::importing {
namespace {

using Catch::Contains;
using Kinds = std::map<std::string, std::size_t>;
using Texts = std::vector<std::string>;

ImportedConnector import_command(const std::string& command, const ImportOptions& options = {}) {
  auto imported = import_curl(command, options);
  INFO(command);
  INFO((imported ? "" : imported.error().message));
  REQUIRE(imported.has_value());
  REQUIRE(imported->connector.endpoints.size() == 1);
  file_of(*imported);
  return std::move(*imported);
}

Endpoint endpoint_of(const std::string& command) {
  return import_command(command).connector.endpoints.front();
}

std::string error_of(const std::string& command) {
  const auto imported = import_curl(command, {});
  REQUIRE_FALSE(imported.has_value());
  return imported.error().message;
}

/// The auth scheme that a command gives, as its file has it.
std::string auth_of(const std::string& command) {
  const auto imported = import_command(command);
  const auto& schemes = imported.connector.auth;
  if (schemes.empty()) return "none";
  CHECK(schemes.size() == 1);
  const auto text = file_of(imported);
  const auto begin = text.find("auth:\n  ") + 8;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("import curl: a command becomes a connector whose parameters have its values") {
  const auto imported = import_command(
      R"(curl -X POST "https://api.example.com/v1/users/42/posts?full=true&tag=a&tag=b" \
           -H 'Authorization: Bearer abc' -H 'Accept: application/json' \
           --json '{"title": "Hello", "size": 1.5, "tags": ["x"], "nothing": null}')");
  CHECK(file_of(imported) == R"(connector: example
title: example
base_url: https://api.example.com
auth:
  token: { type: bearer }

endpoints:
  post-v1-users-user-id-posts:
    method: POST
    path: /v1/users/{user_id}/posts
    headers: { Accept: application/json }
    parameters:
      user_id: { in: path, type: integer, default: 42 }
      full: { in: query, type: boolean, default: true }
      tag: { in: query, type: array, default: [a, b] }
      title: { in: body, type: string, default: Hello }
      size: { in: body, type: number, default: 1.5 }
      tags: { in: body, type: array, default: [x] }
      nothing: { in: body }
)");
  CHECK(imported.unsupported.empty());
  CHECK(imported.withheld.empty());
}

TEST_CASE("import curl: the method is that of the option, or of what is sent") {
  const auto method = [](const std::string& options) {
    return endpoint_of("curl https://a.example/x " + options).method;
  };
  CHECK(method("") == "GET");
  CHECK(method("-I") == "HEAD");
  CHECK(method("-d a=1") == "POST");
  CHECK(method("-F a=1") == "POST");
  CHECK(method("-T file") == "PUT");
  CHECK(method("-G -d a=1") == "GET");
  CHECK(method("-d a=1 -XPATCH") == "PATCH");
  CHECK(error_of("curl -X PROPFIND https://a.example") == "a connector has no method 'PROPFIND'");
}

TEST_CASE("import curl: what proves who is calling becomes an auth scheme") {
  const std::string url = "curl https://a.example/x ";
  CHECK(auth_of(url) == "none");
  CHECK(auth_of(url + "-H 'Authorization: Bearer abc'") == "token: { type: bearer }");
  CHECK(auth_of(url + "--oauth2-bearer abc") == "token: { type: bearer }");
  CHECK(auth_of(url + "-H 'authorization: basic YTpi'") == "login: { type: basic }");
  CHECK(auth_of(url + "-u me:pw") == "login: { type: basic }");
  CHECK(auth_of("curl https://me:pw@a.example/x") == "login: { type: basic }");
  CHECK(auth_of(url + "-H 'Authorization: Bot abc'") ==
        "key: { type: api_key, in: header, parameter: Authorization, prefix: \"Bot \" }");
  CHECK(auth_of(url + "-H 'Authorization: abc'") ==
        "key: { type: api_key, in: header, parameter: Authorization }");
  CHECK(auth_of(url + "-H 'X-Api-Key: abc'") ==
        "key: { type: api_key, in: header, parameter: X-Api-Key }");
  CHECK(auth_of("curl 'https://a.example/x?page=1&api_key=abc'") ==
        "key: { type: api_key, in: query, parameter: api_key }");
  CHECK(auth_of(url + "-b 'sid=abc; b=c'") ==
        "session: { type: api_key, in: header, parameter: Cookie }");
  CHECK(auth_of(url + "--digest -u me:pw") == "login: { type: digest }");
  CHECK(auth_of(url + "-u me:pw --digest") == "login: { type: digest }");
  CHECK(auth_of("curl --digest https://me:pw@a.example/x") == "login: { type: digest }");
  CHECK(auth_of(url + "--digest") == "none");
  CHECK(auth_of(url + "-H 'Authorization: Digest username=\"a\", realm=\"b\"'") ==
        "login: { type: digest }");
  const auto hawk = import_command(url + "-H 'Authorization: Hawk id=\"a\", nonce=\"b\"'");
  CHECK(hawk.connector.auth.empty());
  CHECK(hawk.unsupported == Kinds{{"authentication that a header Authorization tells of", 1}});
}

TEST_CASE("import curl: no secret gets into the file, wherever it stands") {
  const std::string secret = "k7Jx2Qm9Zp4Rt8Wv1Ys5";
  const auto imported = import_command(
      "curl 'https://u:" + secret + "@a.example/hooks/" + secret + "/send?token=" + secret +
      "' -H 'Cookie: a=" + secret + "' -H 'X-Custom: " + secret + "' -H 'X-Auth-Token: " + secret +
      "' --json '{\"client_secret\": \"" + secret + "\", \"deep\": [{\"a\": \"" + secret +
      "\"}], \"pin\": {\"password\": 7}, \"max_tokens\": 5}'");
  const auto text = file_of(imported);
  CHECK_THAT(text, !Contains(secret));
  CHECK(imported.withheld == Texts{"hook_id in the path of post-hooks-hook-id-send",
                                   "token in the query of post-hooks-hook-id-send",
                                   "Cookie in a header of post-hooks-hook-id-send",
                                   "X-Custom in a header of post-hooks-hook-id-send",
                                   "X-Auth-Token in a header of post-hooks-hook-id-send",
                                   "client_secret in the body of post-hooks-hook-id-send",
                                   "deep in the body of post-hooks-hook-id-send",
                                   "pin in the body of post-hooks-hook-id-send"});
  CHECK(parameter_text(imported.connector.endpoints[0], "max_tokens") == "body integer = 5");
  const auto name = import_command("curl 'https://a.example/x?" + secret + "'");
  CHECK_THAT(file_of(name), !Contains(secret));
  CHECK(name.unsupported == Kinds{{"field that may be a secret in the query", 1}});
  for (const std::string body : {"-H 'Content-Type: text/plain' -d ", "-d ", "--json "}) {
    const auto raw = import_command("curl https://a.example/x " + body + "'\"" + secret + "\"'");
    CHECK_THAT(file_of(raw), !Contains(secret));
  }
}

TEST_CASE("import curl: placeholders have to be given") {
  const auto endpoint = endpoint_of(
      "curl \"https://a.example/repos/OWNER/${REPO}/tags/<tag>/:id/{x}.json?q=$Q\" "
      "-H 'X-Org: YOUR_ORG' -d '{\"a\": \"{{a}}\", \"b\": {\"c\": \"$C\"}}'");
  CHECK(endpoint.path == "/repos/{owner}/{repo}/tags/{tag}/{id}/{x}.json");
  for (const auto* name : {"owner", "repo", "tag", "id", "x"})
    CHECK(parameter_text(endpoint, name) == "path any required");
  CHECK(parameter_text(endpoint, "q") == "query any required");
  CHECK(parameter_text(endpoint, "X-Org") == "header any required");
  CHECK(parameter_text(endpoint, "a") == "body any required");
  CHECK(parameter_text(endpoint, "b") == "body object required");
}

TEST_CASE("import curl: parts of the path that say which one become parameters") {
  const auto path = [](const std::string& written) {
    return endpoint_of("curl 'https://a.example" + written + "'").path;
  };
  CHECK(path("/companies/7/status/8") == "/companies/{company_id}/status/{status_id}");
  CHECK(path("/items/0f8fad5b-d9cb-469f-a165-70867728950e") == "/items/{item_id}");
  CHECK(path("/2/tweets") == "/2/tweets");
  CHECK(path("/api/3/issues/1") == "/api/3/issues/{issue_id}");
  CHECK(path("/API/v10/users/@me/") == "/API/v10/users/@me/");
  CHECK(path("/a b/é") == "/a%20b/%C3%A9");
  CHECK(path("") == "/");
  CHECK(endpoint_of("curl https://a.example/u/{id}/x/{id}").parameters.size() == 1);
}

TEST_CASE("import curl: bodies in the form that they have") {
  const std::string url = "curl https://a.example/x ";
  const auto form = endpoint_of(url +
                                "-d 'a=1&b=hello+world%21' -d c=d --data-urlencode 'e=f&g' "
                                "--data-urlencode h@file");
  CHECK(form.body == BodyFormat::form);
  CHECK(form.content_type.empty());
  CHECK(parameter_text(form, "a") == "body integer = 1");
  CHECK(parameter_text(form, "b") == R"(body string = "hello world!")");
  CHECK(parameter_text(form, "e") == R"(body string = "f&g")");
  CHECK(parameter_text(form, "h") == "body any required");

  const auto multipart =
      endpoint_of(url + "-F 'a=\"b c\";type=text/plain' -F f=@x.png -F t=<x --form-string s=@y");
  CHECK(multipart.body == BodyFormat::multipart);
  CHECK(parameter_text(multipart, "a") == R"(body string = "b c")");
  CHECK(parameter_text(multipart, "f") == "body object required");
  CHECK(parameter_text(multipart, "t") == "body any required");
  CHECK(parameter_text(multipart, "s") == R"(body string = "@y")");

  const auto forgotten = endpoint_of(url + R"(-d '{"a": 1}')");
  CHECK(forgotten.body == BodyFormat::json);
  CHECK(parameter_text(forgotten, "a") == "body integer = 1");
  const auto list = endpoint_of(url + "--json '[1, 2]'");
  CHECK(parameter_text(list, "body") == "whole_body array = [1,2]");
  const auto odd = endpoint_of(url + "-H 'Content-Type: application/vnd.a+json' -d '{}'");
  CHECK(odd.content_type == "application/vnd.a+json");
  CHECK(parameter_text(odd, "body") == "whole_body object = {}");

  const auto raw = endpoint_of(url + "-H 'Content-Type: text/csv' --data-binary $'a,b\\n1,2'");
  CHECK(raw.body == BodyFormat::raw);
  CHECK(raw.content_type == "text/csv");
  CHECK(parameter_text(raw, "body") == R"(whole_body string = "a,b\n1,2")");
  CHECK(parameter_text(endpoint_of(url + "--json @file"), "body") == "whole_body any required");
  CHECK(parameter_text(endpoint_of(url + "-d @file"), "body") == "whole_body any required");
  CHECK(parameter_text(endpoint_of(url + "-T file"), "body") == "whole_body any required");
  const auto broken = endpoint_of(url + "--json '{\"a\": '");
  CHECK(broken.body == BodyFormat::raw);
  CHECK(broken.content_type == "application/json");
}

TEST_CASE("import curl: the query comes from the URL and from options") {
  const auto endpoint = endpoint_of(
      "curl -G 'https://a.example/x?a=1#part' --url-query b=2 -d c=3 --data-urlencode 'd=x y' "
      "--data-urlencode e@file");
  CHECK(parameter_text(endpoint, "a") == "query integer = 1");
  CHECK(parameter_text(endpoint, "b") == "query integer = 2");
  CHECK(parameter_text(endpoint, "c") == "query integer = 3");
  CHECK(parameter_text(endpoint, "d") == R"(query string = "x y")");
  CHECK(parameter_text(endpoint, "e") == "query any required");
  CHECK(endpoint.body == BodyFormat::json);
  CHECK_FALSE(endpoint.has_body());
}

TEST_CASE("import curl: headers of the client and of browsers are left out") {
  const auto endpoint = endpoint_of(
      "curl https://a.example/x -H 'Host: b' -H 'accept-encoding: gzip' -H 'Sec-Fetch-Mode: cors' "
      "-H 'Accept: */*' -H 'X-A: 1' -H 'x-a: 2' -H 'X-None:' -H 'X-Empty;' -A me -e "
      "https://b.example");
  const std::vector<std::pair<std::string, std::string>> kept{
      {"x-a", "2"}, {"X-Empty", ""}, {"User-Agent", "me"}, {"Referer", "https://b.example"}};
  CHECK(endpoint.headers == kept);
}

TEST_CASE("import curl: what no connector can say is told, and nothing fails") {
  const auto imported = import_command(
      "curl -sSkL --proxy http://p:1 --cert c.pem --unheard-of --max-time 5 -o /dev/null "
      "-b jar.txt -H @headers -H 'No Name: x' https://a.example/x https://b.example/y | jq .");
  CHECK(imported.unsupported == Kinds{{"cookies from a file", 1},
                                      {"header with a name that none has", 1},
                                      {"headers from a file", 1},
                                      {"more than one URL", 1},
                                      {"option --cert", 1},
                                      {"option --proxy", 1},
                                      {"option --unheard-of", 1},
                                      {"option -L", 1},
                                      {"option -k", 1},
                                      {"what follows the command", 1}});
  CHECK(import_command("curl -G -d @f https://a.example").unsupported ==
        Kinds{{"query from a file", 1}});
  CHECK(import_command("curl https://a.example?=x").unsupported ==
        Kinds{{"field without a name in the query", 1}});
}

TEST_CASE("import curl: the name is that of the host, and no built-in connector's") {
  const auto name = [](const std::string& url) {
    return import_command("curl " + url).connector.name;
  };
  CHECK(name("https://api.example.com/x") == "example");
  CHECK(name("https://hooks.example.co.uk") == "example");
  CHECK(name("localhost:8080/x") == "localhost");
  CHECK(name("https://127.0.0.1/x") == "api");
  CHECK(name("https://api.github.com/x") == "github-api");
  const auto imported = import_command("curl https://a.example/v1/x",
                                       {.name = "mine", .base_url = "http://127.0.0.1:1"});
  CHECK(imported.connector.name == "mine");
  CHECK(imported.connector.base_url == "http://127.0.0.1:1");
}

TEST_CASE("import curl: words are those of a shell") {
  const auto header = [](const std::string& written) {
    const auto endpoint = endpoint_of("curl https://a.example -H X:" + written);
    REQUIRE(endpoint.headers.size() == 1);
    return endpoint.headers[0].second;
  };
  CHECK(header("a") == "a");
  CHECK(header("'a \"b\\'") == "a \"b\\");
  CHECK(header(R"("a \"b\" \\ \c $d")") == R"(a "b" \ \c $d)");
  CHECK(header(R"(a\ b"c"'d'e)") == "a bcde");
  CHECK(header("\"a\\\nb\"") == "ab");
  CHECK(header(R"($'it\'s \x41\u00e9\101\\')") ==
        "it's A\xc3\xa9"
        "A\\");
  CHECK(header("a&b") == "a&b");
  CHECK(endpoint_of("$ curl \\\r\n  https://a.example/x \\\n -I 2>/dev/null").method == "HEAD");
}

TEST_CASE("import curl: what is no command says why") {
  CHECK(error_of("") == "this is no command of curl");
  CHECK(error_of("wget https://a.example") == "this is no command of curl");
  CHECK(error_of("curl -s") == "the command has no URL");
  CHECK(error_of("curl https://a.example -H") == "the option -H has no value");
  CHECK(error_of("curl ftp://a.example/x") == "'ftp://a.example' is no URL of HTTP");
  CHECK(error_of("curl https:///x") == "'https://' is no URL of HTTP");
  CHECK(error_of("curl 'https://a.example") == "a quote ' is not closed");
  CHECK(error_of("curl \"https://a.example") == "a quote \" is not closed");
  CHECK(error_of("curl $'https://a.example") == "a quote $' is not closed");
}

}  // namespace tba::importing
