#include "daemon/workflows.h"

#include <algorithm>
#include <utility>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/webhook_verifier.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/suggestion.h"
#include "shared/workflow_reader.h"

namespace tba::daemon {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// Adds the YAML files right in the folder to `files`. A folder that is not there holds none.
std::error_code list_yaml_files(const fs::path& folder, std::vector<fs::path>& files) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto extension = entry->path().extension();
    std::error_code ignored;
    if ((extension == ".yaml" || extension == ".yml") && entry->is_regular_file(ignored))
      files.push_back(entry->path());
  }
  return error;
}

using ListFiles = std::error_code (*)(const fs::path& folder, std::vector<fs::path>& files);

/// What `list` finds in the folders, in order of the names. A folder that is there and cannot be
/// read is added to `broken`; its files of before are then looked for one by one.
template <class Good>
std::vector<fs::path> files_in(const std::vector<fs::path>& folders, ListFiles list,
                               const Good& before, std::vector<BrokenFile>& broken) {
  std::vector<fs::path> files;
  for (const auto& folder : folders) {
    const auto error = list(folder, files);
    if (!error) continue;
    broken.push_back({folder.string(),
                      folder.string() + ": error: the folder cannot be read: " + error.message()});
    const auto inside = (folder / "").string();
    for (const auto& [file, what] : before) {
      if (file.starts_with(inside)) files.emplace_back(file);
    }
  }
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

/// What a file that cannot be read is likely to describe.
std::string likely_name(const fs::path& file) {
  return file.filename() == "plugin.yaml" ? file.parent_path().filename().string()
                                          : file.stem().string();
}

/// The connectors that a workflow uses, out of all there are.
std::map<std::string, std::shared_ptr<const Connector>, std::less<>> used_connectors(
    const Workflow& workflow, const ConnectorCatalog& catalog) {
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> used;
  for (const auto& name : workflow.connectors()) {
    if (auto connector = catalog.find(name)) used.emplace(name, std::move(connector));
  }
  return used;
}

Result<std::shared_ptr<const Connector>> read_one_connector(const fs::path& file) {
  auto text = read_file(file, kMaxConnectorBytes);
  if (!text) return text.error();
  Diagnostics diagnostics;
  auto connector = read_connector(file.string(), std::move(*text), diagnostics);
  if (!connector) return Error{ErrorCode::invalid, diagnostics.render(false), ""};
  return std::make_shared<const Connector>(std::move(*connector));
}

/// Adds warnings to the diagnostics; errors are the result's.
Result<Workflow> read_one(const fs::path& file, const WorkflowSurroundings& surroundings,
                          Diagnostics& diagnostics) {
  auto text = read_file(file, kMaxYamlBytes);
  if (!text) return text.error();
  auto workflow = read_workflow(file.string(), std::move(*text), surroundings, diagnostics);
  if (!workflow) return Error{ErrorCode::invalid, diagnostics.render(false), ""};
  return std::move(*workflow);
}

/// Takes a workflow into the set, unless its name or one of its paths belongs to another.
Result<> take(WorkflowSet& set, const std::shared_ptr<const engine::Definition>& definition) {
  const auto& workflow = *definition->workflow;
  if (const auto* other = set.find(workflow.name)) {
    return Error{ErrorCode::conflict,
                 workflow.path + ": error: the name '" + workflow.name + "' is taken by " +
                     other->definition->workflow->path,
                 ""};
  }
  for (const auto& trigger : workflow.triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (!webhook) continue;
    const auto owner = set.webhook_paths.find(webhook->path);
    if (owner != set.webhook_paths.end() && owner->second != workflow.name) {
      return Error{ErrorCode::conflict,
                   workflow.path + ": error: the webhook path '" + webhook->path +
                       "' is taken by workflow '" + owner->second + "'",
                   ""};
    }
  }
  for (const auto& trigger : workflow.triggers) {
    if (const auto* webhook = std::get_if<WebhookTrigger>(&trigger))
      set.webhook_paths.emplace(webhook->path, workflow.name);
    if (const auto* event = std::get_if<EventTrigger>(&trigger)) {
      for (const auto& name : event->names) set.event_listeners[name].insert(workflow.name);
    }
  }
  set.workflows.emplace(workflow.name, LoadedWorkflow{definition, {}});
  return {};
}

/// Why the credential is of no use there, as a sentence; empty where it is.
std::string misfit(const OutsideName& use, const vault::Credential& credential,
                   const Connector* connector, const ConnectorCatalog& catalog) {
  using Kind = OutsideName::Kind;
  const auto own = catalog.find(credential.connector);
  Result<> fits;
  if (use.kind == Kind::request_credential)
    fits = connectors::check_for_requests(credential, own.get());
  if (use.kind == Kind::secret)
    fits = connectors::check_for_secret(credential, use.field, use.connector);
  if (use.kind == Kind::call_credential && connector)
    fits = connectors::check_for_calls(credential, *connector);
  if (use.kind == Kind::webhook_credential && connector)
    fits = connectors::check_for_webhooks(credential, *connector);
  if (fits && !use.url.empty())
    fits = connectors::check_destination(use.url, credential, own.get());
  return fits ? std::string() : fits.error().message;
}

/// Whether the credential's secret may come to the webhook that it is for.
bool waits_for_offer(const OutsideName& use, const Connector* connector) {
  return use.kind == OutsideName::Kind::webhook_credential && connector && connector->webhook &&
         connector->webhook->offers_secrets();
}

}  // namespace

