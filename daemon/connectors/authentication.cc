#include "daemon/connectors/authentication.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/connectors/signing/aws_sigv4.h"
#include "daemon/connectors/signing/hmac_signature.h"
#include "daemon/connectors/signing/oauth1.h"
#include "daemon/net/client_certificate.h"
#include "daemon/net/origin.h"
#include "daemon/vault/base64.h"
#include "shared/placeholders.h"
#include "shared/suggestion.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

using Type = AuthScheme::Type;
using Place = AuthScheme::Place;

/// The text with the fields of the credential that it has places for.
std::string filled(std::string_view text, const vault::Credential& credential) {
  return fill_placeholders(
      text, [&](std::string_view name) { return std::string(credential.field(name)); });
}

/// Where the credential's API is, which it may say itself; empty where nobody does.
const std::string& base_url_of(const vault::Credential& credential, const Connector* own) {
  return credential.base_url.empty() && own ? own->base_url : credential.base_url;
}

/// Puts the proof of one type of scheme into a request.
using Authenticator = Result<> (*)(net::HttpRequest& request, const AuthScheme& scheme,
                                   const vault::Credential& credential, const Moment& moment);

Result<> by_nothing(net::HttpRequest&, const AuthScheme&, const vault::Credential&, const Moment&) {
  return {};
}

/// RFC 6750, section 2.1.
Result<> by_token(net::HttpRequest& request, const AuthScheme&, const vault::Credential& credential,
                  const Moment&) {
  set_header(request, "Authorization", fmt::format("Bearer {}", credential.field("token")));
  return {};
}

/// RFC 7617.
Result<> by_password(net::HttpRequest& request, const AuthScheme&,
                     const vault::Credential& credential, const Moment&) {
  auto pair = fmt::format("{}:{}", credential.field("username"), credential.field("password"));
  set_header(request, "Authorization", "Basic " + vault::base64(pair));
  vault::wipe(pair);
  return {};
}

/// RFC 7616: the client answers what it is asked.
Result<> by_digest(net::HttpRequest& request, const AuthScheme&,
                   const vault::Credential& credential, const Moment&) {
  request.digest_login = net::Login{std::string(credential.field("username")),
                                    std::string(credential.field("password"))};
  return {};
}

/// RFC 6265, section 4.2.1: a request has one Cookie header.
void add_cookie(net::HttpRequest& request, std::string_view name, std::string_view value) {
  auto cookie = fmt::format("{}={}", name, value);
  const auto cookies = std::ranges::find_if(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, "Cookie");
  });
  if (cookies == request.headers.end()) {
    request.headers.emplace_back("Cookie", std::move(cookie));
  } else {
    cookies->second.append("; ").append(cookie);
  }
}

Result<> by_key(net::HttpRequest& request, const AuthScheme& scheme,
                const vault::Credential& credential, const Moment&) {
  auto key = fmt::format("{}{}", scheme.prefix, credential.field("key"));
  const auto name = filled(scheme.parameter, credential);
  if (scheme.place == Place::header) set_header(request, name, key);
  if (scheme.place == Place::query)
    request.url = with_query(without_query(request.url, name), {{name, key}});
  if (scheme.place == Place::cookie) add_cookie(request, name, key);
  vault::wipe(key);
  return {};
}

Result<> by_access_token(net::HttpRequest& request, const AuthScheme& scheme,
                         const vault::Credential& credential, const Moment&) {
  set_header(request, "Authorization",
             scheme.prefix + std::string(credential.field("access_token")));
  return {};
}

std::string nonce_of(const Moment& moment) {
  return fmt::format("{:016x}{:016x}", moment.random.next(), moment.random.next());
}

Result<> by_oauth1(net::HttpRequest& request, const AuthScheme& scheme,
                   const vault::Credential& credential, const Moment& moment) {
  const OAuth1Keys keys{credential.field("consumer_key"), credential.field("consumer_secret"),
                        credential.field("token"), credential.field("token_secret")};
  const auto now = std::chrono::floor<std::chrono::seconds>(moment.now).time_since_epoch().count();
  set_header(request, "Authorization",
             oauth1_authorization(request, keys, scheme.oauth1_method, nonce_of(moment), now));
  return {};
}

