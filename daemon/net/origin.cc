#include "daemon/net/origin.h"

#include <memory>

#include <curl/curl.h>

#include "shared/lower_case.h"

namespace tba::net {

Origin origin_of(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(curl_url(), curl_url_cleanup);
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

}  // namespace tba::net
