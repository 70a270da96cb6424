// What every Store must do, whatever it is built on.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using storage::AddDelivery;
using storage::AddRejection;
using storage::AddRun;
using storage::AddSchedule;
using storage::AddSlot;
using storage::AppendLog;
using storage::Change;
using storage::Committed;
using storage::Conflict;
using storage::Duplicate;
using storage::LostOwnership;
using storage::Outcome;
using storage::PageRequest;
using storage::PutCredential;
using storage::PutStep;
using storage::PutVersion;
using storage::RemoveCredential;
using storage::UpdateRun;

namespace {

void check_same(const storage::Step& got, const storage::Step& expected) {
  CHECK(got.run == expected.run);
  CHECK(got.key == expected.key);
  CHECK(got.position == expected.position);
  CHECK(got.status == expected.status);
  CHECK(got.attempt == expected.attempt);
  CHECK(got.effect == expected.effect);
  CHECK(got.started_at == expected.started_at);
  CHECK(got.attempt_started_at == expected.attempt_started_at);
  CHECK(got.finished_at == expected.finished_at);
  CHECK(got.due_at == expected.due_at);
  CHECK(got.result_json == expected.result_json);
  CHECK(got.memo_json == expected.memo_json);
  CHECK(got.failure == expected.failure);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("store: a delivery comes back as it was, its body byte for byte", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  auto delivery = sample_delivery(store.template next_id<DeliveryId>(), "sender-1");
  SECTION("small") {}
  SECTION("empty") {
    delivery.body = delivery.query_json = delivery.sender_id = "";
  }
  SECTION("unmatched") {
    delivery.method = "PUT";
    delivery.unmatched = "`match` gave false";
  }
  SECTION("binary") {
    delivery.body = std::string("\0\xff\x01zstd\0", 8);
  }
  SECTION("big") {
    for (int i = 0; i < 100'000; ++i) delivery.body += "{\"n\":" + std::to_string(i) + "}";
  }
  REQUIRE(is<Committed>(store.submit(AddDelivery{delivery})));
  store.reopen();

  const auto got = store.await(store->delivery(delivery.id));
  REQUIRE(got);
  CHECK(got->id == delivery.id);
  CHECK(got->received_at == delivery.received_at);
  CHECK(got->path == delivery.path);
  CHECK(got->workflow == delivery.workflow);
  CHECK(got->connector == delivery.connector);
  CHECK(got->event == delivery.event);
  CHECK(got->sender_id == delivery.sender_id);
  CHECK(got->headers_json == delivery.headers_json);
  CHECK(got->query_json == delivery.query_json);
  CHECK(got->method == delivery.method);
  CHECK(got->unmatched == delivery.unmatched);
  CHECK((got->body == delivery.body));  // too big to be shown
}

TEMPLATE_LIST_TEST_CASE("store: what is not there reads as nothing", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  CHECK_FALSE(store.await(store->run(run)));
  CHECK_FALSE(store.await(store->delivery(store.template next_id<DeliveryId>())));
  CHECK_FALSE(store.await(store->version({})));
  CHECK(store.await(store->schedules()).empty());
  CHECK(store.await(store->steps(run)).empty());
  CHECK(store.await(store->logs(run, 0, 10)).empty());
  CHECK(store.await(store->runs({}, {})).items.empty());
  CHECK(store.await(store->deliveries({}, {})).items.empty());
  CHECK(store.await(store->rejections({10, ""})).items.empty());
  CHECK(store.await(store->credentials()).empty());
}

TEMPLATE_LIST_TEST_CASE("store: a sender's delivery id starts runs once for each path", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto delivery = sample_delivery(store.template next_id<DeliveryId>(), "sender-1");
  std::vector<RunId> ids;
  Change change{{AddDelivery{delivery}}};
  for (int i = 0; i < 2; ++i) {
    auto run = sample_run(ids.emplace_back(store.template next_id<RunId>()));
    run.delivery = delivery.id;
    change.writes.emplace_back(AddRun{run});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));

  auto again = sample_delivery(store.template next_id<DeliveryId>(), "sender-1");
  const auto refused_run = sample_run(store.template next_id<RunId>());

  SECTION("the same path: refused, with what the first one started") {
    const auto outcome = store.submit(AddRun{refused_run}, AddDelivery{again});
    REQUIRE(is<Duplicate>(outcome));
    CHECK(std::get<Duplicate>(outcome).delivery == delivery.id);
    CHECK(std::get<Duplicate>(outcome).runs == ids);
    CHECK_FALSE(store.await(store->delivery(again.id)));
    CHECK_FALSE(store.await(store->run(refused_run.id)));
  }
  SECTION("another path: taken") {
    again.path = "other";
    CHECK(is<Committed>(store.submit(AddDelivery{again})));
  }
  SECTION("no sender's id: always taken") {
    again.sender_id = "";
    CHECK(is<Committed>(store.submit(AddDelivery{again})));
    again.id = store.template next_id<DeliveryId>();
    CHECK(is<Committed>(store.submit(AddDelivery{again})));
  }
  SECTION("the runs of a delivery can be listed") {
    storage::RunFilter filter;
    filter.delivery = delivery.id;
    const auto runs = store.await(store->runs(filter, {})).items;
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].id == ids[1]);
    CHECK(runs[1].id == ids[0]);
  }
}

