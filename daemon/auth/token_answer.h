#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/system/result.hpp>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/oauth2_scheme.h"
#include "shared/value/value.h"

namespace tba::auth {

/// What a token endpoint gave (RFC 6749, section 5.1).
struct Tokens {
  std::string access_token;
  std::string refresh_token;                  ///< Empty: the one before, if any, still holds.
  std::optional<Instant> expires_at;          ///< Of the access token; nothing: nobody says.
  std::optional<Instant> refresh_expires_at;  ///< Of the refresh token; likewise.
};

/// Why there are no tokens.
struct Refusal {
  enum class Kind {
    grant,      ///< What was shown holds no longer, or nobody agreed: a login is needed.
    client,     ///< The client or what it asks for is not accepted: the credential is wrong.
    pending,    ///< RFC 8628, section 3.5: nobody has agreed yet.
    slow_down,  ///< The same, and asked too often.
    temporary,  ///< No answer, or one that says to come again.
  };
  Kind kind = Kind::temporary;
  std::string message;         ///< A sentence without a full stop; holds nothing of what was sent.
  bool is_unanswered = false;  ///< Whether the far side may have acted although it did not answer.
  std::optional<std::chrono::milliseconds> retry_after;
};

using TokenResult = boost::system::result<Tokens, Refusal>;

/// Reads the answer to a token request. `expires_in`, the answers' way of telling times, counts
/// from `now`. A failure means what its error does by the standards, or by the scheme.
TokenResult read_tokens(const OAuth2Scheme& scheme, const net::HttpResult& result, Instant now);

/// What a device authorization endpoint gave (RFC 8628, section 3.2).
struct DeviceCode {
  std::string device_code;
  std::string user_code;
  std::string url;           ///< Where the user code is to be typed in.
  std::string complete_url;  ///< With the code in it; or empty.
  std::chrono::seconds interval{5};
  Instant expires_at;
};

boost::system::result<DeviceCode, Refusal> read_device_code(const OAuth2Scheme& scheme,
                                                            const net::HttpResult& result,
                                                            Instant now);

/// How a credential changes when it gets tokens: they, and what is known of them, take the places
/// of those before, and it waits for no login any more.
vault::FieldChanges changes_by(const Tokens& tokens, const OAuth2Scheme& scheme, Instant now);

}  // namespace tba::auth
