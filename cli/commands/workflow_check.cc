#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/workflow_reader.h"

namespace tba::cli {
namespace {

using std::filesystem::path;

struct Options {
  std::vector<std::string> paths;
  std::string connectors;
};

// The YAML files directly in a folder, by name.
Outcome<std::vector<path>> yaml_files_in(const path& folder) {
  std::vector<path> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
  }
  if (failure) {
    return CliError{ExitCode::failed, fmt::format("cannot read the folder {}: {}", folder.string(),
                                                  failure.message())};
  }
  std::ranges::sort(files);
  return files;
}

// What was found out about one file.
struct CheckedFile {
  path file;
  Diagnostics diagnostics;
};

// Adds the connectors of the folder, if there is such a folder, to the catalog. Gives the files
// with problems.
Outcome<std::vector<CheckedFile>> read_connectors(const path& folder, ConnectorCatalog& catalog) {
  std::vector<CheckedFile> broken;
  if (!std::filesystem::is_directory(folder)) return broken;
  const auto files = yaml_files_in(folder);
  if (!files) return files.error();
  for (const path& file : *files) {
    auto text = read_file(file, kMaxYamlBytes);
    if (!text) return from_error(text.error());
    CheckedFile checked{file, {}};
    auto connector = read_connector(file.string(), std::move(*text), checked.diagnostics);
    if (connector) catalog.put(std::make_shared<const Connector>(std::move(*connector)));
    if (!checked.diagnostics.empty()) broken.push_back(std::move(checked));
  }
  return broken;
}

Outcome<std::vector<path>> workflow_files(const std::vector<path>& wanted, Console& console) {
  std::vector<path> files;
  for (const path& item : wanted) {
    if (!std::filesystem::is_directory(item)) {
      files.push_back(item);
      continue;
    }
    const auto found = yaml_files_in(item);
    if (!found) return found.error();
    if (found->empty()) {
      console.err << fmt::format("no workflow files (*.yaml) in {}\n", item.string());
    }
    files.insert(files.end(), found->begin(), found->end());
  }
  return files;
}

Json to_json(const CheckedFile& checked) {
  Json diagnostics = Json::array();
  for (const Diagnostic& item : checked.diagnostics.items()) {
    diagnostics.push_back(
        {{"severity", item.severity == Diagnostic::Severity::error ? "error" : "warning"},
         {"line", item.position.line},
         {"column", item.position.column},
         {"message", item.message},
         {"hint", item.hint}});
  }
  return {{"path", checked.file.string()},
          {"valid", !checked.diagnostics.has_errors()},
          {"diagnostics", std::move(diagnostics)}};
}

// The workflows of one home must differ in name.
class Names {
 public:
  void check(const Workflow& workflow, Diagnostics& diagnostics) {
    const auto [known, is_new] = paths_.emplace(workflow.name, workflow.path);
    if (is_new) return;
    Diagnostic taken;
    taken.file = std::make_shared<const SourceFile>(workflow.path, workflow.text);
    taken.message = fmt::format("the name '{}' is taken by {}", workflow.name, known->second);
    taken.hint = "each workflow of a home needs a name of its own";
    diagnostics.add(std::move(taken));
  }

 private:
  std::map<std::string, std::string> paths_;
};

Outcome<std::vector<CheckedFile>> check_files(const std::vector<path>& files,
                                              const ConnectorCatalog& catalog) {
  std::vector<CheckedFile> checked;
  Names names;
  for (const path& file : files) {
    auto text = read_file(file, kMaxYamlBytes);
    if (!text) return from_error(text.error());
    checked.push_back({file, {}});
    Diagnostics& diagnostics = checked.back().diagnostics;
    const auto workflow = read_workflow(file.string(), std::move(*text), &catalog, diagnostics);
    if (workflow) names.check(*workflow, diagnostics);
  }
  return checked;
}

Outcome<ExitCode> check(Session& session, const Options& options) {
  const auto paths = session.paths();
  if (!paths) return paths.error();
  Console& console = session.console();
  std::vector<path> wanted(options.paths.begin(), options.paths.end());
  if (wanted.empty()) {
    if (!std::filesystem::is_directory(paths->workflows)) {
      return CliError{ExitCode::not_found,
                      fmt::format("there is no folder {}", paths->workflows.string()),
                      fmt::format("name files or folders to check, or make a home with '{}'",
                                  session.command_line("init"))};
    }
    wanted.push_back(paths->workflows);
  }
  const auto files = workflow_files(wanted, console);
  if (!files) return files.error();

  ConnectorCatalog catalog = built_in_connectors();
  auto connectors = read_connectors(
      options.connectors.empty() ? paths->connectors : path(options.connectors), catalog);
  if (!connectors) return connectors.error();
  auto workflows = check_files(*files, catalog);
  if (!workflows) return workflows.error();

  std::vector<CheckedFile> all = std::move(*connectors);
  std::ranges::move(*workflows, std::back_inserter(all));
  const auto broken = std::ranges::count_if(
      all, [](const CheckedFile& file) { return file.diagnostics.has_errors(); });
  if (session.json()) {
    Json items = Json::array();
    for (const CheckedFile& file : all) items.push_back(to_json(file));
    print_json(console.out, {{"items", std::move(items)}, {"next", nullptr}});
  } else {
    for (const CheckedFile& file : all) {
      console.err << file.diagnostics.render(console.colour_err);
    }
    console.out << fmt::format("{} {} checked, {}\n", all.size(),
                               all.size() == 1 ? "file" : "files",
                               broken == 0 ? "no errors" : fmt::format("{} with errors", broken));
  }
  return broken == 0 ? ExitCode::done : ExitCode::invalid_file;
}

}  // namespace

Action build_workflow_check(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments
      .add_option("paths", options->paths, "Files and folders (else the home's workflows folder)")
      ->type_name("");
  arguments
      .add_option("--connectors", options->connectors,
                  "The folder of your own connectors (else the home's)")
      ->type_name("FOLDER");
  arguments.footer("Shows every mistake of every file at once, and ends with 6 if there are any.");
  return [options](Session& session) { return check(session, *options); };
}

}  // namespace tba::cli
