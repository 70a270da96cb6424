#include "daemon/steps/run_folders.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/support/engine_world.h"

namespace fs = std::filesystem;
using tba::RunId;
using tba::tests::EngineWorld;

namespace {

struct World : EngineWorld {
  std::unique_ptr<tba::daemon::Log> silent = tba::daemon::Log::silent();
  const fs::path root = folder / "runs";

  tba::steps::RunFolders folders() {
    return tba::steps::RunFolders({io().get_executor(), store(), *silent}, root);
  }
  /// As a program of the run would have left it.
  fs::path leave(const RunId& run) {
    folder.write("runs/" + run.text() + "/deep/file", "x");
    return root / run.text();
  }
  void await_clean_up(tba::steps::RunFolders& cleaned) {
    EngineWorld::await(cleaned.clean_up());
    settle();
  }
};

const std::string kWaits = "on: { manual: {} }\nsteps: [ { wait: { for: 1h } } ]\n";
const std::string kEnds = "on: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n";

}  // namespace

TEST_CASE("run folders: each run has its own, which goes when it is said to") {
  World world;
  auto folders = world.folders();
  const auto one = world.ids.next<RunId>();
  const auto other = world.ids.next<RunId>();
  CHECK(folders.of(one) == (world.root / one.text()).string());
  CHECK(folders.of(one) != folders.of(other));
  world.leave(one);
  const auto others = world.leave(other);
  folders.remove(one);
  world.settle();
  CHECK_FALSE(fs::exists(world.root / one.text()));
  CHECK(fs::exists(others));
  folders.remove(one);
  world.settle();
}

TEST_CASE("run folders: nothing is removed of a run that ran no program") {
  World world;
  auto folders = world.folders();
  const auto run = world.ids.next<RunId>();
  const auto folder = world.leave(run);
  folders.remove(run);
  world.settle();
  CHECK(fs::exists(folder));
}

TEST_CASE("run folders: what not even its owner may change goes too, and no link is followed") {
  World world;
  auto folders = world.folders();
  const auto run = world.ids.next<RunId>();
  const fs::path folder = folders.of(run);
  const auto precious = world.folder.write("precious/file", "x");
  world.leave(run);
  fs::create_directory_symlink(precious.parent_path(), folder / "link");
  fs::permissions(folder / "deep", fs::perms::owner_read | fs::perms::owner_exec);
  folders.remove(run);
  world.settle();
  CHECK_FALSE(fs::exists(folder));
  CHECK(fs::exists(precious));
}

TEST_CASE("run folders: what runs left that have ended, or are unknown, goes at the start") {
  World world;
  const auto ended = world.leave(world.start(kEnds));
  const auto unknown = world.leave(world.ids.next<RunId>());
  const auto waiting_run = world.start(kWaits);
  const auto waiting = world.leave(waiting_run);
  const auto foreign = world.folder.write("runs/notes.txt", "");
  auto folders = world.folders();
  world.await_clean_up(folders);
  CHECK_FALSE(fs::exists(ended));
  CHECK_FALSE(fs::exists(unknown));
  CHECK(fs::exists(waiting));
  CHECK(fs::exists(foreign));
  // It is remembered, so that it goes with its run.
  folders.remove(waiting_run);
  world.settle();
  CHECK_FALSE(fs::exists(waiting));
}

TEST_CASE("run folders: where there are none there is nothing to do") {
  World world;
  auto folders = world.folders();
  world.await_clean_up(folders);
  CHECK_FALSE(fs::exists(world.root));
}
