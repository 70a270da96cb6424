#pragma once

#include <string>
#include <string_view>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"

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

/// Puts what proves who is calling into a request that no connector describes, whose URL may be
/// made of what strangers sent. Errors (`invalid`): check_destination(), check_for_requests().
Result<> authenticate(net::HttpRequest& request, const vault::Credential& credential,
                      const std::string& base_url);

/// What stands in the header Authorization for a `bearer` or `basic` credential. Requires one.
std::string authorization(const vault::Credential& credential);

/// Sets a header, in the place of one of that name.
void set_header(net::HttpRequest& request, std::string_view name, std::string value);

}  // namespace tba::connectors
