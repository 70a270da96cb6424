#include "tests/simulation/observer.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "daemon/storage/queries.h"

namespace tba::simulation {
namespace {

using storage::Database;

constexpr std::size_t kPage = 500;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error("the store cannot be read: " + result.error().message);
  return std::move(*result);
}

/// All items of a list that comes in pages.
template <class Ask>
auto all_of(Ask ask) {
  storage::PageRequest request{kPage, ""};
  auto page = must(ask(request));
  auto items = std::move(page.items);
  while (!page.next.empty()) {
    request.cursor = page.next;
    page = must(ask(request));
    std::ranges::move(page.items, std::back_inserter(items));
  }
  return items;
}

}  // namespace

Observer::Observer(const std::filesystem::path& path)
    : database_(must(Database::open(path, Database::Mode::read_only))) {}

std::optional<storage::Run> Observer::run(RunId id) {
  return must(storage::find_run(database_, id));
}

std::vector<storage::Step> Observer::steps(RunId id) {
  return must(storage::steps_of(database_, id, std::nullopt));
}

std::optional<storage::Step> Observer::step(RunId id, const std::string& key) {
  for (auto& step : must(storage::steps_of(database_, id, std::vector<std::string>()))) {
    if (step.key == key) return std::move(step);
  }
  return std::nullopt;
}

std::vector<RunId> Observer::runs() {
  std::vector<RunId> ids;
  const auto runs = all_of(
      [&](const storage::PageRequest& page) { return storage::list_runs(database_, {}, page); });
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

std::optional<storage::Delivery> Observer::delivery(DeliveryId id) {
  return must(storage::find_delivery(database_, id));
}

std::vector<storage::Delivery> Observer::deliveries() {
  return all_of([&](const storage::PageRequest& page) {
    return storage::list_deliveries(database_, {}, page);
  });
}

Result<std::shared_ptr<const engine::Definition>> Observer::definition(
    const storage::VersionHash& hash) {
  auto& known = definitions_[hash];
  if (known) return known;
  const auto version = must(storage::find_version(database_, hash));
  if (!version) return Error{ErrorCode::not_found, "it is not there", ""};
  auto definition = engine::definition_from(*version);
  if (definition) known = *definition;
  return definition;
}

std::vector<std::string> Observer::damage() {
  std::vector<std::string> complaints;
  auto check = database_.query("PRAGMA integrity_check");
  while (must(check.next())) {
    if (check.text(0) != "ok") complaints.emplace_back(check.text(0));
  }
  return complaints;
}

}  // namespace tba::simulation
