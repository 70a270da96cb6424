#include "tests/simulation/ledger.h"

#include <array>

#include "shared/uri.h"

namespace tba::simulation {

using Told = AttemptRecord::Told;

std::string_view name_of(Told told) {
  constexpr std::array<std::string_view, 5> kNames = {"nothing", "success", "failure", "not acted",
                                                      "unknown"};
  return kNames.at(static_cast<std::size_t>(told));
}

std::string idempotency_key_of(const engine::Request& request) {
  if (const auto* call = std::get_if<engine::EndpointCall>(&request)) return call->idempotency_key;
  if (const auto* raw = std::get_if<engine::RawRequest>(&request)) {
    for (const auto& [name, value] : raw->headers) {
      if (equal_ignoring_case(name, "Idempotency-Key")) return value;
    }
  }
  return {};
}

std::size_t Ledger::begin(const engine::Attempt& attempt, int life) {
  AttemptRecord record;
  record.number = attempt.number;
  record.effect = attempt.effect;
  record.idempotency_key = idempotency_key_of(attempt.request);
  record.life = life;
  auto& records = runs_[attempt.run][attempt.step];
  judge(attempt, record, records);
  records.push_back(std::move(record));
  last_[attempt.run] = ++size_;
  return records.size() - 1;
}

void Ledger::judge(const engine::Attempt& attempt, const AttemptRecord& record,
                   const std::vector<AttemptRecord>& before) {
  const auto complain = [&](std::string_view what) {
    journal_.complain("attempt {} of step '{}' of run {}: {}", attempt.number, attempt.step,
                      attempt.run.text(), what);
  };
  if (finished_.contains({attempt.run, attempt.step})) complain("the step was done with");
  if (!before.empty() && before.back().number >= record.number)
    complain("its number was used before");
  std::size_t risks = 0;  // earlier ones that may have acted
  for (const auto& earlier : before) {
    if (earlier.effect != record.effect)
      complain("its effect is another than that of the one before");
    if (earlier.told == Told::success) {
      // Where the daemon died before it could store the success, it cannot know.
      if (earlier.life == record.life) complain("the step had succeeded");
    }
    if (earlier.told != Told::not_acted) ++risks;
    if (record.effect == Effect::keyed && earlier.idempotency_key != record.idempotency_key)
      complain("it has another idempotency key than the one before");
  }
  if (record.effect == Effect::once && risks > count_repeats_(attempt.run, attempt.step))
    complain(fmt::format("a step that must happen once was tried before, and that ended with: {}",
                         name_of(before.back().told)));
  if (record.effect != Effect::keyed) return;
  if (record.idempotency_key.empty()) return complain("it has no idempotency key");
  const auto owner = attempt.run.text() + " " + attempt.step;
  if (key_owners_.emplace(record.idempotency_key, owner).first->second != owner)
    complain("another step has the same idempotency key");
}

std::size_t Ledger::last_of(RunId run) const {
  const auto found = last_.find(run);
  return found == last_.end() ? 0 : found->second;
}

const std::vector<AttemptRecord>& Ledger::of(RunId run, const std::string& step) const {
  static const std::vector<AttemptRecord> kNone;
  const auto steps = runs_.find(run);
  if (steps == runs_.end()) return kNone;
  const auto found = steps->second.find(step);
  return found == steps->second.end() ? kNone : found->second;
}

}  // namespace tba::simulation
