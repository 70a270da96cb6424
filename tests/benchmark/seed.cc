// Fills a daemon's database with runs, as its engine writes them:
//
//   seed waiting DATABASE WORKFLOW COUNT FIRST OVER
//   seed finished DATABASE WORKFLOW COUNT BODY
//
// WORKFLOW is a file. Runs that wait have an input `at`, which their workflow is to wait for: it is
// spread over OVER seconds, the first of which comes FIRST seconds after this has begun. Finished
// ones were started by a delivery with the bytes of the file BODY; what they sent was answered.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/engine/engine.h"
#include "daemon/engine/trigger_context.h"
#include "daemon/storage/sqlite_store.h"
#include "shared/connector_catalog.h"
#include "shared/file.h"
#include "shared/time_format.h"
#include "shared/workflow_reader.h"
#include "tests/benchmark/bare_sqlite.h"
#include "tests/support/await.h"

namespace tba::benchmark {
namespace {

namespace asio = boost::asio;

constexpr int kClients = 256;
constexpr int kRunsAtOnce = 1000;  // in one change

/// Each request succeeds at once, and nothing is sent.
class Answers final : public engine::AttemptRunner {
 public:
  asio::awaitable<engine::AttemptOutcome> perform(engine::Attempt, engine::LineSink) override {
    engine::AttemptOutcome outcome;
    outcome.http_status = 200;
    outcome.result = Value::object({{"status", Value::integer(200)},
                                    {"headers", Value::object({})},
                                    {"body", Value::object({{"id", Value::integer(1)}})}});
    co_return outcome;
  }
};

/// Nothing that waits is ever woken.
class Silent final : public engine::Alarm {
 public:
  void set(Instant, std::function<void()>) override {}
  void clear() override {}
};

std::string text_of(const std::string& file) {
  auto text = read_file(file, kMaxYamlBytes);
  require(text.has_value(), file.c_str());
  return std::move(*text);
}

std::shared_ptr<const engine::Definition> definition_of(const std::string& file) {
  Diagnostics diagnostics;
  const auto catalog = built_in_connectors();
  auto workflow = read_workflow(file, text_of(file), {.catalog = &catalog}, diagnostics);
  require(workflow.has_value(), diagnostics.render(false).c_str());
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors;
  for (const auto& used : workflow->connectors()) connectors.emplace(used, catalog.find(used));
  return engine::define(std::move(*workflow), std::move(connectors));
}

/// An engine on a database, with nothing else of a daemon around it.
class Seed {
 public:
  Seed(const std::string& database, const std::string& workflow)
      : store_(std::move(storage::SqliteStore::open(database, clock_.now()).value())),
        definition_(definition_of(workflow)) {
    tests::await(context_, definitions_.keep({definition_})).value();
  }

  void add_waiting(int count, double first, double over) {
    const auto begin = clock_.now() + seconds(first);
    for (int done = 0; done < count;) {
      engine::Admission admission;
      for (int i = 0; i < kRunsAtOnce && done < count; ++i, ++done) {
        // In no order: what is due next lies anywhere in the table.
        const auto part = static_cast<double>(random_.next() % 1'000'000) / 1e6;
        const auto at = format_time(begin + seconds(over * part));
        auto start = new_start("manual", engine::plain_trigger("manual", Value(), clock_.now()));
        start.inputs = Value::object({{"at", Value::string(at)}});
        admission.starts.push_back(std::move(start));
      }
      tests::await(context_, engine_.admit(std::move(admission))).value();
    }
  }

  void add_finished(int count, const std::string& body) {
    for (int i = 0; i < kClients; ++i)
      asio::co_spawn(context_, admit_deliveries(count, body), asio::detached);
    context_.restart();
    context_.run();
    require(engine_.statistics().active == 0, "the runs have not ended");
  }

 private:
  static Duration seconds(double number) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number));
  }

  engine::Start new_start(std::string kind, Value trigger) {
    engine::Start start;
    start.id = ids_.next<RunId>();
    start.definition = definition_;
    start.trigger_kind = std::move(kind);
    start.trigger = std::move(trigger);
    start.inputs = Value::object({});
    return start;
  }

  asio::awaitable<void> admit_deliveries(int count, const std::string& body) {
    while (admitted_ < count) {
      ++admitted_;
      storage::Delivery delivery{.id = ids_.next<DeliveryId>(),
                                 .received_at = clock_.now(),
                                 .path = definition_->workflow->name,
                                 .workflow = definition_->workflow->name,
                                 .connector = "github",
                                 .event = "issues.opened",
                                 .sender_id = ids_.next<DeliveryId>().text(),
                                 .headers_json = R"({"x-github-event":"issues"})",
                                 .query_json = "{}",
                                 .body = body,
                                 .method = "POST"};
      const auto read = engine::body_of(delivery);
      require(read.has_value(), "the body");
      auto start = new_start("webhook", engine::trigger_value(delivery, *read));
      start.delivery = delivery.id;
      engine::Admission admission;
      admission.delivery = std::move(delivery);
      admission.starts.push_back(std::move(start));
      const auto outcome = co_await engine_.admit(std::move(admission));
      require(outcome && std::holds_alternative<engine::Admitted>(*outcome), "admitting a run");
    }
  }

  SystemClock clock_;
  SystemRandom random_;
  UuidGenerator ids_{clock_, random_};
  asio::io_context context_{1};
  std::unique_ptr<storage::SqliteStore> store_;
  std::shared_ptr<const engine::Definition> definition_;
  std::unique_ptr<daemon::Log> log_ = daemon::Log::silent();
  engine::Definitions definitions_{*store_};
  engine::RunFeed feed_;
  Answers answers_;
  Silent alarm_;
  engine::Engine engine_{
      {context_.get_executor(), *store_, definitions_, clock_, random_, ids_, alarm_, answers_,
       feed_, *log_, Value::object({}), expression::Budget{},
       [](const std::string&) -> Result<engine::NotifyTarget> {
         return Error{ErrorCode::not_found, "nobody is notified", ""};
       },
       [](const std::string&) -> Result<std::shared_ptr<const engine::Definition>> {
         return Error{ErrorCode::not_found, "there are no sub-runs", ""};
       }}};
  int admitted_ = 0;
};

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "waiting" && argc == 7) {
    tba::benchmark::Seed(argv[2], argv[3])
        .add_waiting(std::atoi(argv[4]), std::atof(argv[5]), std::atof(argv[6]));
    return 0;
  }
  if (what == "finished" && argc == 6) {
    tba::benchmark::Seed(argv[2], argv[3])
        .add_finished(std::atoi(argv[4]), tba::benchmark::text_of(argv[5]));
    return 0;
  }
  std::fprintf(stderr,
               "usage: seed waiting DATABASE WORKFLOW COUNT FIRST OVER\n"
               "       seed finished DATABASE WORKFLOW COUNT BODY\n");
  return 2;
}
