#pragma once

#include <string>
#include <string_view>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// The request that calls `endpoint` of `connector` with `parameters`, an object or null.
///
/// A parameter that is null counts as not given, unless it goes into a body of JSON and its type is
/// `any`. Values go into the path percent-encoded (RFC 3986 section 2.1), into the query as forms
/// encode them, into headers and cookies as they are, arrays and objects everywhere by the
/// parameter's style; see body_of() for the body. `credential`, or null, gives the base URL where
/// it has one, and a key that goes into the path; authenticate() does what else it can do.
/// `idempotency_key` is sent where it is not empty and the connector names a header for it.
///
/// Where another page of a list is known by its URL, `page_url` takes the place of the one that
/// path and query make, and must be of the same origin.
///
/// The request may hold the credential's secrets: it may be sent, never shown. Errors (`invalid`):
/// a parameter that is unknown, missing, of another type, or that cannot stand where it goes; a
/// credential of another connector, or one that cannot authenticate a call; a
/// page elsewhere.
Result<net::HttpRequest> build_request(const Connector& connector, const Endpoint& endpoint,
                                       const Value& parameters, const vault::Credential* credential,
                                       std::string_view idempotency_key = {},
                                       const std::string& page_url = {});

}  // namespace tba::connectors
