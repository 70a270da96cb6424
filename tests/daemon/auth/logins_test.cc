#include "daemon/auth/logins.h"

#include "tests/daemon/auth/auth_world.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using tba::ErrorCode;
using tba::auth::Logins;
using tba::tests::AuthWorld;
using tba::tests::sent;
using Grant = tba::OAuth2Scheme::Grant;

namespace {

constexpr auto* kHere = "http://127.0.0.1:8765/callback";
constexpr auto* kTokens =
    R"({"access_token":"access-1","refresh_token":"refresh-1","expires_in":3600})";

struct World : AuthWorld {
  World() { set("mine", "oauth", {{"client_id", "c1"}, {"client_secret", "client-secret"}}); }

  tba::Result<Logins::Begun> begin(std::optional<Grant> grant = std::nullopt,
                                   const std::string& redirect_uri = kHere,
                                   const std::string& name = "mine") {
    return await(logins->begin(name, grant, redirect_uri));
  }
  tba::Result<Logins::Progress> go_on(const std::string& id, const std::string& url = "") {
    return await(logins->go_on("mine", id, url));
  }
};

std::string query_of(const std::string& url, const std::string& name) {
  const auto fields = tba::http::parse_form(url.substr(url.find('?') + 1)).value();
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return "";
}

std::string came_back(const Logins::Begun& begun, const std::string& code = "code-1") {
  return kHere + std::string("?code=") + code + "&state=" + query_of(begun.url, "state");
}

}  // namespace

TEST_CASE("logins: a credential waits for its login, and works after it") {
  World world;
  CHECK(world.credentials->problem("mine") ==
        "credential 'mine' cannot be used: nobody has logged in with it yet; `tba-integrate "
        "credential login mine` does");
  const auto begun = world.begin();
  REQUIRE(begun);
  CHECK(begun->grant == Grant::authorization_code);
  CHECK(begun->expires_at == world.clock.now() + 10min);
  CHECK_THAT(begun->url, StartsWith("https://login.notes.example/authorize?response_type=code"));
  CHECK(query_of(begun->url, "client_id") == "c1");
  CHECK(query_of(begun->url, "redirect_uri") == kHere);
  CHECK(query_of(begun->url, "scope") == "read write");
  CHECK(query_of(begun->url, "prompt") == "consent");
  CHECK(query_of(begun->url, "code_challenge_method") == "S256");
  CHECK(query_of(begun->url, "code_challenge").size() == 43);
  CHECK(query_of(begun->url, "state").size() >= 22);
  CHECK_THAT(begun->url, !Contains("client-secret"));

  world.http.script.answer(200, kTokens);
  world.changed.clear();
  const auto done = world.go_on(begun->id, came_back(*begun));
  REQUIRE(done);
  CHECK(done->is_done);
  CHECK(world.credentials->problem("mine").empty());
  CHECK(world.changed == std::vector<std::string>{"mine"});
  CHECK((world.usable().value()->field("access_token") == "access-1"));
  CHECK(world.field("mine", "grant") == "authorization_code");
  REQUIRE(world.requests().size() == 1);
  const auto& request = world.requests().front();
  CHECK(sent(request, "grant_type") == "authorization_code");
  CHECK(sent(request, "code") == "code-1");
  CHECK(sent(request, "redirect_uri") == kHere);
  CHECK(sent(request, "code_verifier").size() == 43);
}

TEST_CASE("logins: the challenge is the verifier's hash, and each login has its own") {
  World world;
  world.http.script.answer(200, kTokens);
  const auto first = world.begin();
  const auto second = world.begin();
  CHECK(query_of(first->url, "code_challenge") != query_of(second->url, "code_challenge"));
  CHECK(query_of(first->url, "state") != query_of(second->url, "state"));
  CHECK(first->id != second->id);
  REQUIRE(world.go_on(second->id, came_back(*second)));
  const auto verifier = sent(world.requests().front(), "code_verifier");
  const auto hash = *tba::connectors::from_hex(tba::connectors::sha256_hex(verifier));
  CHECK(tba::vault::base64(hash, tba::vault::Base64::url_safe) ==
        query_of(second->url, "code_challenge"));
}