TEMPLATE_LIST_TEST_CASE("store: a run is added whole, and updated in what can change", "", Stores) {
  StoreUnderTest<TestType> store;
  auto run = sample_run(store.template next_id<RunId>());
  run.inputs_json = "{\"text\":\"" + std::string(5000, 'x') + "\"}";
  run.delivery = store.template next_id<DeliveryId>();
  run.parent = store.template next_id<RunId>();
  run.parent_step = "each[3]/sub";
  run.depth = 2;
  run.retry_of = store.template next_id<RunId>();
  run.concurrency_key = "octocat/hello";
  REQUIRE(is<Committed>(store.submit(AddRun{run})));
  check_same(*store.await(store->run(run.id)), run);

  run.status = RunStatus::failed;
  run.phase = RunPhase::finally;
  run.crashes = 3;
  run.solo_crashes = 2;
  run.trial_size = 1;
  run.started_at = at_second(10);
  run.finished_at = at_second(20);
  run.wake_at = at_second(15);
  run.deadline = at_second(30);
  run.output_json = "{\"a\":1}";
  run.failure = storage::Failure{"timeout", "It took too long.", "reporter"};
  run.cancel_requested = true;
  auto update = run;
  update.workflow = "other";  // what cannot change is not looked at
  update.trigger_json = update.inputs_json = "{}";
  update.delivery.reset();
  update.parent.reset();
  update.retry_of.reset();
  update.parent_step = update.concurrency_key = "";
  update.depth = 0;
  REQUIRE(is<Committed>(store.submit(UpdateRun{update})));
  ++run.epoch;
  store.reopen();
  check_same(*store.await(store->run(run.id)), run);
}

TEMPLATE_LIST_TEST_CASE("store: crashes count for what is running, and for what was alone", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  using Counts = std::vector<int>;
  const auto counts = [&](RunId id) {
    const auto run = store.await(store->run(id));
    return Counts{run->crashes, run->solo_crashes, run->trial_size};
  };
  auto running = sample_run(store.template next_id<RunId>());
  running.status = RunStatus::running;
  auto waiting = sample_run(store.template next_id<RunId>());
  waiting.status = RunStatus::waiting;
  REQUIRE(is<Committed>(store.submit(AddRun{running}, AddRun{waiting})));
  REQUIRE(is<Committed>(store.submit(storage::CountCrash{})));
  CHECK(counts(running.id) == Counts{1, 0, 0});
  CHECK(counts(waiting.id) == Counts{0, 0, 0});
  REQUIRE(is<Committed>(store.submit(storage::PutOnTrial{running.id, 2})));
  CHECK(counts(running.id) == Counts{1, 0, 2});
  REQUIRE(is<Committed>(store.submit(storage::CountCrash{})));
  CHECK(counts(running.id) == Counts{2, 0, 0});
  REQUIRE(is<Committed>(store.submit(storage::PutOnTrial{running.id, 1})));
  REQUIRE(is<Committed>(store.submit(storage::CountCrash{})));
  CHECK(counts(running.id) == Counts{3, 1, 0});
  REQUIRE(is<Committed>(store.submit(storage::PutOnTrial{running.id, 1})));
  REQUIRE(is<Committed>(store.submit(storage::ForgiveCrash{})));
  REQUIRE(is<Committed>(store.submit(storage::CountCrash{})));
  CHECK(counts(running.id) == Counts{3, 1, 0});
  // Whoever has read the row before may write it.
  REQUIRE(is<Committed>(store.submit(UpdateRun{running})));
}

