#include "daemon/http/refusal.h"

#include <utility>

#include "daemon/http/problem.h"

namespace tba::http {

Refusal refusal(int status, std::string_view code, std::string reason, std::string_view hint) {
  auto answer = problem(status, code, reason, hint);
  return {std::move(answer), std::move(reason)};
}

}  // namespace tba::http
