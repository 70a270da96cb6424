#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sodium/utils.h>

#include "cli/commands/commands.h"
#include "cli/connector_record.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string name;
  std::string connector;
  std::string scheme;
  std::string base_url;
};

struct Field {
  std::string name;
  std::string prompt;
  bool secret;
};

// What a credential of that type consists of; empty for a type that this program does not know.
std::vector<Field> fields_of(std::string_view type) {
  if (type == "bearer") return {{"token", "Token", true}};
  if (type == "api_key") return {{"key", "Key", true}};
  if (type == "webhook_secret") return {{"secret", "Secret", true}};
  if (type == "basic") {
    return {{"username", "User name", false}, {"password", "Password", true}};
  }
  return {};
}

void wipe(std::string& text) {
  sodium_memzero(text.data(), text.size());
}

Outcome<Json> fields_from_prompt(Console& console, const std::vector<Field>& fields,
                                 std::string_view type) {
  if (fields.empty()) {
    return usage_error(fmt::format("credentials of type '{}' cannot be typed in", type),
                       "give a JSON object of the fields on standard input");
  }
  Json given = Json::object();
  for (const Field& field : fields) {
    std::string value;
    if (field.secret) {
      auto answer = console.ask_secret(field.prompt + " (not shown): ");
      if (!answer) return answer.error();
      value = std::move(*answer);
    } else {
      console.err << field.prompt << ": " << std::flush;
      std::getline(console.in, value);
    }
    if (value.empty()) {
      return usage_error(fmt::format("the {} is empty; nothing was changed", field.name));
    }
    given[field.name] = value;
    wipe(value);
  }
  return given;
}

// One line is the only field's value; a JSON object is all of them.
Outcome<Json> fields_from_stdin(Console& console, const std::vector<Field>& fields) {
  std::string text{std::istreambuf_iterator<char>(console.in), {}};
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    return usage_error("there is no secret on standard input; nothing was changed",
                       "give it as one line, or as a JSON object of fields");
  }
  if (text.starts_with('{')) {
    Json object = Json::parse(text, nullptr, false);
    if (object.is_object()) {
      wipe(text);
      return object;
    }
  }
  if (fields.size() != 1) {
    wipe(text);
    return usage_error("this takes several fields; one line of text is not enough",
                       "give a JSON object, such as {\"username\": …, \"password\": …}");
  }
  if (text.find('\n') != std::string::npos) {
    wipe(text);
    return usage_error("a secret is one line, or a JSON object; standard input has several lines");
  }
  Json given = {{fields.front().name, text}};
  wipe(text);
  return given;
}

Outcome<ExitCode> set(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto connector = daemon->get("/connectors/" + percent_encode(options.connector));
  if (!connector) return connector.error();
  const auto scheme = find_scheme(*connector, options.scheme);
  if (!scheme) return scheme.error();

  Console& console = session.console();
  const std::string type = text_of(*scheme, "type");
  auto fields = console.in_is_terminal ? fields_from_prompt(console, fields_of(type), type)
                                       : fields_from_stdin(console, fields_of(type));
  if (!fields) return fields.error();
  Json body = {{"connector", options.connector},
               {"scheme", text_of(*scheme, "name")},
               {"fields", std::move(*fields)}};
  if (!options.base_url.empty()) body["base_url"] = options.base_url;
  const auto stored = daemon->put("/credentials/" + percent_encode(options.name), body);
  for (auto& [name, value] : body["fields"].items()) {
    if (value.is_string()) wipe(value.get_ref<std::string&>());
  }
  if (!stored) return stored.error();
  if (session.json()) {
    print_json(console.out, *stored);
  } else {
    console.out << fmt::format("stored credential {} ({}, {})\n", options.name, options.connector,
                               text_of(*scheme, "name"));
  }
  return ExitCode::done;
}

}  // namespace

Action build_credential_set(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("name", options->name, "What workflows call it")->required()->type_name("");
  arguments.add_option("--connector", options->connector, "The API it is for")
      ->required()
      ->type_name("NAME");
  arguments
      .add_option("--auth", options->scheme,
                  "One of the connector's authentication schemes; may be left out where it has one")
      ->type_name("SCHEME");
  arguments
      .add_option("--base-url", options->base_url,
                  "Instead of the connector's: a self-hosted server, a test server")
      ->type_name("URL");
  arguments.footer(
      "The secret is asked for, without showing it, or read from standard input where that is no\n"
      "terminal: one line, or a JSON object of fields. It is never an argument, since those can "
      "be\n"
      "seen by others. Setting a credential again replaces it.\n\n"
      "  tba-integrate credential set github-bot --connector github --auth token\n"
      "  pass github/token | tba-integrate credential set github-bot --connector github --auth "
      "token");
  return [options](Session& session) { return set(session, *options); };
}

}  // namespace tba::cli
