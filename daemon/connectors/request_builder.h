#pragma once

#include <string>
#include <string_view>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// Whether the credential can prove who is calling the connector's API. The error (`invalid`) says
/// why not: it belongs to another connector, its scheme has gone or changed, it is a webhook's.
Result<> check_for_calls(const vault::Credential& credential, const Connector& connector);

/// The same for a request that no connector describes. Error (`invalid`): a credential that is
/// neither `bearer` nor `basic`: where another goes, only its connector knows.
Result<> check_for_requests(const vault::Credential& credential);

/// Whether the credential has that field, so that it can be given away as a secret. A `connector`
/// that is named is the one that gets it, and must be the credential's own. The error (`invalid`)
/// says why not.
Result<> check_for_secret(const vault::Credential& credential, std::string_view field,
                          std::string_view connector = {});

/// Whether what the credential holds may be sent to that URL: it goes nowhere but to the origin
/// (scheme, host and port) of the credential's own base URL or, where it has none, of `base_url`,
/// its connector's. Error: `invalid`.
Result<> check_destination(const std::string& url, const vault::Credential& credential,
                           const std::string& base_url);

/// The request that calls `endpoint` of `connector` with `parameters`, an object or null.
///
/// A parameter that is null counts as not given, unless it is one of the body whose type is `any`.
/// Values go into the path percent-encoded (RFC 3986 section 2.1), into the query as forms encode
/// them (an array as one parameter for each item), into headers as they are, and into a JSON object
/// as the body. `credential`, or null, gives the base URL where it has one, and what proves who is
/// calling. `idempotency_key` is sent where it is not empty and the connector names a header for
/// it.
///
/// The request holds the credential's secrets: it may be sent, never shown. Errors (`invalid`): a
/// parameter that is unknown, missing, of another type, or that cannot stand where it goes; a
/// credential of another connector, or one that cannot authenticate a call.
Result<net::HttpRequest> build_request(const Connector& connector, const Endpoint& endpoint,
                                       const Value& parameters, const vault::Credential* credential,
                                       std::string_view idempotency_key = {});

/// Puts what proves who is calling into a request that no connector describes, whose URL may be
/// made of what strangers sent. Errors (`invalid`): check_destination(), check_for_requests().
Result<> authenticate(net::HttpRequest& request, const vault::Credential& credential,
                      const std::string& base_url);

}  // namespace tba::connectors
