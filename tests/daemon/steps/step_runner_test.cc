#include "daemon/steps/step_runner.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/await.h"
#include "tests/support/engine_world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_credential_store.h"
#include "tests/support/result.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/scripted_http_client.h"
#include "tests/support/scripted_mail_client.h"
#include "tests/support/scripted_plugins.h"
#include "tests/support/scripted_processes.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

using Catch::Matchers::Contains;
using tba::Effect;
using tba::Value;
using tba::engine::Attempt;
using tba::engine::AttemptOutcome;
using tba::engine::EndpointCall;
using tba::engine::ProgramCall;
using tba::engine::RawRequest;
using tba::tests::run_coroutine;

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;
using tba::net::HeaderFields;
using Lines = std::vector<std::pair<std::string, std::string>>;

/// What a step runner needs.
struct World {
  tba::tests::TemporaryFolder folder;
  boost::asio::io_context io;
  std::unique_ptr<tba::daemon::Log> log = tba::daemon::Log::silent();
  tba::tests::FakeCredentialStore store;
  tba::tests::FakeClock clock;
  tba::tests::SeededRandom random{1};
  tba::UuidGenerator ids{clock, random};
  tba::vault::LiveSecrets live_secrets;
  tba::vault::Credentials credentials{{store, live_secrets, clock, random, ids},
                                      {folder / "vault.key", false}};
  tba::tests::ScriptedHttpClient http;
  tba::tests::ScriptedMailClient mail;
  tba::tests::ScriptedProcesses processes;
  tba::tests::ScriptedPlugins plugins;
  tba::steps::RunFolders folders{{io.get_executor(), store, *log}, folder / "runs"};
  std::string folder_now;                     // of the workflow's file
  std::shared_ptr<const tba::Connector> own;  // beside the built-in ones; or null
  tba::connectors::CircuitBreaker circuits;
  tba::tests::FakeAlarm alarm;
  tba::auth::TokenKeeper tokens{keeper_of(credentials)};
  tba::steps::StepRunner runner{environment(credentials, tokens)};
  std::shared_ptr<const tba::Connector> github = tba::built_in_connectors().find("github");
  Lines lines;

  World() { run_coroutine(credentials.load()).value(); }

  tba::auth::TokenKeeper::Environment keeper_of(tba::vault::Credentials& used) {
    return {io.get_executor(), used, http, alarm, clock, random, connector_lookup(), *log};
  }

  tba::steps::StepRunner::Environment environment(const tba::vault::Credentials& used,
                                                  tba::auth::TokenKeeper& keeper) {
    return {http,
            mail,
            processes,
            plugins,
            used,
            keeper,
            live_secrets,
            folders,
            clock,
            random,
            circuits,
            *log,
            store,
            connector_lookup(),
            [this](const std::string&) { return folder_now; }};
  }

  tba::auth::ConnectorLookup connector_lookup() const {
    return [this](const std::string& name) {
      return own && own->name == name ? own : tba::built_in_connectors().find(name);
    };
  }

  void set_token(const std::string& name, const std::string& token) {
    tba::vault::NewCredential credential{name, github, "token", "", {}};
    credential.fields.emplace("token", tba::vault::Secret(token));
    run_coroutine(credentials.set(std::move(credential))).value();
  }

  void set_mail_login(const std::string& base_url) {
    tba::vault::NewCredential credential{
        "mail", tba::built_in_connectors().find("email"), "login", base_url, {}};
    credential.fields.emplace("username", tba::vault::Secret("bot@example.com"));
    credential.fields.emplace("password", tba::vault::Secret("swordfish"));
    run_coroutine(credentials.set(std::move(credential))).value();
  }

  /// Of a run's step, as it would be made again.
  static Attempt mail_to(const std::string& address) {
    Attempt attempt;
    attempt.run = tba::RunId::parse("01932c07-209c-7b6e-9f4c-0123456789ab").value();
    attempt.step = "tell";
    attempt.effect = Effect::once;
    attempt.timeout = std::chrono::milliseconds(1'234);
    attempt.credential = "mail";
    attempt.request =
        EndpointCall{tba::built_in_connectors().find("email"), "send",
                     Value::object({{"to", Value::string(address)}, {"text", Value()}}), ""};
    return attempt;
  }

  Attempt get_user(const std::string& credential = "") const {
    Attempt attempt;
    attempt.credential = credential;
    attempt.request = EndpointCall{github, "get-user",
                                   Value::object({{"username", Value::string("octocat")}}), ""};
    return attempt;
  }

  AttemptOutcome perform(Attempt attempt) {
    // Made before it is awaited: what it is given must not have to outlive the call.
    auto task =
        runner.perform(std::move(attempt), [this](std::string_view stream, std::string_view line) {
          lines.emplace_back(stream, line);
        });
    return run_coroutine(std::move(task));
  }
};

/// A call of the endpoint `ask` of that connector.
Attempt call_of(const std::string& text) {
  tba::Diagnostics diagnostics;
  auto connector = tba::read_connector("slow.yaml", text, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  Attempt attempt;
  attempt.request = EndpointCall{std::make_shared<const tba::Connector>(std::move(*connector)),
                                 "ask", Value::object({}), ""};
  return attempt;
}

/// A call of an API that takes so many an hour.
Attempt limited_call(int requests) {
  return call_of(
      "connector: slow\nbase_url: https://slow.example\n"
      "rate_limits: { core: { requests: " +
      std::to_string(requests) +
      ", per: 1h, by: [credential] } }\nendpoints: { ask: { method: GET, path: / } }\n");
}

/// Checks that the attempt failed before anything was done.
void check_not_attempted(const AttemptOutcome& outcome, const std::string& kind) {
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == kind);
  CHECK(outcome.certainly_not_acted);
  CHECK_FALSE(outcome.unknown);
  CHECK(outcome.result.is_null());
}

}  // namespace

