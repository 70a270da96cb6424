#include "daemon/http/router.h"

#include <catch2/catch.hpp>

namespace {

using tba::http::Route;
using tba::http::Router;
using tba::http::Target;

Route route(std::string method, std::string pattern) {
  Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  return made;
}

struct Table {
  explicit Table(std::vector<Route> all) : routes(std::move(all)) {
    for (const auto& each : routes) router.add(each);
  }
  Router::Match match(std::string_view method, std::string_view target) const {
    return router.match(method, Target::parse(target).value());
  }
  std::string pattern(std::string_view method, std::string_view target) const {
    const auto found = match(method, target);
    return found.route ? found.route->pattern : "";
  }
  std::vector<Route> routes;
  Router router;
};

}  // namespace

TEST_CASE("router: a literal goes before a parameter, a parameter before the rest") {
  const Table table({route("GET", "/runs/{id}"), route("GET", "/runs/latest"),
                     route("GET", "/{all*}"), route("GET", "/runs/{id}/logs"), route("GET", "/")});
  CHECK(table.pattern("GET", "/runs/latest") == "/runs/latest");
  CHECK(table.pattern("GET", "/runs/7") == "/runs/{id}");
  CHECK(table.pattern("GET", "/runs/latest/logs") == "/runs/{id}/logs");
  CHECK(table.pattern("GET", "/runs/7/steps") == "/{all*}");
  CHECK(table.pattern("GET", "/runs/") == "/{all*}");
  CHECK(table.pattern("GET", "/") == "/");
}

TEST_CASE("router: parameters are decoded, and the rest keeps its slashes") {
  const Table table({route("GET", "/w/{name}/x"), route("POST", "/hooks/{path*}")});
  CHECK(table.match("GET", "/w/a%20b/x").parameters ==
        decltype(Router::Match::parameters){{"name", "a b"}});
  CHECK(table.match("POST", "/hooks/a/b%2Fc/").parameters ==
        decltype(Router::Match::parameters){{"path", "a/b/c/"}});
  CHECK(table.pattern("POST", "/hooks/").empty());
  CHECK(table.pattern("POST", "/hooks").empty());
  CHECK(table.pattern("GET", "/w//x").empty());
}

TEST_CASE("router: a method that the path does not know is told which it does") {
  const Table table({route("PUT", "/c/{name}"), route("GET", "/c/{name}")});
  const auto found = table.match("POST", "/c/x");
  CHECK(found.route == nullptr);
  REQUIRE(found.other != nullptr);
  CHECK(found.other->pattern == "/c/{name}");
  CHECK(found.allow == "GET, HEAD, PUT");
  CHECK(table.match("POST", "/d").allow.empty());
  CHECK(table.pattern("HEAD", "/c/x") == "/c/{name}");
}

TEST_CASE("router: a wrong pattern is a bug that shows at once") {
  const std::string pattern =
      GENERATE(as<std::string>(), "", "a", "/{", "/a{b}", "/{}", "/{*}", "/{a*}/b", "/{a}{b}");
  CAPTURE(pattern);
  const Route wrong = route("GET", pattern);
  Router router;
  CHECK_THROWS_AS(router.add(wrong), std::logic_error);
}

TEST_CASE("router: the same route twice is a bug, whatever its parameter is called") {
  const Route first = route("GET", "/{a}");
  const Route second = route("GET", "/{b}");
  Router router;
  router.add(first);
  CHECK_THROWS_AS(router.add(second), std::logic_error);
}
