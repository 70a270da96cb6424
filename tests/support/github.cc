#include "tests/support/github.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tba::tests {

std::string github_signature(std::string_view secret, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size);
  std::string text = "sha256=";
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

httplib::Headers github_headers(const std::string& event, const std::string& delivery_id) {
  return {{"Accept", "*/*"},
          {"Content-Type", "application/json"},
          {"User-Agent", "GitHub-Hookshot/044aadd"},
          {"X-GitHub-Delivery", delivery_id},
          {"X-GitHub-Event", event},
          {"X-GitHub-Hook-ID", "292430182"},
          {"X-GitHub-Hook-Installation-Target-ID", "79929171"},
          {"X-GitHub-Hook-Installation-Target-Type", "repository"}};
}

httplib::Headers signed_github_headers(const std::string& event, const std::string& delivery_id,
                                       std::string_view secret, std::string_view body) {
  auto headers = github_headers(event, delivery_id);
  headers.emplace("X-Hub-Signature-256", github_signature(secret, body));
  return headers;
}

}  // namespace tba::tests