TEMPLATE_LIST_TEST_CASE("store: steps are replaced by key and given in their order", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  auto second = sample_step(run, "a", 1);
  const auto first = sample_step(run, "b", 0);
  REQUIRE(is<Committed>(store.submit(PutStep{second}, PutStep{first})));

  second.status = StepStatus::waiting;
  second.attempt = 3;
  second.effect = Effect::once;
  second.attempt_started_at = at_second(40);
  second.finished_at = at_second(41);
  second.due_at = at_second(42);
  second.result_json = "{\"body\":\"" + std::string(3000, 'y') + "\"}";
  second.memo_json = "{\"items\":\"" + std::string(3000, 'z') + "\"}";
  second.failure = storage::Failure{"network", "Connection refused", ""};
  REQUIRE(is<Committed>(store.submit(PutStep{second})));

  const auto steps = store.await(store->steps(run));
  REQUIRE(steps.size() == 2);
  check_same(steps[0], first);
  check_same(steps[1], second);
  CHECK(store.await(store->steps(store.template next_id<RunId>())).empty());

  const auto result_sizes = [&](std::vector<std::string> results_of) {
    std::vector<std::size_t> sizes;
    for (const auto& step : store.await(store->steps(run, std::move(results_of))))
      sizes.push_back(step.result_json.size());
    return sizes;
  };
  const auto of_first = first.result_json.size();
  const auto of_second = second.result_json.size();
  CHECK(result_sizes({}) == std::vector<std::size_t>{0, 0});
  CHECK(result_sizes({"a"}) == std::vector<std::size_t>{0, of_second});
  CHECK(result_sizes({"b", "none"}) == std::vector<std::size_t>{of_first, 0});
  CHECK(result_sizes({"a", "b"}) == std::vector<std::size_t>{of_first, of_second});
}

TEMPLATE_LIST_TEST_CASE("store: a version is kept once, as it was first", "", Stores) {
  StoreUnderTest<TestType> store;
  storage::WorkflowVersion version{{}, "triage", "{\"text\":\"" + std::string(4000, 'z') + "\"}"};
  version.hash.fill(3);
  REQUIRE(is<Committed>(store.submit(PutVersion{version})));
  auto other = version;
  other.definition_json = "{}";
  REQUIRE(is<Committed>(store.submit(PutVersion{other})));
  const auto got = store.await(store->version(version.hash));
  REQUIRE(got);
  CHECK(got->hash == version.hash);
  CHECK(got->workflow == version.workflow);
  CHECK(got->definition_json == version.definition_json);

  storage::VersionHash unknown{}, another{};
  another.fill(4);
  const std::vector missing{unknown, another};
  CHECK(store.await(store->missing_versions({unknown, version.hash, another})) == missing);
}

