#include "shared/connector_reader.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/connector_keys.h"
#include "shared/suggestion.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

// A header's name (RFC 9110 section 5.6.2: token).
bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

class ConnectorReader {
 public:
  explicit ConnectorReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Connector read(const yaml::Node& root) {
    const Fields fields(root, kConnectorTable, diagnostics_);
    connector_.name = fields.text("connector");
    connector_.title = fields.text("title", connector_.name);
    connector_.base_url = read_base_url(fields);
    connector_.headers = read_headers(fields);
    connector_.idempotency_header = header(fields, "idempotency_header");
    if (const auto* retry = fields.find("retry")) {
      connector_.retry = read_retry(*retry, kRetryTable, diagnostics_);
    }
    for_each_member(fields.find("auth"), [&](const yaml::Node& name, const yaml::Node& scheme) {
      connector_.auth.push_back(read_auth(name, scheme));
    });
    for_each_member(fields.find("endpoints"), [&](const yaml::Node& id, const yaml::Node& node) {
      connector_.endpoints.push_back(read_endpoint(id, node));
    });
    if (const auto* webhook = fields.find("webhook")) connector_.webhook = read_webhook(*webhook);
    connector_.test = read_test(fields);
    return std::move(connector_);
  }

 private:
  static void for_each_member(const yaml::Node* mapping, auto read) {
    if (mapping == nullptr) return;
    for (const auto& member : mapping->members) read(*member.key, *member.value);
  }

  std::string read_base_url(const Fields& fields) {
    auto url = fields.text("base_url");
    const auto* node = fields.find("base_url");
    if (node == nullptr) return url;
    const auto scheme_end = url.find("://");
    const auto host = scheme_end == std::string::npos ? std::string() : url.substr(scheme_end + 3);
    if ((!url.starts_with("https://") && !url.starts_with("http://")) || host.empty() ||
        url.find_first_of(" ?#@{}") != std::string::npos) {
      node->error(diagnostics_, fmt::format("'{}' is not a base URL", url),
                  "https://host, perhaps with a port and a path; nothing else");
    }
    while (url.ends_with('/')) url.pop_back();
    return url;
  }

  std::vector<std::pair<std::string, std::string>> read_headers(const Fields& fields) {
    for_each_member(fields.find("headers"), [&](const yaml::Node& name, const yaml::Node& value) {
      check_header_name(name);
      if (value.text.find_first_of("\r\n") != std::string::npos) {
        value.error(diagnostics_, "a header's value is one line");
      }
    });
    return fields.text_map("headers");
  }

  void check_header_name(const yaml::Node& node) {
    if (is_header_name(node.text)) return;
    node.error(diagnostics_, fmt::format("'{}' is not the name of a header", node.text));
  }

  std::string header(const Fields& fields, std::string_view key) {
    if (const auto* node = fields.find(key)) check_header_name(*node);
    return fields.text(key);
  }

  AuthScheme read_auth(const yaml::Node& name, const yaml::Node& node) {
    const Fields fields(node, auth_table(), diagnostics_);
    AuthScheme scheme;
    scheme.name = name.text;
    scheme.type = auth_type_named(fields.text("type")).value_or(AuthScheme::Type::bearer);
    scheme.place = parameter_place_named(fields.text("in")).value_or(ParameterPlace::header);
    scheme.parameter = fields.text("parameter");
    scheme.prefix = fields.text("prefix");
    if (scheme.type != AuthScheme::Type::api_key) {
      for (const auto* key : {"in", "parameter", "prefix"}) {
        if (const auto* found = fields.key(key)) {
          found->error(diagnostics_, fmt::format("'{}' belongs to an api_key only", key));
        }
      }
    } else if (!fields.has("parameter")) {
      name.error(diagnostics_, fmt::format("the api_key '{}' needs the key 'parameter'", name.text),
                 "the header, query parameter or {placeholder} that it goes into");
    } else if (const auto* parameter = fields.find("parameter");
               parameter != nullptr && scheme.place == ParameterPlace::header) {
      check_header_name(*parameter);
    }
    return scheme;
  }

  Endpoint read_endpoint(const yaml::Node& id, const yaml::Node& node) {
    const Fields fields(node, endpoint_table(), diagnostics_);
    Endpoint endpoint;
    endpoint.id = id.text;
    endpoint.title = fields.text("title", id.text);
    endpoint.method = fields.text("method");
    endpoint.path = fields.text("path");
    for_each_member(
        fields.find("parameters"), [&](const yaml::Node& name, const yaml::Node& parameter) {
          endpoint.parameters.push_back(read_parameter(name, parameter, endpoint.method));
        });
    if (const auto* response = fields.find("response")) {
      endpoint.response = read_shape(*response, diagnostics_);
    }
    if (const auto* path = fields.find("path")) {
      check_path(*path, endpoint);
      check_path_parameters(fields, endpoint);
    }
    return endpoint;
  }

  Parameter read_parameter(const yaml::Node& name, const yaml::Node& node,
                           std::string_view method) {
    const Fields fields(node, parameter_table(), diagnostics_);
    Parameter parameter;
    parameter.name = name.text;
    parameter.place =
        parameter_place_named(fields.text("in", "body")).value_or(ParameterPlace::body);
    parameter.type = value_type_named(fields.text("type")).value_or(ValueType::any);
    parameter.required = fields.boolean("required", false);
    parameter.description = fields.text("description");
    if (const auto* default_value = fields.find("default")) {
      parameter.default_value = to_value(*default_value, diagnostics_);
      if (!has_type(*parameter.default_value, parameter.type)) {
        default_value->error(diagnostics_, fmt::format("the default of '{}' is not of type {}",
                                                       name.text, name_of(parameter.type)));
      }
    }
    if (fields.find("in") != nullptr && parameter.place == ParameterPlace::body &&
        (method == "GET" || method == "HEAD")) {
      fields.find("in")->error(diagnostics_, fmt::format("a {} request has no body", method));
    }
    if (parameter.place == ParameterPlace::header) check_header_name(name);
    return parameter;
  }

