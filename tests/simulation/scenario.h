#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "tests/simulation/disk.h"

namespace tba::simulation {

/// Somebody outside wants something.
struct Wish {
  enum class Kind {
    start,    ///< A run, by hand.
    deliver,  ///< A delivery.
    cancel,   ///< Any run that there is then.
    decide,   ///< About any step that waits for an approval then.
    resume,   ///< Any run that is interrupted then.
    emit,     ///< An event.
  };
  Kind kind = Kind::start;
  Duration at{0};            ///< Since the beginning.
  std::size_t workflow = 0;  ///< Of the scenario's.
  std::string sender_id;     ///< Of a delivery; the same as another's: it is sent again.
  std::int64_t number = 0;   ///< In the body of a delivery.
};

/// A moment at which a daemon ends.
struct End {
  enum class When {
    write,    ///< Before or after it writes to the disk for the count-th time.
    sync,     ///< Before or after it syncs for the count-th time.
    effect,   ///< After an attempt has acted for the count-th time, before it hears of that.
    time,     ///< After that time.
    request,  ///< Asked to, after that time.
  };
  When when = When::time;
  std::uint64_t count = 1;  ///< From 1, in the life of the daemon.
  bool after = false;       ///< Whether the operation itself is carried out.
  Duration time{0};
  Crash crash = Crash::process;
  Duration until_next{0};  ///< How long no daemon runs.
};

/// For a while the disk is full, or broken.
struct DiskTrouble {
  Duration at{0};
  Duration lasts{0};
  bool concerns_syncs = false;  ///< Else writes.
  bool is_full = false;         ///< Else an I/O error.
};

/// Somebody sets the clock; or the machine sleeps, so that it seems to be set when it wakes up.
struct ClockChange {
  Duration at{0};
  Duration forward{0};  ///< Back where it is negative.
  bool while_asleep = false;
};

/// Everything that will happen in one simulation, but for what follows from it.
struct Scenario {
  std::uint64_t seed = 0;
  std::vector<std::string> workflows;  ///< The texts of their files.
  std::vector<Wish> wishes;
  Duration horizon{0};    ///< How long people want something.
  std::vector<End> ends;  ///< Of one daemon after the other; the one after these lives on.
  std::vector<DiskTrouble> disk_troubles;
  std::vector<ClockChange> clock_changes;
  bool has_poison = false;          ///< Whether runs of it end the daemon: see Poison.
  unsigned trouble = 0;             ///< See Outside.
  Duration longest_store_delay{0};  ///< What a commit, or reading, may take.
};

/// A scenario from a seed: a few workflows, many wishes, several crashes.
Scenario random_scenario(std::uint64_t seed);

/// A small one in which no daemon ends: for trying every end on.
Scenario small_scenario(std::uint64_t seed);

/// As people read it.
std::string described(const Scenario& scenario);
std::string described(const End& end);
std::string described(const ClockChange& change);

}  // namespace tba::simulation
