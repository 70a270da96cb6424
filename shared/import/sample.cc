#include "shared/import/sample.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fnmatch.h>

#include "shared/import/prose.h"
#include "shared/import/sample_draft.h"
#include "shared/uri.h"

namespace tba::importing {
namespace {

constexpr std::array<std::string_view, 7> kMethods{"GET",   "HEAD",   "POST",   "PUT",
                                                   "PATCH", "DELETE", "OPTIONS"};

std::string_view usual_name(const AuthScheme& scheme) {
  if (scheme.type == AuthScheme::Type::basic || scheme.type == AuthScheme::Type::digest)
    return "login";
  if (scheme.type == AuthScheme::Type::bearer) return "token";
  return equal_ignoring_case(scheme.parameter, "Cookie") ? "session" : "key";
}

bool is_same(const AuthScheme& left, const AuthScheme& right) {
  return left.type == right.type && left.place == right.place &&
         equal_ignoring_case(left.parameter, right.parameter) && left.prefix == right.prefix;
}

}  // namespace

AuthScheme auth_of_type(AuthScheme::Type type) {
  AuthScheme scheme;
  scheme.type = type;
  return scheme;
}

AuthScheme auth_of_key(AuthScheme::Place place, std::string_view parameter,
                       std::string_view prefix) {
  auto scheme = auth_of_type(AuthScheme::Type::api_key);
  scheme.place = place;
  scheme.parameter = parameter;
  scheme.prefix = prefix;
  return scheme;
}

std::optional<AuthScheme> auth_of_authorization(std::string_view value) {
  const auto blank = value.find(' ');
  const auto name = blank == std::string_view::npos ? std::string_view() : value.substr(0, blank);
  if (equal_ignoring_case(name, "bearer")) return auth_of_type(AuthScheme::Type::bearer);
  if (equal_ignoring_case(name, "basic")) return auth_of_type(AuthScheme::Type::basic);
  if (equal_ignoring_case(name, "digest")) return auth_of_type(AuthScheme::Type::digest);
  // Others say more than one key can: AWS4-HMAC-SHA256 Credential=…, …
  const auto key = value.substr(name.empty() ? 0 : blank + 1);
  if (key.find_first_of(" ,\"") != std::string_view::npos) return std::nullopt;
  return auth_of_key(AuthScheme::Place::header, "Authorization",
                     name.empty() ? "" : fmt::format("{} ", name));
}

void SampleGatherer::add_auth(AuthScheme scheme) {
  auto& schemes = imported_.connector.auth;
  if (std::ranges::any_of(schemes, [&](const AuthScheme& each) { return is_same(each, scheme); }))
    return;
  scheme.name = scheme_names_.take(std::string(usual_name(scheme)), "_");
  schemes.push_back(std::move(scheme));
}

void SampleGatherer::add(const Sample& sample) {
  if (std::ranges::find(kMethods, sample.method) == kMethods.end()) {
    unsupported_.add(fmt::format("method {}", one_line(sample.method, 40)));
    return;
  }
  SampleDraft draft(sample, unsupported_);
  auto drafted = std::move(draft).finish();
  auto& endpoint = drafted.endpoint;
  endpoint.id = ids_.take(std::move(endpoint.id), "-");
  if (!only_.empty() && fnmatch(only_.c_str(), endpoint.id.c_str(), 0) != 0) return;
  if (sample.base_url != imported_.connector.base_url) endpoint.base_url = sample.base_url;
  if (drafted.auth) add_auth(std::move(*drafted.auth));
  for (const auto& what : drafted.withheld)
    imported_.withheld.push_back(fmt::format("{} of {}", what, endpoint.id));
  imported_.connector.endpoints.push_back(std::move(endpoint));
}

ImportedConnector SampleGatherer::gathered() && {
  imported_.unsupported = unsupported_.counts();
  return std::move(imported_);
}

}  // namespace tba::importing
