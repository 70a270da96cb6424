#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace tba::tests {

/// A program of Node.js, as a child process that ends when this object goes: its standard input is
/// then at its end. What cannot be done throws.
class NodePeer {
 public:
  /// Starts the script, a path below the source tree, and waits for the first line that it prints.
  explicit NodePeer(std::string_view script);
  ~NodePeer();
  NodePeer(const NodePeer&) = delete;
  NodePeer& operator=(const NodePeer&) = delete;

  /// The first line.
  const std::string& greeting() const { return greeting_; }

 private:
  pid_t process_ = -1;
  int input_ = -1;
  std::FILE* output_ = nullptr;
  std::string greeting_;
};

/// What a script of Node.js prints when it is given that input, to its end.
std::string output_of_node(std::string_view script, std::string_view input);

}  // namespace tba::tests
