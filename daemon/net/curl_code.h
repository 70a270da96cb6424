#pragma once

#include <curl/curl.h>

#include "daemon/net/http_client.h"

namespace tba::net {

/// What kind of failure it is that libcurl ends with that code.
HttpFailure::Kind kind_of(CURLcode code);

}  // namespace tba::net
