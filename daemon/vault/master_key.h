#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>

#include "daemon/vault/secret.h"
#include "shared/error.h"
#include "shared/random.h"

namespace tba::vault {

/// Where the master key is kept.
struct KeyFile {
  std::filesystem::path path;
  /// The service manager put it there and guards its folder. systemd lets a service read its
  /// credentials by an access list, which looks like a group's right to read: the mode says nothing
  /// then and is not checked.
  bool guarded = false;
};

/// The key file to use: `vault.key` in `credentials_directory` ($CREDENTIALS_DIRECTORY, or empty)
/// where there is one, else `configured`.
KeyFile find_key_file(const std::filesystem::path& credentials_directory,
                      std::filesystem::path configured);

/// The key that wraps the key of every credential: 32 random bytes, alone in a file that only its
/// owner may read. Immutable, so safe to use from any thread.
class MasterKey {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kIdBytes = 16;
  using Id = std::array<std::byte, kIdBytes>;

  /// Reads the key. Errors: `not_found` where there is no file; `denied` where others than its
  /// owner may read it, or we may not; `invalid` where it is no regular file of 32 bytes. Each says
  /// which file, and what to do.
  static Result<MasterKey> load(const KeyFile& file);

  /// Makes a new key and its file, mode 0600. The file appears whole or not at all, and is on disk
  /// when this returns. Errors: `conflict` where a file is there already, which stays as it is;
  /// `unavailable` where it cannot be written.
  static Result<MasterKey> create(const KeyFile& file, Random& random);

  /// Uses `key`, of kBytes bytes.
  explicit MasterKey(const Secret& key);

  /// Tells two keys apart and says nothing about the key itself; every wrapped key carries it.
  const Id& id() const { return id_; }

  /// Encrypts the keys of credentials. Derived from the key (libsodium's KDF, that is BLAKE2b), as
  /// the id is, so that no key serves two purposes.
  const Secret& wrapping_key() const { return wrapping_key_; }

 private:
  Id id_{};
  Secret wrapping_key_;
};

/// The beginning of an id in hexadecimal, for messages.
std::string short_text(const MasterKey::Id& id);

}  // namespace tba::vault
