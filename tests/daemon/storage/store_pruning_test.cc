// What every Store must do to tell what it holds, and to forget what is over.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using storage::AddDelivery;
using storage::AddEvent;
using storage::AddPollItem;
using storage::AddRun;
using storage::AddSignal;
using storage::AppendLog;
using storage::Bite;
using storage::Change;
using storage::Committed;
using storage::Duplicate;
using storage::EndedRuns;
using storage::PutCache;
using storage::PutStep;
using storage::PutSubscription;
using storage::PutVersion;

namespace {

/// A run that ended at that second, or has not, with a step and a line of its log.
template <class Store>
storage::Run add_run(Store& store, RunStatus status, int second, const std::string& workflow,
                     std::optional<DeliveryId> delivery = {}, std::optional<RunId> parent = {}) {
  auto run = sample_run(store.template next_id<RunId>(), workflow);
  run.status = status;
  if (is_final(status)) run.finished_at = at_second(second);
  run.delivery = delivery;
  run.parent = parent;
  auto step = sample_step(run.id, "a", 0);
  step.result_json = std::string(1000, 'r');
  REQUIRE(is<Committed>(
      store.submit(AddRun{run}, PutStep{step},
                   AppendLog{{run.id, 0, at_second(second), "a", "stdout", "line"}})));
  return run;
}

/// Prunes bite by bite; gives what was removed in all, and checks that it comes to an end.
template <class Store>
storage::Pruned prune_all(Store& store, Bite bite) {
  storage::Pruned all;
  for (int bites = 0;; ++bites) {
    REQUIRE(bites < 10'000);
    const auto pruned = store.await(store->prune(bite));
    all.removed += pruned.removed;
    all.bytes += pruned.bytes;
    bite.most -= pruned.removed;
    bite.after = pruned.last;
    if (!pruned.more) return all;
  }
}

template <class Store>
std::vector<RunId> runs_left(Store& store) {
  std::vector<RunId> ids;
  for (const auto& run : store.await(store->runs({}, {1000, ""})).items) ids.push_back(run.id);
  std::ranges::reverse(ids);
  return ids;
}

std::uint64_t rows_of(const storage::Usage& usage, const std::string& kind) {
  return std::ranges::find(usage.kinds, kind, &storage::KindUsage::kind)->rows;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("pruning: only runs that have ended go, with all that belongs to them", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  std::vector<RunId> stay;
  std::vector<storage::Run> go;
  for (int i = 0; i < 16; ++i) {
    const auto status = static_cast<RunStatus>(i % 8);
    const auto run = add_run(store, status, i < 8 ? 10 : 20, "triage");
    if (is_final(status) && i < 8) {
      go.push_back(run);
    } else {
      stay.push_back(run.id);
    }
  }
  const auto other = add_run(store, RunStatus::succeeded, 10, "mail");
  stay.push_back(other.id);
  store.submit(
      AddSignal{{store.template next_id<SignalId>(), go[0].id, at_second(1), "late", "", ""}},
      PutSubscription{{"paid", go[0].id, "a"}});

  const auto bytes = GENERATE(1u, 3000u, 1u << 20);
  CAPTURE(bytes);
  Bite bite;
  bite.what = EndedRuns{"triage", at_second(15)};
  bite.bytes = bytes;
  const auto pruned = prune_all(store, bite);
  CHECK(pruned.removed == go.size());
  CHECK(pruned.bytes > 0);
  CHECK(runs_left(store) == stay);
  for (const auto& run : go) {
    CHECK(store.await(store->steps(run.id)).empty());
    CHECK(store.await(store->logs(run.id, 0, 10)).empty());
    CHECK(store.await(store->signals(run.id)).empty());
  }
  for (const auto& id : stay) {
    CHECK(store.await(store->steps(id)).size() == 1);
    CHECK(store.await(store->logs(id, 0, 10)).size() == 1);
  }
  CHECK(rows_of(store.await(store->usage()), "subscriptions") == 0);
  CHECK(prune_all(store, bite).removed == 0);
}

TEMPLATE_LIST_TEST_CASE("pruning: so many of the oldest go, of a workflow or of all", "", Stores) {
  StoreUnderTest<TestType> store;
  std::vector<RunId> added;
  for (int i = 0; i < 10; ++i)
    added.push_back(add_run(store, RunStatus::succeeded, 10, i % 2 == 0 ? "a" : "b").id);
  Bite bite;
  std::vector<std::size_t> stay;
  SECTION("of a workflow") {
    bite.what = EndedRuns{"b", std::nullopt};
    stay = {0, 2, 4, 6, 7, 8, 9};
  }
  SECTION("of all") {
    bite.what = EndedRuns{};
    stay = {3, 4, 5, 6, 7, 8, 9};
  }
  bite.most = 3;
  bite.bytes = 2000;
  CHECK(prune_all(store, bite).removed == 3);
  std::vector<RunId> expected;
  for (const auto i : stay) expected.push_back(added[i]);
  CHECK(runs_left(store) == expected);
}

TEMPLATE_LIST_TEST_CASE("pruning: a long run goes piece by piece, its own row at last", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto run = add_run(store, RunStatus::failed, 10, "triage");
  Change change;
  for (int i = 0; i < 50; ++i) {
    change.writes.emplace_back(AppendLog{{run.id, 0, at_second(1), "", "stdout", "more"}});
    change.writes.emplace_back(
        PutStep{sample_step(run.id, "each[" + std::to_string(i) + "]/a", i)});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  Bite bite;
  bite.what = EndedRuns{};
  bite.bytes = 1500;
  std::size_t bites = 0;
  for (bool more = true; more; ++bites) {
    const auto before =
        store.await(store->steps(run.id)).size() + store.await(store->logs(run.id, 0, 1000)).size();
    const auto pruned = store.await(store->prune(bite));
    const auto after =
        store.await(store->steps(run.id)).size() + store.await(store->logs(run.id, 0, 1000)).size();
    CHECK(before - after <= 16);
    CHECK(store.await(store->run(run.id)).has_value() == pruned.more);
    more = pruned.more;
    bite.after = pruned.last;
  }
  CHECK(bites > 6);
}

TEMPLATE_LIST_TEST_CASE("pruning: a sub-run stays until its parent has ended", "", Stores) {
  StoreUnderTest<TestType> store;
  auto parent = add_run(store, RunStatus::waiting, 0, "triage");
  const auto child = add_run(store, RunStatus::succeeded, 10, "sub", std::nullopt, parent.id);
  Bite bite;
  bite.what = EndedRuns{};
  CHECK(prune_all(store, bite).removed == 0);
  parent.status = RunStatus::failed;
  parent.finished_at = at_second(11);
  REQUIRE(is<Committed>(store.submit(storage::UpdateRun{parent})));
  CHECK(prune_all(store, bite).removed == 2);
}

TEMPLATE_LIST_TEST_CASE("pruning: a delivery goes with the last run that it started", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto delivery = sample_delivery(store.template next_id<DeliveryId>(), "sender-1");
  const auto lone = sample_delivery(store.template next_id<DeliveryId>(), "sender-2");
  REQUIRE(is<Committed>(store.submit(AddDelivery{delivery}, AddDelivery{lone})));
  add_run(store, RunStatus::succeeded, 10, "triage", delivery.id);
  add_run(store, RunStatus::succeeded, 20, "triage", delivery.id);
  Bite bite;
  bite.what = EndedRuns{"", at_second(15)};
  CHECK(prune_all(store, bite).removed == 1);
  CHECK(store.await(store->delivery(delivery.id)));
  bite.what = EndedRuns{};
  CHECK(prune_all(store, bite).removed == 1);
  CHECK_FALSE(store.await(store->delivery(delivery.id)));
  CHECK(store.await(store->delivery(lone.id)));

  // The sender's id is still known, until it is forgotten by itself.
  auto again = sample_delivery(store.template next_id<DeliveryId>(), "sender-1");
  const auto outcome = store.submit(AddDelivery{again});
  REQUIRE(is<Duplicate>(outcome));
  CHECK(std::get<Duplicate>(outcome).delivery == delivery.id);
  CHECK(std::get<Duplicate>(outcome).runs.empty());
  bite.what = storage::OldDeliveryIds{at_second(1)};
  CHECK(prune_all(store, bite).removed == 0);
  bite.what = storage::OldDeliveryIds{at_second(2)};
  CHECK(prune_all(store, bite).removed == 2);
  CHECK(is<Committed>(store.submit(AddDelivery{again})));
}

TEMPLATE_LIST_TEST_CASE("pruning: deliveries that started nothing go by their age", "", Stores) {
  StoreUnderTest<TestType> store;
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 6; ++i) {
    auto delivery = sample_delivery(ids.emplace_back(store.template next_id<DeliveryId>()), "");
    delivery.received_at = at_second(i);
    REQUIRE(is<Committed>(store.submit(AddDelivery{delivery})));
  }
  add_run(store, RunStatus::waiting, 0, "triage", ids[1]);
  Bite bite;
  bite.what = storage::LoneDeliveries{at_second(4)};
  const auto pruned = store.await(store->prune(bite));
  CHECK(pruned.removed == 3);
  CHECK(pruned.last == ids[3]);
  for (const std::size_t i : {1u, 4u, 5u}) CHECK(store.await(store->delivery(ids[i])));
  bite.what = storage::LoneDeliveries{at_second(10)};
  bite.after = ids[4];
  CHECK(prune_all(store, bite).removed == 1);
  CHECK(store.await(store->delivery(ids[4])));
}

TEMPLATE_LIST_TEST_CASE("pruning: an event goes by its age, unless a run has yet to take it", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  REQUIRE(is<Committed>(store.submit(PutSubscription{{"paid", run, "a"}})));
  const auto waited_for = store.template next_id<EventId>();
  for (const auto& [name, id] :
       {std::pair("paid", waited_for), std::pair("sung", store.template next_id<EventId>())}) {
    REQUIRE(is<Committed>(store.submit(AddEvent{{id, at_second(5), name, "test", "{}"}})));
  }
  Bite bite;
  bite.what = storage::OldEvents{at_second(5)};
  CHECK(prune_all(store, bite).removed == 0);
  bite.what = storage::OldEvents{at_second(6)};
  CHECK(prune_all(store, bite).removed == 1);
  CHECK(store.await(store->signals(run)).at(0).data_json == "{}");
  REQUIRE(is<Committed>(store.submit(storage::RemoveSignal{run, SignalId{waited_for}, "a"})));
  CHECK(prune_all(store, bite).removed == 1);
}

TEMPLATE_LIST_TEST_CASE("pruning: what has expired or passed goes", "", Stores) {
  StoreUnderTest<TestType> store;
  Change change;
  for (int i = 0; i < 10; ++i) {
    const auto name = std::to_string(i);
    change.writes.emplace_back(PutCache{{"triage", "fetch", name, at_second(i), "{}"}});
    change.writes.emplace_back(AddPollItem{{"triage/0", name, at_second(i)}});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  Bite bite;
  bite.bytes = 250;
  bite.what = storage::ExpiredCache{at_second(4)};
  CHECK(prune_all(store, bite).removed == 5);
  CHECK_FALSE(store.await(store->cached("triage", "fetch", "4", at_second(0))));
  CHECK(store.await(store->cached("triage", "fetch", "5", at_second(0))));

  bite.what = storage::OldPollItems{at_second(4)};
  CHECK(prune_all(store, bite).removed == 4);
  CHECK(store.await(store->unseen("triage/0", {"3", "4"})) == std::vector<std::string>{"3"});

  bite.most = 0;
  bite.what = EndedRuns{};
  CHECK(prune_all(store, bite).removed == 0);
}

TEMPLATE_LIST_TEST_CASE("pruning: versions that no run uses are known, and can be removed", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  std::vector<storage::VersionHash> hashes(3);
  for (std::uint8_t i = 0; i < 3; ++i) {
    hashes[i].fill(i);
    REQUIRE(is<Committed>(store.submit(PutVersion{{hashes[i], "triage", "{}"}})));
  }
  auto run = sample_run(store.template next_id<RunId>());
  run.version = hashes[1];
  REQUIRE(is<Committed>(store.submit(AddRun{run})));
  CHECK(store.await(store->unused_versions()) == std::vector{hashes[0], hashes[2]});
  REQUIRE(is<Committed>(store.submit(storage::RemoveVersion{hashes[0]})));
  CHECK_FALSE(store.await(store->version(hashes[0])));
  CHECK(store.await(store->unused_versions()) == std::vector{hashes[2]});
}

TEMPLATE_LIST_TEST_CASE("pruning: what uses the space is told by kind and by workflow", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto empty = store.await(store->usage());
  CHECK(empty.workflows.empty());
  CHECK(std::ranges::all_of(empty.kinds, [](const auto& kind) { return kind.bytes == 0; }));
  CHECK(empty.file.bytes > 0);
  CHECK(empty.file.log_bytes > 0);

  for (int i = 0; i < 500; ++i) {
    add_run(store, i % 10 == 0 ? RunStatus::waiting : RunStatus::succeeded, i,
            i % 5 == 0 ? "mail" : "triage");
  }
  const auto usage = store.await(store->usage());
  REQUIRE(usage.workflows.size() == 2);
  CHECK(usage.workflows[0].workflow == "mail");
  CHECK(usage.workflows[0].runs == 100);
  CHECK(usage.workflows[0].unfinished == 50);
  CHECK(usage.workflows[1].workflow == "triage");
  CHECK(usage.workflows[1].runs == 400);
  CHECK(usage.workflows[1].unfinished == 0);
  CHECK(usage.workflows[1].bytes > 4 * usage.workflows[0].bytes - 100);
  CHECK(usage.workflows[1].bytes < 4 * usage.workflows[0].bytes + 100);
  for (const auto* kind : {"runs", "steps", "logs"}) CHECK(rows_of(usage, kind) == 500);
  CHECK(rows_of(usage, "deliveries") == 0);
}

TEMPLATE_LIST_TEST_CASE("pruning: what was freed is given back in bites", "", Stores) {
  StoreUnderTest<TestType> store;
  for (int i = 0; i < 300; ++i) {
    auto delivery = sample_delivery(store.template next_id<DeliveryId>(), "");
    for (int n = 0; n < 3000; ++n) delivery.body += std::to_string(n * 7919 + i);
    REQUIRE(is<Committed>(store.submit(AddDelivery{delivery})));
  }
  Bite bite;
  bite.what = storage::LoneDeliveries{at_second(100)};
  CHECK(prune_all(store, bite).removed == 300);
  const auto before = store.await(store->give_back(0));
  CHECK(before.free > 1 << 20);
  const auto after = store.await(store->give_back(100 << 10));
  CHECK(after.free == before.free - (100 << 10));
  CHECK(after.bytes == before.bytes - (100 << 10));
  CHECK(store.await(store->give_back(1 << 30)).free == 0);
}
