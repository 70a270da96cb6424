#include "daemon/auth/subject.h"

#include <utility>

#include <fmt/format.h>

namespace tba::auth {

Result<Subject> subject_of(const std::string& name, const vault::Credentials& credentials,
                           const ConnectorLookup& connector_of) {
  if (!credentials.knows(name)) {
    return Error{ErrorCode::not_found, fmt::format("credential '{}' does not exist", name),
                 "`credential set` makes it first"};
  }
  Subject subject{credentials.find_for_login(name), nullptr, nullptr};
  if (!subject.credential) return Error{ErrorCode::invalid, credentials.problem(name), ""};
  const auto& credential = *subject.credential;
  if (credential.type != AuthScheme::Type::oauth2) {
    return Error{ErrorCode::invalid,
                 fmt::format("credential '{}' is of type {}, which knows no login", name,
                             name_of(credential.type)),
                 ""};
  }
  subject.connector = connector_of(credential.connector);
  const auto* scheme = subject.connector ? subject.connector->scheme(credential.scheme) : nullptr;
  if (!scheme || !scheme->oauth2) {
    return Error{
        ErrorCode::invalid,
        fmt::format("credential '{}' was set for auth scheme '{}' of connector '{}', which "
                    "there no longer is, or is no login",
                    name, credential.scheme, credential.connector),
        "set it anew"};
  }
  subject.scheme = &*scheme->oauth2;
  return subject;
}

}  // namespace tba::auth
