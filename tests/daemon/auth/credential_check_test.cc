#include "daemon/auth/credential_check.h"

#include <initializer_list>
#include <map>
#include <string>

#include "shared/connector_catalog.h"
#include "tests/daemon/auth/auth_world.h"
#include "tests/daemon/auth/signing_key.h"
#include "tests/support/certificate.h"

using Catch::Matchers::Contains;
using tba::Connector;
using Given = std::map<std::string, std::string>;

namespace {

std::shared_ptr<const Connector> connector(const std::string& text) {
  tba::Diagnostics diagnostics;
  auto read = tba::read_connector("a.yaml", text, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(read);
  return std::make_shared<const Connector>(*std::move(read));
}

/// What is wrong with a credential; empty where nothing is. No message shows what must stay secret.
std::string problem(const std::shared_ptr<const Connector>& of, const std::string& scheme,
                    const Given& fields) {
  tba::vault::NewCredential made{"mine", of, scheme, "https://a.example", {}};
  for (const auto& [name, value] : fields) made.fields.emplace(name, tba::vault::Secret(value));
  tba::tests::SeededRandom random(1);
  const auto usable =
      tba::auth::check_usable(made, {tba::Instant(std::chrono::seconds(1'700'000'000)), random});
  if (usable) return "";
  CHECK(usable.error().code == tba::ErrorCode::invalid);
  CHECK_THAT(usable.error().message + usable.error().hint, !Contains("swordfish"));
  return usable.error().message;
}

}  // namespace

TEST_CASE("credential check: a key that signs tokens is one that can") {
  const auto notes = tba::tests::notes();
  const auto robot = [&](const std::string& key) {
    return problem(notes, "robot",
                   {{"client_email", "a@b"}, {"private_key_id", "k"}, {"private_key", key}});
  };
  CHECK(robot(tba::tests::pem(tba::tests::rsa(2048))).empty());
  CHECK(robot("swordfish") == "the private key cannot be read");
  CHECK(robot(tba::tests::pem(tba::tests::rsa(2048), EVP_aes_256_cbc())) ==
        "the private key cannot be read");
  CHECK(robot(tba::tests::pem(tba::tests::curve("P-256"))) ==
        "the private key is none of RSA, as RS256 needs");
  CHECK_THAT(problem(notes, "installation",
                     {{"app_id", "1"},
                      {"installation_id", "2"},
                      {"private_key", tba::tests::pem(tba::tests::curve("P-384"))}}),
             Contains("none of P-256"));
}

TEST_CASE("credential check: a certificate has its own key") {
  const auto api = connector("connector: a\nauth: { tls: { type: mutual_tls } }\nendpoints: {}\n");
  const auto mine = tba::tests::make_certificate();
  const auto other = tba::tests::make_certificate();
  const auto tls = [&](const std::string& certificate, const std::string& key) {
    return problem(api, "tls", {{"certificate", certificate}, {"private_key", key}});
  };
  CHECK(tls(mine.certificate, mine.key).empty());
  CHECK_THAT(tls(mine.certificate, other.key), Contains("not that of the client certificate"));
  CHECK_THAT(tls("swordfish", mine.key), Contains("not one in PEM"));
  CHECK_THAT(tls(mine.certificate, "swordfish"), Contains("not one in PEM"));
}

TEST_CASE("credential check: a secret is in the encoding that it is read in") {
  const auto api = connector(
      "connector: a\nbase_url: https://a.example\nauth:\n"
      "  signed: { type: hmac, header: X-S, signed: '{body}', secret_encoding: hex }\n"
      "  hook: { type: webhook_secret }\n"
      "webhook: { verify: { auth: hook, scheme: hmac_sha256, header: X-S, "
      "secret: { encoding: base64 } } }\n"
      "endpoints: {}\n");
  CHECK(problem(api, "signed", {{"secret", "00ff"}}).empty());
  CHECK_THAT(problem(api, "signed", {{"secret", "swordfish"}}), Contains("not written in hex"));
  CHECK(problem(api, "hook", {{"secret", "c3dvcmRmaXNo"}}).empty());
  CHECK_THAT(problem(api, "hook", {{"secret", "?swordfish?"}}), Contains("not a key in base64"));
}

TEST_CASE("credential check: names and URLs of its own can be sent") {
  const auto http = tba::built_in_connectors().find("http");
  REQUIRE(http);
  CHECK(problem(http, "header", {{"header", "X-Key"}, {"key", "swordfish"}}).empty());
  CHECK(problem(http, "header", {{"header", "X Key"}, {"key", "swordfish"}}) ==
        "'X Key' is not the name of a header");
  CHECK(problem(http, "cookie", {{"cookie", "a;b"}, {"key", "swordfish"}}) ==
        "'a;b' is not the name of a cookie");
  CHECK(problem(http, "query", {{"parameter", "a b"}, {"key", "swordfish"}}).empty());

  const auto client = [&](const std::string& url, const std::string& end = "") {
    Given given{{"client_id", "c"}, {"client_secret", "swordfish"}, {"token_url", url}};
    if (!end.empty()) given.emplace("expires_at", end);
    return problem(http, "oauth2-client", given);
  };
  CHECK(client("https://a.example/token?x=1").empty());
  for (const auto* url : {"https://", "a.example/token", "ftp://a.example/", "https://a b/"}) {
    CAPTURE(url);
    CHECK(client(url) == "the field 'token_url' is not an absolute http or https URL");
  }
  CHECK(client("https://a.example/token", "2026-01-31T09:00:00Z").empty());
  CHECK(client("https://a.example/token", "tomorrow") == "the field 'expires_at' is not a time");
}

TEST_CASE("credential check: what is missing, or of no scheme, is left to whoever stores it") {
  const auto notes = tba::tests::notes();
  CHECK(problem(notes, "robot", {{"client_email", "a@b"}}).empty());
  CHECK(problem(notes, "nothing", {{"private_key", "swordfish"}}).empty());
  CHECK(problem(notes, "token", {{"token", "swordfish"}}).empty());
}
