#include "daemon/triggers/webhook.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "daemon/connectors/webhook_reading.h"
#include "daemon/connectors/webhook_verifier.h"
#include "daemon/http/body.h"
#include "daemon/http/form.h"
#include "daemon/http/media_type.h"
#include "daemon/http/problem.h"
#include "daemon/triggers/run_result.h"
#include "daemon/triggers/webhook_handshake.h"
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

constexpr int kAccepted = 202;

}  // namespace

/// Looks at one request, in the order in which it may be turned away.
class Webhooks::Examination {
 public:
  Examination(const Environment& environment, const http::Request& request, const std::string& path)
      : environment_(environment), request_(request), path_(path) {}

  /// Finds the triggers that stand at the path, and what verifies their deliveries. 404, 503.
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
    query_ = http::form_value(request_.query);
    return find_verifier();
  }

  /// Leaves the triggers that take the method. 405.
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

  /// Whether the header has a signature that may be right. 401.
  std::optional<Refusal> look_for_signature() const {
    if (!verification_) return std::nullopt;
    const auto given = connectors::given_proof(*verification_, request_.headers.fields(),
                                               environment_.clock.now());
    return given ? std::nullopt : std::optional(bad_signature(given.error().message));
  }

  /// Whether the sender knows the secret. 401.
  std::optional<Refusal> verify() const {
    if (!verification_) return std::nullopt;
    const auto verified =
        connectors::verify_webhook(*verification_, request_.headers.fields(), request_.body,
                                   *credential_, environment_.clock.now());
    return verified ? std::nullopt : std::optional(bad_signature(verified.error().message));
  }

  /// The handshake that the request is; null where it is none. Of one that need not be verified the
  /// body counts as null: nobody reads what strangers send.
  const WebhookHandshake* handshake(bool is_verified) const {
    return verification_ ? handshake_of(*scheme_, inbound(), is_verified) : nullptr;
  }

  /// What the handshake is answered. 400, 401.
  std::variant<http::Response, Refusal> answer(const WebhookHandshake& handshake) const {
    auto made = answer_of(handshake, *scheme_, *verification_, *credential_, inbound());
    if (made) return *std::move(made);
    const auto& error = made.error();
    if (error.code == ErrorCode::denied) return bad_signature(error.message);
    return http::refusal(400, "bad_handshake", error.message);
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
    return unwrap();
  }

  /// Finds out what happened. 400.
  std::optional<Refusal> name_event() {
    if (!scheme_) return std::nullopt;
    auto event = connectors::webhook_event(*scheme_, inbound());
    if (!event) return http::refusal(400, "bad_event", event.error().message);
    event_ = std::move(*event);
    return std::nullopt;
  }

  /// The delivery, without its body.
  storage::Delivery delivery() const {
    const auto& trigger = *triggers_.front();  // what follows is the same for all at one path
    storage::Delivery delivery;
    delivery.id = environment_.ids.next<DeliveryId>();
    delivery.received_at = environment_.clock.now();
    delivery.path = path_;
    delivery.method = request_.method;
    delivery.workflow = definition_->workflow->name;
    delivery.connector = trigger.connector;
    delivery.event = event_;
    delivery.headers_json = to_json(kept_headers());
    delivery.query_json = to_json(query_);
    if (trigger.dedupe == WebhookTrigger::Dedupe::body) {
      delivery.sender_id = content_id(delivery.query_json, request_.body);
    } else if (trigger.dedupe == WebhookTrigger::Dedupe::delivery_id && scheme_) {
      delivery.sender_id = connectors::delivery_id(*scheme_, inbound());
    }
    return delivery;
  }

  /// What is kept of the body: as it came, or what it stands for.
  std::string kept_body(std::string&& as_it_came) const {
    return is_unwrapped_ ? to_json(body_) : std::move(as_it_came);
  }

  WebhookMatch match(const storage::Delivery& delivery) const {
    const WebhookMatching matching{environment_.vars, environment_.engine.budget(),
                                   environment_.ids};
    return matching(definition_, triggers_, delivery, body_);
  }

  /// What is answered when the delivery was stored.
  http::Response accepted(DeliveryId delivery, const std::vector<RunId>& runs,
                          bool duplicate) const {
    const auto status = scheme_ ? connectors::bare_status(*scheme_, inbound()) : std::nullopt;
    if (!status) return http::json_response(kAccepted, answer_json(delivery, runs, duplicate));
    http::Response empty;
    empty.status = *status;
    return empty;
  }

 private:
  /// Finds what the body stands for. 400.
  std::optional<Refusal> unwrap() {
    if (!scheme_) return std::nullopt;
    auto unwrapped = connectors::unwrapped_body(*scheme_, inbound());
    if (!unwrapped) return http::refusal(400, "bad_body", unwrapped.error().message);
    if (!*unwrapped) return std::nullopt;
    body_ = **std::move(unwrapped);
    is_unwrapped_ = true;
    return std::nullopt;
  }

  /// The headers, of which the type is that of the body that is kept.
  Value kept_headers() const {
    auto headers = connectors::kept_headers(scheme_, request_.headers.fields());
    if (!is_unwrapped_) return headers;
    return std::move(headers).with_member("content-type", Value::string("application/json"));
  }

  connectors::Inbound inbound() const {
    return {request_.method, query_, request_.headers.fields(), body_};
  }

  /// Finds what verifies deliveries at the path, which is the same for all its triggers; nothing
  /// where none does. 503.
  std::optional<Refusal> find_verifier() {
    const auto& trigger = *triggers_.front();
    if (trigger.connector.empty()) return std::nullopt;  // as its file says
    const auto connector = definition_->connectors.find(trigger.connector);
    const bool is_known = connector != definition_->connectors.end();
    if (is_known && connector->second->webhook) scheme_ = &*connector->second->webhook;
    credential_ = environment_.credentials.find(trigger.credential);
    auto fits = credential_ && scheme_
                    ? connectors::check_for_webhooks(*credential_, *connector->second)
                    : Error{ErrorCode::unavailable,
                            "the credential '" + trigger.credential + "' cannot be used", ""};
    if (!fits) {
      return refusal_with_secret(503, "held", "the workflow is held",
                                 "the workflow is held: " + fits.error().message);
    }
    verification_ = scheme_->verification_by(credential_->scheme);
    return std::nullopt;
  }

  const Environment& environment_;
  const http::Request& request_;
  const std::string& path_;
  std::shared_ptr<const daemon::WorkflowSet> set_;
  std::shared_ptr<const engine::Definition> definition_;
  std::vector<const WebhookTrigger*> triggers_;
  const WebhookScheme* scheme_ = nullptr;  // null where the webhook is of no connector
  std::shared_ptr<const vault::Credential> credential_;
  const WebhookVerification* verification_ = nullptr;  // the credential's; null where there is none
  Value query_;
  Value body_;  // null before parse()
  bool is_unwrapped_ = false;
  std::string event_;
};