TEST_CASE("step runner: a call becomes its endpoint's request, with its credential") {
  World world;
  world.set_token("bot", "ghp_0123456789");
  world.http.answer(200, R"({"login":"octocat"})");
  const auto outcome = world.perform(world.get_user("bot"));
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.http_status == 200);
  CHECK(outcome.result.find("body")->find("login")->as_string() == "octocat");
  REQUIRE(world.http.requests.size() == 1);
  const auto& request = world.http.requests.front();
  CHECK(request.method == "GET");
  CHECK(request.url == "https://api.github.com/users/octocat");
  CHECK(std::ranges::count(request.headers, std::pair<std::string, std::string>(
                                                "Authorization", "Bearer ghp_0123456789")) == 1);
}

TEST_CASE("step runner: a call uses the credential as it is when it is made") {
  World world;
  world.http.answer(200);
  world.set_token("bot", "ghp_0123456789");
  (void)world.perform(world.get_user("bot"));
  world.set_token("bot", "ghp_9876543210");
  (void)world.perform(world.get_user("bot"));
  CHECK(std::ranges::count(
            world.http.requests.back().headers,
            std::pair<std::string, std::string>("Authorization", "Bearer ghp_9876543210")) == 1);
}

TEST_CASE("step runner: a credential that is missing or broken fails the attempt before it acts") {
  World world;
  auto outcome = world.perform(world.get_user("bot"));
  check_not_attempted(outcome, "credential");
  CHECK_THAT(outcome.failure->message, Contains("bot"));

  world.set_token("bot", "ghp_0123456789");
  world.store.rows.begin()->second.sealed[10] ^= 1;
  tba::vault::Credentials reopened(
      {world.store, world.live_secrets, world.clock, world.random, world.ids},
      {world.folder / "vault.key", false});
  run_coroutine(reopened.load()).value();
  tba::auth::TokenKeeper keeper(world.keeper_of(reopened));
  tba::steps::StepRunner runner(world.environment(reopened, keeper));
  outcome = run_coroutine(runner.perform(world.get_user("bot"), nullptr));
  check_not_attempted(outcome, "credential");
  CHECK(outcome.failure->message == reopened.problem("bot"));
  CHECK(world.http.requests.empty());
}

TEST_CASE("step runner: a request that cannot be built fails the attempt before it acts") {
  World world;
  auto attempt = world.get_user();
  std::get<EndpointCall>(attempt.request).endpoint = "get-usr";
  auto outcome = world.perform(attempt);
  check_not_attempted(outcome, "request");
  CHECK(outcome.failure->message == "there is no endpoint github/get-usr");

  attempt = world.get_user();
  std::get<EndpointCall>(attempt.request).parameters = Value::object({});
  outcome = world.perform(attempt);
  check_not_attempted(outcome, "request");
  CHECK(outcome.failure->message == "github/get-user: parameter 'username' is missing");
  CHECK(world.http.requests.empty());
}

TEST_CASE("step runner: only what is no `once` may be sent again by the client itself") {
  World world;
  world.http.answer(200);
  for (const auto effect : {Effect::repeat, Effect::keyed, Effect::once}) {
    auto call = world.get_user();
    call.effect = effect;
    (void)world.perform(call);
    CHECK(world.http.requests.back().may_resend == (effect != Effect::once));

    Attempt raw;
    raw.effect = effect;
    raw.request = RawRequest{"POST", "http://far.example/", {}, "", false, 100};
    (void)world.perform(raw);
    CHECK(world.http.requests.back().may_resend == (effect != Effect::once));
  }
}

TEST_CASE("step runner: a keyed call sends its key in the header that the connector names") {
  World world;
  tba::Diagnostics diagnostics;
  auto connector = tba::read_connector("pay.yaml", R"(
connector: pay
base_url: https://pay.example
idempotency: { header: Idempotency-Key }
endpoints:
  charge: { method: POST, path: /charges }
)",
                                       diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  Attempt attempt;
  attempt.effect = Effect::keyed;
  attempt.request = EndpointCall{std::make_shared<const tba::Connector>(std::move(*connector)),
                                 "charge", Value::object({}), "run/charge"};
  world.http.answer(200);
  (void)world.perform(attempt);
  CHECK(std::ranges::count(world.http.requests.back().headers,
                           std::pair<std::string, std::string>("Idempotency-Key", "run/charge")) ==
        1);
}

TEST_CASE("step runner: calls keep to the limits of their API, and learn them from its answers") {
  World world;
  const auto attempt = limited_call(2);
  world.http.answer(200);
  world.http.answer(429, "", {{"retry-after", "7200"}});
  CHECK_FALSE(world.perform(attempt).failure);
  CHECK(world.perform(attempt).http_status == 429);
  const auto now = world.clock.now();
  const auto postponed = world.perform(attempt);
  CHECK(world.http.requests.size() == 2);
  check_not_attempted(postponed, "rate_limit");
  CHECK(postponed.failure->message ==
        "slow/ask has been called as often as its API allows for now");
  CHECK(postponed.not_before == now + std::chrono::hours(2));
  CHECK(postponed.retry_after == std::chrono::hours(2));
}

TEST_CASE("step runner: a limit that was closed when the daemon ended is not asked again") {
  World world;
  const auto attempt = limited_call(100);
  world.http.answer(429, "", {{"retry-after", "3600"}});
  CHECK(world.perform(attempt).http_status == 429);
  REQUIRE(world.store.limits.size() == 1);
  CHECK(world.store.limits[0].until == world.clock.now() + std::chrono::hours(1));
  CHECK(world.store.limits[0].key.find("slow") == std::string::npos);

  world.clock.advance(std::chrono::minutes(20));
  tba::steps::StepRunner next(world.environment(world.credentials, world.tokens));
  REQUIRE(run_coroutine(next.load()));
  const auto postponed = run_coroutine(next.perform(attempt, nullptr));
  check_not_attempted(postponed, "rate_limit");
  CHECK(postponed.not_before == world.clock.now() + std::chrono::minutes(40));
  CHECK(world.http.requests.size() == 1);

  world.store.failure = tba::Error{tba::ErrorCode::unavailable, "no space", ""};
  world.clock.advance(std::chrono::minutes(40));
  const auto asked = run_coroutine(next.perform(attempt, nullptr));  // that is not written
  CHECK(asked.http_status == 429);
  tba::steps::StepRunner last(world.environment(world.credentials, world.tokens));
  const auto unread = run_coroutine(last.load());
  REQUIRE(unread.has_error());
  CHECK(unread.error().message == "while reading the state of limits: no space");
}

