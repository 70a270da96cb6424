#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/time_text.h"
#include "shared/file.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;

struct WithDaemon : CliFixture {
  FakeDaemon daemon{socket()};
};

constexpr const char* kGithub = R"({"name":"github","title":"GitHub REST",
  "base_url":"https://api.github.com","webhook":true,
  "auth":[{"name":"token","type":"bearer","grants":[],"fields":[{"name":"token","required":true}]},
          {"name":"oauth","type":"oauth2","grants":["authorization_code","device_code"],
           "fields":[{"name":"client_id","required":true},{"name":"scopes","required":false}]}],
  "endpoints":[{"id":"get-user","title":"Get a user","method":"GET","path":"/users/{username}",
    "parameters":[{"name":"username","in":"path","type":"string","required":true,"default":null,
                   "description":"the login"},
                  {"name":"page","in":"query","type":"integer","required":false,"default":1,
                   "description":""}]}]})";

constexpr const char* kRun = R"({"id":"0192-a","workflow":"triage","status":"failed",
  "trigger":"webhook","created_at":"2026-11-23T09:00:00.000Z",
  "started_at":"2026-11-23T09:00:00.000Z","finished_at":"2026-11-23T09:00:01.500Z",
  "duration_ms":1500,"failure":{"kind":"http","message":"status 500","step":"announce"},
  "inputs":{},"trigger_context":{},"output":null,"version":"ab12",
  "steps":[{"id":"reporter","kind":"call","title":"","status":"succeeded","attempt":1,
            "effect":"repeat","duration_ms":200,"result":{"status":200},"failure":null},
           {"id":"announce","kind":"call","title":"Tell them","status":"failed","attempt":3,
            "effect":"once","duration_ms":1200,"result":null,
            "failure":{"kind":"http","message":"status 500","step":"announce"}}]})";

}  // namespace

TEST_CASE_METHOD(WithDaemon, "workflow list: a row for each, with what starts it") {
  daemon.on("GET /workflows", R"({"items":[
    {"name":"triage","state":"active","reasons":[],"triggers":[
       {"kind":"webhook","path":"/hooks/triage","event":"issues.opened"},
       {"kind":"schedule","schedule":"every 15m","next":null},{"kind":"manual"}]},
    {"name":"mail","state":"held","reasons":["credential 'smtp' is missing"],
     "triggers":[{"kind":"webhook","path":"/hooks/m","event":null}]}],"next":null})");
  const auto result = run({"workflow", "list"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "NAME    STATE   STARTED BY                                          WHY NOT ACTIVE\n"
        "triage  active  issues.opened at /hooks/triage; every 15m; by hand\n"
        "mail    held    any event at /hooks/m                               "
        "credential 'smtp' is missing\n");
  CHECK_THAT(run({"workflow", "list", "--output", "json"}).out, StartsWith("{\n  \"items\": [\n"));
}

TEST_CASE_METHOD(WithDaemon, "workflow list: files that the daemon could not take are mentioned") {
  daemon.on("GET /workflows", R"({"items":[],"next":null})");
  daemon.on("GET /status", R"({"broken_files":[{"path":"/h/a.yaml","diagnostics":"…"}]})");
  daemon.on("GET /status", R"({"broken_files":[{"path":"a"},{"path":"b"}]})");
  daemon.on("GET /status", R"({"broken_files":[]})");
  CHECK_THAT(run({"workflow", "list"}).err,
             Contains("1 file is broken: 'tba-integrate ") && Contains("daemon status' tells why"));
  CHECK(run({"workflow", "list", "--output", "json"}).err.empty());
  CHECK_THAT(run({"workflow", "list"}).err, Contains("2 files are broken"));
  CHECK(run({"workflow", "list"}).err.empty());
}

TEST_CASE_METHOD(WithDaemon, "workflow list: an empty home gets a hint") {
  daemon.on("GET /workflows", R"({"items":[],"next":null})");
  CHECK_THAT(run({"workflow", "list"}).out, StartsWith("no workflows yet"));
}

TEST_CASE_METHOD(WithDaemon, "commands: JSON for scripts keeps the order that the API gave") {
  daemon.on("GET /status", R"({"state":"running","pid":1,"listen":[{"b":1,"a":2}]})");
  CHECK(run({"daemon", "status", "--output", "json"}).out ==
        "{\n  \"state\": \"running\",\n  \"pid\": 1,\n"
        "  \"listen\": [\n    {\n      \"b\": 1,\n      \"a\": 2\n    }\n  ]\n}\n");
}

TEST_CASE_METHOD(WithDaemon, "workflow show: triggers, inputs, steps, or the file's text") {
  daemon.on("GET /workflows/triage", R"({"name":"triage","path":"/w/triage.yaml",
    "description":"Tell","state":"active","reasons":[],"version":"ab","text":"name: triage\n",
    "triggers":[{"kind":"manual"}],
    "inputs":[{"name":"minimum","type":"integer","required":false,"default":10,
               "description":"followers"},
              {"name":"who","type":"string","required":true,"default":null,"description":""}],
    "steps":[{"id":"reporter","kind":"call","title":"Who"}]})");
  const auto result = run({"workflow", "show", "triage"});
  CHECK(result.out ==
        "name:         triage\n"
        "description:  Tell\n"
        "state:        active\n"
        "started by:   by hand\n"
        "file:         /w/triage.yaml\n"
        "version:      ab\n"
        "\n"
        "INPUT    TYPE     DEFAULT   DESCRIPTION\n"
        "minimum  integer  10        followers\n"
        "who      string   required\n"
        "\n"
        "STEP      DOES  TITLE\n"
        "reporter  call  Who\n");
  CHECK(run({"workflow", "show", "triage", "--text"}).out == "name: triage\n");
}

