#include "daemon/auth/token_request.h"

#include <map>
#include <string>

#include "shared/connector_catalog.h"
#include "tests/daemon/auth/auth_world.h"
#include "tests/daemon/auth/signing_key.h"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using tba::OAuth2Scheme;
using tba::auth::Client;
using tba::auth::device_request;
using tba::auth::device_token_request;
using tba::auth::scopes_of;
using tba::auth::token_request;
using tba::auth::unattended_request;
using tba::tests::header;
using tba::tests::sent;
using tba::vault::Credential;

namespace {

/// A credential of `notes`, and what describes it.
struct World {
  std::shared_ptr<const tba::Connector> connector = tba::tests::notes();
  Credential credential;
  tba::tests::SeededRandom random{1};
  const std::string key = tba::tests::pem(tba::tests::curve("P-256"));

  Client client(const std::string& scheme, const std::map<std::string, std::string>& fields) {
    credential.name = "mine";
    credential.connector = "notes";
    credential.scheme = scheme;
    credential.fields.clear();
    for (const auto& [name, value] : fields)
      credential.fields.emplace(name, tba::vault::Secret(value));
    return {*connector, *connector->scheme(scheme)->oauth2, credential};
  }
};

tba::Value claims_of(const std::string& token) {
  const auto first = token.find('.');
  const auto claims = token.substr(first + 1, token.find('.', first + 1) - first - 1);
  return tba::parse_json(*tba::vault::from_base64(claims, tba::vault::Base64::url_safe)).value();
}

}  // namespace

TEST_CASE("token request: a client's secret is encoded before it goes into the header") {
  World world;
  const auto client = world.client("oauth", {{"client_id", "c:1"}, {"client_secret", "a b%"}});
  const auto request = token_request(client, {{"grant_type", "refresh_token"}, {"empty", ""}});
  CHECK(header(request, "Authorization") == "Basic YyUzQTE6YSUyMGIlMjU=");
  CHECK(request.body == "grant_type=refresh_token");
  CHECK(request.method == "POST");
  CHECK(header(request, "Accept") == "application/json");
  CHECK(header(request, "Content-Type") == "application/x-www-form-urlencoded");
}

TEST_CASE("token request: a client without a secret only says who it is") {
  World world;
  const auto request = token_request(world.client("oauth", {{"client_id", "c1"}}), {});
  CHECK(header(request, "Authorization").empty());
  CHECK(request.body == "client_id=c1");
}

TEST_CASE("token request: {origin} is the credential's own where it has one") {
  World world;
  const auto client = world.client("app", {{"client_id", "c"}, {"tenant", "t/1"}});
  CHECK(token_request(client, {}).url == "https://api.notes.example/t%2F1/token");
  world.credential.base_url = "http://127.0.0.1:8080/api/v3";
  CHECK(token_request(client, {}).url == "http://127.0.0.1:8080/t%2F1/token");
}

TEST_CASE("token request: a URL that is a field of the credential is taken as it is") {
  tba::OAuth2Scheme scheme;
  scheme.token_url = "{token_url}";
  World world;
  world.client("oauth", {{"client_id", "c"}, {"token_url", "https://a.example/t?x=1&y=%20"}});
  const Client client{*world.connector, scheme, world.credential};
  CHECK(token_request(client, {}).url == "https://a.example/t?x=1&y=%20");
  CHECK(tba::auth::filled_url("https://a.example/{token_url}", client) ==
        "https://a.example/https%3A%2F%2Fa.example%2Ft%3Fx%3D1%26y%3D%2520");
}

TEST_CASE("token request: the scopes are the credential's own, or the scheme's") {
  World world;
  CHECK(scopes_of(world.client("oauth", {})) == "read write");
  CHECK(scopes_of(world.client("oauth", {{"scopes", "admin"}})) == "admin");
  const auto request = device_request(world.client("oauth", {{"client_id", "c1"}}));
  CHECK(request.url == "https://login.notes.example/device");
  CHECK(request.body == "client_id=c1&scope=read%20write");
}

TEST_CASE("token request: an API may have a name of its own for the scopes of a device") {
  World world;
  const auto twitch = tba::built_in_connectors().find("twitch");
  const auto& scheme = *twitch->scheme("oauth")->oauth2;
  world.client("oauth", {{"client_id", "c1"}, {"scopes", "chat:read"}});
  const tba::auth::Client client{*twitch, scheme, world.credential};
  CHECK(device_request(client).body == "client_id=c1&scopes=chat%3Aread");
  CHECK(device_token_request(client, "d").body ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d&"
        "scopes=chat%3Aread&client_id=c1");
  CHECK(device_token_request(world.client("oauth", {{"client_id", "c1"}}), "d").body ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d&"
        "client_id=c1");
}

TEST_CASE("token request: a service account's key signs what it claims") {
  World world;
  tba::Instant now{std::chrono::seconds(1'800'000'000)};
  const auto fields = std::map<std::string, std::string>{
      {"app_id", "77"}, {"installation_id", "5"}, {"private_key", world.key}};
  const auto request = unattended_request(world.client("installation", fields),
                                          OAuth2Scheme::Grant::jwt_bearer, now, world.random);
  REQUIRE(request);
  CHECK(request->url == "https://api.notes.example/installations/5/tokens");
  CHECK(request->body.empty());
  const auto token = header(*request, "Authorization");
  REQUIRE_THAT(token, StartsWith("Bearer ey"));
  const auto claims = claims_of(token.substr(7));
  CHECK(claims.find("iss")->as_string() == "77");
  CHECK(claims.find("iat")->as_integer() == 1'799'999'970);
  CHECK(claims.find("exp")->as_integer() == 1'800'000'270);
  CHECK_FALSE(claims.find("aud"));
  CHECK_FALSE(claims.find("scope"));
}

TEST_CASE("token request: an assertion has its place in the body, and its own audience") {
  World world;
  auto scheme = *world.connector->scheme("robot")->oauth2;
  scheme.jwt->algorithm = OAuth2Scheme::Jwt::Algorithm::es256;
  (void)world.client("robot", {{"client_email", "robot@notes.example"},
                               {"private_key_id", "k7"},
                               {"private_key", world.key}});
  const Client client{*world.connector, scheme, world.credential};
  const auto request =
      unattended_request(client, OAuth2Scheme::Grant::jwt_bearer, {}, world.random);
  REQUIRE(request);
  CHECK(sent(*request, "grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer");
  CHECK(sent(*request, "scope") == "read");
  const auto claims = claims_of(sent(*request, "assertion"));
  CHECK(claims.find("iss")->as_string() == "robot@notes.example");
  CHECK(claims.find("aud")->as_string() == "https://login.notes.example");
  CHECK(claims.find("scope")->as_string() == "read");
}

TEST_CASE("token request: a key that cannot sign makes no request") {
  World world;
  const auto request =
      unattended_request(world.client("robot", {{"client_email", "r"}, {"private_key", "s3cret"}}),
                         OAuth2Scheme::Grant::jwt_bearer, {}, world.random);
  REQUIRE_FALSE(request);
  CHECK_THAT(request.error().message, Contains("cannot be read") && !Contains("s3cret"));
}
