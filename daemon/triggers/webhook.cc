#include "daemon/triggers/webhook.h"

#include <algorithm>
#include <array>
#include <charconv>
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
using Sender = WebhookHandshake::Sender;

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

/// Nobody reads more than that of what comes from anybody.
constexpr std::size_t kLongestOffer = 4096;

/// Whether the header says that the body is no longer than an offer is.
bool announces_short_body(const http::Request& request) {
  const auto text = request.headers.find("Content-Length").value_or("");
  std::size_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  return failure == std::errc() && end == text.data() + text.size() && length <= kLongestOffer;
}

}  // namespace

/// Looks at one request, in the order in which it may be turned away.
class Webhooks::Examination {
 public:
  Examination(const Environment& environment, const http::Request& request, const std::string& path)
      : environment_(environment), request_(request), path_(path) {}

  /// Finds the triggers that stand at the path. 404.
  std::optional<Refusal> find_triggers() {
    set_ = environment_.workflows.current();
    const auto owner = set_->webhook_paths.find(path_);
    if (owner == set_->webhook_paths.end())
      return http::refusal(404, "unknown_webhook", "no workflow has this webhook path");
    loaded_ = &set_->workflows.find(owner->second)->second;
    definition_ = loaded_->definition;
    triggers_ = webhooks_of(*definition_->workflow, &path_);
    query_ = http::form_value(request_.query);
    const auto connector = definition_->connectors.find(triggers_.front()->connector);
    if (connector == definition_->connectors.end()) return std::nullopt;
    connector_ = connector->second.get();
    if (connector_->webhook) scheme_ = &*connector_->webhook;
    return std::nullopt;
  }

  /// Whether the path takes requests from where this one comes from. 403.
  std::optional<Refusal> check_sender() const {
    const auto& allowed = triggers_.front()->allow_from;
    if (allowed.empty()) return std::nullopt;
    const auto address = IpAddress::parse(request_.client);
    if (address && std::ranges::any_of(
                       allowed, [&](const auto& network) { return network.contains(*address); }))
      return std::nullopt;
    return refusal_with_secret(
        403, "not_allowed", "requests from this address are not taken",
        address ? "its address is not in `allow_from`"
                : "the address that it comes from is not known, and `allow_from` says which may");
  }

  /// Whether it may offer the secret of the credential, which there is not yet.
  bool may_offer() const {
    return scheme_ && scheme_->offers_secrets() &&
           !environment_.credentials.knows(triggers_.front()->credential);
  }

  /// Keeps the secret that the request offers, and records that without it. Nothing where it offers
  /// none. 400.
  Finding take_offer(SecretOffers& offers) {
    if (!may_offer() || request_.body.size() > kLongestOffer || parse()) return std::nullopt;
    const auto* handshake = handshake_of(*scheme_, inbound(), Sender::unsettled);
    if (!handshake) return std::nullopt;
    auto secret = offered_secret(*handshake, *scheme_, inbound());
    if (!secret) return http::refusal(400, "bad_handshake", secret.error().message);
    auto answer = answer_of(*handshake, *scheme_, nullptr, inbound());
    if (!answer) return http::refusal(400, "bad_handshake", answer.error().message);
    const auto& trigger = *triggers_.front();
    const auto kept = offers.add({.id = {},
                                  .credential = trigger.credential,
                                  .connector = trigger.connector,
                                  .scheme = scheme_->offered_auth,
                                  .workflow = definition_->workflow->name,
                                  .client = request_.client,
                                  .at = environment_.clock.now(),
                                  .secret = std::move(*secret)});
    if (!kept) return http::refusal(400, "bad_handshake", kept.error().message);
    return Refusal{std::move(*answer),
                   fmt::format("a secret is offered for credential '{}', which there is not yet: "
                               "`credential offers` shows it",
                               trigger.credential)};
  }

  /// Finds what verifies deliveries at the path, which is the same for all its triggers; nothing
  /// where none does. 503.
  std::optional<Refusal> find_verifier() {
    if (!loaded_->held.empty()) return held(loaded_->held.front());
    const auto& trigger = *triggers_.front();
    if (trigger.connector.empty()) return std::nullopt;  // as its file says
    credential_ = environment_.credentials.find(trigger.credential);
    auto fits = credential_ && scheme_
                    ? connectors::check_for_webhooks(*credential_, *connector_)
                    : Error{ErrorCode::unavailable,
                            "the credential '" + trigger.credential + "' cannot be used", ""};
    if (!fits) return held(fits.error().message);
    verification_ = scheme_->verification_by(credential_->scheme);
    return std::nullopt;
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

  /// The handshake that the request is; null where it is none. Of one from anybody the body counts
  /// as null: nobody reads what strangers send.
  const WebhookHandshake* handshake(Sender sender) const {
    return verification_ ? handshake_of(*scheme_, inbound(), sender) : nullptr;
  }

  /// What the handshake is answered. 400, 401.
  std::variant<http::Response, Refusal> answer(const WebhookHandshake& handshake) const {
    const AnswerSigner signer{*verification_, *credential_};
    auto made = answer_of(handshake, *scheme_, &signer, inbound());
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

  static Refusal held(const std::string& reason) {
    return refusal_with_secret(503, "held", "the workflow is held",
                               "the workflow is held: " + reason);
  }

  const Environment& environment_;
  const http::Request& request_;
  const std::string& path_;
  std::shared_ptr<const daemon::WorkflowSet> set_;
  const daemon::LoadedWorkflow* loaded_ = nullptr;  // of the set
  std::shared_ptr<const engine::Definition> definition_;
  std::vector<const WebhookTrigger*> triggers_;
  const Connector* connector_ = nullptr;   // null where the webhook is of none
  const WebhookScheme* scheme_ = nullptr;  // the connector's; null where it has none
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
  if (auto refusal = examination.check_sender()) return refusal;
  if (examination.may_offer() && announces_short_body(request)) return std::nullopt;
  if (auto refusal = examination.find_verifier()) return refusal;
  if (examination.handshake(Sender::anybody)) return std::nullopt;
  if (auto refusal = examination.take_method()) return refusal;
  return examination.look_for_signature();
}

/// Whether the request is a handshake, a delivery, or to be turned away; the order in which that is
/// found out.
Webhooks::Finding Webhooks::examine(Examination& examination) {
  if (auto refusal = examination.find_triggers()) return *std::move(refusal);
  if (auto refusal = examination.check_sender()) return *std::move(refusal);
  if (auto finding = examination.take_offer(offers_)) return finding;
  if (auto refusal = examination.find_verifier()) return *std::move(refusal);
  if (const auto* handshake = examination.handshake(Sender::anybody))
    return examination.answer(*handshake);
  if (auto refusal = examination.take_method()) return *std::move(refusal);
  if (auto refusal = examination.verify()) return *std::move(refusal);
  if (auto refusal = examination.parse()) return *std::move(refusal);
  if (const auto* handshake = examination.handshake(Sender::verified))
    return examination.answer(*handshake);
  if (auto refusal = examination.name_event()) return *std::move(refusal);
  return std::nullopt;
}

asio::awaitable<http::Response> Webhooks::receive(http::Request request, std::string path) {
  Examination examination(environment_, request, path);
  auto finding = examine(examination);
  if (finding) {
    if (auto* refusal = std::get_if<Refusal>(&*finding)) {
      co_await record(std::move(path), request.sender(), *refusal);
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

asio::awaitable<void> Webhooks::record(std::string path, std::string sender,
                                       const Refusal& refusal) {
  return rejections_.add(std::move(path), std::move(sender), refusal.answer.status, refusal.reason);
}

}  // namespace tba::triggers
