#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "cli/error.h"

namespace tba::cli {

/// What fetch() allows.
struct FetchLimits {
  std::size_t bytes = std::size_t{64} << 20;
  std::chrono::seconds time{60};  ///< In all, redirects included.
};

/// The body of what is at a URL of http or https, by GET. Certificates are verified; redirects are
/// followed, but not from https to http. Fails with `usage` for another URL, `not_found` for the
/// statuses 404 and 410, `timed_out`, else `failed`.
Outcome<std::string> fetch(const std::string& url, const FetchLimits& limits = {});

}  // namespace tba::cli
