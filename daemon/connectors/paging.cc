#include "daemon/connectors/paging.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

#include "daemon/connectors/answer_program.h"
#include "daemon/net/origin.h"
#include "shared/link_header.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

using Style = Pagination::Style;

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), ""};
}

/// A text or a number as the parameter takes it; anything else as it is, to be refused there.
Value fitted(const Value& value, ValueType type) {
  if (type == ValueType::string && value.is_number()) return Value::string(to_json(value));
  if ((type == ValueType::integer || type == ValueType::number) && value.is_string()) {
    const auto number = parse_json(value.as_string());
    if (number && number->is_number()) return *number;
  }
  return value;
}

using Names = std::span<const std::string>;

/// What stands there in an object; null where nothing does.
const Value* member_at(const Value* object, Names names) {
  for (const auto& name : names) object = object ? object->find(name) : nullptr;
  return object;
}

/// The object with that value there. What is in the way and has no members is left out.
Value with_member_at(Value object, Names names, Value value) {
  if (names.empty()) return value;
  if (!object.is_object()) object = Value::object({});
  const Value* before = object.find(names.front());
  auto inner = with_member_at(before ? *before : Value(), names.subspan(1), std::move(value));
  return std::move(object).with_member(names.front(), std::move(inner));
}

/// From member to member of what a call gives.
std::vector<std::string> path_of(const PageParameter& place) {
  std::vector<std::string> path{place.parameter->name};
  path.insert(path.end(), place.inside.begin(), place.inside.end());
  return path;
}

Value with_parameter(const Endpoint& endpoint, Value parameters, const std::string& name,
                     const Value& value) {
  const auto place = find_page_parameter(name, endpoint.parameters);
  if (!place) return parameters;
  const auto type = place->inside.empty() ? place->parameter->type() : ValueType::any;
  return with_member_at(std::move(parameters), path_of(*place), fitted(value, type));
}

/// What a call gives for it; null where it gives nothing.
Value given_for(const Endpoint& endpoint, const Value& parameters, const std::string& name) {
  const auto place = find_page_parameter(name, endpoint.parameters);
  const Value* given = place ? member_at(&parameters, path_of(*place)) : nullptr;
  return given ? *given : Value();
}

bool counts(Style style) {
  return style == Style::page || style == Style::offset;
}

/// Whether it tells that there is nothing more: null, "" or false.
bool is_end(const Value& next) {
  return next.is_null() || (next.is_boolean() && !next.as_boolean()) ||
         (next.is_string() && next.as_string().empty());
}

Result<Value> evaluated(const std::optional<expression::Program>& program, const Value& input,
                        std::string_view key) {
  auto value = evaluate(*program, input);
  if (value) return *std::move(value);
  return invalid(fmt::format("`{}` of its pagination: {}", key, value.error().message));
}

Result<Value> items_of(const Pagination& pagination, const PageAnswer& page) {
  auto items = pagination.items ? evaluated(pagination.items, page.answer, "items")
                                : Result<Value>(page.body);
  if (!items || items->is_array()) return items;
  return invalid(
      pagination.items
          ? fmt::format("`items` of its pagination gave {}, not an array", type_name(*items))
          : fmt::format("the answer is {}, not an array of items", type_name(*items)));
}

Result<Value> at_url(const PageAnswer& page, const std::string& reference) {
  const auto url = net::resolve_url(page.url, reference);
  if (url.empty()) return invalid("what is said to lead to the next page is no URL");
  return Value::object({{"url", Value::string(url)}});
}

Value at_value(Value value) {
  return Value::object({{"value", std::move(value)}});
}

/// What a cursor or a key leads to.
Result<Value> at_cursor(Value value, std::string_view key) {
  if (is_end(value)) return Value();
  if (value.is_string() || value.is_number()) return at_value(std::move(value));
  return invalid(
      fmt::format("`{}` of its pagination gave {}, not a text or a number", key, type_name(value)));
}

Result<Value> behind_link(const Pagination&, const PageAnswer& page, const Value&) {
  const Value* headers = page.answer.find("headers");
  const Value* header = headers ? headers->find("link") : nullptr;
  const auto link = header && header->is_string() ? next_link(header->as_string()) : std::nullopt;
  return link ? at_url(page, *link) : Result<Value>(Value());
}