TEST_CASE_METHOD(WithDaemon, "commands: a problem document decides message, hint and exit code") {
  struct Case {
    int status;
    int code;
  };
  for (const auto& [status, code] : {Case{404, 3}, Case{403, 4}, Case{400, 2}, Case{409, 1},
                                     Case{503, 1}, Case{504, 7}, Case{500, 1}}) {
    const std::string id = std::to_string(status);
    daemon.on_problem("POST /runs/" + id + "/cancel", status,
                      R"("code":"x","detail":"it did not work","hint":"try harder",)"
                      R"("diagnostics":"a.yaml:1:1: error: bad\n")");
    const auto result = run({"run", "cancel", id});
    CHECK(result.code == code);
    CHECK(result.out.empty());
    CHECK(result.err == "error: it did not work\na.yaml:1:1: error: bad\nhint: try harder\n");
  }
}

TEST_CASE_METHOD(WithDaemon, "commands: answers that break the API's promise are told, not shown") {
  const auto answer =
      GENERATE(as<std::string>{}, "not json", "[]", "{}", R"({"items":3})", R"({"items":[1]})");
  daemon.on("GET /runs", answer);
  const auto result = run({"run", "list"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err,
             StartsWith("error: the daemon's answer to GET ") && Contains("is not understood"));
}

TEST_CASE_METHOD(WithDaemon, "commands: an error that is no problem document is told") {
  daemon.on("GET /runs", {502, "<html>", "text/html"});
  const auto result = run({"run", "list"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("status 502 without a problem document"));
}

TEST_CASE_METHOD(WithDaemon, "run list: filters reach the daemon, the next page is announced") {
  daemon.on("GET /runs", R"({"items":[)" + std::string(kRun) + R"(],"next":"c2"})");
  const auto result = run({"run", "list", "--workflow", "triage", "--status", "failed,running",
                           "--attention", "--limit", "1", "--cursor", "c1"});
  CHECK(result.code == 0);
  CHECK(
      daemon.last().line ==
      "GET /api/v1/runs?limit=1&cursor=c1&workflow=triage&attention=true&status=failed%2Crunning");
  CHECK(result.out ==
        "RUN     WORKFLOW  STATUS  TRIGGER  CREATED              TOOK   FAILURE\n"
        "0192-a  triage    failed  webhook  2026-11-23 09:00:00  1.50s  announce: status 500\n");
  CHECK(result.err == "there are more: --cursor c2\n");
}

TEST_CASE_METHOD(WithDaemon, "run show: the tree, and results where asked for") {
  daemon.on("GET /runs/latest", kRun);
  const auto result = run({"run", "show", "latest"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "✗ triage  0192-a  failed  1.50s\n"
        "  ✓ reporter  call  succeeded  200ms\n"
        "  ✗ announce  call  failed  attempt 3  1.20s  Tell them  status 500\n"
        "  status 500\n"
        "\n"
        "started by:  webhook\n"
        "created:     2026-11-23 09:00:00\n"
        "finished:    2026-11-23 09:00:01\n"
        "version:     ab12\n");
  CHECK_THAT(run({"run", "show", "latest", "--results"}).out,
             Contains("result of reporter\n{\n  \"status\": 200\n}\n"));
}

TEST_CASE_METHOD(WithDaemon, "run show: why a run was interrupted") {
  daemon.on("GET /runs/r", R"({"id":"r","workflow":"w","status":"interrupted","trigger":"manual",
    "failure":{"kind":"interrupted","message":"it is not known whether 'pay' acted","step":"pay"},
    "steps":[]})");
  CHECK_THAT(run({"run", "show", "r"}).out,
             StartsWith("! w  r  interrupted\n  it is not known whether 'pay' acted\n"));
}

TEST_CASE_METHOD(WithDaemon, "run logs: all pages, with or without the step's name") {
  daemon
      .on("GET /runs/r/logs", R"({"items":[{"sequence":1,"step":"a","stream":"stdout",
        "text":"one"}],"next":"1"})")
      .on("GET /runs/r/logs", R"({"items":[{"sequence":2,"step":"b","stream":"stderr",
        "text":"two"}],"next":null})");
  CHECK(run({"run", "logs", "r"}).out == "a | one\nb | two\n");
  CHECK(daemon.last().line == "GET /api/v1/runs/r/logs?limit=1000&after=1");
  CHECK(run({"run", "logs", "r", "--step", "b"}).out == "two\n");
  CHECK_THAT(run({"run", "logs", "r", "--output", "json"}).out, Contains("\"sequence\": 2"));
}

TEST_CASE_METHOD(WithDaemon, "run start: inputs take the types that the workflow says") {
  daemon
      .on("GET /workflows/w", R"({"name":"w","inputs":[{"name":"n","type":"integer"},
        {"name":"s","type":"string"},{"name":"l","type":"array"},{"name":"x","type":"any"}]})")
      .on("POST /workflows/w/runs",
          {201, R"({"id":"r1","workflow":"w","status":"queued"})", "application/json"});
  const auto result =
      run({"run", "start", "w", "-i", "n=12", "--input", "s=34", "--input=l=[1]", "-i", "x=a=b"});
  CHECK(result.code == 0);
  CHECK(result.out == "r1\n");
  CHECK(result.err == "follow it with 'tba-integrate run watch r1'\n");
  CHECK(daemon.last().body == R"({"inputs":{"n":12,"s":"34","l":[1],"x":"a=b"}})");
}

