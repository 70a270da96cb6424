#include "cli/daemon_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tba::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kProgramName = "tba-integrated";
constexpr auto kAskAgainAfter = 10ms;
constexpr std::size_t kTailLines = 20;

// argv for exec: the program's name, its arguments, a null pointer. Points into its arguments.
std::vector<char*> argument_vector(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments) {
  std::vector<char*> pointers{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// What was added to the file after `offset`, but no more than its last lines.
std::string tail_of(const std::filesystem::path& file, std::uintmax_t offset) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  std::size_t begin = text.size();
  for (std::size_t lines = 0; begin > 0 && lines <= kTailLines; ++lines) {
    const std::size_t line_break = begin >= 2 ? text.rfind('\n', begin - 2) : text.npos;
    if (lines == kTailLines) break;
    begin = line_break == text.npos ? 0 : line_break + 1;
  }
  return text.substr(begin);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with {}", WEXITSTATUS(status));
}

// The daemon's own 2 and 6 mean what ours do: scripts learn that a file is broken.
ExitCode exit_code_of(int status) {
  if (!WIFEXITED(status)) return ExitCode::failed;
  for (const ExitCode known : {ExitCode::usage, ExitCode::invalid_file}) {
    if (WEXITSTATUS(status) == static_cast<int>(known)) return known;
  }
  return ExitCode::failed;
}

struct Spawn {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  Spawn() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

Outcome<pid_t> spawn_detached(const std::filesystem::path& program,
                              const std::vector<std::string>& arguments,
                              const std::filesystem::path& log_file) {
  Spawn spawn;
  posix_spawn_file_actions_addopen(&spawn.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.files, STDOUT_FILENO, log_file.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&spawn.files, STDOUT_FILENO, STDERR_FILENO);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&spawn.attributes, &defaults);
  posix_spawnattr_setflags(&spawn.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int failure = posix_spawn(&child, program.c_str(), &spawn.files, &spawn.attributes,
                                  argument_vector(program, arguments).data(), environ);
  if (failure != 0) {
    return CliError{ExitCode::failed,
                    fmt::format("cannot start {} with its log in {}: {}", program.string(),
                                log_file.string(), std::strerror(failure))};
  }
  return child;
}

}  // namespace

Outcome<std::filesystem::path> find_daemon_program(const Console& console) {
  std::error_code failure;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (!failure) {
    const auto beside = own.parent_path() / kProgramName;
    if (access(beside.c_str(), X_OK) == 0) return beside;
  }
  const std::string path = console.environment("PATH").value_or("");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const auto file = std::filesystem::path(path.substr(begin, end - begin)) / kProgramName;
    if (end > begin && access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return CliError{ExitCode::failed, fmt::format("cannot find the program {}", kProgramName),
                  "install it beside tba-integrate, or in a folder of $PATH"};
}

Outcome<pid_t> start_in_background(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments,
                                   const std::filesystem::path& log_file,
                                   const DaemonClient& client, std::chrono::milliseconds timeout) {
  std::error_code no_log_yet;
  const auto old_size = std::filesystem::file_size(log_file, no_log_yet);
  const std::uintmax_t log_begin = no_log_yet ? 0 : old_size;
  const auto child = spawn_detached(program, arguments, log_file);
  if (!child) return child.error();

  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!client.is_ready()) {
    int status = 0;
    if (waitpid(*child, &status, WNOHANG) == *child) {
      return CliError{exit_code_of(status), fmt::format("the daemon {}", how_it_ended(status)),
                      fmt::format("its whole log is in {}", log_file.string()),
                      tail_of(log_file, log_begin)};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return CliError{
          ExitCode::timed_out, fmt::format("the daemon (process {}) runs but is not ready", *child),
          fmt::format("its whole log is in {}", log_file.string()), tail_of(log_file, log_begin)};
    }
    std::this_thread::sleep_for(kAskAgainAfter);
  }
  return *child;
}

CliError become_daemon(const std::filesystem::path& program,
                       const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_DFL);
  execv(program.c_str(), argument_vector(program, arguments).data());
  return {ExitCode::failed,
          fmt::format("cannot start {}: {}", program.string(), std::strerror(errno))};
}

ProcessEnd::ProcessEnd(pid_t process)
    : descriptor_(static_cast<int>(syscall(SYS_pidfd_open, process, 0))) {}

ProcessEnd::~ProcessEnd() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool ProcessEnd::wait(std::chrono::milliseconds timeout) const {
  if (descriptor_ < 0) return true;
  pollfd poll_file{descriptor_, POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int count = poll(&poll_file, 1, static_cast<int>(std::max(left, 0ms).count()));
    if (count >= 0 || errno != EINTR) return count > 0;
  }
}

}  // namespace tba::cli
