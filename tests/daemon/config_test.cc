#include "daemon/config.h"

#include <catch2/catch.hpp>

#include "daemon/config_keys.h"
#include "shared/value/json.h"
#include "tests/support/accepted.h"
#include "tests/support/json_schema.h"

using tba::Diagnostics;
using tba::daemon::Config;
using tba::daemon::ListenAddress;
using tba::daemon::LogFormat;
using tba::daemon::LogLevel;
using namespace std::chrono_literals;

namespace {

tba::Paths paths() {
  return tba::resolve_paths([](const std::string& name) {
           return name == "TBA_HOME" ? std::optional<std::string>("/srv/tba") : std::nullopt;
         })
      .value();
}

Config read(std::string text) {
  Diagnostics diagnostics;
  auto config =
      tba::daemon::read_config("/etc/tba/config.yaml", std::move(text), paths(), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(config);
  return *std::move(config);
}

std::string problems(std::string text) {
  Diagnostics diagnostics;
  const auto config =
      tba::daemon::read_config("/etc/tba/config.yaml", std::move(text), paths(), diagnostics);
  CHECK_FALSE(config.has_value());
  return diagnostics.render();
}

}  // namespace

TEST_CASE("config: an empty file says nothing, and everything has its default") {
  const auto config = read("");
  CHECK(config.listen == ListenAddress{"127.0.0.1", 8632});
  CHECK(config.socket == "/srv/tba/daemon.sock");
  CHECK(config.store == "/srv/tba/tba.db");
  CHECK(config.vault_key == "/srv/tba/vault.key");
  CHECK(config.workflows == std::vector<std::filesystem::path>{"/srv/tba/workflows"});
  CHECK(config.connectors == std::vector<std::filesystem::path>{"/srv/tba/connectors"});
  CHECK(config.plugins == std::vector<std::filesystem::path>{"/srv/tba/plugins"});
  CHECK(config.log_level == LogLevel::info);
  CHECK(config.log_format == LogFormat::automatic);
  CHECK(config.limits.header_bytes == 16 << 10);
  CHECK(config.limits.body_bytes == 25 << 20);
  CHECK(config.limits.bodies_total == 256 << 20);
  CHECK(config.limits.connections == 1024);
  CHECK(config.requests.in_all == 1024);
  CHECK(config.requests.to_host == 128);
  CHECK(config.limits.idle == 1min);
  const tba::retention::Limits kept;
  CHECK(config.retention.runs == kept.runs);
  CHECK(kept.runs.age == 90 * 24h);
  CHECK(config.retention.workflows.empty());
  CHECK(config.retention.total_bytes == kept.total_bytes);
  CHECK(config.retention.delivery_ids == 30 * 24h);
  const tba::expression::Budget budget;
  CHECK(config.expressions.steps == budget.steps);
  CHECK(config.expressions.bytes == budget.bytes);
  CHECK(config.expressions.depth == budget.depth);
  CHECK(tba::to_json(config.vars) == "{}");
}

TEST_CASE("config: every key is read, and relative paths are taken from the file's folder") {
  const auto config = read(
      "http: { listen: \"[::1]:0\" }\n"
      "socket: run/daemon.sock\n"
      "store: /var/lib/tba/tba.db\n"
      "workflows: [workflows, ../shared/workflows]\n"
      "connectors: [connectors]\n"
      "plugins: [plugins, /opt/plugins]\n"
      "log: { level: debug, format: json }\n"
      "limits: { header_bytes: 8KiB, body_bytes: 1MiB, bodies_total: 4MiB, connections: 10,\n"
      "  idle: 5s, requests: 20, requests_to_host: 4 }\n"
      "outbound: { circuit: { failures: 3, within: 2s, pause: 4s, longest_pause: 5s,\n"
      "  patience: 6s } }\n"
      "vault: { key_file: key }\n"
      "retention: { age: 7d, runs: 10, bytes: 1MiB, workflows: { noisy: { runs: 3 } },\n"
      "  total_runs: 50, total_bytes: 1GiB, deliveries: 1d, delivery_ids: 2d, events: 3d,\n"
      "  poll_items: 4d }\n"
      "expressions: { steps: 5000, bytes: 1MiB, depth: 200 }\n"
      "vars: { team: officers, limits: { high: 5 } }\n");
  CHECK(config.listen == ListenAddress{"::1", 0});
  CHECK(config.socket == "/etc/tba/run/daemon.sock");
  CHECK(config.store == "/var/lib/tba/tba.db");
  CHECK(config.workflows ==
        std::vector<std::filesystem::path>{"/etc/tba/workflows", "/etc/shared/workflows"});
  CHECK(config.connectors == std::vector<std::filesystem::path>{"/etc/tba/connectors"});
  CHECK(config.plugins == std::vector<std::filesystem::path>{"/etc/tba/plugins", "/opt/plugins"});
  CHECK(config.log_level == LogLevel::debug);
  CHECK(config.log_format == LogFormat::json);
  CHECK(config.limits.header_bytes == 8192);
  CHECK(config.limits.body_bytes == 1 << 20);
  CHECK(config.limits.bodies_total == 4 << 20);
  CHECK(config.limits.connections == 10);
  CHECK(config.requests.in_all == 20);
  CHECK(config.requests.to_host == 4);
  CHECK(config.limits.idle == 5s);
  CHECK(config.circuits.failures == 3);
  CHECK(config.circuits.within == 2s);
  CHECK(config.circuits.pause == 4s);
  CHECK(config.circuits.longest_pause == 5s);
  CHECK(config.circuits.patience == 6s);
  CHECK(config.vault_key == "/etc/tba/key");
  const auto& kept = config.retention;
  CHECK(kept.of("triage") == tba::retention::RunLimits{7 * 24h, 10, 1 << 20});
  CHECK(kept.of("noisy") == tba::retention::RunLimits{7 * 24h, 3, 1 << 20});
  CHECK(kept.total_runs == 50);
  CHECK(kept.total_bytes == 1 << 30);
  CHECK(kept.deliveries == 24h);
  CHECK(kept.delivery_ids == 48h);
  CHECK(kept.events == 72h);
  CHECK(kept.poll_items == 96h);
  CHECK(config.expressions.steps == 5000);
  CHECK(config.expressions.bytes == 1 << 20);
  CHECK(config.expressions.depth == 200);
  CHECK(tba::to_json(config.vars) == R"({"team":"officers","limits":{"high":5}})");
}

TEST_CASE("config: listening on TCP can be turned off") {
  CHECK_FALSE(read("http: { listen: none }\n").listen);
  CHECK(read("http: { listen: localhost:80 }\n").listen == ListenAddress{"localhost", 80});
}

TEST_CASE("config: proxies that are trusted are addresses or networks") {
  CHECK(read("").trusted_proxies.empty());
  CHECK(read("http: { trusted_proxies: 127.0.0.1 }\n").trusted_proxies ==
        std::vector{*tba::IpNetwork::parse("127.0.0.1")});
  CHECK(read("http: { trusted_proxies: [10.0.0.0/8, \"::1\"] }\n").trusted_proxies ==
        std::vector{*tba::IpNetwork::parse("10.0.0.0/8"), *tba::IpNetwork::parse("::1")});
  CHECK_THAT(problems("http: { trusted_proxies: [127.0.0.1, proxy.example] }\n"),
             Catch::Contains("1:38: error: 'proxy.example' is neither an address nor a network"));
}

TEST_CASE("config: pauses of a circuit that make no sense are errors") {
  CHECK_THAT(problems("outbound: { circuit: { pause: 0s } }\n"),
             Catch::Contains("1:31: error: a host that fails would be tried all the time"));
  CHECK_THAT(problems("outbound: { circuit: { pause: 5m } }\n"),
             Catch::Contains("1:31: error: the longest pause is shorter than the first one"));
  CHECK_THAT(problems("outbound: { circuit: { pause: 5m, longest_pause: 4m } }\n"),
             Catch::Contains("1:50: error: the longest pause is shorter than the first one"));
}

TEST_CASE("config: problems come all at once") {
  CHECK(problems("htpp: { listen: x }\nstore: \"\"\nlimits: { idle: 0s, header_bytes: 1B }\n"
                 "log: { level: loud }\n") ==
        "/etc/tba/config.yaml:1:1: error: the configuration has no key 'htpp' (did you mean "
        "'http'?)\n"
        "    1 | htpp: { listen: x }\n"
        "      | ^~~~\n"
        "/etc/tba/config.yaml:2:9: error: an empty path names nothing\n"
        "    2 | store: \"\"\n"
        "      |         ^\n"
        "/etc/tba/config.yaml:3:17: error: every connection would be closed at once\n"
        "    3 | limits: { idle: 0s, header_bytes: 1B }\n"
        "      |                 ^~\n"
        "      hint: say how long a connection may be silent: 1m\n"
        "/etc/tba/config.yaml:3:35: error: a request's header needs at least 1KiB\n"
        "    3 | limits: { idle: 0s, header_bytes: 1B }\n"
        "      |                                   ^~\n"
        "/etc/tba/config.yaml:4:15: error: 'level' cannot be 'loud'\n"
        "    4 | log: { level: loud }\n"
        "      |               ^~~~\n"
        "      hint: one of: debug, info, warning, error\n");
}

TEST_CASE("config: whom notify steps tell") {
  const auto config = read(
      "notify:\n  officers: { call: discord/create-message, credential: bot, with: { content: "
      "\"${{ .inputs.text }} ${{ .vars.x }}\" } }\n");
  const auto& rule = config.notify.at("officers");
  CHECK(rule.connector == "discord");
  CHECK(rule.endpoint == "create-message");
  CHECK(rule.credential == "bot");
  CHECK_FALSE(rule.with.is_constant());
  CHECK_THAT(problems("notify: { a: { call: nothing } }\n"),
             Catch::Contains("'nothing' is not a connector/endpoint"));
  CHECK_THAT(problems("notify: { a: { call: b/c, with: { d: \"${{ .steps.e }}\" } } }\n"),
             Catch::Contains("a target of `notify` reads .inputs, what the step gives, and .vars"));
}

TEST_CASE("config: limits of what is kept are checked in every workflow") {
  CHECK(problems("retention: { runs: -1, workflows: { noisy: { bites: 1 } } }\n") ==
        "/etc/tba/config.yaml:1:20: error: 'runs' must be an integer from 0 to 1000000000\n"
        "    1 | retention: { runs: -1, workflows: { noisy: { bites: 1 } } }\n"
        "      |                    ^~\n"
        "/etc/tba/config.yaml:1:46: error: a workflow's retention has no key 'bites' (did you mean "
        "'bytes'?)\n"
        "    1 | retention: { runs: -1, workflows: { noisy: { bites: 1 } } }\n"
        "      |                                              ^~~~~\n");
}

TEST_CASE("config: the limits of expressions have limits") {
  CHECK(problems("expressions: { steps: 10, bytes: 1KiB, depth: 9000000 }\n") ==
        "/etc/tba/config.yaml:1:23: error: 'steps' must be an integer from 1000 to 1000000000\n"
        "    1 | expressions: { steps: 10, bytes: 1KiB, depth: 9000000 }\n"
        "      |                       ^~\n"
        "/etc/tba/config.yaml:1:34: error: 'bytes' must be from 64KiB to 4GiB\n"
        "    1 | expressions: { steps: 10, bytes: 1KiB, depth: 9000000 }\n"
        "      |                                  ^~~~\n"
        "/etc/tba/config.yaml:1:47: error: 'depth' must be an integer from 100 to 1000000\n"
        "    1 | expressions: { steps: 10, bytes: 1KiB, depth: 9000000 }\n"
        "      |                                               ^~~~~~~\n");
  CHECK(problems("expressions: { bytes: 5GiB }\n").find("from 64KiB to 4GiB") != std::string::npos);
}

TEST_CASE("config: an address is a host and a port") {
  for (const auto* address : {"8632", "localhost:", "localhost:70000", "localhost:x", ":80",
                              "::1:80", "localhost:-1", "[]:80"}) {
    CAPTURE(address);
    const auto text = problems("http: { listen: \"" + std::string(address) + "\" }\n");
    CHECK(text.find("is not an address to listen on") != std::string::npos);
  }
}

TEST_CASE("config: a file that is not YAML is refused") {
  CHECK(problems("a: b: c\n").find("a mapping cannot begin inside a value") != std::string::npos);
}

TEST_CASE("config: the schema is that of the reader's table") {
  tba::tests::check_accepted(
      "shared/schema/config.schema.json",
      tba::tests::json_schema(tba::daemon::kConfigTable, "The configuration of tba-integrated"));
}
