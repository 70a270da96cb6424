#include <algorithm>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

#include "daemon/api/routes.h"
#include "shared/value/json.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::Value;
using tba::net::HttpFailure;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::keys;
using tba::tests::Reply;

namespace {

using Names = std::vector<std::string>;

const std::string kAnnounce = R"(
description: Says what is new
on:
  - manual: {}
  - webhook: { connector: github, event: issues.opened, credential: hook }
  - schedule: { every: 1h }
inputs: { minimum: { type: integer, default: 10, description: followers }, who: { type: string, default: me } }
steps:
  - { id: user, name: Look up, call: github/get-authenticated-user, credential: bot }
  - { set: { a: 1 } }
on_failure: [ { id: sorry, set: { b: 2 } } ]
)";

}  // namespace

// --- checking files ------------------------------------------------------------------------------

TEST_CASE("api: files are checked against what is there, and not taken") {
  DaemonWorld world;
  world.workflow("nap", "on: { manual: {} }\nsteps: [ { wait: { for: 1h } } ]\n");
  world.credential("bot", "token", "ghp_0123456789");
  const auto body = Value::object(
      {{"files", Value::array({Value::object({{"path", Value::string("/flows/a.yaml")},
                                              {"text", Value::string(R"(on: { manual: {} }
steps:
  - workflow: nop
  - workflow: b
  - notify: officers
  - run: [./a]
    env: { TOKEN: !secret bot.key, KEY: !secret nobody.key }
)")}}),
                               Value::object({{"path", Value::string("/flows/b.yaml")},
                                              {"text", Value::string("steps: 1")}})})}});
  const auto reply = world.post("/api/v1/check", to_json(body));
  REQUIRE(reply.status == 200);
  CHECK(reply.json("next") == "null");
  CHECK(reply.at("items").size() == 2);
  CHECK(reply.json("items.0.path") == R"("/flows/a.yaml")");
  CHECK(reply.json("items.0.valid") == "false");
  CHECK(reply.json("items.0.diagnostics.0") ==
        R"({"severity":"error","line":3,"column":15,"length":3,)"
        R"-("message":"there is no workflow 'nop' (did you mean 'nap'?)",)-"
        R"("hint":"it has to be in a folder that the daemon reads its workflows from"})");
  CHECK(reply.json("items.0.diagnostics.1.message") ==
        R"("there is no target 'officers' to notify")");
  CHECK(reply.json("items.0.diagnostics.2.severity") == R"("warning")");
  CHECK(reply.json("items.0.diagnostics.2.message") == R"("credential 'bot' has no field 'key'")");
  CHECK(reply.json("items.0.diagnostics.2.column") == "27");
  CHECK_THAT(reply.json("items.0.diagnostics.3.message"), Contains("'nobody'"));
  CHECK(reply.at("items.0.diagnostics").size() == 4);
  CHECK(reply.json("items.1.valid") == "false");
  CHECK(world.get("/api/v1/workflows").at("items").size() == 1);
}

TEST_CASE("api: what is to be checked is a list of files") {
  DaemonWorld world;
  for (const auto* body :
       {"", "{}", R"({"files":[]})", R"({"files":1})", R"({"files":[{"path":1,"text":""}]})",
        R"({"files":[{"path":"a","text":1}]})", R"({"file":[]})"}) {
    CAPTURE(body);
    CHECK(world.post("/api/v1/check", body).status == 400);
  }
}

// --- status --------------------------------------------------------------------------------------

TEST_CASE("api: status tells what the daemon is, does and cannot do") {
  DaemonWorld world;
  world.workflow("announce", kAnnounce);
  world.workflow("nap", "on: { manual: {} }\nsteps: [ { wait: { for: 1h } } ]\n");
  world.post("/api/v1/workflows/nap/runs");
  world.engine.folder.write("workflows/bad.yaml", "steps: 1\n");
  world.reload();
  world.engine.clock.advance(90s);
  const auto status = world.get("/api/v1/status");
  CHECK(status.status == 200);
  CHECK(keys(status.body) == Names{"pid", "version", "uptime", "state", "listen", "home",
                                   "workflows", "held_workflows", "broken_files", "open_circuits",
                                   "plugin_problems", "vault_problem", "vault_hint", "runs",
                                   "store"});
  CHECK(status.json("vault_problem") == "null");
  CHECK(status.json("vault_hint") == "null");
  CHECK(status.json("uptime") == "90");
  CHECK(status.json("state") == R"("running")");
  CHECK(status.json("listen") == R"(["unix:/home/of/it/daemon.sock"])");
  CHECK(status.json("home") == R"("/home/of/it")");
  CHECK(status.json("workflows") == "2");
  CHECK(status.json("held_workflows.0.name") == R"("announce")");
  CHECK(status.at("held_workflows.0.reasons").size() == 2);
  CHECK(status.at("broken_files").size() == 1);
  CHECK_THAT(std::string(status.at("broken_files.0.path").as_string()), Contains("bad.yaml"));
  CHECK_THAT(std::string(status.at("broken_files.0.diagnostics").as_string()),
             Contains("bad.yaml:1:"));
  CHECK(status.json("runs") == R"({"active":0,"waiting":1})");
  CHECK(status.at("store.commits").as_integer() > 0);
  CHECK(status.at("store.changes").as_integer() >= status.at("store.commits").as_integer());
  CHECK(status.at("store.rows").as_integer() >= status.at("store.commits").as_integer());
  CHECK(status.at("store.bytes").as_integer() > 4096);
}

TEST_CASE("api: status tells which hosts are left alone") {
  DaemonWorld world;
  world.http.answer(502);
  for (int i = 0; i < 10; ++i)
    world.post("/api/v1/connectors/github/endpoints/get-user/call",
               R"({"parameters":{"username":"octocat"}})");
  const auto circuit = world.get("/api/v1/status").at("open_circuits.0");
  CHECK(keys(circuit) == Names{"host", "since", "probe_at", "is_probed", "why"});
  CHECK(circuit.find("host")->as_string() == "https://api.github.com");
  CHECK(circuit.find("why")->as_string() == "it answered 502");
  CHECK_FALSE(circuit.find("is_probed")->as_boolean());
}

TEST_CASE("api: status tells that no credential can be opened, and why") {
  DaemonWorld world;
  world.credential("bot", "token", "ghp_0123456789");
  std::filesystem::remove(world.engine.folder / "vault.key");
  world.restart();
  CHECK_THAT(std::string(world.get("/api/v1/status").at("vault_problem").as_string()),
             Contains("vault.key") && Contains("1 stored credential needs it"));
}

TEST_CASE("api: told to stop, the daemon says so and is no longer ready") {
  DaemonWorld world;
  CHECK(world.get("/healthz").text == "ok\n");
  CHECK(world.get("/readyz").status == 200);
  CHECK(world.post("/api/v1/stop").status == 202);
  CHECK(world.stopping);
  CHECK(world.get("/healthz").status == 200);
  check_problem(world.get("/readyz"), 503, "stopping");
  CHECK(world.get("/api/v1/status").json("state") == R"("stopping")");
}

TEST_CASE("api: reload reads the files and says which are broken") {
  DaemonWorld world;
  world.engine.folder.write("workflows/a.yaml",
                            "on: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n");
  world.engine.folder.write("workflows/b.yaml", "steps: 1\n");
  const auto reply = world.post("/api/v1/reload");
  CHECK(reply.status == 200);
  CHECK(reply.json("workflows") == "1");
  CHECK(reply.at("broken_files").size() == 1);
}

TEST_CASE("api: only webhooks and health can be reached from anywhere, and are there") {
  DaemonWorld world;
  std::set<std::string> open;
  for (const auto& route : world.routes()) {
    if (route.reach == tba::http::Reach::anywhere) open.insert(route.pattern);
    if (route.pattern.starts_with("/api/")) CHECK(route.reach == tba::http::Reach::local);
  }
  CHECK(open == std::set<std::string>{"/hooks/{path*}", "/healthz", "/readyz"});
}

// --- workflows -----------------------------------------------------------------------------------

TEST_CASE("api: workflows are listed with what starts them and whether they can") {
  DaemonWorld world;
  CHECK(world.get("/api/v1/workflows").text == R"({"items":[],"next":null})");
  world.workflow("announce", kAnnounce);
  auto list = world.get("/api/v1/workflows");
  CHECK(keys(list.at("items.0")) ==
        Names{"name", "path", "description", "triggers", "state", "reasons", "version"});
  CHECK(list.json("items.0.name") == R"("announce")");
  CHECK(list.json("items.0.description") == R"("Says what is new")");
  CHECK(list.json("items.0.state") == R"("held")");
  CHECK(list.at("items.0.reasons").size() == 2);
  CHECK(list.json("items.0.triggers.0") == R"({"kind":"manual"})");
  CHECK(list.json("items.0.triggers.1") ==
        R"({"kind":"webhook","path":"/hooks/announce","event":"issues.opened",)"
        R"("methods":["POST"]})");
  CHECK(list.json("items.0.triggers.2") ==
        R"({"kind":"schedule","schedule":"every 1h","next":"2023-11-14T23:00:00.000Z"})");
  world.credential("bot", "token", "ghp_0123456789");
  world.credential("hook", "webhook", "a secret");
  CHECK(world.get("/api/v1/workflows").json("items.0.state") == R"("active")");

  world.engine.folder.write("workflows/announce.yaml", "steps: 1\n");
  world.reload();
  CHECK(world.get("/api/v1/workflows").json("items.0.state") == R"("broken")");
}

TEST_CASE("api: a workflow is shown with its text, inputs and steps") {
  DaemonWorld world;
  world.workflow("announce", kAnnounce);
  const auto shown = world.get("/api/v1/workflows/announce");
  CHECK(shown.status == 200);
  CHECK(shown.at("text").as_string() == kAnnounce);
  CHECK(
      shown.json("inputs.0") ==
      R"({"name":"minimum","type":"integer","required":false,"default":10,"description":"followers"})");
  CHECK(
      shown.json("steps") ==
      R"([{"id":"user","kind":"call","title":"Look up"},{"id":"step-2","kind":"set","title":null}])");
  CHECK(shown.json("on_failure.0.id") == R"("sorry")");
  const auto missing = world.get("/api/v1/workflows/anounce");
  check_problem(missing, 404, "not_found");
  CHECK(missing.at("detail").as_string() ==
        "there is no workflow 'anounce' (did you mean 'announce'?)");
  CHECK_THAT(std::string(missing.at("hint").as_string()), Contains("daemon reload"));
}

TEST_CASE("api: schedules are listed with their last and next slot") {
  DaemonWorld world;
  world.workflow("hourly", "on: { schedule: { every: 1h } }\nsteps: [ { set: { a: 1 } } ]\n");
  CHECK(
      world.get("/api/v1/schedules").json("items.0") ==
      R"({"workflow":"hourly","trigger":0,"schedule":"every 1h","timezone":"UTC","last":null,"next":"2023-11-14T23:00:00.000Z","due_at":"2023-11-14T23:00:00.000Z"})");
  world.pass(1h);
  CHECK(world.get("/api/v1/schedules").json("items.0.last") == R"("2023-11-14T23:00:00.000Z")");
}

// --- deliveries ----------------------------------------------------------------------------------

TEST_CASE("api: deliveries are listed newest first, by page and by filter") {
  DaemonWorld world;
  for (const auto* name : {"one", "two"}) {
    world.workflow(name, "on: { webhook: { verify: none } }\nsteps: [ { set: { a: 1 } } ]\n");
    world.engine.clock.advance(1s);
    world.post(std::string("/hooks/") + name, "{}");
  }
  const auto list = world.get("/api/v1/deliveries");
  CHECK(keys(list.at("items.0")) == Names{"id", "received_at", "workflow", "method", "path",
                                          "connector", "event", "sender_id", "status", "reason",
                                          "runs"});
  CHECK(list.json("items.0.workflow") == R"("two")");
  CHECK(list.json("items.1.workflow") == R"("one")");
  const auto page = world.get("/api/v1/deliveries?limit=1");
  const auto rest =
      world.get("/api/v1/deliveries?limit=1&cursor=" + std::string(page.at("next").as_string()));
  CHECK(rest.json("items.0.workflow") == R"("one")");
  CHECK(rest.json("next") == "null");
  CHECK(world.get("/api/v1/deliveries?workflow=one").at("items").size() == 1);
  CHECK(world.get("/api/v1/deliveries?event=push").at("items").size() == 0);
  check_problem(world.get("/api/v1/deliveries?limit=x"), 400, "invalid");
  check_problem(world.get("/api/v1/deliveries?cursor=x"), 400, "invalid");
}

TEST_CASE("api: a delivery that is not there is 404") {
  DaemonWorld world;
  check_problem(world.get("/api/v1/deliveries/nonsense"), 404, "not_found");
  check_problem(world.get("/api/v1/deliveries/01932c07-0000-7000-8000-000000000000"), 404,
                "not_found");
}

TEST_CASE("api: rejections are listed newest first, page by page") {
  DaemonWorld world;
  world.post("/hooks/first", "{}");
  world.engine.clock.advance(1s);
  world.post("/hooks/second", "{}");
  const auto list = world.get("/api/v1/rejections");
  CHECK(list.at("items").size() == 2);
  const auto first_page = world.get("/api/v1/rejections?limit=1");
  CHECK(first_page.json("items.0.path") == R"("second")");
  CHECK(first_page.at("items").size() == 1);
  const auto cursor = std::string(first_page.at("next").as_string());
  const auto second_page = world.get("/api/v1/rejections?limit=1&cursor=" + cursor);
  CHECK(second_page.json("items.0.path") == R"("first")");
  CHECK(second_page.json("next") == "null");
  check_problem(world.get("/api/v1/rejections?cursor=nonsense"), 400, "invalid");
  check_problem(world.get("/api/v1/rejections?limit=201"), 400, "invalid");
  CHECK(
      list.json("items.0") ==
      R"({"at":"2023-11-14T22:13:21.000Z","path":"second","peer":"192.0.2.7:50122","status":404,"reason":"no workflow has this webhook path"})");
}

// --- credentials ---------------------------------------------------------------------------------

TEST_CASE("api: a credential is set, replaced, listed and removed, and never shown") {
  DaemonWorld world;
  const std::string path = "/api/v1/credentials/bot";
  world.workflow("announce", kAnnounce);
  auto reply = world.call("PUT", path,
                          R"({"connector": "github", "scheme": "token",
                              "fields": {"token": "ghp_0123456789"}})");
  CHECK(reply.status == 201);
  CHECK(keys(reply.body) == Names{"name", "connector", "scheme", "type", "base_url", "version",
                                  "created_at", "updated_at", "problem", "used_by"});
  CHECK(reply.json("type") == R"("bearer")");
  CHECK(reply.json("used_by") == R"(["announce"])");
  CHECK(reply.text.find("ghp_") == std::string::npos);

  reply = world.call("PUT", path,
                     R"({"connector": "github", "scheme": "token", "base_url": "http://localhost:1",
                         "fields": {"token": "ghp_9876543210"}})");
  CHECK(reply.status == 200);
  CHECK(reply.json("version") == "2");
  CHECK(reply.json("base_url") == R"("http://localhost:1")");

  const auto list = world.get("/api/v1/credentials");
  CHECK(list.at("items.0") == reply.body);
  CHECK(list.text.find("ghp_") == std::string::npos);
  CHECK(world.call("DELETE", path).status == 204);
  check_problem(world.call("DELETE", path), 404, "not_found");
  CHECK(world.get("/api/v1/credentials").at("items").size() == 0);
}

TEST_CASE("api: a credential that makes no sense is refused, without showing it") {
  DaemonWorld world;
  const auto put = [&](const std::string& body, const std::string& name = "bot") {
    const auto reply = world.call("PUT", "/api/v1/credentials/" + name, body);
    CHECK(reply.text.find("ghp_") == std::string::npos);
    return reply;
  };
  check_problem(put(R"({"ghp_0123456789")"), 400, "not_json");
  check_problem(put(R"(["ghp_0123456789"])"), 400, "invalid");
  check_problem(put("{}"), 400, "invalid");
  const auto unknown = put(R"({"connector": "gihtub", "scheme": "token", "fields": {}})");
  check_problem(unknown, 400, "invalid");
  CHECK_THAT(std::string(unknown.at("detail").as_string()), Contains("did you mean 'github'?"));
  check_problem(put(R"({"connector": "github", "scheme": "tokn", "fields": {"token": "ghp_1"}})"),
                400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token"})"), 400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token", "baseurl": "http://a.example",
                        "fields": {"token": "ghp_0123456789"}})"),
                400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token",
                        "fields": {"token": "ghp_0123456789"}})",
                    "a.b"),
                400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token", "fields": {"token": 1}})"), 400,
                "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token", "fields": {"key": "ghp_0"}})"),
                400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token", "base_url": "no",
                        "fields": {"token": "ghp_0123456789"}})"),
                400, "invalid");
  check_problem(put(R"({"connector": "github", "scheme": "token", "base_url": 7,
                        "fields": {"token": "ghp_0123456789"}})"),
                400, "invalid");
  CHECK(world.get("/api/v1/credentials").at("items").size() == 0);
}

