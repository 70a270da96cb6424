#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "shared/error.h"

namespace tba::steps {

/// A longer line is reported in pieces of this many bytes.
inline constexpr std::size_t kMaxLineBytes = 64 << 10;

/// What a program that is talked with is going to read on its standard input. Used by who talks and
/// by its run() on one executor, which runs one handler at a time.
class ProcessInput {
 public:
  /// Behind what was written before.
  void write(std::string_view bytes);
  /// The program then meets the end of its input, once it has read all of it.
  void close();

  /// For who runs the program: what has been written since it was last asked for.
  std::string take() { return std::exchange(bytes_, {}); }
  bool is_closed() const { return is_closed_; }
  /// Likewise: called when there is more to be taken, or the end.
  void on_more(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  std::string bytes_;
  bool is_closed_ = false;
  std::function<void()> listener_;
};

/// What a program, and all that it starts, cannot get out of. It can gain no privileges by what it
/// executes, and leaves no core dump.
struct Confinement {
  std::size_t memory_bytes = 0;  ///< Of data in memory: what it asks for beyond is refused to it.
  bool may_use_network = false;  ///< If not, it opens no sockets at all.
};

/// A program to be run, without a shell.
struct ProcessRequest {
  /// The program and its arguments. A name without a slash is looked for in PATH, a relative path
  /// starts at `folder`.
  std::vector<std::string> command = {};
  /// The whole environment: nothing is inherited. Without a PATH it gets kDefaultPath.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string folder = {};    ///< Where it runs; empty: where the daemon does.
  bool makes_folder = false;  ///< Whether that is made first, for nobody else (0700), if need be.
  std::string input = {};     ///< Its standard input.
  /// What it reads after that, as it comes; null: the end of its input.
  std::shared_ptr<ProcessInput> more_input = {};
  std::size_t max_output_bytes = 1 << 20;  ///< Kept and reported of each of stdout and stderr.
  /// Whether output is only reported, all of it, and nothing of it kept.
  bool only_reports_output = false;
  std::size_t max_line_bytes = kMaxLineBytes;  ///< Of stdout, in the place of kMaxLineBytes.
  std::optional<Confinement> confinement = {};
  /// Between SIGTERM and SIGKILL, when the awaiting coroutine is cancelled.
  std::chrono::milliseconds grace{5'000};
};

inline constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a program ended.
struct ProcessResult {
  int exit_code = 0;  ///< 0 if a signal ended it.
  int signal = 0;     ///< The signal that ended it, or 0.
  std::string out;
  std::string err;
  bool truncated = false;  ///< It wrote more than max_output_bytes; the rest was read and dropped.
};

/// Called for each line, without its newline, as it comes. Must not throw.
using LineHandler = std::function<void(bool is_stderr, std::string_view line)>;

/// Runs programs. A seam: tests of what stands above give a scripted one.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  /// Runs the program to its end, whatever its exit code. `on_line` (may be empty) is called on the
  /// awaiting coroutine's executor, never concurrently, never after completion.
  ///
  /// Terminal cancellation sends SIGTERM to the program's process group and, after `grace`,
  /// SIGKILL; the result then says which signal ended it. Errors: `invalid` for a program or folder
  /// that does not exist or cannot be executed, `unavailable` where the system has no room for a
  /// process or the runner is stopped.
  virtual boost::asio::awaitable<Result<ProcessResult>> run(ProcessRequest request,
                                                            LineHandler on_line) = 0;
};

/// The real thing, on Linux. Each program is the leader of a session of its own and inherits no
/// descriptor but its three pipes. It is killed when the daemon dies, however that happens. What it
/// leaves running in its process group is killed when it has ended; output written by then, or
/// within a second, is still read.
class SystemProcessRunner final : public ProcessRunner {
 public:
  SystemProcessRunner();
  ~SystemProcessRunner() override;  ///< Stops.

  /// Starts the thread that spawns. Requires: not started before. From here on the process ignores
  /// SIGPIPE, since a program may end without reading its input.
  void start();

  /// Ends the thread that spawns; with it, the kernel kills every program still running, whose
  /// run() then completes. Cancel them first to let them end in good order. Executors of coroutines
  /// that await run() must still exist.
  void stop();

  boost::asio::awaitable<Result<ProcessResult>> run(ProcessRequest request,
                                                    LineHandler on_line) override;

 private:
  class Spawner;
  std::unique_ptr<Spawner> spawner_;
};

}  // namespace tba::steps
