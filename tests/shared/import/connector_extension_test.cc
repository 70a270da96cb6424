#include "shared/import/connector_extension.h"

#include <string>

#include <catch2/catch.hpp>

#include "shared/import/curl.h"

namespace tba::importing {
namespace {

using Catch::Contains;

Connector connector_of(const std::string& command) {
  auto imported = import_curl(command, {});
  REQUIRE(imported.has_value());
  return std::move(imported->connector);
}

std::string extended(const std::string& text, const std::string& command) {
  auto addition = connector_of(command);
  const auto result = with_addition("shop.yaml", text, addition);
  INFO((result ? "" : result.error().message));
  REQUIRE(result.has_value());
  return *result;
}

std::string error_of(const std::string& text) {
  auto addition = connector_of("curl https://shop.example/b -u a:b");
  const auto result = with_addition("shop.yaml", text, addition);
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

constexpr const char* kShop = R"(# My shop.
connector: shop
base_url: https://shop.example/v1   # the old one

# What can be done.
endpoints:
    get-a:
        method: GET  # as it is
        path: /a

# Asked first.
test: get-a
)";

}  // namespace

TEST_CASE("connector extension: an endpoint is added behind the others, and all else stays") {
  CHECK(extended(kShop, "curl https://shop.example/v1/b?c=1 -u a:b") == R"(# My shop.
connector: shop
base_url: https://shop.example/v1   # the old one
auth:
  login: { type: basic }

# What can be done.
endpoints:
    get-a:
        method: GET  # as it is
        path: /a

    get-v1-b:
      method: GET
      path: /b
      parameters:
        c: { in: query, type: integer, default: 1 }

# Asked first.
test: get-a
)");
}

TEST_CASE("connector extension: what is there is used, and what is taken gets a number") {
  const std::string text =
      "connector: shop\nbase_url: https://shop.example\n"
      "endpoints:\n  get-a: { method: GET, path: /a }\n"
      "auth:\n  mine: { type: basic }\n  token: { type: api_key, parameter: X }";
  const auto same = extended(text, "curl https://shop.example/a -u a:b");
  CHECK_THAT(same,
             Contains("  get-a: { method: GET, path: /a }\n\n  get-a-2:\n    method: GET\n") &&
                 !Contains("login") && Catch::EndsWith("parameter: X }\n"));
  const auto other = extended(text, "curl http://other.example/b --oauth2-bearer x");
  CHECK_THAT(other, Contains("    path: /b\n    base_url: http://other.example\nauth:\n") &&
                        Catch::EndsWith("parameter: X }\n  token_2: { type: bearer }\n"));
}

TEST_CASE("connector extension: a file that nothing can be added to says so") {
  CHECK(error_of("connector: shop\n") == "shop.yaml has mistakes");
  const std::string refusal = "shop.yaml is not written so that something can be added to it";
  const std::string top = "connector: shop\nbase_url: https://shop.example\n";
  CHECK(error_of(top + "endpoints: { a: { method: GET, path: /a } }\n") == refusal);
  CHECK(error_of(top +
                 "auth: { k: { type: bearer } }\nendpoints:\n  a: { method: GET, path: / }\n") ==
        refusal);
  CHECK(error_of("{ connector: shop, base_url: 'https://shop.example', endpoints:\n"
                 "  { a: { method: GET, path: /a } } }\n") == "shop.yaml cannot be added to");
}

}  // namespace tba::importing
