#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/clock.h"
#include "shared/cron.h"
#include "shared/error.h"
#include "shared/timezone.h"

namespace tba {

/// What becomes of a local time that is left out because the clock is put forward.
enum class OnGap : std::uint8_t {
  next,  ///< It fires in the instant of the change; several of a gap fire once.
  skip,
};

/// Which of two instants counts where the clock is put back and shows a local time twice.
enum class OnOverlap : std::uint8_t { first, both };

/// Which slots are made up for that passed while no daemon ran or the workflow was held.
enum class CatchUp : std::uint8_t { none, latest, all };

/// What is particular about a slot.
enum class Oddity : std::uint8_t {
  none,
  moved,       ///< The local time that was meant does not exist on that day.
  first_time,  ///< The clock will show this local time again.
  second_time,
};

/// Times of the clock of a zone. An expression that fires in every hour follows the clock as it
/// goes: left out are the times that do not exist, and those that come twice fire twice, so that no
/// hour passes without it and none gets more than its share. Of any other one each local time
/// counts once, as `on_gap` and `on_overlap` say.
struct CronSchedule {
  Cron cron;
  TimeZone zone = TimeZone::utc();
  OnGap on_gap = OnGap::next;
  OnOverlap on_overlap = OnOverlap::first;

  /// None only close to the end of the year 9999.
  std::optional<Instant> next_after(Instant after) const;
};

/// Each multiple of a period since 1970-01-01T00:00:00Z: the slots do not depend on when somebody
/// began to look.
struct Every {
  std::chrono::milliseconds period{0};  ///< At least a second.

  std::optional<Instant> next_after(Instant after) const;
};

/// Certain instants.
struct At {
  struct Slot {
    Instant at;
    Oddity oddity = Oddity::none;
  };
  std::vector<Slot> slots;  ///< In order of time, none twice.
  TimeZone zone = TimeZone::utc();

  /// Adds an instant that is written as in RFC 3339, or as a local time of the zone
  /// ("2026-12-24T18:00", seconds may follow; a blank may stand for the T): with OnOverlap::both
  /// that may be two, with OnGap::skip none. Errors: `invalid`.
  Result<> add(std::string_view text, OnGap on_gap, OnOverlap on_overlap);

  std::optional<Instant> next_after(Instant after) const;
};

/// Whether the text is a time without an offset, which only a time zone makes an instant.
bool is_local_time(std::string_view text);

using Schedule = std::variant<CronSchedule, Every, At>;

/// The first slot after `after`. A pure function: who restarts, or when, changes nothing.
std::optional<Instant> next_after(const Schedule& schedule, Instant after);

/// The last slot after `after` and not after `until`.
std::optional<Instant> last_in(const Schedule& schedule, Instant after, Instant until);

/// What is particular about one of its slots.
Oddity oddity_of(const Schedule& schedule, Instant slot);

/// The zone whose clock it goes by; UTC where it goes by none.
TimeZone zone_of(const Schedule& schedule);

/// "0 9 * * MON-FRI (Europe/Berlin)", "every 15m", "at 2026-12-24T17:00:00Z, …": for people.
std::string text_of(const Schedule& schedule);

/// Two schedules have the same one if, and only if, what is written of their slots is the same.
std::string identity_of(const Schedule& schedule);

/// What the slots of a workflow's schedule are remembered by. Where it stands among the triggers,
/// what is made up for and how much jitter it has do not matter.
std::string schedule_key(std::string_view workflow, const Schedule& schedule);

/// How much later than the slot itself it fires: 0 to `most`, the same whoever asks and whenever.
std::chrono::milliseconds jitter_of(std::string_view key, Instant slot,
                                    std::chrono::milliseconds most);

}  // namespace tba
