#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using Catch::Contains;
using nlohmann::json;

/// An API that answers only when it is let.
class GatedApi {
 public:
  GatedApi() : server_([this](httplib::Server& server) { routes(server); }) {}
  ~GatedApi() { open(); }

  std::string url() const { return server_.url("/"); }
  int requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  bool wait_for_request() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this] { return requests_ > 0; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  void routes(httplib::Server& server) {
    server.Get("/", [this](const httplib::Request&, httplib::Response& response) {
      std::unique_lock lock(mutex_);
      ++requests_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_open_; });
      response.set_content(R"({"answer": 42})", "application/json");
    });
  }

  std::mutex mutex_;  // of the following three
  std::condition_variable changed_;
  int requests_ = 0;
  bool is_open_ = false;
  HttpServer server_;
};

std::string asking_workflow(const GatedApi& api) {
  return fmt::format(R"(
on: {{ manual: {{}} }}
steps:
  - id: ask
    http: {{ url: "{}" }}
  - id: note
    set: {{ answer: "${{{{ .steps.ask.body.answer }}}}" }}
output: ${{{{ .steps.note.body }}}}
)",
                     api.url());
}

std::string saying_workflow(std::string_view text) {
  return fmt::format(
      "on: {{ manual: {{}} }}\nsteps: [{{ id: say, set: {{ text: {} }} }}]\n"
      "output: ${{{{ .steps.say.body.text }}}}\n",
      text);
}

constexpr auto kWaiting = R"(
on: { manual: {} }
steps:
  - id: pause
    wait: { for: 1500ms }
  - id: after
    set: { done: true }
output: ${{ .steps.after.body }}
)";

constexpr auto kEverySecond = R"(
on: { schedule: { every: 1s } }
steps: [{ set: { x: 1 } }]
)";

std::string status_of(const DaemonProcess& daemon, const std::string& run) {
  return daemon.get("/api/v1/runs/" + run).at("status");
}

/// An instant as the API writes it, in ms of its day.
int milliseconds_of_day(const json& time) {
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  int milliseconds = 0;
  const auto text = time.get<std::string>();
  REQUIRE(std::sscanf(text.c_str() + text.find('T'), "T%d:%d:%d.%dZ", &hours, &minutes, &seconds,
                      &milliseconds) == 4);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}

}  // namespace

TEST_CASE("life: a daemon that is told to stop lets the attempt in flight end first") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  GatedApi api;
  DaemonProcess daemon;
  daemon.write_workflow("asking", asking_workflow(api));
  daemon.start();
  const auto run = daemon.start_run("asking");
  REQUIRE(api.wait_for_request());

  daemon.signal(signal);
  REQUIRE(eventually([&] { return daemon.get("/api/v1/status")["state"] == "stopping"; }));
  CHECK(daemon.call("GET", "/readyz")->status == 503);
  CHECK(daemon.call("GET", "/healthz")->status == 200);
  const auto refused = daemon.call("GET", "/api/v1/runs");
  CHECK(refused->status == 503);
  CHECK(json::parse(refused->body)["code"] == "stopping");
  CHECK(httplib::Client("127.0.0.1", daemon.port()).Post("/hooks/asking")->status == 503);

  api.open();
  CHECK(daemon.wait_for_exit() == 0);
  CHECK_FALSE(std::filesystem::exists(daemon.socket()));

  daemon.start();
  const auto finished = daemon.finished_run(run);
  CHECK(finished["status"] == "succeeded");
  CHECK(finished["output"] == json{{"answer", 42}});
  CHECK(finished["steps"][0]["attempt"] == 1);
  CHECK(api.requests() == 1);
}

TEST_CASE("life: the API can stop the daemon") {
  DaemonProcess daemon;
  daemon.start();
  CHECK(daemon.call("POST", "/api/v1/stop")->status == 202);
  CHECK(daemon.wait_for_exit() == 0);
}

TEST_CASE("life: a home has one daemon, and a second one is told which") {
  DaemonProcess daemon;
  daemon.start();
  CHECK(daemon.start_in_vain() == 1);
  CHECK_THAT(daemon.log(), Contains(fmt::format("another daemon (process {})", daemon.pid())));
  CHECK(daemon.get("/api/v1/status")["pid"] == daemon.pid());
}