TEST_CASE("step runner: an answer that has not changed is the one that was kept") {
  World world;
  world.set_token("bot", "ghp_0123456789");
  world.http.answer(200, R"({"login":"octocat"})",
                    {{"content-type", "application/json"}, {"etag", "\"1\""}, {"x-left", "2"}});
  world.http.answer(304, "", {{"etag", "\"1\""}, {"x-left", "1"}});
  const auto first = world.perform(world.get_user("bot"));
  const auto second = world.perform(world.get_user("bot"));
  const auto& headers = world.http.requests[1].headers;
  CHECK(std::ranges::count(headers,
                           std::pair<std::string, std::string>("If-None-Match", "\"1\"")) == 1);
  CHECK_FALSE(second.failure);
  CHECK(second.http_status == 200);
  CHECK(to_json(*second.result.find("body")) == to_json(*first.result.find("body")));
  CHECK(second.result.find("status")->as_integer() == 200);
  CHECK(second.result.find("headers")->find("x-left")->as_string() == "1");
  CHECK(second.result.find("headers")->find("tba-kept")->as_string() == "revalidated");
  CHECK_FALSE(first.result.find("headers")->find("tba-kept"));
}

TEST_CASE("step runner: a young answer takes no turn, asks no host, and counts for no hand") {
  World world;
  const auto attempt = call_of(
      "connector: slow\nbase_url: https://slow.example\nfresh_for: 10m\n"
      "rate_limits: { core: { requests: 2, per: 1h } }\n"
      "error: { when: '${{ .body.ok == false }}' }\n"
      "endpoints: { ask: { method: GET, path: /, pagination: { style: next_url, next: '${{ .body.n "
      "}}', "
      "items: '${{ .body.all }}' } } }\n");
  const HeaderFields json{{"content-type", "application/json"}};
  world.http.answer(200, R"({"ok":false})", json);
  world.http.answer(200, R"({"ok":true,"all":[1]})", json);
  world.http.answer(502);
  CHECK(world.perform(attempt).failure->kind == "api");  // which is not used again
  CHECK_FALSE(world.perform(attempt).failure);
  for (int i = 0; i < 3; ++i) {
    const auto again = world.perform(attempt);
    CHECK_FALSE(again.failure);
    CHECK(again.http_status == 200);
    CHECK(again.result.find("headers")->find("tba-kept")->as_string() == "fresh");
    CHECK(to_json(*again.result.find("body")) == R"({"ok":true,"all":[1]})");
  }
  auto page = attempt;
  std::get<EndpointCall>(page.request).page = Value();
  CHECK(to_json(*world.perform(page).result.find("body")) == "[1]");
  CHECK(world.http.requests.size() == 2);

  auto by_hand = attempt;
  by_hand.is_by_hand = true;
  check_not_attempted(world.perform(by_hand), "rate_limit");
  world.clock.advance(std::chrono::hours(2));
  CHECK(world.perform(by_hand).http_status == 502);
  auto poll = attempt;
  poll.must_ask = true;
  CHECK(world.perform(poll).http_status == 502);
}

TEST_CASE("step runner: a call that got no answer keeps no other from being made") {
  World world;
  const tba::net::HttpResult gone =
      tba::net::HttpFailure{tba::net::HttpFailure::Kind::reset, true, "gone"};
  world.http.answer(gone);
  world.http.answer(200, "{}");
  CHECK(world.perform(world.get_user()).failure->kind == "network");
  CHECK_FALSE(world.perform(world.get_user()).failure);
}

TEST_CASE("step runner: a host that fails is left alone, but for who calls by hand") {
  World world;
  world.http.answer(502);
  for (int i = 0; i < 10; ++i) CHECK(world.perform(world.get_user()).http_status == 502);
  const auto sent = world.http.requests.size();
  const auto since = tba::format_time(world.clock.now());
  const auto waiting = world.perform(world.get_user());
  check_not_attempted(waiting, "network");
  CHECK(waiting.failure->message ==
        "github/get-user: https://api.github.com has not answered since " + since +
            ", and is left alone for a while");
  CHECK(waiting.not_before == world.clock.now() + std::chrono::seconds(5));
  CHECK(waiting.retry_after == std::chrono::seconds(5));
  Attempt raw;
  raw.request = RawRequest{"GET", "https://api.github.com/a", {}, "", true, 1234};
  check_not_attempted(world.perform(raw), "network");
  CHECK(world.http.requests.size() == sent);

  world.clock.advance(std::chrono::minutes(10));
  CHECK(world.perform(raw).http_status == 502);  // the probe
  const auto refused = world.perform(raw);
  check_not_attempted(refused, "network");
  CHECK_FALSE(refused.not_before);

  world.http.answer_only(tba::net::HttpResponse{404, {}, ""});
  auto by_hand = world.get_user();
  by_hand.is_by_hand = true;
  CHECK(world.perform(by_hand).http_status == 404);
  CHECK(world.perform(raw).http_status == 404);
}

TEST_CASE("step runner: a limit that is reached is no reason to leave a host alone") {
  World world;
  world.http.answer(429, "", {{"retry-after", "0"}});
  Attempt raw;
  raw.request = RawRequest{"GET", "https://far.example/", {}, "", true, 1234};
  for (int i = 0; i < 20; ++i) CHECK(world.perform(raw).http_status == 429);
}

TEST_CASE("step runner: what is cut off when its time is over was not answered") {
  World world;
  const tba::net::HttpResult cancelled =
      tba::net::HttpFailure{tba::net::HttpFailure::Kind::cancelled, true, "cut off"};
  world.http.answer(cancelled);
  Attempt raw;
  raw.request = RawRequest{"GET", "https://far.example/", {}, "", true, 1234};
  for (int i = 0; i < 20; ++i) CHECK(world.perform(raw).failure->kind == "cancelled");
  raw.timeout = std::chrono::milliseconds(0);
  for (int i = 0; i < 10; ++i) CHECK(world.perform(raw).failure->kind == "cancelled");
  CHECK(world.perform(raw).not_before);
}