TEMPLATE_LIST_TEST_CASE("store: log lines count within their run", "", Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  const auto other = store.template next_id<RunId>();
  for (int i = 1; i <= 5; ++i) {
    store.submit(AppendLog{{run, 99, at_second(i), "notify", "stdout", std::to_string(i)}},
                 AppendLog{{other, 0, at_second(i), "", "engine", std::string(1000, 'l')}});
  }
  auto lines = store.await(store->logs(run, 0, 3));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].sequence == 1);
  CHECK(lines[2].sequence == 3);
  CHECK(lines[2].run == run);
  CHECK(lines[2].at == at_second(3));
  CHECK(lines[2].step == "notify");
  CHECK(lines[2].stream == "stdout");
  CHECK(lines[2].text == "3");
  lines = store.await(store->logs(run, 3, 10));
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].text == "5");
  CHECK(store.await(store->logs(other, 4, 10)).at(0).text == std::string(1000, 'l'));
}

TEMPLATE_LIST_TEST_CASE("store: of the rejections the newest thousand are kept", "", Stores) {
  StoreUnderTest<TestType> store;
  Change change;
  for (int i = 0; i < 1010; ++i) {
    change.writes.emplace_back(
        AddRejection{{at_second(i), "path", "127.0.0.1:1", 401, "reason " + std::to_string(i)}});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  const auto all = store.await(store->rejections({5000, ""})).items;
  REQUIRE(all.size() == 1000);
  CHECK(all.front().reason == "reason 1009");
  CHECK(all.front().at == at_second(1009));
  CHECK(all.front().path == "path");
  CHECK(all.front().peer == "127.0.0.1:1");
  CHECK(all.front().status == 401);
  CHECK(all.back().reason == "reason 10");
}

TEMPLATE_LIST_TEST_CASE("store: rejections are listed page by page, newest first", "", Stores) {
  StoreUnderTest<TestType> store;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(is<Committed>(
        store.submit(AddRejection{{at_second(i), std::to_string(i), "127.0.0.1:1", 401, "why"}})));
  }
  std::string paths;
  storage::PageRequest request{2, ""};
  do {
    const auto page = store.await(store->rejections(request));
    for (const auto& rejection : page.items) paths += rejection.path;
    paths += '|';
    request.cursor = page.next;
  } while (!request.cursor.empty());
  CHECK(paths == "43|21|0|");
  CHECK(store.try_await(store->rejections({2, "nonsense"})).error().code == ErrorCode::invalid);
}

TEMPLATE_LIST_TEST_CASE("store: of a schedule stays when it was first seen, and its last slot", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  REQUIRE(is<Committed>(store.submit(AddSchedule{"triage/every 1m", at_second(7)})));
  REQUIRE(is<Committed>(store.submit(AddSchedule{"nightly/@daily", at_second(8)})));
  REQUIRE(is<Committed>(store.submit(AddSchedule{"triage/every 1m", at_second(9)})));
  REQUIRE(is<Committed>(store.submit(AddSlot{{"triage/every 1m", at_second(60)}})));
  REQUIRE(is<Committed>(store.submit(AddSlot{{"triage/every 1m", at_second(0)}})));
  const auto all = store.await(store->schedules());
  REQUIRE(all.size() == 2);
  CHECK(all[0].schedule == "nightly/@daily");
  CHECK(all[0].seen_at == at_second(8));
  CHECK_FALSE(all[0].last_slot);
  CHECK(all[1].schedule == "triage/every 1m");
  CHECK(all[1].seen_at == at_second(7));
  CHECK(all[1].last_slot == at_second(60));
}

TEMPLATE_LIST_TEST_CASE("store: of a schedule's slots the last thousand stay", "", Stores) {
  StoreUnderTest<TestType> store;
  for (int i = 0; i <= 1000; ++i)
    REQUIRE(is<Committed>(store.submit(AddSlot{{"often", at_second(i)}})));
  REQUIRE(is<Committed>(store.submit(AddSlot{{"seldom", at_second(0)}})));
  CHECK(is<Conflict>(store.submit(AddSlot{{"often", at_second(1)}})));
  CHECK(is<Conflict>(store.submit(AddSlot{{"seldom", at_second(0)}})));
  CHECK(is<Committed>(store.submit(AddSlot{{"often", at_second(0)}})));
}

