#include "daemon/connectors/signing/oauth1.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/connectors/hmac.h"
#include "daemon/net/url_parts.h"
#include "daemon/vault/base64.h"
#include "daemon/vault/secret.h"
#include "shared/lower_case.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

/// Whether the body is one whose fields are signed (section 3.4.1.3.1).
bool is_form(const net::HttpRequest& request) {
  return std::ranges::any_of(request.headers, [](const auto& field) {
    const auto& [name, value] = field;
    const auto type = value.substr(0, value.find_first_of("; \t"));
    return equal_ignoring_case(name, "Content-Type") &&
           equal_ignoring_case(type, "application/x-www-form-urlencoded");
  });
}

std::string upper_case(std::string_view method) {
  std::string upper(method);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

}  // namespace

std::string oauth1_base_string(const net::HttpRequest& request, const Pairs& protocol_parameters) {
  const auto url = net::url_parts(request.url);
  auto parameters = decoded_pairs(url.query);
  if (is_form(request)) std::ranges::move(decoded_pairs(request.body), back_inserter(parameters));
  std::ranges::copy(protocol_parameters, back_inserter(parameters));
  const auto address = fmt::format("{}://{}{}", url.scheme, lower_case(url.authority), url.path);
  return fmt::format("{}&{}&{}", upper_case(request.method), percent_encode(address),
                     percent_encode(sorted_and_encoded(parameters)));
}

std::string oauth1_authorization(const net::HttpRequest& request, const OAuth1Keys& keys,
                                 AuthScheme::OAuth1Method method, std::string_view nonce,
                                 std::int64_t timestamp) {
  const bool is_sha1 = method == AuthScheme::OAuth1Method::hmac_sha1;
  Pairs parameters{
      {"oauth_consumer_key", std::string(keys.consumer_key)},
      {"oauth_nonce", std::string(nonce)},
      {"oauth_signature_method", is_sha1 ? "HMAC-SHA1" : "HMAC-SHA256"},
      {"oauth_timestamp", fmt::to_string(timestamp)},
      {"oauth_version", "1.0"},
  };
  if (!keys.token.empty()) parameters.emplace_back("oauth_token", keys.token);

  auto key = percent_encode(keys.consumer_secret) + "&" + percent_encode(keys.token_secret);
  const auto code =
      hmac(is_sha1 ? Hash::sha1 : Hash::sha256, key, oauth1_base_string(request, parameters));
  vault::wipe(key);
  parameters.emplace_back("oauth_signature", vault::base64(code));

  std::ranges::sort(parameters);
  std::string value;
  for (const auto& [name, text] : parameters) {
    value +=
        fmt::format("{}{}=\"{}\"", value.empty() ? "OAuth " : ", ", name, percent_encode(text));
  }
  return value;
}

}  // namespace tba::connectors
