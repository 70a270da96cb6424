#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <sys/types.h>

#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// A client of an HTTP server on a unix socket, which httplib cannot connect to itself.
std::unique_ptr<httplib::ClientImpl> unix_client(const std::filesystem::path& socket);

/// One event of an event stream.
struct StreamedEvent {
  std::string name;
  nlohmann::json data;
};

/// The real tba-integrated, as a child process, on a temporary home that outlives it. It dies with
/// the thread that started it. What cannot be done throws, with the end of what the daemon wrote.
class DaemonProcess {
 public:
  /// Makes the home, listening on any free port of 127.0.0.1. `config` is added to its
  /// config.yaml. The daemon does not run yet.
  explicit DaemonProcess(std::string_view config = {});
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  /// Starts it and waits until /readyz answers. Requires: it does not run.
  void start();
  /// Starts it and does not wait. Requires: it does not run.
  void launch();
  /// Starts another on this home, which is to refuse, and waits for its end; gives its exit code.
  int start_in_vain() const;
  /// SIGKILL; returns its exit code when it is gone: 137, unless it had ended by itself.
  int kill();
  /// SIGTERM; returns its exit code.
  int stop();
  void signal(int number) const;
  /// Waits for its end; gives its exit code, or 128 and the signal that ended it.
  int wait_for_exit();
  /// From now on no file can grow beyond that many bytes; nothing: as large as it wants. Works on a
  /// running daemon too.
  void limit_files(std::optional<std::uint64_t> bytes);

  pid_t pid() const { return pid_; }
  int port() const { return port_; }
  const TemporaryFolder& home() const { return home_; }
  std::filesystem::path socket() const { return home_ / "daemon.sock"; }
  /// Everything that the daemons of this home have written to stderr, where the log goes.
  std::string log() const;

  void write_workflow(std::string_view name, std::string_view text) const;
  void set_credential(std::string_view name, const nlohmann::json& credential) const;

  /// A GET of the API, which must answer 200.
  nlohmann::json get(const std::string& path) const;
  /// Any request to the API, whatever it answers.
  httplib::Result call(const std::string& method, const std::string& path,
                       const nlohmann::json& body = nullptr) const;
  /// The items of all pages of a list.
  std::vector<nlohmann::json> list(const std::string& path) const;
  /// Starts a run by hand; gives its id.
  std::string start_run(const std::string& workflow,
                        const nlohmann::json& inputs = nlohmann::json::object()) const;
  /// The run's event stream, to its end; `on_begin` is called once its first event is there.
  std::vector<StreamedEvent> events(
      const std::string& run, const std::function<void()>& on_begin = [] {}) const;
  /// The run once it is over.
  nlohmann::json finished_run(const std::string& run) const;

 private:
  pid_t spawn() const;
  int exit_code_of(pid_t process) const;
  std::runtime_error failure(const std::string& what) const;

  TemporaryFolder home_;
  pid_t pid_ = -1;
  int port_ = 0;
  std::optional<std::uint64_t> largest_file_;
};

}  // namespace tba::tests
