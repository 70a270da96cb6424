#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/engine/attempt.h"

namespace tba::steps {

/// Hands a program's lines on to the log of its step, as many as a person may want to read: each of
/// them is a row. The rest is counted.
class ProgramLog {
 public:
  static constexpr std::size_t kMaxLines = 5'000;
  static constexpr std::size_t kMaxBytes = 1 << 20;

  explicit ProgramLog(engine::LineSink sink) : sink_(std::move(sink)) {}

  void add(std::string_view stream, std::string_view line);
  /// To be called when the program has ended: says how many lines were left out, if any were, and
  /// whether more was written than is kept at all.
  void close(bool output_was_cut);

 private:
  engine::LineSink sink_;
  std::size_t lines_ = 0;  // handed on
  std::size_t bytes_ = 0;
  bool is_full_ = false;
  std::uint64_t left_out_ = 0;
};

}  // namespace tba::steps
