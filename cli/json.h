#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tba::cli {

/// JSON whose objects keep their members in order: what the API gives is shown as it was given.
using Json = nlohmann::ordered_json;

}  // namespace tba::cli
