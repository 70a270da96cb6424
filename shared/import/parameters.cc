#include "shared/import/parameters.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/header_name.h"
#include "shared/import/prose.h"
#include "shared/import/schema.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::importing {
namespace {

constexpr std::size_t kLongestDescription = 120;

std::optional<ParameterPlace> place_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, ParameterPlace>, 4> kPlaces{{
      {"path", ParameterPlace::path},
      {"query", ParameterPlace::query},
      {"header", ParameterPlace::header},
      {"cookie", ParameterPlace::cookie},
  }};
  const auto* found =
      std::ranges::find(kPlaces, name, &std::pair<std::string_view, ParameterPlace>::first);
  return found != kPlaces.end() ? std::optional(found->second) : std::nullopt;
}

// Headers that OpenAPI says are none of its parameters (section 4.8.12), since other parts of a
// description tell of them.
bool is_told_elsewhere(std::string_view header) {
  constexpr std::array<std::string_view, 3> kHeaders{"Accept", "Content-Type", "Authorization"};
  return std::ranges::any_of(
      kHeaders, [&](std::string_view each) { return equal_ignoring_case(each, header); });
}

// The schema of a parameter, which Swagger writes into the parameter itself.
const Value& schema_of(Description& description, const Value& written) {
  if (const auto* schema = written.find("schema")) return *schema;
  const auto content = member(written, "content").members();
  if (!content.empty()) return member(description.resolve(content.front().value), "schema");
  return written;
}

// The style of OpenAPI's `style` and `explode` (section 4.8.12.3).
ParameterStyle style_of(Description& description, const Value& written, ParameterPlace place) {
  if (description.is_swagger()) return style_of_collection(description, written);
  if (written.find("content") != nullptr) return ParameterStyle::json;
  const bool is_listed = place == ParameterPlace::query || place == ParameterPlace::cookie;
  auto style = text_member(written, "style");
  if (style.empty()) style = is_listed ? "form" : "simple";
  const auto* explode = written.find("explode");
  const bool explodes = explode != nullptr ? is_true(written, "explode") : style == "form";
  if (style == "form") return explodes ? ParameterStyle::repeat : ParameterStyle::comma;
  if (style == "simple") return ParameterStyle::comma;
  if (style == "spaceDelimited") return ParameterStyle::space;
  if (style == "pipeDelimited") return ParameterStyle::pipe;
  if (style == "deepObject") return ParameterStyle::brackets;
  description.unsupported().add(
      fmt::format("parameter style {} (sent as simple)", one_line(style, 40)));
  return ParameterStyle::comma;
}

// Puts the parameter's own name into the path for what was written there.
void rename_placeholder(std::string& path, std::string_view written, std::string_view name) {
  const auto placeholder = fmt::format("{{{}}}", written);
  const auto replacement = fmt::format("{{{}}}", name);
  for (auto at = path.find(placeholder); at != std::string::npos;
       at = path.find(placeholder, at + replacement.size())) {
    path.replace(at, placeholder.size(), replacement);
  }
}

bool has_placeholder(const Endpoint& endpoint, std::string_view name) {
  return endpoint.path.find(fmt::format("{{{}}}", name)) != std::string::npos;
}

// Whether the parameter has a place in a request, which is noted where it has none.
bool can_be_sent(Description& description, std::string_view name, ParameterPlace place,
                 const Endpoint& endpoint) {
  const bool is_taken = std::ranges::any_of(endpoint.parameters, [&](const Parameter& other) {
    return other.place == ParameterPlace::path && other.name == name;
  });
  if (place == ParameterPlace::path && (is_taken || !has_placeholder(endpoint, name))) {
    description.unsupported().add("path parameter that is not in the path");
    return false;
  }
  if (place != ParameterPlace::header) return !name.empty();
  if (is_told_elsewhere(name)) return false;
  if (is_header_name(name)) return true;
  description.unsupported().add("header parameter with a name that no header has");
  return false;
}

void add_parameter(Description& description, const Value& written, ParameterPlace place,
                   EndpointDraft& draft) {
  const auto name = text_member(written, "name");
  if (!can_be_sent(description, name, place, draft.endpoint)) return;
  auto& parameter = draft.add(place, name);
  parameter.required = place == ParameterPlace::path || is_true(written, "required");
  describe(description, schema_of(description, written), text_member(written, "description"),
           parameter);
  if (parameter.type() == ValueType::array || parameter.type() == ValueType::object)
    parameter.style = style_of(description, written, place);
}

// What is known of a parameter of that type.
Shape shape_of(Description& description, const Value& schema, ValueType type) {
  if (type == ValueType::array || type == ValueType::object) {
    auto shape = shape_of_schema(description, schema, Direction::request);
    if (shape.type == type) return shape;
  }
  return Shape::of(type);
}

// Placeholders that no parameter describes.
void add_unlisted_placeholders(Description& description, EndpointDraft& draft) {
  auto& endpoint = draft.endpoint;
  std::size_t begin = endpoint.path.find('{');
  while (begin != std::string::npos) {
    const auto end = endpoint.path.find('}', begin);
    if (end == std::string::npos) return;
    const auto name = endpoint.path.substr(begin + 1, end - begin - 1);
    const bool is_listed = std::ranges::any_of(endpoint.parameters, [&](const Parameter& each) {
      return each.place == ParameterPlace::path && each.name == name;
    });
    if (!is_listed) {
      description.unsupported().add("placeholder without a parameter (taken as text)");
      auto& parameter = draft.add(ParameterPlace::path, name);
      parameter.shape = Shape::of(ValueType::string);
      parameter.required = true;
    }
    begin = endpoint.path.find('{', begin + 1);
  }
}

