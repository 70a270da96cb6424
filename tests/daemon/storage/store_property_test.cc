// Random changes, carried out by a store and by a model that is simple enough to be believed.
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using namespace tba::storage;

namespace {

/// What a store must hold, as plain containers. Only what tells runs, steps and so on apart.
struct Model {
  struct RunState {
    RunStatus status;
    std::int64_t epoch;
    std::string output;
    std::optional<DeliveryId> delivery;
    int crashes = 0;
    int solo_crashes = 0;
    int trial_size = 0;
  };
  std::map<RunId, RunState> runs;
  std::map<std::pair<RunId, std::string>, std::string> steps;  // to their results
  std::map<RunId, std::vector<std::string>> logs;
  std::map<DeliveryId, std::string> deliveries;  // to their bodies
  std::map<std::string, DeliveryId> senders;
  std::set<Instant> slots;
  std::optional<Instant> schedule_seen_at;
  std::map<std::string, std::int64_t> credentials;                      // to their versions
  std::map<RunId, std::set<std::pair<SignalId, std::string>>> signals;  // with their steps
  std::map<std::pair<RunId, std::string>, std::string> subscriptions;   // to their events
  std::map<EventId, std::string> events;                                // to their data
  std::map<std::string, std::string> cache;                             // by key, to results
  std::map<std::string, Instant> closed;                                // limits, by key
  std::string cursor;
  std::set<std::string> items;

  /// "committed", "duplicate", "lost" or "conflict".
  std::string apply(const Change& change) {
    auto trial = *this;
    for (const auto& write : change.writes) {
      const auto outcome = std::visit([&](const auto& kind) { return trial.write(kind); }, write);
      if (outcome != "committed") return outcome;
    }
    *this = std::move(trial);
    return "committed";
  }

  std::string write(const PutVersion&) { return "committed"; }
  std::string write(const RemoveVersion&) { return "committed"; }
  std::string write(const AddRejection&) { return "committed"; }
  std::string write(const AddDelivery& add) {
    if (!senders.emplace(add.delivery.sender_id, add.delivery.id).second) return "duplicate";
    deliveries.emplace(add.delivery.id, add.delivery.body);
    return "committed";
  }
  std::string write(const AddRun& add) {
    const RunState state{add.run.status,    add.run.epoch,   add.run.output_json,
                         add.run.delivery,  add.run.crashes, add.run.solo_crashes,
                         add.run.trial_size};
    return runs.emplace(add.run.id, state).second ? "committed" : "conflict";
  }
  std::string write(const UpdateRun& update) {
    const auto found = runs.find(update.run.id);
    if (found == runs.end() || found->second.epoch != update.run.epoch) return "lost";
    ++found->second.epoch;
    found->second.status = update.run.status;
    found->second.output = update.run.output_json;
    found->second.crashes = update.run.crashes;
    found->second.solo_crashes = update.run.solo_crashes;
    found->second.trial_size = update.run.trial_size;
    return "committed";
  }
  std::string write(const CountCrash&) {
    for (auto& [id, run] : runs) {
      if (run.status != RunStatus::running) continue;
      ++run.crashes;
      run.solo_crashes += run.trial_size == 1 ? 1 : 0;
      run.trial_size = 0;
    }
    return "committed";
  }
  std::string write(const ForgiveCrash&) {
    for (auto& [id, run] : runs) {
      if (run.status != RunStatus::running) continue;
      --run.crashes;
      run.trial_size = 0;
    }
    return "committed";
  }
  std::string write(const PutOnTrial& put) {
    const auto found = runs.find(put.run);
    if (found != runs.end()) found->second.trial_size = put.size;
    return "committed";
  }
  std::string write(const PutStep& put) {
    steps[{put.step.run, put.step.key}] = put.step.result_json;
    return "committed";
  }
  std::string write(const AppendLog& append) {
    logs[append.line.run].push_back(append.line.text);
    return "committed";
  }
  std::string write(const AddSignal& add) {
    const auto& signal = add.signal;
    return signals[signal.run].emplace(signal.id, signal.step).second ? "committed" : "conflict";
  }
  std::string write(const RemoveSignal& remove) {
    signals[remove.run].erase({remove.id, remove.step});
    return "committed";
  }
  std::string write(const PutSubscription& put) {
    subscriptions[{put.subscription.run, put.subscription.step}] = put.subscription.event;
    return "committed";
  }
  std::string write(const RemoveSubscription& remove) {
    subscriptions.erase({remove.run, remove.step});
    return "committed";
  }
  std::string write(const AddEvent& add) {
    if (!events.emplace(add.event.id, add.event.data_json).second) return "conflict";
    for (const auto& [waiting, event] : subscriptions) {
      if (event == add.event.name)
        signals[waiting.first].emplace(SignalId{add.event.id}, waiting.second);
    }
    return "committed";
  }
  std::string write(const PutCache& put) {
    cache[put.entry.key] = put.entry.result_json;
    return "committed";
  }
  std::string write(const PutPollState& put) {
    cursor = put.state.cursor_json;
    return "committed";
  }
  std::string write(const AddPollItem& add) {
    return items.insert(add.item.key).second ? "committed" : "conflict";
  }
  std::string write(const PutClosedLimit& put) {
    std::erase_if(closed, [&](const auto& limit) { return limit.second <= put.now; });
    closed[put.limit.key] = put.limit.until;
    return "committed";
  }
  std::string write(const AddSchedule& add) {
    if (!schedule_seen_at) schedule_seen_at = add.seen_at;
    return "committed";
  }
  std::string write(const AddSlot& add) {
    return slots.insert(add.slot.slot).second ? "committed" : "conflict";
  }
  std::string write(const PutCredential& put) {
    const auto found = credentials.find(put.credential.name);
    const auto stored = found == credentials.end() ? 0 : found->second;
    if (stored != put.expected_version) return "conflict";
    credentials[put.credential.name] = put.credential.version;
    return "committed";
  }
  std::string write(const RemoveCredential& remove) {
    return credentials.erase(remove.name) > 0 ? "committed" : "conflict";
  }
};

/// Makes changes that now and then meet what is there already.
class RandomChanges {
 public:
  explicit RandomChanges(std::uint32_t seed) : engine_(seed), random_(seed) {
    for (int i = 0; i < 12; ++i) runs_.push_back(ids_.next<RunId>());
  }