TEST_CASE("logins: another URL than the one expected counts for nothing") {
  World world;
  const auto begun = world.begin();
  const auto state = query_of(begun->url, "state");
  for (const auto& url :
       {std::string(), std::string("nonsense"), std::string(kHere),
        "http://127.0.0.1:8765/other?code=c&state=" + state,
        "http://127.0.0.1:8766/callback?code=c&state=" + state,
        "https://127.0.0.1:8765/callback?code=c&state=" + state,
        std::string(kHere) + "x?code=c&state=" + state, std::string(kHere) + "?code=c&state=other",
        std::string(kHere) + "?code=c", std::string(kHere) + "?%zz",
        std::string(kHere) + "?state=" + state + "&code=" + std::string(20'000, 'c')}) {
    CAPTURE(url);
    const auto progress = world.go_on(begun->id, url);
    REQUIRE(progress);
    CHECK_FALSE(progress->is_done);
    CHECK_FALSE(progress->problem.empty());
  }
  CHECK(world.requests().empty());
  world.http.script.answer(200, kTokens);
  CHECK(world.go_on(begun->id, came_back(*begun))->is_done);
}

TEST_CASE("logins: a URL counts once, for its own login, and not for ever") {
  World world;
  world.http.script.answer(400, R"({"error":"invalid_grant"})");
  const auto begun = world.begin();
  const auto refused = world.go_on(begun->id, came_back(*begun));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK_THAT(refused.error().message, Contains("brought no token") && Contains("invalid_grant"));
  CHECK(world.go_on(begun->id, came_back(*begun)).error().code == ErrorCode::not_found);

  const auto late = world.begin();
  world.set("other", "oauth", {{"client_id", "c2"}});
  CHECK(world.await(world.logins->go_on("other", late->id, came_back(*late))).error().code ==
        ErrorCode::not_found);
  world.clock.advance(10min);
  CHECK(world.go_on(late->id, came_back(*late)).error().code == ErrorCode::not_found);
  CHECK(world.go_on("nonsense").error().code == ErrorCode::not_found);
}

TEST_CASE("logins: who does not agree ends it") {
  World world;
  const auto begun = world.begin();
  const auto refused =
      world.go_on(begun->id, std::string(kHere) + "?error=access_denied&error_description=no+way" +
                                 "&state=" + query_of(begun->url, "state"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the login was refused: access_denied, no way");
  CHECK(world.requests().empty());
}

TEST_CASE("logins: it comes back to this machine, or by TLS") {
  World world;
  for (const auto* uri : {"http://127.0.0.1:1/a", "http://[::1]:1/a", "http://localhost:1/a",
                          "https://example.com/callback"}) {
    CAPTURE(uri);
    CHECK(world.begin(std::nullopt, uri).has_value());
  }
  for (const auto* uri :
       {"", "http://example.com/a", "http://127.0.0.1.evil.test/", "https://", "ftp://127.0.0.1/",
        "https://a.example/#x", "https://u@a.example/", "http://localhost@evil.test/"}) {
    CAPTURE(uri);
    const auto begun = world.begin(std::nullopt, uri);
    REQUIRE_FALSE(begun);
    CHECK(begun.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("logins: a device code is asked for until somebody has agreed") {
  World world;
  world.http.script.answer(
      200, R"({"device_code":"d-1","user_code":"AB-CD","verification_uri":"https://x.example/d",)"
           R"("expires_in":900,"interval":5})");
  const auto begun = world.begin(Grant::device_code);
  REQUIRE(begun);
  CHECK(begun->user_code == "AB-CD");
  CHECK(begun->url == "https://x.example/d");
  CHECK(begun->interval == 5s);
  CHECK_FALSE(world.go_on(begun->id)->is_done);
  CHECK(world.requests().size() == 1);  // too early to ask

  world.clock.advance(5s);
  world.http.script.answer_only(
      tba::net::HttpResponse{400, {}, R"({"error":"authorization_pending"})"});
  CHECK_FALSE(world.go_on(begun->id)->is_done);
  CHECK(sent(world.requests().back(), "device_code") == "d-1");
  CHECK(sent(world.requests().back(), "grant_type") ==
        "urn:ietf:params:oauth:grant-type:device_code");

  world.clock.advance(5s);
  world.http.script.answer_only(tba::net::HttpResponse{400, {}, R"({"error":"slow_down"})"});
  CHECK_FALSE(world.go_on(begun->id)->is_done);
  world.clock.advance(9s);
  CHECK_FALSE(world.go_on(begun->id)->is_done);
  CHECK(world.requests().size() == 3);  // ten seconds from now on
  world.clock.advance(1s);
  world.http.script.answer_only(tba::net::HttpResponse{503, {}, ""});
  CHECK_FALSE(world.go_on(begun->id)->is_done);
  world.clock.advance(10s);
  world.http.script.answer_only(tba::net::HttpResponse{200, {}, kTokens});
  CHECK(world.go_on(begun->id)->is_done);
  CHECK((world.usable().value()->field("access_token") == "access-1"));
  CHECK(world.go_on(begun->id).error().code == ErrorCode::not_found);
}

TEST_CASE("logins: a device code that ran out, or was refused, ends the login") {
  World world;
  world.http.script.answer(
      200, R"({"device_code":"d-1","user_code":"AB","verification_uri":"https://x.example/d"})");
  const auto begun = world.begin(Grant::device_code);
  world.clock.advance(5s);
  world.http.script.answer_only(tba::net::HttpResponse{400, {}, R"({"error":"access_denied"})"});
  CHECK(world.go_on(begun->id).error().code == ErrorCode::invalid);
  CHECK(world.go_on(begun->id).error().code == ErrorCode::not_found);
}

TEST_CASE("logins: a device endpoint that fails begins none") {
  World world;
  world.http.script.answer(503, "");
  CHECK(world.begin(Grant::device_code).error().code == ErrorCode::unavailable);
  world.http.script.answer_only(tba::net::HttpResponse{401, {}, R"({"error":"invalid_client"})"});
  CHECK(world.begin(Grant::device_code).error().code == ErrorCode::invalid);
}

TEST_CASE("logins: a grant that needs nobody is done at once") {
  World world;
  world.set("app", "app", {{"client_id", "c1"}, {"client_secret", "s"}, {"tenant", "t"}});
  world.http.script.answer(200, R"({"access_token":"access-1"})");
  const auto done = world.begin(std::nullopt, "", "app");
  REQUIRE(done);
  CHECK(done->id.empty());
  CHECK(world.field("app", "access_token") == "access-1");
  world.http.script.answer_only(
      tba::net::HttpResponse{400, {}, R"({"error":"unauthorized_client"})"});
  CHECK_THAT(world.begin(std::nullopt, "", "app").error().message, Contains("unauthorized_client"));
}

TEST_CASE("logins: what knows no login, or not this one, says so") {
  World world;
  const auto problem = [&](const std::string& name, std::optional<Grant> grant = std::nullopt) {
    const auto begun = world.begin(grant, kHere, name);
    REQUIRE_FALSE(begun);
    return begun.error();
  };
  CHECK(problem("nobody").code == ErrorCode::not_found);
  world.set("plain", "token", {{"token", "s3cret"}});
  CHECK(problem("plain").message == "credential 'plain' is of type bearer, which knows no login");
  const auto other = problem("mine", Grant::client_credentials);
  CHECK(other.message ==
        "auth scheme 'oauth' of connector 'notes' has no grant 'client_credentials'");
  CHECK(other.hint == "it has: authorization_code, device_code");
}

TEST_CASE("logins: only so many are under way at a time") {
  World world;
  for (int i = 0; i < 100; ++i) REQUIRE(world.begin());
  CHECK(world.begin().error().code == ErrorCode::limit_exceeded);
  world.clock.advance(10min);
  CHECK(world.begin().has_value());
}
