#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tba::vault {

/// The secrets that are in use now, so that what is about to be shown or written can be cleared of
/// them. Each is found in its plain form, URL-encoded (RFC 3986 with upper- and lower-case digits,
/// and as forms write it), in base64 (both alphabets, alone or anywhere inside a longer encoded
/// text) and JSON-escaped; whatever is found becomes a mask of fixed width.
///
/// Secrets shorter than kShortest bytes are left alone: they would be found by chance everywhere,
/// and the holes would give them away. All functions may be called from any thread.
class LiveSecrets {
 public:
  static constexpr std::string_view kMask = "********";
  static constexpr std::size_t kShortest = 6;

  LiveSecrets();
  ~LiveSecrets();
  LiveSecrets(const LiveSecrets&) = delete;
  LiveSecrets& operator=(const LiveSecrets&) = delete;

  class Index;

  /// Keeps its secrets masked as long as it lives; it may outlive the LiveSecrets.
  class Registration {
   public:
    Registration() noexcept;
    Registration(Registration&&) noexcept;
    Registration& operator=(Registration&&) noexcept;
    ~Registration();

   private:
    friend class LiveSecrets;
    std::shared_ptr<Index> index_;
    const void* entry_ = nullptr;
  };

  /// Masks `secrets` from now on.
  [[nodiscard]] Registration add(std::span<const std::string_view> secrets);

  /// Puts masks over every secret in `text`; true where there was one. Costs a few nanoseconds a
  /// byte where there is none, however many secrets are live.
  bool mask(std::string& text) const;

 private:
  std::shared_ptr<Index> index_;
};

}  // namespace tba::vault
