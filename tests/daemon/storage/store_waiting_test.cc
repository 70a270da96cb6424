// What every Store must do for runs that wait: for an instant, a signal, an event, a poll's items.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using storage::AddEvent;
using storage::AddPollItem;
using storage::AddRun;
using storage::AddSchedule;
using storage::AddSignal;
using storage::Change;
using storage::Committed;
using storage::Conflict;
using storage::LostOwnership;
using storage::PageRequest;
using storage::PutCache;
using storage::PutPollState;
using storage::PutSubscription;
using storage::RemoveSignal;
using storage::RemoveSubscription;
using storage::UpdateRun;

namespace {

storage::Signal sample_signal(RunId run, SignalId id, int second, std::string step = "") {
  return {id, run, at_second(second), "cancel", std::move(step), R"({"by":"ada"})"};
}

storage::Event sample_event(EventId id, std::string name) {
  return {id, at_second(50), std::move(name), "event emit",
          "{\"text\":\"" + std::string(1000, 'e') + "\"}"};
}

/// Adds runs of the statuses, one after the other.
template <class Store>
std::vector<storage::Run> add_runs(Store& store, const std::vector<RunStatus>& statuses) {
  std::vector<storage::Run> runs;
  Change change;
  for (const auto status : statuses) {
    auto& run = runs.emplace_back(sample_run(store.template next_id<RunId>()));
    run.status = status;
    change.writes.emplace_back(AddRun{run});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  return runs;
}

std::vector<RunId> ids_of(const std::vector<storage::Run>& runs) {
  std::vector<RunId> ids;
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("store: runs to resume are those queued or running, oldest first", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  CHECK(store.await(store->runs_to_resume({})).items.empty());
  std::vector<RunStatus> statuses;
  for (int i = 0; i < 40; ++i) statuses.push_back(static_cast<RunStatus>(i % 8));
  auto expected = add_runs(store, statuses);
  std::erase_if(expected, [](const storage::Run& run) {
    return run.status != RunStatus::queued && run.status != RunStatus::running;
  });
  const auto got = all_pages(
      [&](const PageRequest& page) { return store.await(store->runs_to_resume(page)); }, 3);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    expected[i].trigger_json = expected[i].inputs_json = expected[i].output_json = "";
    check_same(got[i], expected[i]);
  }
  const auto refused = store.try_await(store->runs_to_resume({10, "yesterday"}));
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::invalid);
}

TEMPLATE_LIST_TEST_CASE("store: runs under a limit are those that go on or wait for their turn", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  std::vector<RunId> expected;
  Change change;
  for (int i = 0; i < 24; ++i) {
    auto run = sample_run(store.template next_id<RunId>());
    run.status = static_cast<RunStatus>(i % 8);
    run.concurrency_key = i % 3 == 0 ? "" : "null";
    if (i % 3 != 0 && i % 8 < 3) expected.push_back(run.id);
    change.writes.emplace_back(AddRun{std::move(run)});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  const auto got =
      all_pages([&](const PageRequest& page) { return store.await(store->limited_runs(page)); }, 2);
  CHECK(ids_of(got) == expected);
  CHECK(store.try_await(store->limited_runs({10, "yesterday"})).error().code == ErrorCode::invalid);
}

TEMPLATE_LIST_TEST_CASE("store: parked runs are given by the instant they are due at", "", Stores) {
  StoreUnderTest<TestType> store;
  const std::vector<int> due{30, 10, 20, 10, 40};
  std::vector<storage::Parked> expected;
  for (const int second : due) {
    auto run = sample_run(store.template next_id<RunId>());
    run.status = RunStatus::waiting;
    run.wake_at = at_second(second);
    REQUIRE(is<Committed>(store.submit(AddRun{run})));
    expected.push_back({*run.wake_at, run.id});
  }
  std::ranges::sort(expected);
  // Neither one that waits for an event alone, nor one that is not waiting, is due.
  auto others = add_runs(store, {RunStatus::waiting, RunStatus::running, RunStatus::succeeded});
  others[1].wake_at = at_second(5);
  REQUIRE(is<Committed>(store.submit(UpdateRun{others[1]})));

  CHECK(store.await(store->parked({}, at_second(100), 10)) == expected);
  CHECK(store.await(store->parked({}, at_second(30), 10)) ==
        std::vector(expected.begin(), expected.end() - 1));
  CHECK(store.await(store->parked({}, at_second(9), 10)).empty());
  CHECK(store.await(store->parked(expected[0], at_second(100), 2)) ==
        std::vector(expected.begin() + 1, expected.begin() + 3));
  CHECK(store.await(store->waiting_count()) == 6);

  auto woken = *store.await(store->run(expected[0].run));
  woken.status = RunStatus::running;
  REQUIRE(is<Committed>(store.submit(UpdateRun{woken})));
  CHECK(store.await(store->parked({}, at_second(10), 10)) == std::vector{expected[1]});
  CHECK(store.await(store->waiting_count()) == 5);
}

TEMPLATE_LIST_TEST_CASE("store: a run's sub-runs are its children, oldest first", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto parent = sample_run(store.template next_id<RunId>());
  std::vector<RunId> expected;
  Change change{{AddRun{parent}}};
  for (int i = 0; i < 5; ++i) {
    auto run = sample_run(expected.emplace_back(store.template next_id<RunId>()));
    run.parent = parent.id;
    change.writes.emplace_back(AddRun{run});
  }
  auto grandchild = sample_run(store.template next_id<RunId>());
  grandchild.parent = expected[0];
  change.writes.emplace_back(AddRun{grandchild});
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  CHECK(ids_of(store.await(store->children(parent.id))) == expected);
  CHECK(ids_of(store.await(store->children(expected[0]))) == std::vector{grandchild.id});
  CHECK(store.await(store->children(grandchild.id)).empty());
}

TEMPLATE_LIST_TEST_CASE("store: signals are kept until they are taken, oldest first", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  const auto other = store.template next_id<RunId>();
  const auto early = sample_signal(run, store.template next_id<SignalId>(), 20);
  const auto late = sample_signal(run, store.template next_id<SignalId>(), 30, "each[1]/wait");
  const auto first = sample_signal(run, store.template next_id<SignalId>(), 10);
  REQUIRE(is<Committed>(store.submit(AddSignal{early}, AddSignal{late})));
  REQUIRE(is<Committed>(store.submit(
      AddSignal{first}, AddSignal{sample_signal(other, store.template next_id<SignalId>(), 1)})));
  store.reopen();

  auto signals = store.await(store->signals(run));
  REQUIRE(signals.size() == 3);
  CHECK(signals[0].id == first.id);
  CHECK(signals[1].id == early.id);
  CHECK(signals[2].id == late.id);
  CHECK(signals[2].run == run);
  CHECK(signals[2].at == late.at);
  CHECK(signals[2].kind == "cancel");
  CHECK(signals[2].step == "each[1]/wait");
  CHECK(signals[2].data_json == late.data_json);

  CHECK(is<Conflict>(store.submit(AddSchedule{"a/0", at_second(1)}, AddSignal{early})));
  CHECK(store.await(store->schedules()).empty());
  REQUIRE(is<Committed>(store.submit(RemoveSignal{run, early.id, ""})));
  REQUIRE(is<Committed>(store.submit(RemoveSignal{run, late.id, "another step"})));
  CHECK(store.await(store->signals(run)).size() == 2);
}

TEMPLATE_LIST_TEST_CASE("store: a signal is taken with the transition it causes, or not at all", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto run = add_runs(store, {RunStatus::waiting})[0];
  const auto signal = sample_signal(run.id, store.template next_id<SignalId>(), 1);
  REQUIRE(is<Committed>(store.submit(AddSignal{signal})));
  auto late = run;
  late.epoch = 7;
  CHECK(is<LostOwnership>(store.submit(RemoveSignal{run.id, signal.id, ""}, UpdateRun{late})));
  CHECK(store.await(store->signals(run.id)).size() == 1);
  CHECK(is<Committed>(store.submit(RemoveSignal{run.id, signal.id, ""}, UpdateRun{run})));
  CHECK(store.await(store->signals(run.id)).empty());
}

TEMPLATE_LIST_TEST_CASE("store: runs that have signals are listed once each", "", Stores) {
  StoreUnderTest<TestType> store;
  std::vector<RunId> expected;
  for (int i = 0; i < 10; ++i) {
    const auto run = expected.emplace_back(store.template next_id<RunId>());
    for (int n = 0; n < 3; ++n) {
      REQUIRE(is<Committed>(
          store.submit(AddSignal{sample_signal(run, store.template next_id<SignalId>(), n)})));
    }
  }
  const auto got = all_pages(
      [&](const PageRequest& page) { return store.await(store->signalled_runs(page)); }, 4);
  CHECK(got == expected);
  CHECK(store.try_await(store->signalled_runs({10, "x"})).error().code == ErrorCode::invalid);
}

TEMPLATE_LIST_TEST_CASE("store: an event becomes a signal for each step that waits for it", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(store.template next_id<RunId>());
  for (const auto& run : runs)
    REQUIRE(is<Committed>(store.submit(PutSubscription{{"paid", run, "pay"}})));
  REQUIRE(is<Committed>(store.submit(PutSubscription{{"paid", runs[0], "also"}})));
  REQUIRE(is<Committed>(store.submit(PutSubscription{{"shipped", runs[1], "pay"}})));  // instead
  REQUIRE(is<Committed>(store.submit(RemoveSubscription{runs[2], "pay"})));
  REQUIRE(is<Committed>(store.submit(RemoveSubscription{runs[3], "other"})));

  const auto event = sample_event(store.template next_id<EventId>(), "paid");
  REQUIRE(is<Committed>(store.submit(AddEvent{event})));
  CHECK(is<Conflict>(store.submit(AddEvent{event})));
  REQUIRE(is<Committed>(
      store.submit(AddEvent{sample_event(store.template next_id<EventId>(), "sung")})));

  const auto of_event = all_pages(
      [&](const PageRequest& page) { return store.await(store->signals_of(event.id, page)); }, 2);
  CHECK(of_event == std::vector{runs[0], runs[3], runs[4]});
  const auto signals = store.await(store->signals(runs[0]));
  REQUIRE(signals.size() == 2);
  CHECK(signals[0].id == SignalId{event.id});
  CHECK(signals[0].kind == "event");
  CHECK(signals[0].step == "also");
  CHECK(signals[0].at == event.at);
  CHECK(signals[0].data_json == event.data_json);
  CHECK(signals[1].step == "pay");
  CHECK(store.await(store->signals(runs[1])).empty());

  REQUIRE(is<Committed>(store.submit(RemoveSignal{runs[0], signals[0].id, "also"})));
  CHECK(store.await(store->signals(runs[0])).at(0).step == "pay");
  CHECK(store.try_await(store->signals_of(event.id, {10, "x"})).has_error());
}

TEMPLATE_LIST_TEST_CASE("store: events are listed newest first, by name", "", Stores) {
  StoreUnderTest<TestType> store;
  std::vector<EventId> paid;
  for (int i = 0; i < 12; ++i) {
    const auto event =
        sample_event(store.template next_id<EventId>(), i % 3 == 0 ? "sung" : "paid");
    if (i % 3 != 0) paid.insert(paid.begin(), event.id);
    REQUIRE(is<Committed>(store.submit(AddEvent{event})));
  }
  const auto got = all_pages(
      [&](const PageRequest& page) { return store.await(store->events({"paid"}, page)); }, 3);
  REQUIRE(got.size() == paid.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i].id == paid[i]);
  CHECK(got[0].at == at_second(50));
  CHECK(got[0].name == "paid");
  CHECK(got[0].source == "event emit");
  CHECK(got[0].data_json == sample_event({}, "paid").data_json);
  CHECK(store.await(store->events({}, {50, ""})).items.size() == 12);
  CHECK(store.try_await(store->events({}, {50, "x"})).error().code == ErrorCode::invalid);
}

TEMPLATE_LIST_TEST_CASE("store: a cached result is found until it expires", "", Stores) {
  StoreUnderTest<TestType> store;
  storage::CacheEntry entry{"triage", "fetch", "octocat", at_second(10), R"({"status":200})"};
  REQUIRE(is<Committed>(store.submit(PutCache{entry})));
  CHECK_FALSE(store.await(store->cached("triage", "fetch", "octocat", at_second(10))));
  CHECK_FALSE(store.await(store->cached("triage", "fetch", "other", at_second(9))));
  CHECK_FALSE(store.await(store->cached("triage", "other", "octocat", at_second(9))));
  CHECK_FALSE(store.await(store->cached("other", "fetch", "octocat", at_second(9))));
  auto found = store.await(store->cached("triage", "fetch", "octocat", at_second(9)));
  REQUIRE(found);
  CHECK(found->workflow == "triage");
  CHECK(found->step == "fetch");
  CHECK(found->key == "octocat");
  CHECK(found->expires_at == at_second(10));
  CHECK(found->result_json == entry.result_json);

  entry.expires_at = at_second(20);
  entry.result_json = std::string(2000, 'c');
  REQUIRE(is<Committed>(store.submit(PutCache{entry})));
  found = store.await(store->cached("triage", "fetch", "octocat", at_second(19)));
  REQUIRE(found);
  CHECK(found->result_json == entry.result_json);
}

TEMPLATE_LIST_TEST_CASE("store: a limit is closed until an instant, and then goes", "", Stores) {
  StoreUnderTest<TestType> store;
  CHECK(store.await(store->closed_limits()).empty());
  using storage::PutClosedLimit;
  REQUIRE(is<Committed>(store.submit(PutClosedLimit{{"a", at_second(5)}, at_second(1)})));
  REQUIRE(is<Committed>(store.submit(PutClosedLimit{{"b", at_second(9)}, at_second(1)})));
  REQUIRE(is<Committed>(store.submit(PutClosedLimit{{"b", at_second(8)}, at_second(5)})));
  const auto closed = store.await(store->closed_limits());
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].key == "b");
  CHECK(closed[0].until == at_second(8));
}

