// The least that a durable acknowledgement costs: a Beast server on one thread; for each request a
// delivery and a run are committed, many requests to a commit, before it is answered 202.
//
//   bare_ack PORT DATABASE
#include <cstdlib>
#include <functional>
#include <vector>

#include "tests/benchmark/bare_server.h"
#include "tests/benchmark/bare_sqlite.h"
#include "tests/benchmark/group_writer.h"

namespace tba::benchmark {
namespace {

constexpr const char* kSchema = R"sql(
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, sender_id TEXT UNIQUE, body BLOB);
CREATE TABLE runs (id INTEGER PRIMARY KEY, workflow TEXT, status TEXT, created INTEGER,
                   delivery INTEGER);
CREATE INDEX runs_by_status ON runs (status, created);
)sql";

struct Job {
  std::string body;
  std::function<void(std::int64_t run)> done;
};

class Inbox {
 public:
  explicit Inbox(const char* file) : database_(file, kSchema) {}

  asio::awaitable<Response> answer(Request request) {
    co_return accepted(co_await number_from([&](auto done) {
      writer_.push({std::move(request.body()), std::move(done)});
    }));
  }

 private:
  void commit(std::vector<Job>& jobs) {
    std::vector<std::int64_t> runs;
    database_.execute("BEGIN IMMEDIATE");
    for (const auto& job : jobs) {
      const auto sender_id = "sender-" + std::to_string(++deliveries_);
      add_delivery_.bind_text(1, sender_id);
      add_delivery_.bind_blob(2, job.body);
      add_delivery_.run();
      add_run_.bind(1, database_.last_id());
      add_run_.run();
      runs.push_back(database_.last_id());
    }
    database_.execute("COMMIT");
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].done(runs[i]);
  }

  BareDatabase database_;
  BareStatement add_delivery_{database_.get(),
                              "INSERT INTO deliveries (sender_id, body) VALUES (?, ?)"};
  BareStatement add_run_{
      database_.get(),
      "INSERT INTO runs (workflow, status, created, delivery) VALUES ('w', 'queued', 1, ?)"};
  std::int64_t deliveries_ = 0;
  GroupWriter<Job> writer_{[this](std::vector<Job>& jobs) { commit(jobs); }};
};

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_ack PORT DATABASE\n");
    return 2;
  }
  asio::io_context context(1);
  Inbox inbox(argv[2]);
  serve(context, static_cast<std::uint16_t>(std::atoi(argv[1])),
        [&](Request request) { return inbox.answer(std::move(request)); });
}
