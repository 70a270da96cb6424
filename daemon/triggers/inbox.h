#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/engine.h"
#include "daemon/storage/store.h"
#include "daemon/workflows.h"
#include "shared/error.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Starts runs again from deliveries that were kept.
class Inbox {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    const daemon::Workflows& workflows;
    engine::Engine& engine;
    storage::Store& store;
    UuidGenerator& ids;
    const Value& vars;  ///< The configuration's.
  };

  explicit Inbox(Environment environment) : environment_(environment) {}

  struct Replay {
    std::string workflow;
    std::vector<RunId> runs;  ///< Of the kind "replay"; the delivery is theirs.
  };

  /// Starts what the delivery would start if it arrived now: by the workflow that has its path or,
  /// where one is named, by any webhook of that one. Its signature was checked when it came; that
  /// it is known already does not matter. Completes after the commit. Errors: `not_found` for the
  /// delivery or the workflow; `conflict` where no trigger takes it, with the reason; `unavailable`
  /// where the workflow is held or the daemon stops; `invalid` where this version cannot read its
  /// body.
  boost::asio::awaitable<Result<Replay>> replay(DeliveryId id, std::string workflow);

 private:
  Environment environment_;
};

}  // namespace tba::triggers
