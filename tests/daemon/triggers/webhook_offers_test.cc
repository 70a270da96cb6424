// Secrets that APIs send to webhooks themselves, through all of the daemon but its HTTP server.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "daemon/triggers/secret_offers.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"

using Catch::Matchers::Contains;
using tba::connectors::Hash;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::Reply;
using tba::triggers::SecretOffers;
using namespace std::chrono_literals;

namespace {

const std::string kToken = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";

std::string offer_of(const std::string& token) {
  return R"({"verification_token":")" + token + R"("})";
}

std::string token(int n) {
  return fmt::format("secret_{:020}", n);
}

/// A daemon with a webhook of Notion whose credential nobody has set.
struct World : DaemonWorld {
  World() {
    workflow("notes", R"(
on: { webhook: { connector: notion, event: page.created, credential: notion-hook } }
steps: [ { set: { id: "${{ .trigger.body.entity.id }}" } } ]
)");
  }

  Reply send(const std::string& body) {
    return post(
        "/hooks/notes", body,
        {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(body.size())}});
  }
  Reply offer(const std::string& secret) { return send(offer_of(secret)); }

  Reply deliver(const std::string& secret) {
    const std::string body = R"({"id":"e1","type":"page.created","entity":{"id":"p7"}})";
    const auto code = tba::connectors::hmac(Hash::sha256, secret, body);
    return post("/hooks/notes", body,
                {{"Content-Type", "application/json"},
                 {"Content-Length", std::to_string(body.size())},
                 {"X-Notion-Signature", "sha256=" + tba::connectors::hex(code)}});
  }

  Reply offers() { return get("/api/v1/credential-offers"); }
  Reply accept(const std::string& id) {
    return post("/api/v1/credential-offers/" + id + "/accept", "{}",
                {{"Content-Type", "application/json"}});
  }
  std::string id_of_newest() { return std::string(offers().at("items.0.id").as_string()); }

  std::string rejection() {
    return std::string(get("/api/v1/rejections").at("items.0.reason").as_string());
  }
};

}  // namespace

TEST_CASE("offers: Notion's token is shown, and used once somebody has accepted it") {
  World world;
  const auto held = world.get("/api/v1/workflows/notes");
  CHECK(held.json("state") == R"("held")");
  CHECK_THAT(held.json("reasons.0"), Contains("credential 'notion-hook' does not exist; Notion") &&
                                         Contains("`credential offers`"));

  const auto answer = world.offer(kToken);
  CHECK(answer.status == 200);
  CHECK(answer.text.empty());
  const auto offers = world.offers();
  CHECK(offers.at("items").size() == 1);
  CHECK(offers.json("items.0.credential") == R"("notion-hook")");
  CHECK(offers.json("items.0.connector") == R"("notion")");
  CHECK(offers.json("items.0.scheme") == R"("webhook")");
  CHECK(offers.json("items.0.workflow") == R"("notes")");
  CHECK(offers.json("items.0.from") == R"("192.0.2.7")");
  CHECK(offers.json("items.0.secret") == "\"" + kToken + "\"");

  // By itself it is good for nothing.
  check_problem(world.deliver(kToken), 503, "held");
  const auto accepted = world.accept(world.id_of_newest());
  CHECK(accepted.status == 201);
  CHECK(accepted.text == R"({"name":"notion-hook","connector":"notion","scheme":"webhook"})");
  CHECK(world.deliver(kToken).status == 202);
  CHECK(world.get("/api/v1/runs/latest").json("steps.0.result.body.id") == R"("p7")");
  CHECK(world.offers().at("items").size() == 0);
}

TEST_CASE("offers: one leaves a record that points to it and does not show it") {
  World world;
  world.offer(kToken);
  CHECK(world.rejection() ==
        "a secret is offered for credential 'notion-hook', which there is not yet: `credential "
        "offers` shows it");
  CHECK_THAT(world.get("/api/v1/rejections").text, !Contains(kToken));
  CHECK(world.get("/api/v1/deliveries").at("items").size() == 0);
}

TEST_CASE("offers: none is taken once the credential is there") {
  World world;
  world.offer(token(1));
  const auto id = world.id_of_newest();
  world.credential("notion-hook", "webhook", kToken, "notion");
  CHECK(world.offers().at("items").size() == 0);
  check_problem(world.accept(id), 404, "not_found");
  check_problem(world.offer(token(2)), 401, "bad_signature");
  CHECK(world.offers().at("items").size() == 0);
  CHECK(world.deliver(kToken).status == 202);

  // Whoever subscribes anew removes it first.
  world.call("DELETE", "/api/v1/credentials/notion-hook");
  CHECK(world.offer(token(2)).status == 200);
  CHECK(world.offers().at("items").size() == 1);
}

TEST_CASE("offers: only a plain secret of some length is one") {
  World world;
  for (const std::string& secret :
       {std::string(), std::string(15, 'a'), std::string(201, 'a'),
        std::string("secret with blanks in it"), std::string("secret\\u0007secret")}) {
    check_problem(world.offer(secret), 400, "bad_handshake");
    CHECK(world.rejection() ==
          "what is offered is no secret of 16 to 200 letters, digits and -._~+/=");
  }
  CHECK(world.offers().at("items").size() == 0);
  CHECK(world.offer(std::string(16, 'a')).status == 200);
  CHECK(world.offer(std::string(200, 'a')).status == 200);
}