  Change next() {
    Change change;
    const int writes = below(4) + 1;
    for (int i = 0; i < writes; ++i) change.writes.push_back(next_write());
    return change;
  }

  int below(int bound) { return std::uniform_int_distribution(0, bound - 1)(engine_); }

 private:
  RunId any_run() { return runs_[static_cast<std::size_t>(below(static_cast<int>(runs_.size())))]; }
  std::string any_word() { return std::string(1, static_cast<char>('a' + below(4))); }
  std::string any_text() {
    return std::string(static_cast<std::size_t>(below(600)), static_cast<char>('a' + below(26)));
  }

  Write next_write() {
    auto run = sample_run(any_run());
    run.status = static_cast<RunStatus>(below(8));
    run.epoch = below(3);
    run.output_json = any_text();
    switch (below(12)) {
      case 0:
        if (below(2) == 0) runs_.push_back(run.id = ids_.next<RunId>());
        run.epoch = 0;
        return AddRun{run};
      case 1:
      case 2:
        return UpdateRun{run};
      case 3: {
        auto step = sample_step(run.id, std::string(1, static_cast<char>('a' + below(4))), 0);
        step.result_json = any_text();
        return PutStep{step};
      }
      case 4:
        return AppendLog{{run.id, 0, at_second(0), "", "stdout", any_text()}};
      case 5: {
        auto delivery = sample_delivery(ids_.next<DeliveryId>(), std::to_string(below(60)));
        delivery.body = any_text();
        return AddDelivery{delivery};
      }
      case 6:
        if (below(5) == 0) return AddSchedule{"triage/0", at_second(below(100))};
        return AddSlot{{"triage/0", at_second(below(100))}};
      case 7:
        return next_signal(run.id);
      case 8:
        if (below(3) == 0) return RemoveSubscription{run.id, any_word()};
        return PutSubscription{{any_word(), run.id, any_word()}};
      case 9:
        return next_of_a_poll();
      case 10:
        return next_of_a_crash(run.id);
      default: {
        auto credential = sample_credential(ids_.next<CredentialId>(),
                                            std::string(1, static_cast<char>('a' + below(3))));
        if (below(3) == 0) return RemoveCredential{credential.name};
        const int expected = below(3);
        credential.version = expected + 1;
        return PutCredential{credential, expected};
      }
    }
  }

  Write next_signal(RunId run) {
    if (below(3) == 0)
      return AddEvent{{ids_.next<EventId>(), at_second(below(9)), any_word(), "test", any_text()}};
    Signal signal;
    signal.run = run;
    signal.id.bytes.fill(static_cast<std::uint8_t>(below(5)));
    signal.step = any_word();
    if (below(2) == 0) return RemoveSignal{signal.run, signal.id, signal.step};
    signal.kind = "cancel";
    return AddSignal{signal};
  }

  Write next_of_a_crash(RunId run) {
    switch (below(4)) {
      case 0:
        return CountCrash{};
      case 1:
        return ForgiveCrash{};
      default:
        return PutOnTrial{run, below(3)};
    }
  }

  Write next_of_a_poll() {
    switch (below(4)) {
      case 3:
        return PutClosedLimit{{any_word(), at_second(below(9))}, at_second(below(9))};
      case 0:
        return PutCache{{"triage", "fetch", any_word(), at_second(below(9)), any_text()}};
      case 1:
        return PutPollState{{"triage/0", any_text(), at_second(below(9))}};
      default:
        return AddPollItem{{"triage/0", std::to_string(below(40)), at_second(below(9))}};
    }
  }

