#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/vault/secret.h"
#include "shared/error.h"

namespace tba::net {

/// What a client proves with in the TLS handshake who it is (RFC 8446 section 4.4.2): a
/// certificate, with those of its issuers behind it where the far side may lack them, and its
/// private key. Immutable, so safe to use from any thread.
class ClientCertificate {
 public:
  /// Reads both, in PEM. Errors (`invalid`): one of them is not what it should be, the key is
  /// encrypted or belongs to another certificate. They show nothing of either.
  static Result<std::shared_ptr<const ClientCertificate>> read(std::string_view certificate,
                                                               std::string_view private_key);

  /// In PEM. Valid as long as this object.
  const std::string& certificate() const { return certificate_; }
  std::string_view private_key() const { return private_key_.view(); }

 private:
  ClientCertificate(std::string_view certificate, std::string_view private_key)
      : certificate_(certificate), private_key_(private_key) {}

  std::string certificate_;
  vault::Secret private_key_;
};

}  // namespace tba::net
