#include "daemon/net/client_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace tba::net {
namespace {

using Memory = std::unique_ptr<BIO, void (*)(BIO*)>;

Memory memory_of(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

/// Instead of OpenSSL's own, which asks at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Error invalid(std::string message, std::string hint = {}) {
  ERR_clear_error();  // OpenSSL's list of errors is the thread's, and others read it.
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

}  // namespace

Result<std::shared_ptr<const ClientCertificate>> ClientCertificate::read(
    std::string_view certificate, std::string_view private_key) {
  const auto certificate_text = memory_of(certificate);
  const std::unique_ptr<X509, void (*)(X509*)> first(
      PEM_read_bio_X509(certificate_text.get(), nullptr, no_passphrase, nullptr), X509_free);
  if (!first)
    return invalid("the client certificate is not one in PEM",
                   "it begins with -----BEGIN CERTIFICATE-----");
  const auto key_text = memory_of(private_key);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (!key)
    return invalid("the private key of the client certificate is not one in PEM, or is encrypted",
                   "it begins with -----BEGIN PRIVATE KEY-----; the vault encrypts it by itself");
  if (X509_check_private_key(first.get(), key.get()) != 1)
    return invalid("the private key is not that of the client certificate");
  return std::shared_ptr<const ClientCertificate>(new ClientCertificate(certificate, private_key));
}

}  // namespace tba::net
