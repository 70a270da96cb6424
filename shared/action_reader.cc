#include "shared/action_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/call_parameters.h"
#include "shared/condition_reader.h"
#include "shared/connector_catalog.h"
#include "shared/duration.h"
#include "shared/event_names.h"
#include "shared/suggestion.h"
#include "shared/time_format.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using expression::Mapping;
using Kind = yaml::Node::Kind;

class ActionReader {
 public:
  explicit ActionReader(WorkflowReading& reading) : reading_(reading) {}

  Action read(const Fields& fields, ExpressionPlace place) {
    Action action;
    for (const auto& [kind, read_kind] : kReaders) {
      if (kind == fields.chosen()) action = (this->*read_kind)(fields, *fields.find(kind), place);
    }
    return action;
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
    call.with = read_with(fields, place);
    if (with != nullptr) reading_.note_secrets(*with, {.connector = call.connector});
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
      diagnostics().error(
          target.where, slash + 1, call.endpoint.size(),
          fmt::format("connector '{}' has no endpoint '{}'{}", call.connector, call.endpoint,
                      did_you_mean(call.endpoint, known)),
          known.size() <= kMostNames
              ? "it has: " + listed(known)
              : fmt::format("`tba-integrate connector show {}` lists what it has", call.connector));
      return;
    }
    if (with != nullptr) check_parameters(target.text, *endpoint, *with, call.with, reading_);
    for (const auto& parameter : endpoint->parameters) {
      if (!parameter.required || parameter.default_value) continue;
      if (with != nullptr && with->find(parameter.name) != nullptr) continue;
      target.error(diagnostics(),
                   fmt::format("{} needs the parameter '{}'", target.text, parameter.name),
                   "give it in `with:`");
    }
  }

  void check_url(const yaml::Node& url, bool has_credential) {
    const auto& text = url.text;
    if (text.starts_with('/')) {
      if (has_credential) return;
      url.error(diagnostics(), "a path alone is below the base URL of a credential",
                "say `credential`, or write the whole URL");
    } else if (!text.starts_with("http://") && !text.starts_with("https://") &&
               !text.starts_with("${{")) {
      url.error(diagnostics(), "a URL begins with https:// or http://");
    }
  }

  Action read_http(const Fields& step, const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("http")->table, diagnostics());
    HttpStep http;
    http.method = fields.text("method", http.method);
    http.follow_redirects = fields.boolean("follow_redirects", false);
    http.max_bytes = fields.size("max_bytes", http.max_bytes);
    if (const auto* url = fields.find("url")) {
      http.url = reading_.read_data(*url, place);
      check_url(*url, step.has("credential"));
    }
    if (const auto* query = fields.find("query")) http.query = reading_.read_data(*query, place);
    if (const auto* headers = fields.find("headers"))
      http.headers = reading_.read_data(*headers, place);
    read_body(fields, http, place);
    const auto before = reading_.outside_names().size();
    const OutsideName recipient{.url = known_url(node)};
    for (const auto* key : {"query", "headers", "json", "form", "body"}) {
      if (const auto* part = fields.find(key)) reading_.note_secrets(*part, recipient);
    }
    if (http.follow_redirects && reading_.outside_names().size() > before) {
      fields.key("follow_redirects")
          ->error(diagnostics(), "a request with a secret cannot follow redirects",
                  "they may lead anywhere: read `.headers.location` and ask there");
    }
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
      reading_.note_secrets(*env, {});
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

  Action read_set(const Fields&, const yaml::Node& node, ExpressionPlace place) {
    return SetStep{reading_.read_data(node, place)};
  }

  Action read_wait(const Fields&, const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("wait")->table, diagnostics());
    WaitStep wait;
    if (const auto* match = fields.find("match")) {
      wait.match = read_condition(*match, "match", {ExpressionPlace::Part::event_match, place.step},
                                  reading_);
    }
    if (fields.has("match") && fields.chosen() != "event" && !fields.chosen().empty()) {
      fields.key("match")->error(diagnostics(),
                                 fmt::format("'match' does not go with '{}'", fields.chosen()));
    }
    const auto* subject = fields.find(fields.chosen());
    if (subject == nullptr) return wait;
    if (fields.chosen() == "approval") {
      read_approval(*subject, wait, place);
      return wait;
    }
    wait.subject = reading_.read_data(*subject, place);
    if (fields.chosen() == "event") wait.what = WaitStep::For::event;
    if (fields.chosen() == "until") wait.what = WaitStep::For::instant;
    if (subject->text.find("${{") == std::string::npos) check_constant_wait(wait, *subject);
    return wait;
  }

  void check_constant_wait(const WaitStep& wait, const yaml::Node& subject) {
    const auto report = [&](const auto& read) {
      if (read.has_error()) subject.error(diagnostics(), read.error().message, read.error().hint);
    };
    if (wait.what == WaitStep::For::duration) report(parse_duration(subject.text));
    if (wait.what == WaitStep::For::instant) report(time_of(wait.subject.as_constant()));
    if (wait.what == WaitStep::For::event && !is_event_name(subject.text)) {
      subject.error(diagnostics(), fmt::format("'{}' is not the name of an event", subject.text),
                    std::string(kEventNameHint));
    }
  }

  void read_approval(const yaml::Node& node, WaitStep& wait, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("wait")->table->find("approval")->table,
                        diagnostics());
    wait.what = WaitStep::For::approval;
    wait.approvers = fields.texts("by");
    if (const auto* message = fields.find("message"))
      wait.subject = reading_.read_data(*message, place);
  }

  Action read_workflow(const Fields& fields, const yaml::Node& node, ExpressionPlace place) {
    reading_.note({.kind = OutsideName::Kind::workflow, .name = node.text, .where = node.where});
    return WorkflowStep{node.text, read_plain_with(fields, place)};
  }

  Action read_notify(const Fields& fields, const yaml::Node& node, ExpressionPlace place) {
    reading_.note(
        {.kind = OutsideName::Kind::notify_target, .name = node.text, .where = node.where});
    return NotifyStep{node.text, read_plain_with(fields, place)};
  }

  Action read_fail(const Fields&, const yaml::Node& node, ExpressionPlace place) {
    return FailStep{reading_.read_data(node, place)};
  }

  Mapping read_with(const Fields& fields, ExpressionPlace place) {
    const auto* with = fields.find("with");
    return with != nullptr ? reading_.read_data(*with, place) : Mapping::object({});
  }

  /// Of what reads it by expressions, which see no secrets.
  Mapping read_plain_with(const Fields& fields, ExpressionPlace place) {
    const auto* with = fields.find("with");
    const bool has_secrets = with != nullptr && refuse_secrets(*with, diagnostics());
    return has_secrets ? Mapping::object({}) : read_with(fields, place);
  }

  using Read = Action (ActionReader::*)(const Fields&, const yaml::Node&, ExpressionPlace);
  static const std::array<std::pair<std::string_view, Read>, 8> kReaders;

  WorkflowReading& reading_;
};

const std::array<std::pair<std::string_view, ActionReader::Read>, 8> ActionReader::kReaders{{
    {"call", &ActionReader::read_call},
    {"http", &ActionReader::read_http},
    {"run", &ActionReader::read_run},
    {"set", &ActionReader::read_set},
    {"wait", &ActionReader::read_wait},
    {"workflow", &ActionReader::read_workflow},
    {"notify", &ActionReader::read_notify},
    {"fail", &ActionReader::read_fail},
}};

}  // namespace

std::string known_url(const yaml::Node& http) {
  const auto* url = http.find("url");
  if (url == nullptr) return "";
  const auto known = url->text.substr(0, url->text.find("${{"));
  const auto scheme = known.find("://");
  const bool has_origin =
      scheme != std::string::npos &&
      (known.size() == url->text.size() || known.find('/', scheme + 3) != known.npos);
  return has_origin ? known : "";
}

Action read_action(const Fields& step, ExpressionPlace place, WorkflowReading& reading) {
  ActionReader reader(reading);
  return reader.read(step, place);
}

}  // namespace tba