const LoadedWorkflow* WorkflowSet::find(std::string_view name) const {
  const auto found = workflows.find(name);
  return found == workflows.end() ? nullptr : &found->second;
}

Workflows::Workflows(Environment environment, Folders folders)
    : environment_(environment),
      folders_(std::move(folders)),
      current_(std::make_shared<const WorkflowSet>()) {}

/// Reads the users' connectors and plugins over the built-in ones; gives those that are in force,
/// by file.
Workflows::ByFile<Connector> Workflows::read_connectors(WorkflowSet& set) const {
  const auto built_in = built_in_connectors();
  set.connectors = built_in;
  ByFile<Connector> good;
  auto files = files_in(folders_.connectors, list_yaml_files, good_connectors_, set.broken);
  for (auto& manifest :
       files_in(folders_.plugins, list_plugin_manifests, good_connectors_, set.broken)) {
    files.push_back(std::move(manifest));
  }
  for (const auto& file : files) {
    auto connector = read_one_connector(file);
    if (!connector) {
      set.broken.push_back({file.string(), connector.error().message});
      const auto before = good_connectors_.find(file.string());
      if (before == good_connectors_.end()) {
        // Its calls are not for the API of the built-in one in whose place it was put.
        const auto name = likely_name(file);
        if (set.connectors.find(name) == built_in.find(name)) set.connectors.remove(name);
        continue;
      }
      connector = before->second;
    }
    if ((*connector)->plugin) set.plugins.push_back((*connector)->name);
    set.connectors.put(*connector);
    good.emplace(file.string(), std::move(*connector));
  }
  return good;
}

/// Reads the workflows into the set; gives those that are in force, by file.
Workflows::ByFile<engine::Definition> Workflows::read_workflows(WorkflowSet& set) const {
  ByFile<engine::Definition> good;
  for (const auto& file :
       files_in(folders_.workflows, list_yaml_files, good_workflows_, set.broken)) {
    std::shared_ptr<const engine::Definition> definition;
    Result<> taken;
    Diagnostics diagnostics;
    const WorkflowSurroundings surroundings{.catalog = &set.connectors, .vars = &environment_.vars};
    if (auto workflow = read_one(file, surroundings, diagnostics)) {
      if (!diagnostics.empty()) {
        environment_.log.warning("a file may not say what is meant",
                                 {{"file", file.string()}, {"diagnostics", diagnostics.render()}});
      }
      auto connectors = used_connectors(*workflow, set.connectors);
      definition = engine::define(std::move(*workflow), std::move(connectors));
      taken = take(set, definition);
    } else {
      taken = workflow.error();
    }
    if (!taken) {
      set.broken.push_back({file.string(), taken.error().message});
      const auto before = good_workflows_.find(file.string());
      if (before == good_workflows_.end() || !take(set, before->second)) continue;
      definition = before->second;
    }
    good.emplace(file.string(), std::move(definition));
  }
  return good;
}

asio::awaitable<Result<>> Workflows::reload() {
  WorkflowSet set;
  auto connectors = read_connectors(set);
  auto workflows = read_workflows(set);
  std::vector<std::shared_ptr<const engine::Definition>> in_force;
  for (const auto& [file, definition] : workflows) in_force.push_back(definition);
  const auto kept = co_await environment_.definitions.keep(std::move(in_force));
  if (!kept) co_return with_context(kept.error(), "cannot keep the versions of the workflows");
  good_connectors_ = std::move(connectors);
  good_workflows_ = std::move(workflows);
  for (const auto& broken : set.broken) {
    environment_.log.error("a file was not taken",
                           {{"file", broken.path}, {"diagnostics", broken.diagnostics}});
  }
  warn_of_outside_names(set);
  environment_.log.info("read the workflow files",
                        {{"workflows", set.workflows.size()}, {"broken", set.broken.size()}});
  std::lock_guard lock(publishing_);
  publish(std::move(set));
  co_return Result<>();
}