TEST_CASE("life: the socket of a killed daemon is in nobody's way") {
  DaemonProcess daemon;
  daemon.start();
  daemon.kill();
  REQUIRE(std::filesystem::is_socket(daemon.socket()));
  daemon.start();
  CHECK(daemon.get("/api/v1/status")["state"] == "running");
}

TEST_CASE("life: a configuration that is wrong is refused with its place") {
  DaemonProcess daemon("limits: { body_byts: 1MiB }\n");
  CHECK(daemon.start_in_vain() == 6);
  CHECK_THAT(daemon.log(), Contains("config.yaml:2:11: error: ") && Contains("body_bytes"));
}

TEST_CASE("life: SIGHUP takes changed files, a broken one keeps its last good version") {
  DaemonProcess daemon;
  daemon.write_workflow("saying", saying_workflow("first"));
  daemon.start();
  const auto says = [&] { return daemon.finished_run(daemon.start_run("saying")).at("output"); };
  const auto broken = [&] { return daemon.get("/api/v1/status").at("broken_files"); };
  CHECK(says() == "first");

  daemon.write_workflow("saying", saying_workflow("second"));
  CHECK(says() == "first");
  daemon.signal(SIGHUP);
  CHECK(eventually([&] { return says() == "second"; }));

  daemon.write_workflow("saying", "on: { manual: {} }\nstps: []\n");
  daemon.write_workflow("new", saying_workflow("new"));
  daemon.signal(SIGHUP);
  REQUIRE(eventually([&] { return broken().size() == 1; }));
  CHECK_THAT(broken()[0]["path"].get<std::string>(), Catch::EndsWith("workflows/saying.yaml"));
  CHECK_THAT(broken()[0]["diagnostics"].get<std::string>(),
             Contains("saying.yaml:2:1: error: ") && Contains("steps"));
  CHECK(says() == "second");
  CHECK(daemon.finished_run(daemon.start_run("new"))["output"] == "new");

  daemon.write_workflow("saying", saying_workflow("third"));
  CHECK(daemon.call("POST", "/api/v1/reload")->status == 200);
  CHECK(broken().empty());
  CHECK(says() == "third");
}

TEST_CASE("life: of files that are read anew by many at once the last are in force") {
  DaemonProcess daemon;
  daemon.write_workflow("saying", saying_workflow("0"));
  daemon.start();
  for (int i = 1; i <= 10; ++i) {
    const auto text = "version " + std::to_string(i);
    daemon.signal(SIGHUP);
    std::thread other([&] { daemon.call("POST", "/api/v1/reload"); });
    daemon.write_workflow("saying", saying_workflow(text));
    daemon.signal(SIGHUP);
    CHECK(daemon.call("POST", "/api/v1/reload")->status == 200);
    CHECK(daemon.finished_run(daemon.start_run("saying"))["output"] == text);
    other.join();
    CHECK(daemon.finished_run(daemon.start_run("saying"))["output"] == text);
  }
}

TEST_CASE("life: on TCP there are only webhooks and health checks") {
  DaemonProcess daemon;
  daemon.write_workflow("saying", saying_workflow("x"));
  daemon.start();
  const auto run = daemon.start_run("saying");
  httplib::Client client("127.0.0.1", daemon.port());
  CHECK(client.Get("/healthz")->status == 200);
  CHECK(client.Get("/readyz")->status == 200);
  for (const std::string path :
       {"status", "reload", "stop", "runs", "deliveries", "rejections", "schedules", "credentials",
        "connectors", "workflows", "workflows/saying", "workflows/saying/runs"}) {
    INFO(path);
    CHECK(client.Get("/api/v1/" + path)->status == 404);
    CHECK(client.Post("/api/v1/" + path)->status == 404);
  }
  CHECK(client.Get("/api/v1/runs/" + run)->status == 404);
  CHECK(client.Get("/api/v1/runs/" + run + "/events")->status == 404);
  CHECK(client.Put("/api/v1/credentials/x", "{}", "application/json")->status == 404);
  CHECK(client.Delete("/api/v1/credentials/x")->status == 404);
  CHECK(client.Get("/")->status == 404);
}