TEST_CASE("api: a credential whose key cannot sign is refused, without showing it") {
  DaemonWorld world;
  const auto reply = world.call("PUT", "/api/v1/credentials/sheet",
                                R"({"connector": "google-sheets", "scheme": "service_account",
      "fields": {"client_email": "a@b.example", "private_key": "swordfish"}})");
  check_problem(reply, 400, "invalid");
  CHECK_THAT(std::string(reply.at("detail").as_string()), Contains("the private key cannot"));
  CHECK(reply.text.find("swordfish") == std::string::npos);
}

TEST_CASE("api: where no endpoint tells, a credential is tested on who gives tokens") {
  DaemonWorld world;
  const auto set = [&](const std::string& name, const std::string& fields) {
    const auto reply = world.call("PUT", "/api/v1/credentials/" + name,
                                  R"({"connector": "http", "scheme": "oauth2",
                                      "base_url": "https://api.example", "fields": {
                                      "authorize_url": "https://login.example/authorize",
                                      "token_url": "https://login.example/token",
                                      "client_id": "c", "client_secret": "s-012345")" +
                                      fields + "}}");
    CHECK(reply.status == 201);
  };
  set("renewable", R"(, "access_token": "a-012345", "refresh_token": "r-012345")");
  set("fixed", R"(, "access_token": "a-012345")");
  set("nobody", "");
  world.http.answer(200, R"({"access_token": "a-678901", "expires_in": 3600})");
  const auto works = world.post("/api/v1/credentials/renewable/test");
  CHECK(works.text == R"({"works":true,"proved":"token","endpoint":null,"status":null,)"
                      R"("problem":null})");
  CHECK(world.http.requests.size() == 1);
  world.http.answer_only(tba::net::HttpResponse{
      400, {{"content-type", "application/json"}}, R"({"error": "invalid_grant"})"});
  const auto fails = world.post("/api/v1/credentials/renewable/test");
  CHECK(fails.json("works") == "false");
  CHECK(fails.json("proved") == "null");
  CHECK_THAT(std::string(fails.at("problem").as_string()), Contains("invalid_grant"));
  const auto fixed = world.post("/api/v1/credentials/fixed/test");
  check_problem(fixed, 400, "invalid");
  CHECK_THAT(std::string(fixed.at("detail").as_string()),
             Contains("there is no token to be asked for"));
  CHECK(world.post("/api/v1/credentials/nobody/test").json("works") == "false");
}