  std::mt19937 engine_;
  FakeClock clock_;
  SeededRandom random_;
  UuidGenerator ids_{clock_, random_};
  std::vector<RunId> runs_;
};

std::string word_for(const Outcome& outcome) {
  if (is<Duplicate>(outcome)) return "duplicate";
  if (is<LostOwnership>(outcome)) return "lost";
  return is<Conflict>(outcome) ? "conflict" : "committed";
}

template <class Store>
void check_signals(Store& store, const Model& model) {
  std::size_t signalled = 0;
  for (const auto& [run, expected] : model.signals) {
    std::set<std::pair<SignalId, std::string>> got;
    for (const auto& signal : store.await(store->signals(run))) {
      got.emplace(signal.id, signal.step);
      const auto event = model.events.find(EventId{signal.id});
      REQUIRE(signal.data_json == (event == model.events.end() ? "" : event->second));
    }
    REQUIRE(got == expected);
    signalled += expected.empty() ? 0 : 1;
  }
  const PageRequest all{.limit = 10'000, .cursor = ""};
  REQUIRE(store.await(store->signalled_runs(all)).items.size() == signalled);
  REQUIRE(store.await(store->events({}, all)).items.size() == model.events.size());
}

template <class Store>
void check_same(Store& store, const Model& model) {
  REQUIRE(store.await(store->runs({}, {.limit = 10'000, .cursor = ""})).items.size() ==
          model.runs.size());
  std::size_t steps = 0;
  for (const auto& [id, expected] : model.runs) {
    const auto run = store.await(store->run(id));
    REQUIRE(run);
    REQUIRE(run->status == expected.status);
    REQUIRE(run->epoch == expected.epoch);
    REQUIRE(run->output_json == expected.output);
    REQUIRE(run->crashes == expected.crashes);
    REQUIRE(run->solo_crashes == expected.solo_crashes);
    REQUIRE(run->trial_size == expected.trial_size);
  }
  std::set<RunId> with_steps;
  for (const auto& [key, result] : model.steps) with_steps.insert(key.first);
  for (const auto& id : with_steps) {
    for (const auto& step : store.await(store->steps(id))) {
      REQUIRE(model.steps.at({id, step.key}) == step.result_json);
      ++steps;
    }
  }
  REQUIRE(steps == model.steps.size());
  for (const auto& [id, texts] : model.logs) {
    const auto lines = store.await(store->logs(id, 0, 10'000));
    REQUIRE(lines.size() == texts.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      REQUIRE(lines[i].text == texts[i]);
      REQUIRE(lines[i].sequence == static_cast<std::int64_t>(i) + 1);
    }
  }
  REQUIRE(store.await(store->deliveries({}, {.limit = 10'000, .cursor = ""})).items.size() ==
          model.deliveries.size());
  for (const auto& [id, body] : model.deliveries) {
    REQUIRE(store.await(store->delivery(id))->body == body);
  }
  const auto schedules = store.await(store->schedules());
  REQUIRE(schedules.size() == (model.schedule_seen_at ? 1 : 0));
  if (model.schedule_seen_at) {
    CHECK(schedules[0].seen_at == model.schedule_seen_at);
    CHECK(schedules[0].last_slot ==
          (model.slots.empty() ? std::nullopt : std::optional(*model.slots.rbegin())));
  }
  check_signals(store, model);
  std::map<std::string, Instant> closed;
  for (const auto& limit : store.await(store->closed_limits())) closed[limit.key] = limit.until;
  REQUIRE(closed == model.closed);
  for (const auto& [key, result] : model.cache) {
    REQUIRE(store.await(store->cached("triage", "fetch", key, at_second(-1)))->result_json ==
            result);
  }
  const auto poll = store.await(store->poll_state("triage/0"));
  REQUIRE((poll ? poll->cursor_json : "") == model.cursor);
  std::vector<std::string> unseen;
  for (int i = 0; i < 40; ++i) {
    if (!model.items.contains(std::to_string(i))) unseen.push_back(std::to_string(i));
  }
  std::vector<std::string> keys(model.items.begin(), model.items.end());
  keys.insert(keys.end(), unseen.begin(), unseen.end());
  REQUIRE(store.await(store->unseen("triage/0", keys)) == unseen);
  std::map<std::string, std::int64_t> credentials;
  for (const auto& each : store.await(store->credentials())) credentials[each.name] = each.version;
  REQUIRE(credentials == model.credentials);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("store: random changes end as in the model, and leave what it holds", "",
                        Stores) {
  const auto seed = GENERATE(range(1u, 6u));
  CAPTURE(seed);
  StoreUnderTest<TestType> store;
  Model model;
  RandomChanges changes(seed);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::string> expected;
    std::vector<std::string> outcomes;
    const int together = changes.below(30) + 1;
    for (int i = 0; i < together; ++i) {
      auto change = changes.next();
      expected.push_back(model.apply(change));
      boost::asio::co_spawn(store.context(), store->submit(std::move(change)),
                            [&](std::exception_ptr, const Result<Outcome>& outcome) {
                              outcomes.push_back(word_for(outcome.value()));
                            });
    }
    store.context().restart();
    store.context().run();
    REQUIRE(outcomes == expected);
    if (changes.below(4) == 0) store.reopen();
    check_same(store, model);
  }
}