/// What a workflow names may come to be there, so it is taken without.
void Workflows::warn_of_outside_names(const WorkflowSet& set) const {
  KnownNames workflows{{}, false};
  for (const auto& [name, loaded] : set.workflows) workflows.names.push_back(name);
  const KnownNames targets{environment_.notify_targets, false};
  for (const auto& [name, loaded] : set.workflows) {
    const auto& workflow = *loaded.definition->workflow;
    Diagnostics diagnostics;
    check_outside_names(workflow, {&workflows, &targets}, diagnostics);
    if (diagnostics.empty()) continue;
    environment_.log.warning("a workflow names what is not there",
                             {{"file", workflow.path}, {"diagnostics", diagnostics.render()}});
  }
}

std::vector<CheckedFile> Workflows::check(std::vector<FileText> files) const {
  const auto set = current();
  const auto is_checked = [&](const std::string& path) {
    return std::ranges::find(files, path, &FileText::path) != files.end();
  };
  KnownNames workflows;
  for (const auto& [name, loaded] : set->workflows) {
    if (!is_checked(loaded.definition->workflow->path)) workflows.names.push_back(name);
  }
  for (const auto& broken : set->broken) workflows.is_complete &= is_checked(broken.path);
  const KnownNames targets{environment_.notify_targets};
  FileCheck check({.connectors = set->connectors,
                   .vars = &environment_.vars,
                   .workflows = std::move(workflows),
                   .notify_targets = &targets,
                   .credential_problem = [&](const OutsideName& name) {
                     return problem_with(name, set->connectors.find(name.connector).get(),
                                         set->connectors);
                   }});
  check.read_files(std::move(files));
  return check.checked();
}

void Workflows::reconsider() {
  std::lock_guard lock(publishing_);
  publish(WorkflowSet(*current()));
}

std::shared_ptr<const WorkflowSet> Workflows::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

Result<std::shared_ptr<const engine::Definition>> Workflows::to_run(const std::string& name) const {
  const auto set = current();
  const auto* loaded = set->find(name);
  if (!loaded) {
    std::vector<std::string> known;
    for (const auto& [each, workflow] : set->workflows) known.push_back(each);
    return Error{ErrorCode::not_found,
                 "there is no workflow '" + name + "'" + did_you_mean(name, known), ""};
  }
  if (!loaded->held.empty()) {
    return Error{ErrorCode::unavailable, "workflow '" + name + "' is held: " + loaded->held.front(),
                 ""};
  }
  return loaded->definition;
}

std::shared_ptr<const Connector> Workflows::connector_of(const std::string& name) const {
  return current()->connectors.find(name);
}

std::string Workflows::folder_of(const std::string& workflow) const {
  const auto set = current();
  const auto* found = set->find(workflow);
  return found ? fs::path(found->definition->workflow->path).parent_path().string() : std::string();
}

std::string Workflows::problem_with(const OutsideName& use, const Connector* connector,
                                    const ConnectorCatalog& catalog) const {
  auto problem = environment_.credentials.problem(use.name);
  const auto credential = environment_.credentials.find(use.name);
  if (problem.empty()) return credential ? misfit(use, *credential, connector, catalog) : problem;
  if (waits_for_offer(use, connector) && !environment_.credentials.knows(use.name)) {
    problem += "; " + connector->title +
               " sends its secret to the webhook that is made known there: see `credential offers`";
  }
  return problem;
}

std::vector<std::string> Workflows::reasons_to_hold(const engine::Definition& definition,
                                                    const ConnectorCatalog& catalog) const {
  std::vector<std::string> reasons;
  for (const auto& use : definition.workflow->outside_names) {
    if (!use.is_credential()) continue;
    const auto found = definition.connectors.find(use.connector);
    const auto* connector = found != definition.connectors.end() ? found->second.get() : nullptr;
    auto reason = problem_with(use, connector, catalog);
    if (!reason.empty() && std::ranges::find(reasons, reason) == reasons.end())
      reasons.push_back(std::move(reason));
  }
  return reasons;
}

void Workflows::publish(WorkflowSet set) {
  for (auto& [name, loaded] : set.workflows)
    loaded.held = reasons_to_hold(*loaded.definition, set.connectors);
  auto shared = std::make_shared<const WorkflowSet>(std::move(set));
  std::lock_guard lock(mutex_);
  current_ = std::move(shared);
}

}  // namespace tba::daemon
