#pragma once

#include <string>
#include <string_view>

#include "shared/error.h"

namespace tba {

/// The name of an event that workflows may be started by or wait for: up to 200 letters, digits and
/// any of . _ - : such as "orders.created". Fails with `invalid`.
Result<std::string> parse_event_name(std::string_view text);

}  // namespace tba
