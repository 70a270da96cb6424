#include "shared/import/sample_draft.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "shared/header_name.h"
#include "shared/import/placeholders.h"
#include "shared/import/prose.h"
#include "shared/import/secrets.h"
#include "shared/uri.h"
#include "shared/value/json.h"
#include "shared/value_type.h"

namespace tba::importing {
namespace {

constexpr std::size_t kLongestTitle = 100;
constexpr std::size_t kLongestDescription = 200;
constexpr std::size_t kLongestParameterDescription = 120;

// Headers that the client sets by itself, or that only a browser sends.
bool is_of_client(std::string_view header) {
  constexpr std::array<std::string_view, 13> kOfClient{"Accept-Encoding",
                                                       "Connection",
                                                       "Content-Length",
                                                       "Content-Type",
                                                       "DNT",
                                                       "Expect",
                                                       "Host",
                                                       "Keep-Alive",
                                                       "Postman-Token",
                                                       "Priority",
                                                       "TE",
                                                       "Upgrade",
                                                       "Transfer-Encoding"};
  constexpr std::string_view kOfBrowser = "sec-";
  return std::ranges::any_of(
             kOfClient, [&](std::string_view each) { return equal_ignoring_case(each, header); }) ||
         equal_ignoring_case(header.substr(0, kOfBrowser.size()), kOfBrowser) ||
         equal_ignoring_case(header, "Upgrade-Insecure-Requests");
}

// A text as the number or boolean that it says, where that is written the same way again.
Value typed(std::string_view text) {
  if (text == "true" || text == "false") return Value::boolean(text == "true");
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size() && std::to_string(number) == text)
    return Value::integer(number);
  return Value::string(text);
}

void set_default(Parameter& parameter, Value value) {
  parameter.shape = Shape::of(type_of(value));
  parameter.default_value = std::move(value);
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A UUID, or any other number of a dozen hexadecimal digits or more.
bool is_hex_id(std::string_view text) {
  constexpr std::size_t kShortest = 12;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() >= kShortest && std::ranges::any_of(text, is_digit) &&
         std::ranges::all_of(text, [&](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
         });
}

// Whether a segment of a path is one of many that could stand there: the number of what the segment
// before it names. That of an API's version is not.
bool is_id(std::string_view segment, std::string_view before) {
  if (is_digits(segment)) return before.size() > 3;
  return !before.empty() && (is_hex_id(segment) || looks_secret(segment));
}

// "user_id" of "users", "company_id" of "companies".
std::string name_of_id(std::string_view before) {
  auto name = parameter_name(before, "item");
  if (name.ends_with("ies")) {
    name.replace(name.size() - 3, 3, "y");
  } else if (name.ends_with('s') && !name.ends_with("ss") && !name.ends_with("us")) {
    name.pop_back();
  }
  return name + "_id";
}

std::string escaped(std::string_view text) {
  std::string path;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool is_plain = code > 0x20 && code < 0x7f && c != '{' && c != '}';
    path += is_plain ? std::string(1, c) : fmt::format("%{:02X}", code);
  }
  return path;
}

const SampleField* field_named(const std::vector<SampleField>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &SampleField::name);
  return found != fields.end() ? &*found : nullptr;
}

std::string_view place_in_words(ParameterPlace place) {
  switch (place) {
    case ParameterPlace::path:
      return "in the path";
    case ParameterPlace::query:
      return "in the query";
    case ParameterPlace::header:
    case ParameterPlace::cookie:
      return "in a header";
    case ParameterPlace::body:
    case ParameterPlace::whole_body:
      break;
  }
  return "in the body";
}

}  // namespace

DraftedSample SampleDraft::finish() && {
  auto& endpoint = draft_.endpoint;
  find_auth();
  endpoint.method = sample_.method;
  endpoint.title = one_line(sample_.title, kLongestTitle);
  endpoint.description = one_line(sample_.description, kLongestDescription);
  if (endpoint.description == endpoint.title) endpoint.description.clear();
  add_path();
  add_fields(ParameterPlace::query, sample_.query);
  add_headers();
  add_body();
  endpoint.id = kebab_case(sample_.id);
  if (endpoint.id.empty())
    endpoint.id = kebab_case(fmt::format("{} {}", endpoint.method, endpoint.path));
  return {std::move(endpoint), std::move(auth_), std::move(withheld_)};
}

