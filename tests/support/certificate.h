#pragma once

#include <string>

namespace tba::tests {

/// A self-signed certificate for 127.0.0.1 and localhost, fresh, with its key; both in PEM. `name`
/// is its subject's.
struct Certificate {
  std::string certificate;
  std::string key;
};
Certificate make_certificate(const std::string& name = "localhost");

}  // namespace tba::tests
