#include "cli/event_stream.h"

namespace tba::cli {

void EventStreamParser::feed(std::string_view bytes,
                             const std::function<void(const ServerEvent&)>& on_event) {
  for (const char byte : bytes) {
    const bool ends_pair = after_carriage_return_ && byte == '\n';
    after_carriage_return_ = byte == '\r';
    if (ends_pair) continue;
    if (byte == '\r' || byte == '\n') {
      take_line(on_event);
      line_.clear();
    } else {
      line_.push_back(byte);
    }
  }
}

void EventStreamParser::take_line(const std::function<void(const ServerEvent&)>& on_event) {
  if (line_.empty()) {
    if (has_data_) on_event({name_.empty() ? "message" : name_, data_});
    name_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const std::string_view line = line_;
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == line.npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (has_data_) data_.push_back('\n');
    data_.append(value);
    has_data_ = true;
  }
}

}  // namespace tba::cli
