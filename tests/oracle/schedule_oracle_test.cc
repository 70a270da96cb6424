// Asks cron-parser and croner for the next firings of random expressions, in random zones and from
// random instants, half of them beside the changes of the clock of twelve zones from 2020 to 2040,
// and compares them with ours. TBA_ORACLE_TRIPLES says how many, TBA_ORACLE_SEED from where.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/core.h>
#include <sys/wait.h>

#include "shared/schedule.h"
#include "shared/time_format.h"
#include "tests/oracle/differences.h"
#include "tests/oracle/schedule_generator.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {
namespace {

constexpr int kFirings = 3;  // that are compared of each triple; oracles.mjs gives as many
constexpr std::size_t kReportedFailures = 10;

constexpr std::array kZones{
    "Europe/Berlin",  "Europe/London",       "Europe/Dublin",    "America/New_York",
    "America/Havana", "America/St_Johns",    "America/Santiago", "Australia/Sydney",
    "Asia/Beirut",    "Australia/Lord_Howe", "Pacific/Chatham",  "Africa/Casablanca",
};

/// An oracle's firings, or why it has none.
struct Answer {
  std::vector<Instant> firings;
  std::string refusal;
};

struct Answers {
  Answer cron_parser;
  Answer croner;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : otherwise;
}

Instant at(std::string_view text) {
  return parse_time(text).value();
}

/// Every change of the clocks of the zones from 2020 to 2040.
std::vector<std::pair<std::string, TimeZone::Period>> changes_of_clocks() {
  std::vector<std::pair<std::string, TimeZone::Period>> changes;
  for (const auto* name : kZones) {
    const auto zone = TimeZone::find(name).value();
    for (auto period = zone.period_at(at("2020-01-01T00:00:00Z"));
         period.end < at("2041-01-01T00:00:00Z");) {
      period = zone.period_at(period.end);
      changes.emplace_back(name, period);
    }
  }
  return changes;
}

int hour_of(LocalTime time) {
  return static_cast<int>((time - std::chrono::floor<std::chrono::days>(time)) /
                          std::chrono::hours(1));
}

std::vector<Triple> make_triples(std::size_t count, std::uint64_t seed) {
  ScheduleGenerator random(seed);
  const auto changes = changes_of_clocks();
  const auto begin = at("2020-01-01T00:00:00Z");
  std::vector<Triple> triples;
  for (std::size_t i = 0; triples.size() < count; ++i) {
    const auto& [zone, period] = changes[i % changes.size()];
    const bool is_beside_change = random.one_in(2);
    const auto hour = is_beside_change ? hour_of(period.to_local(period.begin))
                                       : static_cast<int>(random.below(24));
    const auto from =
        is_beside_change ? period.begin + std::chrono::seconds(random.below(2 * 10'800) - 10'800)
                         : begin + std::chrono::milliseconds(random.below(21LL * 365 * 86'400'000));
    auto cron = random.cron(hour);
    if (Cron::parse(cron.text)) triples.push_back({std::move(cron), zone, from});
  }
  return triples;
}

Answer read_answer(std::string_view text) {
  Answer answer;
  if (text.starts_with('!')) {
    answer.refusal = text.substr(1);
    return answer;
  }
  std::istringstream numbers{std::string(text)};
  for (std::string number; std::getline(numbers, number, ',');)
    answer.firings.emplace_back(std::chrono::milliseconds(std::stoll(number)));
  return answer;
}

std::vector<Answers> ask_oracles(const std::vector<Triple>& triples) {
  const TemporaryFolder folder;
  std::string lines;
  for (const auto& [cron, zone, from] : triples) {
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(from.time_since_epoch());
    lines += cron.text + '\t' + zone + '\t' + std::to_string(milliseconds.count()) + '\n';
  }
  const auto command = "node '" TBA_SOURCE_DIR "/tests/oracle/oracles.mjs' < '" +
                       folder.write("triples", lines).string() + "'";
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 65536> buffer;
  while (const auto read = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), read);
  REQUIRE(WEXITSTATUS(pclose(pipe)) == 0);
  std::vector<Answers> answers;
  std::istringstream output(text);
  for (std::string line; std::getline(output, line);) {
    const auto tab = line.find('\t');
    answers.push_back({read_answer(line.substr(0, tab)), read_answer(line.substr(tab + 1))});
  }
  REQUIRE(answers.size() == triples.size());
  return answers;
}

std::vector<Instant> ours(const Triple& triple, OnGap on_gap, OnOverlap on_overlap) {
  const CronSchedule schedule{Cron::parse(triple.cron.text).value(),
                              TimeZone::find(triple.zone).value(), on_gap, on_overlap};
  std::vector<Instant> firings;
  auto time = triple.from;
  for (int i = 0; i < kFirings; ++i) {
    const auto next = schedule.next_after(time);
    if (!next) break;
    time = firings.emplace_back(*next);
  }
  return firings;
}

std::string texts(const std::vector<Instant>& times) {
  std::string text;
  for (const auto time : times) text += " " + format_time(time).substr(0, 19) + "Z";
  return text;
}

/// Counts what is known to be different, and reports what is not.
class Comparison {
 public:
  void compare(std::string_view oracle, const Triple& triple, const std::vector<Instant>& ours,
               const Answer& theirs) {
    ++compared_;
    if (theirs.refusal.empty() && ours == theirs.firings) return;
    const auto reason = theirs.refusal.empty() ? why_different(oracle, triple, ours, theirs.firings)
                                               : why_refused(oracle, triple.cron);
    if (!reason.empty()) {
      ++explained_[fmt::format("{}: {}", oracle, reason)];
      return;
    }
    if (++failures_ > kReportedFailures) return;
    fmt::print("{} disagrees on '{}' in {} from {}\n  ours:  {}\n  theirs:{}{}\n", oracle,
               triple.cron.text, triple.zone, format_time(triple.from), texts(ours),
               texts(theirs.firings), theirs.refusal);
  }

