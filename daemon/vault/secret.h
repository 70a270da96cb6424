#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace tba::vault {

/// Bytes that nobody else may see. They live in memory of libsodium's own (`sodium_malloc`): locked
/// into RAM where the system's limit allows it, left out of core dumps, between guard pages,
/// read-only once filled, and wiped when released.
///
/// A Secret is moved or, where two are really needed, cloned; it is never copied by accident and
/// cannot be printed. Whoever takes view() to build a request holds a copy in ordinary memory for
/// as long as that request lives. Each Secret costs a few pages of memory. Immutable, so safe to
/// read from any thread.
class Secret {
 public:
  /// The empty secret. Takes no memory.
  Secret() noexcept = default;

  /// A copy of `bytes`; wiping the original is the caller's part (see wipe()).
  /// Throws std::bad_alloc where there is no memory.
  explicit Secret(std::string_view bytes);

  /// A secret of `size` bytes that `fill` writes in place.
  template <class Fill>
  static Secret filled(std::size_t size, Fill&& fill) {
    Secret secret(size);
    fill(secret.writable());
    secret.protect();
    return secret;
  }

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return Secret(view()); }

  /// Valid as long as this Secret holds its bytes.
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_), size_}; }
  std::span<const std::byte> bytes() const { return {bytes_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Takes the same time wherever two secrets of one size differ.
  friend bool operator==(const Secret& left, const Secret& right);

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  explicit Secret(std::size_t size);
  std::span<std::byte> writable() { return {bytes_, size_}; }
  void protect();

  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// The named parts of a credential: {"username": …, "password": …}.
using Fields = std::map<std::string, Secret, std::less<>>;

/// Overwrites what `text` holds, its spare capacity included, and empties it.
void wipe(std::string& text) noexcept;

}  // namespace tba::vault
