#include "daemon/log.h"

#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "shared/uuid.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace tba;
using daemon::Log;
using daemon::LogFormat;
using daemon::LogLevel;
using daemon::LogOptions;

/// A log whose lines are kept.
struct Kept {
  explicit Kept(LogFormat format, LogLevel level = LogLevel::info,
                std::function<void(std::string&)> redact = {}) {
    LogOptions options;
    options.level = level;
    options.format = format;
    options.to_stderr = false;
    options.sink = [this](std::string_view line) { lines.emplace_back(line); };
    options.redact = std::move(redact);
    log = Log::open(std::move(options)).value();
  }
  std::vector<std::string> lines;
  std::unique_ptr<Log> log;
};

/// Without the time, which is the first 25 bytes of a text line.
std::string after_time(const std::string& line) {
  return line.substr(25);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

LogOptions to_file(const std::filesystem::path& path) {
  LogOptions options;
  options.format = LogFormat::text;
  options.to_stderr = false;
  options.file = path;
  return options;
}

}  // namespace

TEST_CASE("log: text has the time, the level, the message and its fields") {
  Kept kept(LogFormat::text);
  kept.log->info("run finished", {{"run", RunId{}},
                                  {"ms", 12},
                                  {"bytes", std::size_t{7}},
                                  {"ratio", 0.5},
                                  {"ok", true},
                                  {"name", "two words"},
                                  {"empty", ""}});
  REQUIRE(kept.lines.size() == 1);
  CHECK_THAT(kept.lines[0], Catch::Matches(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z .*)"));
  CHECK(after_time(kept.lines[0]) ==
        "info    run finished run=00000000-0000-0000-0000-000000000000 ms=12 bytes=7 ratio=0.5 "
        "ok=true name=\"two words\" empty=\"\"");
}

TEST_CASE("log: JSON is one object a line") {
  Kept kept(LogFormat::json);
  kept.log->warning("it is \"late\"", {{"by", -3}, {"who", "a\nb"}});
  REQUIRE(kept.lines.size() == 1);
  auto entry = nlohmann::json::parse(kept.lines[0]);
  CHECK(entry["time"].get<std::string>().size() == 24);
  entry.erase("time");
  CHECK(entry ==
        nlohmann::json{
            {"level", "warning"}, {"message", "it is \"late\""}, {"by", -3}, {"who", "a\nb"}});
}

TEST_CASE("log: an entry cannot forge another, or send codes to a terminal") {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    Kept kept(format);
    kept.log->info("one\ntwo \x1b[31m", {{"path", "/a\r\nb\x7f\xff"}});
    REQUIRE(kept.lines.size() == 1);
    CHECK(kept.lines[0].find_first_of("\r\n\x1b") == std::string::npos);
  }
}

TEST_CASE("log: entries below the level are dropped") {
  Kept kept(LogFormat::text, LogLevel::warning);
  kept.log->debug("a");
  kept.log->info("b");
  kept.log->warning("c");
  kept.log->error("d");
  CHECK(kept.lines.size() == 2);
  CHECK(!kept.log->enabled(LogLevel::info));
  CHECK(kept.log->enabled(LogLevel::error));
}

TEST_CASE("log: every text passes through redaction before it is written") {
  Kept kept(LogFormat::json, LogLevel::info, [](std::string& text) {
    for (std::size_t at; (at = text.find("swordfish")) != std::string::npos;) {
      text.replace(at, 9, "****");
    }
  });
  kept.log->info("swordfish", {{"token", "a swordfish"}, {"swordfish", 1}});
  REQUIRE(kept.lines.size() == 1);
  CHECK(kept.lines[0].find("swordfish") == std::string::npos);
  CHECK(nlohmann::json::parse(kept.lines[0])["token"] == "a ****");
}

TEST_CASE("log: a file is its owner's, appended to, and opened anew after rotation") {
  const tests::TemporaryFolder folder;
  const auto path = folder.path() / "daemon.log";
  const auto log = Log::open(to_file(path)).value();
  log->info("one");
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::filesystem::rename(path, folder.path() / "daemon.log.1");
  log->info("two");
  REQUIRE(log->reopen().has_value());
  log->info("three");
  CHECK_THAT(content(folder.path() / "daemon.log.1"),
             Catch::Contains("one\n") && Catch::EndsWith("two\n"));
  CHECK_THAT(content(path), Catch::EndsWith("info    three\n"));
  const auto again = Log::open(to_file(path)).value();
  again->info("four");
  CHECK_THAT(content(path), Catch::Contains("three\n") && Catch::EndsWith("four\n"));
}

TEST_CASE("log: a file that cannot be opened is said, and the old one kept") {
  const auto missing = Log::open(to_file("/nowhere/at/all.log"));
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::unavailable);
  const tests::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "logs");
  const auto log = Log::open(to_file(folder.path() / "logs" / "daemon.log")).value();
  std::filesystem::rename(folder.path() / "logs", folder.path() / "old");
  CHECK(!log->reopen());
  log->info("still here");
  CHECK_THAT(content(folder.path() / "old" / "daemon.log"), Catch::EndsWith("still here\n"));
}

TEST_CASE("log: entries of several threads do not mix") {
  Kept kept(LogFormat::json);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&kept, t] {
      for (int n = 0; n < 100; ++n) kept.log->info("entry", {{"thread", t}, {"n", n}});
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(kept.lines.size() == 400);
  for (const auto& line : kept.lines) CHECK(nlohmann::json::accept(line));
}

TEST_CASE("log: a silent one takes everything and writes nothing") {
  const auto log = Log::silent();
  CHECK(!log->enabled(LogLevel::error));
  log->error("nobody hears");
  CHECK(log->reopen().has_value());
}