  // The {placeholders} of a path, each of which needs a parameter or a key of an auth scheme.
  void check_path(const yaml::Node& path, const Endpoint& endpoint) {
    const auto& text = path.text;
    if (!text.starts_with('/')) {
      path.error(diagnostics_, "a path begins with '/'");
      return;
    }
    for (auto begin = text.find('{'); begin != std::string::npos; begin = text.find('{', begin)) {
      const auto end = std::min(text.find('}', begin), text.size());
      const auto name = text.substr(begin + 1, end - begin - 1);
      if (end == text.size()) {
        diagnostics_.error(path.where, begin, 1, "the placeholder is not closed");
      } else if (!is_path_parameter(endpoint, name)) {
        diagnostics_.error(path.where, begin, end + 1 - begin,
                           fmt::format("no parameter with `in: path` is called '{}'", name));
      }
      begin = end;
    }
    if (const auto at = text.find_first_of(" ?#"); at != std::string::npos) {
      diagnostics_.error(path.where, at, 1, fmt::format("a path holds no '{}'", text[at]),
                         "put what belongs into the query into parameters with `in: query`");
    }
  }

  bool is_path_parameter(const Endpoint& endpoint, std::string_view name) const {
    return std::any_of(endpoint.parameters.begin(), endpoint.parameters.end(),
                       [&](const Parameter& parameter) {
                         return parameter.place == ParameterPlace::path && parameter.name == name;
                       }) ||
           std::any_of(connector_.auth.begin(), connector_.auth.end(),
                       [&](const AuthScheme& scheme) {
                         return scheme.place == ParameterPlace::path && scheme.parameter == name;
                       });
  }

  void check_path_parameters(const Fields& fields, const Endpoint& endpoint) {
    const auto* written = fields.find("parameters");
    for (const auto& parameter : endpoint.parameters) {
      if (parameter.place != ParameterPlace::path) continue;
      const auto& key = *std::find_if(written->members.begin(), written->members.end(),
                                      [&](const yaml::Member& member) {
                                        return member.key->text == parameter.name;
                                      })
                             ->key;
      if (endpoint.path.find("{" + parameter.name + "}") == std::string::npos) {
        key.error(diagnostics_, fmt::format("the path has no {{{}}}", parameter.name));
      } else if (!parameter.required && !parameter.default_value) {
        key.error(diagnostics_, fmt::format("the path cannot do without '{}'", parameter.name),
                  "say `required: true`, or give a default");
      }
    }
  }

  WebhookScheme read_webhook(const yaml::Node& node) {
    WebhookScheme webhook;
    const auto& table = *kConnectorTable.find("webhook")->table;
    const Fields fields(node, table, diagnostics_);
    if (const auto* verify = fields.find("verify")) {
      const Fields keys(*verify, *table.find("verify")->table, diagnostics_);
      webhook.signature_header = header(keys, "header");
      webhook.signature_prefix = keys.text("prefix");
    }
    if (const auto* event = fields.find("event")) {
      const Fields keys(*event, *table.find("event")->table, diagnostics_);
      webhook.event_header = header(keys, "header");
      webhook.action_key = read_action(keys);
    }
    if (const auto* id = fields.find("delivery_id")) {
      const Fields keys(*id, *table.find("delivery_id")->table, diagnostics_);
      webhook.delivery_id_header = header(keys, "header");
    }
    for_each_member(fields.find("events"), [&](const yaml::Node& name, const yaml::Node& shape) {
      webhook.events.emplace_back(name.text, read_shape(shape, diagnostics_));
    });
    if (!webhook.events.empty() && webhook.event_header.empty()) {
      fields.key("events")->error(diagnostics_, "a delivery does not say what event it is of",
                                  "name the header in `event:`");
    }
    return webhook;
  }

  std::string read_action(const Fields& fields) {
    const auto* node = fields.find("action");
    if (node == nullptr) return {};
    if (!node->text.starts_with('.') || !is_name(std::string_view(node->text).substr(1))) {
      node->error(diagnostics_, fmt::format("'{}' does not name a member of the body", node->text),
                  "a dot and a name: .action");
      return {};
    }
    return node->text.substr(1);
  }

  std::string read_test(const Fields& fields) {
    const auto* node = fields.find("test");
    if (node == nullptr || connector_.endpoint(node->text) != nullptr) return fields.text("test");
    std::vector<std::string> known;
    for (const auto& endpoint : connector_.endpoints) known.push_back(endpoint.id);
    node->error(diagnostics_, fmt::format("there is no endpoint '{}'{}", node->text,
                                          did_you_mean(node->text, known)));
    return {};
  }

  static const KeyTable& auth_table() { return *kConnectorTable.find("auth")->table; }
  static const KeyTable& endpoint_table() { return *kConnectorTable.find("endpoints")->table; }
  static const KeyTable& parameter_table() { return *endpoint_table().find("parameters")->table; }

  Diagnostics& diagnostics_;
  Connector connector_;
};

}  // namespace

std::optional<Connector> read_connector(const std::string& path, std::string text,
                                        Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path, std::move(text));
  const auto root = yaml::read(file, diagnostics);
  if (!root) return std::nullopt;
  auto connector = ConnectorReader(diagnostics).read(*root);
  if (diagnostics.error_count() > errors) return std::nullopt;
  connector.text = file->text();
  return connector;
}

}  // namespace tba
