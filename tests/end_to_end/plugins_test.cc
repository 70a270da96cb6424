#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/types.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kExamples = fs::path(TBA_SOURCE_DIR) / "workflows-examples/plugins";

/// A home with one of the examples in it: the plugin and the workflow that uses it.
struct ExampleHome : DaemonProcess {
  ExampleHome(const std::string& plugin, const std::string& workflow) {
    fs::create_directories(home() / "workflows");
    fs::create_directories(home() / "plugins");
    fs::copy(kExamples / plugin, home() / "plugins" / plugin);
    fs::copy(kExamples / (workflow + ".yaml"), home() / "workflows" / (workflow + ".yaml"));
    start();
    CHECK(get("/api/v1/status")["broken_files"].empty());
  }

  json output_of(const std::string& workflow, const json& inputs) {
    const auto run = finished_run(start_run(workflow, inputs));
    INFO(run.dump());
    REQUIRE(run["status"] == "succeeded");
    return run["output"];
  }

  json call(const std::string& endpoint, const json& parameters) {
    const auto slash = endpoint.find('/');
    const auto answer =
        DaemonProcess::call("POST",
                            "/api/v1/connectors/" + endpoint.substr(0, slash) + "/endpoints/" +
                                endpoint.substr(slash + 1) + "/call",
                            {{"parameters", parameters}});
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return json::parse(answer->body);
  }
};

constexpr const char* kRss = R"(<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel>
  <title>News</title><link>https://blog.example</link>
  <item><title>Cats &amp; dogs</title><link>https://blog.example/2</link><guid>2</guid>
    <description>&lt;b&gt;Both&lt;/b&gt;</description><pubDate>Tue, 10 Jun 2003 06:00:00 +0200</pubDate></item>
  <item><title>First</title><link>https://blog.example/1</link><pubDate>once</pubDate></item>
</channel></rss>)";

constexpr const char* kAtom = R"(<feed xmlns="http://www.w3.org/2005/Atom">
  <title>News</title><link rel="self" href="https://blog.example/atom"/><link href="https://blog.example"/>
  <entry><id>urn:1</id><title>First</title><link href="https://blog.example/1"/>
    <updated>2026-01-02T03:04:05+02:00</updated><content>All of it</content></entry>
</feed>)";

}  // namespace

TEST_CASE("plugins: the example in Python lists what is new in a feed") {
  ExampleHome daemon("feed", "news-digest");
  HttpServer server([](httplib::Server& routes) {
    routes.Get("/feed.xml", [](const auto&, auto& response) {
      response.set_content(kRss, "application/rss+xml");
    });
  });
  CHECK(
      daemon.output_of("news-digest", {{"url", server.url("/feed.xml")}}) ==
      json{{"title", "News"},
           {"list", "- [Cats & dogs](https://blog.example/2)\n- [First](https://blog.example/1)"}});
  CHECK(daemon.output_of("news-digest", {{"url", server.url("/feed.xml")}, {"count", 1}})["list"] ==
        "- [Cats & dogs](https://blog.example/2)");
  const auto rss = daemon.call("feed/parse", {{"text", kRss}})["body"];
  CHECK(rss["entries"][0] == json{{"id", "2"},
                                  {"title", "Cats & dogs"},
                                  {"link", "https://blog.example/2"},
                                  {"summary", "<b>Both</b>"},
                                  {"at", "2003-06-10T04:00:00Z"}});
  CHECK(rss["entries"][1]["at"].is_null());
  const auto atom = daemon.call("feed/parse", {{"text", kAtom}})["body"];
  CHECK(atom["link"] == "https://blog.example");
  CHECK(atom["entries"][0] == json{{"id", "urn:1"},
                                   {"title", "First"},
                                   {"link", "https://blog.example/1"},
                                   {"summary", "All of it"},
                                   {"at", "2026-01-02T01:04:05Z"}});
  CHECK(daemon.call("feed/parse", {{"text", "<a/>"}})["status"] == 422);
  CHECK(daemon.call("feed/parse", {{"text", "<a"}})["status"] == 422);
}

