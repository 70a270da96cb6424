#pragma once

#include <optional>
#include <vector>

#include "daemon/engine/run_state.h"
#include "daemon/storage/records.h"

namespace tba::engine {

/// What the end of a run brings about. It is stored in the change that ends the run: the event with
/// AddEvent, the starts as runs that have begun.
struct Consequences {
  std::optional<storage::Event> event;
  std::vector<Start> starts;
};

/// Is asked when a run ends or is interrupted. Called on the engine's executor, once for each time
/// that a change to such a status is put together; it must not block, and has no side effects.
class EndListener {
 public:
  virtual ~EndListener() = default;
  virtual Consequences after(const storage::Run& run) = 0;
};

}  // namespace tba::engine
