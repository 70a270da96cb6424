#include "cli/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tba::cli {
namespace {

CliError system_error(std::string_view doing, const std::filesystem::path& path, int number) {
  const bool is_denied = number == EACCES || number == EPERM;
  const ExitCode code = is_denied ? ExitCode::denied : ExitCode::failed;
  return {code, fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(number))};
}

}  // namespace

Outcome<bool> write_new_file(const std::filesystem::path& path, const std::string& text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return false;
    return system_error("write", path, errno);
  }
  std::FILE* file = fdopen(descriptor, "wb");
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !is_written) return system_error("write", path, errno);
  return true;
}

Outcome<> replace_file(const std::filesystem::path& path, const std::string& text) {
  auto beside = path;
  beside += fmt::format(".{}.new", getpid());
  const auto is_new = write_new_file(beside, text);
  if (!is_new) return is_new.error();
  if (!*is_new) return system_error("write", beside, EEXIST);
  if (std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const int number = errno;
  unlink(beside.c_str());
  return system_error("replace", path, number);
}

Outcome<bool> make_private_folder(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return false;
  if (path.has_parent_path() && path.parent_path() != path) {
    const auto parent = make_private_folder(path.parent_path());
    if (!parent) return parent.error();
  }
  if (mkdir(path.c_str(), 0700) != 0) return system_error("make the folder", path, errno);
  return true;
}

}  // namespace tba::cli
