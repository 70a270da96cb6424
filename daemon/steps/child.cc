#include "daemon/steps/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tba::steps {

namespace {

/// What the child was at when it failed.
enum class Stage : int { prepare, folder, confine, execute };

/// What the child reports through a pipe that a successful exec closes.
struct Trouble {
  Stage stage;
  int error;
};

/// All that the child needs, ready-made: between vfork and exec nothing may be allocated.
struct Plan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;              ///< Or nullptr.
  const Confinement* confinement;  ///< Likewise.
  std::array<int, 3> streams;      ///< Become 0, 1 and 2; none of them is one of these now.
  int report;                      ///< For Trouble.
  pid_t parent;
};

[[noreturn]] void give_up(const Plan& plan, Stage stage) {
  const Trouble trouble{stage, errno};
  [[maybe_unused]] const auto written = ::write(plan.report, &trouble, sizeof trouble);
  ::_exit(127);
}

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;  // no filter is known to be right
#endif

/// A filter of system calls that lets no socket be opened, in whatever way there is: by socket(),
/// by io_uring, by the calls of another architecture. The numbers of x32 begin at 2^30; nothing
/// else has any there. See seccomp(2).
constexpr std::array kNoSockets{
    sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1U << 30, 2, 0),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 2, 0),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 2),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/// In the child, as become(). False, with errno, where it fails.
bool confine(const Confinement& confinement) {
  const rlimit memory{confinement.memory_bytes, confinement.memory_bytes};
  const rlimit nothing{0, 0};
  if (::setrlimit(RLIMIT_DATA, &memory) != 0 || ::setrlimit(RLIMIT_CORE, &nothing) != 0 ||
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return false;
  if (confinement.may_use_network) return true;
  errno = ENOSYS;
  if (kArchitecture == 0) return false;
  const sock_fprog filter{static_cast<unsigned short>(kNoSockets.size()),
                          const_cast<sock_filter*>(kNoSockets.data())};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// In the child. It may share the parent's memory (vfork): only async-signal-safe calls, and no
/// write to anything but its own variables.
[[noreturn]] void become(const Plan& plan) {
  // Handlers are the daemon's code and must not run here; what it ignores (SIGPIPE) the program
  // expects to be as usual.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);

  if (::setsid() < 0) give_up(plan, Stage::prepare);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, Stage::prepare);
  if (::getppid() != plan.parent) ::_exit(127);  // It died before prctl: no signal will come.
  for (int target = 0; target < 3; ++target) {
    if (::dup2(plan.streams[static_cast<std::size_t>(target)], target) < 0) {
      give_up(plan, Stage::prepare);
    }
  }
  // Some libraries open descriptors that exec would hand on.
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(plan, Stage::prepare);
  if (plan.folder != nullptr && ::chdir(plan.folder) != 0) give_up(plan, Stage::folder);
  if (plan.confinement != nullptr && !confine(*plan.confinement)) give_up(plan, Stage::confine);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.arguments, plan.environment);
  give_up(plan, Stage::execute);
}

/// The parent's memory is lent to the child until it executes the program: no copying of page
/// tables, which takes milliseconds in a large process. All signals are blocked meanwhile.
__attribute__((noinline)) pid_t start(const Plan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t id = ::vfork();
  if (id == 0) become(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return id;
}

Error unavailable(std::string_view what) {
  return {ErrorCode::unavailable,
          fmt::format("cannot start a program: {}: {}", what, std::strerror(errno)),
          {}};
}

struct Pipe {
  FileDescriptor read, write;
};

/// Above 2, so that the child can put the ends where they belong in any order.
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return unavailable("pipe");
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  for (auto* end : {&pipe.read, &pipe.write}) {
    if (end->get() > 2) continue;
    FileDescriptor higher(::fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
    if (!higher) return unavailable("pipe");
    *end = std::move(higher);
  }
  return pipe;
}

void set_non_blocking(const FileDescriptor& descriptor) {
  ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool is_executable_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

/// The file that a name stands for. Only absolute folders of PATH count: with the others it would
/// depend on where the daemon was started.
Result<std::string> find_program(const std::string& name, std::string_view search) {
  if (name.find('/') != name.npos) return name;
  for (std::size_t at = 0; at <= search.size();) {
    const auto end = std::min(search.find(':', at), search.size());
    const auto folder = search.substr(at, end - at);
    at = end + 1;
    if (!folder.starts_with('/')) continue;
    auto path = fmt::format("{}/{}", folder, name);
    if (is_executable_file(path)) return path;
  }
  return Error{ErrorCode::invalid, fmt::format("the program '{}' is not found", name),
               fmt::format("looked for in PATH: {}", search)};
}

std::optional<Error> objection(const ProcessRequest& request) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != text.npos; };
  if (request.command.empty() || request.command.front().empty()) {
    return Error{ErrorCode::invalid, "no program is named", {}};
  }
  if (std::ranges::any_of(request.command, has_nul)) {
    return Error{ErrorCode::invalid, "an argument of the program holds a NUL character", {}};
  }
  if (has_nul(request.folder)) {
    return Error{ErrorCode::invalid, "the name of the folder holds a NUL character", {}};
  }
  for (const auto& [name, value] : request.environment) {
    if (name.empty() || name.find('=') != name.npos || has_nul(name)) {
      return Error{ErrorCode::invalid,
                   fmt::format("'{}' cannot be the name of an environment variable", name),
                   {}};
    }
    if (has_nul(value)) {
      return Error{ErrorCode::invalid,
                   fmt::format("the environment variable {} holds a NUL character", name),
                   {}};
    }
  }
  return {};
}

