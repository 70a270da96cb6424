#include "shared/import/bodies.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/import/schema.h"

namespace tba::importing {
namespace {

// What an operation sends, whichever way its description says it.
struct Body {
  std::string media_type;  // without parameters, in lower case
  const Value* schema = nullptr;
  const Value* encoding = nullptr;  // of the fields of a form
  std::string_view text;            // what is said of it
  bool is_required = false;
};

// "application/json" of "Application/JSON; charset=utf-8".
std::string media_type_of(std::string_view written) {
  auto type = std::string(written.substr(0, written.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return type;
}

bool is_json(std::string_view type) {
  return type == "application/json" || type.ends_with("+json") || type == "text/json";
}

bool is_any(std::string_view type) {
  return type.empty() || type.find('*') != std::string_view::npos;
}

BodyFormat format_of(std::string_view type) {
  if (is_json(type) || is_any(type)) return BodyFormat::json;
  if (type == "application/x-www-form-urlencoded") return BodyFormat::form;
  if (type == "multipart/form-data") return BodyFormat::multipart;
  return BodyFormat::raw;
}

// Which of several to send: the easier to write, the better.
int preference(std::string_view type) {
  if (type == "application/json") return 0;
  if (is_any(type)) return 2;
  return format_of(type) == BodyFormat::raw ? 4 : format_of(type) == BodyFormat::json ? 1 : 3;
}

// The best of the media types that an object has for its names.
const tba::Member* best_of(const Value& content) {
  const tba::Member* best = nullptr;
  for (const auto& each : content.members()) {
    const bool is_better = best == nullptr || preference(media_type_of(each.name)) <
                                                  preference(media_type_of(best->name));
    if (is_better) best = &each;
  }
  return best;
}

std::optional<Body> body_of_openapi(Description& description, const Value& operation) {
  const auto& written = description.resolve(member(operation, "requestBody"));
  const auto* best = best_of(member(written, "content"));
  if (best == nullptr) return std::nullopt;
  const auto& content = description.resolve(best->value);
  return Body{media_type_of(best->name), &member(content, "schema"), &member(content, "encoding"),
              text_member(written, "description"), is_true(written, "required")};
}

// The best of what a Swagger operation consumes.
std::string consumed(Description& description, const Value& operation) {
  const auto* own = operation.find("consumes");
  const auto& types = own != nullptr ? *own : member(description.root(), "consumes");
  std::string best;
  for (const auto& each : types.items()) {
    if (!each.is_string()) continue;
    auto type = media_type_of(each.as_string());
    if (best.empty() || preference(type) < preference(best)) best = std::move(type);
  }
  return best;
}

std::optional<Body> body_of_swagger(Description& description, const Value& operation,
                                    const std::vector<const Value*>& listed) {
  const auto found = std::ranges::find_if(
      listed, [](const Value* each) { return text_member(*each, "in") == "body"; });
  if (found == listed.end()) return std::nullopt;
  const auto& written = **found;
  auto type = consumed(description, operation);
  if (format_of(type) == BodyFormat::form || format_of(type) == BodyFormat::multipart) type = {};
  return Body{std::move(type), &member(written, "schema"), nullptr,
              text_member(written, "description"), is_true(written, "required")};
}

bool has_no_body(const Endpoint& endpoint) {
  return endpoint.method == "GET" || endpoint.method == "HEAD";
}

// How an array or an object is written into a field of a form (OpenAPI section 4.8.15): as a query
// would have it where its encoding says so; else an object is JSON.
void set_field_style(const Body& body, Parameter& parameter) {
  if (parameter.type() == ValueType::object) parameter.style = ParameterStyle::json;
  if (body.encoding == nullptr) return;
  const auto& encoding = member(*body.encoding, parameter.sent_as);
  const auto style = text_member(encoding, "style");
  if (style == "deepObject") parameter.style = ParameterStyle::brackets;
  const bool explodes = encoding.find("explode") == nullptr || is_true(encoding, "explode");
  if (parameter.type() != ValueType::array || explodes || style == "deepObject") return;
  parameter.style = style == "pipeDelimited"    ? ParameterStyle::pipe
                    : style == "spaceDelimited" ? ParameterStyle::space
                                                : ParameterStyle::comma;
}

// Whether it is the bytes of a file, or a list of such: a part may be given with its name and type.
bool is_file(Description& description, const Value& written) {
  const auto& schema = description.resolve(written);
  const auto& items = description.resolve(member(schema, "items"));
  return std::ranges::any_of(std::array{&schema, &items}, [](const Value* each) {
    return text_member(*each, "format") == "binary" || each->find("contentMediaType") != nullptr;
  });
}

void add_members(Description& description, const Body& body,
                 const std::vector<SchemaMember>& members, EndpointDraft& draft) {
  for (const auto& each : members) {
    if (each.name.empty()) continue;
    auto& parameter = draft.add(ParameterPlace::body, each.name);
    parameter.required = body.is_required && each.is_required;
    describe(description, *each.schema, {}, parameter);
    if (draft.endpoint.body == BodyFormat::multipart && is_file(description, *each.schema))
      parameter.shape = {};
    if (draft.endpoint.body != BodyFormat::json) set_field_style(body, parameter);
  }
}

void add_whole(Description& description, const Body& body, EndpointDraft& draft) {
  auto& endpoint = draft.endpoint;
  if (endpoint.body == BodyFormat::multipart) {
    description.unsupported().add("multipart body of unknown parts");
    endpoint.body = BodyFormat::json;
    endpoint.content_type.clear();
    return;
  }
  auto& parameter = draft.add(ParameterPlace::whole_body, "body");
  parameter.sent_as = parameter.name;
  parameter.required = body.is_required;
  describe(description, *body.schema, body.text, parameter);
  if (endpoint.body == BodyFormat::form) parameter.shape = Shape::of(ValueType::object);
  if (endpoint.body == BodyFormat::raw) parameter.shape = {};
  if (endpoint.body != BodyFormat::json) {
    parameter.choices.clear();
    parameter.default_value.reset();
  }
}

// Whether the text can be the value of Content-Type.
bool is_media_type(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

void put(Description& description, const Body& body, EndpointDraft& draft) {
  if (!is_media_type(body.media_type)) {
    description.unsupported().add("body of a media type that is none");
    return;
  }
  auto& endpoint = draft.endpoint;
  endpoint.body = format_of(body.media_type);
  const bool is_plain = is_any(body.media_type) || body.media_type == "application/json";
  const bool is_own = endpoint.body == BodyFormat::json || endpoint.body == BodyFormat::raw;
  if (is_own && !is_plain) endpoint.content_type = body.media_type;
  const auto members =
      endpoint.body == BodyFormat::raw ? std::nullopt : members_of(description, *body.schema);
  if (members) {
    add_members(description, body, *members, draft);
  } else {
    add_whole(description, body, draft);
  }
}

// Swagger's parameters that are the fields of a form.
void add_form_of_swagger(Description& description, const Value& operation,
                         const std::vector<const Value*>& listed, EndpointDraft& draft) {
  bool is_multipart = consumed(description, operation) == "multipart/form-data";
  bool has_fields = false;
  for (const auto* written : listed) {
    if (text_member(*written, "in") != "formData") continue;
    const auto name = text_member(*written, "name");
    if (name.empty()) continue;
    auto& parameter = draft.add(ParameterPlace::body, name);
    parameter.required = is_true(*written, "required");
    describe(description, *written, text_member(*written, "description"), parameter);
    if (parameter.type() == ValueType::array)
      parameter.style = style_of_collection(description, *written);
    if (text_member(*written, "type") == "file") {
      is_multipart = true;
      parameter.shape = {};
    }
    has_fields = true;
  }
  if (has_fields) draft.endpoint.body = is_multipart ? BodyFormat::multipart : BodyFormat::form;
}

}  // namespace

void add_body(Description& description, const Value& operation,
              const std::vector<const Value*>& listed, EndpointDraft& draft) {
  const bool is_swagger = description.is_swagger();
  const bool has_form = is_swagger && std::ranges::any_of(listed, [](const Value* each) {
                          return text_member(*each, "in") == "formData";
                        });
  const auto body = is_swagger ? body_of_swagger(description, operation, listed)
                               : body_of_openapi(description, operation);
  if (!body && !has_form) return;
  if (has_no_body(draft.endpoint)) {
    description.unsupported().add("body of a GET or HEAD request");
  } else if (body) {
    put(description, *body, draft);
  } else {
    add_form_of_swagger(description, operation, listed, draft);
  }
}

Shape response_of(Description& description, const Value& operation) {
  const Value* schema = nullptr;
  std::string_view first;
  for (const auto& [status, written] : member(operation, "responses").members()) {
    if (!status.starts_with('2') || (schema != nullptr && status >= first)) continue;
    const auto& response = description.resolve(written);
    const auto* content = best_of(member(response, "content"));
    if (const auto* own = response.find("schema"); own != nullptr && description.is_swagger()) {
      schema = own;
      first = status;
    } else if (content != nullptr && preference(media_type_of(content->name)) <= 2) {
      schema = &member(description.resolve(content->value), "schema");
      first = status;
    }
  }
  return schema != nullptr ? shape_of_schema(description, *schema, Direction::response) : Shape();
}

}  // namespace tba::importing
