#include "daemon/triggers/webhook.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "daemon/connectors/webhook_verifier.h"
#include "daemon/http/body.h"
#include "daemon/http/form.h"
#include "daemon/http/media_type.h"
#include "daemon/http/problem.h"
#include "daemon/triggers/run_result.h"
#include "daemon/triggers/webhook_matching.h"
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

std::string answer_json(DeliveryId delivery, const std::vector<RunId>& runs, bool duplicate) {
  ArrayBuilder ids;
  for (const auto& run : runs) ids.add(Value::string(run.text()));
  return to_json(Value::object({{"delivery", Value::string(delivery.text())},
                                {"runs", std::move(ids).build()},
                                {"duplicate", Value::boolean(duplicate)}}));
}

/// The methods that the triggers take, each once, as an Allow header lists them.
std::string methods_of(const std::vector<const WebhookTrigger*>& triggers) {
  std::set<std::string> methods;
  for (const auto* trigger : triggers)
    methods.insert(trigger->methods.begin(), trigger->methods.end());
  return fmt::format("{}", fmt::join(methods, ", "));
}

/// What a delivery without an id of its own is known again by: what was sent.
std::string content_id(const std::string& query_json, const std::string& body) {
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  const auto text = fmt::format("{}:{}{}", query_json.size(), query_json, body);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return fmt::format("blake2b:{:02x}", fmt::join(hash, ""));
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

  /// Finds the triggers that stand at the path and take the method. 404, 503, 405.
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
    triggers_ = webhooks_of(*definition_->workflow, &path_);
    return take_method();
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
    const auto type = request_.headers.find("content-type").value_or("");
    auto body = http::body_value(type, request_.body);
    if (!body) {
      const bool is_json = type.empty() || http::MediaType::parse(type).is_json();
      return http::refusal(400, is_json ? "not_json" : "bad_form", body.error().message);
    }
    body_ = std::move(*body);
    if (const auto* scheme = scheme_of(*definition_, *triggers_.front())) {
      auto event = connectors::webhook_event(*scheme, request_.headers.fields(), body_);
      if (!event) return http::refusal(400, "bad_event", event.error().message);
      event_ = std::move(*event);
    }
    return std::nullopt;
  }

  /// The delivery, without its body.
  storage::Delivery delivery() const {
    const auto& trigger = *triggers_.front();  // what follows is the same for all at one path
    const auto* scheme = scheme_of(*definition_, trigger);
    storage::Delivery delivery;
    delivery.id = environment_.ids.next<DeliveryId>();
    delivery.received_at = environment_.clock.now();
    delivery.path = path_;
    delivery.method = request_.method;
    delivery.workflow = definition_->workflow->name;
    delivery.connector = trigger.connector;
    delivery.event = event_;
    delivery.headers_json = connectors::kept_headers_json(scheme, request_.headers.fields());
    delivery.query_json = to_json(http::form_value(request_.query));
    if (trigger.dedupe == WebhookTrigger::Dedupe::body) {
      delivery.sender_id = content_id(delivery.query_json, request_.body);
    } else if (trigger.dedupe == WebhookTrigger::Dedupe::delivery_id && scheme) {
      delivery.sender_id = connectors::delivery_id(*scheme, request_.headers.fields());
    }
    return delivery;
  }

  WebhookMatch match(const storage::Delivery& delivery) const {
    const WebhookMatching matching{environment_.vars, environment_.engine.budget(),
                                   environment_.ids};
    return matching(definition_, triggers_, delivery, body_);
  }

 private:
  std::optional<Refusal> take_method() {
    auto allowed = methods_of(triggers_);
    std::erase_if(triggers_, [&](const WebhookTrigger* trigger) {
      return std::ranges::find(trigger->methods, request_.method) == trigger->methods.end();
    });
    if (!triggers_.empty()) return std::nullopt;
    auto refused = http::refusal(405, "method_not_allowed",
                                 "this webhook does not take '" + request_.method + "'");
    refused.answer.headers.add("Allow", std::move(allowed));
    return refused;
  }

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
  auto match = examination.match(*admission.delivery);
  admission.starts = std::move(match.starts);
  admission.delivery->unmatched = std::move(match.unmatched);
  admission.delivery->body = std::move(request.body);
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) co_return http::problem(outcome.error());
  const auto* before = std::get_if<engine::AlreadyAdmitted>(&*outcome);
  const auto runs = before ? before->runs : std::get<engine::Admitted>(*outcome).runs;
  auto accepted = http::json_response(
      202, answer_json(before ? before->delivery : id, runs, before != nullptr));
  // A file that changed since a delivery came first may have made other runs of it.
  if (!match.responding || *match.responding >= runs.size()) co_return accepted;
  const auto responding = runs[*match.responding];
  co_return co_await answer_result(responding, match.respond_within, std::move(accepted));
}

/// What the run comes to; that it was accepted where it takes too long to say more.
asio::awaitable<http::Response> Webhooks::answer_result(RunId run, std::chrono::milliseconds limit,
                                                        http::Response accepted) {
  const auto end = co_await wait_for_end(environment_.feed, environment_.store, run, limit);
  if (end && *end) co_return answer_of(**end);
  co_return accepted;
}

asio::awaitable<void> Webhooks::record(std::string path, std::string peer, const Refusal& refusal) {
  return rejections_.add(std::move(path), std::move(peer), refusal.answer.status, refusal.reason);
}

}  // namespace tba::triggers