TEST_CASE("step runner: a raw request is sent as it was evaluated") {
  World world;
  world.http.answer(503, "", {{"retry-after", "5"}});
  Attempt attempt;
  attempt.request =
      RawRequest{"PUT", "http://far.example/a?b=c", {{"X-A", "1"}}, "text", true, 1234};
  const auto outcome = world.perform(attempt);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->message == "the request answered 503");
  CHECK(outcome.retry_after == std::chrono::seconds(5));
  const auto& request = world.http.requests.front();
  CHECK(request.method == "PUT");
  CHECK(request.url == "http://far.example/a?b=c");
  CHECK(request.headers == tba::net::HeaderFields{{"X-A", "1"}});
  CHECK(request.body == "text");
  CHECK(request.follow_redirects);
  CHECK(request.max_response_bytes == 1234);
}

TEST_CASE("step runner: a raw request is sent with its credential, or not at all") {
  World world;
  world.set_token("bot", "ghp_0123456789");
  world.http.answer(200);
  Attempt attempt;
  attempt.credential = "bot";
  attempt.request = RawRequest{"GET", "http://far.example/", {{"authorization", "x"}}, "", true, 9};
  const auto elsewhere = world.perform(attempt);
  check_not_attempted(elsewhere, "credential");
  CHECK(elsewhere.failure->message ==
        "credential 'bot' is only sent to https://api.github.com:443, which is not where the "
        "request goes");
  CHECK(world.http.requests.empty());

  std::get<RawRequest>(attempt.request).url = "https://api.github.com/user";
  CHECK_FALSE(world.perform(attempt).failure);
  CHECK(world.http.requests.front().headers ==
        tba::net::HeaderFields{{"Authorization", "Bearer ghp_0123456789"}});

  attempt.credential = "nobody";
  check_not_attempted(world.perform(attempt), "credential");

  tba::vault::NewCredential hook{"hook", world.github, "webhook", "", {}};
  hook.fields.emplace("secret", tba::vault::Secret("0123456789"));
  run_coroutine(world.credentials.set(std::move(hook))).value();
  attempt.credential = "hook";
  const auto outcome = world.perform(attempt);
  check_not_attempted(outcome, "credential");
  CHECK_THAT(outcome.failure->message, Contains("'hook' is a webhook's secret"));
  CHECK(world.http.requests.size() == 1);
}

TEST_CASE("step runner: a raw request to a path goes below the base URL of its credential") {
  World world;
  tba::vault::NewCredential mine{
      "mine", tba::built_in_connectors().find("http"), "header", "https://own.example/api", {}};
  mine.fields.emplace("header", tba::vault::Secret("X-Own"));
  mine.fields.emplace("key", tba::vault::Secret("0123456789"));
  run_coroutine(world.credentials.set(std::move(mine))).value();
  world.http.answer(200);
  Attempt attempt;
  attempt.credential = "mine";
  attempt.request = RawRequest{"GET", "/items?open=true", {}, "", false, 1234};
  std::get<RawRequest>(attempt.request).secrets = {
      {tba::engine::RequestSecret::Part::headers, {"X-Again"}, {"mine", "key"}}};
  CHECK_FALSE(world.perform(attempt).failure);
  CHECK(world.http.requests.front().url == "https://own.example/api/items?open=true");
  CHECK(world.http.requests.front().headers ==
        tba::net::HeaderFields{{"X-Again", "0123456789"}, {"X-Own", "0123456789"}});

  attempt.credential.clear();
  const auto nowhere = world.perform(attempt);
  check_not_attempted(nowhere, "request");
  CHECK_THAT(nowhere.failure->message, Contains("below the base URL of a credential"));
  CHECK(world.http.requests.size() == 1);
}

TEST_CASE("step runner: a program gets what was evaluated, and its lines go to the log") {
  World world;
  world.processes.lines = {{false, "one"}, {true, "two"}};
  tba::steps::ProcessResult ended;
  ended.out = "[1]";
  world.processes.result = ended;
  Attempt attempt;
  attempt.request = ProgramCall{{"./list.sh", "-a"}, {{"LABEL", "bug"}}, "list", "/flows", true};
  const auto outcome = world.perform(attempt);
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.result.find("body")->size() == 1);
  CHECK(world.lines == Lines{{"stdout", "one"}, {"stderr", "two"}});
  const auto& request = world.processes.requests.front();
  CHECK(request.command == std::vector<std::string>{"/flows/list.sh", "-a"});
  CHECK(request.environment.front() == std::pair<std::string, std::string>("LABEL", "bug"));
}

TEST_CASE("step runner: a program runs in its run's folder, and is told where it is") {
  World world;
  world.processes.result = tba::steps::ProcessResult();
  Attempt attempt;
  attempt.run = world.ids.next<tba::RunId>();
  attempt.step = "each[3]/list";
  attempt.number = 2;
  const auto started = [&](std::vector<std::string> command, Variables environment = {}) {
    attempt.request =
        ProgramCall{std::move(command), std::move(environment), "list", "/flows", false};
    CHECK_FALSE(world.perform(attempt).failure);
    return world.processes.requests.back();
  };
  const auto home = (world.folder / "runs" / attempt.run.text()).string();
  const auto request = started({"../tools/./list.sh", "./as-it-is"});
  CHECK(request.command == std::vector<std::string>{"/tools/list.sh", "./as-it-is"});
  CHECK(request.folder == home);
  CHECK(request.makes_folder);
  CHECK(request.environment == Variables{{"HOME", home},
                                         {"TBA_RUN_ID", attempt.run.text()},
                                         {"TBA_WORKFLOW", "list"},
                                         {"TBA_WORKFLOW_FOLDER", "/flows"},
                                         {"TBA_STEP", "each[3]/list"},
                                         {"TBA_ATTEMPT", "2"}});
  CHECK(started({"/bin/list"}).command.front() == "/bin/list");
  CHECK(started({"list"}).command.front() == "list");
  // What is declared stands, and the file may have moved since the run began.
  world.folder_now = "/moved";
  const auto moved = started({"./list.sh"}, {{"HOME", "/root"}, {"TBA_STEP", "own"}});
  CHECK(moved.command.front() == "/moved/list.sh");
  CHECK(moved.environment == Variables{{"HOME", "/root"},
                                       {"TBA_STEP", "own"},
                                       {"TBA_RUN_ID", attempt.run.text()},
                                       {"TBA_WORKFLOW", "list"},
                                       {"TBA_WORKFLOW_FOLDER", "/moved"},
                                       {"TBA_ATTEMPT", "2"}});
}

