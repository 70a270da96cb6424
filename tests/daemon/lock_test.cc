#include "daemon/lock.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/temporary_folder.h"

namespace {

using namespace tba;
using daemon::HomeLock;

/// A unix socket bound to a path, listening or not; closing it leaves the file.
class BoundSocket {
 public:
  BoundSocket(const std::filesystem::path& path, bool listening)
      : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    if (listening) REQUIRE(listen(descriptor_, 1) == 0);
  }
  ~BoundSocket() { close(descriptor_); }
  BoundSocket(const BoundSocket&) = delete;
  BoundSocket& operator=(const BoundSocket&) = delete;

 private:
  int descriptor_;
};

}  // namespace

TEST_CASE("lock: the second daemon is told the process of the first") {
  const tests::TemporaryFolder home;
  const auto first = HomeLock::acquire(home.path()).value();
  const auto second = HomeLock::acquire(home.path());
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message == "another daemon (process " + std::to_string(getpid()) +
                                      ") already runs in " + home.path().string());
}

TEST_CASE("lock: it is free again once its owner is gone, and names the new one") {
  const tests::TemporaryFolder home;
  std::ofstream(home.path() / "daemon.lock") << "123456789\n";
  { const auto lock = HomeLock::acquire(home.path()).value(); }
  auto lock = HomeLock::acquire(home.path()).value();
  const HomeLock moved = std::move(lock);
  CHECK(!HomeLock::acquire(home.path()));
  std::ifstream file(home.path() / "daemon.lock");
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == std::to_string(getpid()) + "\n");
}

TEST_CASE("lock: a home that cannot hold it is said") {
  const auto lock = HomeLock::acquire("/nowhere/at/all");
  REQUIRE(!lock);
  CHECK(lock.error().code == ErrorCode::unavailable);
  CHECK(lock.error().message ==
        "cannot open /nowhere/at/all/daemon.lock: No such file or directory");
}

TEST_CASE("lock: a socket that nobody listens on is removed") {
  const tests::TemporaryFolder home;
  const auto path = home.path() / "daemon.sock";
  const auto lock = HomeLock::acquire(home.path()).value();
  CHECK(lock.remove_stale_socket(path).has_value());  // there is none
  { const BoundSocket left(path, true); }
  REQUIRE(lock.remove_stale_socket(path).has_value());
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("lock: a socket that somebody listens on stays") {
  const tests::TemporaryFolder home;
  const auto path = home.path() / "daemon.sock";
  const auto lock = HomeLock::acquire(home.path()).value();
  const BoundSocket other(path, true);
  const auto removed = lock.remove_stale_socket(path);
  REQUIRE(!removed);
  CHECK(removed.error().message == "another process listens on " + path.string());
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("lock: a file that is no socket stays") {
  const tests::TemporaryFolder home;
  const auto path = home.path() / "daemon.sock";
  std::ofstream(path) << "precious";
  const auto lock = HomeLock::acquire(home.path()).value();
  const auto removed = lock.remove_stale_socket(path);
  REQUIRE(!removed);
  CHECK(removed.error().code == ErrorCode::conflict);
  CHECK(std::filesystem::exists(path));
}
