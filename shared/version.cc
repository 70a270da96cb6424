#include "shared/version.h"

namespace tba {

std::string_view version() {
  return TBA_VERSION;
}

}  // namespace tba
