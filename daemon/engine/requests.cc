#include "daemon/engine/requests.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Part = RequestSecret::Part;

/// A scalar as the text that goes into a header, a query or an environment variable.
Result<std::string> scalar_text(const Value& value, std::string_view what, std::string_view name) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_array() || value.is_object()) {
    return Error{ErrorCode::invalid,
                 std::string(what) + " '" + std::string(name) + "' is an array or object",
                 "use tojson to send it as text"};
  }
  return to_json(value);
}

/// The members of an evaluated mapping as texts; those that are null, as secrets are, are left out.
Result<Pairs> texts_of(const expression::Mapping& mapping, const Evaluate& evaluate,
                       std::string_view what) {
  const auto value = evaluate(mapping);
  if (!value) return value.error();
  Pairs pairs;
  for (const auto& member : value->members()) {
    if (member.value.is_null()) continue;
    auto text = scalar_text(member.value, what, member.name);
    if (!text) return text.error();
    pairs.emplace_back(member.name, std::move(*text));
  }
  return pairs;
}

Result<Request> request_of(const CallStep& step, const Definition& definition,
                           const Evaluate& evaluate) {
  const auto connector = definition.connectors.find(step.connector);
  if (connector == definition.connectors.end()) {
    return Error{ErrorCode::internal,
                 "the connector '" + step.connector + "' is not part of this run's version", ""};
  }
  auto parameters = evaluate(step.with);
  if (!parameters) return parameters.error();
  return Request{EndpointCall{connector->second,
                              step.endpoint,
                              std::move(*parameters),
                              {},
                              secrets_of(step.with, Part::parameters)}};
}

struct Body {
  std::string text;
  std::string_view content_type;
  std::vector<RequestSecret> secrets = {};
  Value json = {};
};

Result<Body> body_of(const HttpStep& step, const Evaluate& evaluate) {
  switch (step.body_kind) {
    case HttpStep::Body::none:
      return Body{};
    case HttpStep::Body::json: {
      auto value = evaluate(step.body);
      if (!value) return value.error();
      Body body{to_json(*value), "application/json", secrets_of(step.body, Part::json)};
      if (!body.secrets.empty()) body.json = std::move(*value);
      return body;
    }
    case HttpStep::Body::form: {
      auto fields = texts_of(step.body, evaluate, "form field");
      if (!fields) return fields.error();
      return Body{form_encode(*fields), "application/x-www-form-urlencoded",
                  secrets_of(step.body, Part::form)};
    }
    case HttpStep::Body::text: {
      auto value = evaluate(step.body);
      if (!value) return value.error();
      auto text = scalar_text(*value, "the", "body");
      if (!text) return text.error();
      return Body{std::move(*text), "text/plain; charset=utf-8", secrets_of(step.body, Part::body)};
    }
  }
  return Body{};
}

bool names_content_type(const Pairs& headers) {
  for (const auto& header : headers) {
    if (equal_ignoring_case(header.first, "content-type")) return true;
  }
  return false;
}

Result<Request> request_of(const HttpStep& step, const Definition&, const Evaluate& evaluate) {
  const auto url = evaluate(step.url);
  if (!url) return url.error();
  if (!url->is_string()) return Error{ErrorCode::invalid, "`url` gave no string", ""};
  auto query = texts_of(step.query, evaluate, "query parameter");
  if (!query) return query.error();
  auto headers = texts_of(step.headers, evaluate, "header");
  if (!headers) return headers.error();
  auto body = body_of(step, evaluate);
  if (!body) return body.error();
  if (!body->content_type.empty() && !names_content_type(*headers)) {
    headers->emplace_back("Content-Type", body->content_type);
  }
  RawRequest request;
  request.method = step.method;
  request.url = with_query(url->as_string(), *query);
  request.headers = std::move(*headers);
  request.body = std::move(body->text);
  request.follow_redirects = step.follow_redirects;
  request.max_bytes = step.max_bytes;
  request.json = std::move(body->json);
  request.secrets = std::move(body->secrets);
  std::ranges::move(secrets_of(step.query, Part::query), std::back_inserter(request.secrets));
  std::ranges::move(secrets_of(step.headers, Part::headers), std::back_inserter(request.secrets));
  return Request{std::move(request)};
}

Result<Request> request_of(const RunStep& step, const Definition& definition,
                           const Evaluate& evaluate) {
  auto environment = texts_of(step.env, evaluate, "environment variable");
  if (!environment) return environment.error();
  const auto& workflow = *definition.workflow;
  ProgramCall program;
  program.command = step.command;
  program.environment = std::move(*environment);
  program.workflow = workflow.name;
  program.workflow_folder = std::filesystem::path(workflow.path).parent_path().string();
  program.json_output = step.json_output;
  program.secrets = secrets_of(step.env, Part::environment);
  return Request{std::move(program)};
}

template <class NoRequest>
Result<Request> request_of(const NoRequest&, const Definition&, const Evaluate&) {
  return Error{ErrorCode::internal, "this kind of step makes no request", ""};
}

}  // namespace

std::vector<RequestSecret> secrets_of(const expression::Mapping& mapping,
                                      RequestSecret::Part part) {
  std::vector<RequestSecret> secrets;
  for (auto& [path, secret] : mapping.secrets())
    secrets.push_back({part, std::move(path), std::move(secret)});
  return secrets;
}

Result<Request> evaluate_request(const Definition& definition, const Step& step,
                                 const Evaluate& evaluate) {
  return std::visit([&](const auto& action) { return request_of(action, definition, evaluate); },
                    step.action);
}

}  // namespace tba::engine
