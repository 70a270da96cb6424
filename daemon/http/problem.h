#pragma once

#include <string>
#include <string_view>

#include "daemon/http/message.h"
#include "shared/error.h"

namespace tba::http {

/// An error as a problem document (RFC 9457, application/problem+json) with the members type,
/// title, status, code, detail and, where given, hint and diagnostics. `code` is stable and for
/// programs, `detail` and `hint` are sentences for people; none may hold a secret.
Response problem(int status, std::string_view code, std::string_view detail,
                 std::string_view hint = {}, std::string_view diagnostics = {});

/// The same for an expected failure, its kind deciding the status: invalid 400, denied 403,
/// not_found 404, conflict 409, limit_exceeded 422, internal 500, unavailable 503, timed_out 504.
Response problem(const Error& error);

}  // namespace tba::http
