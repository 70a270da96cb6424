#include "daemon/connectors/request_view.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "daemon/http/media_type.h"
#include "shared/uri.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::connectors {
namespace {

constexpr std::size_t kLongestValue = 64 << 10;
constexpr std::size_t kLongestText = 16 << 10;

bool is_json(const net::HttpRequest& request) {
  const auto type = std::ranges::find_if(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, "Content-Type");
  });
  if (type == request.headers.end()) return false;
  return http::MediaType::parse(type->second).is_json();
}

/// `body` is masked: a mask has no character that JSON would read another way.
Value body_view(std::string body, bool is_json) {
  if (body.empty()) return {};
  if (is_json && body.size() <= kLongestValue) {
    if (auto value = parse_json(body)) return *std::move(value);
  }
  body = shortened(std::move(body), kLongestText);
  return Value::string(repair_utf8(body));
}

}  // namespace

Value request_view(net::HttpRequest request, const vault::LiveSecrets& live_secrets) {
  const bool has_json = is_json(request);
  const auto bytes = static_cast<std::int64_t>(request.body.size());
  live_secrets.mask(request.url);
  live_secrets.mask(request.body);
  ObjectBuilder headers;
  for (auto& [name, value] : request.headers) {
    live_secrets.mask(value);
    headers.put(name, Value::string(repair_utf8(value)));
  }
  return Value::object({{"method", Value::string(request.method)},
                        {"url", Value::string(request.url)},
                        {"headers", std::move(headers).build()},
                        {"body", body_view(std::move(request.body), has_json)},
                        {"body_bytes", Value::integer(bytes)}});
}

}  // namespace tba::connectors
