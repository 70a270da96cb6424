#include "shared/connector_reader.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/base_url.h"
#include "shared/connector_keys.h"
#include "shared/header_name.h"
#include "shared/mail_connector.h"
#include "shared/suggestion.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

using namespace std::chrono_literals;

class ConnectorReader {
 public:
  explicit ConnectorReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Connector read_plugin(const yaml::Node& root, const std::string& path) {
    const Fields fields(root, kPluginTable, diagnostics_);
    connector_.name = fields.text("plugin");
    connector_.title = fields.text("title", connector_.name);
    connector_.plugin = read_plugin_program(fields, path);
    read_auth_and_retry(fields);
    for_each_member(fields.find("endpoints"), [&](const yaml::Node& id, const yaml::Node& node) {
      connector_.endpoints.push_back(read_plugin_endpoint(id, node, diagnostics_));
    });
    connector_.test = read_test(fields);
    return std::move(connector_);
  }

  Connector read_mail(const yaml::Node& root) {
    const Fields fields(root, kMailConnectorTable, diagnostics_);
    connector_.name = fields.text("connector");
    connector_.title = fields.text("title", connector_.name);
    connector_.sends_mail = true;
    connector_.base_url = read_base_url(fields, "base_url", kSmtpBaseUrl);
    read_auth_and_retry(fields);
    for (auto& scheme : connector_.auth)
      adapt_to_mail(scheme, *fields.find("auth")->find(scheme.name), diagnostics_);
    read_rate_limits(fields);
    for_each_member(fields.find("endpoints"), [&](const yaml::Node& id, const yaml::Node& node) {
      connector_.endpoints.push_back(read_mail_endpoint(id, node, diagnostics_));
    });
    connector_.test = read_test(fields);
    return std::move(connector_);
  }

  Connector read(const yaml::Node& root) {
    const Fields fields(root, kConnectorTable, diagnostics_);
    connector_.name = fields.text("connector");
    connector_.title = fields.text("title", connector_.name);
    connector_.base_url = read_base_url(fields, "base_url");
    connector_.headers = read_headers(fields, "headers");
    if (const auto* idempotency = fields.find("idempotency"))
      connector_.idempotency = read_idempotency(*idempotency);
    read_auth_and_retry(fields);
    if (connector_.base_url.empty() && !fields.has("base_url") && connector_.auth.empty()) {
      root.error(diagnostics_, "a connector needs the key 'base_url', or credentials that have one",
                 "`auth` describes them");
    }
    read_rate_limits(fields);
    const auto answer = read_answer_rules(fields, {});
    const auto* pages = fields.find("pagination");
    const auto pagination = pages ? read_pagination(*pages, diagnostics_) : nullptr;
    const EndpointSurroundings around{connector_.auth,
                                      connector_.rate_limits,
                                      answer,
                                      pagination,
                                      fields.boolean("revalidate", false),
                                      fields.duration("fresh_for").value_or(0ms)};
    for_each_member(fields.find("endpoints"), [&](const yaml::Node& id, const yaml::Node& node) {
      connector_.endpoints.push_back(read_endpoint(id, node, around, diagnostics_));
    });
    if (const auto* webhook = fields.find("webhook"))
      connector_.webhook = read_webhook_scheme(*webhook, connector_.auth, diagnostics_);
    connector_.test = read_test(fields);
    if (pagination) check_pagination(*pages, *pagination);
    return std::move(connector_);
  }

 private:
  static void for_each_member(const yaml::Node* mapping, auto read) {
    if (mapping == nullptr) return;
    for (const auto& member : mapping->members) read(*member.key, *member.value);
  }

  void read_auth_and_retry(const Fields& fields) {
    if (const auto* retry = fields.find("retry"))
      connector_.retry = read_retry(*retry, kRetryTable, diagnostics_);
    for_each_member(fields.find("auth"), [&](const yaml::Node& name, const yaml::Node& scheme) {
      connector_.auth.push_back(read_auth_scheme(name, scheme, diagnostics_));
    });
  }

  void read_rate_limits(const Fields& fields) {
    for_each_member(fields.find("rate_limits"),
                    [&](const yaml::Node& name, const yaml::Node& node) {
                      connector_.rate_limits.push_back(read_rate_limit(name, node, diagnostics_));
                    });
  }

  Idempotency read_idempotency(const yaml::Node& node) {
    const Fields fields(node, *kConnectorTable.find("idempotency")->table, diagnostics_);
    return {header_name(fields, "header"), fields.duration("lifetime")};
  }

  // A parameter that no endpoint has is misspelt.
  void check_pagination(const yaml::Node& node, const Pagination& pagination) {
    const auto has_parameter = [&](const Endpoint& endpoint) {
      return has_page_parameter(pagination, endpoint.parameters);
    };
    if (connector_.endpoints.empty() || std::ranges::any_of(connector_.endpoints, has_parameter))
      return;
    std::set<std::string> known;
    for (const auto& endpoint : connector_.endpoints) {
      for (const auto& parameter : endpoint.parameters) known.insert(parameter.name);
    }
    node.find("parameter")
        ->error(diagnostics_,
                fmt::format("no endpoint has a parameter '{}' that can tell of a page{}",
                            pagination.parameter,
                            did_you_mean(pagination.parameter, {known.begin(), known.end()})));
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

  Diagnostics& diagnostics_;
  Connector connector_;
};

// The connector that the keys of the file say it is.
Connector connector_of(const yaml::Node& root, const std::string& path, Diagnostics& diagnostics) {
  ConnectorReader reader(diagnostics);
  if (root.find("plugin") != nullptr) return reader.read_plugin(root, path);
  if (root.find("protocol") != nullptr) return reader.read_mail(root);
  return reader.read(root);
}

// Whether the file describes an API in another language, of which it could be made.
bool is_other_description(const yaml::Node& root, Diagnostics& diagnostics) {
  if (root.find("connector") != nullptr) return false;
  for (const auto& member : root.members) {
    if (member.key->text != "openapi" && member.key->text != "swagger") continue;
    member.key->error(diagnostics, "this is an OpenAPI description, not a connector",
                      "'connector import openapi' makes a connector of it");
    return true;
  }
  return false;
}

}  // namespace

std::optional<Connector> read_connector(const std::string& path, std::string text,
                                        Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path, std::move(text));
  const auto root = yaml::read(file, diagnostics, kConnectorLimits);
  if (!root || is_other_description(*root, diagnostics)) return std::nullopt;
  auto connector = connector_of(*root, path, diagnostics);
  if (diagnostics.error_count() > errors) return std::nullopt;
  connector.text = file->text();
  return connector;
}

}  // namespace tba
