#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/text_file.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/import/yaml_text.h"
#include "shared/key_table.h"

namespace tba::cli {
namespace {

// Its name, base URL, and the part about authentication.
constexpr const char* kFile =
    R"(# What tba-integrate knows of an API. The manual tba-connector(5) tells all that can be said, and
# 'tba-integrate connector check' what is wrong. A running daemon takes it up within seconds, or at
# once by 'tba-integrate daemon reload'.
connector: {0}
title: {0}
base_url: {1}
{2}
# What every request says.
headers: {{ Accept: application/json }}

# What is tried again, where neither step nor workflow say it.
retry: {{ attempts: 3, on: [network, 429, 502, 503, 504] }}

# How often it lets itself be asked. What its answers tell of that can be followed, too.
# rate_limits:
#   all: {{ requests: 60, per: 1m, by: [credential] }}

# Which answers tell of a failure beside those with a status of 400 or more, and why it failed.
# error:
#   when: ${{{{ .body.ok == false }}}}
#   message: ${{{{ .body.error }}}}

# The endpoint that tells whether a credential works.
test: list-items

# What can be called, by hand with 'tba-integrate connector call {0}/list-items limit=5', in a
# workflow with '- call: {0}/list-items'. Replace these by those of the API.
endpoints:
  list-items:
    title: List the items
    method: GET
    path: /items
    parameters:
      limit: {{ in: query, type: integer, default: 20, description: so many at most }}

  get-item:
    title: Get an item
    method: GET
    path: /items/{{id}}
    parameters:
      id: {{ in: path, type: string, required: true }}
    # What its body has, against which expressions are checked; '...' for whatever else.
    response: {{ id: string, name: string, ...: any }}

  create-item:
    title: Create an item
    method: POST
    path: /items
    parameters:
      name: {{ in: body, type: string, required: true, description: how it is called }}
      tags: {{ in: body, type: array, description: words to find it by }}
)";

constexpr std::string_view kAbout =
    "\n# How calls prove who is calling. A credential holds the secret:\n"
    "#   tba-integrate credential set NAME --connector {} --auth {}\n"
    "auth:\n";

constexpr std::string_view kOAuth2 =
    R"(  oauth:
    type: oauth2
    # How a first token comes to be; 'tba-integrate credential login NAME' gets one. With
    # client_credentials, which needs only token_url, nobody has to log in.
    grants: [authorization_code]
    # {origin} is that of base_url; a login may be elsewhere.
    authorize_url: "{origin}/oauth/authorize"
    token_url: "{origin}/oauth/token"
    # What is asked for.
    scopes: [read, write]
)";

// A kind of authentication, and the scheme that is written for it.
struct Auth {
  std::string_view type;
  std::string_view name;
  std::string_view lines;
};

constexpr std::array kAuth{
    Auth{"none", "", ""},
    Auth{"bearer", "token", "  token: { type: bearer }\n"},
    Auth{"basic", "login", "  login: { type: basic }\n"},
    Auth{"api_key", "key", "  key: { type: api_key, in: header, parameter: X-Api-Key }\n"},
    Auth{"oauth2", "oauth", kOAuth2},
};

struct Options {
  std::string name;
  std::string base_url = "https://api.example.com";
  std::string auth = "bearer";
};

std::string file_of(const Options& options) {
  const auto& auth = *std::ranges::find(kAuth, options.auth, &Auth::type);
  std::string about;
  if (!auth.lines.empty()) about = fmt::format(kAbout, options.name, auth.name).append(auth.lines);
  return fmt::format(kFile, options.name, importing::yaml_text(options.base_url, false), about);
}

Outcome<ExitCode> make_connector(Session& session, const Options& options) {
  if (!is_name(options.name)) {
    return usage_error(fmt::format("'{}' cannot be the name of a connector", options.name),
                       "begin with a letter; go on with letters, digits, '_' and '-'");
  }
  const auto paths = session.paths();
  if (!paths) return paths.error();
  const auto text = file_of(options);
  Diagnostics diagnostics;
  if (!read_connector("the new file", text, diagnostics)) {
    return CliError{ExitCode::usage, "no connector can be made of it", "", diagnostics.render()};
  }
  const auto folder = make_private_folder(paths->connectors);
  if (!folder) return folder.error();
  const auto file = paths->connectors / (options.name + ".yaml");
  const auto is_new = write_new_file(file, text);
  if (!is_new) return is_new.error();
  if (!*is_new)
    return CliError{ExitCode::failed, fmt::format("{} is there already", file.string())};
  Console& console = session.console();
  if (built_in_connectors().find(options.name)) {
    console.err << fmt::format("it takes the place of the built-in connector '{}'\n", options.name);
  }
  if (session.json()) {
    print_json(console.out, {{"connector", options.name}, {"path", file.string()}});
  } else {
    console.out << fmt::format("wrote {}\n", file.string());
  }
  return ExitCode::done;
}

}  // namespace

Action build_connector_new(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  std::vector<std::string> types;
  for (const auto& auth : kAuth) types.emplace_back(auth.type);
  arguments.add_option("name", options->name, "The connector's name")->required()->type_name("");
  arguments.add_option("--base-url", options->base_url, "What all paths are below")
      ->type_name("URL");
  arguments
      .add_option(
          "--auth", options->auth,
          "How calls prove who is calling: bearer (if not given), basic, api_key, oauth2 or "
          "none")
      ->type_name("TYPE")
      ->check(CLI::IsMember(types).description(""));
  arguments.footer(
      "Writes NAME.yaml into the home's folder of connectors, with comments that say what to\n"
      "change. A file that is there is never touched.");
  return [options](Session& session) { return make_connector(session, *options); };
}

}  // namespace tba::cli