TEST_CASE_METHOD(WithDaemon,
                 "run start: all wrong inputs are told at once, before anything starts") {
  daemon.on("GET /workflows/w", R"({"name":"w","inputs":[{"name":"minimum","type":"integer"},
        {"name":"flag","type":"boolean"}]})");
  const auto result = run({"run", "start", "w", "-i", "minimum=ten", "-i", "minimun=1", "-i",
                           "flag=true", "-i", "flag=false", "-i", "bare"});
  CHECK(result.code == 2);
  CHECK(result.err ==
        "error: input 'minimum' must be an integer, such as minimum=10; it is 'ten'\n"
        "       unknown input 'minimun' (did you mean 'minimum'?)\n"
        "       input 'flag' is given twice\n"
        "       'bare' is no input: write name=value\n");
  CHECK(daemon.last().line == "GET /api/v1/workflows/w");
}

TEST_CASE_METHOD(WithDaemon, "run start: names are encoded, unknown ones are not found") {
  const auto result = run({"run", "start", "a/b c"});
  CHECK(result.code == 3);
  CHECK(daemon.last().line == "POST /api/v1/workflows/a%2Fb%20c/runs");
}

TEST_CASE_METHOD(WithDaemon, "run cancel: says what becomes of the run") {
  daemon.on("POST /runs/r/cancel", {202, R"({"id":"r","status":"running"})", "application/json"});
  CHECK(run({"run", "cancel", "r"}).out == "run r is being cancelled (running)\n");
}

TEST_CASE_METHOD(WithDaemon, "run resume: says how an interrupted run goes on") {
  daemon.on("POST /runs/r/resume", {202, R"({"id":"r","decision":"skip"})", "application/json"});
  CHECK(run({"run", "resume", "r", "--skip", "--step", "post"}).out == "run r goes on\n");
  CHECK(daemon.last().body == R"({"decision":"skip","step":"post"})");
  const auto unsaid = run({"run", "resume", "r"});
  CHECK(unsaid.code == 2);
  CHECK_THAT(unsaid.err, Contains("--repeat the step, --skip it, or let it --fail"));
  CHECK(run({"run", "resume", "r", "--skip", "--fail"}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "run retry: prints the new run, and may follow it") {
  daemon.on("POST /runs/r/retry", {201, R"({"id":"r2","retry_of":"r"})", "application/json"});
  const auto plain = run({"run", "retry", "r"});
  CHECK(plain.out == "r2\n");
  CHECK_THAT(plain.err, Contains("run watch r2"));
  CHECK(daemon.last().body == "{}");
  CHECK(run({"run", "retry", "r", "--from", "post", "--latest", "--output", "json"}).code == 0);
  CHECK(daemon.last().body == R"({"from":"post","latest":true})");
}

TEST_CASE_METHOD(WithDaemon, "run approve, run reject: decide about a run that waits for it") {
  daemon.on("POST /runs/r/approve", {202, R"({"id":"r","approved":true})", "application/json"});
  daemon.on("POST /runs/r/reject", {202, R"({"id":"r","approved":false})", "application/json"});
  CHECK(run({"run", "approve", "r"}).out == "run r is approved\n");
  CHECK(daemon.last().body == "{}");
  CHECK(run({"run", "reject", "r", "--comment", "too dear", "--output", "json"}).code == 0);
  CHECK(daemon.last().body == R"({"comment":"too dear"})");
}

TEST_CASE_METHOD(WithDaemon, "webhook list: deliveries, or what was refused") {
  daemon
      .on("GET /deliveries", R"({"items":[{"id":"d1","received_at":"2026-11-23T09:00:00.000Z",
        "workflow":"triage","path":"triage","connector":"github","event":"issues.opened",
        "sender_id":"7f","status":"matched","reason":null,"runs":["r1","r2"]},
        {"id":"d2","received_at":"2026-11-23T09:00:01.000Z","workflow":"triage","path":"triage",
        "event":"issues.closed","status":"unmatched","reason":"`match` gave false","runs":[]}],
        "next":null})")
      .on("GET /rejections", R"({"items":[{"at":"2026-11-23T09:00:00.000Z","path":"triage",
        "peer":"127.0.0.1","status":401,"reason":"the signature does not match"}],"next":null})");
  CHECK(run({"webhook", "list", "--event", "issues.opened"}).out ==
        "DELIVERY  RECEIVED             PATH           EVENT          WORKFLOW  STATUS     RUNS  "
        "WHY UNMATCHED\n"
        "d1        2026-11-23 09:00:00  /hooks/triage  issues.opened  triage    matched    2\n"
        "d2        2026-11-23 09:00:01  /hooks/triage  issues.closed  triage    unmatched  0     "
        "`match` gave false\n");
  CHECK(daemon.last().line == "GET /api/v1/deliveries?limit=50&event=issues.opened");
  run({"webhook", "list", "--unmatched"});
  CHECK(daemon.last().line == "GET /api/v1/deliveries?limit=50&unmatched=true");
  CHECK(run({"webhook", "list", "--rejected"}).out ==
        "REJECTED             PATH           FROM       STATUS  REASON\n"
        "2026-11-23 09:00:00  /hooks/triage  127.0.0.1  401     the signature does not match\n");
  CHECK(run({"webhook", "list", "--rejected", "--event", "x"}).code == 2);
  CHECK(run({"webhook", "list", "--rejected", "--unmatched"}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "webhook list: rows are cut to a terminal, and whole elsewhere") {
  daemon.on("GET /rejections", R"({"items":[{"at":"2026-11-23T09:00:00.000Z","path":"triage",
        "peer":"127.0.0.1:50122","status":401,"reason":")" +
                                   std::string(300, 'y') + R"("}],"next":null})");
  CHECK_THAT(run({"webhook", "list", "--rejected"}).out, Contains(std::string(300, 'y')));
  out_is_terminal = true;
  CHECK(run({"webhook", "list", "--rejected"}).out ==
        "REJECTED             PATH           FROM             STATUS  REASON\n"
        "2026-11-23 09:00:00  /hooks/triage  127.0.0.1:50122  401     yyyyyyyyyyyyyyyyyy…\n");
}

