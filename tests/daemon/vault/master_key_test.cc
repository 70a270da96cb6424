#include "daemon/vault/master_key.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/result.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

using Catch::Matchers::Contains;
using tba::ErrorCode;
using tba::tests::SeededRandom;
using tba::tests::TemporaryFolder;
using tba::vault::find_key_file;
using tba::vault::KeyFile;
using tba::vault::MasterKey;

namespace {

KeyFile key_file_with_mode(const std::filesystem::path& path, mode_t mode) {
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return {path, false};
}

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

}  // namespace

TEST_CASE("master key: a created key is loaded again from its file") {
  const TemporaryFolder folder;
  SeededRandom random(1);
  const KeyFile file{folder / "vault.key"};
  const auto created = MasterKey::create(file, random);
  REQUIRE(created);
  struct stat status {};
  REQUIRE(::stat(file.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_size == 32);
  CHECK(files_in(folder.path()) == 1);

  const auto loaded = MasterKey::load(file);
  REQUIRE(loaded);
  CHECK(loaded->id() == created->id());
  CHECK((loaded->wrapping_key() == created->wrapping_key()));
}

TEST_CASE("master key: different keys have different ids, and none is the key") {
  const MasterKey one(tba::vault::Secret(std::string(32, 'a')));
  const MasterKey other(tba::vault::Secret(std::string(32, 'b')));
  CHECK(one.id() != other.id());
  CHECK_FALSE((one.wrapping_key() == other.wrapping_key()));
  CHECK_FALSE((one.wrapping_key() == tba::vault::Secret(std::string(32, 'a'))));
  CHECK(tba::vault::short_text(one.id()).size() == 8);
}

TEST_CASE("master key: a file that exists is never replaced") {
  const TemporaryFolder folder;
  SeededRandom random(2);
  const KeyFile file{folder / "vault.key"};
  const auto first = MasterKey::create(file, random);
  REQUIRE(first);
  const auto second = MasterKey::create(file, random);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK_THAT(second.error().message, Contains(file.path.string()) && Contains("exists already"));
  CHECK(MasterKey::load(file)->id() == first->id());
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("master key: one that cannot be written says where and why") {
  const TemporaryFolder folder;
  SeededRandom random(3);
  const auto key = MasterKey::create({folder / "missing" / "vault.key"}, random);
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::unavailable);
  CHECK_THAT(key.error().message,
             Contains("missing/vault.key") && Contains("No such file or directory"));
  CHECK_FALSE(key.error().hint.empty());
}

TEST_CASE("master key: a missing file is named, with the way to restore it") {
  const TemporaryFolder folder;
  const auto key = MasterKey::load({folder / "vault.key"});
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::not_found);
  CHECK(key.error().message ==
        "the vault's key file " + (folder / "vault.key").string() + " is missing");
  CHECK_THAT(key.error().hint, Contains("backup") && Contains("0600"));
}

TEST_CASE("master key: a file that others may read is refused") {
  const TemporaryFolder folder;
  const auto path = folder.write("vault.key", std::string(32, 'k'));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U, 0777U}) {
    CAPTURE(mode);
    const auto key = MasterKey::load(key_file_with_mode(path, mode));
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::denied);
    CHECK_THAT(key.error().message, Contains(path.string()) && Contains("open to other users"));
    CHECK_THAT(key.error().hint, Contains("chmod 600"));
  }
  CHECK(MasterKey::load(key_file_with_mode(path, 0600)));
  CHECK(MasterKey::load(key_file_with_mode(path, 0400)));
}

TEST_CASE("master key: the mode of a file that the service manager guards is not looked at") {
  const TemporaryFolder folder;
  const auto path = folder.write("vault.key", std::string(32, 'k'));
  REQUIRE(::chmod(path.c_str(), 0440) == 0);
  CHECK(MasterKey::load({path, true}));
}

TEST_CASE("master key: a file of another size is refused") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0U, 31U, 33U}) {
    CAPTURE(size);
    const auto path = folder.write("vault.key", std::string(size, 'k'));
    const auto key = MasterKey::load(key_file_with_mode(path, 0600));
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::invalid);
    CHECK_THAT(
        key.error().message,
        Contains(path.string()) && Contains("is " + std::to_string(size) + " bytes long, not 32"));
  }
}

TEST_CASE("master key: what is no regular file is refused without waiting for it") {
  const TemporaryFolder folder;
  const auto folder_key = MasterKey::load({folder.path()});
  REQUIRE_FALSE(folder_key);
  CHECK_THAT(folder_key.error().message, Contains("is no regular file"));

  const auto fifo = folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto fifo_key = MasterKey::load({fifo});
  REQUIRE_FALSE(fifo_key);
  CHECK(fifo_key.error().code == ErrorCode::invalid);
}

TEST_CASE("master key: a path that leads nowhere says why it cannot be read") {
  const TemporaryFolder folder;
  const auto file = folder.write("file", "");
  const auto key = MasterKey::load({file / "vault.key"});
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::invalid);
  CHECK_THAT(key.error().message, Contains("cannot be read: Not a directory"));
}

TEST_CASE("master key: a file that we may not read belongs to somebody else") {
  if (::geteuid() == 0) return;  // root may read everything
  const TemporaryFolder folder;
  const auto path = folder.write("vault.key", std::string(32, 'k'));
  const auto key = MasterKey::load(key_file_with_mode(path, 0));
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::denied);
  CHECK_THAT(key.error().message, Contains("cannot be read: Permission denied"));
}

TEST_CASE("master key: the service manager's credential goes before the configured file") {
  const TemporaryFolder folder;
  const auto configured = folder / "configured.key";
  const auto only_configured = find_key_file({}, configured);
  CHECK(only_configured.path == configured);
  CHECK_FALSE(only_configured.guarded);
  CHECK(find_key_file(folder.path(), configured).path == configured);

  folder.write("vault.key", "");
  const auto given = find_key_file(folder.path(), configured);
  CHECK(given.path == folder / "vault.key");
  CHECK(given.guarded);
}
