#include "daemon/vault/live_secrets.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "daemon/vault/base64.h"
#include "daemon/vault/secret.h"
#include "shared/uri.h"

namespace tba::vault {
namespace {

/// How many bytes of a form the index looks at first, and so the length of the shortest form.
constexpr std::size_t kPrefix = 4;
constexpr std::size_t kBuckets = 1 << 12;

/// Which bucket the four bytes at `bytes` belong to.
std::size_t bucket_of(const char* bytes) {
  std::uint32_t prefix = 0;
  std::memcpy(&prefix, bytes, kPrefix);
  return (prefix * 0x9E3779B1U) >> (32 - 12);
}

std::string with_lower_case_escapes(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (const std::size_t digit : {i + 1, i + 2}) {
      if (text[digit] >= 'A' && text[digit] <= 'F') text[digit] += 'a' - 'A';
    }
  }
  return text;
}

/// As browsers and most libraries encode forms: `*` stays, a space is `+`, `~` is escaped.
std::string form_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c == ' ') {
      encoded += '+';
    } else if (c == '*') {
      encoded += '*';
    } else if (c == '~') {
      encoded += "%7E";
    } else {
      encoded += percent_encode({&c, 1});
    }
  }
  return encoded;
}

/// As the shortest JSON string, without its quotes.
std::string json_escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        escaped += '\\';
        escaped += c;
        break;
      case '\b':
        escaped += "\\b";
        break;
      case '\f':
        escaped += "\\f";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          escaped += "\\u00";
          escaped += kHex[static_cast<unsigned char>(c) >> 4];
          escaped += kHex[c & 0xf];
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

/// The digits that `secret` alone decides where it stands `offset` bytes after a multiple of three
/// in what is encoded.
std::string base64_inside(std::string_view secret, std::size_t offset, Base64 alphabet) {
  std::string padded(offset, '\0');
  padded += secret;
  auto encoded = base64(padded, alphabet);
  wipe(padded);
  const std::size_t foreign = offset == 0 ? 0 : offset + 1;  // digits that share bits with others
  const std::size_t own_end = (offset + secret.size()) * 8 / 6;
  auto own = encoded.substr(foreign, own_end - foreign);
  wipe(encoded);
  return own;
}

/// Every form of `secret` that is looked for, each once.
std::vector<std::string> forms_of(std::string_view secret) {
  std::vector<std::string> forms;
  const auto add = [&](std::string form) {
    if (form.size() >= kPrefix && std::ranges::find(forms, form) == forms.end()) {
      forms.push_back(std::move(form));
    } else {
      wipe(form);
    }
  };
  add(std::string(secret));
  add(percent_encode(secret));
  add(with_lower_case_escapes(percent_encode(secret)));
  add(form_encoded(secret));
  add(with_lower_case_escapes(form_encoded(secret)));
  add(json_escaped(secret));
  for (const auto alphabet : {Base64::standard, Base64::url_safe}) {
    add(base64(secret, alphabet));
    for (std::size_t offset = 0; offset < 3; ++offset) add(base64_inside(secret, offset, alphabet));
  }
  return forms;
}

/// The forms of some secrets, one after the other in protected memory.
struct Entry {
  Secret bytes;
  std::vector<std::size_t> sizes;
};

Entry entry_of(std::span<const std::string_view> secrets) {
  std::vector<std::string> forms;
  for (const auto secret : secrets) {
    if (secret.size() < LiveSecrets::kShortest) continue;
    std::ranges::move(forms_of(secret), std::back_inserter(forms));
  }
  Entry entry;
  std::size_t size = 0;
  for (const auto& form : forms) {
    entry.sizes.push_back(form.size());
    size += form.size();
  }
  entry.bytes = Secret::filled(size, [&](std::span<std::byte> bytes) {
    auto* out = reinterpret_cast<char*>(bytes.data());
    for (const auto& form : forms) out = std::ranges::copy(form, out).out;
  });
  for (auto& form : forms) wipe(form);
  return entry;
}

}  // namespace

