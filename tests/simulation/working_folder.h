#pragma once

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace tba::simulation {

/// A folder of its own that is the process's working folder while it exists, so that nothing that
/// is stored depends on where it lies.
class WorkingFolder {
 public:
  WorkingFolder() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder_.path());
  }
  ~WorkingFolder() {
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
  }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

  /// Writes a file below it.
  void write(std::string_view name, std::string_view text) const { folder_.write(name, text); }

 private:
  tests::TemporaryFolder folder_;
  std::filesystem::path before_;
};

}  // namespace tba::simulation
