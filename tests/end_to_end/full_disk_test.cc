#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/github.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kSecret = "webhook-secret";
constexpr auto kInbox = R"(
on: { webhook: { connector: github, credential: github-webhook } }
steps: [{ set: { x: 1 } }]
)";

}  // namespace

TEST_CASE("full disk: what cannot be stored is not acknowledged, and is taken when there is room") {
  DaemonProcess daemon;
  daemon.write_workflow("inbox", kInbox);
  daemon.start();
  daemon.set_credential(
      "github-webhook",
      {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", kSecret}}}});
  httplib::Client client("127.0.0.1", daemon.port());
  const auto post = [&](const std::string& id, const std::string& body) {
    return client.Post("/hooks/inbox", signed_github_headers("push", id, kSecret, body), body,
                       "application/json");
  };
  std::mt19937 random(1);
  const auto incompressible = [&] {
    std::string text = "\"";
    while (text.size() < 100'000) text += fmt::format("{:08x}", random());
    return text + '"';
  };

  // The file system's limit stands in for its end: it works without mounting anything.
  std::map<std::string, std::string> acknowledged;
  daemon.limit_files(1 << 20);
  std::string refused_id;
  std::string refused_body;
  for (int i = 0; refused_id.empty(); ++i) {
    REQUIRE(i < 100);
    const auto id = fmt::format("before-{}", i);
    const auto body = incompressible();
    const auto answer = post(id, body);
    REQUIRE(answer);
    INFO(answer->body);
    if (answer->status == 202) {
      acknowledged[id] = body;
      continue;
    }
    REQUIRE(answer->status == 503);
    const auto problem = json::parse(answer->body);
    CHECK(problem["code"] == "unavailable");
    CHECK_THAT(problem["detail"].get<std::string>(), Catch::Contains("tba.db"));
    refused_id = id;
    refused_body = body;
  }
  REQUIRE_FALSE(acknowledged.empty());

  // Everything but storing goes on.
  CHECK(client.Get("/healthz")->status == 200);
  CHECK(daemon.list("/api/v1/deliveries").size() == acknowledged.size());
  CHECK(post(refused_id, refused_body)->status == 503);

  daemon.limit_files(std::nullopt);
  const auto retried = post(refused_id, refused_body);
  REQUIRE(retried->status == 202);
  CHECK(json::parse(retried->body)["duplicate"] == false);
  acknowledged[refused_id] = refused_body;

  daemon.kill();
  daemon.start();
  const auto inbox = daemon.list("/api/v1/deliveries");
  CHECK(inbox.size() == acknowledged.size());
  for (const auto& summary : inbox) {
    const auto delivery = daemon.get("/api/v1/deliveries/" + summary["id"].get<std::string>());
    INFO(summary.dump());
    CHECK(delivery["body"].dump() == acknowledged.at(summary["sender_id"]));
    REQUIRE(delivery["runs"].size() == 1);
    CHECK(daemon.finished_run(delivery["runs"][0])["status"] == "succeeded");
  }
}

}  // namespace tba::tests
