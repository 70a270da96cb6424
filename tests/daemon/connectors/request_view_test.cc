#include "daemon/connectors/request_view.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

namespace tba::connectors {
namespace {

constexpr std::string_view kSecret = "s3cret/with space";
constexpr std::string_view kUserAndSecret = "u:s3cret/with space";

/// What is shown of a request with that body.
Value view_of(const std::string& type, const std::string& body) {
  const vault::LiveSecrets none;
  return request_view({.method = "POST",
                       .url = "https://api.example/",
                       .headers = {{"content-type", type}},
                       .body = body},
                      none);
}

std::string body_of(const Value& view) {
  return to_json(*view.find("body"));
}

}  // namespace

TEST_CASE("request view: secrets are masked in every form, wherever they stand") {
  vault::LiveSecrets live;
  const std::array secrets{kSecret, kUserAndSecret};
  const auto registration = live.add(secrets);
  const auto view = request_view(
      {.method = "PUT",
       .url = "https://api.example/s3cret%2Fwith%20space?k=s3cret%2Fwith+space",
       .headers = {{"Authorization", "Basic dTpzM2NyZXQvd2l0aCBzcGFjZQ=="}, {"X-Key", "a"}},
       .body = "in the s3cret/with space of a text"},
      live);
  CHECK(to_json(view) == R"({"method":"PUT","url":"https://api.example/********?k=********",)"
                         R"("headers":{"Authorization":"Basic ********","X-Key":"a"},)"
                         R"("body":"in the ******** of a text","body_bytes":34})");
}

TEST_CASE("request view: JSON is shown as what it says, everything else as text") {
  CHECK(body_of(view_of("application/json", R"({"a": [1, 2]})")) == R"({"a":[1,2]})");
  CHECK(body_of(view_of("Application/Problem+JSON; charset=utf-8", "[1]")) == "[1]");
  CHECK(body_of(view_of("application/json", "{")) == R"("{")");
  CHECK(body_of(view_of("text/plain", "[1]")) == R"("[1]")");
  CHECK(body_of(view_of("text/plain", "")) == "null");
  CHECK(body_of(view_of("image/png", "\x89PNG")) == "\"\uFFFDPNG\"");
}

TEST_CASE("request view: of a long body the beginning is shown, and its length") {
  std::string text;
  while (text.size() < 100'000) text += "aé";
  const auto view = view_of("application/json", "\"" + text + "\"");
  const auto shown = view.find("body")->as_string();
  CHECK(shown.size() > 16'000);
  CHECK(shown.size() <= 16 << 10);
  CHECK(shown.ends_with("é"));
  CHECK(view.find("body_bytes")->as_integer() == static_cast<std::int64_t>(text.size() + 2));
}

}  // namespace tba::connectors