// An endpoint is called with one credential: the first of what could be one.
void SampleDraft::find_auth() {
  auth_ = sample_.auth;
  const auto* authorization = [&]() -> const SampleField* {
    for (const auto& header : sample_.headers)
      if (equal_ignoring_case(header.name, "Authorization")) return &header;
    return nullptr;
  }();
  if (authorization != nullptr && !auth_) {
    proof_ = authorization;
    auth_ = auth_of_authorization(authorization->value);
    if (auth_) return;
    unsupported_.add("authentication that a header Authorization tells of");
  }
  const auto is_key = [&](const SampleField& field) {
    return &field != authorization && !field.is_optional && names_secret(field.name);
  };
  for (const auto* fields : {&sample_.headers, &sample_.query}) {
    if (auth_) return;
    const auto found = std::ranges::find_if(*fields, is_key);
    if (found == fields->end()) continue;
    proof_ = &*found;
    auth_ =
        auth_of_key(fields == &sample_.query ? AuthScheme::Place::query : AuthScheme::Place::header,
                    found->name);
  }
}

void SampleDraft::withhold(const Parameter& parameter) {
  withheld_.push_back(fmt::format("{} {}", parameter.name, place_in_words(parameter.place)));
}

void SampleDraft::add_path() {
  std::string_view rest = sample_.path;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  std::string path = "/";
  std::string_view before;
  while (true) {
    const auto segment = rest.substr(0, rest.find('/'));
    path += add_segment(segment, before);
    before = segment;
    if (segment.size() == rest.size()) break;
    rest.remove_prefix(segment.size() + 1);
    path += '/';
  }
  draft_.endpoint.path = std::move(path);
}

/// Gives the segment as the endpoint's path has it.
std::string SampleDraft::add_segment(std::string_view segment, std::string_view before) {
  const auto pieces = pieces_of(segment);
  const bool is_text = pieces.size() == 1 && !pieces.front().is_placeholder;
  if (is_text && is_id(segment, before))
    return add_placeholder({.name = name_of_id(before), .value = std::string(segment)});
  std::string path;
  for (const auto& piece : pieces) {
    if (!piece.is_placeholder) {
      path += escaped(piece.text);
    } else if (const auto* known = field_named(sample_.variables, piece.text)) {
      path += add_placeholder(*known);
    } else {
      path += add_placeholder({.name = piece.text, .value = {}, .is_known = false});
    }
  }
  return path;
}

std::string SampleDraft::add_placeholder(const SampleField& field) {
  const auto same =
      std::ranges::find(placeholders_, field.name, &std::pair<std::string, std::string>::first);
  if (same != placeholders_.end()) return fmt::format("{{{}}}", same->second);
  add_field(ParameterPlace::path, field, {&field});
  const auto& name = draft_.endpoint.parameters.back().name;
  placeholders_.emplace_back(field.name, name);
  return fmt::format("{{{}}}", name);
}

/// `same` are all fields of that name that are sent, itself included: more than one are an array.
void SampleDraft::add_field(ParameterPlace place, const SampleField& field,
                            const std::vector<const SampleField*>& same) {
  auto& parameter = draft_.add(place, field.name);
  parameter.description = one_line(field.description, kLongestParameterDescription);
  if (field.is_file) {
    parameter.shape = Shape::of(ValueType::object);
    if (parameter.description.empty())
      parameter.description = "a file: its content or base64, filename and content_type";
  }
  if (field.is_optional) return;
  parameter.required = true;
  const bool is_known = std::ranges::all_of(
      same, [](const SampleField* each) { return each->is_known && !is_placeholder(each->value); });
  const bool is_in_path = place == ParameterPlace::path;
  if (!is_known || field.is_file || (is_in_path && field.value.empty())) return;
  const bool is_secret =
      names_secret(field.name) ||
      std::ranges::any_of(same, [](const SampleField* each) { return looks_secret(each->value); });
  if (is_secret) {
    withhold(parameter);
    return;
  }
  parameter.required = false;
  if (same.size() == 1) {
    set_default(parameter, typed(field.value));
    return;
  }
  std::vector<Value> items;
  for (const auto* each : same) items.push_back(typed(each->value));
  set_default(parameter, Value::array(std::move(items)));
}

