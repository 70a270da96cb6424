#include "shared/schedule_reader.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace tba {
namespace {

constexpr std::chrono::seconds kShortestPeriod{1};
constexpr std::chrono::hours kLongestJitter{24};

/// What the keys say of the clock that a schedule goes by.
struct ClockKeys {
  TimeZone zone = TimeZone::utc();
  OnGap on_gap = OnGap::next;
  OnOverlap on_overlap = OnOverlap::first;
};

class ScheduleReader {
 public:
  explicit ScheduleReader(const Fields& fields)
      : fields_(fields), diagnostics_(fields.diagnostics()) {}

  std::optional<ScheduleTrigger> read() {
    auto schedule = read_slots();
    const auto jitter = fields_.duration("jitter").value_or(std::chrono::milliseconds(0));
    check_jitter(jitter, schedule);
    if (!schedule) return std::nullopt;
    return ScheduleTrigger{*std::move(schedule), catch_up(), jitter};
  }

 private:
  std::optional<Schedule> read_slots() {
    const auto* node = fields_.find(fields_.chosen());
    if (fields_.chosen() == "every") {
      refuse_clock_keys();
      return node != nullptr ? read_every(*node) : std::nullopt;
    }
    const auto clock = read_clock();
    if (node == nullptr || !clock) return std::nullopt;
    return fields_.chosen() == "cron" ? read_cron(*node, *clock) : read_at(*node, *clock);
  }

  std::optional<ClockKeys> read_clock() {
    ClockKeys clock;
    if (fields_.text("on_gap") == "skip") clock.on_gap = OnGap::skip;
    if (fields_.text("on_overlap") == "both") clock.on_overlap = OnOverlap::both;
    if (const auto* name = fields_.find("timezone")) {
      auto zone = TimeZone::find(name->text);
      if (!zone) {
        name->error(diagnostics_, zone.error().message, zone.error().hint);
        return std::nullopt;
      }
      clock.zone = *std::move(zone);
    }
    return clock;
  }

  void refuse_clock_keys() {
    for (const auto* key : {"timezone", "on_gap", "on_overlap"}) {
      if (const auto* written = fields_.key(key)) {
        written->error(diagnostics_, fmt::format("'{}' does not go with 'every'", key),
                       "a period goes by no clock on the wall: it counts from "
                       "1970-01-01T00:00:00Z");
      }
    }
  }

  std::optional<Schedule> read_cron(const yaml::Node& node, const ClockKeys& clock) {
    auto cron = Cron::parse(node.text);
    if (cron.has_error()) {
      diagnostics_.error(node.where, cron.error().offset, cron.error().length,
                         cron.error().message);
      return std::nullopt;
    }
    if (cron->is_hourly()) {
      for (const auto* key : {"on_gap", "on_overlap"}) {
        const auto* written = fields_.key(key);
        if (written == nullptr) continue;
        diagnostics_.warning(
            written->where, 0, written->text.size(),
            fmt::format("'{}' changes nothing: the expression fires in every hour", key),
            "leave it out");
      }
    }
    return CronSchedule{*std::move(cron), clock.zone, clock.on_gap, clock.on_overlap};
  }

  std::optional<Schedule> read_every(const yaml::Node& node) {
    const auto period = fields_.duration("every");
    if (period < kShortestPeriod) {
      node.error(diagnostics_, "a schedule's period is at least 1s");
      return std::nullopt;
    }
    return Every{*period};
  }

  std::optional<Schedule> read_at(const yaml::Node& node, const ClockKeys& clock) {
    At at{{}, clock.zone};
    bool is_good = true;
    const auto add = [&](const yaml::Node& time) {
      if (is_local_time(time.text) && !fields_.has("timezone")) {
        time.error(diagnostics_, fmt::format("'{}' does not say where", time.text),
                   "give the schedule a `timezone`, or the time its offset: 18:00:00+01:00, or "
                   "18:00:00Z for UTC");
        is_good = false;
        return;
      }
      if (const auto added = at.add(time.text, clock.on_gap, clock.on_overlap); !added) {
        time.error(diagnostics_, added.error().message, added.error().hint);
        is_good = false;
      }
    };
    if (node.kind == yaml::Node::Kind::scalar) add(node);
    for (const auto& item : node.items) add(*item);
    if (!is_good) return std::nullopt;
    if (at.slots.empty()) {
      node.error(diagnostics_, "it never fires: the clock is put forward over this time",
                 "leave out `on_gap: skip`, or name another time");
      return std::nullopt;
    }
    return at;
  }

  CatchUp catch_up() const {
    static constexpr std::array<std::pair<std::string_view, CatchUp>, 2> kNames{{
        {"latest", CatchUp::latest},
        {"all", CatchUp::all},
    }};
    for (const auto& [name, value] : kNames) {
      if (fields_.text("catch_up") == name) return value;
    }
    return CatchUp::none;
  }

  void check_jitter(std::chrono::milliseconds jitter, const std::optional<Schedule>& schedule) {
    if (jitter > kLongestJitter) {
      fields_.find("jitter")->error(diagnostics_, "a jitter is at most 24h");
    }
    const auto* every = schedule ? std::get_if<Every>(&*schedule) : nullptr;
    if (every != nullptr && jitter >= every->period) {
      fields_.find("jitter")->error(diagnostics_, "a jitter is shorter than the period");
    }
  }

  const Fields& fields_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<ScheduleTrigger> read_schedule_trigger(const Fields& fields) {
  return ScheduleReader(fields).read();
}

}  // namespace tba
