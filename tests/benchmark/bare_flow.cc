// The least that the whole flow costs: as bare_ack, but the body is compressed and the first step's
// start is committed with it; then the body is parsed, one field mapped, one POST sent to the sink,
// and its result and the end of the run are committed. GET /count tells how many runs have ended.
//
//   bare_flow PORT SINK_URL DATABASE
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>
#include <simdjson.h>
#include <zstd.h>

#include "tests/benchmark/bare_server.h"
#include "tests/benchmark/bare_sqlite.h"
#include "tests/benchmark/group_writer.h"

namespace tba::benchmark {
namespace {

constexpr const char* kSchema = R"sql(
PRAGMA wal_autocheckpoint=4000;
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, sender_id TEXT UNIQUE, body BLOB);
CREATE TABLE runs (id INTEGER PRIMARY KEY, workflow TEXT, status INTEGER, created INTEGER,
                   delivery INTEGER);
CREATE INDEX runs_unfinished ON runs (created) WHERE status < 2;
CREATE TABLE steps (run INTEGER, step INTEGER, status INTEGER, result BLOB,
                    PRIMARY KEY (run, step)) WITHOUT ROWID;
)sql";

constexpr long kConnections = 64;
constexpr int kMostInFlight = 2000;  // beyond, new requests wait

struct Job {
  std::int64_t run = 0;                        ///< That ends; 0: one is to begin.
  std::string text;                            ///< The delivery's body, or the step's result.
  std::function<void(std::int64_t run)> done;  ///< Of one that begins.
};

// --- the database

class History {
 public:
  explicit History(const char* file) : database_(file, kSchema) {}
  ~History() { ZSTD_freeCCtx(compressor_); }
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void commit(std::vector<Job>& jobs) {
    int ended = 0;
    database_.execute("BEGIN IMMEDIATE");
    for (auto& job : jobs) {
      if (job.run == 0) {
        job.run = begin(job.text);
      } else {
        end(job.run, job.text);
        ++ended;
      }
    }
    database_.execute("COMMIT");
    ended_ += ended;
    for (const auto& job : jobs) {
      if (job.done) job.done(job.run);
    }
  }

  std::int64_t ended() const { return ended_; }

 private:
  std::int64_t begin(const std::string& body) {
    packed_.resize(ZSTD_compressBound(body.size()));
    const auto size =
        ZSTD_compressCCtx(compressor_, packed_.data(), packed_.size(), body.data(), body.size(), 1);
    const auto sender_id = "sender-" + std::to_string(++deliveries_);
    add_delivery_.bind_text(1, sender_id);
    add_delivery_.bind_blob(2, {packed_.data(), size});
    add_delivery_.run();
    add_run_.bind(1, database_.last_id());
    add_run_.run();
    const auto run = database_.last_id();
    add_step_.bind(1, run);
    add_step_.run();
    return run;
  }

  void end(std::int64_t run, const std::string& result) {
    end_step_.bind(1, run);
    end_step_.bind_blob(2, result);
    end_step_.run();
    end_run_.bind(1, run);
    end_run_.run();
  }

  BareDatabase database_;
  BareStatement add_delivery_{database_.get(),
                              "INSERT INTO deliveries (sender_id, body) VALUES (?, ?)"};
  BareStatement add_run_{
      database_.get(),
      "INSERT INTO runs (workflow, status, created, delivery) VALUES ('w', 0, 1, ?)"};
  BareStatement add_step_{database_.get(), "INSERT INTO steps VALUES (?, 1, 1, NULL)"};
  BareStatement end_step_{database_.get(),
                          "UPDATE steps SET status = 2, result = ?2 WHERE run = ?1 AND step = 1"};
  BareStatement end_run_{database_.get(), "UPDATE runs SET status = 2 WHERE id = ?"};
  ZSTD_CCtx* compressor_ = ZSTD_createCCtx();
  std::string packed_;
  std::int64_t deliveries_ = 0;
  std::atomic<std::int64_t> ended_ = 0;
};

// --- the outgoing requests

/// Sends POSTs with libcurl's multi interface, on a thread of its own.
class Sender {
 public:
  using Answered = std::function<void(std::int64_t run, std::string answer)>;

