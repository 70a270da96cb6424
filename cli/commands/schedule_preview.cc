#include "shared/schedule_preview.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/diagnostics_json.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/duration.h"
#include "shared/file.h"
#include "shared/time_format.h"
#include "shared/uri.h"
#include "shared/workflow_reader.h"
#include "shared/yaml_reader.h"

namespace tba::cli {
namespace {

constexpr std::size_t kUsualCount = 10;
constexpr std::size_t kMostCount = 10'000;

struct Options {
  std::string target;
  std::string from;
  std::string to;
  std::string timezone;
  std::optional<std::size_t> count;
};

/// The text of a workflow file, and what to call it.
struct Source {
  std::string path;
  std::string text;
};

Outcome<Source> read_source(const std::string& path) {
  auto text = read_file(path, kMaxYamlBytes);
  if (!text) return from_error(text.error());
  return Source{path, std::move(*text)};
}

Outcome<Source> ask_for_source(Session& session, const std::string& name) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto workflow = daemon->get("/workflows/" + percent_encode(name));
  if (!workflow) return workflow.error();
  return Source{text_of(*workflow, "path"), text_of(*workflow, "text")};
}

/// What looks like a file, or is one, is one; anything else is the name of a workflow.
Outcome<Source> find_source(Session& session, const std::string& target) {
  const std::filesystem::path path(target);
  std::error_code failure;
  const bool looks_like_file = target.find('/') != std::string::npos ||
                               path.extension() == ".yaml" || path.extension() == ".yml";
  if (looks_like_file || std::filesystem::is_regular_file(path, failure)) {
    return read_source(target);
  }
  return ask_for_source(session, target);
}

/// Only what it says of itself is checked: neither its connectors nor what expressions refer to.
Outcome<Workflow> read_schedules(Session& session, Source source) {
  Diagnostics diagnostics;
  WorkflowSurroundings surroundings;
  surroundings.check_references = false;
  auto workflow = read_workflow(source.path, std::move(source.text), surroundings, diagnostics);
  Console& console = session.console();
  if (!workflow) {
    return CliError{ExitCode::invalid_file, fmt::format("{} has errors", source.path), "",
                    diagnostics.render(console.colour_err)};
  }
  console.err << diagnostics.render(console.colour_err);
  const bool has_schedule = std::ranges::any_of(workflow->triggers, [](const Trigger& trigger) {
    return std::holds_alternative<ScheduleTrigger>(trigger);
  });
  if (!has_schedule) {
    return CliError{ExitCode::not_found,
                    fmt::format("workflow '{}' has no schedule", workflow->name)};
  }
  return *std::move(workflow);
}

const Schedule& schedule_of(const Workflow& workflow, std::size_t trigger) {
  return std::get<ScheduleTrigger>(workflow.triggers[trigger]).schedule;
}

/// The zone in which a slot is shown: the one that was asked for, else its schedule's own.
class Zones {
 public:
  static Outcome<Zones> of(const Workflow& workflow, const std::string& asked_for) {
    Zones zones(workflow);
    if (asked_for.empty()) return zones;
    auto zone = TimeZone::find(asked_for);
    if (!zone) return usage_error(zone.error().message, zone.error().hint);
    zones.asked_for_ = *std::move(zone);
    return zones;
  }

  TimeZone of_slot(const PreviewedSlot& slot) const {
    return asked_for_ ? *asked_for_ : zone_of(schedule_of(workflow_, slot.trigger));
  }

  /// That of the first schedule, if none was asked for.
  TimeZone of_arguments() const {
    if (asked_for_) return *asked_for_;
    for (const auto& trigger : workflow_.triggers) {
      if (const auto* schedule = std::get_if<ScheduleTrigger>(&trigger)) {
        return zone_of(schedule->schedule);
      }
    }
    return TimeZone::utc();
  }

 private:
  explicit Zones(const Workflow& workflow) : workflow_(workflow) {}

