// What the built-in connectors' webhooks answer by themselves, through all of the daemon but its
// HTTP server.
#include "daemon/triggers/webhook_handshake.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "daemon/connectors/hmac.h"
#include "shared/time_format.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"

using Catch::Matchers::Contains;
using tba::connectors::Hash;
using tba::connectors::hmac;
using tba::http::Headers;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::Reply;

namespace {

const std::string kSecret = "z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

/// A daemon with a webhook of that connector.
struct World : DaemonWorld {
  explicit World(const std::string& connector, const std::string& secret = kSecret,
                 const std::string& scheme = "webhook") {
    credential("hook", scheme, secret, connector);
    workflow("announce", "on: { webhook: { connector: " + connector +
                             ", credential: hook } }\n"
                             "steps: [ { set: { event: '${{ .trigger.event }}' } } ]\n");
  }

  std::string seconds() const {
    return std::to_string(
        std::chrono::floor<std::chrono::seconds>(engine.clock.now()).time_since_epoch().count());
  }

  /// Posts as Slack does.
  Reply slack(const std::string& body, const std::string& secret = kSecret,
              const std::string& type = "application/json") {
    const auto code = hmac(Hash::sha256, secret, "v0:" + seconds() + ":" + body);
    return post("/hooks/announce", body,
                {{"Content-Type", type},
                 {"X-Slack-Request-Timestamp", seconds()},
                 {"X-Slack-Signature", "v0=" + hex(code)}});
  }

  std::size_t deliveries() { return get("/api/v1/deliveries").at("items").size(); }

  std::string rejection() {
    return std::string(get("/api/v1/rejections").at("items.0.reason").as_string());
  }
};

/// Who signs as Discord does.
struct Signer {
  Signer() { crypto_sign_keypair(public_key.data(), key.data()); }

  std::string public_key_text() const { return fmt::format("{:02x}", fmt::join(public_key, "")); }

  Headers sign(const std::string& time, const std::string& body) const {
    const auto text = time + body;
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         key.data());
    return {{"X-Signature-Timestamp", time},
            {"X-Signature-Ed25519", fmt::format("{:02x}", fmt::join(signature, ""))}};
  }

  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> key{};
};

}  // namespace

TEST_CASE("handshake: Slack gets its challenge back, if it is Slack that asks") {
  World world("slack");
  const std::string body = R"({"type":"url_verification","challenge":"3eZbrw1aB"})";
  const auto reply = world.slack(body);
  CHECK(reply.status == 200);
  CHECK(reply.text == "3eZbrw1aB");
  CHECK(reply.headers.find("Content-Type") == "text/plain; charset=utf-8");
  check_problem(world.slack(body, "another secret"), 401, "bad_signature");
  check_problem(world.slack(R"({"type":"url_verification"})"), 400, "bad_handshake");
  CHECK(world.rejection() == "the handshake cannot be answered: what it needs is no text");
  CHECK(world.deliveries() == 0);
}

TEST_CASE("handshake: what is none is a delivery, which is answered as its sender likes it") {
  World world("slack");
  const std::string body =
      R"({"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}})";
  for (int i = 0; i < 2; ++i) {
    const auto reply = world.slack(body);
    CHECK(reply.status == 200);
    CHECK(reply.text.empty());
  }
  CHECK(world.deliveries() == 1);
  CHECK(world.get("/api/v1/runs/latest").json("steps.0.result.body.event") == R"("app_mention")");
}

TEST_CASE("handshake: a form of Slack's is a command, or the interaction that it holds") {
  World world("slack");
  const std::string form = "application/x-www-form-urlencoded";
  const std::string body = "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A7%7D";
  CHECK(world.slack(body, kSecret, form).status == 200);
  auto run = world.get("/api/v1/runs/latest");
  CHECK(run.json("steps.0.result.body.event") == R"("interaction.block_actions")");
  CHECK(run.json("trigger_context.body") == R"({"type":"block_actions","user":7})");
  CHECK(world.slack("command=%2Fdeploy&text=now", kSecret, form).status == 200);
  run = world.get("/api/v1/runs/latest");
  CHECK(run.json("steps.0.result.body.event") == R"("command")");
  CHECK(run.json("trigger_context.body") == R"({"command":"/deploy","text":"now"})");
}

