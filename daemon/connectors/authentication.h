#pragma once

#include <string>
#include <string_view>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/random.h"

namespace tba::connectors {

/// Whether the credential can prove who is calling the connector's API. The error (`invalid`) says
/// why not: it belongs to another connector, its scheme has gone or changed, it is a webhook's.
Result<> check_for_calls(const vault::Credential& credential, const Connector& connector);

/// The same for a request that no connector describes, where `own`, the credential's own connector,
/// still says how it proves who is calling; null where there is no such connector any more. Error
/// (`invalid`): also a key that goes into a path, whose place only an endpoint has.
Result<> check_for_requests(const vault::Credential& credential, const Connector* own);

/// Whether the credential has that field, so that it can be given away as a secret. A `connector`
/// that is named is the one that gets it, and must be the credential's own. The error (`invalid`)
/// says why not.
Result<> check_for_secret(const vault::Credential& credential, std::string_view field,
                          std::string_view connector = {});

/// Whether what the credential holds may be sent to that URL: it goes nowhere but to the origin
/// (scheme, host and port) of the credential's own base URL or, where it has none, of that of
/// `own`, its connector; null where there is no such connector any more. Error: `invalid`.
Result<> check_destination(const std::string& url, const vault::Credential& credential,
                           const Connector* own);

/// The URL of a request that is to be sent with the credential: one that begins with '/' is below
/// the credential's base URL or, where it has none, that of `own`, its connector; null where there
/// is no such connector any more. Error (`invalid`): there is no base URL either.
Result<std::string> whole_url(std::string url, const vault::Credential& credential,
                              const Connector* own);

/// What a signature is made with beside the request and the credential.
struct Moment {
  Instant now;
  Random& random;  ///< For nonces.
};

/// Puts what proves who is calling into a request that is otherwise ready to be sent. `connector`
/// is the credential's, for which check_for_calls() has found it good; a key that goes into the
/// path stands there already (build_request()), one in the query takes the place of any of its
/// name. Error: `invalid`.
Result<> authenticate(net::HttpRequest& request, const Connector& connector,
                      const vault::Credential& credential, const Moment& moment);

/// Sets a header, in the place of one of that name.
void set_header(net::HttpRequest& request, std::string_view name, std::string value);

}  // namespace tba::connectors
