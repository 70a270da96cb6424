#pragma once

#include <optional>

#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// A request by which an API finds out whether a webhook listens; it is answered and starts no run.
/// The programs are of expression::Mode::plain over `{method, query, headers, body}`; those of the
/// answer also have `signature` there, where there is a `sign`.
struct WebhookHandshake {
  /// What is known of whoever sent it.
  enum class Sender {
    verified,   ///< It has proved who it is, as deliveries do.
    anybody,    ///< Nothing; its body counts as null.
    unsettled,  ///< Nothing yet: it offers the secret by which it will prove it.
  };

  Sender sender = Sender::verified;
  std::optional<expression::Program> when;  ///< Whether a request is this handshake: a boolean.
  /// Of an unsettled sender: the secret that it offers, a text.
  std::optional<expression::Program> offers_secret;
  /// A text whose HMAC under the credential's secret the answer needs.
  std::optional<expression::Program> sign;
  int status = 200;
  std::optional<expression::Program> text;  ///< The answer's body; or
  std::optional<expression::Program> json;  ///< this, as JSON; or none.
};

/// The keys of a handshake.
extern const KeyTable kHandshakeTable;

WebhookHandshake read_handshake(const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
