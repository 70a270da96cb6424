#include "daemon/triggers/webhook.h"

#include <catch2/catch.hpp>

#include "shared/uri.h"
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

TEST_CASE("webhook: what comes from elsewhere than allowed is 403, whatever else it is") {
  World world;
  world.workflow("announce", R"(
on:
  webhook:
    connector: github
    credential: hook
    allow_from: [198.51.100.0/24, "2001:db8::/32"]
steps: [ { set: { a: 1 } } ]
)");
  for (const auto* client : {"198.51.100.9", "2001:db8::9", "::ffff:198.51.100.9"}) {
    world.client = client;
    CHECK(world.deliver(kOpened, client).status == 202);
  }
  world.client = "203.0.113.9";
  const auto reply = world.deliver();
  check_problem(reply, 403, "not_allowed");
  CHECK(reply.json("detail") == R"("requests from this address are not taken")");
  CHECK(world.rejection() == "announce 403 its address is not in `allow_from`");
  CHECK(world.get("/api/v1/rejections").json("items.0.peer") == R"("203.0.113.9")");
  world.call("DELETE", "/api/v1/credentials/hook");
  check_problem(world.post("/hooks/announce", "garbage"), 403, "not_allowed");
  world.client = "";  // a proxy does not say for whom it asks
  check_problem(world.deliver(), 403, "not_allowed");
  CHECK_THAT(world.rejection(), Contains("is not known"));
  CHECK(world.get("/api/v1/rejections").json("items.0.peer") == R"("192.0.2.7:50122")");
}