TEST_CASE("life: a run that waits goes on after a restart, not before its time") {
  const bool killed = GENERATE(false, true);
  DaemonProcess daemon;
  daemon.write_workflow("waiting", kWaiting);
  daemon.start();
  const auto run = daemon.start_run("waiting");
  REQUIRE(eventually([&] { return status_of(daemon, run) == "waiting"; }));
  if (killed) {
    daemon.kill();
  } else {
    CHECK(daemon.stop() == 0);
  }
  daemon.start();
  const auto finished = daemon.finished_run(run);
  INFO(finished.dump(2));
  CHECK(finished["status"] == "succeeded");
  CHECK(finished["output"] == json{{"done", true}});
  CHECK(finished["steps"][0]["duration_ms"].get<int>() >= 1500);
}

TEST_CASE("life: a schedule has one run for each slot, across restarts") {
  DaemonProcess daemon;
  daemon.write_workflow("every-second", kEverySecond);
  std::size_t runs = 0;
  for (const bool killed : {true, false, true}) {
    daemon.start();
    REQUIRE(eventually([&] { return daemon.list("/api/v1/runs").size() >= runs + 2; }));
    runs = daemon.list("/api/v1/runs").size();
    CHECK((killed ? daemon.kill() : daemon.stop()) == (killed ? 128 + SIGKILL : 0));
  }
  daemon.start();
  std::set<std::string> slots;
  for (const auto& summary : daemon.list("/api/v1/runs")) {
    const auto run = daemon.finished_run(summary["id"]);
    CHECK(run["status"] == "succeeded");
    CHECK(run["trigger"] == "schedule");
    const auto slot = run["trigger_context"]["at"].get<std::string>();
    INFO(slot);
    CHECK(milliseconds_of_day(slot) % 1000 == 0);
    CHECK(slots.insert(slot).second);
  }
  CHECK(slots.size() >= 6);
  const auto schedule = daemon.get("/api/v1/schedules").at("items").at(0);
  CHECK(schedule["last"].get<std::string>() >= *slots.rbegin());
  CHECK(schedule["next"].get<std::string>() > schedule["last"].get<std::string>());
}

TEST_CASE("life: a run can be followed from its start to its end") {
  GatedApi api;
  DaemonProcess daemon;
  daemon.write_workflow("talking", fmt::format(R"(
on: {{ manual: {{}} }}
steps:
  - id: ask
    http: {{ url: "{}" }}
  - id: talk
    run: [echo, hello]
  - id: pause
    wait: {{ for: 10ms }}
)",
                                               api.url()));
  daemon.start();
  const auto run = daemon.start_run("talking");
  REQUIRE(api.wait_for_request());
  const auto events = daemon.events(run, [&] { api.open(); });

  REQUIRE(events.size() >= 2);
  CHECK(events.front().name == "run");
  CHECK(events.front().data["id"] == run);
  CHECK(events.front().data["status"] == "running");
  CHECK(events.back().name == "run");
  CHECK(events.back().data["status"] == "succeeded");
  CHECK(events.back().data["steps"].size() == 3);
  CHECK(std::ranges::any_of(events, [](const StreamedEvent& event) {
    return event.name == "log" && event.data["text"] == "hello" && event.data["step"] == "talk";
  }));
  for (const std::string step : {"ask", "talk", "pause"}) {
    INFO(step);
    CHECK(std::ranges::any_of(events, [&](const StreamedEvent& event) {
      return event.name == "step" && event.data["id"] == step &&
             event.data["status"] == "succeeded";
    }));
  }
  const auto afterwards = daemon.events(run);
  REQUIRE(afterwards.size() == 2);
  CHECK(afterwards.front().data["text"] == "hello");
  CHECK(afterwards.back().data["status"] == "succeeded");
  CHECK(daemon.call("GET", "/api/v1/runs/nobody/events")->status == 404);
}

}  // namespace tba::tests
