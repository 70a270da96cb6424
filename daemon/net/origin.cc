#include "daemon/net/origin.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "shared/lower_case.h"

namespace tba::net {

namespace {

using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

}  // namespace

Origin origin_of(const std::string& url) {
  const Url parts(curl_url(), curl_url_cleanup);
  if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const auto get = [&](CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(parts.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
      return std::string();
    }
    auto copy = lower_case(text);
    curl_free(text);
    return copy;
  };
  return {get(CURLUPART_SCHEME), get(CURLUPART_HOST), get(CURLUPART_PORT)};
}

std::string text_of(const Origin& origin) {
  return fmt::format("{}://{}:{}", origin.scheme, origin.host, origin.port);
}

std::string resolve_url(const std::string& base, const std::string& reference) {
  const Url url(curl_url(), curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) return {};
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);  // it is never sent
  char* text = nullptr;
  if (curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  std::string resolved = text;
  curl_free(text);
  return resolved;
}

}  // namespace tba::net
