#include "daemon/net/url_parts.h"

#include <memory>

#include <curl/curl.h>

#include "shared/lower_case.h"

namespace tba::net {

UrlParts url_parts(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> handle(curl_url(), curl_url_cleanup);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const auto get = [&](CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(handle.get(), part, &text, CURLU_NO_DEFAULT_PORT) != CURLUE_OK) {
      return std::string();
    }
    std::string copy = text;
    curl_free(text);
    return copy;
  };
  UrlParts parts;
  parts.scheme = lower_case(get(CURLUPART_SCHEME));
  parts.authority = get(CURLUPART_HOST);
  if (const auto port = get(CURLUPART_PORT); !port.empty()) parts.authority += ":" + port;
  parts.path = get(CURLUPART_PATH);
  parts.query = get(CURLUPART_QUERY);
  return parts;
}

std::string with_other_query(const std::string& url, const std::string& query) {
  auto made = url.substr(0, url.find_first_of("?#"));
  if (!query.empty()) made.append("?").append(query);
  return made;
}

}  // namespace tba::net
