#pragma once

#include <string>
#include <vector>

#include "shared/cassette.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/value/value.h"

namespace tba::steps {

/// Something that is not as a cassette says.
struct CassetteDifference {
  std::string at;  ///< "request.url"
  Value expected;
  Value got;
};

/// Makes the call of a cassette as steps make it, with its answer in the place of one over the
/// network, and compares. Nothing is sent. `now` is what dates in the answer are taken from.
/// Requires: the connector has its endpoint and auth scheme.
std::vector<CassetteDifference> check_cassette(const Connector& connector, const Cassette& cassette,
                                               Instant now);

}  // namespace tba::steps
