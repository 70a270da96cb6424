#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>

#include "daemon/engine/engine.h"

/// What the parts of the engine share.
namespace tba::engine {

/// How long to wait before what the store could not do is tried again.
inline constexpr std::chrono::seconds kStoreRetry{1};

/// A run that waits no longer than this stays in memory.
inline constexpr std::chrono::seconds kSoon{1};

/// With more runs in memory than that, no more are woken, until there are few again.
inline constexpr std::size_t kMany = 20'000;
inline constexpr std::size_t kFew = 10'000;

/// How long runs go on that are not suspected of a crash before the first of those follow that are;
/// and where the first of those was alone with an earlier crash.
inline constexpr Duration kHeadStart = std::chrono::seconds(1);
inline constexpr Duration kCalm = std::chrono::seconds(10);

/// Takes what is there, which is not there then.
template <class T>
T take(std::optional<T>& place) {
  return *std::exchange(place, std::nullopt);
}

/// How many rows are read at a time when all are looked through.
inline constexpr std::size_t kPage = 500;

/// An attempt that is being carried out.
struct Engine::Flight {
  /// Tells the attempt to end; once is enough.
  void stop() {
    if (!std::exchange(stopped, true)) cancel.emit(boost::asio::cancellation_type::terminal);
  }

  std::string step;
  int attempt = 0;
  std::optional<Instant> deadline;
  std::chrono::milliseconds timeout{0};
  bool timed_out = false;
  bool stopped = false;  // it was told to end
  bool abandoned = false;
  boost::asio::cancellation_signal cancel;
};

/// A run in memory: one that is being worked on, or read back to be.
struct Engine::Active {
  explicit Active(RunId id_) : id(id_) {}

  RunId id;
  std::optional<RunState> state;  // nothing until it is read back
  std::list<Event> events;  // that have yet to be applied, in order; costs nothing while empty
  bool driven = false;      // whether a drive() is under way
  std::optional<storage::Change> unstored;  // the outcome of the last event, until it is on disk
  std::vector<Command> commands;            // to be carried out then
  std::vector<ActivePointer> starts;        // sub-runs in that change, to be begun then
  std::vector<RunId> signalled;             // runs with signals in it, to be told then
  std::optional<EventId> event;             // in it, of which runs are to be told then
  bool has_signals = false;                 // whether the store may have signals for it
  std::map<std::string, std::shared_ptr<Flight>> flights;  // by step
  std::vector<storage::LogLine> lines;                     // of attempts in flight, not stored yet
  bool storing_lines = false;
  std::optional<Instant> armed;    // the instant that waits_ knows of
  bool has_place = false;          // under its workflow's limit, or a turn to come
  bool is_counted = false;         // among the runs that wait
  std::optional<RunStatus> ended;  // the status of the end that was told of
  bool is_condemned = false;       // it is set aside, unread
};

}  // namespace tba::engine
