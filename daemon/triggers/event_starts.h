#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/end_listener.h"
#include "daemon/log.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/expression/program.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Knows what events start.
///
/// A workflow is not started by the end of its own runs, and no run is started by the end of one
/// that kLongestChain others have led to: so workflows cannot start each other for ever.
class EventStarts final : public engine::EndListener {
 public:
  /// How many runs may have led to one whose end starts others (storage::Run::depth).
  static constexpr int kLongestChain = 8;

  /// What it needs from outside; all must outlive it.
  struct Environment {
    const daemon::Workflows& workflows;
    const Clock& clock;
    UuidGenerator& ids;
    const Value& vars;                 ///< The configuration's.
    const expression::Budget& budget;  ///< Of each `match`.
    daemon::Log& log;
  };

  explicit EventStarts(Environment environment) : environment_(environment) {}

  /// What has led to an event.
  struct Cause {
    std::string_view workflow = {};  ///< Whose run ended, or empty.
    int depth = -1;                  ///< Of that run.
  };

  /// The runs that the event starts: one for each trigger that takes it.
  std::vector<engine::Start> of(const storage::Event& event, const Value& data,
                                const Cause& cause) const;

  /// What the end of a run starts. run.failed and run.interrupted are always recorded,
  /// run.succeeded and run.cancelled where a trigger in force names them: so most runs cost no row
  /// more.
  engine::Consequences after(const storage::Run& run) override;

 private:
  bool takes(const EventTrigger& trigger, const Workflow& workflow, const storage::Event& event,
             const Value& context, const Cause& cause) const;

  Environment environment_;
};

}  // namespace tba::triggers
