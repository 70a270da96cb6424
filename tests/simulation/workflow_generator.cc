#include "tests/simulation/workflow_generator.h"

#include <iterator>

#include <fmt/format.h>

namespace tba::simulation {

using namespace std::chrono_literals;

const char* const kConnectorText = R"(connector: far
title: What is far away
base_url: https://far.example
idempotency_header: Idempotency-Key
auth: { token: { type: bearer } }
endpoints:
  put: { title: Put, method: PUT, path: /put, parameters: { n: { in: body } } }
  post: { title: Post, method: POST, path: /post, parameters: { n: { in: body } } }
)";

namespace {

/// The ways in which a step can act. `$N` stands for a number from before.
struct Acting {
  std::vector<std::string> lines;
  bool is_program = false;
};

const std::vector<Acting>& ways_to_act() {
  static const std::vector<Acting> kWays = {
      {{R"(http: { url: "http://far.example/get", query: { n: "$N" } })"}},
      {{R"(http: { method: PUT, url: "http://far.example/put", json: { n: "$N" } })"}},
      {{R"(http: { method: POST, url: "http://far.example/post", json: { n: "$N" } })"}},
      {{R"(http: { method: POST, url: "http://far.example/post", form: { n: "$N" } })"}},
      {{"call: far/put", R"(with: { n: "$N" })"}},
      {{"call: far/post", R"(with: { n: "$N" })"}},
      {{"run: [./tool, --fast]", "format: json", R"(env: { N: "$N" })"}, true},
  };
  return kWays;
}

std::string filled_in(std::string line, const std::string& number) {
  const auto at = line.find("$N");
  return at == std::string::npos ? line : line.replace(at, 2, number);
}

/// The lines as an item of a list.
void add_item(std::vector<std::string>& list, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) list.push_back((i == 0 ? "- " : "  ") + lines[i]);
}

void add(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

void add_under(std::vector<std::string>& lines, const std::string& key,
               const std::vector<std::string>& list) {
  lines.push_back(key + ":");
  for (const auto& line : list) lines.push_back("  " + line);
}

}  // namespace

// --- parts of a line

std::string WorkflowGenerator::duration(Duration shortest, Duration longest) {
  const auto span = dice_.span(shortest, longest);
  return fmt::format("{}ms", std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

std::string WorkflowGenerator::retry() {
  constexpr const char* kConditions[] = {"", ", on: [network, timeout, 5xx, 429]",
                                         ", on: [429, 503]", ", on: [timeout]",
                                         ", on: [4xx, 5xx, network]"};
  return fmt::format("{{ attempts: {}, initial: {}, jitter: {}{} }}", dice_.between(1, 5),
                     duration(1ms, 10s), dice_.percent(50), dice_.one_of(kConditions));
}

std::string WorkflowGenerator::condition() {
  if (numbered_.empty() || dice_.percent(30)) return dice_.percent(50) ? "true" : "false";
  return fmt::format("${{{{ .steps.{}.outcome == \"succeeded\" }}}}", dice_.one_of(numbered_));
}

std::string WorkflowGenerator::number() {
  if (numbered_.empty() || dice_.percent(30)) return "${{ .trigger.body.n? }}";
  return fmt::format("${{{{ .steps.{}.body.n? }}}}", dice_.one_of(numbered_));
}

std::string WorkflowGenerator::copies() {
  std::string members = R"(trigger: "${{ .trigger.body.n? }}")";
  for (const auto& id : numbered_) {
    if (dice_.percent(40))
      members += fmt::format(R"(, from_{0}: "${{{{ .steps.{0}.body.n? }}}}")", id);
  }
  return members;
}

// --- steps

WorkflowGenerator::Lines WorkflowGenerator::options_of_acting(bool is_program) {
  constexpr const char* kEffects[] = {"repeat", "once", "keyed"};
  Lines lines;
  if (dice_.percent(40))
    lines.push_back(fmt::format("effect: {}", kEffects[dice_.below(is_program ? 2 : 3)]));
  if (dice_.percent(50)) lines.push_back("retry: " + retry());
  if (dice_.percent(40)) lines.push_back("timeout: " + duration(10ms, 1min));
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::acting(const std::string& id) {
  const auto& way = dice_.one_of(ways_to_act());
  const auto from = number();
  Lines lines;
  for (const auto& line : way.lines) lines.push_back(filled_in(line, from));
  add(lines, options_of_acting(way.is_program));
  numbered_.push_back(id);
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::step(const std::string& id) {
  Lines lines = {"id: " + id};
  if (dice_.percent(20)) lines.push_back("if: " + condition());
  switch (dice_.below(10)) {
    case 0:
    case 1:
      lines.push_back("wait: { for: " + duration(1ms, 3h) + " }");
      break;
    case 2:
    case 3:
      lines.push_back("set: { " + copies() + " }");
      break;
    default:
      add(lines, acting(id));
  }
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::steps(std::size_t count, const std::string& prefix) {
  Lines list;
  for (std::size_t i = 1; i <= count; ++i) add_item(list, step(prefix + std::to_string(i)));
  return list;
}

// --- files

std::string WorkflowGenerator::workflow(std::size_t most_steps) {
  numbered_.clear();
  Lines lines = {
      R"(on: [ { manual: {} }, { webhook: { verify: none } }, { schedule: { every: 1h } } ])",
      R"(env: { ZONE: "${{ .workflow.name }}" })"};
  if (dice_.percent(15)) lines.push_back("timeout: " + duration(100ms, 1h));
  if (dice_.percent(30)) lines.push_back("retry: " + retry());
  add_under(lines, "steps", steps(1 + dice_.below(most_steps), "s"));
  if (!numbered_.empty() && dice_.percent(50))
    lines.push_back(
        fmt::format(R"(output: {{ n: "${{{{ .steps.{}.body.n? }}}}" }})", dice_.one_of(numbered_)));
  if (dice_.percent(40)) add_under(lines, "on_failure", steps(1 + dice_.below(2), "f"));
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace tba::simulation