TEMPLATE_LIST_TEST_CASE("store: a slot of a schedule is taken once, and all or nothing", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  REQUIRE(is<Committed>(store.submit(AddSlot{{"triage/0", at_second(60)}})));
  REQUIRE(is<Committed>(store.submit(AddSlot{{"triage/0", at_second(0)}})));
  REQUIRE(is<Committed>(store.submit(AddSlot{{"triage/1", at_second(120)}})));

  const auto run = sample_run(store.template next_id<RunId>());
  const auto outcome = store.submit(AddRun{run}, AddSlot{{"triage/0", at_second(60)}});
  REQUIRE(is<Conflict>(outcome));
  CHECK(std::get<Conflict>(outcome).what.find("triage/0") != std::string::npos);
  CHECK_FALSE(store.await(store->run(run.id)));
}

TEMPLATE_LIST_TEST_CASE("store: a credential is written by who knows its version", "", Stores) {
  StoreUnderTest<TestType> store;
  auto credential = sample_credential(store.template next_id<CredentialId>(), "bot");
  REQUIRE(is<Committed>(store.submit(PutCredential{credential, 0})));
  REQUIRE(is<Conflict>(store.submit(PutCredential{credential, 0})));
  REQUIRE(is<Conflict>(store.submit(PutCredential{credential, 2})));

  credential.version = 2;
  credential.sealed = "other";
  credential.base_url = "";
  credential.updated_at = at_second(100);
  REQUIRE(is<Committed>(store.submit(PutCredential{credential, 1})));
  REQUIRE(is<Committed>(store.submit(
      PutCredential{sample_credential(store.template next_id<CredentialId>(), "another"), 0})));

  const auto all = store.await(store->credentials());
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "another");
  CHECK(all[1].id == credential.id);
  CHECK(all[1].name == "bot");
  CHECK(all[1].connector == credential.connector);
  CHECK(all[1].scheme == credential.scheme);
  CHECK(all[1].base_url == credential.base_url);
  CHECK(all[1].version == 2);
  CHECK(all[1].wrapped_key == credential.wrapped_key);
  CHECK(all[1].sealed == "other");
  CHECK(all[1].created_at == credential.created_at);
  CHECK(all[1].updated_at == credential.updated_at);

  REQUIRE(is<Committed>(store.submit(RemoveCredential{"bot"})));
  const auto outcome = store.submit(RemoveCredential{"bot"});
  REQUIRE(is<Conflict>(outcome));
  CHECK(std::get<Conflict>(outcome).what == "there is no credential 'bot'");
  CHECK(store.await(store->credentials()).size() == 1);
}

TEMPLATE_LIST_TEST_CASE("store: an id that is given twice is a conflict, and harms nobody else", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto run = sample_run(store.template next_id<RunId>());
  const auto other = sample_run(store.template next_id<RunId>());
  REQUIRE(is<Committed>(store.submit(AddRun{run})));
  CHECK(is<Conflict>(store.submit(AddRun{other}, AddRun{run})));
  CHECK_FALSE(store.await(store->run(other.id)));
}

TEMPLATE_LIST_TEST_CASE("store: a run is written by who knows its last write", "", Stores) {
  StoreUnderTest<TestType> store;
  auto run = sample_run(store.template next_id<RunId>());
  run.epoch = 3;
  REQUIRE(is<Committed>(store.submit(AddRun{run})));
  run.status = RunStatus::running;
  REQUIRE(is<Committed>(store.submit(UpdateRun{run})));

  auto late = run;
  late.status = RunStatus::cancelled;
  CHECK(is<LostOwnership>(store.submit(PutStep{sample_step(run.id, "a", 0)}, UpdateRun{late})));
  late.epoch = 5;
  CHECK(is<LostOwnership>(store.submit(UpdateRun{late})));
  late.id = store.template next_id<RunId>();
  CHECK(is<LostOwnership>(store.submit(UpdateRun{late})));
  CHECK(store.await(store->steps(run.id)).empty());

  ++run.epoch;
  check_same(*store.await(store->run(run.id)), run);
  run.status = RunStatus::waiting;
  auto next = run;
  ++next.epoch;
  next.status = RunStatus::succeeded;
  REQUIRE(is<Committed>(store.submit(UpdateRun{run}, UpdateRun{next})));
  ++next.epoch;
  check_same(*store.await(store->run(run.id)), next);
}