TEST_CASE("handshake: a delivery that is too old leaves a record that says how old it is") {
  World world("slack");
  const std::string body = "{}";
  const auto code = hmac(Hash::sha256, kSecret, "v0:" + world.seconds() + ":" + body);
  const Headers headers{{"X-Slack-Request-Timestamp", world.seconds()},
                        {"X-Slack-Signature", "v0=" + hex(code)}};
  world.engine.clock.advance(std::chrono::minutes(7));
  check_problem(world.post("/hooks/announce", body, headers), 401, "bad_signature");
  CHECK_THAT(world.rejection(), Contains("the timestamp in X-Slack-Request-Timestamp is 7m") &&
                                    Contains("old, more than 5m"));
  CHECK(world.deliveries() == 0);
}

TEST_CASE("handshake: X's challenge is signed for anybody, but nothing that could be a delivery") {
  World world("x");
  const auto ask = [&](const std::string& token) {
    return world.call("GET", "/hooks/announce?crc_token=" + token);
  };
  const auto reply = ask("9b4507b3-9040-4669-9ca3-6b94edb50553");
  CHECK(reply.status == 200);
  CHECK(reply.text ==
        R"({"response_token":"sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8="})");
  check_problem(ask("%7B%22for_user_id%22:%221%22%7D"), 401, "bad_signature");
  CHECK(world.rejection() == "what is asked to be signed is no challenge");
  check_problem(ask("a&crc_token=b"), 400, "bad_handshake");
  check_problem(world.call("GET", "/hooks/announce"), 405, "method_not_allowed");
  check_problem(world.post("/hooks/announce?crc_token=a", "{}"), 401, "bad_signature");
  CHECK(world.deliveries() == 0);
}

TEST_CASE("handshake: a challenge is taken before any body is wanted") {
  World world("x");
  const auto& routes = world.routes();
  const auto hooks = std::ranges::find_if(routes, [](const auto& route) {
    return route.pattern == "/hooks/{path*}" && route.method == "GET";
  });
  tba::http::Request request;
  request.method = "GET";
  request.parameters.emplace_back("path", "announce");
  request.query.emplace_back("crc_token", "abc");
  CHECK_FALSE(hooks->admits(request));
  request.query.clear();
  CHECK(hooks->admits(request)->answer.status == 405);
}

TEST_CASE("handshake: Discord's pings are answered, of interactions and of events") {
  const Signer discord;
  World world("discord", discord.public_key_text(), "application");
  const auto post = [&](const std::string& body) {
    return world.post("/hooks/announce", body, discord.sign(world.seconds(), body));
  };
  const auto interaction = post(R"({"type":1,"id":"1"})");
  CHECK(interaction.status == 200);
  CHECK(interaction.text == R"({"type":1})");
  const auto event = post(R"({"type":0,"application_id":"1"})");
  CHECK(event.status == 204);
  CHECK(event.text.empty());
  CHECK(world.deliveries() == 0);
  const auto delivery = post(R"({"type":1,"event":{"type":"ENTITLEMENT_CREATE"}})");
  CHECK(delivery.status == 204);
  CHECK(world.deliveries() == 1);
  const auto command = post(R"({"type":2,"id":"9"})");  // to be answered by a call
  CHECK(command.status == 202);
  CHECK(command.text.empty());
  CHECK(world.deliveries() == 2);
  // Discord sends wrong signatures to see them refused.
  check_problem(world.post("/hooks/announce", R"({"type":1})",
                           discord.sign(world.seconds(), R"({"type":0})")),
                401, "bad_signature");
}

TEST_CASE("handshake: Twitch gets its challenge back, and its revocation is an event") {
  World world("twitch");
  const auto post = [&](const std::string& type, const std::string& body) {
    const std::string time = tba::format_time(world.engine.clock.now());
    return world.post("/hooks/announce", body,
                      {{"Twitch-Eventsub-Message-Id", "m-" + type},
                       {"Twitch-Eventsub-Message-Timestamp", time},
                       {"Twitch-Eventsub-Message-Type", type},
                       {"Twitch-Eventsub-Subscription-Type", "stream.online"},
                       {"Twitch-Eventsub-Message-Signature",
                        "sha256=" + hex(hmac(Hash::sha256, kSecret, "m-" + type + time + body))}});
  };
  const auto reply = post("webhook_callback_verification", R"({"challenge":"pogchamp"})");
  CHECK(reply.status == 200);
  CHECK(reply.text == "pogchamp");
  CHECK(world.deliveries() == 0);
  CHECK(post("revocation", "{}").status == 202);
  CHECK(world.get("/api/v1/deliveries").json("items.0.event") == R"("revocation")");
}

TEST_CASE("handshake: a secret that cannot be the key holds the workflow") {
  World world("openai", "no base64!");
  check_problem(world.post("/hooks/announce", "{}"), 503, "held");
  CHECK_THAT(world.rejection(), Contains("its secret is not a key in base64"));
}
