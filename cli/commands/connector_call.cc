#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/connector_record.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string endpoint;
  std::vector<std::string> parameters;
  std::string credential;
};

void print_answer(Console& console, const Json& answer, double status) {
  console.err << styled(fmt::format("status {:.0f}", status),
                        status < 400 ? Style::good : Style::bad, console.colour_err)
              << '\n';
  const Json& body = member_of(answer, "body");
  if (body.is_string()) {
    console.out << body.get_ref<const std::string&>() << '\n';
  } else if (!body.is_null()) {
    print_json(console.out, body);
  }
}

Outcome<ExitCode> call(Session& session, const Options& options) {
  const std::size_t slash = options.endpoint.find('/');
  if (slash == std::string::npos) {
    return usage_error(fmt::format("'{}' is no endpoint", options.endpoint),
                       "write connector/endpoint, such as github/get-user");
  }
  const std::string connector_name = options.endpoint.substr(0, slash);
  const std::string endpoint_id = options.endpoint.substr(slash + 1);
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const std::string connector_path = "/connectors/" + percent_encode(connector_name);
  const auto connector = daemon->get(connector_path);
  if (!connector) return connector.error();
  const auto endpoint = find_endpoint(*connector, endpoint_id);
  if (!endpoint) return endpoint.error();
  auto parameters =
      typed_values(options.parameters, member_of(*endpoint, "parameters"), "parameter");
  if (!parameters) return parameters.error();

  Json body = {{"parameters", std::move(*parameters)}};
  if (!options.credential.empty()) body["credential"] = options.credential;
  const auto answer = daemon->post(
      fmt::format("{}/endpoints/{}/call", connector_path, percent_encode(endpoint_id)), body);
  if (!answer) return answer.error();
  const double status = number_of(*answer, "status").value_or(0);
  if (session.json()) {
    print_json(session.console().out, *answer);
  } else {
    print_answer(session.console(), *answer, status);
  }
  return status >= 200 && status < 400 ? ExitCode::done : ExitCode::failed;
}

}  // namespace

Action build_connector_call(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("endpoint", options->endpoint, "connector/endpoint")
      ->required()
      ->type_name("");
  arguments.add_option("parameters", options->parameters, "name=value, any number of them")
      ->type_name("");
  arguments.add_option("--credential", options->credential, "The credential to call it with")
      ->type_name("NAME");
  arguments.footer(
      "Prints the answer's body; its status goes to stderr. Ends with 1 where that is not 2xx or\n"
      "3xx, or where there is no answer; with 7 where none came in time. With --output json: "
      "status, headers and body.\n\n"
      "  tba-integrate connector call github/get-user username=octocat --credential github-bot");
  return [options](Session& session) { return call(session, *options); };
}

}  // namespace tba::cli
