#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/connector_record.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

// "client_id client_secret?"
std::string names_text(const Json& parameters) {
  std::string text;
  if (!parameters.is_array()) return text;
  for (const Json& parameter : parameters) {
    const bool required = member_of(parameter, "required") == true;
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", text_of(parameter, "name"),
                        required ? "" : "?");
  }
  return text;
}

void print_connector(Console& console, const Json& connector) {
  Fields fields;
  fields.add("name", text_of(connector, "name"));
  fields.add("title", text_of(connector, "title"));
  fields.add("base URL", text_of(connector, "base_url"));
  if (const Json& plugin = member_of(connector, "plugin"); plugin.is_object()) {
    fields.add("plugin", text_of(plugin, "version"));
    fields.add("state", text_of(plugin, "state"));
    fields.add("ended last because", text_of(plugin, "problem"), Style::attention);
  }
  fields.add("webhooks", member_of(connector, "webhook") == true ? "yes" : "no");
  fields.print(console.out, console.colour_out);

  Table schemes({"AUTH SCHEME", "TYPE", "GRANTS", "FIELDS (? = OPTIONAL)"});
  for (const Json& scheme : member_of(connector, "auth")) {
    schemes.add({text_of(scheme, "name"), text_of(scheme, "type"),
                 joined(member_of(scheme, "grants"), " "),
                 names_text(member_of(scheme, "fields"))});
  }
  if (!schemes.empty()) {
    console.out << '\n';
    schemes.print(console.out, console.colour_out);
  }

  Table endpoints({"ENDPOINT", "METHOD", "PATH", "PARAMETERS (? = OPTIONAL)"});
  for (const Json& endpoint : member_of(connector, "endpoints")) {
    endpoints.add({text_of(endpoint, "id"), text_of(endpoint, "method"), text_of(endpoint, "path"),
                   names_text(member_of(endpoint, "parameters"))});
  }
  if (!endpoints.empty()) {
    console.out << '\n';
    endpoints.print(console.out, console.colour_out);
  }
}

// Where it says more than a type does.
void print_shape(Console& console, const std::string& heading, const Json& shape) {
  if (!shape.is_structured()) return;
  console.out << '\n' << styled(heading, Style::heading, console.colour_out) << '\n';
  print_json(console.out, shape);
}

void print_endpoint(Console& console, const Json& endpoint) {
  Fields fields;
  fields.add("endpoint", text_of(endpoint, "id"));
  fields.add("title", text_of(endpoint, "title"));
  if (!text_of(endpoint, "method").empty())
    fields.add("request", text_of(endpoint, "method") + " " + text_of(endpoint, "path"));
  fields.print(console.out, console.colour_out);
  Table parameters({"PARAMETER", "IN", "TYPE", "DEFAULT", "DESCRIPTION"});
  for (const Json& parameter : member_of(endpoint, "parameters")) {
    const bool required = member_of(parameter, "required") == true;
    parameters.add(
        {text_of(parameter, "name"), text_of(parameter, "in"), text_of(parameter, "type"),
         required ? "required" : text_of(parameter, "default"), text_of(parameter, "description")});
  }
  if (!parameters.empty()) {
    console.out << '\n';
    parameters.print(console.out, console.colour_out);
  }
  for (const Json& parameter : member_of(endpoint, "parameters"))
    print_shape(console, text_of(parameter, "name"), member_of(parameter, "shape"));
  print_shape(console, "response", member_of(endpoint, "response"));
}

Outcome<ExitCode> show(Session& session, const std::string& name) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const std::string connector_name = name.substr(0, name.find('/'));
  const auto connector = daemon->get("/connectors/" + percent_encode(connector_name));
  if (!connector) return connector.error();
  Console& console = session.console();
  if (connector_name == name) {
    if (session.json()) {
      print_json(console.out, *connector);
    } else {
      print_connector(console, *connector);
    }
    return ExitCode::done;
  }
  const auto endpoint = find_endpoint(*connector, name.substr(connector_name.size() + 1));
  if (!endpoint) return endpoint.error();
  if (session.json()) {
    print_json(console.out, *endpoint);
  } else {
    print_endpoint(console, *endpoint);
  }
  return ExitCode::done;
}

}  // namespace

Action build_connector_show(CLI::App& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.add_option("name", *name, "A connector, or one endpoint: github/get-user")
      ->required()
      ->type_name("");
  return [name](Session& session) { return show(session, *name); };
}

}  // namespace tba::cli
