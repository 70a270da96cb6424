#include "daemon/triggers/webhook.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/signed_delivery.h"

using Catch::Matchers::Contains;
using tba::to_json;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::delivery_headers;
using tba::tests::Reply;

namespace {

const std::string kSecret = "It's a Secret to Everybody";
const std::string kOpened = R"({"action": "opened", "issue": {"title": "Bug"}})";
const std::string kHook = R"(
on: [ { webhook: { connector: github, event: issues.opened, credential: hook } } ]
steps: [ { id: note, set: { title: "${{ .trigger.body.issue.title }}" } } ]
)";

/// A daemon with the workflow "announce".
struct World : DaemonWorld {
  explicit World(const std::string& text = kHook) {
    credential("hook", "webhook", kSecret);
    workflow("announce", text);
  }

  Reply deliver(const std::string& body = kOpened, const std::string& id = "d-1",
                const std::string& event = "issues", const std::string& path = "announce") {
    return post("/hooks/" + path, body, delivery_headers(event, id, kSecret, body));
  }

  /// What the last rejection says.
  std::string rejection() {
    const auto rejections = get("/api/v1/rejections");
    return rejections.at("items.0.path").is_null()
               ? "none"
               : std::string(rejections.at("items.0.path").as_string()) + " " +
                     rejections.json("items.0.status") + " " +
                     std::string(rejections.at("items.0.reason").as_string());
  }
};

}  // namespace

TEST_CASE("webhook: a delivery is stored, starts its run, and both are named in the answer") {
  World world;
  const auto reply = world.deliver();
  REQUIRE(reply.status == 202);
  CHECK(reply.json("duplicate") == "false");
  CHECK(reply.at("runs").size() == 1);
  const auto run = world.get("/api/v1/runs/" + std::string(reply.at("runs.0").as_string()));
  CHECK(run.json("status") == R"("succeeded")");
  CHECK(run.json("steps.0.result.body.title") == R"("Bug")");
  CHECK(run.json("trigger_context.event") == R"("issues.opened")");
  CHECK(run.at("delivery") == reply.at("delivery"));
  CHECK(world.rejection() == "none");
}

TEST_CASE("webhook: the inbox keeps the delivery, without what proves who sent it") {
  World world;
  auto headers = delivery_headers("issues", "d-1", kSecret, kOpened);
  headers.add("Authorization", "Bearer xyz");
  const auto reply = world.post("/hooks/announce?from=org&x=1", kOpened, headers);
  const auto delivery =
      world.get("/api/v1/deliveries/" + std::string(reply.at("delivery").as_string()));
  CHECK(delivery.status == 200);
  CHECK(delivery.json("workflow") == R"("announce")");
  CHECK(delivery.json("path") == R"("announce")");
  CHECK(delivery.json("connector") == R"("github")");
  CHECK(delivery.json("event") == R"("issues.opened")");
  CHECK(delivery.json("sender_id") == R"("d-1")");
  CHECK(delivery.json("query") == R"({"from":"org","x":"1"})");
  CHECK(delivery.json("headers") == R"({"x-github-event":"issues","x-github-delivery":"d-1"})");
  CHECK(delivery.json("body.issue.title") == R"("Bug")");
  CHECK(delivery.at("runs") == reply.at("runs"));
}

TEST_CASE("webhook: an unknown path is 404, whatever else is wrong") {
  World world;
  check_problem(world.post("/hooks/anounce", "garbage"), 404, "unknown_webhook");
  CHECK(world.rejection() == "anounce 404 no workflow has this webhook path");
}

TEST_CASE("webhook: a held workflow answers 503 before any signature is looked at") {
  World world;
  world.call("DELETE", "/api/v1/credentials/hook");
  const auto reply = world.post("/hooks/announce", "garbage");
  check_problem(reply, 503, "held");
  CHECK(reply.json("detail") == R"("the workflow is held")");
  CHECK_THAT(world.rejection(), Contains("'hook'"));
  world.credential("hook", "webhook", kSecret);
  CHECK(world.deliver().status == 202);
}

TEST_CASE("webhook: a signature that is missing or wrong is 401 before the body is read") {
  World world;
  check_problem(world.post("/hooks/announce", "garbage", delivery_headers("issues", "1", "", "")),
                401, "bad_signature");
  check_problem(world.post("/hooks/announce", kOpened,
                           delivery_headers("issues", "1", "another secret", kOpened)),
                401, "bad_signature");
  check_problem(world.post("/hooks/announce", kOpened + " ",
                           delivery_headers("issues", "1", kSecret, kOpened)),
                401, "bad_signature");
  CHECK_THAT(world.rejection(), Contains("announce 401 "));
  CHECK(world.get("/api/v1/deliveries").at("items").size() == 0);
}

