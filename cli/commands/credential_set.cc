#include <algorithm>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
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

void wipe(std::string& text) {
  sodium_memzero(text.data(), text.size());
}

bool flag(const Json& field, const char* name) {
  const Json& value = member_of(field, name);
  return value.is_boolean() && value.get<bool>();
}

// The fields that a credential of the scheme must have.
std::vector<Json> required_fields(const Json& scheme) {
  std::vector<Json> required;
  for (const Json& field : member_of(scheme, "fields")) {
    if (flag(field, "required")) required.push_back(field);
  }
  return required;
}

// A text of several lines ends with an empty one.
std::string ask_for_lines(Console& console, std::string_view prompt) {
  console.err << fmt::format("{}, then an empty line:\n", prompt) << std::flush;
  std::string all;
  for (std::string line; std::getline(console.in, line) && !line.empty();) {
    all.append(line).append("\n");
    wipe(line);
  }
  return all;
}

Outcome<std::string> ask_for(Console& console, const Json& field) {
  const std::string prompt = text_of(field, "prompt");
  if (flag(field, "has_lines")) return ask_for_lines(console, prompt);
  if (flag(field, "secret")) return console.ask_secret(prompt + " (not shown): ");
  console.err << prompt << ": " << std::flush;
  std::string value;
  std::getline(console.in, value);
  return value;
}

Outcome<Json> fields_from_prompt(Console& console, const Json& scheme) {
  Json given = Json::object();
  for (const Json& field : required_fields(scheme)) {
    auto value = ask_for(console, field);
    if (!value) return value.error();
    const std::string name = text_of(field, "name");
    if (value->empty() && !flag(field, "may_be_empty"))
      return usage_error(fmt::format("the {} is empty; nothing was changed", name));
    given[name] = *value;
    wipe(*value);
  }
  return given;
}

// An object that somebody else wrote, such as a service account's key, may have more in it than
// what the scheme takes, once it has all that the scheme needs.
Json without_others(Console& console, Json object, const Json& scheme) {
  for (const Json& field : required_fields(scheme)) {
    if (!object.contains(text_of(field, "name"))) return object;
  }
  std::vector<std::string> others;
  for (const auto& [name, value] : object.items()) {
    const auto& fields = member_of(scheme, "fields");
    const bool is_known = std::any_of(fields.begin(), fields.end(), [&](const Json& field) {
      return text_of(field, "name") == name;
    });
    if (!is_known) others.push_back(name);
  }
  for (const auto& name : others) object.erase(name);
  if (!others.empty()) {
    console.err << fmt::format("left out, as the scheme has no such fields: {}\n",
                               fmt::join(others, ", "));
  }
  return object;
}

// One line is the only field's value; a JSON object is all of them.
Outcome<Json> fields_from_stdin(Console& console, const Json& scheme) {
  const auto fields = required_fields(scheme);
  std::string text{std::istreambuf_iterator<char>(console.in), {}};
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty() && fields.empty()) return Json::object();
  if (text.empty()) {
    return usage_error("there is no secret on standard input; nothing was changed",
                       "give it as one line, or as a JSON object of fields");
  }
  if (text.starts_with('{')) {
    Json object = Json::parse(text, nullptr, false);
    if (object.is_object()) {
      wipe(text);
      return without_others(console, std::move(object), scheme);
    }
  }
  if (fields.size() != 1) {
    wipe(text);
    std::vector<std::string> names;
    for (const Json& field : fields) names.push_back(text_of(field, "name"));
    if (names.empty()) return usage_error("this takes a JSON object of fields, or nothing");
    return usage_error("this takes several fields; one line of text is not enough",
                       fmt::format("give a JSON object with: {}", fmt::join(names, ", ")));
  }
  if (text.find('\n') != std::string::npos && !flag(fields.front(), "has_lines")) {
    wipe(text);
    return usage_error("a secret is one line, or a JSON object; standard input has several lines");
  }
  Json given = {{text_of(fields.front(), "name"), text}};
  wipe(text);
  return given;
}

// Where the API is, for a scheme whose connector does not know.
Outcome<std::string> ask_for_base_url(Console& console, const Options& options) {
  const auto hint = "say --base-url: each credential of this connector has its own";
  if (!console.in_is_terminal) return usage_error("where is the API?", hint);
  console.err << "Base URL: " << std::flush;
  std::string url;
  std::getline(console.in, url);
  if (url.empty())
    return usage_error(
        fmt::format("credential {} needs a base URL; nothing was changed", options.name), hint);
  return url;
}

Outcome<ExitCode> set(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto connector = daemon->get("/connectors/" + percent_encode(options.connector));
  if (!connector) return connector.error();
  const auto scheme = find_scheme(*connector, options.scheme);
  if (!scheme) return scheme.error();

  Console& console = session.console();
  auto base_url = options.base_url;
  if (base_url.empty() && flag(*scheme, "needs_base_url")) {
    auto asked = ask_for_base_url(console, options);
    if (!asked) return asked.error();
    base_url = *std::move(asked);
  }
  auto fields = console.in_is_terminal ? fields_from_prompt(console, *scheme)
                                       : fields_from_stdin(console, *scheme);
  if (!fields) return fields.error();
  Json body = {{"connector", options.connector},
               {"scheme", text_of(*scheme, "name")},
               {"fields", std::move(*fields)}};
  if (!base_url.empty()) body["base_url"] = base_url;
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
    if (const auto problem = text_of(*stored, "problem"); !problem.empty())
      console.err << fmt::format("{}\n", problem);
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
                  "Instead of the connector's: a self-hosted server, a test server; asked for "
                  "where the connector has none")
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
