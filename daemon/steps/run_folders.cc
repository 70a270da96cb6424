#include "daemon/steps/run_folders.h"

#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/run.h"

namespace tba::steps {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// Lets every folder below be emptied: some programs leave what even its owner may not change.
void make_removable(const fs::path& folder) {
  std::vector<fs::path> open{folder};
  while (!open.empty()) {
    const auto at = std::move(open.back());
    open.pop_back();
    std::error_code ignored;
    fs::permissions(at, fs::perms::owner_all, fs::perm_options::add, ignored);
    fs::directory_iterator entry(at, ignored);
    for (; !ignored && entry != fs::directory_iterator(); entry.increment(ignored)) {
      std::error_code not_there;
      if (entry->symlink_status(not_there).type() == fs::file_type::directory)
        open.push_back(entry->path());
    }
  }
}

}  // namespace

RunFolders::RunFolders(Environment environment, fs::path root)
    : environment_(std::move(environment)), root_(std::move(root)) {}

std::string RunFolders::of(RunId run) {
  {
    std::lock_guard lock(mutex_);
    known_.insert(run);
  }
  return (root_ / run.text()).string();
}

void RunFolders::remove(RunId run) {
  {
    std::lock_guard lock(mutex_);
    if (known_.erase(run) == 0) return;
  }
  asio::post(environment_.executor, [this, run] { remove_now(run); });
}

void RunFolders::remove_now(RunId run) const {
  const auto folder = root_ / run.text();
  std::error_code failure;
  fs::remove_all(folder, failure);
  if (failure) {
    make_removable(folder);
    fs::remove_all(folder, failure);
  }
  if (!failure) return;
  environment_.log.warning("the working folder of a run could not be removed",
                           {{"folder", folder.string()}, {"why", failure.message()}});
}

asio::awaitable<void> RunFolders::clean_up() {
  auto list = [](RunFolders& folders) -> asio::awaitable<std::vector<RunId>> {
    co_return folders.left_over();
  };
  const auto runs =
      co_await asio::co_spawn(environment_.executor, list(*this), asio::use_awaitable);
  for (const auto& id : runs) {
    const auto run = co_await environment_.store.run(id);
    const bool has_ended = run && (!*run || is_final((*run)->status));
    if (has_ended) remove(id);
  }
}

/// The runs that have a folder. They are remembered before anybody looks how they are, so that none
/// can end unseen in between.
std::vector<RunId> RunFolders::left_over() {
  std::vector<RunId> runs;
  std::error_code failure;
  fs::directory_iterator entry(root_, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    if (const auto run = RunId::parse(entry->path().filename().string())) runs.push_back(*run);
  }
  std::lock_guard lock(mutex_);
  known_.insert(runs.begin(), runs.end());
  return runs;
}

}  // namespace tba::steps