TEST_CASE("webhook: a sender is not told what is wrong with its signature, the record is") {
  World world;
  for (const auto& headers : {delivery_headers("issues", "1", "another secret", kOpened),
                              tba::http::Headers{{"X-GitHub-Event", "issues"}}}) {
    const auto reply = world.post("/hooks/announce", kOpened, headers);
    check_problem(reply, 401, "bad_signature");
    CHECK(reply.json("detail") == R"("the signature is missing or not valid")");
    CHECK_THAT(world.rejection(), Contains("X-Hub-Signature-256"));
  }
}

TEST_CASE("webhook: a body is wanted only where the header leaves hope for it") {
  World world;
  const auto& routes = world.routes();
  const auto hooks = std::ranges::find(routes, "/hooks/{path*}", &tba::http::Route::pattern);
  const auto wanted = [&](const std::string& path, const tba::http::Headers& headers) {
    tba::http::Request request;
    request.parameters.emplace_back("path", path);
    request.headers = headers;
    const auto refusal = hooks->admits(request);
    return refusal ? std::to_string(refusal->answer.status) + ' ' + refusal->reason : "wanted";
  };
  const std::string digits(64, 'a');
  CHECK(wanted("announce", {{"x-hub-signature-256", "sha256=" + digits}}) == "wanted");
  CHECK(wanted("nowhere", {{"X-Hub-Signature-256", "sha256=" + digits}}) ==
        "404 no workflow has this webhook path");
  CHECK(wanted("announce", {}) == "401 the header X-Hub-Signature-256 is missing");
  CHECK_THAT(wanted("announce", {{"X-Hub-Signature-256", digits}}), Contains("401 "));
  CHECK_THAT(wanted("announce", {{"X-Hub-Signature-256", "sha256="}}), Contains("401 "));

  world.workflow("open", "on: { webhook: { verify: none } }\nsteps: [ { set: { a: 1 } } ]\n");
  CHECK(wanted("open", {}) == "wanted");
  world.call("DELETE", "/api/v1/credentials/hook");
  CHECK_THAT(wanted("announce", {}), Contains("503 the workflow is held: "));
}

TEST_CASE("webhook: of a flood of rejections some are recorded, and how many there were") {
  World world;
  const auto recorded = [&] {
    const auto page = world.get("/api/v1/rejections?limit=200");
    const auto next = page.at("next").is_null()
                          ? Reply()
                          : world.get("/api/v1/rejections?limit=200&cursor=" +
                                      std::string(page.at("next").as_string()));
    return page.at("items").size() + next.at("items").size();
  };
  for (int i = 0; i < 300; ++i)
    check_problem(world.post("/hooks/nowhere", "{}"), 404, "unknown_webhook");
  CHECK(recorded() == 200);
  world.engine.clock.advance(std::chrono::milliseconds(10));
  for (int i = 0; i < 3; ++i) world.post("/hooks/nowhere", "{}");
  CHECK(recorded() == 201);
  CHECK(world.rejection() ==
        "nowhere 404 no workflow has this webhook path "
        "(100 more were turned away since the record before)");
  world.engine.clock.advance(std::chrono::seconds(1));
  for (int i = 0; i < 150; ++i) world.post("/hooks/nowhere", "{}");
  CHECK(recorded() == 301);
  world.engine.clock.advance(-std::chrono::hours(1));
  world.post("/hooks/nowhere", "{}");
  CHECK(recorded() == 302);
}

TEST_CASE("webhook: a credential that is no webhook secret holds the workflow") {
  World world;
  world.call("DELETE", "/api/v1/credentials/hook");
  world.credential("hook", "token", "ghp_0123456789");
  check_problem(world.deliver(), 503, "held");
  CHECK_THAT(world.rejection(), Contains("is of type bearer"));
}

TEST_CASE("webhook: a signed body that is no JSON, or names no fit event, is 400") {
  World world;
  check_problem(world.deliver("garbage"), 400, "not_json");
  check_problem(world.deliver(""), 400, "not_json");
  check_problem(world.deliver(kOpened, "d-1", ""), 400, "bad_event");
  check_problem(world.deliver(kOpened, "d-1", std::string(194, 'e')), 400, "bad_event");
  CHECK_THAT(world.rejection(), Contains("announce 400 "));
  CHECK(world.get("/api/v1/deliveries").at("items").size() == 0);
}

