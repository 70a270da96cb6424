#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/engine.h"
#include "daemon/triggers/event_starts.h"
#include "shared/error.h"

namespace tba::triggers {

/// Emits events: each is stored together with the runs that it starts and the signals to the steps
/// that wait for it.
class Events {
 public:
  /// How long the JSON text of an event's data may be.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 10;

  /// What it needs from outside; all must outlive it.
  struct Environment {
    engine::Engine& engine;
    const EventStarts& starts;
    const Clock& clock;
    UuidGenerator& ids;
  };

  explicit Events(Environment environment) : environment_(environment) {}

  struct Emitted {
    EventId id;
    std::vector<RunId> runs;
  };

  /// Emits an event in the name of `source`. Completes after the commit. May be awaited from any
  /// executor. Errors: `invalid` for a name that is none, or is reserved for the daemon itself
  /// (event_names.h); `limit_exceeded` for data beyond kMostBytes; those of Engine::admit().
  boost::asio::awaitable<Result<Emitted>> emit(std::string name, Value data, std::string source);

  /// The same for one of the daemon's own events.
  boost::asio::awaitable<Result<Emitted>> raise(std::string name, Value data);

 private:
  boost::asio::awaitable<Result<Emitted>> admit(storage::Event event, Value data);
  storage::Event new_event(std::string name, std::string source, std::string data_json) const;

  Environment environment_;
};

}  // namespace tba::triggers
