// Databases that earlier versions of the daemon wrote, kept as SQL in tests/data/migrations.
#include <fstream>
#include <sstream>
#include <string>

#include "daemon/storage/sqlite.h"
#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using storage::Committed;
using storage::UpdateRun;

namespace {

RunId run_id(const std::string& text) {
  return RunId::parse(text).value();
}

/// The database that is kept under that name, opened by this one.
class MigratedStore {
 public:
  explicit MigratedStore(const std::string& name) {
    std::ifstream file(TBA_SOURCE_DIR "/tests/data/migrations/" + name + ".sql");
    std::stringstream sql;
    sql << file.rdbuf();
    auto database =
        storage::Database::open(folder_ / "tba.db", storage::Database::Mode::read_write).value();
    REQUIRE(database.script(sql.str()).has_value());
    store_ = SqliteInline::open(folder_, context_);
  }

  storage::Store* operator->() { return store_.get(); }

  template <class T>
  T await(boost::asio::awaitable<Result<T>> coroutine) {
    return tests::await(context_, std::move(coroutine)).value();
  }

 private:
  TemporaryFolder folder_;
  boost::asio::io_context context_;
  std::unique_ptr<storage::Store> store_;
};

}  // namespace

TEST_CASE("migration: what the first schema held reads back as it was") {
  MigratedStore store("2026-11-23-inbox");
  const auto runs = store.await(store->runs({}, {50, ""})).items;
  std::string summary;
  for (const auto& run : runs)
    summary += run.workflow + ' ' + std::string(name_of(run.status)) + '\n';
  CHECK(summary ==
        "tick succeeded\npoll running\njob interrupted\nbroken failed\nnap waiting\n"
        "greet succeeded\ntriage succeeded\n");
  for (const auto& run : runs) {
    CHECK(run.phase == RunPhase::steps);
    CHECK(run.depth == 0);
    CHECK(run.crashes == 0);
    CHECK_FALSE(run.parent);
    CHECK_FALSE(run.retry_of);
    CHECK(run.concurrency_key.empty());
    CHECK(store.await(store->version(run.version))->workflow == run.workflow);
    CHECK(store.await(store->steps(run.id)).at(0).memo_json.empty());
  }

  const auto greet =
      store.await(store->run(run_id("01a20796-8e53-708a-b9bf-a4777602bfc7"))).value();
  CHECK(greet.inputs_json == R"({"name":"Grace"})");
  CHECK(greet.output_json == R"({"text":"Hello, Grace!"})");
  CHECK(store.await(store->steps(greet.id)).at(0).result_json ==
        R"({"body":{"text":"Hello, Grace!"}})");
  CHECK(store.await(store->logs(greet.id, 0, 10)).at(0).text == "done");
  const auto version = store.await(store->version(greet.version)).value();
  CHECK(version.definition_json.find("Hello, ${{ .inputs.name }}!") != std::string::npos);

  const auto triage =
      store.await(store->run(run_id("01a20796-8e24-7028-93de-4065bf803ba1"))).value();
  const auto delivery = store.await(store->delivery(*triage.delivery)).value();
  CHECK(delivery.body ==
        R"({"action":"opened","issue":{"title":"Spelling error in the README file"}})");
  CHECK(store.await(store->rejections({10, ""})).items.size() == 1);
  CHECK(store.await(store->schedules()).empty());  // seen anew: what they say names them now
  CHECK(store.await(store->credentials()).at(0).name == "github-webhook");

  auto again = sample_delivery(delivery.id, delivery.sender_id);
  again.path = delivery.path;
  const auto outcome = store.await(store->submit({{storage::AddDelivery{again}}}));
  REQUIRE(is<storage::Duplicate>(outcome));
  CHECK(std::get<storage::Duplicate>(outcome).runs == std::vector{triage.id});
}

TEST_CASE("migration: what the first schema left unfinished is found and goes on") {
  MigratedStore store("2026-11-23-inbox");
  const auto resumed = store.await(store->runs_to_resume({50, ""})).items;
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].workflow == "poll");
  CHECK(store.await(store->steps(resumed[0].id)).at(0).effect == Effect::repeat);

  const auto nap = run_id("01a20796-8e5e-7040-a282-f504d389e628");
  auto row = store.await(store->run(nap)).value();
  const auto parked = store.await(store->parked({}, *row.wake_at, 10));
  REQUIRE(parked.size() == 1);
  CHECK(parked[0] == storage::Parked{*row.wake_at, nap});
  CHECK(store.await(store->waiting_count()) == 1);

  storage::RunFilter attention;
  attention.attention = true;
  CHECK(store.await(store->runs(attention, {50, ""})).items.at(0).workflow == "job");

  row.status = RunStatus::succeeded;
  REQUIRE(is<Committed>(store.await(store->submit({{UpdateRun{row}}}))));
  CHECK(store.await(store->waiting_count()) == 0);
  CHECK(store.await(store->run(nap))->epoch == row.epoch + 1);
}