Result<Value> behind_url(const Pagination& pagination, const PageAnswer& page, const Value&) {
  const auto next = evaluated(pagination.next, page.answer, "next");
  if (!next) return next;
  if (is_end(*next)) return Value();
  if (next->is_string()) return at_url(page, std::string(next->as_string()));
  return invalid(fmt::format("`next` of its pagination gave {}, not a URL", type_name(*next)));
}

Result<Value> behind_cursor(const Pagination& pagination, const PageAnswer& page, const Value&) {
  auto next = evaluated(pagination.next, page.answer, "next");
  return next ? at_cursor(*std::move(next), "next") : next;
}

Result<Value> behind_key(const Pagination& pagination, const PageAnswer&, const Value& items) {
  if (items.size() == 0) return Value();
  auto key = evaluated(pagination.key, items.items()[items.size() - 1], "key");
  return key ? at_cursor(*std::move(key), "key") : key;
}

/// So much of a page that an API that does not heed the parameter is found out.
std::string digest_of(const Value& items) {
  std::array<unsigned char, 16> hash;
  const auto json = to_json(items);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(json.data()),
                     json.size(), nullptr, 0);
  std::array<char, 2 * hash.size() + 1> hex;
  return sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
}

/// The number that was asked with, which a step may have given as it likes.
Result<std::int64_t> number_asked(const Pagination& pagination, const PageAnswer& page) {
  const auto given = given_for(page.endpoint, page.parameters, pagination.parameter);
  const auto value = fitted(given, ValueType::integer);
  const double number = value.is_number() ? value.as_number() : -1;
  if (number >= 0 && number < 0x1p53 && number == std::floor(number))
    return static_cast<std::int64_t>(number);
  return invalid(fmt::format("parameter '{}' must be a whole number to count pages from",
                             pagination.parameter));
}

Result<Value> behind_count(const Pagination& pagination, const PageAnswer& page,
                           const Value& items) {
  if (items.size() == 0) return Value();
  const auto asked = number_asked(pagination, page);
  if (!asked) return asked.error();
  const auto step = pagination.style == Style::page ? 1 : static_cast<std::int64_t>(items.size());
  auto next = at_value(Value::integer(*asked + step));
  // Of mere numbers two pages may be the same by chance.
  const auto& first = items.items()[0];
  if (!first.is_object() && !first.is_array()) return next;
  auto digest = Value::string(digest_of(items));
  const Value* before = page.where.find("digest");
  if (before && *before == digest) {
    return invalid(
        fmt::format("it answers with the same page again, whatever '{}' is", pagination.parameter));
  }
  return std::move(next).with_member("digest", std::move(digest));
}

Result<Value> where_next(const Pagination& pagination, const PageAnswer& page, const Value& items) {
  if (pagination.more && !holds(pagination.more, page.answer)) return Value();
  switch (pagination.style) {
    case Style::link_header:
      return behind_link(pagination, page, items);
    case Style::next_url:
      return behind_url(pagination, page, items);
    case Style::cursor:
      return behind_cursor(pagination, page, items);
    case Style::keyset:
      return behind_key(pagination, page, items);
    case Style::page:
    case Style::offset:
      return behind_count(pagination, page, items);
  }
  return Value();
}

}  // namespace

Value parameters_of_page(const Pagination& pagination, const Endpoint& endpoint, Value given,
                         const Value& where) {
  if (given.is_null()) given = Value::object({});
  if (!given.is_object()) return given;
  const auto& size = pagination.size_parameter;
  if (!size.empty() && given_for(endpoint, given, size).is_null())
    given = with_parameter(endpoint, std::move(given), size, Value::integer(pagination.size));
  const auto& name = pagination.parameter;
  if (const Value* value = where.find("value"))
    return with_parameter(endpoint, std::move(given), name, *value);
  if (counts(pagination.style) && given_for(endpoint, given, name).is_null())
    return with_parameter(endpoint, std::move(given), name, Value::integer(pagination.first));
  return given;
}

std::string url_of_page(const Value& where) {
  const Value* url = where.find("url");
  return url && url->is_string() ? std::string(url->as_string()) : std::string();
}

Result<Page> read_page(const Pagination& pagination, const PageAnswer& answer) {
  auto items = items_of(pagination, answer);
  if (!items) return items.error();
  auto next = where_next(pagination, answer, *items);
  if (!next) return next.error();
  return Page{*std::move(items), *std::move(next)};
}

}  // namespace tba::connectors
