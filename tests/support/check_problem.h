#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "tests/support/daemon_world.h"

namespace tba::tests {

/// Checks that a request was answered with that problem document (RFC 9457).
inline void check_problem(const Reply& reply, int status, const std::string& code) {
  CHECK(reply.status == status);
  CHECK(reply.headers.find("Content-Type") == "application/problem+json");
  CHECK(reply.json("type") == R"("about:blank")");
  CHECK(reply.json("status") == std::to_string(status));
  CHECK(reply.json("code") == '"' + code + '"');
  CHECK(reply.at("title").is_string());
  CHECK(reply.at("detail").is_string());
}

}  // namespace tba::tests
