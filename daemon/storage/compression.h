#pragma once

#include <string>
#include <string_view>

#include "shared/error.h"

namespace tba::storage {

/// The form in which texts and bodies are stored: a byte that tells the codec (0: as it is, 1: a
/// zstd frame, RFC 8878, with size and checksum), then the bytes. Small texts, and those that do
/// not shrink, are kept as they are; empty ones stay empty. Keeps a compressor for each thread that
/// calls it.
std::string pack(std::string_view plain);

/// The text as it was. Fails with `internal` where the bytes are damaged.
Result<std::string> unpack(std::string_view packed);

}  // namespace tba::storage
