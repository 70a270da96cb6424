#pragma once

#include <string>
#include <string_view>

#include "daemon/http/message.h"

namespace tba::http {

/// Why a request is turned away before its handler.
struct Refusal {
  Response answer;     ///< A problem document (problem.h).
  std::string reason;  ///< For the record; it may say more than a stranger is told.
};

/// One whose answer says all there is to say.
Refusal refusal(int status, std::string_view code, std::string reason, std::string_view hint = {});

}  // namespace tba::http
