#pragma once

#include <optional>

#include "daemon/engine/attempt.h"
#include "daemon/net/http_client.h"
#include "shared/cassette.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/value/value.h"

namespace tba::steps {

/// What comes of the call of a cassette.
struct Replay {
  /// As request_view() shows it; null where it cannot be built.
  Value request;
  /// What a step makes of the answer; nothing where the cassette has none. Of a request that cannot
  /// be built it says so.
  std::optional<engine::AttemptOutcome> outcome;
};

/// Makes the call of a cassette as steps make it, with made-up secrets, and its answer in the place
/// of one over the network. Nothing is sent. A connector that leaves its base URL to credentials is
/// at https://stand-in.example. `now` is what dates in the answer are taken from, and what `now` is
/// in the connector's rules. Requires: the connector has its endpoint and auth scheme.
Replay replay(const Connector& connector, const Cassette& cassette, Instant now);

/// The answer as the HTTP client would give it.
net::HttpResponse response_of(const Cassette::Answer& answer);

}  // namespace tba::steps
