#pragma once

#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

namespace tba::http {

/// One server-sent event (WHATWG HTML, section 9.2).
struct Event {
  // Not an aggregate: g++ 12 destroys aggregates twice that are made inside a co_await expression.
  Event(std::string event_name, std::string event_data, std::string event_id = {})
      : name(std::move(event_name)), data(std::move(event_data)), id(std::move(event_id)) {}

  std::string name;  ///< `event:`; without line breaks. Empty: the client sees "message".
  std::string data;  ///< May have several lines.
  std::string id;    ///< `id:`; without line breaks. Empty: none.
};

/// The event as it is sent: its fields, one a line, and an empty line.
std::string format_event(const Event& event);

/// The sending end of a stream of server-sent events. Comments that keep the connection alive are
/// sent by the server itself. For the handler's coroutine only.
class EventStream {
 public:
  virtual ~EventStream() = default;

  /// Sends the event; completes when the system has taken it, so that a slow client slows its
  /// sender down. False: the client is gone (or too slow for the server's write limit), and so it
  /// will be for every later event.
  virtual boost::asio::awaitable<bool> send(Event event) = 0;
};

}  // namespace tba::http