  const Workflow& workflow_;
  std::optional<TimeZone> asked_for_;
};

/// An instant as RFC 3339 writes it, or a local time or a date of the zone.
Outcome<Instant> read_time(const std::string& text, std::string_view option, const TimeZone& zone) {
  if (const auto instant = parse_time(text)) return *instant;
  const auto is_date = text.find_first_of("Tt ") == std::string::npos;
  At at{{}, zone};
  if (!at.add(is_date ? text + "T00:00" : text, OnGap::next, OnOverlap::first) ||
      at.slots.empty()) {
    return usage_error(fmt::format("--{}: '{}' is not a time", option, text),
                       "write 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00:00+01:00");
  }
  return at.slots.front().at;
}

/// "2027-03-28T03:00:00+02:00"
std::string local_text(Instant time, const TimeZone& zone) {
  const auto period = zone.period_at(time);
  const auto local = format_time(Instant(period.to_local(time).time_since_epoch()));
  const std::chrono::hh_mm_ss offset(std::chrono::abs(period.offset));
  return fmt::format("{}{}{:02}:{:02}", local.substr(0, 19),
                     period.offset < std::chrono::seconds(0) ? '-' : '+', offset.hours().count(),
                     offset.minutes().count());
}

/// "Sun 2027-03-28 03:00:00 +02:00"
std::string local_text_for_people(Instant time, const TimeZone& zone) {
  static constexpr std::array kWeekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto text = local_text(time, zone);
  const auto day = std::chrono::floor<std::chrono::days>(zone.period_at(time).to_local(time));
  return fmt::format("{} {} {} {}", kWeekdays[std::chrono::weekday(day).c_encoding()],
                     text.substr(0, 10), text.substr(11, 8), text.substr(19));
}

struct OddityText {
  Oddity oddity;
  const char* name;    ///< In JSON.
  const char* fires;   ///< What is said of a slot that fires.
  const char* is_out;  ///< Of one that is left out.
};
constexpr std::array kOddities{
    OddityText{Oddity::none, nullptr, "", ""},
    OddityText{Oddity::moved, "moved", "moved: the clock is put forward over its time",
               "left out: the clock is put forward over its time"},
    OddityText{Oddity::first_time, "first_time", "first of two: the clock is put back", ""},
    OddityText{Oddity::second_time, "second_time", "second of two: the clock was put back",
               "left out: the clock was put back"},
};

const OddityText& text_of_oddity(Oddity oddity) {
  return *std::ranges::find(kOddities, oddity, &OddityText::oddity);
}

std::string note_of(const PreviewedSlot& slot) {
  const auto& text = text_of_oddity(slot.oddity);
  if (!slot.fires) return text.is_out;
  std::string note = text.fires;
  if (slot.due_at != slot.slot) {
    const auto jitter =
        std::chrono::duration_cast<std::chrono::milliseconds>(slot.due_at - slot.slot);
    note += fmt::format("{}jitter: {} later", note.empty() ? "" : "; ", format_duration(jitter));
  }
  return note;
}

Json preview_json(const Workflow& workflow, const SchedulePreview& preview, const Zones& zones) {
  Json items = Json::array();
  for (const auto& slot : preview.slots) {
    const auto zone = zones.of_slot(slot);
    const auto* oddity = text_of_oddity(slot.oddity).name;
    items.push_back({{"trigger", slot.trigger},
                     {"schedule", text_of(schedule_of(workflow, slot.trigger))},
                     {"slot", format_time(slot.slot)},
                     {"local", local_text(slot.slot, zone)},
                     {"timezone", zone.name()},
                     {"fires", slot.fires},
                     {"due_at", slot.fires ? Json(format_time(slot.due_at)) : Json()},
                     {"oddity", oddity != nullptr ? Json(oddity) : Json()}});
  }
  return {{"items", std::move(items)}, {"next", nullptr}};
}

void print_preview(Console& console, const Workflow& workflow, const SchedulePreview& preview,
                   const Zones& zones) {
  Table table({"LOCAL TIME", "UTC", "SCHEDULE", "NOTE"});
  for (const auto& slot : preview.slots) {
    const auto style = slot.fires ? Style::plain : Style::dim;
    const auto utc = format_time(slot.slot);
    table.add({{local_text_for_people(slot.slot, zones.of_slot(slot)), style},
               {fmt::format("{} {}", utc.substr(0, 10), utc.substr(11, 8)), style},
               {text_of(schedule_of(workflow, slot.trigger)), style},
               {note_of(slot), slot.oddity == Oddity::none ? style : Style::attention}});
  }
  if (table.empty()) {
    console.err << "nothing fires in that time\n";
  } else {
    const auto columns = console.out_is_terminal
                             ? std::optional<std::size_t>(console.terminal_size().columns)
                             : std::nullopt;
    table.print(console.out, console.colour_out, columns);
  }
  if (preview.has_more) console.err << "there are more: ask for them with --count\n";
}

Outcome<ExitCode> preview(Session& session, const Options& options) {
  auto source = find_source(session, options.target);
  if (!source) return source.error();
  const auto workflow = read_schedules(session, *std::move(source));
  if (!workflow) return workflow.error();
  const auto zones = Zones::of(*workflow, options.timezone);
  if (!zones) return zones.error();
  auto from = session.console().clock.now();
  if (!options.from.empty()) {
    const auto read = read_time(options.from, "from", zones->of_arguments());
    if (!read) return read.error();
    from = *read;
  }
  auto end = Instant::max();
  if (!options.to.empty()) {
    const auto read = read_time(options.to, "to", zones->of_arguments());
    if (!read) return read.error();
    end = *read;
  }
  const auto count = options.count.value_or(options.to.empty() ? kUsualCount : kMostCount);
  const auto found = preview_schedules(*workflow, from, end, count);
  if (session.json()) {
    print_json(session.console().out, preview_json(*workflow, found, *zones));
  } else {
    print_preview(session.console(), *workflow, found, *zones);
  }
  return ExitCode::done;
}

}  // namespace

Action build_schedule_preview(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments
      .add_option("workflow", options->target,
                  "A workflow file, which needs no daemon, or the name of a workflow")
      ->required()
      ->type_name("");
  arguments.add_option("--from", options->from, "From that time on (else from now)")
      ->type_name("TIME");
  arguments.add_option("--to", options->to, "Before that time")->type_name("TIME");
  arguments
      .add_option("--timezone", options->timezone,
                  "Show the clock of that zone (else of the schedule's own)")
      ->type_name("ZONE");
  arguments
      .add_option("--count", options->count,
                  fmt::format("At most that many firings (else {}; with --to all, up to {})",
                              kUsualCount, kMostCount))
      ->check(CLI::Range(std::size_t{1}, kMostCount))
      ->type_name("N");
  arguments.footer(
      "Shows when the schedules of a workflow fire, and marks what is particular: times that do\n"
      "not exist or come twice where the clock is changed, and how much jitter a slot has.\n\n"
      "  tba-integrate schedule preview workflows/report.yaml --from 2027-03-27 --to 2027-03-30");
  return [options](Session& session) { return preview(session, *options); };
}

}  // namespace tba::cli
