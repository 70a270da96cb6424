#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using cli::Json;

// Of Berlin, where 02:00 to 03:00 is left out on the 28th of March 2027 and comes twice on the 31st
// of October.
std::string nightly(const std::string& more = "") {
  return "name: nightly\non: [ { schedule: { cron: 30 2 * * *, timezone: Europe/Berlin" + more +
         " } } ]\nsteps: [ { set: { a: 1 } } ]\n";
}

class Preview : public CliFixture {
 public:
  CommandResult preview(const std::string& text, std::vector<std::string> more) {
    const auto file = folder.write("file.yaml", text);
    std::vector<std::string> arguments{"schedule", "preview", file.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments));
  }
};

}  // namespace

TEST_CASE_METHOD(Preview, "schedule preview: a file's next firings, without a daemon") {
  const auto result = preview(nightly(), {"--count", "2"});
  CHECK(result.out ==
        "LOCAL TIME                      UTC                  SCHEDULE                    NOTE\n"
        "Tue 2026-11-24 02:30:00 +01:00  2026-11-24 01:30:00  30 2 * * * (Europe/Berlin)\n"
        "Wed 2026-11-25 02:30:00 +01:00  2026-11-25 01:30:00  30 2 * * * (Europe/Berlin)\n");
  CHECK(result.err == "there are more: ask for them with --count\n");
  CHECK(result.code == 0);
  CHECK(Json::parse(preview(nightly(), {"--output", "json"}).out).at("items").size() == 10);
}

TEST_CASE_METHOD(Preview, "schedule preview: what a change of the clock does is marked") {
  const auto gap = preview(nightly(), {"--from", "2027-03-28", "--to", "2027-03-29"});
  CHECK_THAT(gap.out, Contains("Sun 2027-03-28 03:00:00 +02:00  2027-03-28 01:00:00  ") &&
                          Contains("  moved: the clock is put forward over its time\n"));
  CHECK(gap.err.empty());
  const auto skipped =
      preview(nightly(", on_gap: skip"), {"--from", "2027-03-28", "--to", "2027-03-29"});
  CHECK_THAT(skipped.out, Contains("  left out: the clock is put forward over its time\n"));
  const auto first =
      preview(nightly(), {"--from", "2027-10-31T00:00", "--to", "2027-11-01T00:00:00+01:00"});
  CHECK_THAT(first.out, Contains("Sun 2027-10-31 02:30:00 +02:00  2027-10-31 00:30:00  ") &&
                            Contains("  first of two: the clock is put back\n") &&
                            Contains("Sun 2027-10-31 02:30:00 +01:00  2027-10-31 01:30:00  ") &&
                            Contains("  left out: the clock was put back\n"));
  const auto both =
      preview(nightly(", on_overlap: both"), {"--from", "2027-10-31", "--to", "2027-11-01"});
  CHECK_THAT(both.out, Contains("  second of two: the clock was put back\n"));
}

TEST_CASE_METHOD(Preview, "schedule preview: --output json gives records") {
  const auto result = preview(nightly(", on_gap: skip, jitter: 10m"),
                              {"--from", "2027-03-27", "--to", "2027-03-29", "--output", "json"});
  const auto items = Json::parse(result.out).at("items");
  REQUIRE(items.size() == 2);
  CHECK(items[0].at("trigger") == 0);
  CHECK(items[0].at("schedule") == "30 2 * * * (Europe/Berlin)");
  CHECK(items[0].at("slot") == "2027-03-27T01:30:00.000Z");
  CHECK(items[0].at("local") == "2027-03-27T02:30:00+01:00");
  CHECK(items[0].at("timezone") == "Europe/Berlin");
  CHECK(items[0].at("fires") == true);
  CHECK(items[0].at("oddity") == nullptr);
  const auto due_at = items[0].at("due_at").get<std::string>();
  CHECK(due_at >= "2027-03-27T01:30:00.000Z");
  CHECK(due_at <= "2027-03-27T01:40:00.000Z");
  CHECK(items[1].at("fires") == false);
  CHECK(items[1].at("due_at") == nullptr);
  CHECK(items[1].at("oddity") == "moved");
}