/// Makes the folder, and those that it is to be in, for nobody else. One that is there stays as it
/// is.
Result<> make_private_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  if (errno == ENOENT && folder.has_relative_path()) {
    if (auto made = make_private_folder(folder.parent_path()); !made) return made;
    if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  }
  return Error{
      ErrorCode::unavailable,
      fmt::format("cannot make the folder '{}': {}", folder.string(), std::strerror(errno)),
      {}};
}

Error explain(const Trouble& trouble, const std::string& program, const ProcessRequest& request) {
  const auto& name = request.command.front();
  const auto invalid = [](std::string message, std::string hint) {
    return Error{ErrorCode::invalid, std::move(message), std::move(hint)};
  };
  const char* reason = std::strerror(trouble.error);
  if (trouble.stage == Stage::folder) {
    return invalid(
        fmt::format("cannot run '{}' in the folder '{}': {}", name, request.folder, reason), {});
  }
  if (trouble.stage == Stage::confine) {
    return {ErrorCode::unavailable, fmt::format("cannot confine '{}': {}", name, reason),
            "this system may not know how to keep a program from the network"};
  }
  if (trouble.stage == Stage::execute) {
    const auto path = (std::filesystem::path(request.folder) / program).string();
    switch (trouble.error) {
      case ENOENT:
      case ENOTDIR:
        if (::access(path.c_str(), F_OK) == 0) {
          return invalid(fmt::format("cannot run '{}': its interpreter does not exist", name),
                         "correct the first line of the script (#!)");
        }
        return invalid(fmt::format("the program '{}' does not exist", name),
                       path == program ? "" : "looked for in " + request.folder);
      case EACCES:
        return invalid(fmt::format("'{}' is not executable", name), "chmod +x " + path);
      case ENOEXEC:
        return invalid(fmt::format("'{}' is no program", name),
                       "begin a script with a line such as #!/bin/sh");
      case E2BIG:
        return invalid(fmt::format("arguments and environment of '{}' are too large", name),
                       "hand large data over through its standard input");
      default:
        break;
    }
  }
  return {ErrorCode::unavailable, fmt::format("cannot start '{}': {}", name, reason), {}};
}

}  // namespace

Result<Child> spawn(const ProcessRequest& request) {
  if (auto error = objection(request)) return *std::move(error);
  if (request.makes_folder) {
    if (auto made = make_private_folder(request.folder); !made) return made.error();
  }

  std::vector<std::string> variables;
  std::string_view search;
  for (const auto& [name, value] : request.environment) {
    variables.push_back(fmt::format("{}={}", name, value));
    if (name == "PATH") search = value;
  }
  if (search.data() == nullptr) {
    search = kDefaultPath;
    variables.push_back(fmt::format("PATH={}", search));
  }
  auto program = find_program(request.command.front(), search);
  if (!program) return program.error();
  auto arguments = request.command;

  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  for (const auto* pipe : {&in, &out, &err, &report}) {
    if (pipe->has_error()) return pipe->error();
  }

  const auto argument_pointers = pointers_to(arguments);
  const auto variable_pointers = pointers_to(variables);
  Child child;
  child.id = start({.program = program->c_str(),
                    .arguments = argument_pointers.data(),
                    .environment = variable_pointers.data(),
                    .folder = request.folder.empty() ? nullptr : request.folder.c_str(),
                    .confinement = request.confinement ? &*request.confinement : nullptr,
                    .streams = {in->read.get(), out->write.get(), err->write.get()},
                    .report = report->write.get(),
                    .parent = ::getpid()});
  if (child.id < 0) return unavailable("vfork");
  report->write.reset();
  Trouble trouble{};
  ssize_t count = 0;
  do {
    count = ::read(report->read.get(), &trouble, sizeof trouble);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof trouble) {
    ::waitpid(child.id, nullptr, 0);
    return explain(trouble, *program, request);
  }
  child.handle = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.id, 0)));
  if (!child.handle) {
    auto error = unavailable("pidfd_open");
    ::kill(child.id, SIGKILL);
    ::waitpid(child.id, nullptr, 0);
    return error;
  }
  child.in = std::move(in->write);
  child.out = std::move(out->read);
  child.err = std::move(err->read);
  for (const auto* end : {&child.in, &child.out, &child.err}) set_non_blocking(*end);
  return child;
}

}  // namespace tba::steps
