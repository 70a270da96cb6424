#include "daemon/auth/credential_state.h"

#include <algorithm>
#include <chrono>

#include "shared/oauth2_scheme.h"
#include "shared/time_format.h"

namespace tba::auth {

std::optional<Instant> time_field(const vault::Credential& credential, std::string_view field) {
  const auto time = parse_time(credential.field(field));
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<Instant> renewal_due(const vault::Credential& credential, Instant now) {
  // Longer than a call that has just been given the token takes to be sent.
  constexpr std::chrono::seconds kMargin{60};
  if (credential.field("access_token").empty()) return now;
  const auto end = time_field(credential, kExpiresAt);
  if (!end) return std::nullopt;
  const auto obtained = time_field(credential, kObtainedAt);
  // A token that lives for a minute is not renewed all the time.
  const auto margin =
      obtained ? std::min<Duration>(kMargin, (*end - *obtained) / 4) : Duration(kMargin);
  return *end - margin;
}

std::optional<Instant> keep_alive_due(const vault::Credential& credential) {
  constexpr std::chrono::hours kMargin{72};
  if (credential.field("refresh_token").empty()) return std::nullopt;
  const auto end = time_field(credential, kRefreshExpiresAt);
  if (!end) return std::nullopt;
  const auto obtained = time_field(credential, kObtainedAt);
  const auto margin =
      obtained ? std::min<Duration>(kMargin, (*end - *obtained) / 4) : Duration(kMargin);
  return *end - margin;
}

bool may_be_renewed(const vault::Credential& credential, Instant now) {
  constexpr std::chrono::minutes kNew{1};
  if (credential.type != AuthScheme::Type::oauth2) return false;
  const auto grant = grant_named(credential.field("grant"));
  const bool needs_login =
      credential.field("refresh_token").empty() && (!grant || needs_somebody(*grant));
  const auto obtained = time_field(credential, kObtainedAt);
  return !needs_login && (!obtained || *obtained + kNew <= now);
}

}  // namespace tba::auth