TEST_CASE_METHOD(WithDaemon, "webhook show: headers and body") {
  daemon.on("GET /deliveries/d1", R"({"id":"d1","received_at":"2026-11-23T09:00:00.000Z",
    "workflow":"triage","path":"triage","connector":"github","event":"issues.opened",
    "sender_id":"7f","headers":{"x-github-event":"issues"},"query":{},"body":{"action":"opened"},
    "runs":["r1","r2"]})");
  const auto result = run({"webhook", "show", "d1"});
  CHECK_THAT(result.out, Contains("runs:         r1 r2\n") &&
                             Contains("x-github-event:  issues\n") &&
                             Contains("{\n  \"action\": \"opened\"\n}\n"));
}

TEST_CASE_METHOD(WithDaemon, "webhook show: a body that is text stands there as it is") {
  daemon.on("GET /deliveries/d1", R"({"id":"d1","method":"PUT","path":"p","status":"unmatched",
    "reason":"`match` gave false","headers":{},"body":"a \"b\"","body_text":null,"runs":[]})");
  const auto result = run({"webhook", "show", "d1"});
  CHECK_THAT(result.out, Contains("method:         PUT\n") &&
                             Contains("why unmatched:  `match` gave false\n") &&
                             Contains("\na \"b\"\n"));
}

TEST_CASE_METHOD(WithDaemon, "webhook replay: prints the runs, and what stands in the way") {
  const std::string answer = R"({"delivery":"d1","workflow":"w","runs":["r1","r2"]})";
  daemon.on("POST /deliveries/d1/replay", {201, answer, "application/json"});
  CHECK(run({"webhook", "replay", "d1"}).out == "r1\nr2\n");
  CHECK(daemon.last().body == "{}");
  CHECK(run({"webhook", "replay", "d1", "--workflow", "w", "--output", "json"}).out ==
        nlohmann::ordered_json::parse(answer).dump(2) + "\n");
  CHECK(daemon.last().body == R"({"workflow":"w"})");
  daemon.on_problem("POST /deliveries/d2/replay", 409,
                    R"("code":"conflict","detail":"workflow 'w' does not take this delivery")");
  const auto refused = run({"webhook", "replay", "d2"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains("does not take this delivery"));
}

TEST_CASE_METHOD(WithDaemon, "event emit: takes its data as JSON, also from standard input") {
  const std::string answer = R"({"id":"e1","name":"orders.created","runs":["r1"]})";
  daemon.on("POST /events", {201, answer, "application/json"});
  const auto emitted = run({"event", "emit", "orders.created", "--data", R"({"id":7})"});
  CHECK(emitted.out == "e1\n");
  CHECK(emitted.err == "it started 1 run\n");
  CHECK(daemon.last().body == R"({"name":"orders.created","data":{"id":7}})");
  run({"event", "emit", "orders.created", "--data", "-"}, "[1, 2]");
  CHECK(daemon.last().body == R"({"name":"orders.created","data":[1,2]})");
  run({"event", "emit", "orders.created"});
  CHECK(daemon.last().body == R"({"name":"orders.created","data":null})");
  CHECK(run({"event", "emit", "orders.created", "--output", "json"}).out ==
        nlohmann::ordered_json::parse(answer).dump(2) + "\n");
  const auto wrong = run({"event", "emit", "orders.created", "--data", "{"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Contains("--data is no JSON"));
}

TEST_CASE_METHOD(WithDaemon, "event list: the newest first") {
  daemon.on("GET /events", R"({"items":[{"id":"e1","at":"2026-11-23T09:00:00.000Z",
    "name":"run.failed","source":"run r1","data":{"run":"r1"}}],"next":null})");
  CHECK(run({"event", "list", "--name", "run.failed"}).out ==
        "EVENT  AT                   NAME        SOURCE  DATA\n"
        "e1     2026-11-23 09:00:00  run.failed  run r1  {\"run\":\"r1\"}\n");
  CHECK(daemon.last().line == "GET /api/v1/events?limit=50&name=run.failed");
}

TEST_CASE_METHOD(WithDaemon, "schedule list: last and next slots in UTC, wherever it is") {
  setenv("TZ", "JST-9", 1);
  tzset();
  daemon.on("GET /schedules", R"({"items":[{"workflow":"w","trigger":0,"schedule":"0 9 * * *",
    "last":null,"next":"2026-11-24T09:00:00.000Z"}],"next":null})");
  CHECK(run({"schedule", "list"}).out ==
        "WORKFLOW  SCHEDULE   LAST  NEXT\n"
        "w         0 9 * * *        2026-11-24 09:00:00 UTC\n");
}