// --- connectors ----------------------------------------------------------------------------------

TEST_CASE("api: connectors are listed, and shown with their endpoints") {
  DaemonWorld world;
  const auto list = world.get("/api/v1/connectors");
  CHECK(list.json("items.0.name") == R"("discord")");
  CHECK(list.json("items.2.name") == R"("github")");
  CHECK(list.json("items.2.webhook") == "true");
  CHECK(list.json("items.2.auth.0") == R"({"name":"token","type":"bearer"})");
  const auto shown = world.get("/api/v1/connectors/github");
  CHECK(shown.json("auth.0.fields") ==
        R"([{"name":"token","prompt":"Token","secret":true,"required":true,)"
        R"("may_be_empty":false,"has_lines":false}])");
  CHECK(keys(shown.body) == Names{"name", "title", "base_url", "plugin", "auth", "endpoints",
                                  "effects", "idempotency", "webhook", "verifications",
                                  "rate_limits", "pagination", "test"});
  CHECK(shown.json("effects.repeat.0") == R"("get-authenticated-user")");
  CHECK(shown.json("effects.keyed") == "[]");
  CHECK(shown.json("effects.once.0") == R"("create-repo")");
  CHECK(shown.json("idempotency") == "null");
  CHECK(shown.json("verifications") == R"([{"scheme":"hmac_sha256","auth":null}])");
  CHECK(world.get("/api/v1/connectors/stripe").json("idempotency") ==
        R"({"header":"Idempotency-Key","lifetime":"1d"})");
  CHECK(shown.json("pagination") == R"(["cursor","link_header"])");
  CHECK(shown.json("test") == R"("get-authenticated-user")");
  CHECK(shown.json("rate_limits.0") ==
        R"({"name":"primary","requests":null,"per":null,"by":["credential"]})");
  CHECK(shown.json("rate_limits.1") ==
        R"({"name":"search","requests":30,"per":"1m","by":["credential"]})");
  CHECK(shown.json("endpoints.1.id") == R"("get-user")");
  CHECK(
      shown.json("endpoints.1.parameters.0") ==
      R"({"name":"username","in":"path","type":"string","shape":"string","required":true,"default":null,"description":"login name"})");
  CHECK(shown.json("endpoints.17.response.0") ==
        R"({"id":"integer","node_id":"string","name":"string","color":"string",)"
        R"("default":"boolean","description":"string","url":"string","...":"any"})");
  const auto missing = world.get("/api/v1/connectors/gihtub");
  check_problem(missing, 404, "not_found");
  CHECK_THAT(std::string(missing.at("detail").as_string()), Contains("did you mean 'github'?"));
}