TEMPLATE_LIST_TEST_CASE("store: a poll has a state, and knows its items", "", Stores) {
  StoreUnderTest<TestType> store;
  CHECK_FALSE(store.await(store->poll_state("triage/0")));
  storage::PollState state{"triage/0", "", at_second(1)};
  REQUIRE(is<Committed>(store.submit(PutPollState{state})));
  state.cursor_json = R"({"page":)" + std::string(500, '7') + "}";
  state.polled_at = at_second(2);
  REQUIRE(is<Committed>(store.submit(PutPollState{state})));
  const auto found = store.await(store->poll_state("triage/0"));
  REQUIRE(found);
  CHECK(found->poll == "triage/0");
  CHECK(found->cursor_json == state.cursor_json);
  CHECK(found->polled_at == at_second(2));

  REQUIRE(is<Committed>(store.submit(AddPollItem{{"triage/0", "a", at_second(3)}})));
  REQUIRE(is<Committed>(store.submit(AddPollItem{{"triage/1", "b", at_second(3)}})));
  CHECK(store.await(store->unseen("triage/0", {"c", "a", "b"})) ==
        std::vector<std::string>{"c", "b"});
  CHECK(store.await(store->unseen("triage/0", {})).empty());

  const auto run = sample_run(store.template next_id<RunId>());
  const auto outcome = store.submit(AddRun{run}, AddPollItem{{"triage/0", "a", at_second(4)}});
  REQUIRE(is<Conflict>(outcome));
  CHECK(std::get<Conflict>(outcome).what == "the poll 'triage/0' has seen the item 'a' already");
  CHECK_FALSE(store.await(store->run(run.id)));
}
