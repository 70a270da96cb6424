#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/diagnostics_json.h"
#include "cli/output.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/workflow_reader.h"
#include "shared/yaml_reader.h"

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
    return CliError{
        failure == std::errc::no_such_file_or_directory ? ExitCode::not_found : ExitCode::failed,
        fmt::format("cannot read the folder {}: {}", folder.string(), failure.message())};
  }
  std::ranges::sort(files);
  return files;
}

// What was found out about one file.
struct CheckedFile {
  path file;
  Diagnostics diagnostics;
};

void add_problem(Diagnostics& diagnostics, std::string message, std::string hint = {}) {
  Diagnostic problem;
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  diagnostics.add(std::move(problem));
}

void add_problem(Diagnostics& diagnostics, const Workflow& workflow, std::string message,
                 std::string hint) {
  Diagnostic problem;
  problem.file = std::make_shared<const SourceFile>(workflow.path, workflow.text);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  diagnostics.add(std::move(problem));
}

// Whether the file describes a connector; what it says of itself decides, not its folder.
bool is_connector(const path& file, const std::string& text) {
  Diagnostics told_by_its_reader;
  const auto root =
      yaml::read(std::make_shared<const SourceFile>(file.string(), text), told_by_its_reader);
  return root && root->find("connector") != nullptr;
}

// The workflows of one home must differ in name, and share no path of a webhook.
class Names {
 public:
  void check(const Workflow& workflow, Diagnostics& diagnostics) {
    const auto [known, is_new] = names_.emplace(workflow.name, workflow.path);
    if (!is_new) {
      add_problem(diagnostics, workflow,
                  fmt::format("the name '{}' is taken by {}", workflow.name, known->second),
                  "each workflow of a home needs a name of its own");
    }
    for (const Trigger& trigger : workflow.triggers) {
      const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
      if (webhook == nullptr) continue;
      const auto [owner, is_free] = webhook_paths_.emplace(webhook->path, workflow.path);
      if (is_free || owner->second == workflow.path) continue;
      add_problem(diagnostics, workflow,
                  fmt::format("the webhook path '{}' is taken by {}", webhook->path, owner->second),
                  "give one of the two a `path` of its own");
    }
  }

 private:
  std::map<std::string, std::string> names_;
  std::map<std::string, std::string> webhook_paths_;
};

// Reads files, connectors before the workflows that may call them.
class Check {
 public:
  // Without the configuration's vars their uses are not checked.
  explicit Check(std::optional<Value> vars) : vars_(std::move(vars)) {}

  // The connectors of a folder: only those with problems are told of.
  void read_connectors(const std::vector<path>& files) {
    for (const path& file : files) {
      Diagnostics diagnostics;
      if (auto text = read(file, diagnostics)) {
        read_one_connector(file, std::move(*text), diagnostics);
      }
      if (!diagnostics.empty()) checked_.push_back({file, std::move(diagnostics)});
    }
  }

  // What was asked for, in that order.
  void read_files(const std::vector<path>& files) {
    const WorkflowSurroundings surroundings{.catalog = &catalog_,
                                            .vars = vars_ ? &*vars_ : nullptr};
    const std::size_t first = checked_.size();
    std::vector<std::optional<std::string>> workflows;
    for (const path& file : files) {
      Diagnostics diagnostics;
      auto text = read(file, diagnostics);
      if (text && is_connector(file, *text)) {
        read_one_connector(file, *std::exchange(text, std::nullopt), diagnostics);
      }
      checked_.push_back({file, std::move(diagnostics)});
      workflows.push_back(std::move(text));
    }
    for (std::size_t i = 0; i < workflows.size(); ++i) {
      if (!workflows[i]) continue;
      Diagnostics& diagnostics = checked_[first + i].diagnostics;
      const auto workflow =
          read_workflow(files[i].string(), std::move(*workflows[i]), surroundings, diagnostics);
      if (workflow) names_.check(*workflow, diagnostics);
    }
  }

  const std::vector<CheckedFile>& checked() const { return checked_; }

 private:
  static std::optional<std::string> read(const path& file, Diagnostics& diagnostics) {
    auto text = read_file(file, kMaxYamlBytes);
    if (text) return std::move(*text);
    add_problem(diagnostics, text.error().message, text.error().hint);
    return std::nullopt;
  }

  void read_one_connector(const path& file, std::string text, Diagnostics& diagnostics) {
    auto connector = read_connector(file.string(), std::move(text), diagnostics);
    if (connector) catalog_.put(std::make_shared<const Connector>(std::move(*connector)));
  }

  const std::optional<Value> vars_;
  ConnectorCatalog catalog_ = built_in_connectors();
  Names names_;
  std::vector<CheckedFile> checked_;
};

// The files that the arguments name, those of folders included.
Outcome<std::vector<path>> files_of(const std::vector<path>& wanted, Console& console) {
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

// The files in the folder of the user's own connectors but for those that are checked anyway.
Outcome<std::vector<path>> connector_files(const path& folder, bool must_be_there,
                                           const std::vector<path>& checked_anyway) {
  if (!must_be_there && !std::filesystem::is_directory(folder)) return std::vector<path>();
  auto files = yaml_files_in(folder);
  if (!files) return files;
  std::erase_if(*files, [&](const path& file) {
    return std::ranges::any_of(checked_anyway, [&](const path& other) {
      std::error_code not_there;
      return std::filesystem::equivalent(file, other, not_there);
    });
  });
  return files;
}

Outcome<ExitCode> check_all(Session& session, const Options& options) {
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
  const auto files = files_of(wanted, console);
  if (!files) return files.error();
  const bool is_named = !options.connectors.empty();
  const auto connectors =
      connector_files(is_named ? path(options.connectors) : paths->connectors, is_named, *files);
  if (!connectors) return connectors.error();
  Check check(session.configured_vars());
  check.read_connectors(*connectors);
  check.read_files(*files);

  const std::vector<CheckedFile>& all = check.checked();
  const auto broken = std::ranges::count_if(
      all, [](const CheckedFile& file) { return file.diagnostics.has_errors(); });
  if (session.json()) {
    Json items = Json::array();
    for (const CheckedFile& file : all) {
      items.push_back(checked_file_json(file.file.string(), file.diagnostics));
    }
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
  return [options](Session& session) { return check_all(session, *options); };
}

}  // namespace tba::cli