TEST_CASE_METHOD(WithDaemon, "store info: what uses the space, the empty left out") {
  daemon
      .on("GET /store", R"({"file":{"bytes":52428800,"free_bytes":1536,"log_bytes":0},
    "kinds":[{"kind":"runs","rows":120,"bytes":34567},{"kind":"events","rows":0,"bytes":0}],
    "workflows":[{"workflow":"triage","runs":120,"unfinished":3,"bytes":3456789}],
    "last_pruning":null})")
      .on("GET /store", R"({"file":{"bytes":4096,"free_bytes":0,"log_bytes":0},"kinds":[],
    "workflows":[],"last_pruning":{"at":"2026-11-23T09:00:00.000Z","duration_ms":12,"runs":5,
    "other_rows":7,"bytes":1024}})");
  CHECK(run({"store", "info"}).out ==
        "database:      50 MiB\n"
        "unused:        1.5 KiB\n"
        "log:           0 B\n"
        "last pruning:  none since the daemon's start\n"
        "\n"
        "KIND  ROWS  ABOUT\n"
        "runs  120   34 KiB\n"
        "\n"
        "WORKFLOW  RUNS  UNFINISHED  ABOUT\n"
        "triage    120   3           3.3 MiB\n");
  CHECK_THAT(run({"store", "info"}).out,
             Contains("last pruning:  2026-11-23 09:00:00: 5 runs and 7 other rows, 1.0 KiB\n"));
  CHECK_THAT(run({"store", "info", "--output", "json"}).out,
             StartsWith("{\n  \"file\": {\n    \"bytes\": 4096,"));
}

TEST_CASE_METHOD(WithDaemon, "store backup: the daemon is given the whole path") {
  daemon
      .on("POST /store/backups",
          {201, R"({"path":"/b/tba.db","bytes":1048576,"duration_ms":3})", "application/json"})
      .on_problem("POST /store/backups", 409,
                  R"("code":"conflict","detail":"there is a file '/b/tba.db' already")");
  CHECK(run({"store", "backup", "b.db"}).out == "copied the database into /b/tba.db (1.0 MiB)\n");
  CHECK(daemon.last().body ==
        R"({"path":")" + (std::filesystem::current_path() / "b.db").string() + R"("})");
  const auto again = run({"store", "backup", "/b/tba.db"});
  CHECK(again.code == 1);
  CHECK_THAT(again.err, Contains("there is a file '/b/tba.db' already"));
  CHECK(run({"store", "backup"}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "store compact: what it was and is") {
  daemon
      .on("POST /store/compact", R"({"before":{"bytes":2097152,"free_bytes":1048576,"log_bytes":0},
        "after":{"bytes":1048576,"free_bytes":0,"log_bytes":0}})")
      .on("POST /store/compact", R"({"before":{"bytes":4096,"free_bytes":0,"log_bytes":0},
        "after":{"bytes":4096,"free_bytes":0,"log_bytes":0}})");
  CHECK(run({"store", "compact"}).out == "the database had 2.0 MiB and has 1.0 MiB\n");
  CHECK(run({"store", "compact"}).out == "nothing is unused; the database has 4.0 KiB\n");
  CHECK_THAT(run({"store", "compact", "--output", "json"}).out, Contains("\"free_bytes\": 0"));
}

TEST_CASE_METHOD(WithDaemon, "credential offers and accept") {
  daemon.on("GET /credential-offers", R"({"items":[],"next":null})")
      .on("POST /credential-offers/0a1b2c/accept",
          R"({"name":"hook","connector":"notion","scheme":"webhook"})");
  CHECK(run({"credential", "offers"}).out == "no secrets are offered\n");
  CHECK(run({"credential", "accept", "0a1b2c"}).out ==
        "stored credential hook (notion, webhook)\n");
  CHECK_THAT(run({"credential", "accept", "0a1b2c", "--output", "json"}).out,
             Contains(R"("name": "hook")"));
  CHECK(run({"credential", "accept", "none"}).code == 3);
  CHECK(run({"credential", "accept"}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "credential offers: a row for each, with what it offers") {
  daemon.on("GET /credential-offers", R"({"items":[{"id":"0a1b2c","credential":"hook",
    "connector":"notion","scheme":"webhook","workflow":"notes","from":"192.0.2.7",
    "at":"2026-11-23T09:00:00.000Z","secret":"secret_abc"}],"next":null})");
  CHECK(run({"credential", "offers"}).out ==
        "OFFER   CREDENTIAL  CONNECTOR  WORKFLOW  OFFERED              FROM       SECRET\n"
        "0a1b2c  hook        notion     notes     2026-11-23 09:00:00  192.0.2.7  secret_abc\n");
}

TEST_CASE_METHOD(WithDaemon, "credential list and remove") {
  daemon
      .on("GET /credentials", R"({"items":[{"name":"bot","connector":"github","scheme":"token",
        "type":"bearer","base_url":null,"version":2,"updated_at":"2026-11-23T09:00:00.000Z",
        "used_by":["triage","mail"],"problem":null},{"name":"old","connector":"github",
        "scheme":"token","type":"bearer","base_url":null,"used_by":[],
        "problem":"credential 'old' cannot be opened"}],"next":null})")
      .on("DELETE /credentials/bot", {204, "", "application/json"});
  CHECK(run({"credential", "list"}).out ==
        "NAME  CONNECTOR  SCHEME  TYPE    USED BY       CHANGED              BASE URL  PROBLEM\n"
        "bot   github     token   bearer  triage, mail  2026-11-23 09:00:00\n"
        "old   github     token   bearer                                               "
        "credential 'old' cannot be opened\n");
  CHECK(run({"credential", "remove", "bot"}).out == "removed credential bot\n");
  CHECK(run({"credential", "remove", "none"}).code == 3);
}

