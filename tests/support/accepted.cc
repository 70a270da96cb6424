#include "tests/support/accepted.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "shared/file.h"

namespace tba::tests {

void check_accepted(const std::string& path, const std::string& text) {
  const auto full = std::filesystem::path(TBA_SOURCE_DIR) / path;
  if (std::getenv("TBA_ACCEPT") != nullptr) {
    std::ofstream(full, std::ios::binary) << text;
    return;
  }
  INFO(path << " differs; run the test with TBA_ACCEPT=1 to take the new text");
  const auto accepted = read_file(full, 1 << 20);
  CHECK((accepted.has_value() ? *accepted : accepted.error().message) == text);
}

}  // namespace tba::tests
