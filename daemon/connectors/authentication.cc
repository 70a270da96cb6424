#include "daemon/connectors/authentication.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/net/origin.h"
#include "daemon/vault/base64.h"
#include "shared/suggestion.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
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

Result<> authenticate(net::HttpRequest& request, const vault::Credential& credential,
                      const std::string& base_url) {
  if (auto fits = check_for_requests(credential); !fits) return fits;
  if (auto fits = check_destination(request.url, credential, base_url); !fits) return fits;
  set_header(request, "Authorization", authorization(credential));
  return {};
}

std::string authorization(const vault::Credential& credential) {
  return credential.type == AuthScheme::Type::bearer ? bearer(credential) : basic(credential);
}

void set_header(net::HttpRequest& request, std::string_view name, std::string value) {
  std::erase_if(request.headers,
                [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  request.headers.emplace_back(name, std::move(value));
}

}  // namespace tba::connectors