TEST_CASE("step runner: of a program's lines the log has so many, and how many more there were") {
  const auto [count, size, kept] = GENERATE(table<std::size_t, std::size_t, std::size_t>({
      {5'000, 1, 5'000},
      {5'001, 0, 5'000},
      {1'000'000, 0, 5'000},
      {17, 64 << 10, 16},
      {16, 64 << 10, 16},
  }));
  CAPTURE(count, size);
  World world;
  world.processes.lines.assign(count, {false, std::string(size, 'x')});
  world.processes.result = tba::steps::ProcessResult();
  Attempt attempt;
  attempt.request = ProgramCall{{"./talk.sh"}, {}, "talk", "/flows", false};
  world.perform(attempt);
  REQUIRE(world.lines.size() == kept + (kept < count ? 1 : 0));
  if (kept == count) return;
  const auto more =
      std::to_string(count - kept) + (count - kept == 1 ? " more line" : " more lines");
  CHECK(world.lines.back() ==
        Lines::value_type{"engine", "left out of the log: " + more + " of the program"});
}

TEST_CASE("step runner: the log says so where a program wrote more than is kept") {
  World world;
  tba::steps::ProcessResult ended;
  ended.truncated = true;
  world.processes.result = ended;
  Attempt attempt;
  attempt.request = ProgramCall{{"./talk.sh"}, {}, "talk", "/flows", false};
  world.perform(attempt);
  CHECK(world.lines == Lines{{"engine", "the program wrote more than is kept of its output"}});
}

TEST_CASE("step runner: a program that is not there fails the attempt before it acts") {
  World world;
  world.processes.result =
      tba::Error{tba::ErrorCode::invalid, "there is no such program", "make one"};
  Attempt attempt;
  attempt.request = ProgramCall{{"./list.sh"}, {}, "talk", "/flows", false};
  const auto outcome = world.perform(attempt);
  check_not_attempted(outcome, "program");
  CHECK(outcome.failure->message == "./list.sh: there is no such program (make one)");
}

// --- secrets -------------------------------------------------------------------------------------

namespace {

using Part = tba::engine::RequestSecret::Part;
const std::string kToken = "ghp_swordfish+/1";

tba::engine::RequestSecret secret_at(Part part, tba::expression::ValuePath path,
                                     const std::string& field = "token") {
  return {part, std::move(path), {"bot", field}};
}

/// A POST to the API that the credential `bot` is for.
RawRequest post_with(tba::engine::RequestSecret secret) {
  RawRequest raw{"POST", "https://api.github.com/a?b=c", {{"X-A", "1"}}, "", false, 1234};
  raw.secrets.push_back(std::move(secret));
  return raw;
}

}  // namespace

TEST_CASE("step runner: secrets are put into every part of a request") {
  World world;
  world.set_token("bot", kToken);
  world.http.answer(200);
  const auto sent = [&](RawRequest raw) {
    Attempt attempt;
    attempt.request = std::move(raw);
    CHECK_FALSE(world.perform(std::move(attempt)).failure);
    return world.http.requests.back();
  };
  CHECK(sent(post_with(secret_at(Part::query, {"key"}))).url ==
        "https://api.github.com/a?b=c&key=ghp_swordfish%2B%2F1");
  CHECK(sent(post_with(secret_at(Part::headers, {"X-Key"}))).headers ==
        tba::net::HeaderFields{{"X-A", "1"}, {"X-Key", kToken}});
  CHECK(sent(post_with(secret_at(Part::body, {}))).body == kToken);
  CHECK(sent(post_with(secret_at(Part::form, {"key"}))).body == "key=ghp_swordfish%2B%2F1");
  auto form = post_with(secret_at(Part::form, {"key"}));
  form.body = "a=1";
  CHECK(sent(std::move(form)).body == "a=1&key=ghp_swordfish%2B%2F1");
  auto json = post_with(secret_at(Part::json, {"list", std::size_t{1}, "key"}));
  json.json = tba::parse_json(R"({"list":[1,{"key":null,"x":2}],"y":3})").value();
  json.secrets.push_back(secret_at(Part::json, {"y"}));
  CHECK(sent(std::move(json)).body ==
        R"({"list":[1,{"key":"ghp_swordfish+/1","x":2}],"y":"ghp_swordfish+/1"})");

  auto call = world.get_user();
  std::get<EndpointCall>(call.request).parameters = Value::object({{"username", Value()}});
  std::get<EndpointCall>(call.request).secrets.push_back(secret_at(Part::parameters, {"username"}));
  CHECK_FALSE(world.perform(call).failure);
  CHECK(world.http.requests.back().url == "https://api.github.com/users/ghp_swordfish%2B%2F1");
}

TEST_CASE("step runner: a secret goes nowhere but to its own API") {
  World world;
  world.set_token("bot", kToken);
  Attempt attempt;
  attempt.request = post_with(secret_at(Part::headers, {"X-Key"}));
  auto& raw = std::get<RawRequest>(attempt.request);
  for (const auto* url :
       {"https://far.example/", "http://api.github.com/", "https://api.github.com:1/",
        "https://api.github.com@far.example/", "nonsense"}) {
    raw.url = url;
    const auto outcome = world.perform(attempt);
    check_not_attempted(outcome, "credential");
    CHECK(outcome.failure->message ==
          "credential 'bot' is only sent to https://api.github.com:443, which is not where the "
          "request goes");
  }

  auto call = world.get_user();
  auto elsewhere = *world.github;
  elsewhere.base_url = "https://far.example";
  auto& endpoint = std::get<EndpointCall>(call.request);
  endpoint.connector = std::make_shared<const tba::Connector>(elsewhere);
  endpoint.secrets.push_back(secret_at(Part::parameters, {"username"}));
  check_not_attempted(world.perform(call), "credential");
  CHECK(world.http.requests.empty());
}

TEST_CASE("step runner: with a secret in it a request follows no redirects") {
  World world;
  world.set_token("bot", kToken);
  world.http.answer(200);
  Attempt attempt;
  attempt.request = post_with(secret_at(Part::body, {}));
  std::get<RawRequest>(attempt.request).follow_redirects = true;
  CHECK_FALSE(world.perform(attempt).failure);
  CHECK_FALSE(world.http.requests.back().follow_redirects);
}

TEST_CASE("step runner: what comes back from where a secret went is masked") {
  World world;
  world.set_token("bot", kToken);
  world.http.answer(200, R"({"echo":"ghp_swordfish+/1","encoded":"ghp_swordfish%2B%2F1"})",
                    {{"content-type", "application/json"}, {"x-echo", kToken}});
  Attempt attempt;
  attempt.request = post_with(secret_at(Part::headers, {"X-Key"}));
  const auto answered = world.perform(attempt);
  CHECK(to_json(*answered.result.find("body")) == R"({"echo":"********","encoded":"********"})");
  CHECK(answered.result.find("headers")->find("x-echo")->as_string() == "********");

  world.processes.lines = {{false, "it is " + kToken}, {true, "plain"}};
  tba::steps::ProcessResult ended;
  ended.out = "[\"" + kToken + "\"]";
  ended.err = "no " + kToken;
  ended.exit_code = 1;
  world.processes.result = ended;
  ProgramCall program{{"./talk.sh"}, {{"A", "1"}}, "talk", "/flows", true};
  program.secrets.push_back(secret_at(Part::environment, {"TOKEN"}));
  attempt.request = program;
  const auto outcome = world.perform(attempt);
  const auto& environment = world.processes.requests.back().environment;
  CHECK(Variables(environment.begin(), environment.begin() + 2) ==
        Variables{{"A", "1"}, {"TOKEN", kToken}});
  CHECK(world.lines == Lines{{"stdout", "it is ********"}, {"stderr", "plain"}});
  CHECK(outcome.result.find("stdout")->as_string() == "[\"********\"]");
  CHECK(outcome.result.find("stderr")->as_string() == "no ********");
  CHECK(outcome.failure->message == "./talk.sh ended with exit code 1: no ********");
}

TEST_CASE("step runner: what comes back from where a credential was shown is masked") {
  World world;
  world.set_token("bot", kToken);
  world.http.answer(404, R"({"message":"no such page for ghp_swordfish+/1"})",
                    {{"content-type", "application/json"}, {"x-echo", kToken}});
  auto called = world.get_user();
  called.credential = "bot";
  const auto outcome = world.perform(called);
  CHECK(outcome.failure->message == "github/get-user answered 404: no such page for ********");
  CHECK(outcome.result.find("headers")->find("x-echo")->as_string() == "********");

  Attempt attempt;
  attempt.request = RawRequest{"GET", "https://api.github.com/a", {}, "", false, 1000};
  attempt.credential = "bot";
  const auto raw = world.perform(attempt);
  CHECK(to_json(*raw.result.find("body")) == R"({"message":"no such page for ********"})");
}

TEST_CASE("step runner: a secret that is not there fails the attempt before it acts") {
  World world;
  Attempt attempt;
  attempt.request = post_with(secret_at(Part::headers, {"X-Key"}));
  auto outcome = world.perform(attempt);
  check_not_attempted(outcome, "credential");
  CHECK(outcome.failure->message == world.credentials.problem("bot"));

  world.set_token("bot", kToken);
  attempt.request = post_with(secret_at(Part::headers, {"X-Key"}, "tokn"));
  outcome = world.perform(attempt);
  check_not_attempted(outcome, "credential");
  CHECK(outcome.failure->message == "credential 'bot' has no field 'tokn' (did you mean 'token'?)");

  ProgramCall program{{"./talk.sh"}, {}, "talk", "/flows", false};
  program.secrets.push_back(secret_at(Part::environment, {"TOKEN"}, "key"));
  attempt.request = program;
  check_not_attempted(world.perform(attempt), "credential");
  auto call = world.get_user();
  std::get<EndpointCall>(call.request)
      .secrets.push_back(secret_at(Part::parameters, {"username"}, "key"));
  check_not_attempted(world.perform(call), "credential");
  CHECK(world.http.requests.empty());
  CHECK(world.processes.requests.empty());
}

// --- pages
// ----------------------------------------------------------------------------------------------------------

namespace {

/// A call of the list of repositories, for the page there.
Attempt list_repos(const World& world, Value where, const std::string& credential = "") {
  Attempt attempt;
  attempt.credential = credential;
  EndpointCall call{world.github, "list-repos", Value::object({}), ""};
  call.page = std::move(where);
  attempt.request = std::move(call);
  return attempt;
}

}  // namespace

TEST_CASE("step runner: a page has its items, and where the next one is") {
  World world;
  world.set_token("bot", "ghp_0123456789");
  world.http.answer(200, R"([{"id": 1}])",
                    {{"content-type", "application/json"},
                     {"link",
                      "<https://api.github.com/user/repos?page=2&t=ghp_0123456789>; "
                      "rel=\"next\""}});
  world.http.answer(200, R"([{"id": 2}])");
  const auto first = world.perform(list_repos(world, Value(), "bot"));
  REQUIRE_FALSE(first.failure);
  CHECK(world.http.requests[0].url == "https://api.github.com/user/repos?per_page=100");
  CHECK(first.result.find("body")->size() == 1);
  const auto next = *first.result.find("next");
  // What the API has put a secret into is kept without it.
  CHECK(next.find("url")->as_string() == "https://api.github.com/user/repos?page=2&t=********");

  const auto second = world.perform(list_repos(world, next, "bot"));
  REQUIRE_FALSE(second.failure);
  CHECK(world.http.requests[1].url == next.find("url")->as_string());
  CHECK(second.result.find("next")->is_null());
}

TEST_CASE("step runner: a page elsewhere is not asked for") {
  World world;
  world.set_token("bot", "ghp_0123456789");
  const auto elsewhere =
      Value::object({{"url", Value::string("https://api.github.com.evil.test/user/repos")}});
  const auto outcome = world.perform(list_repos(world, elsewhere, "bot"));
  check_not_attempted(outcome, "request");
  CHECK_THAT(outcome.failure->message, Contains("at another origin"));
  CHECK(world.http.requests.empty());
}

TEST_CASE("step runner: an answer that is no page is a failure, and so is a list without pages") {
  World world;
  world.http.answer(200, R"({"id": 1})");
  const auto outcome = world.perform(list_repos(world, Value()));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == "pagination");
  CHECK(outcome.failure->message ==
        "github/list-repos: the answer is object, not an array of items");
  CHECK_FALSE(outcome.unknown);

  auto attempt = world.get_user();
  std::get<EndpointCall>(attempt.request).page = Value();
  const auto refused = world.perform(std::move(attempt));
  check_not_attempted(refused, "request");
  CHECK(refused.failure->message == "github/get-user has no pages: its connector describes none");
}

