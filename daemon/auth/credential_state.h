#pragma once

#include <optional>
#include <string_view>

#include "daemon/vault/credentials.h"
#include "shared/clock.h"

/// What the daemon keeps with an oauth2 credential beside what people set: times as texts in the
/// form of RFC 3339.
namespace tba::auth {

inline constexpr std::string_view kExpiresAt = "expires_at";  ///< Of the access token.
inline constexpr std::string_view kObtainedAt = "obtained_at";
inline constexpr std::string_view kRefreshExpiresAt = "refresh_expires_at";
/// When a refresh began of which no end is known: in flight, or cut short by the daemon's own end.
inline constexpr std::string_view kRefreshingSince = "refreshing_since";

/// The time that the field holds, if any.
std::optional<Instant> time_field(const vault::Credential& credential, std::string_view field);

/// From when on the access token is to be renewed before it is used: shortly before it ends.
/// Nothing where it does not end, as far as is known; `now` where there is none.
std::optional<Instant> renewal_due(const vault::Credential& credential, Instant now);

/// When the refresh token is to be used although nobody asks, lest it end; nothing where there is
/// none, or its end is not known.
std::optional<Instant> keep_alive_due(const vault::Credential& credential);

/// Whether a token that an API refuses may have been taken back, so that a new one is worth asking
/// for: nobody needs to log in for it, and the one refused is not new itself.
bool may_be_renewed(const vault::Credential& credential, Instant now);

}  // namespace tba::auth