TEST_CASE("plugins: the example in JavaScript sums up a table") {
  ExampleHome daemon("table", "score-table");
  CHECK(daemon.output_of("score-table",
                         {{"table", "player,score\r\nAda,10\r\n\"Smith, B\",40\r\nAda,25\r\n"}}) ==
        json{{"table", "player,chests,score\r\n\"Smith, B\",1,40\r\nAda,2,35\r\n"}});
  CHECK(daemon.call("table/parse",
                    {{"text", "\ufeffa;b\n\"x\"\"\n\";1\n\n2\n"}, {"separator", ";"}})["body"] ==
        json{{"columns", {"a", "b"}},
             {"rows", {{{"a", "x\"\n"}, {"b", "1"}}, {{"a", "2"}, {"b", ""}}}}});
  CHECK(daemon.call("table/parse", {{"text", ""}})["body"]["rows"].empty());
  CHECK(daemon.call("table/parse", {{"text", "a\n1,2\n"}})["body"]["message"] ==
        "row 1 has 2 cells, but there are 1 columns");
  CHECK(daemon.call("table/parse", {{"text", "\"a"}})["status"] == 422);
  CHECK(daemon.call("table/format",
                    {{"rows", {{{"a", 1}}, {{"b", json::array({2})}, {"a", nullptr}}}}})["body"] ==
        "a,b\r\n1,\r\n,[2]\r\n");
}

TEST_CASE("plugins: programs end with the daemon, in good order or with it") {
  ExampleHome daemon("table", "score-table");
  daemon.call("table/parse", {{"text", "a\n"}});
  CHECK(daemon.get("/api/v1/connectors/table")["plugin"]["state"] == "running");
  CHECK(daemon.stop() == 0);
  CHECK_THAT(daemon.log(), Catch::Contains("a plugin has ended") && !Catch::Contains("exit code"));

  daemon.start();
  const auto pid = [&] {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::error_code gone;
      if (fs::read_symlink(entry.path() / "cwd", gone) == daemon.home() / "plugins/table")
        return entry.path();
    }
    return fs::path();
  };
  CHECK(pid().empty());
  daemon.call("table/parse", {{"text", "a\n"}});
  CHECK_FALSE(pid().empty());
  daemon.kill();
  CHECK(eventually([&] { return pid().empty(); }));
}

TEST_CASE("plugins: a step whose plugin dies under it is interrupted, unless it may be repeated") {
  DaemonProcess daemon;
  daemon.home().write("plugins/frail/main.sh", R"(read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocol":1,"endpoints":{"act":{},"look":{}}}}'
read -r line
case $line in *look*) test -e seen && echo '{"jsonrpc":"2.0","id":1,"result":{"body":"there"}}' && read -r line && exit; touch seen ;; esac
echo "cannot go on" >&2; exit 9
)");
  daemon.home().write("plugins/frail/plugin.yaml", R"(
plugin: frail
version: 1
command: [sh, ./main.sh]
endpoints: { act: {}, look: { effect: repeat } }
)");
  daemon.write_workflow("act", "on: { manual: {} }\nsteps: [{ call: frail/act }]\n");
  daemon.write_workflow("look", R"(
on: { manual: {} }
steps:
  - { id: look, call: frail/look, retry: { attempts: 3, initial: 1ms } }
output: "${{ .steps.look.body }}"
)");
  daemon.start();
  const auto act = daemon.start_run("act");
  REQUIRE(eventually([&] { return daemon.get("/api/v1/runs/" + act)["status"] == "interrupted"; }));
  CHECK_THAT(daemon.log(), Catch::Contains("exit code 9: cannot go on"));
  const auto look = daemon.finished_run(daemon.start_run("look"));
  CHECK(look["status"] == "succeeded");
  CHECK(look["output"] == "there");
}

}  // namespace tba::tests