TEST_CASE("webhook: an event that no trigger asks for is kept and starts nothing") {
  World world;
  const auto reply = world.deliver(R"({"action": "closed"})");
  CHECK(reply.status == 202);
  CHECK(reply.json("runs") == "[]");
  CHECK(world.get("/api/v1/deliveries").json("items.0.event") == R"("issues.closed")");
  CHECK(world.get("/api/v1/runs").at("items").size() == 0);
}

TEST_CASE("webhook: an event without action stands for all of its actions, and none for all") {
  World world(R"(
on:
  - webhook: { connector: github, event: issues, credential: hook }
  - webhook: { connector: github, event: issues.opened, credential: hook }
  - webhook: { connector: github, credential: hook }
steps: [ { set: { a: 1 } } ]
)");
  CHECK(world.deliver(kOpened, "1").at("runs").size() == 3);
  CHECK(world.deliver(R"({"action": "closed"})", "2").at("runs").size() == 2);
  CHECK(world.deliver("{}", "3").at("runs").size() == 2);
  CHECK(world.deliver("{}", "4", "issues_extra").at("runs").size() == 1);
  CHECK(world.deliver("{}", "5", "push").at("runs").size() == 1);
}

TEST_CASE("webhook: a delivery that comes again is told what the first one started") {
  World world;
  const auto first = world.deliver();
  for (const bool restarted : {false, true}) {
    if (restarted) world.restart();
    const auto again = world.deliver(R"({"action": "opened", "other": true})");
    CHECK(again.status == 202);
    CHECK(again.json("duplicate") == "true");
    CHECK(again.at("delivery") == first.at("delivery"));
    CHECK(again.at("runs") == first.at("runs"));
  }
  CHECK(world.get("/api/v1/runs").at("items").size() == 1);
  CHECK(world.deliver(kOpened, "d-2").json("duplicate") == "false");
}

TEST_CASE("webhook: with `verify: none` anybody may post, again and again") {
  World world(R"(
on: [ { webhook: { verify: none, path: open/door } } ]
steps: [ { id: note, set: { event: "${{ .trigger.event }}" } } ]
)");
  const auto reply = world.post("/hooks/open/door", R"({"a": 1})");
  CHECK(reply.status == 202);
  CHECK(reply.at("runs").size() == 1);
  CHECK(world.get("/api/v1/runs/latest").json("steps.0.result.body") == R"({"event":null})");
  CHECK(world.post("/hooks/open/door", R"({"a": 1})").json("duplicate") == "false");
  check_problem(world.post("/hooks/open/door", "{"), 400, "not_json");
  check_problem(world.post("/hooks/announce", "{}"), 404, "unknown_webhook");
}

TEST_CASE("webhook: while the daemon stops nothing is acknowledged, and nothing stored") {
  World world;
  world.engine.await(world.engine.engine().stop(std::chrono::milliseconds(0)));
  check_problem(world.deliver(), 503, "unavailable");
  CHECK(world.get("/api/v1/deliveries").at("items").size() == 0);
}

TEST_CASE("webhook: while the disk is full nothing is acknowledged, and then taken as if new") {
  tba::tests::FaultyVfs disk;
  World world;
  disk.fail_writes_with(SQLITE_FULL);
  check_problem(world.deliver(), 503, "unavailable");
  check_problem(world.post("/hooks/nowhere", "{}"), 404, "unknown_webhook");
  disk.fail_writes_with(SQLITE_OK);
  const auto reply = world.deliver();
  CHECK(reply.status == 202);
  CHECK(reply.json("duplicate") == "false");
  CHECK(world.get("/api/v1/runs").at("items").size() == 1);
  CHECK(world.get("/api/v1/deliveries").at("items").size() == 1);
}

TEST_CASE("webhook: the record of a rejection is bounded, and still text") {
  World world;
  std::string path(499, 'a');
  for (int i = 0; i < 600; ++i) path += "%C3%A9";
  check_problem(world.post("/hooks/" + path), 404, "unknown_webhook");
  const auto rejections = world.get("/api/v1/rejections");
  CHECK(rejections.at("items.0.path").as_string() == std::string(499, 'a') + "\uFFFD");
  CHECK(rejections.json("items.0.peer") == R"("192.0.2.7:50122")");
}

TEST_CASE("webhook: a run that a delivery started has its inputs' defaults") {
  World world(R"(
on: [ { webhook: { connector: github, credential: hook } } ]
inputs: { minimum: { type: integer, default: 10 }, who: { type: string, default: all } }
steps: [ { id: note, set: { minimum: "${{ .inputs.minimum }}" } } ]
)");
  REQUIRE(world.deliver().status == 202);
  CHECK(world.get("/api/v1/runs/latest").json("inputs") == R"({"minimum":10,"who":"all"})");
}
