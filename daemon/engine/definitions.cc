#include "daemon/engine/definitions.h"

#include <cstring>
#include <set>

namespace tba::engine {

namespace asio = boost::asio;

std::size_t Definitions::HashOfHash::operator()(const storage::VersionHash& hash) const noexcept {
  std::size_t prefix = 0;
  std::memcpy(&prefix, hash.data(), sizeof prefix);
  return prefix;
}

std::shared_ptr<const Definition> Definitions::at_hand(const storage::VersionHash& hash) const {
  std::lock_guard lock(mutex_);
  const auto found = known_.find(hash);
  return found == known_.end() ? nullptr : found->second.lock();
}

asio::awaitable<Result<>> Definitions::keep(
    std::vector<std::shared_ptr<const Definition>> definitions) {
  std::vector<storage::VersionHash> unknown;
  for (const auto& definition : definitions) {
    if (!at_hand(definition->hash)) unknown.push_back(definition->hash);
  }
  // Most were kept before this start, and to make one that can be kept takes as long as to read it.
  const auto missing = co_await store_.missing_versions(std::move(unknown));
  if (!missing) co_return missing.error();
  const std::set<storage::VersionHash> to_keep(missing->begin(), missing->end());
  storage::Change change;
  for (const auto& definition : definitions) {
    if (to_keep.contains(definition->hash))
      change.writes.emplace_back(storage::PutVersion{version_of(*definition)});
  }
  if (!change.writes.empty()) {
    const auto outcome = co_await store_.submit(std::move(change));
    if (!outcome) co_return outcome.error();
  }
  std::lock_guard lock(mutex_);
  for (const auto& definition : definitions) known_[definition->hash] = definition;
  co_return Result<>();
}

asio::awaitable<Result<std::shared_ptr<const Definition>>> Definitions::get(
    storage::VersionHash hash) {
  if (auto definition = at_hand(hash)) co_return definition;
  const auto version = co_await store_.version(hash);
  if (!version) co_return version.error();
  if (!*version)
    co_return Error{ErrorCode::internal,
                    "the store has lost the version of the workflow that this run began with", ""};
  auto definition = definition_from(**version);
  if (!definition) co_return definition.error();
  std::lock_guard lock(mutex_);
  known_[hash] = *definition;
  co_return *definition;
}

}  // namespace tba::engine