// --- plugins -------------------------------------------------------------------------------------

namespace {

std::shared_ptr<const tba::Connector> plugin_named(const std::string& name) {
  tba::Diagnostics diagnostics;
  auto read = tba::read_connector(
      "/plugins/" + name + "/plugin.yaml",
      "plugin: " + name +
          "\nversion: 1\ncommand: [./main]\nauth: { token: { type: bearer }, login: { type: "
          "oauth2, "
          "grants: [authorization_code], authorize_url: https://a.example/authorize, "
          "token_url: https://a.example/token } }\n"
          "endpoints: { send: { parameters: { text: { type: string, required: true }, "
          "mark: { default: 7 } } } }\n",
      diagnostics);
  INFO(diagnostics.render());
  REQUIRE(read);
  return std::make_shared<const tba::Connector>(std::move(*read));
}

/// Two plugins, and a credential of one.
struct PluginWorld : World {
  PluginWorld() {
    tba::vault::NewCredential credential{"mine", mail, "token", "", {}};
    credential.fields.emplace("token", tba::vault::Secret("swordfish"));
    run_coroutine(credentials.set(std::move(credential))).value();
  }

  static Attempt attempt_of(const std::shared_ptr<const tba::Connector>& plugin,
                            std::string_view with, const std::string& credential = "") {
    Attempt attempt;
    attempt.credential = credential;
    attempt.request = EndpointCall{plugin, "send", tba::parse_json(with).value(), ""};
    return attempt;
  }