TEST_CASE_METHOD(WithDaemon, "connector list and show") {
  daemon
      .on("GET /connectors", R"({"items":[{"name":"github","title":"GitHub REST",
        "base_url":"https://api.github.com","auth":[{"name":"token","type":"bearer"}],
        "endpoints":7,"webhook":true}],"next":null})")
      .on("GET /connectors/github", kGithub);
  CHECK(run({"connector", "list"}).out ==
        "NAME    TITLE        ENDPOINTS  WEBHOOKS  AUTH   CALLS GO TO\n"
        "github  GitHub REST  7          yes       token  https://api.github.com\n");
  CHECK_THAT(
      run({"connector", "show", "github"}).out,
      Contains("get-user  GET     /users/{username}  username page?\n") &&
          Contains("token        bearer                                  token\n"
                   "oauth        oauth2  authorization_code device_code  client_id scopes?\n"));
  CHECK_THAT(run({"connector", "show", "github/get-user"}).out,
             Contains("username   path   string   required  the login\n"));
  const auto missing = run({"connector", "show", "github/get-uesr"});
  CHECK(missing.code == 3);
  CHECK_THAT(missing.err, Contains("has no endpoint 'get-uesr' (did you mean 'get-user'?)"));
}

TEST_CASE_METHOD(WithDaemon,
                 "connector list --long: a paragraph for each, as wide as the terminal") {
  constexpr const char* kConnectors = R"({"items":[
    {"name":"github","title":"GitHub REST","base_url":"https://api.github.com",
     "auth":[{"name":"token","type":"bearer"},{"name":"webhook","type":"webhook_secret"}],
     "endpoints":5,"webhook":true,"pagination":["link_header"],"test":"get-authenticated-user",
     "effects":{"repeat":["get-authenticated-user","list-repos","update-issue"],
                "keyed":["create-issue"],"once":["create-comment"]},
     "idempotency":{"header":"Idempotency-Key","lifetime":"1d"},
     "verifications":[{"scheme":"hmac_sha256","auth":null},{"scheme":"token","auth":"webhook"}],
     "rate_limits":[{"name":"primary","requests":null,"per":null,"by":["credential"]},
                    {"name":"search","requests":30,"per":"1m","by":["credential"]},
                    {"name":"secondary","requests":900,"per":"1m","by":["credential"]}]},
    {"name":"notes","title":"","base_url":"https://notes.example","auth":[],"endpoints":2,
     "webhook":false,"test":null,"rate_limits":[]}],"next":null})";
  daemon.on("GET /connectors", kConnectors).on("GET /connectors", kConnectors);
  out_is_terminal = true;
  environment["NO_COLOR"] = "1";
  CHECK(run({"connector", "list", "--long"}).out ==
        "name:         github\n"
        "title:        GitHub REST\n"
        "calls go to:  https://api.github.com\n"
        "auth:         token (bearer), webhook (webhook_secret)\n"
        "endpoints:    5\n"
        "repeat:       get-authenticated-user, list-repos, update-issue\n"
        "keyed:        create-issue\n"
        "once:         create-comment\n"
        "keys:         Idempotency-Key, known for 1d\n"
        "webhooks:     hmac_sha256, token (webhook)\n"
        "limits:       primary (as answers tell), search (30 in 1m), secondary (900 in\n"
        "              1m)\n"
        "pages:        link_header\n"
        "test:         get-authenticated-user\n"
        "\n"
        "name:         notes\n"
        "calls go to:  https://notes.example\n"
        "endpoints:    2\n"
        "webhooks:     no\n");
  CHECK(cli::Json::parse(run({"connector", "list", "--long", "--output", "json"}).out) ==
        cli::Json::parse(kConnectors));
}

TEST_CASE_METHOD(WithDaemon, "connector list and show: a plugin is told from an API") {
  const std::string summary = R"("name":"csv","title":"Tables","base_url":null,"auth":[],
    "webhook":false,"plugin":{"version":"1.0","state":"stopped","calls":0,
    "problem":"its program ended with exit code 3","next_start":"2026-11-23T09:00:00.000Z"},)";
  daemon.on("GET /connectors", R"({"items":[{)" + summary + R"("endpoints":1}],"next":null})")
      .on("GET /connectors/csv", "{" + summary + R"("endpoints":[{"id":"parse","title":"Read",
        "method":null,"path":null,"parameters":[{"name":"text","in":null,"type":"string",
        "required":true,"default":null,"description":"a table"}],"response":"any"}]})");
  CHECK(run({"connector", "list"}).out ==
        "NAME  TITLE   ENDPOINTS  WEBHOOKS  AUTH  CALLS GO TO\n"
        "csv   Tables  1          no              plugin 1.0 (stopped)\n");
  CHECK_THAT(run({"connector", "show", "csv"}).out,
             Contains("state:               stopped\n"
                      "ended last because:  its program ended with exit code 3\n"));
  CHECK_THAT(run({"connector", "show", "csv/parse"}).out,
             Contains("text           string  required  a table\n") && !Contains("request"));
}

TEST_CASE_METHOD(WithDaemon, "connector call: typed parameters go in, status and body come out") {
  daemon.on("GET /connectors/github", kGithub)
      .on("POST /connectors/github/endpoints/get-user/call",
          R"({"status":200,"headers":{},"body":{"login":"octocat"}})")
      .on("POST /connectors/github/endpoints/get-user/call",
          R"({"status":404,"headers":{},"body":"nobody"})");
  const auto good = run({"connector", "call", "github/get-user", "username=octocat", "page=2",
                         "--credential", "bot"});
  CHECK(good.code == 0);
  CHECK(good.out == "{\n  \"login\": \"octocat\"\n}\n");
  CHECK(good.err == "status 200\n");
  CHECK(daemon.last().body ==
        R"({"parameters":{"username":"octocat","page":2},"credential":"bot"})");
  const auto bad = run({"connector", "call", "github/get-user", "username=x"});
  CHECK(bad.code == 1);
  CHECK(bad.out == "nobody\n");
  daemon.on_problem("POST /connectors/github/endpoints/get-user/call", 502, R"("detail":"refused")")
      .on_problem("POST /connectors/github/endpoints/get-user/call", 502, R"("detail":"refused")")
      .on_problem("POST /connectors/github/endpoints/get-user/call", 504, R"("detail":"too long")")
      .on_problem("POST /connectors/github/endpoints/get-user/call", 404, R"("detail":"no bot")");
  std::string codes;
  for (int i = 0; i < 5; ++i) {
    codes += std::to_string(run({"connector", "call", "github/get-user", "username=x"}).code);
  }
  CHECK(codes == "11173");
  CHECK(run({"connector", "call", "github/get-user", "usrname=x"}).code == 2);
  CHECK(run({"connector", "call", "github/nothing"}).code == 3);
}

