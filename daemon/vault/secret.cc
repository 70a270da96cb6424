#include "daemon/vault/secret.h"

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include <sodium.h>

namespace tba::vault {
namespace {

// Before its first use libsodium must find out the size of a page and seed its canaries.
void initialise_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium cannot be initialised");
}

}  // namespace

Secret::Secret(std::string_view bytes) : Secret(bytes.size()) {
  if (empty()) return;
  std::memcpy(bytes_, bytes.data(), bytes.size());
  protect();
}

Secret::Secret(std::size_t size) : size_(size) {
  if (size == 0) return;
  initialise_sodium();
  bytes_ = static_cast<std::byte*>(sodium_malloc(size));
  if (!bytes_) throw std::bad_alloc();
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  sodium_free(bytes_);
}

void Secret::protect() {
  if (bytes_) sodium_mprotect_readonly(bytes_);
}

bool operator==(const Secret& left, const Secret& right) {
  return left.size_ == right.size_ && sodium_memcmp(left.bytes_, right.bytes_, left.size_) == 0;
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // does not allocate
  sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace tba::vault