TEST_CASE("api: a plugin is a connector that says how its program is") {
  DaemonWorld world;
  world.engine.folder.write("plugins/table/plugin.yaml",
                            "plugin: table\nversion: 1.2\ncommand: [./main]\n"
                            "endpoints: { parse: { parameters: { text: { type: string } } } }\n");
  world.reload();
  CHECK(world.get("/api/v1/connectors/github").json("plugin") == "null");
  const auto shown = [&] { return world.get("/api/v1/connectors/table"); };
  CHECK(shown().json("plugin") ==
        R"({"version":"1.2","state":"idle","calls":0,"problem":null,"next_start":null})");
  CHECK(shown().json("base_url") == "null");
  CHECK(shown().json("endpoints.0.method") == "null");
  CHECK(shown().json("endpoints.0.parameters.0.in") == "null");
  CHECK(world.get("/api/v1/status").json("plugin_problems") == "[]");
  world.plugin_state.problem = "its program is gone";
  CHECK(world.get("/api/v1/status").json("plugin_problems.0.name") == R"("table")");
  CHECK(world.get("/api/v1/status").json("plugin_problems.0.problem") ==
        R"("its program is gone")");

  world.plugins.outcome.result = tba::parse_json(R"({"status": 200, "body": [1]})").value();
  const auto reply = world.post("/api/v1/connectors/table/endpoints/parse/call",
                                R"({"parameters": {"text": "a"}})");
  CHECK(reply.json("body") == "[1]");
  REQUIRE(world.plugins.calls.size() == 1);
  CHECK(world.plugins.calls[0].endpoint == "parse");
  check_problem(world.post("/api/v1/connectors/table/endpoints/parse/preview", "{}"), 400,
                "invalid");
}

