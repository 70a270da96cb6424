#include "daemon/connectors/request_builder.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/net/origin.h"
#include "daemon/vault/base64.h"
#include "shared/suggestion.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

bool is_scalar(const Value& value) {
  return !value.is_array() && !value.is_object();
}

/// A scalar as it stands in a path, query or header.
std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.as_string()) : to_json(value);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void set_header(net::HttpRequest& request, std::string_view name, std::string value) {
  std::erase_if(request.headers,
                [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  request.headers.emplace_back(name, std::move(value));
}

std::string bearer(const vault::Credential& credential) {
  return fmt::format("Bearer {}", credential.field("token"));
}

/// RFC 7617.
std::string basic(const vault::Credential& credential) {
  auto pair = fmt::format("{}:{}", credential.field("username"), credential.field("password"));
  auto value = "Basic " + vault::base64(pair);
  vault::wipe(pair);
  return value;
}

/// A request in the making.
class Draft {
 public:
  Draft(const Connector& connector, const Endpoint& endpoint)
      : connector_(connector), endpoint_(endpoint), base_url_(connector.base_url) {
    request_.method = endpoint.method;
    request_.headers = connector.headers;
  }

  Result<> put_parameters(const Value& given);
  Result<> authenticate(const vault::Credential& credential);
  void set_header(std::string_view name, std::string value) {
    connectors::set_header(request_, name, std::move(value));
  }
  Result<net::HttpRequest> finish() &&;

 private:
  Result<> put(const Parameter& parameter, const Value& value);
  Result<> put_in_path(const std::string& name, std::string value);
  Result<std::string> expanded(std::string_view text) const;
  Error error(std::string_view message, std::string hint = {}) const {
    return invalid(fmt::format("{}/{}: {}", connector_.name, endpoint_.id, message),
                   std::move(hint));
  }
  Error parameter_error(std::string_view name, std::string_view problem,
                        std::string hint = {}) const {
    return error(fmt::format("parameter '{}' {}", name, problem), std::move(hint));
  }

  const Connector& connector_;
  const Endpoint& endpoint_;
  std::string base_url_;
  net::HttpRequest request_;
  std::map<std::string, std::string, std::less<>> path_;  // encoded, by placeholder
  Fields query_;
  ObjectBuilder body_;
};

Result<> Draft::put_parameters(const Value& given) {
  if (!given.is_object() && !given.is_null()) {
    return error(fmt::format("'with' must be an object, not of type {}", type_name(given)));
  }
  const auto& known = endpoint_.parameters;
  for (const auto& member : given.members()) {
    if (std::ranges::find(known, member.name, &Parameter::name) != known.end()) continue;
    std::vector<std::string_view> names;
    for (const auto& parameter : known) names.push_back(parameter.name);
    return error(
        fmt::format("there is no parameter '{}'", member.name),
        names.empty() ? "it takes none" : fmt::format("it takes: {}", fmt::join(names, ", ")));
  }
  for (const auto& parameter : known) {
    const bool takes_null =
        parameter.place == ParameterPlace::body && parameter.type == ValueType::any;
    const auto* value = given.find(parameter.name);
    if (value && value->is_null() && !takes_null) value = nullptr;
    if (!value && parameter.default_value) value = &*parameter.default_value;
    if (!value) {
      if (!parameter.required) continue;
      return parameter_error(parameter.name, "is missing",
                             fmt::format("it is of type {}", name_of(parameter.type)));
    }
    if (auto done = put(parameter, *value); !done) return done;
  }
  return {};
}

Result<> Draft::put(const Parameter& parameter, const Value& value) {
  const auto& name = parameter.name;
  if (!has_type(value, parameter.type)) {
    return parameter_error(
        name, fmt::format("must be of type {}, not {}", name_of(parameter.type), type_name(value)),
        parameter.type == ValueType::string && is_scalar(value) ? "write it in quotes" : "");
  }
  switch (parameter.place) {
    case ParameterPlace::body:
      body_.put(name, value);
      return {};
    case ParameterPlace::query: {
      const auto items = value.is_array() ? value.items() : std::span(&value, 1);
      for (const auto& item : items) {
        if (!is_scalar(item)) {
          return parameter_error(
              name, fmt::format("holds an {}, which cannot stand in a query", type_name(item)));
        }
        query_.emplace_back(name, text_of(item));
      }
      return {};
    }
    case ParameterPlace::header: {
      if (!is_scalar(value)) {
        return parameter_error(
            name, fmt::format("is an {}, which cannot stand in a header", type_name(value)));
      }
      auto text = text_of(value);
      if (std::ranges::any_of(text, is_control)) {
        return parameter_error(
            name, "holds a line break or another control character, which no header can");
      }
      set_header(name, std::move(text));
      return {};
    }
    case ParameterPlace::path:
      if (!is_scalar(value)) {
        return parameter_error(
            name, fmt::format("is an {}, which cannot stand in a path", type_name(value)));
      }
      return put_in_path(name, text_of(value));
  }
  return {};
}

Result<> Draft::put_in_path(const std::string& name, std::string value) {
  // RFC 3986 section 5.2.4: dot segments, encoded or not, lead to another path.
  if (value.empty() || value == "." || value == "..") {
    return parameter_error(name, value.empty() ? "is empty, which would change the path"
                                               : "is '.' or '..', which would change the path");
  }
  path_.insert_or_assign(name, percent_encode(value));
  return {};
}

Result<> Draft::authenticate(const vault::Credential& credential) {
  if (auto fits = check_for_calls(credential, connector_); !fits)
    return error(fits.error().message, fits.error().hint);
  const auto refuse = [&](std::string_view problem) {
    return error(fmt::format("credential '{}' {}", credential.name, problem));
  };
  const auto* scheme = connector_.scheme(credential.scheme);
  if (!credential.base_url.empty()) base_url_ = credential.base_url;
  switch (scheme->type) {
    case AuthScheme::Type::bearer:
      set_header("Authorization", bearer(credential));
      return {};
    case AuthScheme::Type::basic:
      set_header("Authorization", basic(credential));
      return {};
    case AuthScheme::Type::webhook_secret:  // cannot be: see check_for_calls()
    case AuthScheme::Type::api_key:
      break;
  }
  auto key = fmt::format("{}{}", scheme->prefix, credential.field("key"));
  switch (scheme->place) {
    case ParameterPlace::header:
      set_header(scheme->parameter, std::move(key));
      return {};
    case ParameterPlace::query:
      query_.emplace_back(scheme->parameter, std::move(key));
      return {};
    case ParameterPlace::path:
      if ((base_url_ + endpoint_.path).find(fmt::format("{{{}}}", scheme->parameter)) ==
          std::string::npos) {
        return refuse(fmt::format("goes where the URL has {{{}}}, which this endpoint's has not",
                                  scheme->parameter));
      }
      path_.insert_or_assign(scheme->parameter, percent_encode(key));
      vault::wipe(key);
      return {};
    case ParameterPlace::body:
      break;
  }
  return refuse("goes into the body, which is not possible");
}

/// `text` with each {placeholder} replaced by its value.
Result<std::string> Draft::expanded(std::string_view text) const {
  std::string result;
  while (true) {
    const auto open = text.find('{');
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      result += text;
      return result;
    }
    const auto name = text.substr(open + 1, close - open - 1);
    const auto value = path_.find(name);
    if (value == path_.end()) {
      return error(fmt::format("nothing is given for {{{}}} in its URL", name),
                   "it takes a parameter of this name, or a credential");
    }
    result.append(text.substr(0, open)).append(value->second);
    text.remove_prefix(close + 1);
  }
}

Result<net::HttpRequest> Draft::finish() && {
  const auto base = std::string_view(base_url_).substr(0, base_url_.find_last_not_of('/') + 1);
  auto url = expanded(std::string(base) + endpoint_.path);
  if (!url) return url.error();
  request_.url = with_query(*url, query_);

  if (std::ranges::find(endpoint_.parameters, ParameterPlace::body, &Parameter::place) !=
      endpoint_.parameters.end()) {
    request_.body = to_json(std::move(body_).build());
    if (std::ranges::none_of(request_.headers, [](const auto& header) {
          return equal_ignoring_case(header.first, "Content-Type");
        })) {
      request_.headers.emplace_back("Content-Type", "application/json");
    }
  }
  return std::move(request_);
}

}  // namespace