Result<> by_hmac(net::HttpRequest& request, const AuthScheme& scheme,
                 const vault::Credential& credential, const Moment& moment) {
  return sign_hmac(request, *scheme.hmac, {credential.field("key"), credential.field("secret")},
                   moment.now, nonce_of(moment));
}

Result<> by_aws_sigv4(net::HttpRequest& request, const AuthScheme& scheme,
                      const vault::Credential& credential, const Moment& moment) {
  const auto own = credential.field("region");
  const auto service = filled(scheme.service, credential);
  sign_aws_sigv4(request,
                 {credential.field("access_key_id"), credential.field("secret_access_key"),
                  credential.field("session_token")},
                 {own.empty() ? std::string_view(scheme.region) : own, service}, moment.now);
  return {};
}

Result<> by_certificate(net::HttpRequest& request, const AuthScheme&,
                        const vault::Credential& credential, const Moment&) {
  auto certificate = net::ClientCertificate::read(credential.field("certificate"),
                                                  credential.field("private_key"));
  if (!certificate)
    return with_context(certificate.error(), "credential '" + credential.name + "'");
  request.client_certificate = *std::move(certificate);
  return {};
}

constexpr std::array<std::pair<Type, Authenticator>, 10> kAuthenticators{{
    {Type::none, by_nothing},
    {Type::bearer, by_token},
    {Type::basic, by_password},
    {Type::digest, by_digest},
    {Type::api_key, by_key},
    {Type::oauth1, by_oauth1},
    {Type::hmac, by_hmac},
    {Type::aws_sigv4, by_aws_sigv4},
    {Type::mutual_tls, by_certificate},
    {Type::oauth2, by_access_token},
}};

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
  if (scheme->type == Type::webhook_secret)
    return refuse("is a webhook's secret, which cannot authenticate a call");
  return {};
}

Result<> check_for_requests(const vault::Credential& credential, const Connector* own) {
  if (!own) {
    return invalid(fmt::format("credential '{}' is for connector '{}', which there no longer is",
                               credential.name, credential.connector));
  }
  if (auto fits = check_for_calls(credential, *own); !fits) return fits;
  if (own->sends_mail) {
    return invalid(
        fmt::format("credential '{}' cannot be used with `http`: it is for a mail server",
                    credential.name),
        "call `email/send` with it");
  }
  const auto* scheme = own->scheme(credential.scheme);
  if (scheme->type != Type::api_key || scheme->place != Place::path) return {};
  return invalid(fmt::format("credential '{}' cannot be used with `http`: it is a key that goes "
                             "into the path",
                             credential.name),
                 "describe the API in a connector and `call` it");
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
                           const Connector* own) {
  const auto home = net::origin_of(base_url_of(credential, own));
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

Result<std::string> whole_url(std::string url, const vault::Credential& credential,
                              const Connector* own) {
  if (!url.starts_with('/')) return url;
  const std::string_view base = base_url_of(credential, own);
  if (base.empty()) {
    return invalid(fmt::format("credential '{}' has no base URL that the request could be below",
                               credential.name),
                   "set the credential with the base URL of the API that it is for");
  }
  return std::string(base.substr(0, base.find_last_not_of('/') + 1)) + url;
}

Result<> authenticate(net::HttpRequest& request, const Connector& connector,
                      const vault::Credential& credential, const Moment& moment) {
  const auto& scheme = *connector.scheme(credential.scheme);
  for (const auto& [name, value] : scheme.headers)
    set_header(request, name, filled(value, credential));
  const auto* entry = std::ranges::find(kAuthenticators, scheme.type,
                                        &decltype(kAuthenticators)::value_type::first);
  return entry->second(request, scheme, credential, moment);
}

void set_header(net::HttpRequest& request, std::string_view name, std::string value) {
  std::erase_if(request.headers,
                [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  request.headers.emplace_back(name, std::move(value));
}

}  // namespace tba::connectors
