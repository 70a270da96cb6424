#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine/definition.h"
#include "daemon/engine/run_state.h"
#include "daemon/storage/records.h"
#include "shared/expression/program.h"
#include "shared/uuid.h"
#include "shared/value/value.h"
#include "shared/workflow.h"

namespace tba::triggers {

/// What a delivery starts.
struct WebhookMatch {
  std::vector<engine::Start> starts;
  std::string unmatched;  ///< Why nothing, as a sentence; empty where something.
  /// Whose result answers the request: its place among `starts`. Nothing where all triggers that
  /// take the delivery say `respond: accepted`.
  std::optional<std::size_t> responding;
  std::chrono::milliseconds respond_within{0};  ///< How long that result is waited for.
};

/// What deciding about a delivery needs.
struct WebhookMatching {
  const Value& vars;
  const expression::Budget& budget;
  UuidGenerator& ids;

  /// A start for each of the triggers that takes the delivery: its event, and its `match`. The
  /// triggers belong to the definition; `body` is what the delivery's body stands for.
  WebhookMatch operator()(const std::shared_ptr<const engine::Definition>& definition,
                          const std::vector<const WebhookTrigger*>& triggers,
                          const storage::Delivery& delivery, const Value& body) const;
};

/// The workflow's webhook triggers at that path; all of them where the path is null.
std::vector<const WebhookTrigger*> webhooks_of(const Workflow& workflow, const std::string* path);

}  // namespace tba::triggers