TEST_CASE("webhook: a body is wanted only where the header leaves hope for it") {
  World world;
  const auto& routes = world.routes();
  const auto hooks = std::ranges::find(routes, "/hooks/{path*}", &tba::http::Route::pattern);
  const auto wanted = [&](const std::string& path, const tba::http::Headers& headers) {
    tba::http::Request request;
    request.method = "POST";
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
  const auto deliveries = world.get("/api/v1/deliveries");
  CHECK(deliveries.json("items.0.event") == R"("issues.closed")");
  CHECK(deliveries.json("items.0.status") == R"("unmatched")");
  CHECK(deliveries.json("items.0.reason") ==
        R"("the event is 'issues.closed', not 'issues.opened'")");
  CHECK(world.get("/api/v1/runs").at("items").size() == 0);
  world.deliver(kOpened, "d-2");
  CHECK(world.get("/api/v1/deliveries?unmatched=true").at("items").size() == 1);
  const auto matched = world.get("/api/v1/deliveries?unmatched=false");
  CHECK(matched.at("items").size() == 1);
  CHECK(matched.json("items.0.status") == R"("matched")");
  CHECK(matched.at("items.0.runs").size() == 1);
  check_problem(world.get("/api/v1/deliveries?unmatched=yes"), 400, "invalid");
}

TEST_CASE("webhook: `match` decides by what was sent, before anything is stored") {
  World world;
  world.engine.vars = tba::parse_json(R"({"enough": 3})").value();
  world.workflow("announce", R"(
on:
  - webhook:
      connector: github
      event: issues
      credential: hook
      match: ${{ .trigger.body.issue.votes > .vars.enough and .trigger.method == "POST" }}
steps: [ { set: { a: 1 } } ]
)");
  const auto deliver = [&](const std::string& body) {
    static int id = 0;
    const auto reply = world.deliver(body, std::to_string(++id));
    CHECK(reply.status == 202);
    const auto delivery =
        world.get("/api/v1/deliveries/" + std::string(reply.at("delivery").as_string()));
    return std::to_string(reply.at("runs").size()) + " " + delivery.json("reason");
  };
  CHECK(deliver(R"({"issue": {"votes": 4}})") == "1 null");
  CHECK(deliver(R"({"issue": {"votes": 3}})") == R"(0 "`match` gave false")");
  CHECK_THAT(deliver(R"({"issue": {}})"),
             Contains("0 \"`match` cannot be evaluated: ") && Contains("announce.yaml:7:"));
}

TEST_CASE("webhook: a `match` that gives no boolean takes nothing, and the record says why") {
  World world(
      "on: { webhook: { verify: none, match: '${{ .trigger.body.a }}' } }\n"
      "steps: [ { set: { a: 1 } } ]\n");
  CHECK(world.post("/hooks/announce", R"({"a": true})").at("runs").size() == 1);
  CHECK(world.post("/hooks/announce", R"({"a": 1})").at("runs").size() == 0);
  CHECK(world.get("/api/v1/deliveries").json("items.0.reason") ==
        R"("`match` gave number, which is neither true nor false")");
}

TEST_CASE("webhook: each path takes the methods that its triggers name") {
  World world(R"(
on:
  - webhook: { verify: none, path: a }
  - webhook: { verify: none, path: b, methods: [GET, PUT] }
  - webhook: { verify: none, path: b, methods: [PUT, DELETE] }
steps: [ { id: note, set: { method: "${{ .trigger.method }}", query: "${{ .trigger.query }}" } } ]
)");
  CHECK(world.post("/hooks/a").at("runs").size() == 1);
  CHECK(world.call("GET", "/hooks/b?x=1&x=2&y=").at("runs").size() == 1);
  CHECK(world.get("/api/v1/runs/latest").json("steps.0.result.body") ==
        R"({"method":"GET","query":{"x":["1","2"],"y":""}})");
  CHECK(world.call("PUT", "/hooks/b", "1").at("runs").size() == 2);
  CHECK(world.call("DELETE", "/hooks/b").at("runs").size() == 1);
  for (const auto* method : {"POST", "PATCH", "HEAD"}) {
    const auto refused = world.call(method, "/hooks/b");
    check_problem(refused, 405, "method_not_allowed");
    CHECK(refused.headers.find("Allow") == "DELETE, GET, PUT");
  }
  check_problem(world.call("GET", "/hooks/a"), 405, "method_not_allowed");
  CHECK(world.rejection() == "a 405 this webhook does not take 'GET'");
}

TEST_CASE("webhook: forms and raw bodies are data, also for a run that is read back") {
  World world(R"(
on: { webhook: { verify: none } }
steps:
  - { id: nap, wait: { for: 1h } }
  - { id: note, set: { body: "${{ .trigger.body }}" } }
)");
  const auto body_of = [&](const std::string& type, const std::string& body) {
    const auto reply = world.post("/hooks/announce", body, {{"Content-Type", type}});
    REQUIRE(reply.status == 202);
    const auto delivery =
        world.get("/api/v1/deliveries/" + std::string(reply.at("delivery").as_string()));
    world.restart();
    world.pass(std::chrono::hours(1));
    const auto run = world.get("/api/v1/runs/" + std::string(reply.at("runs.0").as_string()));
    CHECK(run.at("trigger_context.body") == delivery.at("body"));
    CHECK(run.at("steps.1.result.body.body") == delivery.at("body"));
    return delivery.json("body");
  };
  CHECK(body_of("application/x-www-form-urlencoded", "a=1&b=x+y&a=2") ==
        R"({"a":["1","2"],"b":"x y"})");
  CHECK(body_of("text/plain", "hello") == R"("hello")");
  CHECK(body_of("application/octet-stream", "\xff") == R"({"base64":"/w=="})");
  CHECK(body_of("text/plain", "") == "null");
  CHECK(body_of("multipart/form-data; boundary=X",
                "--X\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--X--") ==
        R"({"a":"1"})");
}

TEST_CASE("webhook: what a form wraps is the body, also in the inbox and when it is replayed") {
  World world(R"(
on: [ { webhook: { connector: github, event: issues.opened, match: "${{ .trigger.body.issue.title == \"Bug\" }}", credential: hook } } ]
steps:
  - { id: nap, wait: { for: 1h } }
  - { id: note, set: { title: "${{ .trigger.body.issue.title }}" } }
)");
  const std::string form = "payload=" + tba::percent_encode(kOpened);
  auto headers = delivery_headers("issues", "d-1", kSecret, form);
  headers.add("Content-Type", "application/x-www-form-urlencoded");
  const auto reply = world.post("/hooks/announce", form, headers);
  REQUIRE(reply.status == 202);
  REQUIRE(reply.at("runs").size() == 1);
  const std::string delivery(reply.at("delivery").as_string());
  const auto kept = world.get("/api/v1/deliveries/" + delivery);
  CHECK(kept.json("event") == R"("issues.opened")");
  CHECK(kept.json("body") == R"({"action":"opened","issue":{"title":"Bug"}})");
  CHECK(kept.json("headers.content-type") == R"("application/json")");
  CHECK(world.post("/api/v1/deliveries/" + delivery + "/replay", "{}").at("runs").size() == 1);
  world.restart();
  world.pass(std::chrono::hours(1));
  const auto run = world.get("/api/v1/runs/" + std::string(reply.at("runs.0").as_string()));
  CHECK(run.json("steps.1.result.body.title") == R"("Bug")");
}

TEST_CASE("webhook: what a form should wrap and does not is turned away") {
  World world;
  const std::string form = "payload=%7B";
  auto headers = delivery_headers("issues", "d-1", kSecret, form);
  headers.add("Content-Type", "application/x-www-form-urlencoded");
  check_problem(world.post("/hooks/announce", form, headers), 400, "bad_body");
  CHECK_THAT(world.rejection(), Contains("what the body stands for cannot be evaluated: "));
}

TEST_CASE("webhook: a form that cannot be read is turned away") {
  World world("on: { webhook: { verify: none } }\nsteps: [ { set: { a: 1 } } ]\n");
  check_problem(
      world.post("/hooks/announce", "a=%", {{"Content-Type", "application/x-www-form-urlencoded"}}),
      400, "bad_form");
  CHECK(world.rejection() == "announce 400 the form has a broken percent-encoding");
  check_problem(world.post("/hooks/announce", "{", {{"Content-Type", "application/json"}}), 400,
                "not_json");
}

TEST_CASE("webhook: `dedupe` says by what a delivery is known again") {
  World world(R"(
on:
  - webhook: { verify: none, path: by-body, dedupe: body }
  - webhook: { verify: none, path: by-nothing }
  - webhook: { connector: github, credential: hook, path: by-id }
  - webhook: { connector: github, credential: hook, path: never, dedupe: none }
steps: [ { set: { a: 1 } } ]
)");
  const auto first = world.post("/hooks/by-body?x=1", R"({"a": 1})");
  CHECK(first.json("duplicate") == "false");
  const auto again = world.post("/hooks/by-body?x=1", R"({"a": 1})");
  CHECK(again.json("duplicate") == "true");
  CHECK(again.at("runs") == first.at("runs"));
  CHECK(world.post("/hooks/by-body?x=2", R"({"a": 1})").json("duplicate") == "false");
  CHECK(world.post("/hooks/by-body?x=1", R"({"a": 2})").json("duplicate") == "false");
  CHECK(world.post("/hooks/by-nothing", "1").json("duplicate") == "false");
  CHECK(world.post("/hooks/by-nothing", "1").json("duplicate") == "false");
  for (const auto& [path, duplicate] : {std::pair("by-id", "true"), std::pair("never", "false")}) {
    world.deliver("{}", "d-1", "push", path);
    CHECK(world.deliver("{}", "d-1", "push", path).json("duplicate") == duplicate);
  }
}

TEST_CASE("webhook: `respond: result` answers with what the run comes to") {
  World world(R"(
on: { webhook: { verify: none, respond: result, methods: [GET, POST] } }
steps:
  - { id: get, http: { url: "http://far.example/" } }
output: { status: 201, headers: { X-Far: "${{ .steps.get.status }}" }, body: "${{ .trigger.body }}" }
)");
  world.engine.runner.answer("get", tba::tests::answers(203));
  const auto reply = world.post("/hooks/announce", R"({"a": 1})");
  CHECK(reply.status == 201);
  CHECK(reply.text == R"({"a":1})");
  CHECK(reply.headers.find("X-Far") == "203");
  CHECK(reply.headers.find("Tba-Run").value() ==
        world.get("/api/v1/runs/latest").at("id").as_string());
}

TEST_CASE("webhook: a result is also given to who sends the same again, without another run") {
  World world(R"(
on: { webhook: { connector: github, credential: hook, respond: result } }
steps: [ { id: note, set: { title: "${{ .trigger.body.issue.title }}" } } ]
output: ${{ .steps.note.body }}
)");
  for (int i = 0; i < 2; ++i) {
    const auto reply = world.deliver();
    CHECK(reply.status == 200);
    CHECK(reply.text == R"({"title":"Bug"})");
  }
  CHECK(world.get("/api/v1/runs").at("items").size() == 1);
}

TEST_CASE("webhook: a run that fails is a problem that does not say why, none at all is 202") {
  World world(R"(
on:
  - webhook: { verify: none, path: fails, respond: result, match: "${{ .trigger.path == \"fails\" }}" }
  - webhook: { verify: none, path: picky, respond: result, match: false }
steps:
  - { set: { a: "${{ .trigger.body.missing }}" } }
)");
  const auto failed = world.post("/hooks/fails", "{}");
  check_problem(failed, 500, "run_failed");
  CHECK_THAT(failed.text, !Contains("missing"));
  const auto unmatched = world.post("/hooks/picky", "{}");
  CHECK(unmatched.status == 202);
  CHECK(unmatched.json("runs") == "[]");
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
