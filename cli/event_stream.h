#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tba::cli {

/// One event of a server-sent event stream.
struct ServerEvent {
  std::string name;  ///< "message" where the stream names none.
  std::string data;
};

/// Cuts the bytes of a server-sent event stream into events, however they arrive (WHATWG HTML
/// §9.2.6). An event without data is none; comments, `id` and `retry` are passed over.
class EventStreamParser {
 public:
  /// Calls `on_event` for every event that these bytes complete.
  void feed(std::string_view bytes, const std::function<void(const ServerEvent&)>& on_event);

 private:
  void take_line(const std::function<void(const ServerEvent&)>& on_event);

  std::string line_;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  bool after_carriage_return_ = false;
};

}  // namespace tba::cli
