#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <tuple>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/storage/sqlite_store.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// What a conformance test needs of a kind of store. `Kind::open(folder, context)` opens it, empty
/// at first, or as it was when it was opened there before.
template <class Kind>
class StoreUnderTest {
 public:
  StoreUnderTest() : store_(Kind::open(folder_, context_)) {}

  storage::Store& operator*() { return *store_; }
  storage::Store* operator->() { return store_.get(); }

  /// Closes it and opens it again.
  void reopen() {
    store_.reset();
    store_ = Kind::open(folder_, context_);
  }

  /// Runs the coroutine to its end; gives what it succeeded with, and throws on an error.
  template <class T>
  T await(boost::asio::awaitable<Result<T>> coroutine) {
    auto result = try_await(std::move(coroutine));
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }
  template <class T>
  Result<T> try_await(boost::asio::awaitable<Result<T>> coroutine) {
    return tests::await(context_, std::move(coroutine));
  }

  /// Submits the writes as one change.
  template <class... Writes>
  storage::Outcome submit(Writes... writes) {
    storage::Change change;
    (change.writes.emplace_back(std::move(writes)), ...);
    return await(store_->submit(std::move(change)));
  }

  boost::asio::io_context& context() { return context_; }
  template <class AnyId>
  AnyId next_id() {
    return ids_.next<AnyId>();
  }

 private:
  TemporaryFolder folder_;
  FakeClock clock_;
  SeededRandom random_{1};
  UuidGenerator ids_{clock_, random_};
  boost::asio::io_context context_;
  std::unique_ptr<storage::Store> store_;
};

/// SQLite as the daemon uses it.
struct SqliteOnThreads {
  static std::unique_ptr<storage::Store> open(const TemporaryFolder& folder,
                                              boost::asio::io_context&) {
    return std::move(storage::SqliteStore::open(folder / "tba.db", Instant{}).value());
  }
};

/// SQLite on the test's own thread.
struct SqliteInline {
  static std::unique_ptr<storage::Store> open(const TemporaryFolder& folder,
                                              boost::asio::io_context& context) {
    return std::move(
        storage::SqliteStore::open(folder / "tba.db", Instant{},
                                   std::make_unique<storage::InlineWorker>(context.get_executor()),
                                   std::make_unique<storage::InlineWorker>(context.get_executor()))
            .value());
  }
};

/// Every kind of store passes the conformance tests.
using Stores = std::tuple<SqliteOnThreads, SqliteInline>;

inline Instant at_second(std::int64_t second) {
  return Instant(std::chrono::seconds(1'700'000'000 + second));
}

inline storage::Delivery sample_delivery(DeliveryId id, std::string sender_id) {
  return {.id = id,
          .received_at = at_second(1),
          .path = "triage",
          .workflow = "triage",
          .connector = "github",
          .event = "issues.opened",
          .sender_id = std::move(sender_id),
          .headers_json = R"({"X-GitHub-Event":"issues"})",
          .query_json = R"({"a":"b"})",
          .body = R"({"action":"opened"})",
          .method = "POST"};
}

inline storage::Run sample_run(RunId id, std::string workflow = "triage") {
  storage::Run run;
  run.id = id;
  run.workflow = std::move(workflow);
  run.version.fill(7);
  run.trigger_kind = "manual";
  run.trigger_json = R"({"kind":"manual"})";
  run.inputs_json = R"({"minimum":10})";
  run.created_at = at_second(2);
  return run;
}

inline storage::Step sample_step(RunId run, std::string key, int position) {
  storage::Step step;
  step.run = run;
  step.key = std::move(key);
  step.position = position;
  step.started_at = at_second(3);
  step.attempt_started_at = at_second(4);
  return step;
}

inline storage::Credential sample_credential(CredentialId id, std::string name) {
  return {.id = id,
          .name = std::move(name),
          .connector = "github",
          .scheme = "token",
          .base_url = "http://127.0.0.1:9",
          .version = 1,
          .wrapped_key = std::string("k\0y", 3),
          .sealed = std::string("s\0aled", 6),
          .created_at = at_second(5),
          .updated_at = at_second(6)};
}

template <class Kind>
bool is(const storage::Outcome& outcome) {
  return std::holds_alternative<Kind>(outcome);
}

inline void check_same(const storage::Run& got, const storage::Run& expected) {
  CHECK(got.id == expected.id);
  CHECK(got.workflow == expected.workflow);
  CHECK(got.version == expected.version);
  CHECK(got.status == expected.status);
  CHECK(got.trigger_kind == expected.trigger_kind);
  CHECK(got.trigger_json == expected.trigger_json);
  CHECK(got.delivery == expected.delivery);
  CHECK(got.inputs_json == expected.inputs_json);
  CHECK(got.created_at == expected.created_at);
  CHECK(got.started_at == expected.started_at);
  CHECK(got.finished_at == expected.finished_at);
  CHECK(got.wake_at == expected.wake_at);
  CHECK(got.deadline == expected.deadline);
  CHECK(got.output_json == expected.output_json);
  CHECK(got.failure == expected.failure);
  CHECK(got.cancel_requested == expected.cancel_requested);
  CHECK(got.epoch == expected.epoch);
  CHECK(got.phase == expected.phase);
  CHECK(got.parent == expected.parent);
  CHECK(got.parent_step == expected.parent_step);
  CHECK(got.depth == expected.depth);
  CHECK(got.retry_of == expected.retry_of);
  CHECK(got.concurrency_key == expected.concurrency_key);
  CHECK(got.crashes == expected.crashes);
  CHECK(got.solo_crashes == expected.solo_crashes);
  CHECK(got.trial_size == expected.trial_size);
}

/// The items of all pages, `limit` at a time; no page but the last may be short.
template <class List>
auto all_pages(List list, std::size_t limit) {
  storage::PageRequest request{limit, ""};
  auto page = list(request);
  auto items = std::move(page.items);
  while (!page.next.empty()) {
    REQUIRE(items.size() % limit == 0);
    request.cursor = page.next;
    page = list(request);
    REQUIRE_FALSE(page.items.empty());
    std::ranges::move(page.items, std::back_inserter(items));
  }
  return items;
}

}  // namespace tba::tests