void SampleDraft::add_fields(ParameterPlace place, const std::vector<SampleField>& fields) {
  std::vector<std::string_view> added;
  for (const auto& field : fields) {
    if (&field == proof_ || std::ranges::find(added, field.name) != added.end()) continue;
    if (field.name.empty() || looks_secret(field.name)) {
      unsupported_.add(fmt::format("field {} {}",
                                   field.name.empty() ? "without a name" : "that may be a secret",
                                   place_in_words(place)));
      continue;
    }
    added.push_back(field.name);
    std::vector<const SampleField*> same;
    for (const auto& each : fields)
      if (each.name == field.name && !each.is_optional) same.push_back(&each);
    add_field(place, field, same);
  }
}

void SampleDraft::add_headers() {
  for (const auto& header : sample_.headers) {
    if (&header == proof_ || is_of_client(header.name)) continue;
    if (!is_header_name(header.name)) {
      unsupported_.add("header with a name that none has");
    } else if (equal_ignoring_case(header.name, "Accept") && header.value == "*/*") {
      continue;  // what a client says that does not care
    } else if (header.is_known && !header.is_optional && !is_placeholder(header.value) &&
               !names_secret(header.name) && !looks_secret(header.value)) {
      draft_.endpoint.headers.emplace_back(header.name, header.value);
    } else {
      add_field(ParameterPlace::header, header, {&header});
    }
  }
}

void SampleDraft::add_body() {
  auto& endpoint = draft_.endpoint;
  switch (sample_.body.kind) {
    case SampleBody::Kind::none:
      return;
    case SampleBody::Kind::json:
      endpoint.content_type = sample_.body.content_type;
      return add_json();
    case SampleBody::Kind::form:
      endpoint.body = BodyFormat::form;
      return add_fields(ParameterPlace::body, sample_.body.fields);
    case SampleBody::Kind::multipart:
      endpoint.body = BodyFormat::multipart;
      return add_fields(ParameterPlace::body, sample_.body.fields);
    case SampleBody::Kind::raw:
      endpoint.body = BodyFormat::raw;
      endpoint.content_type = sample_.body.content_type;
      return add_whole_body(sample_.body.is_known ? std::optional(Value::string(sample_.body.text))
                                                  : std::nullopt);
  }
}

/// Text that is no JSON is sent as it is, under the name of JSON.
void SampleDraft::add_json() {
  const auto& body = sample_.body;
  if (!body.is_known) return add_whole_body(std::nullopt);
  auto value = parse_json(body.text);
  if (!value) value = parse_json(with_quoted_placeholders(body.text));
  if (!value) {
    draft_.endpoint.body = BodyFormat::raw;
    if (body.content_type.empty()) draft_.endpoint.content_type = "application/json";
    return add_whole_body(Value::string(body.text));
  }
  const bool has_names = std::ranges::none_of(
      value->members(), [](const Member& member) { return member.name.empty(); });
  if (value->members().empty() || !has_names) return add_whole_body(*std::move(value));
  for (const auto& member : value->members()) add_member(member.name, member.value);
}

void SampleDraft::add_member(std::string_view name, const Value& value) {
  auto& parameter = draft_.add(ParameterPlace::body, name);
  if (value.is_null()) return;
  const bool is_given = holds_placeholder(value);
  const bool is_text = value.is_string() && is_given;
  parameter.shape = Shape::of(is_text ? ValueType::any : type_of(value));
  parameter.required = is_given || holds_secret(name, value);
  if (!parameter.required) {
    parameter.default_value = value;
  } else if (!is_given) {
    withhold(parameter);
  }
}

void SampleDraft::add_whole_body(const std::optional<Value>& value) {
  auto& parameter = draft_.add(ParameterPlace::whole_body, "body");
  parameter.required = true;
  if (!value) return;
  parameter.shape = Shape::of(type_of(*value));
  if (holds_placeholder(*value)) return;
  if (holds_secret("", *value)) {
    withhold(parameter);
    return;
  }
  parameter.required = false;
  parameter.default_value = *value;
}

}  // namespace tba::importing