TEMPLATE_LIST_TEST_CASE("store: runs are listed newest first, filtered, page by page", "", Stores) {
  StoreUnderTest<TestType> store;
  Change change;
  std::vector<storage::Run> added;
  const auto delivery = store.template next_id<DeliveryId>();
  const auto parent = store.template next_id<RunId>();
  for (int i = 0; i < 48; ++i) {
    auto run = sample_run(store.template next_id<RunId>(), i % 3 == 0 ? "mail" : "triage");
    run.status = static_cast<RunStatus>(i % 8);
    if (i % 5 == 0) run.delivery = delivery;
    if (i % 7 == 0) run.parent = parent;
    added.push_back(run);
    change.writes.emplace_back(AddRun{run});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  std::ranges::reverse(added);

  storage::RunFilter filter;
  SECTION("all") {}
  SECTION("of a workflow") {
    filter.workflow = "mail";
  }
  SECTION("of final statuses") {
    filter.statuses = {RunStatus::failed, RunStatus::cancelled};
  }
  SECTION("of unfinished statuses") {
    filter.statuses = {RunStatus::interrupted, RunStatus::queued};
  }
  SECTION("of both kinds of status") {
    filter.statuses = {RunStatus::interrupted, RunStatus::failed};
  }
  SECTION("of a delivery") {
    filter.delivery = delivery;
  }
  SECTION("of a delivery, a workflow and a status") {
    filter.workflow = "mail";
    filter.statuses = {RunStatus::running, RunStatus::succeeded};
    filter.delivery = delivery;
  }
  SECTION("of a workflow and an unfinished status") {
    filter.workflow = "mail";
    filter.statuses = {RunStatus::running};
  }
  SECTION("of every unfinished status") {
    filter.statuses = {RunStatus::waiting, RunStatus::queued, RunStatus::interrupted,
                       RunStatus::running};
  }
  SECTION("sub-runs of a run") {
    filter.parent = parent;
  }
  SECTION("sub-runs of a run that run") {
    filter.parent = parent;
    filter.statuses = {RunStatus::running};
  }
  SECTION("that need attention, whatever else is asked for") {
    filter.attention = true;
    filter.statuses = {RunStatus::running};
  }
  SECTION("of a workflow, that need attention") {
    filter.workflow = "mail";
    filter.attention = true;
  }
  SECTION("of an unknown workflow") {
    filter.workflow = "none";
  }

  std::vector<storage::Run> expected;
  std::ranges::copy_if(added, std::back_inserter(expected), [&](const storage::Run& run) {
    return (filter.workflow.empty() || run.workflow == filter.workflow) &&
           (filter.attention
                ? run.status == RunStatus::interrupted
                : filter.statuses.empty() ||
                      std::ranges::find(filter.statuses, run.status) != filter.statuses.end()) &&
           (!filter.parent || run.parent == filter.parent) &&
           (!filter.delivery || run.delivery == filter.delivery);
  });
  const auto got =
      all_pages([&](const PageRequest& page) { return store.await(store->runs(filter, page)); }, 5);
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    expected[i].trigger_json = expected[i].inputs_json = expected[i].output_json = "";
    check_same(got[i], expected[i]);
  }
}

