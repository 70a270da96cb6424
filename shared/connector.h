#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/expression/mapping.h"
#include "shared/shape.h"
#include "shared/value/value.h"
#include "shared/value_type.h"

namespace tba {

/// Where a parameter of an endpoint, or an API key, goes in a request.
enum class ParameterPlace { path, query, header, body };

/// One parameter of an endpoint, given in a step's `with`.
struct Parameter {
  std::string name;
  ParameterPlace place = ParameterPlace::body;
  ValueType type = ValueType::any;
  bool required = false;
  std::optional<Value> default_value;
  std::string description;
};

/// One operation of an API.
struct Endpoint {
  std::string id;
  std::string title;
  std::string method;  ///< Upper case.
  std::string path;    ///< "/users/{username}", below the base URL.
  std::vector<Parameter> parameters;
  Shape response;  ///< Of the body of an answer that tells of success.
};

/// How a credential of a connector proves who is calling.
struct AuthScheme {
  enum class Type { bearer, api_key, basic, webhook_secret };
  std::string name;
  Type type = Type::bearer;
  ParameterPlace place = ParameterPlace::header;  ///< api_key: header, query or path.
  std::string parameter;  ///< api_key: the header, query parameter or {placeholder}.
  std::string prefix;     ///< api_key: put before the key ("Bot ").
};

/// What a failed call may be tried again for, and how long to wait. `retry` of a connector, a
/// workflow or a step.
struct RetryPolicy {
  int attempts = 1;  ///< In all, the first included.
  std::chrono::milliseconds initial{1000};
  std::chrono::milliseconds max{60'000};
  double factor = 2;
  bool jitter = true;
  bool on_network = true;                               ///< No answer: refused, reset, DNS, TLS.
  bool on_timeout = true;                               ///< No answer in time.
  std::vector<int> on_statuses = {429, 502, 503, 504};  ///< 5 stands for 5xx, 4 for 4xx.
  /// Conditions, of which one must hold where nothing above does; of workflows and steps.
  std::vector<expression::Mapping> on_expressions = {};
};

/// How a webhook of this API is checked and understood.
struct WebhookScheme {
  std::string signature_header;  ///< Of hmac_sha256, in hex.
  std::string signature_prefix;  ///< "sha256="
  std::string event_header;      ///< Or empty.
  std::string
      action_key;  ///< Member of the body that, after a dot, is joined to the event; or empty.
  std::string delivery_id_header;
  std::vector<std::pair<std::string, Shape>> events;  ///< What those that are known bring.

  /// The form of the payload of that event. What is known of "issues" holds for "issues.opened"
  /// too, where nothing else is.
  Shape payload_of(std::string_view event) const;
};

/// The names as written in files: "path", "bearer", …
std::string_view name_of(ParameterPlace place);
std::string_view name_of(AuthScheme::Type type);
std::optional<ParameterPlace> parameter_place_named(std::string_view name);
std::optional<AuthScheme::Type> auth_type_named(std::string_view name);

/// The description of an API, as read from one YAML file. Immutable once read.
struct Connector {
  std::string name;
  std::string title;
  std::string base_url;
  std::string text;  ///< The file's text: what a run keeps.
  std::vector<AuthScheme> auth;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<RetryPolicy> retry;
  std::string idempotency_header;  ///< Empty where the API has none.
  std::string test;  ///< Id of the endpoint that tells whether a credential works; or empty.
  std::vector<Endpoint> endpoints;
  std::optional<WebhookScheme> webhook;

  const Endpoint* endpoint(std::string_view id) const;
  const AuthScheme* scheme(std::string_view name) const;
};

}  // namespace tba
