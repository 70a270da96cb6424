#include "shared/import/connector_writer.h"

#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/import/yaml_text.h"

namespace tba::importing {
namespace {

// Below this a shape is written out wherever it is needed.
constexpr std::size_t kShortShape = 60;

void put_text(ObjectBuilder& object, std::string_view key, std::string_view text) {
  if (!text.empty()) object.put(key, Value::string(text));
}

Value as_value(const AuthScheme& scheme) {
  ObjectBuilder object;
  put_text(object, "type", name_of(scheme.type));
  if (scheme.type == AuthScheme::Type::api_key) {
    put_text(object, "in", name_of(scheme.place));
    put_text(object, "parameter", scheme.parameter);
    put_text(object, "prefix", scheme.prefix);
  }
  if (scheme.oauth2) {
    ArrayBuilder grants;
    for (const auto name : names_of(scheme.oauth2->grants)) grants.add(Value::string(name));
    object.put("grants", std::move(grants).build());
    put_text(object, "authorize_url", scheme.oauth2->authorize_url);
    put_text(object, "token_url", scheme.oauth2->token_url);
    ArrayBuilder scopes;
    for (const auto& scope : scheme.oauth2->scopes) scopes.add(Value::string(scope));
    if (scopes.size() > 0) object.put("scopes", std::move(scopes).build());
  }
  return std::move(object).build();
}

Value as_value(const Parameter& parameter) {
  ObjectBuilder object;
  put_text(object, "in", name_of(parameter.place));
  if (parameter.sent_as != parameter.name) put_text(object, "name", parameter.sent_as);
  if (parameter.style != ParameterStyle::repeat)
    put_text(object, "style", name_of(parameter.style));
  if (parameter.type() != ValueType::any) object.put("type", notation(parameter.shape));
  if (parameter.required) object.put("required", Value::boolean(true));
  if (parameter.default_value) object.put("default", *parameter.default_value);
  if (!parameter.choices.empty()) {
    object.put("choices", Value::array(std::span<const Value>(parameter.choices)));
  }
  put_text(object, "description", parameter.description);
  return std::move(object).build();
}

Value as_value(const std::vector<std::pair<std::string, std::string>>& headers) {
  ObjectBuilder object;
  for (const auto& [name, value] : headers) object.put(name, Value::string(value));
  return std::move(object).build();
}

std::string_view name_of_format(BodyFormat format) {
  switch (format) {
    case BodyFormat::json:
      return "";  // what it is anyway
    case BodyFormat::form:
      return "form";
    case BodyFormat::multipart:
      return "multipart";
    case BodyFormat::raw:
      return "raw";
  }
  return "";
}

class Writer {
 public:
  std::string write(const Connector& connector, std::string_view comment) && {
    if (!comment.empty()) out_ += fmt::format("# {}\n", comment);
    line(0, "connector", connector.name);
    line(0, "title", connector.title);
    line(0, "base_url", connector.base_url);
    if (!connector.auth.empty()) out_ += "auth:\n";
    write_auth(connector);
    out_ += "\nendpoints:\n";
    return std::move(*this).write_endpoints(connector);
  }

  std::string write_auth(const Connector& connector) {
    for (const auto& scheme : connector.auth) line(2, scheme.name, as_value(scheme));
    return out_;
  }

  std::string write_endpoints(const Connector& connector) && {
    count_shapes(connector);
    for (const auto& endpoint : connector.endpoints) {
      if (&endpoint != &connector.endpoints.front()) out_ += '\n';
      write(endpoint);
    }
    return std::move(out_);
  }

 private:
  // A shape as it is written, and how often.
  struct Written {
    std::size_t count = 0;
    std::string anchor;  // once it has been written
  };

  void count_shapes(const Connector& connector) {
    for (const auto& endpoint : connector.endpoints) {
      count_shape(endpoint.response);
      for (const auto& parameter : endpoint.parameters) count_shape(parameter.shape);
    }
  }

  void count_shape(const Shape& shape) {
    const auto value = notation(shape);
    if (!value.is_string()) ++shapes_[yaml_flow(value)].count;
  }

  void write(const Endpoint& endpoint) {
    out_ += fmt::format("  {}:\n", endpoint.id);
    line(4, "title", endpoint.title);
    line(4, "description", endpoint.description);
    line(4, "method", endpoint.method);
    line(4, "path", endpoint.path);
    line(4, "base_url", endpoint.base_url);
    line(4, "body", name_of_format(endpoint.body));
    line(4, "content_type", endpoint.content_type);
    if (!endpoint.headers.empty()) line(4, "headers", as_value(endpoint.headers));
    if (!endpoint.parameters.empty()) out_ += "    parameters:\n";
    for (const auto& parameter : endpoint.parameters) write(parameter, endpoint.id);
    if (endpoint.response.type != ValueType::any)
      write_shape(4, "response", endpoint.response, endpoint.id);
  }

  // One whose shape is named, or has to be, gets a line for each key.
  void write(const Parameter& parameter, const std::string& endpoint) {
    const auto value = as_value(parameter);
    const auto flow = yaml_flow(notation(parameter.shape));
    if (!is_shared(flow)) return line(6, parameter.name, value);
    out_ += fmt::format("      {}:\n", yaml_text(parameter.name, false));
    for (const auto& [key, part] : value.members()) {
      if (key == "type") {
        write_shape(8, key, parameter.shape, fmt::format("{}.{}", endpoint, parameter.name));
      } else {
        line(8, key, part);
      }
    }
  }

  // Whether it is written once and named where it is met again.
  bool is_shared(const std::string& flow) const {
    const auto found = shapes_.find(flow);
    return found != shapes_.end() && found->second.count > 1 && flow.size() > kShortShape;
  }

  void write_shape(std::size_t indent, std::string_view key, const Shape& shape,
                   const std::string& name) {
    const auto value = notation(shape);
    const auto flow = yaml_flow(value);
    auto start = fmt::format("{:{}}{}:", "", indent, key);
    auto& written = shapes_[flow];
    if (!written.anchor.empty()) {
      out_ += fmt::format("{} *{}\n", start, written.anchor);
      return;
    }
    if (is_shared(flow)) {
      written.anchor = name;
      start += fmt::format(" &{}", name);
    }
    out_ += start;
    append_yaml(out_, value, indent + 2, start.size());
  }

  void line(std::size_t indent, std::string_view key, const Value& value) {
    const auto name = yaml_text(key, false);
    out_.append(indent, ' ').append(name).append(":");
    append_yaml(out_, value, indent + 2, indent + name.size() + 1);
  }

  void line(std::size_t indent, std::string_view key, std::string_view text) {
    if (!text.empty()) line(indent, key, Value::string(text));
  }

  std::string out_;
  std::map<std::string, Written> shapes_;
};

}  // namespace

std::string write_connector(const Connector& connector, std::string_view comment) {
  return Writer().write(connector, comment);
}

std::string write_auth_schemes(const Connector& connector) {
  return Writer().write_auth(connector);
}

std::string write_endpoints(const Connector& connector) {
  return Writer().write_endpoints(connector);
}

}  // namespace tba::importing