TEST_CASE("api: an endpoint is called outside any run, once") {
  DaemonWorld world;
  world.credential("bot", "token", "ghp_0123456789");
  world.http.answer(404, R"({"message":"Not Found"})");
  const auto reply = world.post("/api/v1/connectors/github/endpoints/get-user/call",
                                R"({"parameters": {"username": "octocat"}, "credential": "bot"})");
  CHECK(reply.status == 200);
  CHECK(reply.json("status") == "404");
  CHECK(reply.json("body.message") == R"("Not Found")");
  CHECK(reply.json("headers.content-type") == R"("application/json")");
  REQUIRE(world.http.requests.size() == 1);
  CHECK(world.http.requests[0].url == "https://api.github.com/users/octocat");
  CHECK_FALSE(world.http.requests[0].may_resend);
  CHECK(world.get("/api/v1/runs").at("items").size() == 0);
}

TEST_CASE("api: a call is recorded where that is asked for") {
  DaemonWorld world;
  world.credential("bot", "token", "ghp_0123456789");
  world.http.answer(200, R"({"login":"octocat","token":"ghp_0123456789"})");
  const auto call = [&](const std::string& endpoint, const std::string& body) {
    return world.post("/api/v1/connectors/" + endpoint + "/call", body);
  };
  const auto recorded =
      call("github/endpoints/get-user",
           R"({"parameters": {"username": "octocat"}, "credential": "bot", "record": true})");
  CHECK(recorded.status == 200);
  CHECK(keys(recorded.body) == Names{"status", "headers", "body", "cassette", "not_recorded"});
  CHECK(recorded.json("not_recorded") == "null");
  CHECK(recorded.json("cassette.auth") == R"("token")");
  CHECK(recorded.json("cassette.request.url") == R"("https://api.github.com/users/octocat")");
  CHECK(recorded.json("cassette.answer.body") == R"({"login":"octocat","token":"********"})");
  CHECK(recorded.text.find("ghp_") == std::string::npos);
  world.http.answer_only(tba::net::HttpResponse{200, {}, "\xff"});
  const auto refused = call("github/endpoints/get-user",
                            R"({"parameters": {"username": "octocat"}, "record": true})");
  CHECK(refused.status == 200);
  CHECK(refused.json("cassette") == "null");
  CHECK_THAT(std::string(refused.at("not_recorded").as_string()), Contains("is no text"));
  CHECK(keys(call("github/endpoints/get-user",
                  R"({"parameters": {"username": "octocat"}, "record": false})")
                 .body) == Names{"status", "headers", "body"});

  check_problem(call("github/endpoints/get-user", R"({"record": "yes"})"), 400, "invalid");
  check_problem(call("github/endpoints/list-repos", R"({"record": true, "page": null})"), 400,
                "invalid");
  const auto mail = call("email/endpoints/send", R"({"record": true})");
  check_problem(mail, 400, "invalid");
  CHECK_THAT(std::string(mail.at("detail").as_string()),
             Contains("'email/send' sends no HTTP request that could be recorded"));
}

TEST_CASE("api: a request is shown without its secrets, and not sent") {
  DaemonWorld world;
  world.credential("bot", "token", "ghp_0123456789");
  const auto preview = [&](const std::string& endpoint, const std::string& body) {
    return world.post("/api/v1/connectors/github/endpoints/" + endpoint + "/preview", body);
  };
  const auto shown = preview("create-issue", R"({"credential": "bot", "parameters":
    {"owner": "a", "repo": "b", "title": "it is ghp_0123456789"}})");
  CHECK(shown.status == 200);
  CHECK(keys(shown.body) == Names{"method", "url", "headers", "body", "body_bytes"});
  CHECK(shown.json("method") == R"("POST")");
  CHECK(shown.json("url") == R"("https://api.github.com/repos/a/b/issues")");
  CHECK(shown.json("headers.Authorization") == R"("Bearer ********")");
  CHECK(shown.json("body.title") == R"("it is ********")");
  CHECK(shown.json("body_bytes") == "32");
  CHECK(world.http.requests.empty());

  check_problem(preview("get-usr", ""), 404, "not_found");
  check_problem(preview("get-user", ""), 400, "invalid");
  check_problem(preview("get-user", R"({"parameters": {"username": "a"}, "credential": "none"})"),
                404, "not_found");
}

TEST_CASE("api: a call that cannot be made says why") {
  DaemonWorld world;
  const auto call = [&](const std::string& endpoint, const std::string& body) {
    return world.post("/api/v1/connectors/" + endpoint + "/call", body);
  };
  check_problem(call("gihtub/endpoints/get-user", ""), 404, "not_found");
  const auto missing = call("github/endpoints/get-usr", "");
  check_problem(missing, 404, "not_found");
  CHECK_THAT(std::string(missing.at("detail").as_string()), Contains("did you mean 'get-user'?"));
  check_problem(call("github/endpoints/get-user", "{"), 400, "not_json");
  check_problem(call("github/endpoints/get-user", ""), 400, "invalid");
  check_problem(call("github/endpoints/get-user", "[]"), 400, "invalid");
  check_problem(call("github/endpoints/get-user", R"({"username": "a"})"), 400, "invalid");
  check_problem(call("github/endpoints/get-user", R"({"parameters": 7})"), 400, "invalid");
  check_problem(call("github/endpoints/get-user",
                     R"({"parameters": {"username": "a"}, "credential": "bot"})"),
                404, "not_found");
  check_problem(
      call("github/endpoints/get-user", R"({"parameters": {"username": "a"}, "credential": 7})"),
      400, "invalid");
  CHECK(world.http.requests.empty());

  world.http.answer(HttpFailure{HttpFailure::Kind::connect, false, "nobody listens"});
  const auto failed = call("github/endpoints/get-user", R"({"parameters": {"username": "a"}})");
  check_problem(failed, 502, "upstream_failed");
  CHECK_THAT(std::string(failed.at("detail").as_string()), Contains("nobody listens"));
  world.http.answer(HttpFailure{HttpFailure::Kind::timeout, true, "no answer within 1m"});
  call("github/endpoints/get-user", R"({"parameters": {"username": "a"}})");  // as before
  const auto slow = call("github/endpoints/get-user", R"({"parameters": {"username": "a"}})");
  check_problem(slow, 504, "timed_out");
}

// --- the store -----------------------------------------------------------------------------------

TEST_CASE("api: what uses the store's space is told") {
  DaemonWorld world;
  world.workflow("nap", "on: { manual: {} }\nsteps: [ { wait: { for: 1h } } ]\n");
  world.post("/api/v1/workflows/nap/runs");
  auto info = world.get("/api/v1/store");
  CHECK(info.status == 200);
  CHECK(keys(info.body) == Names{"file", "kinds", "workflows", "last_pruning"});
  CHECK(keys(info.at("file")) == Names{"bytes", "free_bytes", "log_bytes"});
  CHECK(info.json("kinds.0.kind") == R"("runs")");
  CHECK(info.json("kinds.0.rows") == "1");
  CHECK(keys(info.at("workflows.0")) == Names{"workflow", "runs", "unfinished", "bytes"});
  CHECK(info.json("workflows.0.unfinished") == "1");
  CHECK(info.json("last_pruning") == "null");

  world.last_pruning = {world.engine.clock.now(), 1500ms, 3, 4, 5};
  info = world.get("/api/v1/store");
  CHECK(
      info.json("last_pruning") ==
      R"({"at":"2023-11-14T22:13:20.000Z","duration_ms":1500,"runs":3,"other_rows":4,"bytes":5})");
}

TEST_CASE("api: a backup is made where it is wanted, once") {
  DaemonWorld world;
  const auto path = (world.engine.folder / "copy.db").string();
  const auto body = R"({"path":")" + path + R"("})";
  const auto made = world.post("/api/v1/store/backups", body);
  CHECK(made.status == 201);
  CHECK(keys(made.body) == Names{"path", "bytes", "duration_ms"});
  CHECK(made.at("bytes").as_integer() ==
        static_cast<std::int64_t>(std::filesystem::file_size(path)));
  CHECK(world.post("/api/v1/store/backups", body).status == 409);
  CHECK(world.post("/api/v1/store/backups", R"({"path":"copy.db"})").status == 400);
  CHECK(world.post("/api/v1/store/backups", R"({"path":"/no/such/folder/copy.db"})").status == 404);
  CHECK(world.post("/api/v1/store/backups", R"({"path":1})").status == 400);
  CHECK(world.post("/api/v1/store/backups", R"({"file":"x"})").status == 400);
}

TEST_CASE("api: compacting gives back what is unused") {
  DaemonWorld world;
  auto nothing = world.post("/api/v1/store/compact");
  CHECK(nothing.status == 200);
  CHECK(nothing.json("after.free_bytes") == "0");
  tba::storage::Change change;
  for (int i = 0; i < 300; ++i) {
    tba::storage::Delivery delivery;
    delivery.id = world.engine.ids.next<tba::DeliveryId>();
    delivery.received_at = world.engine.clock.now();
    for (int n = 0; n < 2000; ++n) delivery.body += std::to_string(n * 7919 + i);
    change.writes.emplace_back(tba::storage::AddDelivery{delivery});
  }
  auto& store = world.engine.store();
  world.engine.await(store.submit(std::move(change))).value();
  tba::storage::Bite all;
  all.what = tba::storage::LoneDeliveries{world.engine.clock.now() + 1s};
  world.engine.await(store.prune(all)).value();
  const auto compacted = world.post("/api/v1/store/compact");
  CHECK(compacted.at("before.free_bytes").as_integer() > 1 << 20);
  CHECK(compacted.json("after.free_bytes") == "0");
  CHECK(compacted.at("after.bytes").as_integer() <
        compacted.at("before.bytes").as_integer() - (1 << 20));
}
