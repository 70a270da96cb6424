#include <iterator>

#include <fmt/format.h>

#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {

using namespace std::chrono_literals;

const char* const kConnectorText = R"(connector: far
title: What is far away
base_url: https://far.example
idempotency: { header: Idempotency-Key }
auth: { token: { type: bearer } }
endpoints:
  put: { title: Put, method: PUT, path: /put, parameters: { n: { in: body } } }
  post: { title: Post, method: POST, path: /post, parameters: { n: { in: body } } }
)";

namespace {

using Lines = std::vector<std::string>;

/// The ways in which a step can act. `$N` stands for a number from before.
struct Acting {
  Lines lines;
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
      {{"notify: officers", R"(with: { n: "$N" })"}},
      {{"notify: crew", R"(with: { n: "$N" })"}},
  };
  return kWays;
}

std::string filled_in(std::string line, const std::string& number) {
  const auto at = line.find("$N");
  return at == std::string::npos ? line : line.replace(at, 2, number);
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
  if (readable_.empty() || dice_.percent(30)) return dice_.percent(70) ? "true" : "false";
  return fmt::format("${{{{ .steps.{}.outcome == \"succeeded\" }}}}", dice_.one_of(readable_).id);
}

std::string WorkflowGenerator::number() {
  if (!readable_.empty() && dice_.percent(70)) {
    const auto& [id, has_number] = dice_.one_of(readable_);
    if (has_number) return fmt::format("${{{{ .steps.{}.body.n? }}}}", id);
  }
  return dice_.percent(70) ? "${{ .trigger.body.n? }}" : "${{ .inputs.n }}";
}

std::string WorkflowGenerator::copies() {
  std::string members = R"(trigger: "${{ .trigger.body.n? }}", input: "${{ .inputs.n }}")";
  if (loops_ > 0) members += R"(, item: "${{ .item }}", index: "${{ .index }}")";
  for (const auto& [id, has_number] : readable_) {
    if (dice_.percent(60)) continue;
    members += has_number ? fmt::format(R"(, from_{0}: "${{{{ .steps.{0}.body.n? }}}}")", id)
                          : fmt::format(R"(, whole_{0}: "${{{{ .steps.{0}.body }}}}")", id);
  }
  return members;
}

// --- steps

WorkflowGenerator::Lines WorkflowGenerator::plain(const std::string& id) {
  const auto kind = dice_.below(24);
  if (kind < 3) return {"wait: { for: " + duration(1ms, 3h) + " }"};
  if (kind < 7) {
    const Lines lines = {"set: { " + copies() + " }"};
    readable_.push_back({id, false});
    return lines;
  }
  if (kind < 9) return waiting(id);
  if (kind < 10) return asking();
  if (kind < 11) return {R"(fail: "because of ${{ .trigger.kind }}")"};
  if (kind < 14 && index_ + 1 < count_) return sub_run(id);
  return acting(id);
}

WorkflowGenerator::Lines WorkflowGenerator::acting(const std::string& id) {
  const auto& way = dice_.one_of(ways_to_act());
  const auto from = number();
  Lines lines;
  for (const auto& line : way.lines) lines.push_back(filled_in(line, from));
  for (auto& line : options_of_acting(way.is_program)) lines.push_back(std::move(line));
  readable_.push_back({id, true});
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::options_of_acting(bool is_program) {
  constexpr const char* kEffects[] = {"repeat", "once", "keyed"};
  Lines lines;
  if (dice_.percent(40))
    lines.push_back(fmt::format("effect: {}", kEffects[dice_.below(is_program ? 2 : 3)]));
  if (dice_.percent(50)) lines.push_back("retry: " + retry());
  if (dice_.percent(40)) lines.push_back("timeout: " + duration(10ms, 1min));
  if (dice_.percent(10))
    lines.push_back(fmt::format(R"(cache: {{ key: "${{{{ .trigger.body.n? }}}}", for: {} }})",
                                duration(1s, 3h)));
  return lines;
}

/// For an event.
WorkflowGenerator::Lines WorkflowGenerator::waiting(const std::string& id) {
  Lines lines = {fmt::format(
      "wait: {{ event: {}{} }}", dice_.percent(50) ? "ping" : "pong",
      dice_.percent(50)
          ? ""
          : fmt::format(R"(, match: "${{{{ .event.body.n == {} }}}}")", dice_.between(0, 2)))};
  if (dice_.percent(70)) lines.push_back("timeout: " + duration(1s, 5h));
  readable_.push_back({id, true});
  return lines;
}

/// For an approval.
WorkflowGenerator::Lines WorkflowGenerator::asking() {
  Lines lines = {dice_.percent(50) ? "wait: { approval: {} }"
                                   : "wait: { approval: { by: [ann, bob], message: Go on } }"};
  if (dice_.percent(70)) lines.push_back("timeout: " + duration(1s, 5h));
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::sub_run(const std::string& id) {
  const auto from = number();
  Lines lines = {"workflow: " + workflow_name(static_cast<std::size_t>(
                                    dice_.between(static_cast<std::int64_t>(index_) + 1,
                                                  static_cast<std::int64_t>(count_) - 1))),
                 fmt::format("with: {{ n: \"{}\" }}", from)};
  if (dice_.percent(25)) lines.push_back("timeout: " + duration(100ms, 3h));
  readable_.push_back({id, true});
  return lines;
}

}  // namespace tba::simulation
