#include "shared/action_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/connector_catalog.h"
#include "shared/duration.h"
#include "shared/suggestion.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using expression::Mapping;
using Kind = yaml::Node::Kind;

class ActionReader {
 public:
  explicit ActionReader(WorkflowReading& reading) : reading_(reading) {}

  Action read(const Fields& fields, ExpressionPlace place) {
    const auto kind = fields.chosen();
    const auto* node = fields.find(kind);
    if (node == nullptr) return SetStep{};
    if (kind == "call") return read_call(fields, *node, place);
    if (kind == "http") return read_http(*node, place);
    if (kind == "run") return read_run(fields, *node, place);
    if (kind == "wait") return read_wait(*node, place);
    return SetStep{reading_.read_data(*node, place)};
  }

 private:
  Diagnostics& diagnostics() const { return reading_.diagnostics(); }

  Action read_call(const Fields& fields, const yaml::Node& target, ExpressionPlace place) {
    CallStep call;
    const auto slash = target.text.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == target.text.size()) {
      target.error(diagnostics(), fmt::format("'{}' is not a connector/endpoint", target.text),
                   "such as github/get-user");
    } else {
      call.connector = target.text.substr(0, slash);
      call.endpoint = target.text.substr(slash + 1);
    }
    const auto* with = fields.find("with");
    call.with = with != nullptr ? reading_.read_data(*with, place) : Mapping::object({});
    if (!call.connector.empty() && reading_.catalog() != nullptr) {
      check_call(target, slash, call, with);
    }
    return call;
  }

  void check_call(const yaml::Node& target, std::size_t slash, const CallStep& call,
                  const yaml::Node* with) {
    const auto connector = reading_.find_connector(target, 0, call.connector);
    if (!connector) return;
    const auto* endpoint = connector->endpoint(call.endpoint);
    if (endpoint == nullptr) {
      std::vector<std::string> known;
      for (const auto& each : connector->endpoints) known.push_back(each.id);
      diagnostics().error(target.where, slash + 1, call.endpoint.size(),
                          fmt::format("connector '{}' has no endpoint '{}'{}", call.connector,
                                      call.endpoint, did_you_mean(call.endpoint, known)),
                          "it has: " + listed(known));
      return;
    }
    if (with != nullptr) check_given_parameters(*with, target.text, *endpoint, call);
    for (const auto& parameter : endpoint->parameters) {
      if (!parameter.required || parameter.default_value) continue;
      if (with != nullptr && with->find(parameter.name) != nullptr) continue;
      target.error(diagnostics(),
                   fmt::format("{} needs the parameter '{}'", target.text, parameter.name),
                   "give it in `with:`");
    }
  }

  void check_given_parameters(const yaml::Node& with, const std::string& target,
                              const Endpoint& endpoint, const CallStep& call) {
    std::vector<std::string> known;
    for (const auto& parameter : endpoint.parameters) known.push_back(parameter.name);
    for (std::size_t i = 0; i < with.members.size(); ++i) {
      const auto& [name, value] = with.members[i];
      const auto parameter = std::find_if(
          endpoint.parameters.begin(), endpoint.parameters.end(),
          [&, &wanted = name->text](const Parameter& each) { return each.name == wanted; });
      if (parameter == endpoint.parameters.end()) {
        if (name->text.find("${{") != std::string::npos) continue;  // told already
        name->error(diagnostics(), fmt::format("{} has no parameter '{}'{}", target, name->text,
                                               did_you_mean(name->text, known)));
        continue;
      }
      const auto& given = call.with.members()[i].second;
      if (given.is_constant() && !has_type(given.as_constant(), parameter->type)) {
        value->error(
            diagnostics(),
            fmt::format("parameter '{}' must be of type {}", name->text, name_of(parameter->type)),
            parameter->type == ValueType::string ? "put it in quotes" : "");
      }
    }
  }

  Action read_http(const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("http")->table, diagnostics());
    HttpStep http;
    http.method = fields.text("method", http.method);
    http.follow_redirects = fields.boolean("follow_redirects", false);
    http.max_bytes = fields.size("max_bytes", http.max_bytes);
    if (const auto* url = fields.find("url")) {
      http.url = reading_.read_data(*url, place);
      const auto& text = url->text;
      if (!text.starts_with("http://") && !text.starts_with("https://") &&
          !text.starts_with("${{")) {
        url->error(diagnostics(), "a URL begins with https:// or http://");
      }
    }
    if (const auto* query = fields.find("query")) http.query = reading_.read_data(*query, place);
    if (const auto* headers = fields.find("headers"))
      http.headers = reading_.read_data(*headers, place);
    read_body(fields, http, place);
    return http;
  }

  void read_body(const Fields& fields, HttpStep& http, ExpressionPlace place) {
    static constexpr std::array<std::pair<std::string_view, HttpStep::Body>, 3> kBodies{{
        {"json", HttpStep::Body::json},
        {"form", HttpStep::Body::form},
        {"body", HttpStep::Body::text},
    }};
    for (const auto& [key, kind] : kBodies) {
      const auto* body = fields.find(key);
      if (body == nullptr) continue;
      if (http.body_kind != HttpStep::Body::none) {
        fields.key(key)->error(diagnostics(), "a request has one body",
                               "only one of json, form and body");
      }
      http.body_kind = kind;
      http.body = reading_.read_data(*body, place);
    }
  }

  Action read_run(const Fields& fields, const yaml::Node& node, ExpressionPlace place) {
    RunStep run;
    run.command = fields.texts("run");
    if (node.kind == Kind::scalar) {
      auto shell =
          fields.has("shell") ? fields.texts("shell") : std::vector<std::string>{"/bin/sh", "-ec"};
      run.command.insert(run.command.begin(), shell.begin(), shell.end());
    } else if (const auto* shell = fields.key("shell")) {
      shell->error(diagnostics(), "a program is run without a shell",
                   "write a script as text (`run: |`) if it is to have one");
    }
    run.json_output = fields.text("format") == "json";
    if (const auto* env = fields.find("env")) {
      run.env = reading_.read_data(*env, place);
      for (const auto& [name, value] : env->members) check_variable(*name, *value);
    }
    return run;
  }

  void check_variable(const yaml::Node& name, const yaml::Node& value) {
    if (name.text.empty() || name.text.find('=') != std::string::npos) {
      name.error(diagnostics(), fmt::format("'{}' cannot name an environment variable", name.text));
    }
    if (value.kind == Kind::sequence || value.kind == Kind::mapping) {
      value.error(diagnostics(),
                  fmt::format("an environment variable is text, not {}", value.kind_name()),
                  "give it as JSON: ${{ … | tojson }}");
    }
  }

  Action read_wait(const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("wait")->table, diagnostics());
    WaitStep wait;
    if (const auto* duration = fields.find("for")) {
      wait.duration = reading_.read_data(*duration, place);
      if (duration->text.find("${{") == std::string::npos) {
        if (const auto read = parse_duration(duration->text); read.has_error()) {
          duration->error(diagnostics(), read.error().message, read.error().hint);
        }
      }
    }
    return wait;
  }

  WorkflowReading& reading_;
};

}  // namespace

Action read_action(const Fields& step, ExpressionPlace place, WorkflowReading& reading) {
  return ActionReader(reading).read(step, place);
}

}  // namespace tba
