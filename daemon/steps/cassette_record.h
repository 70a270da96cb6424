#pragma once

#include <string>

#include "daemon/vault/live_secrets.h"
#include "shared/cassette.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::steps {

/// A call of an endpoint that was answered.
struct AnsweredCall {
  std::string endpoint;
  Value parameters;    ///< An object.
  std::string scheme;  ///< Of the credential it was made with; empty where there was none.
  Value answer;        ///< {status, headers, body}, as it came: response_value().
};

/// The cassette of a call, against which check_cassette() then finds no differences, whenever that
/// is.
///
/// What it has of the request is what the same call sends with made-up secrets, to where the
/// connector says that its API is: no secret can be in it, and it is the same for everybody. Of
/// parameters and answer every live secret is masked. Of the answer's headers it has those that
/// change what a step makes of it; of that, what does not change with the clock. No auth scheme
/// that proves in another way each time is named.
///
/// Errors (`invalid`, `limit_exceeded`), each of them a sentence about the call: a body that is no
/// text, is too large, or holds what no file of cassettes can; an answer that means something else
/// without what is not recorded, such as its cookies. Requires: the connector has the endpoint,
/// which sends HTTP requests.
Result<Cassette> record_cassette(const Connector& connector, const AnsweredCall& call,
                                 const vault::LiveSecrets& live_secrets, Instant now);

}  // namespace tba::steps
