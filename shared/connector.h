#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/auth_scheme.h"
#include "shared/endpoint.h"
#include "shared/plugin.h"
#include "shared/rate_limit.h"
#include "shared/retry_policy.h"
#include "shared/webhook_scheme.h"

namespace tba {

/// How an API tells that a request came before.
struct Idempotency {
  std::string header;                                 ///< Empty where the API has none.
  std::optional<std::chrono::milliseconds> lifetime;  ///< Of a key; nothing: it never ends.
};

/// The description of an API, or of what a plugin does, as read from one YAML file. Immutable once
/// read.
struct Connector {
  std::string name;
  std::string title;
  std::optional<PluginProgram> plugin;  ///< What answers its calls, where that is no API.
  bool sends_mail = false;              ///< Its calls go to a mail server (SMTP): no requests.
  std::string base_url;                 ///< Or empty: each credential has its own.
  std::string text;                     ///< The file's text: what a run keeps.
  std::vector<AuthScheme> auth;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<RetryPolicy> retry;
  Idempotency idempotency;
  std::vector<RateLimit> rate_limits;
  std::string test;  ///< Id of the endpoint that tells whether a credential works; or empty.
  std::vector<Endpoint> endpoints;
  std::optional<WebhookScheme> webhook;

  const Endpoint* endpoint(std::string_view id) const;
  const AuthScheme* scheme(std::string_view name) const;

  /// Whether a credential of that scheme must say where its API is, as the connector does not.
  bool needs_base_url(const AuthScheme& scheme) const {
    return base_url.empty() && !plugin && scheme.is_for_calls();
  }

  /// Whether that endpoint knows a call again that comes twice with one idempotency key.
  bool takes_keys(std::string_view endpoint_id) const;
};

}  // namespace tba
