#include "shared/file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "shared/size.h"

namespace tba {
namespace {

Error failure(const std::filesystem::path& path, int error) {
  return {error == ENOENT ? ErrorCode::not_found : ErrorCode::invalid,
          path.string() + " cannot be read: " + std::strerror(error), ""};
}

struct Descriptor {
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  int number;
};

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return failure(path, errno);
  std::string text;
  std::array<char, 16 << 10> piece;
  for (;;) {
    const auto count = read(file.number, piece.data(), piece.size());
    if (count == 0) return text;
    if (count < 0 && errno != EINTR) return failure(path, errno);
    if (count > 0) text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      return Error{ErrorCode::limit_exceeded,
                   path.string() + " holds more than " + format_size(max_bytes), ""};
    }
  }
}

}  // namespace tba