  std::shared_ptr<const tba::Connector> mail = plugin_named("mail");
  std::shared_ptr<const tba::Connector> other = plugin_named("other");
};

Attempt with_secret(Attempt attempt) {
  std::get<EndpointCall>(attempt.request)
      .secrets.push_back(
          {tba::engine::RequestSecret::Part::parameters, {"text"}, {"mine", "token"}});
  return attempt;
}

}  // namespace

TEST_CASE("step runner: a plugin is given what its endpoint takes, defaults included") {
  PluginWorld world;
  auto attempt = world.attempt_of(world.mail, R"({"text": "a"})");
  attempt.timeout = std::chrono::seconds(3);
  std::get<EndpointCall>(attempt.request).idempotency_key = "k-1";
  (void)world.perform(std::move(attempt));
  REQUIRE(world.plugins.calls.size() == 1);
  const auto& call = world.plugins.calls[0];
  CHECK(call.plugin == "mail");
  CHECK(call.endpoint == "send");
  CHECK(call.with == tba::parse_json(R"({"text": "a", "mark": 7})").value());
  CHECK(call.credential.is_null());
  CHECK(call.idempotency_key == "k-1");
  CHECK(call.timeout == std::chrono::seconds(3));
  CHECK(world.http.requests.empty());
}

TEST_CASE("step runner: a plugin is not called with what its endpoint does not take") {
  PluginWorld world;
  const auto outcome = world.perform(world.attempt_of(world.mail, R"({"text": 1})"));
  check_not_attempted(outcome, "request");
  CHECK_THAT(outcome.failure->message, Contains("mail/send: parameter 'text' must be of type"));
  check_not_attempted(world.perform(world.attempt_of(world.mail, "{}")), "request");
  CHECK(world.plugins.calls.empty());
}

TEST_CASE("step runner: a plugin is given credentials of its own, and no other gets them") {
  PluginWorld world;
  (void)world.perform(world.attempt_of(world.mail, R"({"text": "a"})", "mine"));
  REQUIRE(world.plugins.calls.size() == 1);
  CHECK(world.plugins.calls[0].credential ==
        tba::parse_json(R"({"name": "mine", "scheme": "token", "type": "bearer", "base_url": "",
                            "fields": {"token": "swordfish"}})")
            .value());
  (void)world.perform(with_secret(world.attempt_of(world.mail, R"({"text": null})")));
  REQUIRE(world.plugins.calls.size() == 2);
  CHECK(world.plugins.calls[1].with.find("text")->as_string() == "swordfish");
  CHECK(world.plugins.calls[1].credential.is_null());

  check_not_attempted(world.perform(world.attempt_of(world.other, R"({"text": "a"})", "mine")),
                      "credential");
  check_not_attempted(
      world.perform(with_secret(world.attempt_of(world.other, R"({"text": null})"))), "credential");
  check_not_attempted(world.perform(world.attempt_of(world.mail, R"({"text": "a"})", "none")),
                      "credential");
  CHECK(world.plugins.calls.size() == 2);
}

TEST_CASE("step runner: a plugin is given a fresh access token, and nothing to renew it with") {
  PluginWorld world;
  world.own = world.mail;
  tba::vault::NewCredential login{"login", world.mail, "login", "", {}};
  for (const auto& [name, value] : Variables{{"client_id", "c-012345"},
                                             {"client_secret", "s-012345"},
                                             {"access_token", "old-012345"},
                                             {"refresh_token", "r-012345"},
                                             {"expires_at", "2020-01-01T00:00:00Z"},
                                             {"scopes", "send"}}) {
    login.fields.emplace(name, tba::vault::Secret(value));
  }
  run_coroutine(world.credentials.set(std::move(login))).value();
  world.http.answer(200, R"({"access_token": "new-012345", "expires_in": 3600})");
  const auto outcome = tba::tests::await(
      world.io,
      world.runner.perform(world.attempt_of(world.mail, R"({"text": "a"})", "login"), nullptr));
  CHECK_FALSE(outcome.failure);
  REQUIRE(world.plugins.calls.size() == 1);
  const auto& fields = *world.plugins.calls[0].credential.find("fields");
  CHECK(to_json(fields) == R"({"access_token":"new-012345","expires_at":")" +
                               tba::format_time(world.clock.now() + std::chrono::hours(1)) +
                               R"(","scopes":"send"})");
  CHECK(world.http.requests.front().url == "https://a.example/token");
}

