#pragma once

#include <string>

namespace tba::tests {

/// Two requests: one that may be repeated, and one that acts once.
inline const std::string kGetThenPost = R"(
on: { manual: {} }
steps:
  - { id: get, http: { url: "http://far.example/" } }
  - { id: post, http: { method: POST, url: "http://far.example/" } }
)";

/// An hour's wait, and something afterwards.
inline const std::string kNap = R"(
on: { manual: {} }
steps:
  - { id: nap, wait: { for: 1h } }
  - { id: after, set: { ok: true } }
)";

}  // namespace tba::tests
