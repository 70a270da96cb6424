#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/answer_rules.h"
#include "shared/auth_scheme.h"
#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/pagination.h"
#include "shared/parameter.h"
#include "shared/rate_limit.h"
#include "shared/retry_policy.h"
#include "shared/run.h"
#include "shared/shape.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How the parameters of a body are written.
enum class BodyFormat {
  json,
  form,       ///< application/x-www-form-urlencoded.
  multipart,  ///< multipart/form-data (RFC 7578).
  raw,        ///< As it is: the one parameter that is the whole body.
};

/// What a call of an endpoint has a mail server do.
enum class MailAction {
  send,   ///< Take a message.
  check,  ///< Take the login, and no message.
};

/// One operation of an API.
struct Endpoint {
  std::string id;
  std::string title;
  std::string description;
  std::optional<MailAction> mail;  ///< Of a connector that sends mail, in the place of a request.
  std::string method;              ///< Upper case; empty where there is no request.
  std::string path;                ///< "/users/{username}", below the base URL.
  std::string base_url;            ///< Where it is another than the connector's; or empty.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Beside the connector's.
  BodyFormat body = BodyFormat::json;
  std::string content_type;  ///< Of the body; empty: that of its format.
  std::vector<Parameter> parameters;
  bool revalidate = false;  ///< Whether to ask if an answer that is kept has changed.
  /// How old an answer may be that is used without asking; 0: none is.
  std::chrono::milliseconds fresh_for{0};
  std::optional<Effect> effect;          ///< Where its method says too little.
  std::optional<RetryPolicy> retry;      ///< In the place of the connector's.
  std::vector<std::string> rate_limits;  ///< That count its calls; empty: all that count any.
  AnswerRules answer;                    ///< Its own, and what the connector has for the rest.
  std::shared_ptr<const Pagination> pagination;  ///< Of the list that it gives; null: none.
  Shape response;  ///< Of the body of an answer that tells of success.

  /// Whether any of its parameters goes into the body.
  bool has_body() const;
};

/// What an endpoint takes from its connector.
struct EndpointSurroundings {
  std::span<const AuthScheme> auth;  ///< Whose keys may stand in the path.
  std::span<const RateLimit> rate_limits;
  const AnswerRules& answer;
  std::shared_ptr<const Pagination> pagination;  ///< Of endpoints that it fits; or null.
  bool revalidate = false;                       ///< Of GETs that do not say it themselves.
  std::chrono::milliseconds fresh_for{0};        ///< Likewise.
};

/// The keys of an endpoint.
extern const KeyTable kEndpointTable;

/// The endpoint of that id that a node describes.
Endpoint read_endpoint(const yaml::Node& id, const yaml::Node& node,
                       const EndpointSurroundings& around, Diagnostics& diagnostics);

}  // namespace tba