std::optional<Refusal> Webhooks::objection(const http::Request& request,
                                           const std::string& path) const {
  Examination examination(environment_, request, path);
  if (auto refusal = examination.find_triggers()) return refusal;
  if (examination.handshake(false)) return std::nullopt;
  if (auto refusal = examination.take_method()) return refusal;
  return examination.look_for_signature();
}

/// Whether the request is a handshake, a delivery, or to be turned away; the order in which that is
/// found out.
Webhooks::Finding Webhooks::examine(Examination& examination) {
  if (auto refusal = examination.find_triggers()) return *std::move(refusal);
  if (const auto* handshake = examination.handshake(false)) return examination.answer(*handshake);
  if (auto refusal = examination.take_method()) return *std::move(refusal);
  if (auto refusal = examination.verify()) return *std::move(refusal);
  if (auto refusal = examination.parse()) return *std::move(refusal);
  if (const auto* handshake = examination.handshake(true)) return examination.answer(*handshake);
  if (auto refusal = examination.name_event()) return *std::move(refusal);
  return std::nullopt;
}

asio::awaitable<http::Response> Webhooks::receive(http::Request request, std::string path) {
  Examination examination(environment_, request, path);
  auto finding = examine(examination);
  if (finding) {
    if (auto* refusal = std::get_if<Refusal>(&*finding)) {
      co_await record(std::move(path), request.peer.text(), *refusal);
      co_return std::move(refusal->answer);
    }
    co_return std::get<http::Response>(*std::move(finding));
  }

  engine::Admission admission;
  admission.delivery = examination.delivery();
  const auto id = admission.delivery->id;
  auto match = examination.match(*admission.delivery);
  admission.starts = std::move(match.starts);
  admission.delivery->unmatched = std::move(match.unmatched);
  admission.delivery->body = examination.kept_body(std::move(request.body));
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) co_return http::problem(outcome.error());
  const auto* before = std::get_if<engine::AlreadyAdmitted>(&*outcome);
  const auto runs = before ? before->runs : std::get<engine::Admitted>(*outcome).runs;
  auto accepted = examination.accepted(before ? before->delivery : id, runs, before != nullptr);
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
