#include "daemon/storage/compression.h"

#include <memory>

#include <zstd.h>

namespace tba::storage {
namespace {

enum Codec : char { kRaw = 0, kZstd = 1 };

constexpr std::size_t kSmallestCompressed = 256;  // below, the frame costs about what it saves
constexpr int kLevel = 1;  // 11.6 kB of JSON to a fifth in ~20 us; higher levels gain a few percent
constexpr unsigned long long kLargestText = 1ull << 30;  // SQLite's own bound for a value

struct Freer {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Freer> context = [] {
    std::unique_ptr<ZSTD_CCtx, Freer> made(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Freer> context(ZSTD_createDCtx());
  return context.get();
}

Error damaged(std::string_view why) {
  return {ErrorCode::internal, "a stored text is damaged: " + std::string(why),
          "restore the database from a backup"};
}

}  // namespace

std::string pack(std::string_view plain) {
  if (plain.empty()) return {};
  if (plain.size() >= kSmallestCompressed) {
    // Room for less than the text: a result that does not fit would not have been worth it.
    std::string packed(plain.size(), kZstd);
    const auto size = ZSTD_compress2(compressor(), packed.data() + 1, packed.size() - 1,
                                     plain.data(), plain.size());
    if (!ZSTD_isError(size)) {
      packed.resize(1 + size);
      return packed;
    }
  }
  std::string packed;
  packed.reserve(1 + plain.size());
  packed += kRaw;
  packed += plain;
  return packed;
}

Result<std::string> unpack(std::string_view packed) {
  if (packed.empty()) return std::string();
  const auto bytes = packed.substr(1);
  switch (packed.front()) {
    case kRaw:
      return std::string(bytes);
    case kZstd: {
      const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
      if (size > kLargestText) return damaged("no size in its frame");  // also the error values
      std::string plain(size, '\0');
      const auto got = ZSTD_decompressDCtx(decompressor(), plain.data(), plain.size(), bytes.data(),
                                           bytes.size());
      if (ZSTD_isError(got)) return damaged(ZSTD_getErrorName(got));
      if (got != size) return damaged("it is shorter than its frame says");
      return plain;
    }
    default:
      return damaged("unknown codec");
  }
}

}  // namespace tba::storage
