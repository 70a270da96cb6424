#include "tests/simulation/workflow_generator.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tba::simulation {

using namespace std::chrono_literals;

namespace {

constexpr int kDeepest = 3;  // lists within lists

using Lines = std::vector<std::string>;

void add(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

/// The lines as an item of a list.
void add_item(Lines& list, const Lines& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) list.push_back((i == 0 ? "- " : "  ") + lines[i]);
}

void add_under(Lines& lines, const std::string& key, const Lines& list) {
  lines.push_back(key + ":");
  for (const auto& line : list) lines.push_back("  " + line);
}

}  // namespace

std::string workflow_name(std::size_t index) {
  return fmt::format("w{}", index);
}

// --- files

std::vector<std::string> WorkflowGenerator::workflows(std::size_t count, std::size_t most_steps,
                                                      const std::optional<Poison>& poison) {
  std::vector<std::string> texts;
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(workflow(i, most_steps, poison));
  return texts;
}

std::string WorkflowGenerator::workflow(std::size_t index, std::size_t most_steps,
                                        const std::optional<Poison>& poison) {
  index_ = index;
  serial_ = 0;
  steps_left_ = most_steps * 2;
  readable_.clear();
  Lines lines = {triggers(), "inputs: { n: { default: null } }",
                 R"(env: { ZONE: "${{ .workflow.name }}" })"};
  if (dice_.percent(35)) lines.push_back(concurrency());
  if (dice_.percent(15)) lines.push_back("timeout: " + duration(100ms, 1h));
  if (dice_.percent(30)) lines.push_back("retry: " + retry());
  auto steps = list(most_steps, 1);
  if (poison && poison->workflow == index) {
    const Lines item = {
        fmt::format("- id: {}", Poison::kStep),
        fmt::format("  if: ${{{{ .trigger.body.n? == {} }}}}", poison->number),
        fmt::format("  http: {{ url: \"{}\" }}", Poison::kUrl),
    };
    steps.insert(dice_.percent(50) ? steps.begin() : steps.end(), item.begin(), item.end());
  }
  add_under(lines, "steps", steps);
  const auto left_by_steps = readable_;
  for (const auto& [id, has_number] : readable_) {
    if (!has_number || dice_.percent(50)) continue;
    lines.push_back(fmt::format(R"(output: {{ n: "${{{{ .steps.{}.body.n? }}}}" }})", id));
    break;
  }
  const auto add_handlers = [&](const char* key, unsigned chance) {
    if (!dice_.percent(chance)) return;
    readable_ = left_by_steps;
    steps_left_ = 3;
    add_under(lines, key, list(2, kDeepest - 1));
  };
  add_handlers("on_failure", 40);
  add_handlers("on_success", 25);
  add_handlers("finally", 30);
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string WorkflowGenerator::triggers() {
  constexpr const char* kPeriods[] = {"20m", "1h", "150m"};
  constexpr const char* kCatchUps[] = {"", ", catch_up: latest", ", catch_up: all"};
  std::string list = "{ manual: {} }, { webhook: { verify: none } }";
  if (dice_.percent(50))
    list += fmt::format(", {{ schedule: {{ every: {}{} }} }}", dice_.one_of(kPeriods),
                        dice_.one_of(kCatchUps));
  if (dice_.percent(25)) list += ", { event: { name: kick } }";
  if (dice_.percent(8)) list += ", { event: { name: run.failed } }";
  return "on: [ " + list + " ]";
}

std::string WorkflowGenerator::concurrency() {
  constexpr const char* kPolicies[] = {"queue", "skip", "cancel-oldest"};
  return fmt::format("concurrency: {{ limit: {}, {}when_busy: {} }}", dice_.between(1, 2),
                     dice_.percent(50) ? R"(key: "${{ (.trigger.body.n? // 0) % 2 }}", )" : "",
                     dice_.one_of(kPolicies));
}

// --- lists

WorkflowGenerator::Lines WorkflowGenerator::list(std::size_t most, int depth) {
  const auto count = 1 + dice_.below(most);
  if (count > 1 && dice_.percent(25)) return graph(count, depth);
  Lines lines;
  for (std::size_t i = 0; i < count; ++i) add_item(lines, step(depth, {}));
  return lines;
}

/// Steps that say which ones they need; they read what those, and what these need, have left.
WorkflowGenerator::Lines WorkflowGenerator::graph(std::size_t count, int depth) {
  struct Node {
    std::string id;
    std::vector<Readable> left;  // by it and by what it needs
  };
  const auto outside = readable_;
  std::vector<Node> nodes;
  std::vector<Lines> items;
  const auto learn = [&](const std::vector<Readable>& left) {
    for (const auto& each : left) {
      if (std::ranges::find(readable_, each.id, &Readable::id) == readable_.end())
        readable_.push_back(each);
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    readable_ = outside;
    Lines needs;
    for (const auto& node : nodes) {
      if (!dice_.percent(40) && !(i == 1 && needs.empty())) continue;
      needs.push_back(node.id);
      learn(node.left);
    }
    const auto id = fmt::format("s{}", serial_ + 1);
    items.push_back(step(depth, needs));
    const auto first = readable_.begin() + static_cast<std::ptrdiff_t>(outside.size());
    nodes.push_back({id, {first, readable_.end()}});
  }
  readable_ = outside;
  for (const auto& node : nodes) learn(node.left);
  if (dice_.percent(30)) std::ranges::reverse(items);
  Lines lines;
  for (const auto& item : items) add_item(lines, item);
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::step(int depth, const Lines& needs) {
  const auto id = fmt::format("s{}", ++serial_);
  if (steps_left_ > 0) --steps_left_;
  Lines lines = {"id: " + id};
  if (!needs.empty()) lines.push_back(fmt::format("needs: [{}]", fmt::join(needs, ", ")));
  if (dice_.percent(15)) lines.push_back("if: " + condition());
  if (dice_.percent(15)) lines.push_back("continue_on_error: true");
  if (depth >= kDeepest || steps_left_ == 0 || !dice_.percent(30)) {
    add(lines, plain(id));
    return lines;
  }
  if (dice_.percent(20)) lines.push_back("timeout: " + duration(100ms, 1h));
  constexpr Lines (WorkflowGenerator::*kKinds[])(int) = {
      &WorkflowGenerator::parallel, &WorkflowGenerator::for_each, &WorkflowGenerator::choose};
  add(lines, (this->*dice_.one_of(kKinds))(depth + 1));
  readable_.push_back({id, false});
  return lines;
}

// --- steps that hold others

WorkflowGenerator::Lines WorkflowGenerator::parallel(int depth) {
  const auto before = readable_;
  auto left = before;
  Lines branches;
  for (const auto* name : {"left", "middle", "right"}) {
    if (!branches.empty() && dice_.percent(30)) continue;
    readable_ = before;
    add_under(branches, name, list(2, depth));
    left.insert(left.end(), readable_.begin() + static_cast<std::ptrdiff_t>(before.size()),
                readable_.end());
  }
  readable_ = left;
  Lines lines;
  add_under(lines, "parallel", branches);
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::for_each(int depth) {
  constexpr const char* kItems[] = {"[1, 2, 3]", "[]", "[a, { b: 1 }]",
                                    R"("${{ [range((.inputs.n // 2) % 4)] }}")",
                                    R"("${{ [range((.trigger.body.n? // 1) % 5)] }}")"};
  Lines lines = {fmt::format("for_each: {}", dice_.one_of(kItems))};
  if (dice_.percent(60)) lines.push_back(fmt::format("max_parallel: {}", dice_.between(2, 4)));
  if (loops_ == 0 && dice_.percent(3)) {
    // More than are begun at a time.
    lines = {R"(for_each: "${{ [range(130)] }}")", "max_parallel: 120"};
    steps_left_ = 0;
  }
  const auto before = readable_;
  ++loops_;
  add_under(lines, "steps", list(2, depth));
  --loops_;
  readable_ = before;
  return lines;
}

WorkflowGenerator::Lines WorkflowGenerator::choose(int depth) {
  constexpr std::string_view kSteps = "steps";
  const auto before = readable_;
  auto left = before;
  Lines branches;
  const auto add_branch = [&](std::string_view key) {
    readable_ = before;
    Lines branch;
    if (key == kSteps) branch.push_back("when: " + condition());
    add_under(branch, std::string(key), list(2, depth));
    add_item(branches, branch);
    left.insert(left.end(), readable_.begin() + static_cast<std::ptrdiff_t>(before.size()),
                readable_.end());
  };
  for (auto count = 1 + dice_.below(2); count > 0; --count) add_branch(kSteps);
  if (dice_.percent(60)) add_branch("else");
  readable_ = left;
  Lines lines;
  add_under(lines, "choose", branches);
  return lines;
}

}  // namespace tba::simulation
