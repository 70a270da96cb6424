#pragma once

#include <string_view>

#include <boost/system/result.hpp>

#include "shared/cron.h"

namespace tba {

/// Reads the fields of a cron expression, or the name of one ("@daily"). Whether any day fits them
/// is not asked.
boost::system::result<CronFields, CronProblem> read_cron_fields(std::string_view text);

}  // namespace tba