// A query in the path, as some APIs tell their operations apart: parameters of one value.
void add_query_of_path(std::string_view query, EndpointDraft& draft) {
  while (!query.empty()) {
    const auto field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(field.size() + 1, query.size()));
    const auto name = field.substr(0, field.find('='));
    const bool is_listed =
        std::ranges::any_of(draft.endpoint.parameters, [&](const Parameter& each) {
          return each.place == ParameterPlace::query && each.sent_as == name;
        });
    if (name.empty() || is_listed) continue;
    auto& parameter = draft.add(ParameterPlace::query, name);
    parameter.shape = Shape::of(ValueType::string);
    parameter.default_value = Value::string(field.substr(std::min(name.size() + 1, field.size())));
  }
}

}  // namespace

std::vector<const Value*> listed_parameters(Description& description, const Value& path,
                                            const Value& operation) {
  std::vector<const Value*> listed;
  const auto is_same = [](const Value& left, const Value& right) {
    return text_member(left, "name") == text_member(right, "name") &&
           text_member(left, "in") == text_member(right, "in");
  };
  for (const auto* part : {&operation, &path}) {
    for (const auto& written : member(*part, "parameters").items()) {
      const auto& parameter = description.resolve(written);
      if (!parameter.is_object()) continue;
      if (std::ranges::none_of(listed,
                               [&](const Value* other) { return is_same(*other, parameter); })) {
        listed.push_back(&parameter);
      }
    }
  }
  return listed;
}

Parameter& EndpointDraft::add(ParameterPlace place, std::string_view sent_as) {
  Parameter parameter;
  parameter.place = place;
  parameter.name = names.take(parameter_name(sent_as, name_of(place)), "_");
  parameter.sent_as = sent_as;
  if (place == ParameterPlace::path) {
    rename_placeholder(endpoint.path, sent_as, parameter.name);
    parameter.sent_as = parameter.name;
  }
  endpoint.parameters.push_back(std::move(parameter));
  return endpoint.parameters.back();
}

void describe(Description& description, const Value& schema, std::string_view text,
              Parameter& parameter) {
  auto facts = facts_of(description, schema);
  parameter.shape = shape_of(description, schema, facts.type);
  parameter.choices = std::move(facts.choices);
  if (text.empty()) text = text_member(description.resolve(schema), "description");
  parameter.description = one_line(text, kLongestDescription);
  const bool is_in_body =
      parameter.place == ParameterPlace::body || parameter.place == ParameterPlace::whole_body;
  if (facts.is_nullable && is_in_body) {
    parameter.shape = {};  // nothing else has null
    parameter.choices.clear();
  }
  if (!facts.default_value) return;
  if (parameter.required && !misfit(parameter.shape, *facts.default_value)) {
    parameter.default_value = std::move(facts.default_value);
    parameter.required = false;
    return;
  }
  const auto value = one_line(to_json(*facts.default_value), 60);
  parameter.description += parameter.description.empty() ? "" : " ";
  parameter.description += fmt::format("[default: {}]", value);
}

void add_parameters(Description& description, const std::vector<const Value*>& listed,
                    EndpointDraft& draft) {
  auto& path = draft.endpoint.path;
  std::string query;
  if (const auto fragment = path.find('#'); fragment != std::string::npos) path.resize(fragment);
  if (const auto at = path.find('?'); at != std::string::npos) {
    query = path.substr(at + 1);
    path.resize(at);
  }
  // Those of the path come first: they are what it is about, and get the plain names.
  for (const auto* written : listed) {
    if (text_member(*written, "in") == "path")
      add_parameter(description, *written, ParameterPlace::path, draft);
  }
  add_unlisted_placeholders(description, draft);
  for (const auto* written : listed) {
    const auto in = text_member(*written, "in");
    const auto place = place_named(in);
    if (place && *place != ParameterPlace::path) {
      add_parameter(description, *written, *place, draft);
    } else if (!place && in != "body" && in != "formData") {
      description.unsupported().add(fmt::format("parameter in '{}'", one_line(in, 40)));
    }
  }
  add_query_of_path(query, draft);
}

ParameterStyle style_of_collection(Description& description, const Value& written) {
  constexpr std::array<std::pair<std::string_view, ParameterStyle>, 5> kFormats{{
      {"", ParameterStyle::comma},
      {"csv", ParameterStyle::comma},
      {"ssv", ParameterStyle::space},
      {"pipes", ParameterStyle::pipe},
      {"multi", ParameterStyle::repeat},
  }};
  const auto format = text_member(written, "collectionFormat");
  const auto* found =
      std::ranges::find(kFormats, format, &std::pair<std::string_view, ParameterStyle>::first);
  if (found != kFormats.end()) return found->second;
  description.unsupported().add(
      fmt::format("collectionFormat {} (sent as csv)", one_line(format, 40)));
  return ParameterStyle::comma;
}

}  // namespace tba::importing
