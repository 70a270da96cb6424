#include "daemon/retention/policy.h"

#include <string>

#include <catch2/catch.hpp>

using namespace tba;
using namespace tba::retention;
using namespace std::chrono_literals;

namespace {

constexpr Instant kNow{std::chrono::seconds(1'700'000'000)};

/// "triage: 3 oldest; triage: ended before -3600s; " and so on.
std::string text_of(const std::vector<Removal>& removals) {
  std::string text;
  for (const auto& [what, most] : removals) {
    const auto& runs = std::get<storage::EndedRuns>(what);
    text += runs.workflow.empty() ? "all" : runs.workflow;
    if (most != UINT64_MAX) text += ", " + std::to_string(most) + " oldest";
    if (runs.ended_before) {
      const auto since =
          std::chrono::duration_cast<std::chrono::seconds>(kNow - *runs.ended_before);
      text += ", over " + std::to_string(since.count()) + "s";
    }
    text += "; ";
  }
  return text;
}

storage::Usage usage_of(std::vector<storage::WorkflowUsage> workflows) {
  storage::Usage usage;
  usage.workflows = std::move(workflows);
  return usage;
}

}  // namespace

TEST_CASE("retention: within the limits only what is too old goes") {
  Limits limits;
  limits.runs = {60s, 100, 1000};
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"triage", 100, 0, 1000}}), kNow)) ==
        "triage, over 60s; ");
  CHECK(removals_by_workflow(limits, {}, kNow).empty());
  CHECK(removals_in_all(limits, usage_of({{"triage", 100, 0, 1000}})).empty());
}

TEST_CASE("retention: runs beyond the count go, those that have not ended do not count") {
  Limits limits;
  limits.runs = {60s, 100, 1 << 30};
  CHECK(text_of(removals_by_workflow(
            limits, usage_of({{"a", 107, 0, 0}, {"b", 1107, 1000, 0}, {"c", 1100, 1000, 0}}),
            kNow)) == "a, 7 oldest; a, over 60s; b, 7 oldest; b, over 60s; c, over 60s; ");
}

TEST_CASE("retention: runs go until the rest is small enough") {
  Limits limits;
  limits.runs = {60s, 1000, 1000};
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"a", 100, 0, 2000}}), kNow)) ==
        "a, 50 oldest; a, over 60s; ");
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"a", 100, 0, 1001}}), kNow)) ==
        "a, 1 oldest; a, over 60s; ");
  // Of 20 bytes each 1000 belong to runs that have ended.
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"a", 100, 50, 2000}}), kNow)) ==
        "a, over 60s; ");
  limits.runs.bytes = 0;
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"a", 100, 50, 2000}}), kNow)) ==
        "a, 50 oldest; a, over 60s; ");
}

TEST_CASE("retention: a workflow may have limits of its own") {
  Limits limits;
  limits.runs = {60s, 100, 1000};
  limits.workflows["noisy"] = {30s, 10, 1000};
  CHECK(text_of(removals_by_workflow(limits, usage_of({{"noisy", 20, 0, 0}, {"quiet", 20, 0, 0}}),
                                     kNow)) ==
        "noisy, 10 oldest; noisy, over 30s; quiet, over 60s; ");
}

TEST_CASE("retention: all runs together have limits too") {
  Limits limits;
  limits.total_runs = 100;
  limits.total_bytes = 1000;
  auto usage = usage_of({{"a", 80, 0, 0}, {"b", 80, 30, 0}});
  CHECK(text_of(removals_in_all(limits, usage)) == "all, 30 oldest; ");
  usage.file = {4200, 1000, 500};
  CHECK(text_of(removals_in_all(limits, usage)) == "all, 110 oldest; ");
  usage.file = {3200, 1000, 500};
  CHECK(text_of(removals_in_all(limits, usage)) == "all, 93 oldest; ");
  usage.file = {0, 0, 0};
  usage.workflows = {{"a", 200, 200, 0}};
  CHECK(removals_in_all(limits, usage).empty());
}

TEST_CASE("retention: other things go by their age") {
  Limits limits;
  limits.delivery_ids = 1s;
  limits.events = 2s;
  limits.poll_items = 3s;
  const auto removals = other_removals(limits, kNow);
  REQUIRE(removals.size() == 4);
  CHECK(std::get<storage::OldDeliveryIds>(removals[0].what).received_before == kNow - 1s);
  CHECK(std::get<storage::OldEvents>(removals[1].what).emitted_before == kNow - 2s);
  CHECK(std::get<storage::ExpiredCache>(removals[2].what).now == kNow);
  CHECK(std::get<storage::OldPollItems>(removals[3].what).seen_before == kNow - 3s);
}

TEST_CASE("retention: some free space is kept for what is to come") {
  constexpr std::uint64_t kMega = 1 << 20;
  CHECK(to_give_back({100 * kMega, 10 * kMega, 0}) == 0);
  CHECK(to_give_back({100 * kMega, 20 * kMega, 0}) == 4 * kMega);
  CHECK(to_give_back({1000 * kMega, 200 * kMega, 0}) == 100 * kMega);
  CHECK(to_give_back({0, 0, 0}) == 0);
}
