#pragma once

#include <array>
#include <cstdio>
#include <memory>
#include <string>

namespace tba::tests {

/// What the command writes to its standard output.
inline std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 65'536> bytes;
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe.get()))
    text.append(bytes.data(), count);
  return text;
}

}  // namespace tba::tests
