#include "tests/support/node_peer.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tba::tests {
namespace {

struct Child {
  pid_t process = -1;
  int input = -1;
  int output = -1;
};

Child start(std::string_view script) {
  const auto path = std::string(TBA_SOURCE_DIR "/") + std::string(script);
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for " + path);
  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execlp("node", "node", "--no-warnings", path.c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  if (process < 0) throw std::runtime_error("no process for " + path);
  return {process, in[1], out[0]};
}

void wait_for(pid_t process) {
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

NodePeer::NodePeer(std::string_view script) {
  const auto child = start(script);
  process_ = child.process;
  input_ = child.input;
  output_ = fdopen(child.output, "r");
  for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_))
    greeting_ += static_cast<char>(c);
  if (greeting_.empty()) {
    throw std::runtime_error(std::string(script) +
                             " did not begin: packaging/test installs Node.js and its packages");
  }
}

NodePeer::~NodePeer() {
  close(input_);
  std::fclose(output_);
  wait_for(process_);
}

std::string output_of_node(std::string_view script, std::string_view input) {
  const auto child = start(script);
  while (!input.empty()) {
    const auto written = write(child.input, input.data(), input.size());
    if (written <= 0) break;
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  close(child.input);
  std::string text;
  std::array<char, 65'536> bytes;
  for (ssize_t count = 0; (count = read(child.output, bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(count));
  close(child.output);
  wait_for(child.process);
  return text;
}

}  // namespace tba::tests