TEST_CASE("offers: what is none meets a held workflow") {
  World world;
  for (const std::string body :
       {"", "{}", "garbage", R"({"verification_token":7})", R"(["verification_token"])"})
    check_problem(world.send(body), 503, "held");
  CHECK_THAT(world.rejection(), Contains("the workflow is held: credential 'notion-hook'"));
  check_problem(world.call("PUT", "/hooks/notes", offer_of(kToken), {{"Content-Length", "70"}}),
                503, "held");
  world.workflow("github", R"(
on: { webhook: { connector: github, credential: github-hook } }
steps: [ { set: { a: 1 } } ]
)");
  check_problem(world.post("/hooks/github", offer_of(kToken), {{"Content-Length", "70"}}), 503,
                "held");
  CHECK(world.offers().at("items").size() == 0);
}

TEST_CASE("offers: a body that is long, or does not say how long, is not read") {
  World world;
  const auto padded = offer_of(kToken) + std::string(4096 - offer_of(kToken).size(), ' ');
  CHECK(world.send(padded).status == 200);
  check_problem(world.send(padded + " "), 503, "held");
  check_problem(world.post("/hooks/notes", offer_of(kToken)), 503, "held");
  check_problem(world.post("/hooks/notes", offer_of(kToken), {{"Content-Length", "7x"}}), 503,
                "held");
  // Longer than it said.
  check_problem(world.post("/hooks/notes", padded + " ", {{"Content-Length", "7"}}), 503, "held");
}

TEST_CASE("offers: a credential has a few, and the newest come first") {
  World world;
  world.offer(token(1));
  const auto id = world.id_of_newest();
  world.client = "192.0.2.8";
  world.offer(token(1));  // the same again
  CHECK(world.offers().at("items").size() == 1);
  CHECK(world.id_of_newest() == id);
  CHECK(world.offers().json("items.0.from") == R"("192.0.2.8")");
  for (int n = 10; n < 20; ++n) {
    world.client = "198.51.100." + std::to_string(n);
    world.offer(token(n));
  }
  const auto offers = world.offers();
  CHECK(offers.at("items").size() == SecretOffers::kMost);
  CHECK(offers.json("items.0.secret") == "\"" + token(19) + "\"");
}

TEST_CASE("offers: who sends many displaces nobody but itself") {
  World world;
  world.offer(token(1));
  world.client = "198.51.100.1";
  for (int n = 10; n < 30; ++n) world.offer(token(n));
  const auto offers = world.offers();
  CHECK(offers.at("items").size() == SecretOffers::kMost);
  CHECK(offers.json("items.0.secret") == "\"" + token(29) + "\"");
  CHECK(offers.json("items.6.secret") == "\"" + token(23) + "\"");
  CHECK(offers.json("items.7.secret") == "\"" + token(1) + "\"");
}

TEST_CASE("offers: they are forgotten after a day, and when the daemon ends") {
  World world;
  world.offer(kToken);
  world.engine.clock.advance(SecretOffers::kLifetime);
  CHECK(world.offers().at("items").size() == 1);
  world.engine.clock.advance(1ms);
  CHECK(world.offers().at("items").size() == 0);
  world.offer(kToken);
  const auto id = world.id_of_newest();
  world.restart();
  check_problem(world.accept(id), 404, "not_found");
}

TEST_CASE("offers: any connector may describe them, as long as it is there") {
  World world;
  world.engine.folder.write("connectors/offering.yaml", R"(
connector: offering
base_url: https://offering.example
endpoints: {}
auth: { webhook: { type: webhook_secret } }
webhook:
  verify: { scheme: token, header: X-Token }
  handshakes:
    - { when: "${{ .query.give != null }}", offers_secret: "${{ .query.give }}",
        answer: { json: "${{ if .query.fail then error(\"no\") else .query.give[1000:] end }}" } }
)");
  world.reload();
  world.workflow("taking", R"(
on: { webhook: { connector: offering, credential: taken } }
steps: [ { set: { a: 1 } } ]
)");
  const auto give = [&](const std::string& query) {
    return world.post("/hooks/taking?" + query, "", {{"Content-Length", "0"}});
  };
  check_problem(give("give=a&give=b"), 400, "bad_handshake");
  CHECK(world.rejection() == "the handshake cannot be answered: what it needs is no text");
  check_problem(give("fail=1&give=" + kToken), 400, "bad_handshake");
  CHECK(world.offers().at("items").size() == 0);
  CHECK(give("give=" + kToken).text == R"("")");
  const auto id = world.id_of_newest();
  std::filesystem::remove(world.engine.folder / "workflows/taking.yaml");
  std::filesystem::remove(world.engine.folder / "connectors/offering.yaml");
  world.reload();
  check_problem(world.accept(id), 409, "conflict");
}
