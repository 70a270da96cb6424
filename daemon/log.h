#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "shared/error.h"

namespace tba::daemon {

enum class LogLevel { debug, info, warning, error };

/// One line for each entry, for people or for programs.
enum class LogFormat {
  automatic,  ///< Text where stderr is a terminal, JSON otherwise.
  text,       ///< 2026-11-23T01:53:24.123Z info    run finished run=01932c07-… ms=12
  json,  ///< {"time":"2026-11-23T01:53:24.123Z","level":"info","message":"…","run":"…","ms":12}
};

/// A named value of an entry. Texts are referred to, not copied: a field lives no longer than the
/// call it is made for.
class LogField {
 public:
  using Value =
      std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, std::string>;

  /// From a boolean, a number, a text, or anything with a text() (ids, for one).
  template <class T>
  LogField(std::string_view name, const T& value) : name_(name), value_(value_of(value)) {}

  std::string_view name() const { return name_; }
  const Value& value() const { return value_; }

 private:
  template <class T>
  static Value value_of(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<std::uint64_t>(value);
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return std::string_view(value);
    } else {
      return std::string(value.text());
    }
  }

  std::string_view name_;
  Value value_;
};

/// Where entries go and how they look.
struct LogOptions {
  LogLevel level = LogLevel::info;  ///< Entries below it are dropped.
  LogFormat format = LogFormat::automatic;
  bool to_stderr = true;
  std::filesystem::path file;  ///< Appended to, created with mode 0600. Empty: none.
  /// Gets each line, without its line break, after redaction. For tests; empty: none.
  std::function<void(std::string_view line)> sink;
  /// Masks what must not be written; every line's text and fields pass through it once, with their
  /// escapes in place. Called from the logging thread; must be safe from any.
  std::function<void(std::string& text)> redact;
};

/// The daemon's log: structured entries, a line each. Control characters and invalid UTF-8 in texts
/// are escaped, so an entry cannot forge another. Every function may be called from any thread.
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  /// Errors: `unavailable` where the file cannot be opened.
  static Result<std::unique_ptr<Log>> open(LogOptions options);

  /// A log that writes nothing.
  static std::unique_ptr<Log> silent();

  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const;

  void debug(std::string_view message, Fields fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warning(std::string_view message, Fields fields = {}) {
    write(LogLevel::warning, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) {
    write(LogLevel::error, message, fields);
  }

  /// Opens the file anew, after it was rotated away. On failure the old one is kept.
  Result<> reopen();

 private:
  class Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  void write(LogLevel level, std::string_view message, Fields fields);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tba::daemon