TEST_CASE_METHOD(Preview, "schedule preview: several schedules in order, each in its zone") {
  const std::string text =
      "on:\n"
      "  - schedule: { cron: 0 9 * * *, timezone: America/New_York }\n"
      "  - manual: {}\n"
      "  - schedule: { every: 12h, jitter: 1h }\n"
      "  - schedule: { at: 2026-11-24T01:00:00Z }\n"
      "steps: [ { set: { a: 1 } } ]\n";
  const auto result = preview(text, {"--count", "4"});
  CHECK_THAT(result.out,
             Contains("Mon 2026-11-23 09:00:00 -05:00  2026-11-23 14:00:00  "
                      "0 9 * * * (America/New_York)") &&
                 Contains("Tue 2026-11-24 00:00:00 +00:00  2026-11-24 00:00:00  every 12h") &&
                 Contains("  jitter: ") && Contains(" later\n"));
  const auto in_delhi = preview(text, {"--count", "1", "--timezone", "Asia/Kolkata"});
  CHECK_THAT(in_delhi.out, Contains("Mon 2026-11-23 17:30:00 +05:30  2026-11-23 12:00:00"));
}

TEST_CASE_METHOD(Preview, "schedule preview: nothing in that time is said") {
  const auto result =
      preview(nightly(), {"--from", "2027-03-27T03:00", "--to", "2027-03-27T04:00"});
  CHECK(result.out.empty());
  CHECK(result.err == "nothing fires in that time\n");
  CHECK(result.code == 0);
}

TEST_CASE_METHOD(Preview, "schedule preview: connectors and references are not its business") {
  const auto result = preview(
      "on: { schedule: { every: 1h } }\n"
      "steps: [ { call: elsewhere/post, with: { a: \"${{ .vars.unknown }}\" }, credential: c } ]\n",
      {"--count", "1"});
  CHECK(result.code == 0);
}

TEST_CASE_METHOD(Preview, "schedule preview: a file with errors ends with 6") {
  const auto result =
      preview("on: { schedule: { cron: 0 25 * * * } }\nsteps: [ { set: { a: 1 } } ]\n", {});
  CHECK(result.code == 6);
  CHECK_THAT(result.err, Contains("file.yaml has errors") &&
                             Contains("file.yaml:1:27: error: hour '25' is not from 0 to 23"));
}

TEST_CASE_METHOD(Preview, "schedule preview: what is not there ends with 3") {
  CHECK(run({"schedule", "preview", folder / "none.yaml"}).code == 3);
  const auto result = preview("name: job\non: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n", {});
  CHECK(result.code == 3);
  CHECK(result.err == "error: workflow 'job' has no schedule\n");
}

TEST_CASE_METHOD(Preview, "schedule preview: wrong options end with 2") {
  CHECK_THAT(preview(nightly(), {"--timezone", "Europe/Berlim"}).err,
             Contains("did you mean 'Europe/Berlin'?"));
  CHECK(preview(nightly(), {"--timezone", "Europe/Berlim"}).code == 2);
  CHECK_THAT(preview(nightly(), {"--from", "soon"}).err, Contains("--from: 'soon' is not a time"));
  CHECK(preview(nightly(), {"--to", "2027-02-30"}).code == 2);
  CHECK(preview(nightly(), {"--count", "0"}).code == 2);
}

TEST_CASE_METHOD(Preview, "schedule preview: the file of a workflow comes from the daemon") {
  FakeDaemon daemon(socket());
  daemon.on("GET /workflows/nightly",
            Json{{"path", "/w/nightly.yaml"}, {"text", nightly()}}.dump());
  const auto result = run({"schedule", "preview", "nightly", "--count", "1"});
  CHECK_THAT(result.out, Contains("Tue 2026-11-24 02:30:00 +01:00"));
  CHECK(run({"schedule", "preview", "unknown"}).code == 3);
}

}  // namespace tba::tests