TEST_CASE("step runner: what a plugin with a secret tells is masked") {
  PluginWorld world;
  world.plugins.outcome.result =
      tba::parse_json(R"({"status": 500, "body": {"message": "swordfish is wrong"}})").value();
  world.plugins.outcome.failure = tba::storage::Failure{"api", "swordfish is wrong", ""};
  const auto masked = world.perform(world.attempt_of(world.mail, R"({"text": "a"})", "mine"));
  CHECK(masked.failure->message == "******** is wrong");
  CHECK(masked.result.find("body")->find("message")->as_string() == "******** is wrong");
  const auto plain = world.perform(world.attempt_of(world.mail, R"({"text": "a"})"));
  CHECK(plain.failure->message == "swordfish is wrong");
}

TEST_CASE("step runner: a secret that is a number leaves no number behind") {
  PluginWorld world;
  tba::vault::NewCredential credential{"number", world.mail, "token", "", {}};
  credential.fields.emplace("token", tba::vault::Secret("123456789"));
  run_coroutine(world.credentials.set(std::move(credential))).value();
  world.plugins.outcome.result = tba::parse_json(R"({"body": 123456789})").value();
  const auto outcome = world.perform(world.attempt_of(world.mail, R"({"text": "a"})", "number"));
  CHECK(outcome.result.as_string() == R"({"body":********})");
}

TEST_CASE("step runner: mail is sent with its credential, and has the same id each time") {
  World world;
  world.set_mail_login("smtps://mail.example.com");
  world.mail.answer(451, "4.7.1 later");
  world.mail.answer(250, "2.0.0 taken, swordfish");
  const auto refused = world.perform(World::mail_to("ann@example.com"));
  REQUIRE(refused.failure);
  CHECK(refused.http_status == 503);
  CHECK(refused.certainly_not_acted);
  const auto sent = world.perform(World::mail_to("ann@example.com"));
  CHECK_FALSE(sent.failure);
  CHECK(sent.http_status == 200);
  const auto& body = *sent.result.find("body");
  CHECK_THAT(std::string(body.find("answer")->as_string()), !Contains("swordfish"));
  REQUIRE(world.mail.requests.size() == 2);
  const auto& request = world.mail.requests.back();
  CHECK(request.url == "smtps://mail.example.com");
  CHECK(request.password == "swordfish");
  CHECK(request.timeout == std::chrono::milliseconds(1'234));
  CHECK(request.envelope->message == world.mail.requests.front().envelope->message);
  CHECK_THAT(request.envelope->message,
             Contains("Message-ID: " + std::string(body.find("message_id")->as_string())));
}

TEST_CASE("step runner: mail sent by hand has an id of its own each time") {
  World world;
  world.set_mail_login("smtps://mail.example.com");
  for (int i = 0; i < 2; ++i) {
    auto by_hand = World::mail_to("ann@example.com");
    by_hand.run = {};
    world.mail.answer(250, "taken");
    CHECK_FALSE(world.perform(std::move(by_hand)).failure);
  }
  CHECK(world.mail.requests[0].envelope->message != world.mail.requests[1].envelope->message);
}

TEST_CASE("step runner: mail that cannot be written is not sent") {
  World world;
  world.set_mail_login("smtps://mail.example.com");
  check_not_attempted(world.perform(World::mail_to("ann")), "request");
  auto with_secret = World::mail_to("ann@example.com");
  std::get<EndpointCall>(with_secret.request).secrets = {
      {tba::engine::RequestSecret::Part::parameters, {"text"}, {"nobody", "password"}}};
  check_not_attempted(world.perform(std::move(with_secret)), "credential");
  world.set_token("bot", "ghp_0123456789");
  auto elsewhere = World::mail_to("ann@example.com");
  std::get<EndpointCall>(elsewhere.request).secrets = {
      {tba::engine::RequestSecret::Part::parameters, {"text"}, {"bot", "token"}}};
  check_not_attempted(world.perform(std::move(elsewhere)), "credential");
  CHECK(world.mail.requests.empty());
}

TEST_CASE("step runner: a mail server that does not answer is left alone") {
  World world;
  world.set_mail_login("smtps://mail.example.com");
  const auto attempt = [&] { return world.perform(World::mail_to("ann@example.com")); };
  int asked = 0;
  for (; asked < 50; ++asked) {
    world.mail.answer(tba::net::HttpFailure{tba::net::HttpFailure::Kind::connect, false, "no"});
    if (attempt().not_before) break;
  }
  CHECK(asked < 50);
  REQUIRE(world.circuits.open_circuits().size() == 1);
  CHECK(world.circuits.open_circuits().front().host == "smtps://mail.example.com");
}

TEST_CASE("step runner: mail keeps to the limits that its connector sets") {
  World world;
  tba::Diagnostics diagnostics;
  auto connector =
      tba::read_connector("office.yaml",
                          "connector: office\nprotocol: smtp\nbase_url: smtp://localhost\n"
                          "rate_limits: { day: { requests: 1, per: 1d } }\n"
                          "endpoints: { tell: { mail: send, parameters: { from: {}, to: {} } } }\n",
                          diagnostics);
  REQUIRE(connector);
  const auto office = std::make_shared<const tba::Connector>(std::move(*connector));
  Attempt attempt;
  attempt.request =
      EndpointCall{office, "tell",
                   tba::parse_json(R"({"from":"a@example.com","to":"b@example.com"})").value(), ""};
  world.mail.answer(250, "taken");
  CHECK_FALSE(world.perform(attempt).failure);
  const auto second = world.perform(attempt);
  REQUIRE(second.failure);
  CHECK(second.failure->kind == "rate_limit");
  CHECK(second.not_before);
  CHECK(world.mail.requests.size() == 1);
}
