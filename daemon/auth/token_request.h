#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/oauth2_scheme.h"
#include "shared/random.h"

namespace tba::auth {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// What a credential of an oauth2 scheme asks tokens with. All must outlive it.
struct Client {
  const Connector& connector;
  const OAuth2Scheme& scheme;
  const vault::Credential& credential;
};

/// One of the scheme's URLs, with what stands in it for {origin} and fields of the credential.
std::string filled_url(std::string_view url, const Client& client);

/// The scopes to ask for, as one text: those that the credential names, or else the scheme's.
std::string scopes_of(const Client& client);

/// The grant that the credential uses, which it names itself; else the first of its scheme.
OAuth2Scheme::Grant grant_of(const Client& client);

/// The request for a token, with these parameters and those of the scheme, in which the client
/// proves who it is (RFC 6749, section 2.3.1). It holds secrets and is never sent twice by itself.
net::HttpRequest token_request(const Client& client, Parameters parameters);

/// The request for a device code (RFC 8628, section 3.1).
net::HttpRequest device_request(const Client& client);

/// The request for the tokens of a device code (RFC 8628, section 3.4).
net::HttpRequest device_token_request(const Client& client, std::string device_code);

/// The request for a new access token with the credential's refresh token (RFC 6749, section 6).
net::HttpRequest refresh_request(const Client& client);

/// The request for a token under a grant to which nobody needs to agree. Error (`invalid`): the
/// credential's private key cannot sign. Requires: !needs_somebody(grant).
Result<net::HttpRequest> unattended_request(const Client& client, OAuth2Scheme::Grant grant,
                                            Instant now, Random& random);

}  // namespace tba::auth
