#include "daemon/http/problem.h"

#include <nlohmann/json.hpp>

namespace tba::http {

Response problem(int status, std::string_view code, std::string_view detail, std::string_view hint,
                 std::string_view diagnostics) {
  nlohmann::ordered_json document = {{"type", "about:blank"},
                                     {"title", reason_phrase(status)},
                                     {"status", status},
                                     {"code", code},
                                     {"detail", detail}};
  if (!hint.empty()) document["hint"] = hint;
  if (!diagnostics.empty()) document["diagnostics"] = diagnostics;
  using Dump = nlohmann::ordered_json;
  return {status,
          {{"Content-Type", "application/problem+json"}},
          document.dump(-1, ' ', false, Dump::error_handler_t::replace),
          {}};
}

namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::limit_exceeded:
      return 422;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

}  // namespace

Response problem(const Error& error) {
  return problem(status_of(error.code), name_of(error.code), error.message, error.hint);
}

}  // namespace tba::http
