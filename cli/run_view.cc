#include "cli/run_view.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/time_text.h"
#include "shared/run.h"
#include "shared/time_format.h"

namespace tba::cli {
namespace {

constexpr std::array<std::string_view, 4> kTurning{"◐", "◓", "◑", "◒"};

std::string_view sign_of(std::string_view status, unsigned phase) {
  if (status == "succeeded") return "✓";
  if (status == "failed") return "✗";
  if (status == "running") return kTurning[phase % kTurning.size()];
  if (status == "waiting") return "◷";
  if (status == "interrupted") return "!";
  if (status == "cancelled") return "⊘";
  if (status == "skipped") return "–";
  return "·";
}

std::string attempt_text(const Json& step) {
  const double attempt = number_of(step, "attempt").value_or(0);
  return attempt > 1 ? fmt::format("attempt {:.0f}", attempt) : "";
}

// "until 09:00:00" of a step that waits.
std::string due_text(const Json& step) {
  if (text_of(step, "status") != "waiting") return {};
  const std::string due = local_time(text_of(step, "due_at"));
  return due.empty() ? due : "until " + due;
}

std::string failure_text(const Json& record) {
  return one_line(text_of(member_of(record, "failure"), "message"));
}

std::string after_comma(const std::string& text) {
  return text.empty() ? text : ", " + text;
}

void append_part(std::string& line, const std::string& text, Style style, bool colour) {
  if (!text.empty()) line += "  " + styled(text, style, colour);
}

}  // namespace

std::vector<std::string> RunView::apply_run(const Json& run) {
  std::vector<std::string> changes;
  const std::string before = status();
  run_ = run;
  run_.erase("steps");
  const std::string after = status();
  if (after != before && !has_ended()) {
    changes.push_back(fmt::format("run {} of {}: {}", text_of(run_, "id"),
                                  one_line(text_of(run_, "workflow")), after));
  }
  if (run.contains("steps")) {
    for (const Json& step : member_of(run, "steps")) {
      for (std::string& change : apply_step(step)) changes.push_back(std::move(change));
    }
  }
  return changes;
}

std::vector<std::string> RunView::apply_step(const Json& step) {
  const std::string id = text_of(step, "id");
  const auto known =
      std::ranges::find_if(steps_, [&](const Json& other) { return text_of(other, "id") == id; });
  if (known == steps_.end()) {
    steps_.push_back(step);
    return step_changed(Json(), step);
  }
  const Json before = std::exchange(*known, step);
  return step_changed(before, step);
}

std::vector<std::string> RunView::step_changed(const Json& before, const Json& after) const {
  const std::string status = text_of(after, "status");
  const bool is_same = text_of(before, "status") == status &&
                       text_of(before, "attempt") == text_of(after, "attempt");
  if (is_same || status.empty() || status == "pending") return {};
  std::string line = fmt::format("{} {}: {}", sign_of(status, 0), one_line(text_of(after, "id")),
                                 status + after_comma(attempt_text(after)));
  if (const auto took = duration_of(after, Instant{}); took && number_of(after, "duration_ms")) {
    line += after_comma(duration_text(*took));
  }
  line += after_comma(due_text(after));
  const std::string failure = failure_text(after);
  if (!failure.empty()) line += ": " + failure;
  return {line};
}

std::string RunView::status() const {
  return text_of(run_, "status");
}

bool RunView::has_ended() const {
  const auto known = run_status_named(status());
  return known && (is_final(*known) || *known == RunStatus::interrupted);
}

std::vector<std::string> RunView::lines(Instant now, bool colour, unsigned phase) const {
  std::vector<std::string> lines;
  const std::string run_status = status();
  std::string title = fmt::format(
      "{} {}  {}", styled(sign_of(run_status, phase), style_of_status(run_status), colour),
      styled(one_line(text_of(run_, "workflow")), Style::heading, colour),
      styled(text_of(run_, "id"), Style::dim, colour));
  append_part(title, run_status, style_of_status(run_status), colour);
  if (const auto took = duration_of(run_, now)) {
    append_part(title, duration_text(*took), Style::dim, colour);
  }
  lines.push_back(std::move(title));

  std::size_t id_width = 0;
  std::size_t kind_width = 0;
  for (const Json& step : steps_) {
    id_width = std::max(id_width, display_width(one_line(text_of(step, "id"))));
    kind_width = std::max(kind_width, display_width(text_of(step, "kind")));
  }
  const auto pad = [](const std::string& text, std::size_t width) {
    return text + std::string(width - display_width(text), ' ');
  };
  for (const Json& step : steps_) {
    const std::string step_status = text_of(step, "status");
    const Style style = style_of_status(step_status);
    std::string line =
        fmt::format("  {} {}  {}", styled(sign_of(step_status, phase), style, colour),
                    pad(one_line(text_of(step, "id")), id_width),
                    styled(pad(text_of(step, "kind"), kind_width), Style::dim, colour));
    append_part(line, step_status, style, colour);
    append_part(line, attempt_text(step), Style::attention, colour);
    if (const auto took = duration_of(step, now); took && step_status != "skipped") {
      append_part(line, duration_text(*took), Style::dim, colour);
    }
    append_part(line, due_text(step), Style::attention, colour);
    append_part(line, one_line(text_of(step, "title")), Style::plain, colour);
    append_part(line, failure_text(step), Style::bad, colour);
    lines.push_back(std::move(line));
  }
  const std::string failure = failure_text(run_);
  if (!failure.empty()) {
    lines.push_back("  " + styled(failure, Style::bad, colour));
  }
  return lines;
}

std::string RunView::summary() const {
  const auto took = duration_of(run_, Instant{});
  const std::string failure = failure_text(run_);
  return fmt::format("run {} {}{}{}", text_of(run_, "id"), status(),
                     took && number_of(run_, "duration_ms") ? " in " + duration_text(*took) : "",
                     failure.empty() ? "" : ": " + failure);
}

}  // namespace tba::cli
