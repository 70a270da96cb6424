#include "tests/simulation/people.h"

#include <algorithm>
#include <array>

#include "shared/value/json.h"

namespace tba::simulation {

using Way = engine::Engine::Decision;

namespace {

constexpr std::array<std::string_view, 3> kEvents = {"ping", "pong", "kick"};
constexpr std::int64_t kMostN = 2;  // what steps match events by

std::string_view name_of(Way what) {
  constexpr std::array<std::string_view, 3> kNames = {"repeat", "skip", "fail"};
  return kNames.at(static_cast<std::size_t>(what));
}

}  // namespace

People::People(SimulatedTime& time, Journal& journal, Requests& requests, const Scenario& scenario,
               std::function<std::size_t()> count_attempts)
    : time_(time),
      journal_(journal),
      requests_(requests),
      count_attempts_(std::move(count_attempts)),
      dice_(scenario.seed + 6) {
  for (const auto& wish : scenario.wishes)
    time_.after(wish.at, [this, kind = wish.kind] {
      if (requests_.daemon()) want(kind);
    });
}

void People::want(Wish::Kind kind) {
  switch (kind) {
    case Wish::Kind::cancel:
      return cancel();
    case Wish::Kind::decide:
      return approve();
    case Wish::Kind::resume:
      return resume();
    case Wish::Kind::emit:
      return emit();
    case Wish::Kind::start:
    case Wish::Kind::deliver:
      return;  // clients.h
  }
}

// --- what they choose

void People::cancel() {
  const auto runs = requests_.daemon()->observer.runs();
  if (!runs.empty()) cancel(dice_.one_of(runs));
}

void People::approve() {
  const auto places = requests_.daemon()->observer.waiting_for_approval();
  if (!places.empty()) decide(dice_.one_of(places));
}

void People::resume() {
  const auto places = requests_.daemon()->observer.interrupted();
  if (places.empty()) return;
  auto place = dice_.one_of(places);
  if (dice_.percent(30)) place.second.clear();
  resume(place);
}

void People::emit() {
  emit(std::string(dice_.one_of(kEvents)), dice_.between(0, kMostN));
}

bool People::answer_everything() {
  auto& observer = requests_.daemon()->observer;
  const auto approvals = observer.waiting_for_approval();
  const auto interrupted = observer.interrupted();
  for (const auto& place : approvals) decide(place);
  for (const auto& place : interrupted) resume(place);
  bool waits_for_event = false;
  for (const auto name : kEvents) {
    if (observer.waiting_for_event(std::string(name)).empty()) continue;
    waits_for_event = true;
    for (std::int64_t n = 0; n <= kMostN; ++n) emit(std::string(name), n);
  }
  return waits_for_event || !approvals.empty() || !interrupted.empty();
}

// --- what they ask for

template <class Something>
Something& People::remember(std::map<int, Something>& list, const Place& place) {
  auto& something = list[++serial_];
  something.place = place;
  something.serial = serial_;
  something.life = life_;
  return something;
}

std::string People::name_of(int serial) {
  return fmt::format("person-{}", serial);
}

void People::cancel(RunId run) {
  auto& asked = remember(cancels_, {run, ""});
  journal_.note("people: cancel {}", run.text());
  requests_.ask(
      requests_.daemon()->engine.cancel(run), [] {},
      [this, &asked, run](const Result<RunStatus>& status) {
        if (!status) return;
        journal_.note("people: {} is to be cancelled", run.text());
        asked.acknowledged_at = time_.now();
        asked.attempts = count_attempts_();
      });
}

void People::decide(const Place& place) {
  auto& asked = remember(verdicts_, place);
  asked.is_approved = dice_.percent(70);
  // Who may decide is known by name; each verdict by its comment.
  const auto who = dice_.percent(80) ? "ann" : "eve";
  const auto verb = asked.is_approved ? "approve" : "reject";
  journal_.note("people: {} {}s '{}' of {}", who, verb, place.second, place.first.text());
  requests_.ask(
      requests_.daemon()->engine.decide(place.first, place.second,
                                        {asked.is_approved, who, name_of(asked.serial)}),
      [] {},
      [this, &asked, verb](const Result<>& done) {
        if (!done) return;
        journal_.note("people: heard to {} '{}'", verb, asked.place.second);
        asked.acknowledged_at = time_.now();
      });
}

void People::resume(const Place& place) {
  constexpr std::array kWays = {Way::repeat, Way::repeat, Way::skip, Way::fail};
  auto& asked = remember(decisions_, place);
  asked.what = dice_.one_of(kWays);
  journal_.note("people: {} wants to {} '{}' of {}", name_of(asked.serial),
                simulation::name_of(asked.what), place.second, place.first.text());
  requests_.ask(
      requests_.daemon()->engine.resume(place.first, place.second, asked.what,
                                        name_of(asked.serial)),
      [] {},
      [this, &asked](const Result<>& done) {
        if (!done) return;
        journal_.note("people: {} was heard", name_of(asked.serial));
        asked.acknowledged_at = time_.now();
      });
}

void People::emit(std::string name, std::int64_t n) {
  auto& asked = remember(emissions_, {});
  asked.name = name;
  asked.n = n;
  asked.awaited_by = requests_.daemon()->observer.waiting_for_event(name);
  journal_.note("people: emit {} {}, number {}", name, n, asked.serial);
  const auto data =
      Value::object({{"n", Value::integer(n)}, {"serial", Value::integer(asked.serial)}});
  requests_.ask(
      requests_.daemon()->events.emit(std::move(name), data, name_of(asked.serial)), [] {},
      [this, &asked](Result<triggers::Events::Emitted> emitted) {
        if (!emitted) return;
        journal_.note("people: event {} is {}", asked.serial, emitted->id.text());
        asked.acknowledged_at = time_.now();
        asked.id = emitted->id;
        asked.runs = std::move(emitted->runs);
      });
}

// --- what they remember

bool People::has_asked_to_cancel(RunId run) const {
  return std::ranges::any_of(cancels_,
                             [&](const auto& each) { return each.second.place.first == run; });
}

std::size_t People::count_decisions(const Place& place, Way what) const {
  return static_cast<std::size_t>(std::ranges::count_if(decisions_, [&](const auto& each) {
    const auto& [run, step] = each.second.place;
    return each.second.what == what && run == place.first && (step.empty() || step == place.second);
  }));
}

}  // namespace tba::simulation
