#include "shared/file.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_folder.h"

TEST_CASE("file: the whole text comes back") {
  const tba::tests::TemporaryFolder folder;
  const std::string text(200'000, 'x');
  std::ofstream(folder.path() / "a") << text;
  CHECK(tba::read_file(folder.path() / "a", 200'000).value() == text);
}

TEST_CASE("file: what cannot be read says why and which") {
  const tba::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "a") << "12345";
  const auto missing = tba::read_file(folder.path() / "b", 10);
  CHECK(missing.error().code == tba::ErrorCode::not_found);
  CHECK(missing.error().message.find("/b cannot be read: No such file") != std::string::npos);
  CHECK(tba::read_file(folder.path(), 10).error().code == tba::ErrorCode::invalid);
  const auto large = tba::read_file(folder.path() / "a", 4);
  CHECK(large.error().code == tba::ErrorCode::limit_exceeded);
  CHECK(large.error().message.find("holds more than 4B") != std::string::npos);
}
