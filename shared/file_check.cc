#include "shared/file_check.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "shared/connector_reader.h"
#include "shared/workflow_reader.h"
#include "shared/yaml_reader.h"

namespace tba {
namespace {

void add_problem(Diagnostics& diagnostics, std::shared_ptr<const SourceFile> file,
                 std::string message, std::string hint) {
  Diagnostic problem;
  problem.file = std::move(file);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  diagnostics.add(std::move(problem));
}

/// The file's text; where it cannot be read that is its problem.
std::optional<std::string> text_of(FileText& file, Diagnostics& diagnostics) {
  if (file.text) return std::move(*file.text);
  add_problem(diagnostics, nullptr, file.text.error().message, file.text.error().hint);
  return std::nullopt;
}

/// Whether the file describes a connector or a plugin; what it says of itself decides, not its
/// folder.
bool is_connector(const std::string& path, const std::string& text) {
  Diagnostics told_by_its_reader;
  const auto root = yaml::read(std::make_shared<const SourceFile>(path, text), told_by_its_reader,
                               kConnectorLimits);
  return root && (root->find("connector") != nullptr || root->find("plugin") != nullptr);
}

}  // namespace

void FileCheck::read_connectors(std::vector<FileText> files) {
  for (auto& file : files) {
    Diagnostics diagnostics;
    if (auto text = text_of(file, diagnostics))
      read_one_connector(file.path, *std::move(text), diagnostics);
    if (!diagnostics.empty()) checked_.push_back({std::move(file.path), std::move(diagnostics)});
  }
}

void FileCheck::read_files(std::vector<FileText> files) {
  const auto first = checked_.size();
  std::vector<std::optional<std::string>> texts;
  for (auto& file : files) {
    Diagnostics diagnostics;
    auto text = text_of(file, diagnostics);
    if (text && is_connector(file.path, *text))
      read_one_connector(file.path, *std::exchange(text, std::nullopt), diagnostics);
    checked_.push_back({file.path, std::move(diagnostics)});
    texts.push_back(std::move(text));
  }
  const WorkflowSurroundings surroundings{.catalog = &against_.connectors, .vars = against_.vars};
  std::vector<std::pair<std::size_t, Workflow>> workflows;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!texts[i]) continue;
    auto& diagnostics = checked_[first + i].diagnostics;
    auto file = read_workflow_file(files[i].path, *std::move(texts[i]), surroundings, diagnostics);
    if (file.is_valid) check_names(file.workflow, diagnostics);
    against_.workflows.names.push_back(file.workflow.name);
    workflows.emplace_back(first + i, std::move(file.workflow));
  }
  const Outside outside{&against_.workflows, against_.notify_targets, against_.credential_problem};
  for (const auto& [index, workflow] : workflows)
    check_outside_names(workflow, outside, checked_[index].diagnostics);
}

void FileCheck::read_one_connector(const std::string& path, std::string text,
                                   Diagnostics& diagnostics) {
  auto connector = read_connector(path, std::move(text), diagnostics);
  if (connector) against_.connectors.put(std::make_shared<const Connector>(std::move(*connector)));
}

void FileCheck::check_names(const Workflow& workflow, Diagnostics& diagnostics) {
  const auto report = [&](std::string message, std::string hint) {
    add_problem(diagnostics, std::make_shared<const SourceFile>(workflow.path, workflow.text),
                std::move(message), std::move(hint));
  };
  const auto [known, is_new] = names_.emplace(workflow.name, workflow.path);
  if (!is_new) {
    report(fmt::format("the name '{}' is taken by {}", workflow.name, known->second),
           "each workflow of a home needs a name of its own");
  }
  for (const auto& trigger : workflow.triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook == nullptr) continue;
    const auto [owner, is_free] = webhook_paths_.emplace(webhook->path, workflow.path);
    if (is_free || owner->second == workflow.path) continue;
    report(fmt::format("the webhook path '{}' is taken by {}", webhook->path, owner->second),
           "give one of the two a `path` of its own");
  }
}

}  // namespace tba