TEMPLATE_LIST_TEST_CASE("store: deliveries are listed newest first, filtered, without contents", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  std::vector<storage::Delivery> added;
  Change change;
  for (int i = 0; i < 24; ++i) {
    auto delivery = sample_delivery(store.template next_id<DeliveryId>(), std::to_string(i));
    delivery.workflow = i % 2 == 0 ? "mail" : "triage";
    delivery.event = i % 3 == 0 ? "push" : "issues.opened";
    if (i % 4 < 2) delivery.unmatched = "not wanted";
    added.push_back(delivery);
    change.writes.emplace_back(AddDelivery{delivery});
  }
  REQUIRE(is<Committed>(store.await(store->submit(change))));
  std::ranges::reverse(added);

  storage::DeliveryFilter filter;
  SECTION("all") {}
  SECTION("of a workflow") {
    filter.workflow = "mail";
  }
  SECTION("of an event") {
    filter.event = "push";
  }
  SECTION("of both") {
    filter = {.workflow = "mail", .event = "push"};
  }
  SECTION("that nothing took") {
    filter.unmatched = true;
  }
  SECTION("that nothing took, of a workflow and an event") {
    filter = {"triage", "push", true};
  }
  SECTION("that were taken") {
    filter.unmatched = false;
  }

  std::erase_if(added, [&](const storage::Delivery& delivery) {
    return (!filter.workflow.empty() && delivery.workflow != filter.workflow) ||
           (!filter.event.empty() && delivery.event != filter.event) ||
           (filter.unmatched && delivery.unmatched.empty() == *filter.unmatched);
  });
  const auto got = all_pages(
      [&](const PageRequest& page) { return store.await(store->deliveries(filter, page)); }, 4);
  REQUIRE(got.size() == added.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].id == added[i].id);
    CHECK(got[i].sender_id == added[i].sender_id);
    CHECK(got[i].event == added[i].event);
    CHECK(got[i].headers_json.empty());
    CHECK(got[i].query_json.empty());
    CHECK(got[i].body.empty());
  }
}

TEMPLATE_LIST_TEST_CASE("store: a cursor that no page gave is refused", "", Stores) {
  StoreUnderTest<TestType> store;
  const PageRequest page{10, "yesterday"};
  const auto check_refused = [](const auto& result) {
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().message == "the cursor 'yesterday' is none that a page gave");
  };
  check_refused(store.try_await(store->runs({}, page)));
  check_refused(store.try_await(store->deliveries({}, page)));
}

TEMPLATE_LIST_TEST_CASE("store: changes are carried out in the order of their submission", "",
                        Stores) {
  StoreUnderTest<TestType> store;
  const auto run = store.template next_id<RunId>();
  int committed = 0;
  std::vector<int> completed;
  for (int i = 0; i < 500; ++i) {
    Change change{{AppendLog{{run, 0, at_second(i), "", "engine", std::to_string(i)}}}};
    boost::asio::co_spawn(store.context(), store->submit(std::move(change)),
                          [&, i](std::exception_ptr, const Result<Outcome>& outcome) {
                            if (outcome && is<Committed>(*outcome)) ++committed;
                            completed.push_back(i);
                          });
  }
  store.context().restart();
  store.context().run();
  CHECK(committed == 500);
  CHECK(std::ranges::is_sorted(completed));
  const auto lines = store.await(store->logs(run, 0, 1000));
  REQUIRE(lines.size() == 500);
  for (std::size_t i = 0; i < lines.size(); ++i) REQUIRE(lines[i].text == std::to_string(i));
}

TEMPLATE_LIST_TEST_CASE("store: of concurrent changes each stands or falls alone", "", Stores) {
  StoreUnderTest<TestType> store;
  std::vector<storage::Run> runs;
  std::vector<bool> refused;
  for (int i = 0; i < 100; ++i) {
    const auto& run = runs.emplace_back(sample_run(store.template next_id<RunId>()));
    // Each slot is asked for twice: the second comes to nothing, though it has written a run.
    Change change{{AddRun{run}, AddSlot{{"triage/0", at_second(i / 2)}}}};
    boost::asio::co_spawn(store.context(), store->submit(std::move(change)),
                          [&](std::exception_ptr, const Result<Outcome>& outcome) {
                            refused.push_back(outcome && is<Conflict>(*outcome));
                          });
  }
  store.context().restart();
  store.context().run();
  REQUIRE(refused.size() == 100);
  for (std::size_t i = 0; i < refused.size(); ++i) {
    REQUIRE(refused[i] == (i % 2 == 1));
    REQUIRE(store.await(store->run(runs[i].id)).has_value() == (i % 2 == 0));
  }
}
