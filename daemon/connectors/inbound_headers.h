#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tba::connectors {

/// The headers of an inbound request as they came; names in any case.
using Headers = std::span<const std::pair<std::string, std::string>>;

/// The value of the first header of that name, or nothing.
std::optional<std::string_view> find_header(Headers headers, std::string_view name);

}  // namespace tba::connectors
