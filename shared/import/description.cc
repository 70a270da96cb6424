#include "shared/import/description.h"

#include <charconv>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "shared/import/yaml_value.h"
#include "shared/value/json.h"

namespace tba::importing {
namespace {

const Value kNull{};

// Further than this no sensible chain of references goes; a circle does.
constexpr int kLongestChain = 32;

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// One part of a JSON pointer in a URI's fragment: percent-encoded (RFC 3986 section 2.1), then with
// ~1 for '/' and ~0 for '~' (RFC 6901 section 4).
std::string pointer_part(std::string_view written) {
  std::string decoded;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto high = i + 2 < written.size() ? hex_digit(written[i + 1]) : std::nullopt;
    const auto low = i + 2 < written.size() ? hex_digit(written[i + 2]) : std::nullopt;
    if (written[i] == '%' && high && low) {
      decoded += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      decoded += written[i];
    }
  }
  std::string part;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const char next = i + 1 < decoded.size() ? decoded[i + 1] : '\0';
    const bool is_escape = decoded[i] == '~' && (next == '0' || next == '1');
    part += is_escape ? (next == '0' ? '~' : '/') : decoded[i];
    if (is_escape) ++i;
  }
  return part;
}

const Value* item_at(const Value& array, std::string_view index) {
  std::size_t position = 0;
  const auto [end, failure] = std::from_chars(index.data(), index.data() + index.size(), position);
  const bool is_index = failure == std::errc() && end == index.data() + index.size();
  return is_index && position < array.size() ? &array.items()[position] : nullptr;
}

Result<Value> parse(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' ? parse_json(text)
                                                               : parse_yaml(text);
}

// The version that a member gives, be it text or, in careless YAML, a number.
std::string version_of(const Value& root, std::string_view name) {
  const auto& version = member(root, name);
  if (version.is_string()) return std::string(version.as_string());
  return version.is_null() ? "" : to_json(version);
}

}  // namespace

const Value& member(const Value& part, std::string_view name) {
  const auto* found = part.find(name);
  return found != nullptr ? *found : kNull;
}

std::string_view text_member(const Value& part, std::string_view name) {
  const auto& found = member(part, name);
  return found.is_string() ? found.as_string() : std::string_view();
}

bool is_true(const Value& part, std::string_view name) {
  const auto& found = member(part, name);
  return found.is_boolean() && found.as_boolean();
}

const Value* Description::target(std::string_view reference) const {
  const auto* part = &root_;
  reference.remove_prefix(1);
  while (part != nullptr && !reference.empty()) {
    reference.remove_prefix(1);
    const auto end = reference.find('/');
    const auto name = pointer_part(reference.substr(0, end));
    part = part->is_array() ? item_at(*part, name) : part->find(name);
    reference.remove_prefix(end == std::string_view::npos ? reference.size() : end);
  }
  return part;
}

const Value& Description::resolve(const Value& part) {
  const auto* current = &part;
  for (int hops = 0; hops < kLongestChain; ++hops) {
    const auto& reference = member(*current, "$ref");
    if (!reference.is_string()) return *current;
    const auto text = reference.as_string();
    if (!text.starts_with("#/") && text != "#") {
      unsupported_.add("reference out of the file");
      return kNull;
    }
    current = target(text);
    if (current == nullptr) {
      unsupported_.add("reference that leads nowhere");
      return kNull;
    }
  }
  unsupported_.add("references in a circle");
  return kNull;
}

Result<Description> read_description(std::string_view text) {
  auto root = parse(text);
  if (!root) return root.error();
  const auto openapi = version_of(*root, "openapi");
  if (openapi.starts_with("3.0") || openapi.starts_with("3.1"))
    return Description(std::move(*root), Description::Dialect::openapi_3);
  const auto swagger = version_of(*root, "swagger");
  if (swagger.starts_with('2'))
    return Description(std::move(*root), Description::Dialect::swagger_2);
  constexpr auto kReadable = "OpenAPI 3.0 and 3.1 and Swagger 2.0 can be read";
  const auto& version = openapi.empty() ? swagger : openapi;
  if (version.empty())
    return Error{ErrorCode::invalid, "it is no OpenAPI or Swagger description", kReadable};
  return Error{
      ErrorCode::invalid,
      fmt::format("it is of version {} of {}", version, openapi.empty() ? "Swagger" : "OpenAPI"),
      kReadable};
}

}  // namespace tba::importing
