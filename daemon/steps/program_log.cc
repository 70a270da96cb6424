#include "daemon/steps/program_log.h"

#include <fmt/format.h>

namespace tba::steps {

void ProgramLog::add(std::string_view stream, std::string_view line) {
  // What comes after a gap is left out too, even where it would fit: a log has one gap, at its end.
  is_full_ = is_full_ || lines_ == kMaxLines || line.size() > kMaxBytes - bytes_;
  if (is_full_) {
    ++left_out_;
    return;
  }
  ++lines_;
  bytes_ += line.size();
  sink_(stream, line);
}

void ProgramLog::close(bool output_was_cut) {
  if (left_out_ > 0) {
    sink_("engine", fmt::format("left out of the log: {} more line{} of the program", left_out_,
                                left_out_ == 1 ? "" : "s"));
  }
  if (output_was_cut) sink_("engine", "the program wrote more than is kept of its output");
}

}  // namespace tba::steps
