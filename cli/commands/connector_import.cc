#include <memory>
#include <ostream>
#include <string>
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
#include "shared/import/connector_writer.h"
#include "shared/import/openapi.h"
#include "shared/key_table.h"
#include "shared/size.h"

namespace tba::cli {
namespace {

using importing::ImportedConnector;
using std::filesystem::path;

constexpr std::size_t kLargestDescription = std::size_t{64} << 20;
constexpr std::string_view kStandardOutput = "-";

struct Options {
  std::string format;
  std::string source;
  std::string only;
  std::string name;
  std::string base_url;
  std::string to;
  bool force = false;
};

bool is_url(std::string_view source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

Outcome<std::string> text_of(const std::string& source) {
  if (is_url(source)) return fetch(source);
  auto text = read_file(source, kLargestDescription);
  if (!text) return from_error(text.error());
  return std::move(*text);
}

Outcome<ImportedConnector> import_from(const Options& options) {
  const auto text = text_of(options.source);
  if (!text) return text.error();
  auto imported = importing::import_openapi(
      *text, {.name = options.name,
              .only = options.only,
              .base_url = options.base_url,
              .source = is_url(options.source) ? options.source : std::string()});
  if (imported) return std::move(*imported);
  const auto error = with_context(imported.error(), options.source);
  if (error.code == ErrorCode::invalid)
    return CliError{ExitCode::invalid_file, error.message, error.hint};
  return from_error(error);
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

Json record_of(const ImportedConnector& imported, const std::string& file) {
  Json unsupported = Json::array();
  for (const auto& [kind, count] : imported.unsupported)
    unsupported.push_back({{"kind", kind}, {"count", count}});
  return {{"connector", imported.connector.name},
          {"path", file},
          {"endpoints", imported.connector.endpoints.size()},
          {"unsupported", std::move(unsupported)}};
}

void tell(Session& session, const ImportedConnector& imported, const std::string& file) {
  Console& console = session.console();
  const auto& connector = imported.connector;
  if (built_in_connectors().find(connector.name)) {
    console.err << fmt::format(
        "it takes the place of the built-in connector '{}'; --name gives it "
        "another name\n",
        connector.name);
  }
  if (session.json() && file != kStandardOutput) {
    print_json(console.out, record_of(imported, file));
    return;
  }
  auto& out = file == kStandardOutput ? console.err : console.out;
  out << fmt::format("connector '{}' with {} {}{}\n", connector.name, connector.endpoints.size(),
                     connector.endpoints.size() == 1 ? "endpoint" : "endpoints",
                     file == kStandardOutput ? "" : fmt::format(", in {}", file));
  if (imported.unsupported.empty()) return;
  console.err << "not all of the description is in it:\n";
  for (const auto& [kind, count] : imported.unsupported)
    console.err << fmt::format("  {:>5} × {}\n", count, one_line(kind));
}

Outcome<ExitCode> import_connector(Session& session, const Options& options) {
  if (!options.name.empty() && !is_name(options.name)) {
    return usage_error(fmt::format("'{}' cannot be the name of a connector", options.name),
                       "begin with a letter; go on with letters, digits, '_' and '-'");
  }
  const auto paths = session.paths();
  if (!paths) return paths.error();
  const auto imported = import_from(options);
  if (!imported) return imported.error();
  const auto text = file_of(*imported, options);
  if (!text) return text.error();
  auto file = options.to;
  if (file.empty()) file = paths->connectors / (imported->connector.name + ".yaml");
  if (file == kStandardOutput) {
    session.console().out << *text;
  } else if (const auto put = put_file(file, *text, options.force); !put) {
    return put.error();
  }
  tell(session, *imported, file);
  return ExitCode::done;
}

}  // namespace

Action build_connector_import(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments
      .add_option("format", options->format,
                  "What to import: openapi (OpenAPI 3.0 and 3.1, Swagger 2.0; JSON or YAML)")
      ->required()
      ->check(CLI::IsMember({"openapi"}).description(""))
      ->type_name("FORMAT");
  arguments.add_option("source", options->source, "The description of the API")
      ->required()
      ->type_name("FILE|URL");
  arguments
      .add_option("--only", options->only,
                  "Only endpoints whose id is like this: * for anything, ? for a letter")
      ->type_name("GLOB");
  arguments.add_option("--name", options->name, "The connector's name (else after its title)")
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
  arguments.footer("What of the description has no place in a connector is told at the end.");
  return [options](Session& session) { return import_connector(session, *options); };
}

}  // namespace tba::cli
