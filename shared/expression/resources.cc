#include "shared/expression/resources.h"

#include <fmt/format.h>

namespace tba::expression {

Failure Resources::spent_steps() const {
  return {fmt::format("the expression takes more than {} steps", budget_.steps), true};
}

Failure Resources::spent_bytes() const {
  return {fmt::format("the expression builds more than {} bytes", budget_.bytes), true};
}

Instant Resources::now() const {
  static const SystemClock kSystemClock;
  return (surroundings_.clock == nullptr ? kSystemClock : *surroundings_.clock).now();
}

void Resources::log(std::string_view text) const {
  if (surroundings_.log) surroundings_.log(text);
}

}  // namespace tba::expression
