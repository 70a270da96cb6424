#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/connector_test.h"
#include "daemon/daemon.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/paths.h"
#include "shared/value/json.h"
#include "shared/version.h"

namespace {

using tba::Error;
using tba::Result;

// As in the CLI: 1 it failed, 2 usage, 6 invalid file.
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInvalidFile = 6;

int fail(const Error& error) {
  std::cerr << "tba-integrated: " << error.message << '\n';
  if (!error.hint.empty()) std::cerr << error.hint << '\n';
  return kFailed;
}

/// The environment with TBA_HOME as the command line gives it.
tba::Environment environment_with(const std::string& home) {
  return [home](const std::string& name) -> std::optional<std::string> {
    if (name == "TBA_HOME" && !home.empty()) return home;
    return tba::process_environment(name);
  };
}

/// A limit on the size of files is an error like a full disk, not the end.
void survive_file_limits() {
  std::signal(SIGXFSZ, SIG_IGN);
}

/// Each connection and each program takes descriptors: as many as the system lets us have.
void allow_many_descriptors() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
}

/// A crash must not write secrets to disk, no other process of the user may read them from our
/// memory, and files must be ours alone.
void keep_to_ourselves() {
  umask(077);
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

int serve(const std::string& home, const std::string& log_file) {
  auto paths = tba::resolve_paths(environment_with(home));
  if (!paths) return fail(paths.error());
  tba::daemon::Options options;
  options.paths = std::move(*paths);
  options.config = tba::daemon::default_config(options.paths);
  options.credentials_directory = tba::process_environment("CREDENTIALS_DIRECTORY").value_or("");
  options.log_file = log_file;

  auto text = tba::read_file(options.paths.config_file, tba::kMaxYamlBytes);
  if (text) {
    tba::Diagnostics diagnostics;
    auto config = tba::daemon::read_config(options.paths.config_file, std::move(*text),
                                           options.paths, diagnostics);
    if (!config) {
      std::cerr << diagnostics.render(isatty(STDERR_FILENO) != 0);
      return kInvalidFile;
    }
    options.config = std::move(*config);
  } else if (text.error().code != tba::ErrorCode::not_found) {
    return fail(text.error());
  }
  const auto outcome = tba::daemon::run(options);
  return outcome ? EXIT_SUCCESS : fail(outcome.error());
}

/// What `tba-integrate connector test` starts this program for: the request builder and the rules
/// of answers are here. Nothing is served.
int test_connector(const std::string& connector_file, const std::string& cassette_file) {
  tba::Diagnostics diagnostics;
  const auto result = tba::daemon::test_connector(connector_file, cassette_file, diagnostics);
  if (!result) return fail(result.error());
  std::cerr << diagnostics.render(isatty(STDERR_FILENO) != 0);
  if (diagnostics.has_errors()) return kInvalidFile;
  std::cout << tba::to_json(*result) << '\n';
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs workflows: takes webhooks, keeps schedules, calls APIs. See tba-integrated(8).");
  std::string home;
  std::string log_file;
  app.add_option("--home", home,
                 "The folder that holds everything, instead of $TBA_HOME or the XDG folders");
  app.add_option("--log-file", log_file, "Writes the log to this file too");
  std::string connector_file;
  std::string cassette_file;
  auto* test = app.add_option("--test-connector", connector_file)->group("");  // not for people
  app.add_option("--cassettes", cassette_file)->group("")->needs(test);
  app.set_version_flag("--version", std::string(tba::version()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : kUsage;
  }
  if (sodium_init() < 0)
    return fail({tba::ErrorCode::internal, "libsodium cannot be initialised", ""});
  keep_to_ourselves();
  survive_file_limits();
  allow_many_descriptors();
  try {
    if (*test) return test_connector(connector_file, cassette_file);
    return serve(home, log_file);
  } catch (const std::exception& error) {
    return fail({tba::ErrorCode::internal, std::string("a bug: ") + error.what(), ""});
  }
}
