#include "daemon/triggers/webhook_handshake.h"

#include <string>
#include <string_view>
#include <utility>

#include "daemon/connectors/answer_program.h"
#include "daemon/connectors/webhook_verifier.h"
#include "shared/value/json.h"

namespace tba::triggers {
namespace {

using expression::Program;

Result<Value> value_of(const Program& program, const Value& request) {
  auto value = connectors::evaluate(program, request);
  if (value) return *std::move(value);
  return Error{ErrorCode::invalid, "the handshake cannot be answered: " + value.error().message,
               ""};
}

Result<std::string> text_of(const Program& program, const Value& request) {
  const auto value = value_of(program, request);
  if (!value) return value.error();
  if (value->is_string()) return std::string(value->as_string());
  return Error{ErrorCode::invalid, "the handshake cannot be answered: what it needs is no text",
               ""};
}

/// The request and, where the answer needs one, the signature.
Result<Value> with_signature(const WebhookHandshake& handshake, const AnswerSigner* signer,
                             Value request) {
  if (!handshake.sign) return request;
  const auto text = text_of(*handshake.sign, request);
  if (!text) return text.error();
  const auto signature =
      connectors::sign_challenge(signer->verification, *text, signer->credential);
  if (!signature) return signature.error();
  return std::move(request).with_member("signature", Value::string(*signature));
}

}  // namespace

const WebhookHandshake* handshake_of(const WebhookScheme& scheme,
                                     const connectors::Inbound& inbound,
                                     WebhookHandshake::Sender sender) {
  Value request;
  for (const auto& handshake : scheme.handshakes) {
    if (handshake.sender != sender) continue;
    if (request.is_null()) request = connectors::as_value(scheme, inbound);
    if (connectors::holds(handshake.when, request)) return &handshake;
  }
  return nullptr;
}

Result<http::Response> answer_of(const WebhookHandshake& handshake, const WebhookScheme& scheme,
                                 const AnswerSigner* signer, const connectors::Inbound& inbound) {
  const auto request = with_signature(handshake, signer, connectors::as_value(scheme, inbound));
  if (!request) return request.error();
  if (handshake.text) {
    auto text = text_of(*handshake.text, *request);
    if (!text) return text.error();
    return http::text_response(handshake.status, *std::move(text));
  }
  http::Response answer;
  answer.status = handshake.status;
  if (!handshake.json) return answer;
  const auto value = value_of(*handshake.json, *request);
  if (!value) return value.error();
  return http::json_response(handshake.status, to_json(*value));
}

Result<vault::Secret> offered_secret(const WebhookHandshake& handshake, const WebhookScheme& scheme,
                                     const connectors::Inbound& inbound) {
  auto text = text_of(*handshake.offers_secret, connectors::as_value(scheme, inbound));
  if (!text) return text.error();
  vault::Secret secret(*text);
  vault::wipe(*text);
  return secret;
}

}  // namespace tba::triggers
