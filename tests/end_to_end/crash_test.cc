#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/github.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kSecret = "webhook-secret";
constexpr auto kBody = R"({"action": "opened", "issue": {"title": "It crashes"}})";
constexpr int kConnections = 4;

/// Three calls to two APIs with a pause; the last must not happen twice.
constexpr auto kWorkflow = R"(
on: {{ webhook: {{ connector: github, event: issues.opened, credential: github-webhook }} }}
steps:
  - id: look
    http: {{ url: "{0}/look/${{{{ .run.id }}}}" }}
  - id: keep
    http: {{ method: PUT, url: "{0}/keep/${{{{ .run.id }}}}", json: "${{{{ .trigger.body }}}}" }}
  - id: pause
    wait: {{ for: 5ms }}
  - id: tell
    http: {{ method: POST, url: "{1}/tell/${{{{ .run.id }}}}", json: "${{{{ .steps.look.body }}}}" }}
    effect: once
)";

/// One call. Where it is a slow one, it takes longer than most daemons here live.
constexpr auto kOneGet = R"(
on: {{ manual: {{}} }}
steps: [ {{ id: get, http: {{ url: "{}" }} }} ]
)";
constexpr std::chrono::milliseconds kSlow{300};
constexpr int kSlowRuns = 5;

const std::vector<std::string> kSteps = {"look", "keep", "pause", "tell"};
constexpr std::size_t kCalls = 3;

/// Threads for a server's connections, which says when none is left.
class Connections final : public httplib::TaskQueue {
 public:
  explicit Connections(std::atomic<int>& open) : open_(open), threads_(32) {}

  void enqueue(std::function<void()> task) override {
    ++open_;
    threads_.enqueue([this, task = std::move(task)] {
      task();
      --open_;
    });
  }
  void shutdown() override { threads_.shutdown(); }

 private:
  std::atomic<int>& open_;
  httplib::ThreadPool threads_;
};

/// The steps that called, in that order, by run.
using Calls = std::map<std::string, std::vector<std::string>>;

/// What the far side saw, in all APIs together.
class CallRecord {
 public:
  void add(const std::string& run, const std::string& step) {
    std::lock_guard lock(mutex_);
    calls_[run].push_back(step);
  }
  Calls calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  Calls calls_;  // guarded by mutex_
};

/// One API of the far side: takes a moment over each request.
class Api {
 public:
  explicit Api(CallRecord& record)
      : record_(record), server_([this](httplib::Server& server) { routes(server); }) {}

  std::string url() const { return server_.url(""); }
  /// Waits until everything that a dead daemon has sent was taken.
  void settle() {
    // Connections are accepted in order, each takes one request.
    httplib::Client("127.0.0.1", server_.port()).Get("/settled");
    REQUIRE(eventually([this] { return open_ == 0; }));
  }

 private:
  void routes(httplib::Server& server) {
    server.new_task_queue = [this] { return new Connections(open_); };
    server.set_keep_alive_max_count(1);
    const auto take = [this](const httplib::Request& request, httplib::Response& response) {
      record_.add(request.matches[2], request.matches[1]);
      thread_local std::minstd_rand random;
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 10'000));
      response.set_content(R"({"taken": true})", "application/json");
    };
    server.Get(R"(/(look)/(.+))", take);
    server.Put(R"(/(keep)/(.+))", take);
    server.Post(R"(/(tell)/(.+))", take);
  }

  CallRecord& record_;
  std::atomic<int> open_ = 0;
  HttpServer server_;
};

/// Posts deliveries from several connections, each again and again until it is acknowledged.
class Senders {
 public:
  Senders() {
    for (int i = 0; i < kConnections; ++i) threads_.emplace_back([this, i] { send(i); });
  }
  ~Senders() {
    set_port(0);
    finish();
  }

