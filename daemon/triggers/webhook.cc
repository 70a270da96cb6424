#include "daemon/triggers/webhook.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "daemon/connectors/webhook_verifier.h"
#include "daemon/engine/run_state.h"
#include "daemon/http/problem.h"
#include "shared/inputs.h"
#include "shared/value/json.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

using http::Refusal;

/// What the sender is told says nothing of the workflows and credentials behind the path; the
/// record of the rejection does.
Refusal refusal_with_secret(int status, std::string_view code, std::string_view told,
                            std::string reason) {
  return {http::problem(status, code, told), std::move(reason)};
}

Refusal bad_signature(std::string reason) {
  return refusal_with_secret(401, "bad_signature", "the signature is missing or not valid",
                             std::move(reason));
}

/// Whether a trigger that asks for `wanted` takes `event`: all events, that one, or every action of
/// that one.
bool takes(std::string_view wanted, std::string_view event) {
  if (wanted.empty() || wanted == event) return true;
  return event.starts_with(wanted) && event.size() > wanted.size() && event[wanted.size()] == '.';
}

std::string query_json(const http::Request& request) {
  ObjectBuilder query;
  for (const auto& [name, value] : request.query) query.put(name, Value::string(value));
  return to_json(std::move(query).build());
}

std::string answer_json(DeliveryId delivery, const std::vector<RunId>& runs, bool duplicate) {
  ArrayBuilder ids;
  for (const auto& run : runs) ids.add(Value::string(run.text()));
  return to_json(Value::object({{"delivery", Value::string(delivery.text())},
                                {"runs", std::move(ids).build()},
                                {"duplicate", Value::boolean(duplicate)}}));
}

/// The webhook triggers of a workflow at one path.
std::vector<const WebhookTrigger*> triggers_at(const Workflow& workflow, const std::string& path) {
  std::vector<const WebhookTrigger*> triggers;
  for (const auto& trigger : workflow.triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook && webhook->path == path) triggers.push_back(webhook);
  }
  return triggers;
}

const WebhookScheme* scheme_of(const engine::Definition& definition,
                               const WebhookTrigger& trigger) {
  const auto found = definition.connectors.find(trigger.connector);
  return found == definition.connectors.end() || !found->second->webhook ? nullptr
                                                                         : &*found->second->webhook;
}

}  // namespace

/// Looks at one request, in the order in which it may be turned away.
class Webhooks::Examination {
 public:
  Examination(const Environment& environment, const http::Request& request, const std::string& path)
      : environment_(environment), request_(request), path_(path) {}

  /// Finds the triggers that stand at the path. 404, 503.
  std::optional<Refusal> find_triggers() {
    set_ = environment_.workflows.current();
    const auto owner = set_->webhook_paths.find(path_);
    if (owner == set_->webhook_paths.end())
      return http::refusal(404, "unknown_webhook", "no workflow has this webhook path");
    const auto& loaded = set_->workflows.find(owner->second)->second;
    if (!loaded.held.empty())
      return refusal_with_secret(503, "held", "the workflow is held",
                                 "the workflow is held: " + loaded.held.front());
    definition_ = loaded.definition;
    triggers_ = triggers_at(*definition_->workflow, path_);
    return std::nullopt;
  }

  /// Whether the header has a signature that may be right for one of the triggers. 401.
  std::optional<Refusal> look_for_signature() const {
    std::string reason;
    for (const auto* trigger : triggers_) {
      const auto* scheme = scheme_of(*definition_, *trigger);
      if (trigger->credential.empty() || !scheme) return std::nullopt;
      const auto given = connectors::given_signature(*scheme, request_.headers.fields());
      if (given) return std::nullopt;
      if (reason.empty()) reason = given.error().message;
    }
    return bad_signature(std::move(reason));
  }

  /// Leaves the triggers whose secret the sender knows. 401.
  std::optional<Refusal> verify() {
    std::string reason;
    std::erase_if(triggers_, [&](const WebhookTrigger* trigger) {
      if (trigger->credential.empty()) return false;
      const auto verified = verify(*trigger);
      if (!verified && reason.empty()) reason = verified.error().message;
      return !verified.has_value();
    });
    if (triggers_.empty()) return bad_signature(std::move(reason));
    return std::nullopt;
  }

