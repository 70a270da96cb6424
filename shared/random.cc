#include "shared/random.h"

#include <sodium.h>

namespace tba {

void SystemRandom::fill(std::span<std::byte> bytes) {
  randombytes_buf(bytes.data(), bytes.size());
}

}  // namespace tba
