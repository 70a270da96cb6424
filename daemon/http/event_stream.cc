#include "daemon/http/event_stream.h"

#include <string_view>

namespace tba::http {

std::string format_event(const Event& event) {
  std::string text;
  text.reserve(event.data.size() + event.name.size() + event.id.size() + 32);
  if (!event.name.empty()) text.append("event: ").append(event.name).append("\n");
  if (!event.id.empty()) text.append("id: ").append(event.id).append("\n");
  // CR, LF and CR LF all end a line for the client (section 9.2.5).
  std::string_view rest = event.data;
  while (true) {
    const auto end = rest.find_first_of("\r\n");
    text.append("data: ").append(rest.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + (rest.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  text.append("\n");
  return text;
}

}  // namespace tba::http
