// Calls endpoints of built-in connectors, through the real daemon, at servers that hold each
// request against the description that the API's owner gives of it.

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/daemon_process.h"

namespace tba::tests {
namespace {

using nlohmann::json;

/// Prism, serving the descriptions of described_apis.mjs as long as this lives.
class DescribedApis {
 public:
  DescribedApis() {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipes");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    std::string node = "node";
    std::string script = TBA_SOURCE_DIR "/tests/end_to_end/described_apis.mjs";
    std::array<char*, 3> arguments{node.data(), script.data(), nullptr};
    const int failed = ::posix_spawnp(&pid_, "node", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(to[0]);
    ::close(from[1]);
    input_ = to[1];
    output_ = from[0];
    if (failed != 0) throw std::runtime_error("node cannot be started");
  }

  ~DescribedApis() {
    ::close(input_);
    ::close(output_);
    ::waitpid(pid_, nullptr, 0);
  }

  DescribedApis(const DescribedApis&) = delete;
  DescribedApis& operator=(const DescribedApis&) = delete;

  /// The port of each API, once all listen.
  json ports() {
    std::string line;
    for (char c = 0; ::read(output_, &c, 1) == 1 && c != '\n';) line += c;
    if (line.empty())
      throw std::runtime_error("Prism does not run: packaging/test installs tests/node_modules");
    return json::parse(line);
  }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
};

struct Call {
  std::string_view endpoint;
  std::string_view parameters;
  int status;
  std::string_view member;  ///< Where the body must have something, as a JSON pointer.
};

constexpr Call kGithub[] = {
    {"get-authenticated-user", R"({})", 200, "/login"},
    {"get-user", R"({"username": "octocat"})", 200, "/login"},
    {"list-issues",
     R"({"owner": "o", "repo": "r", "state": "open", "labels": "a,b", "per_page": 5})", 200,
     "/0/title"},
    {"create-issue",
     R"({"owner": "o", "repo": "r", "title": "Found", "labels": ["bug"], "assignees": ["octocat"]})",
     201, "/number"},
    {"update-issue", R"({"owner": "o", "repo": "r", "issue_number": 7, "state": "closed"})", 200,
     "/number"},
    {"create-comment", R"({"owner": "o", "repo": "r", "issue_number": 7, "body": "Thanks"})", 201,
     "/id"},
    {"create-release", R"({"owner": "o", "repo": "r", "tag_name": "v1", "make_latest": "true"})",
     201, "/tag_name"},
    {"put-content",
     R"({"owner": "o", "repo": "r", "path": "docs/a b.md", "message": "New", "content": "SGk="})",
     200, "/commit"},
    // What is wrong is found, as in the last calls of the others: a committer has a name.
    {"put-content",
     R"({"owner": "o", "repo": "r", "path": "a", "message": "m", "content": "", "committer": {}})",
     422, ""},
};

constexpr Call kSheets[] = {
    {"get-values",
     R"({"spreadsheetId": "s", "range": "'May 2026'!A2:D", "majorDimension": "ROWS"})", 200,
     "/range"},
    {"get-many-values", R"({"spreadsheetId": "s", "ranges": ["A:A", "B:B"]})", 200, "/valueRanges"},
    {"append-values", R"({"spreadsheetId": "s", "range": "Chests!A:D", "values": [["Ann", 7]]})",
     200, "/updates/updatedRows"},
    {"update-values", R"({"spreadsheetId": "s", "range": "A1:B1", "values": [["x", true]]})", 200,
     "/updatedCells"},
    {"update-many-values",
     R"({"spreadsheetId": "s", "data": [{"range": "A1", "values": [["x"]]}]})", 200, "/responses"},
    {"clear-values", R"({"spreadsheetId": "s", "range": "A1:B1"})", 200, "/clearedRange"},
    {"update-values", R"({"spreadsheetId": "s", "range": "A1:B1", "values": ["x"]})", 422, ""},
};

constexpr Call kX[] = {
    {"get-me", R"({"user_fields": ["created_at", "description"]})", 200, "/data/username"},
    {"get-user-by-name", R"({"username": "octocat"})", 200, "/data/id"},
    {"get-post", R"({"id": "1346889436626259968", "tweet_fields": ["author_id"]})", 200,
     "/data/text"},
    {"search-posts", R"({"query": "#totalbattle -is:retweet", "max_results": 10})", 200, "/data"},
    {"create-post", R"({"text": "Hi", "reply": {"in_reply_to_tweet_id": "1346889436626259968"}})",
     201, "/data/id"},
    {"delete-post", R"({"id": "1346889436626259968"})", 200, "/data/deleted"},
    {"like-post", R"({"id": "2244994945", "tweet_id": "1346889436626259968"})", 200, "/data"},
    {"search-posts", R"({"query": "x", "max_results": 1000})", 422, ""},
};

template <std::size_t size>
void check_calls(const DaemonProcess& daemon, const std::string& connector,
                 const Call (&calls)[size]) {
  for (const auto& call : calls) {
    CAPTURE(connector, call.endpoint, call.parameters);
    const auto answer = daemon.call(
        "POST", fmt::format("/api/v1/connectors/{}/endpoints/{}/call", connector, call.endpoint),
        {{"parameters", json::parse(call.parameters)}, {"credential", connector + "-account"}});
    REQUIRE(answer);
    CAPTURE(answer->body);
    REQUIRE(answer->status == 200);
    const auto said = json::parse(answer->body);
    CHECK(said["status"] == call.status);
    CHECK(said["body"].contains(json::json_pointer(std::string(call.member))));
  }
}

}  // namespace

TEST_CASE("described APIs: the calls of GitHub, Google Sheets and X are as their owners say") {
  DescribedApis apis;
  DaemonProcess daemon;
  daemon.start();
  const auto ports = apis.ports();
  for (const auto& [connector, base] :
       {std::pair{"github", ""}, {"google-sheets", "/v4"}, {"x", "/2"}}) {
    daemon.set_credential(
        std::string(connector) + "-account",
        {{"connector", connector},
         {"scheme", "token"},
         {"base_url", fmt::format("http://127.0.0.1:{}{}", ports[connector].get<int>(), base)},
         {"fields", {{"token", "swordfish-0123"}}}});
  }
  check_calls(daemon, "github", kGithub);
  check_calls(daemon, "google-sheets", kSheets);
  check_calls(daemon, "x", kX);
}

}  // namespace tba::tests
