#include <algorithm>
#include <array>
#include <filesystem>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/fetch.h"
#include "cli/output.h"
#include "cli/text_file.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/file.h"
#include "shared/import/connector_extension.h"
#include "shared/import/connector_writer.h"
#include "shared/import/curl.h"
#include "shared/import/openapi.h"
#include "shared/import/postman.h"
#include "shared/key_table.h"
#include "shared/size.h"

namespace tba::cli {
namespace {

using importing::ImportedConnector;
using std::filesystem::path;

constexpr std::size_t kLargestDescription = std::size_t{64} << 20;
constexpr std::string_view kStandardStream = "-";

struct Options {
  std::string format;
  std::string source;
  std::string only;
  std::string name;
  std::string base_url;
  std::string to;
  bool force = false;
};

using Import = Result<ImportedConnector> (*)(std::string_view text,
                                             const importing::ImportOptions& options);

// What can be imported.
struct Format {
  std::string_view name;
  std::string_view noun;  // what one of them is
  Import import;
  bool is_given;  // on the command line itself, not in a file
  bool adds;      // to a connector that is there
};

constexpr std::array kFormats{
    Format{"openapi", "description", importing::import_openapi, false, false},
    Format{"postman", "collection", importing::import_postman, false, false},
    Format{"curl", "command", importing::import_curl, true, true},
};

const Format& format_named(std::string_view name) {
  return *std::ranges::find(kFormats, name, &Format::name);  // the options let no other pass
}

bool is_url(std::string_view source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

Outcome<std::string> text_of(const std::string& source, const Format& format, Console& console) {
  if (source == kStandardStream) {
    std::string text{std::istreambuf_iterator<char>(console.in), {}};
    if (text.size() <= kLargestDescription) return text;
    return usage_error("standard input holds too much for one import");
  }
  if (format.is_given) return source;
  if (is_url(source)) return fetch(source);
  auto text = read_file(source, kLargestDescription);
  if (!text) return from_error(text.error());
  return std::move(*text);
}

Outcome<ImportedConnector> import_from(const Options& options, const Format& format,
                                       Console& console) {
  const auto text = text_of(options.source, format, console);
  if (!text) return text.error();
  auto imported =
      format.import(*text, {.name = options.name,
                            .only = options.only,
                            .base_url = options.base_url,
                            .source = is_url(options.source) ? options.source : std::string()});
  if (imported) return std::move(*imported);
  // A command is not repeated: it may hold secrets.
  const auto error =
      format.is_given ? imported.error() : with_context(imported.error(), options.source);
  if (error.code != ErrorCode::invalid) return from_error(error);
  return CliError{format.is_given ? ExitCode::usage : ExitCode::invalid_file, error.message,
                  error.hint};
}

// The text of the connector's file, read back: what is written can be used.
Outcome<std::string> file_of(const ImportedConnector& imported, const Options& options) {
  // A URL may hold what is nobody's business: the comment names where it is, not its query.
  const auto source = options.source.substr(0, options.source.find_first_of("?#"));
  auto text = importing::write_connector(
      imported.connector, is_url(source) ? fmt::format("Imported from {}", source) : "");
  if (text.size() > kMaxConnectorBytes) {
    return CliError{ExitCode::failed,
                    fmt::format("the connector would take {}, and a file holds {} at most",
                                format_size(text.size()), format_size(kMaxConnectorBytes)),
                    "pick endpoints by their ids with --only, such as --only 'users-*'"};
  }
  Diagnostics diagnostics;
  if (read_connector(options.to.empty() ? "connector" : options.to, text, diagnostics)) return text;
  return CliError{ExitCode::failed, "no valid connector can be made of it", "",
                  diagnostics.render()};
}

// Writes the file, over one that is there only where that is meant.
Outcome<> put_file(const path& file, const std::string& text, bool may_replace) {
  if (file.has_parent_path()) {
    const auto folder = make_private_folder(file.parent_path());
    if (!folder) return folder.error();
  }
  if (may_replace) return replace_file(file, text);
  const auto is_new = write_new_file(file, text);
  if (!is_new) return is_new.error();
  if (*is_new) return {};
  return CliError{ExitCode::failed, fmt::format("{} is there already", file.string()),
                  "--force replaces it, --to names another file, --name another connector"};
}

// Puts what was imported into a file that is there, which keeps everything else.
Outcome<> add_to_file(const path& file, ImportedConnector& imported) {
  const auto text = read_file(file, kMaxConnectorBytes);
  if (!text) return from_error(text.error());
  const auto extended = importing::with_addition(file.string(), *text, imported.connector);
  if (extended) return replace_file(file, *extended);
  return CliError{ExitCode::invalid_file, extended.error().message, extended.error().hint};
}

Json record_of(const ImportedConnector& imported, const std::string& file) {
  Json unsupported = Json::array();
  for (const auto& [kind, count] : imported.unsupported)
    unsupported.push_back({{"kind", kind}, {"count", count}});
  Json auth = Json::array();
  for (const auto& scheme : imported.connector.auth) auth.push_back(scheme.name);
  return {{"connector", imported.connector.name},
          {"path", file},
          {"endpoints", imported.connector.endpoints.size()},
          {"auth", std::move(auth)},
          {"unsupported", std::move(unsupported)},
          {"withheld", imported.withheld}};
}

// What there is to know beside the result.
void tell_more(Session& session, const ImportedConnector& imported, const Format& format) {
  auto& err = session.console().err;
  const auto& connector = imported.connector;
  if (!imported.unsupported.empty())
    err << fmt::format("not all of the {} is in it:\n", format.noun);
  for (const auto& [kind, count] : imported.unsupported)
    err << fmt::format("  {:>5} × {}\n", count, one_line(kind));
  if (!imported.withheld.empty()) err << "calls have to give what may be a secret:\n";
  for (const auto& what : imported.withheld) err << fmt::format("  {}\n", one_line(what));
  if (!connector.auth.empty()) {
    const auto command =
        session.command_line(fmt::format("credential set NAME --connector {} --auth {}",
                                         connector.name, connector.auth.front().name));
    err << fmt::format("it is called with a credential: '{}'\n", command);
  }
}

void tell(Session& session, const ImportedConnector& imported, const std::string& file,
          bool is_added) {
  Console& console = session.console();
  const auto& connector = imported.connector;
  if (!is_added && built_in_connectors().find(connector.name)) {
    console.err << fmt::format(
        "it takes the place of the built-in connector '{}'; --name gives it "
        "another name\n",
        connector.name);
  }
  if (session.json() && file != kStandardStream) {
    print_json(console.out, record_of(imported, file));
    return;
  }
  auto& out = file == kStandardStream ? console.err : console.out;
  out << fmt::format("{}connector '{}' with {} {}{}\n", is_added ? "extended " : "", connector.name,
                     connector.endpoints.size(),
                     connector.endpoints.size() == 1 ? "endpoint" : "endpoints",
                     file == kStandardStream ? "" : fmt::format(", in {}", file));
}

Outcome<ExitCode> import_connector(Session& session, const Options& options) {
  if (!options.name.empty() && !is_name(options.name)) {
    return usage_error(fmt::format("'{}' cannot be the name of a connector", options.name),
                       "begin with a letter; go on with letters, digits, '_' and '-'");
  }
  const auto paths = session.paths();
  if (!paths) return paths.error();
  const auto& format = format_named(options.format);
  auto imported = import_from(options, format, session.console());
  if (!imported) return imported.error();
  const auto text = file_of(*imported, options);
  if (!text) return text.error();
  auto file = options.to;
  if (file.empty()) file = paths->connectors / (imported->connector.name + ".yaml");
  const bool is_added = format.adds && !options.force && std::filesystem::exists(file);
  if (file == kStandardStream) {
    session.console().out << *text;
  } else if (is_added) {
    if (const auto added = add_to_file(file, *imported); !added) return added.error();
  } else if (const auto put = put_file(file, *text, options.force); !put) {
    return put.error();
  }
  tell(session, *imported, file, is_added);
  if (!session.json()) tell_more(session, *imported, format);
  return ExitCode::done;
}

}  // namespace

Action build_connector_import(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  std::vector<std::string> names;
  for (const auto& format : kFormats) names.emplace_back(format.name);
  arguments
      .add_option(
          "format", options->format,
          "What to import: openapi (OpenAPI 3.0 and 3.1, Swagger 2.0; JSON or YAML), postman (a "
          "collection, 2.0 or 2.1) or curl (one command line)")
      ->required()
      ->check(CLI::IsMember(names).description(""))
      ->type_name("FORMAT");
  arguments
      .add_option("source", options->source,
                  "The description or collection, or the command itself; - reads standard input")
      ->required()
      ->type_name("FILE|URL|COMMAND");
  arguments
      .add_option("--only", options->only,
                  "Only endpoints whose id is like this: * for anything, ? for a letter (not curl)")
      ->type_name("GLOB");
  arguments
      .add_option("--name", options->name, "The connector's name (else after its title or host)")
      ->type_name("NAME");
  arguments
      .add_option("--base-url", options->base_url,
                  "What all paths are below (else as the description says)")
      ->type_name("URL");
  arguments
      .add_option("--to", options->to,
                  "The file to write (else NAME.yaml in the home's connectors folder); - prints it")
      ->type_name("FILE");
  arguments.add_flag("--force", options->force, "Replace a file that is there");
  arguments.footer(
      "What has no place in a connector is told at the end. A curl command is added to the file\n"
      "where that is there; its secrets are not.\n\n"
      "  tba-integrate connector import curl 'curl -u me:secret https://api.example/items/7'");
  return [options](Session& session) { return import_connector(session, *options); };
}

}  // namespace tba::cli
