#include "daemon/triggers/inbox.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/engine/trigger_context.h"
#include "daemon/triggers/webhook_matching.h"
#include "shared/suggestion.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

/// The workflow that is to take the delivery.
Result<const daemon::LoadedWorkflow*> taker_of(const daemon::WorkflowSet& set,
                                               const storage::Delivery& delivery,
                                               const std::string& named) {
  if (!named.empty()) {
    const auto* loaded = set.find(named);
    if (loaded) return loaded;
    std::vector<std::string> known;
    for (const auto& [name, each] : set.workflows) known.push_back(name);
    return Error{ErrorCode::not_found,
                 fmt::format("there is no workflow '{}'{}", named, did_you_mean(named, known)),
                 "`workflow list` shows which there are"};
  }
  const auto owner = set.webhook_paths.find(delivery.path);
  if (owner != set.webhook_paths.end()) return set.find(owner->second);
  return Error{ErrorCode::conflict,
               fmt::format("no workflow has the webhook path '{}' any more", delivery.path),
               "name the workflow that is to take it"};
}

}  // namespace

asio::awaitable<Result<Inbox::Replay>> Inbox::replay(DeliveryId id, std::string workflow) {
  const auto found = co_await environment_.store.delivery(id);
  if (!found) co_return found.error();
  if (!*found)
    co_return Error{ErrorCode::not_found, "there is no delivery " + id.text(),
                    "`webhook list` shows which there are"};
  const auto& delivery = **found;
  const auto set = environment_.workflows.current();
  const auto taker = taker_of(*set, delivery, workflow);
  if (!taker) co_return taker.error();
  const auto& definition = (*taker)->definition;
  Replay replay{definition->workflow->name, {}};
  if (!(*taker)->held.empty()) {
    co_return Error{
        ErrorCode::unavailable,
        fmt::format("workflow '{}' is held: {}", replay.workflow, (*taker)->held.front()), ""};
  }
  const auto body = engine::body_of(delivery);
  if (!body) co_return body.error();

  const auto triggers =
      webhooks_of(*definition->workflow, workflow.empty() ? &delivery.path : nullptr);
  const WebhookMatching matching{environment_.vars, environment_.engine.budget(), environment_.ids};
  auto match = matching(definition, triggers, delivery, *body);
  if (match.starts.empty()) {
    co_return Error{ErrorCode::conflict,
                    fmt::format("workflow '{}' does not take this delivery: {}", replay.workflow,
                                triggers.empty() ? "it has no webhook" : match.unmatched),
                    ""};
  }
  engine::Admission admission;
  for (auto& start : match.starts) {
    start.trigger_kind = "replay";
    admission.starts.push_back(std::move(start));
  }
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) co_return outcome.error();
  replay.runs = std::get<engine::Admitted>(*outcome).runs;
  co_return replay;
}

}  // namespace tba::triggers