TEST_CASE_METHOD(WithDaemon, "connector call: what was recorded is put behind what there is") {
  const std::string call = "POST /connectors/github/endpoints/get-user/call";
  daemon.on("GET /connectors/github", kGithub)
      .on(call, R"({"status":200,"headers":{},"body":1,"not_recorded":null,
                    "cassette":{"name":"a","endpoint":"get-user","result":1}})")
      .on(call, R"({"status":404,"headers":{},"body":"no","not_recorded":null,
                    "cassette":{"name":"b","endpoint":"get-user"}})")
      .on(call,
          R"({"status":200,"headers":{},"body":2,"cassette":null,"not_recorded":"too large"})")
      .on(call, R"({"status":200,"headers":{},"body":3,"not_recorded":null,
                    "cassette":{"name":"c","endpoint":"get-user"}})");
  const auto record = [&](std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"connector", "call", "github/get-user", "username=x", "--record"});
    return run(std::move(more));
  };
  const auto text = [&](const std::string& name) {
    return tba::read_file(folder / name, 1 << 20).value();
  };
  const auto first = record();
  CHECK(first.code == 0);
  CHECK(first.out == "1\n");
  CHECK_THAT(first.err, Contains("recorded in ") && Contains("connectors/cassettes/github.yaml"));
  CHECK(daemon.last().body == R"({"parameters":{"username":"x"},"record":true})");
  const std::string of_first = "cassettes:\n  - { name: a, endpoint: get-user, result: 1 }\n";
  CHECK(text("connectors/cassettes/github.yaml") == of_first);
  CHECK(record().code == 1);  // as the call, which is recorded
  const auto both = of_first + "  - { name: b, endpoint: get-user }\n";
  CHECK(text("connectors/cassettes/github.yaml") == both);
  const auto refused = record();
  CHECK(refused.code == 1);
  CHECK(refused.out == "2\n");
  CHECK_THAT(refused.err, Contains("the call was made, but not recorded: too large"));
  CHECK(text("connectors/cassettes/github.yaml") == both);

  const auto other = (folder / "mine/calls.yaml").string();
  const auto as_json = record({"--cassettes", other, "--output", "json"});
  CHECK(as_json.out.find("cassette") == std::string::npos);
  CHECK(text("mine/calls.yaml") == "cassettes:\n  - { name: c, endpoint: get-user }\n");
  folder.write("mine/calls.yaml", "cassettes: []\n");
  const auto unfit = record({"--cassettes", other});
  CHECK(unfit.code == 6);
  CHECK_THAT(unfit.err, Contains("calls.yaml: nothing can be put behind"));
  CHECK(text("mine/calls.yaml") == "cassettes: []\n");
  CHECK(record({"--cassettes", folder.path().string()}).code == 2);
  CHECK(record({"--dry-run"}).code == 2);
  CHECK(record({"--paginate"}).code == 2);
  CHECK(run({"connector", "call", "github/get-user", "--cassettes", other}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "connector call: a dry run shows the request and sends nothing") {
  const std::string preview = "POST /connectors/github/endpoints/get-user/preview";
  daemon.on("GET /connectors/github", kGithub)
      .on(preview, R"({"method":"GET","url":"https://a.example/u?k=********",
        "headers":{"Accept":"a/b","X-Odd":"a\u001bb"},"body":null,"body_bytes":0})")
      .on(preview, R"({"method":"POST","url":"https://a.example/","headers":{},
        "body":{"a":1},"body_bytes":9})")
      .on(preview, R"({"method":"PUT","url":"https://a.example/","headers":{},
        "body":"--x\r\n\r\n\u001b[2J","body_bytes":20000})");
  const auto show = [&](std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"connector", "call", "github/get-user", "username=x", "--dry-run"});
    return run(std::move(more));
  };
  const auto plain = show();
  CHECK(plain.code == 0);
  CHECK(plain.out ==
        "GET https://a.example/u?k=********\n"
        "Accept: a/b\n"
        "X-Odd: a\\x1bb\n");
  CHECK(daemon.last().body == R"({"parameters":{"username":"x"}})");
  CHECK(show().out == "POST https://a.example/\n\n{\n  \"a\": 1\n}\n");
  const auto long_one = show();
  CHECK(long_one.out == "PUT https://a.example/\n\n--x\n\n\\x1b[2J\n");
  CHECK(long_one.err == "this is the beginning of a body of 20000 bytes\n");
  CHECK_THAT(show({"--output", "json"}).out, Contains("\"body_bytes\": 20000"));
  daemon.on_problem(preview, 400, R"("detail":"parameter 'page' cannot be 7")");
  show();  // as before
  CHECK(show().code == 2);
}