Result<> check_for_calls(const vault::Credential& credential, const Connector& connector) {
  const auto refuse = [&](std::string_view problem, std::string hint = {}) {
    return invalid(fmt::format("credential '{}' {}", credential.name, problem), std::move(hint));
  };
  if (credential.connector != connector.name) {
    return refuse(
        fmt::format("belongs to connector '{}', not '{}'", credential.connector, connector.name));
  }
  const auto* scheme = connector.scheme(credential.scheme);
  if (!scheme || scheme->type != credential.type) {
    return refuse(fmt::format("was set for auth scheme '{}', which the connector no longer has, or "
                              "has changed",
                              credential.scheme),
                  "set it anew");
  }
  if (scheme->type == AuthScheme::Type::webhook_secret)
    return refuse("is a webhook's secret, which cannot authenticate a call");
  return {};
}

Result<> check_for_requests(const vault::Credential& credential) {
  if (credential.type == AuthScheme::Type::bearer || credential.type == AuthScheme::Type::basic)
    return {};
  return invalid(fmt::format("credential '{}' cannot be used with `http`: it is of type {}",
                             credential.name, name_of(credential.type)),
                 "use bearer or basic, or describe the API in a connector and `call` it");
}

Result<> check_for_secret(const vault::Credential& credential, std::string_view field,
                          std::string_view connector) {
  if (!connector.empty() && credential.connector != connector) {
    return invalid(
        fmt::format("credential '{}' belongs to connector '{}', so '{}' is not given its "
                    "secrets",
                    credential.name, credential.connector, connector));
  }
  if (credential.fields.contains(field)) return {};
  std::vector<std::string> names;
  for (const auto& [name, value] : credential.fields) names.push_back(name);
  return invalid(fmt::format("credential '{}' has no field '{}'{}", credential.name, field,
                             did_you_mean(field, names)),
                 fmt::format("it has: {}", fmt::join(names, ", ")));
}