  /// Where the daemon listens; 0 while there is none.
  void set_port(int port) {
    std::lock_guard lock(mutex_);
    port_ = port;
    changed_.notify_all();
  }
  /// Lets each end with the delivery it is at. Requires: a daemon listens.
  void finish() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  /// What was acknowledged: the answer for each delivery id.
  const std::map<std::string, json>& acknowledged() const { return acknowledged_; }
  /// Answers that should not have been.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void send(int connection) {
    for (int number = 0;; ++number) {
      const auto id = fmt::format("{}-{}", connection, number);
      while (true) {
        const auto port = wait_for_port();
        if (!port) return;
        httplib::Client client("127.0.0.1", *port);
        client.set_tcp_nodelay(true);
        const auto answer =
            client.Post("/hooks/crash", signed_github_headers("issues", id, kSecret, kBody), kBody,
                        "application/json");
        std::lock_guard lock(mutex_);
        if (!answer) {
          if (!over_) continue;
          complaints_.push_back("the last daemon does not answer");
          return;
        }
        if (answer->status == 202) {
          acknowledged_[id] = json::parse(answer->body);
          if (over_) return;
          break;
        }
        // A daemon that stops in good order says so.
        if (answer->status == 503 && answer->body.find("stopping") != std::string::npos) continue;
        complaints_.push_back(answer->body);
        return;
      }
    }
  }

  /// Nothing where the senders are to end and none listens.
  std::optional<int> wait_for_port() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return port_ != 0 || over_; });
    return port_ != 0 ? std::optional(port_) : std::nullopt;
  }

  std::mutex mutex_;  // of the following five
  std::condition_variable changed_;
  int port_ = 0;
  bool over_ = false;
  std::map<std::string, json> acknowledged_;
  std::vector<std::string> complaints_;
  std::vector<std::thread> threads_;
};

void answer_slowly(const httplib::Request&, httplib::Response& response) {
  std::this_thread::sleep_for(kSlow);
  response.set_content("{}", "application/json");
}

/// TBA_CRASH_ROUNDS and TBA_CRASH_SEED make the test longer, or do the same again.
unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<unsigned>(std::stoul(text)) : otherwise;
}

void check_run(const json& run, const std::vector<std::string>& calls) {
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ++counts[calls[i]];
    // Where a step called, the one before it had finished, and must not call again.
    const auto step = std::ranges::find(kSteps, calls[i]);
    for (std::size_t j = 0; j < i; ++j) CHECK(std::ranges::find(kSteps, calls[j]) <= step);
  }
  CHECK(counts["tell"] <= 1);
  if (run["status"] == "succeeded")
    CHECK(counts["tell"] == 1);
  else
    CHECK(run["status"] == "interrupted");

  REQUIRE(run["steps"].size() == kSteps.size());
  for (const auto& step : run["steps"]) {
    const bool interrupted = step["id"] == "tell" && run["status"] == "interrupted";
    CHECK(step["status"] == (interrupted ? "interrupted" : "succeeded"));
    CHECK(counts[step["id"]] <= step["attempt"].get<int>());
  }
}

}  // namespace