TEST_CASE_METHOD(WithDaemon, "connector call: the items of all pages come as lines") {
  const std::string call = "POST /connectors/github/endpoints/get-user/call";
  const std::vector<std::string> command{"connector", "call", "github/get-user", "username=x",
                                         "--paginate"};
  daemon.on("GET /connectors/github", kGithub)
      .on(call, R"({"status":200,"body":[{"a":1},"b"],"next":{"value":2}})")
      .on(call, R"({"status":200,"body":[3],"next":null})");
  const auto all = run(command);
  CHECK(all.code == 0);
  CHECK(all.out == "{\"a\":1}\n\"b\"\n3\n");
  CHECK(all.err == "items 3, pages 2\n");
  CHECK(daemon.last().body == R"({"parameters":{"username":"x"},"page":{"value":2}})");

  daemon.on(call, R"({"status":200,"body":[1],"next":{"value":2}})");
  run(command);  // as before
  auto one = command;
  one.insert(one.end(), {"--pages", "1"});
  CHECK(run(one).err == "items 1, pages 1, and there are others\n");
  CHECK(daemon.last().body == R"({"parameters":{"username":"x"},"page":null})");

  const auto circle = run(command);  // the same answer again
  CHECK(circle.code == 1);
  CHECK_THAT(circle.err, Contains("page 2 leads back to one that was there before"));
  daemon.on(call, R"({"status":404,"body":"nobody"})");
  run(command);  // as before
  const auto missing = run(command);
  CHECK(missing.code == 1);
  CHECK(missing.out == "nobody\n");
  daemon.on_problem(call, 400, R"("detail":"github/get-user has no pages")");
  run(command);
  CHECK_THAT(run(command).err, Contains("has no pages"));
  auto both = command;
  both.push_back("--dry-run");
  CHECK(run(both).code == 2);
  CHECK(run({"connector", "call", "github/get-user", "--pages", "2"}).code == 2);
}

TEST_CASE_METHOD(WithDaemon, "daemon status: which hosts do not answer") {
  daemon.on("GET /status", R"({"pid":42,"state":"running","runs":{"active":0,"waiting":0},
    "open_circuits":[
      {"host":"https://a.example","since":"2026-11-23T09:00:00.000Z",
       "probe_at":"2026-11-23T09:02:00.000Z","is_probed":false,"why":"it answered 502"},
      {"host":"http://b.example:81","since":"2026-11-23T09:00:00.000Z",
       "probe_at":"2026-11-23T09:00:10.000Z","is_probed":true,"why":"nobody listens"}]})");
  const auto out = run({"daemon", "status"}).out;
  CHECK_THAT(out, Catch::Contains("HOST LEFT ALONE      SINCE"));
  CHECK_THAT(out, Catch::Contains("https://a.example    " +
                                  tba::cli::local_time("2026-11-23T09:00:00.000Z") + "  " +
                                  tba::cli::local_time("2026-11-23T09:02:00.000Z") +
                                  "  it answered 502\n"));
  CHECK_THAT(out, Catch::Contains("  now                  nobody listens\n"));
}

TEST_CASE_METHOD(WithDaemon, "daemon status: how it is, what is held, what is broken") {
  daemon.on("GET /status", R"({"pid":42,"version":"0.1.0","uptime":61.5,"state":"running",
    "listen":["unix:/x","http://127.0.0.1:1"],"home":"/h",
    "held_workflows":[{"name":"mail","reasons":["credential 'smtp' is missing"]}],
    "broken_files":[{"path":"/h/workflows/b.yaml","diagnostics":"b.yaml:1:1: error: bad\n"}],
    "runs":{"active":1,"waiting":2}})");
  CHECK(run({"daemon", "status"}).out ==
        "state:       running\n"
        "process:     42\n"
        "version:     0.1.0\n"
        "up for:      1m01s\n"
        "listens on:  unix:/x, http://127.0.0.1:1\n"
        "home:        /h\n"
        "runs:        1 active, 2 waiting\n"
        "\n"
        "HELD WORKFLOW  WHY\n"
        "mail           credential 'smtp' is missing\n"
        "\n"
        "broken file: /h/workflows/b.yaml\n"
        "b.yaml:1:1: error: bad\n");
}

TEST_CASE_METHOD(WithDaemon, "daemon status: why a plugin ended") {
  daemon.on("GET /status", R"({"pid":42,"state":"running","runs":{"active":0,"waiting":0},
    "plugin_problems":[{"name":"csv","state":"stopped","problem":"its program is gone"}]})");
  CHECK_THAT(
      run({"daemon", "status"}).out,
      Contains("PLUGIN  STATE    ENDED LAST BECAUSE\ncsv     stopped  its program is gone\n"));
}

TEST_CASE_METHOD(WithDaemon, "daemon status: why the vault cannot be opened, and what helps") {
  daemon.on("GET /status", R"({"pid":42,"state":"running","runs":{"active":0,"waiting":0},
    "vault_problem":"the key is gone","vault_hint":"put it back"})");
  CHECK_THAT(run({"daemon", "status"}).out,
             Catch::Contains("vault:       the key is gone\nto mend it:  put it back\n"));
}

TEST_CASE_METHOD(WithDaemon, "daemon reload: how many workflows, and the files that are broken") {
  daemon.on("POST /reload", R"({"workflows":1,"broken_files":[]})")
      .on("POST /reload", R"({"workflows":2,"broken_files":[
        {"path":"/h/workflows/b.yaml","diagnostics":"/h/workflows/b.yaml: error: taken"}]})");
  const auto good = run({"daemon", "reload"});
  CHECK(good.code == 0);
  CHECK(good.out == "1 workflow in force, no broken files\n");
  const auto broken = run({"daemon", "reload"});
  CHECK(broken.code == 6);
  CHECK(broken.out ==
        "2 workflows in force, 1 broken file\n"
        "\n"
        "broken file: /h/workflows/b.yaml\n"
        "/h/workflows/b.yaml: error: taken\n");
  CHECK(run({"daemon", "reload", "--output", "json"}).code == 6);
}

}  // namespace tba::tests
