#include "daemon/connectors/request_view.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

Value view_of(std::string_view method, const std::string& url, Value headers, std::string body,
              std::size_t bytes, bool is_json) {
  return Value::object({{"method", Value::string(method)},
                        {"url", Value::string(url)},
                        {"headers", std::move(headers)},
                        {"body", body_view(std::move(body), is_json)},
                        {"body_bytes", Value::integer(static_cast<std::int64_t>(bytes))}});
}

}  // namespace

Value request_view(net::HttpRequest request, const vault::LiveSecrets& live_secrets) {
  const bool has_json = is_json(request);
  const auto bytes = request.body.size();
  live_secrets.mask(request.url);
  live_secrets.mask(request.body);
  ObjectBuilder headers;
  for (auto& [name, value] : request.headers) {
    live_secrets.mask(value);
    headers.put(name, Value::string(repair_utf8(value)));
  }
  return view_of(request.method, request.url, std::move(headers).build(), std::move(request.body),
                 bytes, has_json);
}

Value mail_view(net::MailRequest request, const vault::LiveSecrets& live_secrets) {
  if (!request.envelope) return view_of("SMTP", request.url, Value::object({}), {}, 0, false);
  auto& [sender, recipients, message] = *request.envelope;
  const auto bytes = message.size();
  live_secrets.mask(message);
  auto commands =
      Value::object({{"MAIL FROM", Value::string(sender)},
                     {"RCPT TO", Value::string(fmt::format("{}", fmt::join(recipients, ", ")))}});
  return view_of("SMTP", request.url, std::move(commands), std::move(message), bytes, false);
}

}  // namespace tba::connectors