TEST_CASE("crash: killed at any moment, the daemon loses nothing and repeats nothing silently") {
  const auto rounds = number_from_environment("TBA_CRASH_ROUNDS", 50);
  const auto seed = number_from_environment("TBA_CRASH_SEED", std::random_device()());
  std::cout << "crash: TBA_CRASH_ROUNDS=" << rounds << " TBA_CRASH_SEED=" << seed << std::endl;
  std::mt19937 random(seed);

  CallRecord record;
  Api looked_at(record);
  Api told(record);
  DaemonProcess daemon;
  HttpServer slow([](httplib::Server& server) { server.Get("/slow", answer_slowly); });
  daemon.write_workflow("crash", fmt::format(kWorkflow, looked_at.url(), told.url()));
  daemon.write_workflow("slow", fmt::format(kOneGet, slow.url("/slow")));
  daemon.start();
  daemon.set_credential(
      "github-webhook",
      {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", kSecret}}}});

  std::vector<std::string> slow_runs;
  for (int i = 0; i < kSlowRuns; ++i) slow_runs.push_back(daemon.start_run("slow"));

  Senders senders;
  for (unsigned round = 0; round < rounds; ++round) {
    senders.set_port(daemon.port());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 100'000));
    if (random() % 5 == 0) {
      CHECK(daemon.stop() == 0);
      senders.set_port(0);
    } else {
      senders.set_port(0);
      CHECK(daemon.kill() == 128 + SIGKILL);
    }
    if (random() % 4 == 0) {
      // Killed again before, or just when, it is ready.
      daemon.launch();
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 50'000));
      CHECK(daemon.kill() == 128 + SIGKILL);
    }
    looked_at.settle();
    told.settle();
    daemon.start();
  }
  senders.set_port(daemon.port());
  senders.finish();
  REQUIRE(senders.complaints() == std::vector<std::string>());
  REQUIRE(eventually([&] {
    const auto runs = daemon.get("/api/v1/status").at("runs");
    return runs["active"] == 0 && runs["waiting"] == 0;
  }));

  // Each delivery is in the inbox once, with one run, which its sender was told.
  const auto inbox = daemon.list("/api/v1/deliveries");
  CHECK(inbox.size() == senders.acknowledged().size());
  std::set<std::string> runs;
  for (const auto& delivery : inbox) {
    INFO(delivery.dump());
    const auto found = senders.acknowledged().find(delivery["sender_id"]);
    REQUIRE(found != senders.acknowledged().end());
    CHECK(found->second["delivery"] == delivery["id"]);
    REQUIRE(found->second["runs"].size() == 1);
    CHECK(runs.insert(found->second["runs"][0]).second);
  }

  // Each run has ended, or stopped where nobody can know.
  const auto listed = daemon.list("/api/v1/runs?workflow=crash");
  CHECK(listed.size() == runs.size());
  auto calls = record.calls();
  int interrupted = 0;
  int repeated = 0;
  for (const auto& summary : listed) {
    const auto id = summary["id"].get<std::string>();
    CHECK(runs.count(id) == 1);
    const auto run = daemon.get("/api/v1/runs/" + id);
    INFO(run.dump(2) << "\ncalls: " << fmt::format("{}", fmt::join(calls[id], " ")));
    check_run(run, calls[id]);
    interrupted += run["status"] == "interrupted" ? 1 : 0;
    repeated += calls[id].size() > kCalls ? 1 : 0;
  }
  CHECK(calls.size() == runs.size());
  // However often a run was cut off, it is not what ended the daemon.
  for (const auto& run : slow_runs) CHECK(daemon.finished_run(run)["status"] == "succeeded");
  std::cout << fmt::format("crash: {} runs, {} interrupted, {} with a repeated call\n", runs.size(),
                           interrupted, repeated);
}

// --- runs that end the daemon
// --------------------------------------------------------------------------------------------

TEST_CASE("crash: the run that ends the daemon again and again is set aside, and no other") {
  DaemonProcess daemon;
  std::atomic<pid_t> victim = -1;
  std::atomic<int> deaths = 0;
  HttpServer far([&](httplib::Server& server) {
    server.Get("/poison", [&](const httplib::Request&, httplib::Response&) {
      ::kill(victim, SIGKILL);
      ++deaths;
    });
    server.Get("/slow", answer_slowly);
  });
  daemon.write_workflow("poison", fmt::format(kOneGet, far.url("/poison")));
  daemon.write_workflow("slow", fmt::format(kOneGet, far.url("/slow")));
  daemon.start();
  std::vector<std::string> innocent;
  for (int i = 0; i < 10; ++i) innocent.push_back(daemon.start_run("slow"));
  victim = daemon.pid();
  (void)daemon.call("POST", "/api/v1/workflows/poison/runs", {{"inputs", json::object()}});
  REQUIRE(eventually([&] { return deaths > 0; }));

  const auto is_set_aside = [&] {
    const auto answer = daemon.call("GET", "/api/v1/runs?attention=true");
    return answer && answer->status == 200 && !json::parse(answer->body).at("items").empty();
  };
  while (daemon.kill(), deaths < 10) {
    const int before = deaths;
    daemon.launch();
    victim = daemon.pid();
    REQUIRE(eventually([&] { return deaths > before || is_set_aside(); }));
    if (deaths == before) break;
  }
  CHECK(deaths <= 6);
  for (const auto& run : innocent) CHECK(daemon.finished_run(run)["status"] == "succeeded");
  const auto aside = daemon.list("/api/v1/runs?attention=true");
  REQUIRE(aside.size() == 1);
  CHECK(aside[0]["workflow"] == "poison");
  const auto& why = aside[0].at("failure").at("message");
  CHECK(why == "the daemon ended 2 times while no other run was carried out");
}

}  // namespace tba::tests
