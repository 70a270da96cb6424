#include "shared/schedule.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/duration.h"
#include "shared/time_format.h"

namespace tba {
namespace {

using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Years have four digits: in UTC too.
constexpr LocalTime kEndOfCalendar = std::chrono::local_days(std::chrono::year(9999) / 12 / 31);
constexpr Instant kBeginning = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);

/// The only time of a pattern that has but one.
struct Once {
  LocalTime time;

  std::optional<LocalTime> first_in(LocalTime from, LocalTime end) const {
    return from <= time && time < end ? std::optional(time) : std::nullopt;
  }
};

/// What the clock of the zone shows at the times of a pattern.
template <class Pattern>
struct InZone {
  const Pattern& pattern;
  const TimeZone& zone;
  bool follows_clock;  ///< Times that do not exist are left out, those that come twice count twice.
  OnGap on_gap;
  OnOverlap on_overlap;

  std::optional<Instant> next_after(Instant after) const {
    after = std::max(after, kBeginning);
    for (auto period = zone.period_at(after);; period = zone.period_at(period.end)) {
      if (period.begin > after && fires_for_gap_before(period)) return period.begin;
      const auto from = std::max<Instant>(period.begin, floor<seconds>(after) + seconds(1));
      const bool is_last = period.end == Instant::max();
      const auto end =
          is_last ? kEndOfCalendar : std::min(kEndOfCalendar, period.to_local(period.end));
      if (const auto time = pattern.first_in(first_counted(period, from), end)) {
        return period.to_instant(*time);
      }
      if (end == kEndOfCalendar) return std::nullopt;
    }
  }

 private:
  bool fires_for_gap_before(const TimeZone::Period& period) const {
    if (follows_clock || on_gap == OnGap::skip || period.offset <= period.offset_before) {
      return false;
    }
    return pattern.first_in(before_change(period), period.to_local(period.begin)).has_value();
  }

  /// What the clock showed from `from` on in this period, or the first of it that it had not shown
  /// before.
  LocalTime first_counted(const TimeZone::Period& period, Instant from) const {
    const auto time = period.to_local(from);
    const bool is_put_back = period.offset < period.offset_before;
    if (follows_clock || on_overlap == OnOverlap::both || !is_put_back) return time;
    return std::max(time, before_change(period));
  }

  /// What the clock would have shown at the beginning of the period without the change.
  static LocalTime before_change(const TimeZone::Period& period) {
    return period.to_local(period.begin) - period.offset + period.offset_before;
  }
};

Oddity oddity_in(const TimeZone& zone, Instant slot) {
  const auto period = zone.period_at(slot);
  if (period.offset < period.offset_before &&
      slot < period.begin + (period.offset_before - period.offset)) {
    return Oddity::second_time;
  }
  if (period.end == Instant::max()) return Oddity::none;
  const auto next = zone.period_at(period.end);
  if (slot >= period.end - (next.offset_before - next.offset)) return Oddity::first_time;
  return Oddity::none;
}

struct OddityOf {
  Instant slot;

  Oddity operator()(const CronSchedule& schedule) const {
    const auto period = schedule.zone.period_at(slot);
    if (!schedule.cron.fits(period.to_local(slot))) return Oddity::moved;
    return oddity_in(schedule.zone, slot);
  }
  Oddity operator()(const Every&) const { return Oddity::none; }
  Oddity operator()(const At& at) const {
    const auto found = std::ranges::lower_bound(at.slots, slot, {}, &At::Slot::at);
    return found != at.slots.end() && found->at == slot ? found->oddity : Oddity::none;
  }
};

/// Texts of a schedule with as many of its `at` instants as there is room for.
struct TextOf {
  std::size_t most_instants;

  std::string operator()(const CronSchedule& schedule) const {
    if (schedule.zone.name() == "UTC") return schedule.cron.text();
    return fmt::format("{} ({})", schedule.cron.text(), schedule.zone.name());
  }
  std::string operator()(const Every& every) const {
    return "every " + format_duration(every.period);
  }
  std::string operator()(const At& at) const {
    std::string text;
    for (std::size_t i = 0; i < at.slots.size() && i < most_instants; ++i)
      text += (i == 0 ? "at " : ", ") + format_time(at.slots[i].at);
    if (at.slots.size() > most_instants) {
      text += fmt::format(" and {} more", at.slots.size() - most_instants);
    }
    return text;
  }
};

}  // namespace