/// Finds forms by a hash of their first bytes, so that a text is walked through once, with one look
/// into a small table for each of its bytes.
class LiveSecrets::Index {
 public:
  const void* add(Entry entry) {
    std::unique_lock lock(mutex_);
    entries_.push_back(std::move(entry));
    is_stale_ = true;
    return &entries_.back();
  }

  void remove(const void* entry) {
    std::unique_lock lock(mutex_);
    std::erase_if(entries_, [&](const Entry& other) { return &other == entry; });
    is_stale_ = true;
  }

  bool mask(std::string& text) {
    {
      std::shared_lock lock(mutex_);
      if (!is_stale_) return masked_now(text);
    }
    std::unique_lock lock(mutex_);
    if (is_stale_) rebuild();
    return masked_now(text);
  }

 private:
  bool masked_now(std::string& text) const {
    if (forms_.empty() || text.size() < kPrefix) return false;
    std::string masked;
    std::size_t kept_until = 0;  // what stands before is in `masked`
    std::size_t begin = 0;       // of the stretch of overlapping secrets that is being walked
    std::size_t end = 0;
    const auto finish_stretch = [&] {
      if (begin == end) return;
      masked.append(text, kept_until, begin - kept_until).append(kMask);
      kept_until = end;
    };
    for (std::size_t at = 0; at + kPrefix <= text.size(); ++at) {
      const auto bucket = bucket_of(text.data() + at);
      if (first_[bucket] == first_[bucket + 1]) continue;
      const auto size = longest_at(std::string_view(text).substr(at), bucket);
      if (size == 0) continue;
      if (at >= end) {
        finish_stretch();
        begin = at;
      }
      end = std::max(end, at + size);
    }
    if (end == 0) return false;
    finish_stretch();
    masked.append(text, kept_until);
    wipe(text);
    text = std::move(masked);
    return true;
  }

  std::size_t longest_at(std::string_view text, std::size_t bucket) const {
    for (auto i = first_[bucket]; i < first_[bucket + 1]; ++i) {
      if (text.starts_with(forms_[i])) return forms_[i].size();
    }
    return 0;
  }

  void rebuild() {
    forms_.clear();
    for (const auto& entry : entries_) {
      auto rest = entry.bytes.view();
      for (const auto size : entry.sizes) {
        forms_.push_back(rest.substr(0, size));
        rest.remove_prefix(size);
      }
    }
    std::ranges::sort(forms_, [](std::string_view left, std::string_view right) {
      const auto left_bucket = bucket_of(left.data());
      const auto right_bucket = bucket_of(right.data());
      return left_bucket != right_bucket ? left_bucket < right_bucket : left.size() > right.size();
    });
    first_.fill(0);
    for (const auto form : forms_) ++first_[bucket_of(form.data()) + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    is_stale_ = false;
  }

  mutable std::shared_mutex mutex_;                  // guards everything below
  std::list<Entry> entries_;                         // stay where they are
  bool is_stale_ = false;                            // what stands below is not that of entries_
  std::vector<std::string_view> forms_;              // by bucket, then longest first
  std::array<std::uint32_t, kBuckets + 1> first_{};  // first form of each bucket
};

LiveSecrets::LiveSecrets() : index_(std::make_shared<Index>()) {}
LiveSecrets::~LiveSecrets() = default;

LiveSecrets::Registration LiveSecrets::add(std::span<const std::string_view> secrets) {
  Registration registration;
  auto entry = entry_of(secrets);
  if (entry.sizes.empty()) return registration;
  registration.entry_ = index_->add(std::move(entry));
  registration.index_ = index_;
  return registration;
}

bool LiveSecrets::mask(std::string& text) const {
  return index_->mask(text);
}

LiveSecrets::Registration::Registration() noexcept = default;
LiveSecrets::Registration::Registration(Registration&&) noexcept = default;

LiveSecrets::Registration& LiveSecrets::Registration::operator=(Registration&& other) noexcept {
  std::swap(index_, other.index_);
  std::swap(entry_, other.entry_);
  return *this;
}

LiveSecrets::Registration::~Registration() {
  if (index_) index_->remove(entry_);
}

}  // namespace tba::vault
