#include "shared/webhook_handshake.h"

#include <array>

#include "shared/answer_rules.h"

namespace tba {
namespace {

constexpr std::array kAnswerKeys{
    Key{.name = "status",
        .type = KeyType::integer,
        .description = "200 if not given",
        .minimum = 200,
        .maximum = 299},
    Key{.name = "text", .type = KeyType::templated, .description = "an expression: the body"},
    Key{.name = "json",
        .type = KeyType::templated,
        .description = "an expression: the body, which is sent as JSON"},
};
constexpr KeyTable kAnswerTable{"handshake_answer", "the answer", kAnswerKeys};

constexpr std::array kHandshakeKeys{
    Key{.name = "when",
        .type = KeyType::templated,
        .is_required = true,
        .description = "an expression on .method, .query, .headers and .body: whether a request is "
                       "this handshake"},
    Key{.name = "verified",
        .type = KeyType::boolean,
        .description = "whether it must prove who sent it; true if not given"},
    Key{.name = "offers_secret",
        .type = KeyType::templated,
        .description = "an expression on the same: the secret that the sender will sign with from "
                       "now on, of a request that comes before there is a credential"},
    Key{.name = "sign",
        .type = KeyType::templated,
        .description = "an expression on the same: a text whose HMAC is .signature in the answer"},
    Key{.name = "answer",
        .type = KeyType::table,
        .is_required = true,
        .description = "what it is answered",
        .table = &kAnswerTable},
};

std::optional<expression::Program> read_program(const Fields& fields, std::string_view key) {
  const auto* node = fields.find(key);
  return node ? read_plain_program(*node, fields.diagnostics()) : std::nullopt;
}

WebhookHandshake::Sender sender_of(const Fields& fields) {
  using Sender = WebhookHandshake::Sender;
  if (!fields.has("offers_secret"))
    return fields.boolean("verified", true) ? Sender::verified : Sender::anybody;
  if (fields.boolean("verified", false)) {
    fields.find("verified")
        ->error(fields.diagnostics(), "who offers a secret cannot have proved anything by it");
  }
  if (const auto* sign = fields.key("sign"))
    sign->error(fields.diagnostics(), "where a secret is offered there is none yet to sign with");
  return Sender::unsettled;
}

}  // namespace

constinit const KeyTable kHandshakeTable{"handshake", "a handshake", kHandshakeKeys};

WebhookHandshake read_handshake(const yaml::Node& node, Diagnostics& diagnostics) {
  const Fields fields(node, kHandshakeTable, diagnostics);
  WebhookHandshake handshake;
  handshake.when = read_program(fields, "when");
  handshake.offers_secret = read_program(fields, "offers_secret");
  handshake.sign = read_program(fields, "sign");
  handshake.sender = sender_of(fields);
  if (const auto* answer = fields.find("answer")) {
    const Fields keys(*answer, kAnswerTable, diagnostics);
    handshake.status = static_cast<int>(keys.integer("status", 200));
    handshake.text = read_program(keys, "text");
    handshake.json = read_program(keys, "json");
    if (keys.has("text") && keys.has("json"))
      keys.key("json")->error(diagnostics, "an answer is a text or JSON, not both");
  }
  return handshake;
}

}  // namespace tba
