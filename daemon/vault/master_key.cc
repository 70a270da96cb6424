#include "daemon/vault/master_key.h"

#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file_descriptor.h"

namespace tba::vault {
namespace {

constexpr char kKdfContext[crypto_kdf_CONTEXTBYTES + 1] = "tbavault";
enum KdfPurpose : std::uint64_t { kWrapping = 1, kId = 2 };

static_assert(MasterKey::kBytes == crypto_kdf_KEYBYTES);

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string_view restore_hint() {
  return "restore the key file from a backup: it is 32 bytes long, and its mode must be 0600";
}

/// Removes a file at the end of its scope.
class Leftover {
 public:
  explicit Leftover(const std::string& path) : path_(path) {}
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;
  ~Leftover() { ::unlink(path_.c_str()); }

 private:
  const std::string& path_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Makes a file of its own beside `path`, then gives it that name, which fails if it is taken.
/// Gives an errno, or 0.
int write_new_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const auto folder = path.has_parent_path() ? path.parent_path() : ".";
  std::string temporary = folder / ".vault.key.XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // of mode 0600
  if (!file) return errno;
  const Leftover leftover(temporary);
  if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0) return errno;
  if (::link(temporary.c_str(), path.c_str()) != 0) return errno;
  const FileDescriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return errno;
  return 0;
}

}  // namespace

KeyFile find_key_file(const std::filesystem::path& credentials_directory,
                      std::filesystem::path configured) {
  if (!credentials_directory.empty()) {
    auto given = credentials_directory / "vault.key";
    std::error_code ignored;
    if (std::filesystem::exists(given, ignored)) return {std::move(given), true};
  }
  return {std::move(configured), false};
}

MasterKey::MasterKey(const Secret& key)
    : wrapping_key_(Secret::filled(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, [&](auto bytes) {
        crypto_kdf_derive_from_key(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                   kWrapping, kKdfContext,
                                   reinterpret_cast<const unsigned char*>(key.bytes().data()));
      })) {
  crypto_kdf_derive_from_key(reinterpret_cast<unsigned char*>(id_.data()), id_.size(), kId,
                             kKdfContext,
                             reinterpret_cast<const unsigned char*>(key.bytes().data()));
}

Result<MasterKey> MasterKey::load(const KeyFile& key_file) {
  const auto& path = key_file.path.native();
  // Not blocking: a FIFO must not hold the start up.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    const int error = errno;
    if (error == ENOENT) {
      return Error{ErrorCode::not_found, fmt::format("the vault's key file {} is missing", path),
                   std::string(restore_hint())};
    }
    return Error{error == EACCES ? ErrorCode::denied : ErrorCode::invalid,
                 fmt::format("the vault's key file {} cannot be read: {}", path, reason(error)),
                 "it must belong to the user that runs the daemon"};
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid,
                 fmt::format("the vault's key file {} is no regular file", path),
                 std::string(restore_hint())};
  }
  if (!key_file.guarded && (status.st_mode & 077) != 0) {
    return Error{ErrorCode::denied,
                 fmt::format("the vault's key file {} is open to other users (mode {:04o})", path,
                             status.st_mode & 07777),
                 fmt::format("if nobody can have read it: chmod 600 {}", path)};
  }
  if (status.st_size != static_cast<off_t>(kBytes)) {
    return Error{ErrorCode::invalid,
                 fmt::format("the vault's key file {} is {} bytes long, not {}", path,
                             status.st_size, kBytes),
                 std::string(restore_hint())};
  }
  bool whole = false;
  const auto key = Secret::filled(kBytes, [&](std::span<std::byte> bytes) {
    whole = ::read(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(kBytes);
  });
  if (!whole) {
    return Error{ErrorCode::internal,
                 fmt::format("the vault's key file {} cannot be read: {}", path, reason(EIO)), ""};
  }
  return MasterKey(key);
}

Result<MasterKey> MasterKey::create(const KeyFile& key_file, Random& random) {
  const auto key = Secret::filled(kBytes, [&](auto bytes) { random.fill(bytes); });
  const int error = write_new_file(key_file.path, key.bytes());
  if (error == EEXIST) {
    return Error{ErrorCode::conflict,
                 fmt::format("the vault's key file {} exists already", key_file.path.native()), ""};
  }
  if (error != 0) {
    return Error{
        ErrorCode::unavailable,
        fmt::format("the vault's key file {} cannot be written: {}", key_file.path.native(),
                    reason(error)),
        "its folder must exist, have room and be writable for the user that runs the daemon"};
  }
  return MasterKey(key);
}

std::string short_text(const MasterKey::Id& id) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) text += fmt::format("{:02x}", std::to_integer<int>(id[i]));
  return text;
}

}  // namespace tba::vault