  std::size_t failures() const { return failures_; }

  void print() const {
    fmt::print("{} answers compared, {} different for no known reason\n", compared_, failures_);
    for (const auto& [name, count] : explained_) fmt::print("{:>8} {}\n", count, name);
  }

 private:
  static std::string_view why_refused(std::string_view oracle, const GeneratedCron& cron) {
    for (const auto& [refuser, name, has_it] : kRefusals) {
      if (refuser == oracle && cron.*has_it) return name;
    }
    return {};
  }

  static std::string_view why_different(std::string_view oracle, const Triple& triple,
                                        const std::vector<Instant>& ours,
                                        const std::vector<Instant>& theirs) {
    const auto [our, their] = std::ranges::mismatch(ours, theirs);
    auto first = our != ours.end() ? *our : *their;
    if (our != ours.end() && their != theirs.end()) first = std::min(*our, *their);
    const Disagreement found{triple, TimeZone::find(triple.zone).value(), first,
                             theirs.size() < ours.size()};
    for (const auto& difference : kDifferences) {
      if (difference.oracle == oracle && difference.explains(found)) return difference.name;
    }
    return {};
  }

  std::size_t compared_ = 0;
  std::size_t failures_ = 0;
  std::map<std::string, std::size_t> explained_;
};

}  // namespace

TEST_CASE("schedule: cron-parser and croner take the same next firings") {
  const auto seed = number_from_environment("TBA_ORACLE_SEED", 1);
  const auto triples = make_triples(number_from_environment("TBA_ORACLE_TRIPLES", 5000), seed);
  const auto answers = ask_oracles(triples);
  Comparison comparison;
  for (std::size_t i = 0; i < triples.size(); ++i) {
    const auto& triple = triples[i];
    comparison.compare("cron-parser", triple, ours(triple, OnGap::next, OnOverlap::first),
                       answers[i].cron_parser);
    // For croner whatever is not a single time of day follows the clock as it goes.
    const bool is_moved = triple.cron.is_time_of_day;
    comparison.compare("croner", triple,
                       ours(triple, is_moved ? OnGap::next : OnGap::skip,
                            is_moved ? OnOverlap::first : OnOverlap::both),
                       answers[i].croner);
  }
  comparison.print();
  INFO("found with TBA_ORACLE_TRIPLES=" << triples.size() << " TBA_ORACLE_SEED=" << seed);
  CHECK(comparison.failures() == 0);
}

}  // namespace tba::tests