Result<> check_destination(const std::string& url, const vault::Credential& credential,
                           const std::string& base_url) {
  const auto home = net::origin_of(credential.base_url.empty() ? base_url : credential.base_url);
  if (home != net::Origin{} && net::origin_of(url) == home) return {};
  return invalid(
      home == net::Origin{}
          ? fmt::format("credential '{}' can be sent nowhere: connector '{}' has no base URL that "
                        "says where it belongs",
                        credential.name, credential.connector)
          : fmt::format("credential '{}' is only sent to {}://{}:{}, which is not where the "
                        "request goes",
                        credential.name, home.scheme, home.host, home.port),
      "set the credential with the base URL of the API that it is for");
}

Result<net::HttpRequest> build_request(const Connector& connector, const Endpoint& endpoint,
                                       const Value& parameters, const vault::Credential* credential,
                                       std::string_view idempotency_key) {
  Draft draft(connector, endpoint);
  if (auto done = draft.put_parameters(parameters); !done) return done.error();
  if (!idempotency_key.empty() && !connector.idempotency_header.empty()) {
    draft.set_header(connector.idempotency_header, std::string(idempotency_key));
  }
  if (credential) {
    if (auto done = draft.authenticate(*credential); !done) return done.error();
  }
  return std::move(draft).finish();
}

Result<> authenticate(net::HttpRequest& request, const vault::Credential& credential,
                      const std::string& base_url) {
  if (auto fits = check_for_requests(credential); !fits) return fits;
  if (auto fits = check_destination(request.url, credential, base_url); !fits) return fits;
  set_header(request, "Authorization",
             credential.type == AuthScheme::Type::bearer ? bearer(credential) : basic(credential));
  return {};
}

}  // namespace tba::connectors
