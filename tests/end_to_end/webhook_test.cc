#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/github.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kSecret = "It's a Secret to Everybody";

/// A delivery as GitHub would send it.
struct Example {
  std::string id;  ///< X-GitHub-Delivery
  std::string event;
  std::string body;
  std::string signature;

  json payload() const { return json::parse(body); }
  /// "issues.opened", as workflows call it.
  std::string event_and_action() const {
    const auto payload = json::parse(body);
    return payload.contains("action") ? event + "." + payload["action"].get<std::string>() : event;
  }
};

/// What GitHub's package of examples holds.
std::vector<Example> github_examples() {
  const auto command =
      fmt::format("node '{}/tests/end_to_end/signed_examples.mjs' \"{}\"", TBA_SOURCE_DIR, kSecret);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 65'536> bytes;
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe.get()))
    text.append(bytes.data(), count);

  std::vector<Example> examples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto example = json::parse(line);
    examples.push_back({fmt::format("72d3162e-cc78-11e3-81ab-{:012}", examples.size()),
                        example["event"], example["body"], example["signature"]});
  }
  if (examples.empty())
    FAIL("GitHub's examples are not there (tests/node_modules): packaging/test installs them");
  return examples;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// GitHub and Discord, as far as the workflow needs them.
class FakeApis {
 public:
  FakeApis() : server_([this](httplib::Server& server) { routes(server); }) {}

  std::string url() const { return server_.url(""); }
  std::vector<std::string> messages() {
    std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  void routes(httplib::Server& server) {
    server.Get(R"(/users/(.+))", [](const httplib::Request& request, httplib::Response& response) {
      const json user = {{"login", request.matches[1].str()}, {"followers", 20}};
      response.set_content(user.dump(), "application/json");
    });
    server.Post("/channels/1122334455667788990/messages",
                [this](const httplib::Request& request, httplib::Response& response) {
                  std::lock_guard lock(mutex_);
                  messages_.push_back(json::parse(request.body).at("content"));
                  response.set_content(R"({"id": "1"})", "application/json");
                });
  }

  std::mutex mutex_;
  std::vector<std::string> messages_;  // guarded by mutex_
  HttpServer server_;
};

/// What the daemon said to one post of an example.
struct Answer {
  std::size_t example;
  int status;
  std::string body;
};

/// Posts each example twice, in an order made by chance, from several connections at a time.
std::vector<Answer> post_twice(int port, const std::vector<Example>& examples) {
  constexpr int kConnections = 6;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < examples.size(); ++i) order.insert(order.end(), 2, i);
  std::shuffle(order.begin(), order.end(), std::mt19937(329));

  std::vector<Answer> answers(order.size());
  std::atomic<std::size_t> next = 0;
  const auto post_some = [&] {
    httplib::Client client("127.0.0.1", port);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_read_timeout(60);
    for (auto turn = next++; turn < order.size(); turn = next++) {
      const auto& example = examples[order[turn]];
      auto headers = github_headers(example.event, example.id);
      headers.emplace("X-Hub-Signature-256", example.signature);
      const auto answer =
          client.Post("/hooks/triage-issues", headers, example.body, "application/json");
      answers[turn] = {order[turn], answer ? answer->status : 0,
                       answer ? answer->body : httplib::to_string(answer.error())};
    }
  };
  std::vector<std::thread> connections;
  for (int i = 0; i < kConnections; ++i) connections.emplace_back(post_some);
  for (auto& connection : connections) connection.join();
  return answers;
}

}  // namespace

TEST_CASE(
    "webhooks: every delivery that GitHub sends is in the inbox once, however often it came") {
  const auto examples = github_examples();
  REQUIRE(examples.size() == 329);
  std::set<std::string> events;
  for (const auto& example : examples) events.insert(example.event);
  CHECK(events.size() == 58);

  FakeApis apis;
  DaemonProcess daemon;
  daemon.write_workflow("triage-issues",
                        read(TBA_SOURCE_DIR "/workflows-examples/triage-issues.yaml"));
  daemon.start();
  daemon.set_credential(
      "github-webhook",
      {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", kSecret}}}});
  daemon.set_credential("github-bot", {{"connector", "github"},
                                       {"scheme", "token"},
                                       {"fields", {{"token", "github-token"}}},
                                       {"base_url", apis.url()}});
  daemon.set_credential("clan-discord", {{"connector", "discord"},
                                         {"scheme", "bot"},
                                         {"fields", {{"key", "discord-token"}}},
                                         {"base_url", apis.url()}});

  // The first post of a delivery is taken, the second is told of the first one's runs.
  std::map<std::size_t, std::vector<json>> told;
  for (const auto& answer : post_twice(daemon.port(), examples)) {
    INFO(examples[answer.example].event_and_action() << ": " << answer.body);
    REQUIRE(answer.status == 202);
    told[answer.example].push_back(json::parse(answer.body));
  }
  std::map<std::string, std::size_t> example_of_run;
  for (const auto& [index, answers] : told) {
    INFO(examples[index].event_and_action());
    REQUIRE(answers.size() == 2);
    CHECK(answers[0]["duplicate"] != answers[1]["duplicate"]);
    CHECK(answers[0]["delivery"] == answers[1]["delivery"]);
    CHECK(answers[0]["runs"] == answers[1]["runs"]);
    const bool starts_run = examples[index].event_and_action() == "issues.opened";
    REQUIRE(answers[0]["runs"].size() == (starts_run ? 1 : 0));
    if (starts_run) example_of_run[answers[0]["runs"][0]] = index;
  }
  CHECK(example_of_run.size() == 4);

  // The inbox holds each once, as it was sent.
  const auto inbox = daemon.list("/api/v1/deliveries");
  REQUIRE(inbox.size() == examples.size());
  std::map<std::string, json> by_sender_id;
  for (const auto& delivery : inbox) by_sender_id[delivery["sender_id"]] = delivery;
  for (const auto& example : examples) {
    INFO(example.id << " " << example.event_and_action());
    REQUIRE(by_sender_id.count(example.id) == 1);
    const auto& summary = by_sender_id[example.id];
    CHECK(summary["event"] == example.event_and_action());
    const auto delivery =
        daemon.get(fmt::format("/api/v1/deliveries/{}", summary["id"].get<std::string>()));
    CHECK(delivery["body"] == example.payload());
    CHECK(delivery.dump().find(example.signature) == std::string::npos);
  }

  // And there is one run for each issue that was opened, whose message says so.
  CHECK(daemon.list("/api/v1/runs").size() == example_of_run.size());
  std::multiset<std::string> expected;
  for (const auto& [run, index] : example_of_run) {
    const auto finished = daemon.finished_run(run);
    INFO(finished.dump(2));
    CHECK(finished["status"] == "succeeded");
    CHECK(finished["output"] == json{{"announced", true}});
    const auto payload = examples[index].payload();
    expected.insert(fmt::format("New issue: {} by {}", payload["issue"]["title"].get<std::string>(),
                                payload["sender"]["login"].get<std::string>()));
  }
  const auto messages = apis.messages();
  CHECK(std::multiset<std::string>(messages.begin(), messages.end()) == expected);
}

}  // namespace tba::tests