std::optional<Instant> CronSchedule::next_after(Instant after) const {
  return InZone<Cron>{cron, zone, cron.is_hourly(), on_gap, on_overlap}.next_after(after);
}

std::optional<Instant> Every::next_after(Instant after) const {
  const auto since = floor<milliseconds>(after).time_since_epoch();
  auto slots = since / period;
  if (since % period < milliseconds(0)) --slots;
  return Instant(period * (slots + 1));
}

std::optional<Instant> At::next_after(Instant after) const {
  const auto found = std::ranges::upper_bound(slots, after, {}, &Slot::at);
  return found != slots.end() ? std::optional(found->at) : std::nullopt;
}

Result<> At::add(std::string_view text, OnGap on_gap, OnOverlap on_overlap) {
  const auto insert = [this](Slot slot) {
    const auto place = std::ranges::lower_bound(slots, slot.at, {}, &Slot::at);
    if (place == slots.end() || place->at != slot.at) slots.insert(place, slot);
  };
  const auto local = parse_local_time(text);
  if (!local) {
    const auto instant = parse_time(text);
    if (!instant) {
      return Error{ErrorCode::invalid, fmt::format("'{}' is not a time", text),
                   "write 2026-12-24T18:00:00+01:00, or 2026-12-24T18:00 and a `timezone`"};
    }
    insert({*instant});
    return {};
  }
  const Once once{*local};
  const InZone<Once> times{once, zone, false, on_gap, on_overlap};
  const auto before = Instant(local->time_since_epoch()) - std::chrono::days(2);
  for (auto at = times.next_after(before); at; at = times.next_after(*at)) {
    const bool is_moved = zone.period_at(*at).to_local(*at) != *local;
    insert({*at, is_moved ? Oddity::moved : oddity_in(zone, *at)});
  }
  return {};
}

bool is_local_time(std::string_view text) {
  return parse_local_time(text).has_value();
}

std::optional<Instant> next_after(const Schedule& schedule, Instant after) {
  return std::visit([&](const auto& kind) { return kind.next_after(after); }, schedule);
}

std::optional<Instant> last_in(const Schedule& schedule, Instant after, Instant until) {
  auto last = next_after(schedule, after);
  if (!last || *last > until) return std::nullopt;
  // Between the last slot known and an instant after which none comes any more lies the answer.
  for (auto none_after = until; *last < none_after;) {
    const auto next = next_after(schedule, *last);
    if (!next || *next > until) break;
    last = next;
    const auto middle = *last + (none_after - *last) / 2;
    const auto later = next_after(schedule, middle);
    if (later && *later <= until) {
      last = later;
    } else {
      none_after = middle;
    }
  }
  return last;
}

Oddity oddity_of(const Schedule& schedule, Instant slot) {
  return std::visit(OddityOf{slot}, schedule);
}

TimeZone zone_of(const Schedule& schedule) {
  if (const auto* cron = std::get_if<CronSchedule>(&schedule)) return cron->zone;
  if (const auto* at = std::get_if<At>(&schedule)) return at->zone;
  return TimeZone::utc();
}

std::string text_of(const Schedule& schedule) {
  return std::visit(TextOf{3}, schedule);
}

std::string identity_of(const Schedule& schedule) {
  auto text = std::visit(TextOf{std::string::npos}, schedule);
  if (const auto* cron = std::get_if<CronSchedule>(&schedule); cron && !cron->cron.is_hourly()) {
    if (cron->on_gap == OnGap::skip) text += " on_gap=skip";
    if (cron->on_overlap == OnOverlap::both) text += " on_overlap=both";
  }
  return text;
}

std::string schedule_key(std::string_view workflow, const Schedule& schedule) {
  return fmt::format("{}/{}", workflow, identity_of(schedule));
}

milliseconds jitter_of(std::string_view key, Instant slot, milliseconds most) {
  // FNV-1a over the key, then the slot through the finalizer of SplitMix64: slots that are near to
  // each other get jitters that are not.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash += static_cast<std::uint64_t>(slot.time_since_epoch().count()) * 0x9e3779b97f4a7c15;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
  hash ^= hash >> 31;
  return milliseconds(hash % (static_cast<std::uint64_t>(most.count()) + 1));
}

}  // namespace tba
