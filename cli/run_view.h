#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "shared/clock.h"

namespace tba::cli {

/// A run as it is known so far, and how it looks: on a terminal as a tree that is drawn anew, else
/// as a line for each change.
class RunView {
 public:
  /// Takes over a run object of the API. Gives a line for each change of the run and its steps.
  std::vector<std::string> apply_run(const Json& run);

  /// Takes over a step object, new or changed. Gives a line for the change, if it is one.
  std::vector<std::string> apply_step(const Json& step);

  /// Whether anything is known.
  bool empty() const { return run_.is_null(); }

  std::string status() const;

  /// Whether nothing more happens by itself: final, or interrupted.
  bool has_ended() const;

  /// The run and, indented, its steps with signs, times and attempts. `phase` turns the sign of
  /// what is running.
  std::vector<std::string> lines(Instant now, bool colour, unsigned phase = 0) const;

  /// One sentence about how it ended.
  std::string summary() const;

 private:
  std::vector<std::string> step_changed(const Json& before, const Json& after) const;

  Json run_;
  std::vector<Json> steps_;
};

}  // namespace tba::cli
