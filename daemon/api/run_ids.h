#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "daemon/api/services.h"
#include "shared/error.h"
#include "shared/uuid.h"

namespace tba::api {

/// That there is no such run, and where to look.
Error no_such_run(std::string_view id);

/// A run's id as written in a path; `latest` stands for the one made last. Whether there is a run
/// of that id is not looked at.
boost::asio::awaitable<Result<RunId>> run_id(Services& services, std::string text);

}  // namespace tba::api
