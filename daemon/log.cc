#include "daemon/log.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tba::daemon {
namespace {

constexpr auto kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
constexpr auto kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Appends to a file, each line by one write(2), and can open it anew.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::filesystem::path path) : path_(std::move(path)) {}
  ~FileSink() override {
    if (descriptor_ >= 0) close(descriptor_);
  }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  Result<> reopen() {
    const int opened =
        open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (opened < 0) {
      return Error{
          ErrorCode::unavailable,
          "cannot open the log " + path_.string() + ": " + std::generic_category().message(errno),
          "check the path in `log` and its permissions"};
    }
    const std::lock_guard lock(mutex_);
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = opened;
    return {};
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string_view rest(line.data(), line.size());
    while (!rest.empty()) {
      const ssize_t count = write(descriptor_, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;  // a full disk must not stop the daemon; there is nobody to tell
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void flush_() override {}

 private:
  const std::filesystem::path path_;
  int descriptor_ = -1;  // guarded by mutex_
};

/// Gives each line to a function.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> function)
      : function_(std::move(function)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    function_(std::string_view(line.data(), line.size() - 1));  // without the line break
  }
  void flush_() override {}

 private:
  const std::function<void(std::string_view)> function_;
};

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json json_value(const LogField::Value& value) {
  return std::visit([](const auto& v) { return nlohmann::json(v); }, value);
}

std::string json_entry(std::string_view message, Log::Fields fields) {
  std::string entry = "\"message\":" + json_text(message);
  for (const auto& field : fields) {
    entry +=
        ',' + json_text(field.name()) + ':' +
        json_value(field.value()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return entry;
}

/// The text with what could end its line, or mislead a terminal, escaped as in JSON; in quotes only
/// where `quoted` or needed.
std::string plain_text(std::string_view text, bool quoted) {
  std::string escaped = json_text(text);
  const bool plain = escaped.size() == text.size() + 2;
  const bool needs_quotes =
      quoted && (!plain || text.empty() || text.find_first_of(" =") != text.npos);
  if (!needs_quotes) escaped = escaped.substr(1, escaped.size() - 2);
  const auto at = escaped.find('\x7f');
  if (at != std::string::npos) std::ranges::replace(escaped, '\x7f', '?');
  return escaped;
}

std::string text_entry(std::string_view message, Log::Fields fields) {
  std::string entry = plain_text(message, false);
  for (const auto& field : fields) {
    entry.append(" ").append(field.name()).append("=");
    const nlohmann::json value = json_value(field.value());
    entry +=
        value.is_string() ? plain_text(value.get_ref<const std::string&>(), true) : value.dump();
  }
  return entry;
}

}  // namespace

class Log::Impl {
 public:
  Impl(LogLevel level, bool json, std::function<void(std::string&)> redact,
       std::vector<spdlog::sink_ptr> sinks, std::shared_ptr<FileSink> file)
      : json_(json),
        redact_(std::move(redact)),
        file_(std::move(file)),
        logger_("tba-integrated", sinks.begin(), sinks.end()) {
    logger_.set_level(sinks.empty() ? spdlog::level::off : level_of(level));
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc, "\n"));
    logger_.flush_on(spdlog::level::debug);
  }

  bool enabled(LogLevel level) const { return logger_.should_log(level_of(level)); }

  void write(LogLevel level, std::string_view message, Fields fields) {
    std::string entry = json_ ? json_entry(message, fields) : text_entry(message, fields);
    if (redact_) redact_(entry);
    logger_.log(level_of(level), spdlog::string_view_t(entry.data(), entry.size()));
  }

  Result<> reopen() { return file_ ? file_->reopen() : Result<>(); }

 private:
  const bool json_;
  const std::function<void(std::string&)> redact_;
  const std::shared_ptr<FileSink> file_;
  spdlog::logger logger_;
};

Result<std::unique_ptr<Log>> Log::open(LogOptions options) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const bool json =
      options.format == LogFormat::json || (options.format == LogFormat::automatic && !terminal);
  std::vector<spdlog::sink_ptr> sinks;
  if (options.to_stderr && terminal && !json) {
    sinks.push_back(std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  } else if (options.to_stderr) {
    sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  std::shared_ptr<FileSink> file;
  if (!options.file.empty()) {
    file = std::make_shared<FileSink>(options.file);
    if (auto opened = file->reopen(); !opened) return opened.error();
    sinks.push_back(file);
  }
  if (options.sink) sinks.push_back(std::make_shared<FunctionSink>(std::move(options.sink)));
  return std::unique_ptr<Log>(new Log(std::make_unique<Impl>(
      options.level, json, std::move(options.redact), std::move(sinks), std::move(file))));
}

std::unique_ptr<Log> Log::silent() {
  return std::unique_ptr<Log>(new Log(std::make_unique<Impl>(
      LogLevel::error, false, nullptr, std::vector<spdlog::sink_ptr>(), nullptr)));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

bool Log::enabled(LogLevel level) const {
  return impl_->enabled(level);
}

void Log::write(LogLevel level, std::string_view message, Fields fields) {
  if (impl_->enabled(level)) impl_->write(level, message, fields);
}

Result<> Log::reopen() {
  return impl_->reopen();
}

}  // namespace tba::daemon
