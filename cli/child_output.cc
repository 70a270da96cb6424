#include "cli/child_output.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tba::cli {
namespace {

CliError failure(const std::filesystem::path& program, int code) {
  return {ExitCode::failed,
          fmt::format("cannot run {}: {}", program.string(), std::strerror(code))};
}

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 16384> buffer{};
  while (true) {
    const auto count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int exit_code_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Outcome<ChildOutput> run_child(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments) {
  std::array<int, 2> output{};
  if (pipe2(output.data(), O_CLOEXEC) != 0) return failure(program, errno);
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output[1], STDOUT_FILENO);
  pid_t child = -1;
  const int problem = posix_spawn(&child, program.c_str(), &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(output[1]);
  ChildOutput result;
  if (problem == 0) {
    result.out = read_to_end(output[0]);
    result.exit_code = exit_code_of(child);
  }
  close(output[0]);
  if (problem != 0) return failure(program, problem);
  return result;
}

}  // namespace tba::cli
