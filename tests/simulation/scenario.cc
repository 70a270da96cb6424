#include "tests/simulation/scenario.h"

#include <algorithm>
#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {
namespace {

using namespace std::chrono_literals;

/// One of the deliveries may start runs that end the daemon.
std::optional<Poison> random_poison(Dice& dice, const std::vector<Wish>& wishes) {
  constexpr std::int64_t kLeastNumber = 5;  // other things have smaller ones
  const auto& wish = dice.one_of(wishes);
  if (wish.number < kLeastNumber || !dice.percent(30)) return std::nullopt;
  return Poison{wish.workflow, wish.number};
}

std::vector<Wish> random_wishes(Dice& dice, std::size_t count, std::size_t workflows,
                                Duration horizon) {
  std::vector<Wish> wishes;
  std::vector<Wish> deliveries;
  for (std::size_t i = 1; i <= count; ++i) {
    Wish wish;
    wish.at = Duration(dice.between(0, horizon.count()));
    wish.workflow = dice.below(workflows);
    using Kind = Wish::Kind;
    constexpr std::array kKinds = {Kind::deliver, Kind::deliver, Kind::deliver, Kind::deliver,
                                   Kind::deliver, Kind::deliver, Kind::start,   Kind::cancel,
                                   Kind::decide,  Kind::resume,  Kind::emit,    Kind::emit};
    wish.kind = dice.one_of(kKinds);
    if (wish.kind == Kind::deliver) {
      wish.number = static_cast<std::int64_t>(i);
      if (dice.percent(90)) wish.sender_id = fmt::format("d{}", i);
      if (!deliveries.empty() && dice.percent(30)) {
        // Sent again: at once, or much later, or before it was to be sent at all.
        const auto at =
            dice.percent(50) ? deliveries.back().at + Duration(dice.between(0, 10'000)) : wish.at;
        wish = dice.one_of(deliveries);
        wish.at = at;
      }
      deliveries.push_back(wish);
    }
    wishes.push_back(std::move(wish));
  }
  return wishes;
}

End random_end(Dice& dice, Duration horizon) {
  using When = End::When;
  constexpr std::array kWhens = {When::write,  When::write,  When::sync, When::sync,
                                 When::effect, When::effect, When::time, When::request};
  End end;
  end.when = dice.one_of(kWhens);
  // Early ones hit a daemon that has just begun to recover.
  constexpr std::array<std::uint64_t, 4> kMost = {3, 10, 50, 300};
  end.count = 1 + dice.below(dice.one_of(kMost));
  end.after = dice.percent(50);
  end.time = dice.span(1us, horizon);
  end.crash = dice.percent(60) ? Crash::power : Crash::process;
  end.until_next = dice.span(1ms, 30min);
  return end;
}

DiskTrouble random_trouble(Dice& dice, Duration horizon) {
  return {Duration(dice.between(0, horizon.count())), dice.span(1us, 2min), dice.percent(50),
          dice.percent(50)};
}

ClockChange random_clock_change(Dice& dice, Duration horizon) {
  ClockChange change;
  change.at = Duration(dice.between(0, horizon.count()));
  change.forward = dice.span(1ms, 12h);
  change.while_asleep = dice.percent(30);
  if (!change.while_asleep && dice.percent(60)) change.forward = -change.forward;
  return change;
}

std::string seconds(Duration span) {
  return fmt::format("{:.6f}s", std::chrono::duration<double>(span).count());
}

}  // namespace

Scenario random_scenario(std::uint64_t seed) {
  Dice dice(seed);
  constexpr std::array<unsigned, 4> kTroubles = {0, 10, 30, 60};
  constexpr std::array<Duration, 4> kDelays = {0us, 100us, 5ms, 200ms};
  constexpr std::array<Duration, 4> kHorizons = {200ms, 10s, 10min, 5h};
  Scenario scenario;
  scenario.seed = seed;
  scenario.horizon = dice.one_of(kHorizons);
  const auto workflows = 1 + dice.below(3);
  scenario.wishes = random_wishes(dice, 1 + dice.below(16), workflows, scenario.horizon);
  const auto poison = random_poison(dice, scenario.wishes);
  scenario.has_poison = poison.has_value();
  scenario.workflows = WorkflowGenerator(dice.fork()).workflows(workflows, 6, poison);
  for (auto ends = dice.below(6); ends > 0; --ends)
    scenario.ends.push_back(random_end(dice, scenario.horizon));
  if (dice.percent(40)) {
    for (auto troubles = 1 + dice.below(3); troubles > 0; --troubles)
      scenario.disk_troubles.push_back(random_trouble(dice, scenario.horizon));
  }
  if (dice.percent(30)) {
    for (auto changes = 1 + dice.below(3); changes > 0; --changes)
      scenario.clock_changes.push_back(random_clock_change(dice, scenario.horizon + 2h));
  }
  scenario.trouble = dice.one_of(kTroubles);
  scenario.longest_store_delay = dice.one_of(kDelays);
  return scenario;
}

Scenario small_scenario(std::uint64_t seed) {
  Dice dice(seed);
  Scenario scenario;
  scenario.seed = seed;
  scenario.workflows = WorkflowGenerator(dice.fork()).workflows(1, 4, std::nullopt);
  scenario.horizon = 1s;
  scenario.wishes = random_wishes(dice, 3, 1, scenario.horizon);
  scenario.trouble = 20;
  scenario.longest_store_delay = 5ms;
  return scenario;
}

std::string described(const End& end) {
  const auto crash = end.crash == Crash::power ? "the power fails" : "the daemon is killed";
  const auto moment = end.after ? "after" : "before";
  switch (end.when) {
    case End::When::write:
      return fmt::format("{} {} write {}", crash, moment, end.count);
    case End::When::sync:
      return fmt::format("{} {} sync {}", crash, moment, end.count);
    case End::When::effect:
      return fmt::format("{} after effect {}", crash, end.count);
    case End::When::time:
      return fmt::format("{} after {}", crash, seconds(end.time));
    case End::When::request:
      return fmt::format("the daemon is stopped after {}", seconds(end.time));
  }
  return {};
}

std::string described(const ClockChange& change) {
  if (change.while_asleep) return fmt::format("the machine sleeps for {}", seconds(change.forward));
  const auto where = change.forward < Duration(0) ? "back" : "forward";
  return fmt::format("the clock is put {} by {}", where, seconds(std::chrono::abs(change.forward)));
}

std::string described(const Scenario& scenario) {
  auto text = fmt::format("seed {}, people want something for {}, {} % trouble outside\n",
                          scenario.seed, seconds(scenario.horizon), scenario.trouble);
  for (std::size_t i = 0; i < scenario.workflows.size(); ++i)
    text += fmt::format("--- {}.yaml\n{}", workflow_name(i), scenario.workflows[i]);
  text += "---\n";
  constexpr std::array kKinds = {"start w{1} by hand", "deliver {2} to w{1}, id '{3}'",
                                 "cancel a run",       "decide about a step",
                                 "resume a run",       "emit an event"};
  auto wishes = scenario.wishes;
  std::ranges::stable_sort(wishes, {}, &Wish::at);
  for (const auto& wish : wishes)
    text += fmt::format(fmt::runtime(std::string("{0:>14}  ") +
                                     kKinds[static_cast<std::size_t>(wish.kind)]),
                        seconds(wish.at), wish.workflow, wish.number, wish.sender_id) +
            "\n";
  for (const auto& trouble : scenario.disk_troubles)
    text += fmt::format("{:>14}  {} of the disk fail for {}: {}\n", seconds(trouble.at),
                        trouble.concerns_syncs ? "syncs" : "writes", seconds(trouble.lasts),
                        trouble.is_full ? "full" : "I/O error");
  for (const auto& change : scenario.clock_changes)
    text += fmt::format("{:>14}  {}\n", seconds(change.at), described(change));
  for (std::size_t i = 0; i < scenario.ends.size(); ++i)
    text += fmt::format("life {}: {}, the next begins {} later\n", i + 1,
                        described(scenario.ends[i]), seconds(scenario.ends[i].until_next));
  return text;
}

}  // namespace tba::simulation