  /// Reads the body. 400.
  std::optional<Refusal> parse() {
    auto body = parse_json(request_.body);
    if (!body)
      return http::refusal(400, "not_json", "the body is no JSON: " + body.error().message);
    body_ = std::move(*body);
    if (const auto* scheme = scheme_of(*definition_, *triggers_.front())) {
      auto event = connectors::webhook_event(*scheme, request_.headers.fields(), body_);
      if (!event) return http::refusal(400, "bad_event", event.error().message);
      event_ = std::move(*event);
    }
    return std::nullopt;
  }

  storage::Delivery delivery() const {
    const auto* scheme = scheme_of(*definition_, *triggers_.front());
    storage::Delivery delivery;
    delivery.id = environment_.ids.next<DeliveryId>();
    delivery.received_at = environment_.clock.now();
    delivery.path = path_;
    delivery.workflow = definition_->workflow->name;
    delivery.connector = triggers_.front()->connector;
    delivery.event = event_;
    if (scheme) delivery.sender_id = connectors::delivery_id(*scheme, request_.headers.fields());
    delivery.headers_json = connectors::kept_headers_json(scheme, request_.headers.fields());
    delivery.query_json = query_json(request_);
    return delivery;
  }

  /// A run for each trigger that takes the event.
  std::vector<engine::Start> starts(const storage::Delivery& delivery) const {
    std::vector<engine::Start> starts;
    for (const auto* trigger : triggers_) {
      if (!takes(trigger->event, event_)) continue;
      engine::Start start;
      start.id = environment_.ids.next<RunId>();
      start.definition = definition_;
      start.trigger_kind = "webhook";
      start.trigger = engine::trigger_value(delivery, body_);
      start.inputs = default_inputs(definition_->workflow->inputs);
      start.delivery = delivery.id;
      starts.push_back(std::move(start));
    }
    return starts;
  }

 private:
  Result<> verify(const WebhookTrigger& trigger) const {
    const auto connector = definition_->connectors.find(trigger.connector);
    const auto credential = environment_.credentials.find(trigger.credential);
    const auto* scheme = scheme_of(*definition_, trigger);
    if (!scheme || !credential) {
      return Error{ErrorCode::denied,
                   "the credential '" + trigger.credential + "' cannot check this signature", ""};
    }
    if (auto fits = connectors::check_for_webhooks(*credential, *connector->second); !fits)
      return fits.error();
    return connectors::verify_webhook(*scheme, request_.headers.fields(), request_.body,
                                      credential->field("secret"));
  }

  const Environment& environment_;
  const http::Request& request_;
  const std::string& path_;
  std::shared_ptr<const daemon::WorkflowSet> set_;
  std::shared_ptr<const engine::Definition> definition_;
  std::vector<const WebhookTrigger*> triggers_;
  Value body_;
  std::string event_;
};

std::optional<Refusal> Webhooks::objection(const http::Request& request,
                                           const std::string& path) const {
  Examination examination(environment_, request, path);
  if (auto refusal = examination.find_triggers()) return refusal;
  return examination.look_for_signature();
}

asio::awaitable<http::Response> Webhooks::receive(http::Request request, std::string path) {
  Examination examination(environment_, request, path);
  auto refusal = examination.find_triggers();
  if (!refusal) refusal = examination.verify();
  if (!refusal) refusal = examination.parse();
  if (refusal) {
    co_await record(std::move(path), request.peer.text(), *refusal);
    co_return std::move(refusal->answer);
  }

  engine::Admission admission;
  admission.delivery = examination.delivery();
  const auto id = admission.delivery->id;
  admission.starts = examination.starts(*admission.delivery);
  admission.delivery->body = std::move(request.body);
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) co_return http::problem(outcome.error());
  if (const auto* before = std::get_if<engine::AlreadyAdmitted>(&*outcome)) {
    co_return http::json_response(202, answer_json(before->delivery, before->runs, true));
  }
  co_return http::json_response(202,
                                answer_json(id, std::get<engine::Admitted>(*outcome).runs, false));
}

asio::awaitable<void> Webhooks::record(std::string path, std::string peer, const Refusal& refusal) {
  return rejections_.add(std::move(path), std::move(peer), refusal.answer.status, refusal.reason);
}

}  // namespace tba::triggers
