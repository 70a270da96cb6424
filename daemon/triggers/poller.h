#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include "daemon/storage/store.h"
#include "daemon/task_group.h"
#include "daemon/triggers/poll.h"
#include "daemon/triggers/polled_pages.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Calls endpoints on their intervals, and starts a run for each item that was not there before.
///
/// An item's key is a row that is written together with its run, and how far the poll has come
/// together with the last of them: so no item has two runs or none, whenever the daemon dies. A
/// poll that fails is tried again later and later; nothing is lost by it. While its workflow is
/// held there is no poll.
class Poller {
 public:
  /// The longest time between a failure and the next try, unless the poll's own interval, or what
  /// the far side asks for, is longer.
  static constexpr std::chrono::minutes kLongestBackoff{30};

  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< One handler at a time; the alarm's.
    const daemon::Workflows& workflows;
    engine::Engine& engine;
    engine::AttemptRunner& runner;
    storage::Store& store;
    engine::Alarm& alarm;
    const Clock& clock;
    UuidGenerator& ids;
    const Value& vars;  ///< The configuration's.
    daemon::Log& log;
  };

  explicit Poller(Environment environment);

  /// Takes up the polls of the present workflows; again after they were read anew. May be awaited
  /// from any executor.
  boost::asio::awaitable<void> refresh();

  /// Begins no poll any more and cuts off those that are under way; completes when none is.
  boost::asio::awaitable<void> stop();

  struct Entry {
    std::string workflow;
    std::size_t trigger = 0;      ///< Its place among the workflow's triggers.
    std::optional<Instant> last;  ///< When it last went well.
    std::optional<Instant> next;  ///< Nothing while it is under way.
    std::string problem;          ///< Why the last try did not come to its end; or empty.
  };
  /// What is polled, by workflow. Callable from any thread.
  std::vector<Entry> entries() const;

 private:
  struct Job {
    std::string key;  ///< storage::PollState::poll
    std::string workflow;
    std::size_t trigger = 0;
    std::chrono::milliseconds every{0};
    std::optional<Instant> last;
    Instant due;
    int failures = 0;  ///< Since it last went well.
    std::string problem;
    bool under_way = false;
  };

  /// Why a poll did not come to its end.
  struct Failed {
    std::string why;
    std::optional<std::chrono::milliseconds> retry_after = {};  ///< As the far side wants.
    /// A call was not made, and may be from then on: the poll goes on with it.
    std::optional<Instant> not_before = {};
    bool is_asked_to_wait = false;  ///< By the API, and no more: the pages before hold.
  };
  using Answer = std::variant<Value, Failed>;

  /// A poll for all pages of a list that has some of them.
  struct Gathering {
    std::shared_ptr<const engine::Definition> definition;
    Instant begun;  ///< `.trigger.at`, of each of its pages.
    PolledPages pages;
  };

  boost::asio::awaitable<void> refresh_here();
  boost::asio::awaitable<void> stop_here();
  void set_alarm();
  void ring();
  boost::asio::awaitable<void> poll(std::string key, std::string workflow);
  boost::asio::awaitable<std::optional<Failed>> ask(
      std::string key, std::shared_ptr<const engine::Definition> definition, std::size_t trigger);
  std::shared_ptr<Gathering> gathering_of(
      const std::string& key, const std::shared_ptr<const engine::Definition>& definition,
      PageCaps caps);
  boost::asio::awaitable<Answer> answer(std::string key, const Poll& poll,
                                        std::optional<Value> page);
  boost::asio::awaitable<Answer> gather(std::string key, const Poll& poll, PolledPages& pages);
  boost::asio::awaitable<engine::AttemptOutcome> call(std::string key, engine::Attempt attempt);
  boost::asio::awaitable<Result<>> take(std::string key, const Poll& poll, PollAnswer answer,
                                        bool is_baseline,
                                        std::shared_ptr<const engine::Definition> definition);
  void end(const std::string& key, std::optional<Failed> failed);

  Environment environment_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  std::map<std::string, std::shared_ptr<boost::asio::cancellation_signal>> calls_;  // by job
  std::map<std::string, std::shared_ptr<Gathering>> gatherings_;                    // likewise
  mutable std::mutex mutex_;  // guards jobs_, which only the executor changes
  std::vector<Job> jobs_;
};

}  // namespace tba::triggers
