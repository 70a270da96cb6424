#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/check_report.h"
#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "shared/connector_catalog.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/file_check.h"
#include "shared/plugin.h"
#include "shared/workflow_reader.h"

namespace tba::cli {
namespace {

using std::filesystem::path;

struct Options {
  std::vector<std::string> paths;
  std::string connectors;
  std::string plugins;
  bool by_daemon = false;
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

// A workflow's own limit is its reader's affair.
std::vector<FileText> texts_of(const std::vector<path>& files) {
  std::vector<FileText> texts;
  for (const path& file : files)
    texts.push_back({file.string(), read_file(file, kMaxConnectorBytes)});
  return texts;
}

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

// The manifests of the plugins in a folder, by name.
Outcome<std::vector<path>> manifests_in(const path& folder) {
  std::vector<path> manifests;
  if (const auto failure = list_plugin_manifests(folder, manifests)) {
    return CliError{ExitCode::failed, fmt::format("cannot read the folder {}: {}", folder.string(),
                                                  failure.message())};
  }
  std::ranges::sort(manifests);
  return manifests;
}

// What the workflows may call: the user's own connectors and plugins, but for those that are
// checked anyway.
Outcome<std::vector<path>> called_files(const Options& options, const Paths& paths,
                                        const std::vector<path>& checked_anyway) {
  std::vector<path> files;
  const auto add = [&](const std::string& named, const path& of_home, auto list) -> Outcome<> {
    const path folder = named.empty() ? of_home : path(named);
    if (named.empty() && !std::filesystem::is_directory(folder)) return {};
    auto found = list(folder);
    if (!found) return found.error();
    files.insert(files.end(), found->begin(), found->end());
    return {};
  };
  if (auto added = add(options.connectors, paths.connectors, yaml_files_in); !added)
    return added.error();
  if (auto added = add(options.plugins, paths.plugins, manifests_in); !added) return added.error();
  std::erase_if(files, [&](const path& file) {
    return std::ranges::any_of(checked_anyway, [&](const path& other) {
      std::error_code not_there;
      return std::filesystem::equivalent(file, other, not_there);
    });
  });
  return files;
}

std::string whole_path(const path& file) {
  std::error_code failure;
  const auto whole = std::filesystem::weakly_canonical(file, failure);
  return (failure ? file : whole).string();
}

// What to check, where nothing is named.
Outcome<std::vector<path>> folders_of_home(Session& session, const Paths& paths) {
  auto folders = session.workflow_folders(paths);
  std::erase_if(folders, [](const path& folder) { return !std::filesystem::is_directory(folder); });
  if (!folders.empty()) return folders;
  return CliError{ExitCode::not_found,
                  fmt::format("there is no folder {}", paths.workflows.string()),
                  fmt::format("name files or folders to check, or make a home with '{}'",
                              session.command_line("init"))};
}

// The workflows beside the files that are checked: those of their folders, and of the home's. There
// can be no others only where the files are all the home's own.
KnownNames workflows_beside(const std::vector<path>& files, const std::vector<path>& home) {
  std::set<std::string> folders;
  std::set<std::string> checked;
  for (const path& file : files) {
    checked.insert(whole_path(file));
    folders.insert(path(whole_path(file)).parent_path().string());
  }
  KnownNames known;
  for (const path& folder : home) folders.insert(whole_path(folder));
  known.is_complete = folders.size() <= home.size();
  for (const auto& folder : folders) {
    const auto beside = yaml_files_in(folder);
    if (!beside) continue;
    for (const path& file : *beside) {
      if (checked.contains(whole_path(file))) continue;
      auto text = read_file(file, kMaxYamlBytes);
      if (!text) continue;
      Diagnostics of_no_interest;
      known.names.push_back(
          read_workflow_file(file.string(), std::move(*text), {}, of_no_interest).workflow.name);
    }
  }
  return known;
}

// Checks without a daemon.
Outcome<std::vector<CheckedFile>> check_here(Session& session, const Paths& paths,
                                             const Options& options,
                                             const std::vector<path>& files) {
  const auto connectors = called_files(options, paths, files);
  if (!connectors) return connectors.error();
  const auto vars = session.configured_vars();
  std::optional<KnownNames> targets;
  if (auto names = session.configured_notify_targets()) targets = KnownNames{std::move(*names)};
  FileCheck check({.connectors = built_in_connectors(),
                   .vars = vars ? &*vars : nullptr,
                   .workflows = workflows_beside(files, session.workflow_folders(paths)),
                   .notify_targets = targets ? &*targets : nullptr});
  check.read_connectors(texts_of(*connectors));
  check.read_files(texts_of(files));
  return check.checked();
}

// What the daemon says of one file, as if it had been found out here.
CheckedFile checked_file(const Json& answered, const std::string& text) {
  CheckedFile checked{text_of(answered, "path"), {}};
  const auto source = std::make_shared<const SourceFile>(checked.path, text);
  for (const Json& item : member_of(answered, "diagnostics")) {
    Diagnostic problem;
    problem.severity = text_of(item, "severity") == "error" ? Diagnostic::Severity::error
                                                            : Diagnostic::Severity::warning;
    problem.file = source;
    problem.position = {item.value("line", 1), item.value("column", 1)};
    problem.length = item.value("length", std::size_t{1});
    problem.message = text_of(item, "message");
    problem.hint = text_of(item, "hint");
    checked.diagnostics.add(std::move(problem));
  }
  return checked;
}

// Has the daemon check the files against what it has.
Outcome<std::vector<CheckedFile>> check_there(Session& session, const std::vector<path>& files) {
  Json sent = Json::array();
  std::vector<std::string> texts;
  for (auto& file : texts_of(files)) {
    if (!file.text) return from_error(file.text.error());
    sent.push_back({{"path", whole_path(file.path)}, {"text", *file.text}});
    texts.push_back(std::move(*file.text));
  }
  const auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto answer = daemon->post("/check", {{"files", std::move(sent)}});
  if (!answer) return answer.error();
  std::vector<CheckedFile> checked;
  for (const Json& item : member_of(*answer, "items")) {
    if (checked.size() < texts.size()) checked.push_back(checked_file(item, texts[checked.size()]));
  }
  return checked;
}

Outcome<ExitCode> check_all(Session& session, const Options& options) {
  if (options.by_daemon && !options.plugins.empty())
    return usage_error("--daemon excludes --plugins", "the daemon checks against its own plugins");
  const auto paths = session.paths();
  if (!paths) return paths.error();
  Outcome<std::vector<path>> wanted(std::vector<path>(options.paths.begin(), options.paths.end()));
  if (wanted->empty()) wanted = folders_of_home(session, *paths);
  if (!wanted) return wanted.error();
  const auto files = files_of(*wanted, session.console());
  if (!files) return files.error();
  const auto checked = options.by_daemon ? check_there(session, *files)
                                         : check_here(session, *paths, options, *files);
  if (!checked) return checked.error();
  return report_checked(session, *checked);
}

}  // namespace

Action build_workflow_check(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments
      .add_option("paths", options->paths, "Files and folders (else the home's workflows folder)")
      ->type_name("");
  auto* connectors = arguments
                         .add_option("--connectors", options->connectors,
                                     "The folder of your own connectors (else the home's)")
                         ->type_name("FOLDER");
  arguments
      .add_option("--plugins", options->plugins, "The folder of your plugins (else the home's)")
      ->type_name("FOLDER");
  arguments
      .add_flag("--daemon", options->by_daemon,
                "Let the daemon check them, against its own connectors, workflows and credentials")
      ->excludes(connectors);
  arguments.footer("Shows every mistake of every file at once, and ends with 6 if there are any.");
  return [options](Session& session) { return check_all(session, *options); };
}

}  // namespace tba::cli