  Sender(std::string url, Answered answered)
      : url_(std::move(url)), answered_(std::move(answered)) {
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, kConnections);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnections);
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
    thread_ = std::thread([this] { run(); });
  }
  ~Sender() {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto* handle : handles_) {
      curl_multi_remove_handle(multi_, handle);
      curl_easy_cleanup(handle);
    }
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  int in_flight() const { return in_flight_; }

  void post(std::int64_t run, std::string payload) {
    ++in_flight_;
    auto call = std::make_unique<Call>(Call{run, std::move(payload), {}});
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(call));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  struct Call {
    std::int64_t run;
    std::string payload;
    std::string answer;
  };

  void run() {
    while (!stopping_) {
      std::vector<std::unique_ptr<Call>> taken;
      {
        std::lock_guard lock(mutex_);
        taken.swap(queue_);
      }
      for (auto& call : taken) begin(std::move(call));
      int running = 0;
      curl_multi_perform(multi_, &running);
      int left = 0;
      while (auto* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) end(message->easy_handle);
      }
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
  }

  /// Owned by its handle until end().
  void begin(std::unique_ptr<Call> call) {
    auto* handle = idle_handle();
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call->payload.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(call->payload.size()));
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, call.get());
    curl_easy_setopt(handle, CURLOPT_PRIVATE, call.release());
    curl_multi_add_handle(multi_, handle);
  }

  void end(CURL* handle) {
    Call* ended = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &ended);
    const std::unique_ptr<Call> call(ended);
    curl_multi_remove_handle(multi_, handle);
    idle_.push_back(handle);
    --in_flight_;
    answered_(call->run, std::move(call->answer));
  }

  CURL* idle_handle() {
    if (!idle_.empty()) {
      auto* handle = idle_.back();
      idle_.pop_back();
      return handle;
    }
    auto* handle = handles_.emplace_back(curl_easy_init());
    curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep_answer);
    return handle;
  }

  static std::size_t keep_answer(char* data, std::size_t size, std::size_t count, void* call) {
    static_cast<Call*>(call)->answer.append(data, size * count);
    return size * count;
  }

  const std::string url_;
  const Answered answered_;
  CURLM* multi_ = curl_multi_init();
  curl_slist* headers_ = nullptr;
  std::vector<CURL*> handles_;  // all there are
  std::vector<CURL*> idle_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Call>> queue_;  // guarded by mutex_
  std::atomic<int> in_flight_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// --- the flow

class Flow {
 public:
  Flow(std::string sink, const char* file)
      : history_(file),
        writer_([this](std::vector<Job>& jobs) { history_.commit(jobs); }),
        sender_(std::move(sink), [this](std::int64_t run, std::string answer) {
          writer_.push({run, std::move(answer), nullptr});
        }) {}

  asio::awaitable<Response> answer(Request request) {
    if (request.target() == "/count") {
      Response response{beast::http::status::ok, 11};
      response.body() = std::to_string(history_.ended());
      co_return response;
    }
    const auto body = request.body();
    const auto run = co_await number_from([&](auto done) {
      writer_.push({0, std::move(request.body()), std::move(done)});
    });
    while (sender_.in_flight() > kMostInFlight) {
      asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(5));
      co_await pause.async_wait(asio::use_awaitable);
    }
    sender_.post(run, message_for(body));
    co_return accepted(run);
  }

 private:
  std::string message_for(const std::string& body) {
    const auto document = parser_.parse(body);
    std::string message = "{\"text\":\"New issue: ";
    message += std::string_view(document["issue"]["title"]);
    message += " by ";
    message += std::string_view(document["sender"]["login"]);
    return message + "\"}";
  }

  simdjson::dom::parser parser_;
  History history_;
  GroupWriter<Job> writer_;
  Sender sender_;
};

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_flow PORT SINK_URL DATABASE\n");
    return 2;
  }
  curl_global_init(CURL_GLOBAL_ALL);
  asio::io_context context(1);
  Flow flow(argv[2], argv[3]);
  serve(context, static_cast<std::uint16_t>(std::atoi(argv[1])),
        [&](Request request) { return flow.answer(std::move(request)); });
}
