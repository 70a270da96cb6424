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
  std::optional<expression::Program> when;  ///< Whether a request is this handshake: a boolean.
  bool is_verified = true;  ///< Whether it must prove who sent it, as deliveries do.
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
