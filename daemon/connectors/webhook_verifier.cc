#include "daemon/connectors/webhook_verifier.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "daemon/connectors/hmac.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

constexpr std::size_t kLongestEvent = 200;

/// The value of the first header of that name, or nothing.
std::optional<std::string_view> find_header(Headers headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

Error denied(std::string message) {
  return {ErrorCode::denied, std::move(message), ""};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return lower;
}

/// Whether a header of that lower-case name proves who is calling.
bool is_secret(std::string_view name) {
  if (name == "authorization" || name == "proxy-authorization" || name == "cookie") return true;
  constexpr std::array<std::string_view, 5> kWords = {"signature", "token", "secret", "api-key",
                                                      "apikey"};
  return std::ranges::any_of(kWords,
                             [&](auto word) { return name.find(word) != std::string_view::npos; });
}

}  // namespace

Result<> check_for_webhooks(const vault::Credential& credential, const Connector& connector) {
  const auto refuse = [&](std::string_view problem) {
    return Error{ErrorCode::invalid, fmt::format("credential '{}' {}", credential.name, problem),
                 ""};
  };
  if (credential.connector != connector.name) {
    return refuse(
        fmt::format("belongs to connector '{}', not '{}'", credential.connector, connector.name));
  }
  if (credential.type != AuthScheme::Type::webhook_secret) {
    return refuse(fmt::format("cannot check webhooks: it is of type {}, not webhook_secret",
                              name_of(credential.type)));
  }
  return {};
}

Result<Signature> given_signature(const WebhookScheme& scheme, Headers headers) {
  const auto& name = scheme.signature_header;
  const auto count = std::ranges::count_if(
      headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  if (count == 0) return denied(fmt::format("the header {} is missing", name));
  if (count > 1) return denied(fmt::format("the header {} is there more than once", name));

  auto given = *find_header(headers, name);
  if (!given.starts_with(scheme.signature_prefix)) {
    return denied(
        fmt::format("the header {} does not begin with '{}'", name, scheme.signature_prefix));
  }
  given.remove_prefix(scheme.signature_prefix.size());
  Signature signature{};
  std::size_t decoded = 0;
  if (given.size() != 2 * signature.size() ||
      sodium_hex2bin(signature.data(), signature.size(), given.data(), given.size(), nullptr,
                     &decoded, nullptr) != 0 ||
      decoded != signature.size()) {
    return denied(fmt::format("the header {} does not hold {} hexadecimal digits", name,
                              2 * signature.size()));
  }
  return signature;
}

Result<> verify_webhook(const WebhookScheme& scheme, Headers headers, std::string_view body,
                        std::string_view secret) {
  const auto given = given_signature(scheme, headers);
  if (!given) return given.error();
  const auto expected = hmac_sha256(secret, body);
  if (sodium_memcmp(given->data(), expected.data(), expected.size()) != 0) {
    return denied(fmt::format(
        "the signature in {} does not match: it was made with another secret or for another body",
        scheme.signature_header));
  }
  return {};
}

Result<std::string> webhook_event(const WebhookScheme& scheme, Headers headers, const Value& body) {
  if (scheme.event_header.empty()) return std::string();
  const auto name = find_header(headers, scheme.event_header);
  if (!name || name->empty()) {
    return Error{ErrorCode::invalid, fmt::format("the header {} is missing", scheme.event_header),
                 ""};
  }
  const auto* member = scheme.action_key.empty() ? nullptr : body.find(scheme.action_key);
  const auto action = member && member->is_string() ? member->as_string() : std::string_view();
  if (name->size() + (action.empty() ? 0 : 1 + action.size()) > kLongestEvent) {
    return Error{ErrorCode::invalid,
                 fmt::format("the event's name is longer than {} bytes", kLongestEvent), ""};
  }
  std::string event(*name);
  if (!action.empty()) event.append(".").append(action);
  return event;
}

std::string delivery_id(const WebhookScheme& scheme, Headers headers) {
  if (scheme.delivery_id_header.empty()) return {};
  return std::string(find_header(headers, scheme.delivery_id_header).value_or(""));
}

std::string kept_headers_json(const WebhookScheme* scheme, Headers headers) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : headers) {
    auto lower = lower_case(name);
    if (is_secret(lower) || (scheme && equal_ignoring_case(lower, scheme->signature_header))) {
      continue;
    }
    const auto same = std::ranges::find(kept, lower, &std::pair<std::string, std::string>::first);
    if (same == kept.end()) {
      kept.emplace_back(std::move(lower), value);
    } else {
      same->second.append(", ").append(value);
    }
  }
  ObjectBuilder object;
  for (const auto& [name, value] : kept) object.put(name, Value::string(value));
  return to_json(std::move(object).build());
}

}  // namespace tba::connectors
