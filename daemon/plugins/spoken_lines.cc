#include "daemon/plugins/spoken_lines.h"

#include <chrono>

namespace tba::plugins {

using daemon::LogLevel;

void SpokenLines::add(LogLevel level, std::string_view line, Instant now) {
  if (now < minute_ || now - minute_ >= std::chrono::minutes(1)) {
    if (lines_ > kMaxLines) {
      log_.warning("a plugin said more than is logged",
                   {{"plugin", plugin_}, {"lines", lines_ - kMaxLines}});
    }
    minute_ = now;
    lines_ = 0;
  }
  if (++lines_ <= kMaxLines) write(level, line.substr(0, kMaxBytes));
}

void SpokenLines::write(LogLevel level, std::string_view line) {
  constexpr std::string_view kMessage = "a plugin says";
  const daemon::Log::Fields fields{{"plugin", plugin_}, {"text", line}};
  switch (level) {
    case LogLevel::debug:
      return log_.debug(kMessage, fields);
    case LogLevel::info:
      return log_.info(kMessage, fields);
    case LogLevel::warning:
      return log_.warning(kMessage, fields);
    case LogLevel::error:
      return log_.error(kMessage, fields);
  }
}

}  // namespace tba::plugins
