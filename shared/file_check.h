#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shared/connector_catalog.h"
#include "shared/diagnostic.h"
#include "shared/error.h"
#include "shared/outside_names.h"
#include "shared/value/value.h"
#include "shared/workflow.h"

namespace tba {

/// A file to be checked: its text, or why it cannot be read.
struct FileText {
  std::string path;
  Result<std::string> text;
};

/// What was found out about one.
struct CheckedFile {
  std::string path;
  Diagnostics diagnostics;
};

/// What there is beside the files that are checked.
struct CheckedAgainst {
  ConnectorCatalog connectors;
  const Value* vars = nullptr;                 ///< The configuration's; null: not checked.
  KnownNames workflows = {};                   ///< Beside those of the files.
  const KnownNames* notify_targets = nullptr;  ///< Null: not checked.
  std::function<std::string(const OutsideName&)> credential_problem = {};  ///< As in Outside.
};

/// Checks workflow and connector files, manifests of plugins among these, as they would be taken
/// together: a file is what its keys say it is, workflows may call the connectors and run the
/// workflows among them, and no two may have one name or one path of a webhook.
class FileCheck {
 public:
  /// What it refers to must outlive it.
  explicit FileCheck(CheckedAgainst against) : against_(std::move(against)) {}

  /// Connectors that the files may use; of these only those with problems are told of.
  void read_connectors(std::vector<FileText> files);

  /// The files that are checked. Once, last.
  void read_files(std::vector<FileText> files);

  /// In that order.
  const std::vector<CheckedFile>& checked() const { return checked_; }

 private:
  void read_one_connector(const std::string& path, std::string text, Diagnostics& diagnostics);
  void check_names(const Workflow& workflow, Diagnostics& diagnostics);

  CheckedAgainst against_;
  std::map<std::string, std::string> names_;          // of workflows, to their files
  std::map<std::string, std::string> webhook_paths_;  // likewise
  std::vector<CheckedFile> checked_;
};

}  // namespace tba
