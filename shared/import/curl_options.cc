#include "shared/import/curl_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tba::importing {
namespace {

struct Option {
  std::string_view name;
  char letter = 0;
  CurlEffect effect = CurlEffect::nothing;
  bool takes_value = false;
};

// What says something about the request, and what is often there and does not.
constexpr std::array kOptions{
    Option{"url", 0, CurlEffect::url, true},
    Option{"request", 'X', CurlEffect::method, true},
    Option{"header", 'H', CurlEffect::header, true},
    Option{"data", 'd', CurlEffect::data, true},
    Option{"data-ascii", 0, CurlEffect::data, true},
    Option{"data-binary", 0, CurlEffect::data, true},
    Option{"data-raw", 0, CurlEffect::data_raw, true},
    Option{"data-urlencode", 0, CurlEffect::data_urlencode, true},
    Option{"json", 0, CurlEffect::json, true},
    Option{"form", 'F', CurlEffect::form, true},
    Option{"form-string", 0, CurlEffect::form_string, true},
    Option{"url-query", 0, CurlEffect::url_query, true},
    Option{"get", 'G', CurlEffect::as_query, false},
    Option{"head", 'I', CurlEffect::head, false},
    Option{"user", 'u', CurlEffect::user, true},
    Option{"digest", 0, CurlEffect::digest, false},
    Option{"oauth2-bearer", 0, CurlEffect::bearer, true},
    Option{"cookie", 'b', CurlEffect::cookie, true},
    Option{"user-agent", 'A', CurlEffect::user_agent, true},
    Option{"referer", 'e', CurlEffect::referer, true},
    Option{"upload-file", 'T', CurlEffect::upload, true},
    Option{"basic", 0, CurlEffect::nothing, false},
    Option{"compressed", 0, CurlEffect::nothing, false},
    Option{"connect-timeout", 0, CurlEffect::nothing, true},
    Option{"cookie-jar", 'c', CurlEffect::unsupported, true},
    Option{"dump-header", 'D', CurlEffect::nothing, true},
    Option{"fail", 'f', CurlEffect::nothing, false},
    Option{"fail-with-body", 0, CurlEffect::nothing, false},
    Option{"globoff", 'g', CurlEffect::nothing, false},
    Option{"http1.1", 0, CurlEffect::nothing, false},
    Option{"http2", 0, CurlEffect::nothing, false},
    Option{"include", 'i', CurlEffect::nothing, false},
    Option{"max-time", 'm', CurlEffect::nothing, true},
    Option{"no-buffer", 'N', CurlEffect::nothing, false},
    Option{"no-progress-meter", 0, CurlEffect::nothing, false},
    Option{"output", 'o', CurlEffect::nothing, true},
    Option{"progress-bar", '#', CurlEffect::nothing, false},
    Option{"remote-name", 'O', CurlEffect::nothing, false},
    Option{"retry", 0, CurlEffect::nothing, true},
    Option{"show-error", 'S', CurlEffect::nothing, false},
    Option{"silent", 's', CurlEffect::nothing, false},
    Option{"tlsv1.2", 0, CurlEffect::nothing, false},
    Option{"trace", 0, CurlEffect::nothing, true},
    Option{"trace-ascii", 0, CurlEffect::nothing, true},
    Option{"verbose", 'v', CurlEffect::nothing, false},
    Option{"write-out", 'w', CurlEffect::nothing, true},
    Option{"cert", 'E', CurlEffect::unsupported, true},
    Option{"config", 'K', CurlEffect::unsupported, true},
    Option{"continue-at", 'C', CurlEffect::unsupported, true},
    Option{"insecure", 'k', CurlEffect::unsupported, false},
    Option{"location", 'L', CurlEffect::unsupported, false},
    Option{"netrc", 'n', CurlEffect::unsupported, false},
    Option{"proxy", 'x', CurlEffect::unsupported, true},
    Option{"proxy-user", 'U', CurlEffect::unsupported, true},
    Option{"range", 'r', CurlEffect::unsupported, true},
    Option{"speed-limit", 'Y', CurlEffect::nothing, true},
    Option{"speed-time", 'y', CurlEffect::nothing, true},
    Option{"time-cond", 'z', CurlEffect::unsupported, true},
};

// Others that take a value.
constexpr std::array<std::string_view, 62> kWithValue{"abstract-unix-socket",
                                                      "alt-svc",
                                                      "aws-sigv4",
                                                      "cacert",
                                                      "capath",
                                                      "cert-type",
                                                      "ciphers",
                                                      "connect-to",
                                                      "crlfile",
                                                      "curves",
                                                      "delegation",
                                                      "dns-interface",
                                                      "dns-ipv4-addr",
                                                      "dns-ipv6-addr",
                                                      "dns-servers",
                                                      "doh-url",
                                                      "engine",
                                                      "etag-compare",
                                                      "etag-save",
                                                      "expect100-timeout",
                                                      "hsts",
                                                      "interface",
                                                      "ipfs-gateway",
                                                      "keepalive-time",
                                                      "key",
                                                      "key-type",
                                                      "libcurl",
                                                      "limit-rate",
                                                      "local-port",
                                                      "login-options",
                                                      "max-filesize",
                                                      "max-redirs",
                                                      "netrc-file",
                                                      "noproxy",
                                                      "output-dir",
                                                      "parallel-max",
                                                      "pass",
                                                      "pinnedpubkey",
                                                      "preproxy",
                                                      "proto",
                                                      "proto-default",
                                                      "proto-redir",
                                                      "proxy-cacert",
                                                      "proxy-cert",
                                                      "proxy-header",
                                                      "proxy-key",
                                                      "proxy-pass",
                                                      "rate",
                                                      "request-target",
                                                      "resolve",
                                                      "retry-delay",
                                                      "retry-max-time",
                                                      "service-name",
                                                      "socks4",
                                                      "socks4a",
                                                      "socks5",
                                                      "socks5-hostname",
                                                      "stderr",
                                                      "tls-max",
                                                      "tls13-ciphers",
                                                      "trace-config",
                                                      "unix-socket"};

Option option_named(std::string_view name) {
  const auto* known = std::ranges::find(kOptions, name, &Option::name);
  if (known != kOptions.end()) return *known;
  const bool takes_value = std::ranges::find(kWithValue, name) != kWithValue.end();
  return {name, 0, CurlEffect::unsupported, takes_value};
}

Option option_of_letter(char letter) {
  const auto* known = std::ranges::find(kOptions, letter, &Option::letter);
  return known != kOptions.end() ? *known : Option{"", letter, CurlEffect::unsupported, false};
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Result<std::vector<CurlArgument>> read() && {
    for (; at_ < words_.size(); ++at_) {
      const std::string_view word = words_[at_];
      Result<> added;
      if (word.starts_with("--") && word.size() > 2) {
        added = add(option_named(word.substr(2)), std::string(word), {});
      } else if (word.starts_with('-') && word.size() > 1) {
        added = add_letters(word.substr(1));
      } else {
        arguments_.push_back({CurlEffect::url, "", std::string(word)});
      }
      if (!added) return added.error();
    }
    return std::move(arguments_);
  }

 private:
  // "-sXPOST": letters up to one that takes a value, which is what follows.
  Result<> add_letters(std::string_view letters) {
    while (!letters.empty()) {
      const auto option = option_of_letter(letters.front());
      const auto name = fmt::format("-{}", letters.front());
      letters.remove_prefix(1);
      if (option.takes_value) return add(option, name, letters);
      if (auto added = add(option, name, {}); !added) return added;
    }
    return {};
  }

  Result<> add(const Option& option, const std::string& name, std::string_view value) {
    CurlArgument argument{option.effect, name, std::string(value)};
    if (option.takes_value && value.empty()) {
      if (++at_ >= words_.size())
        return Error{ErrorCode::invalid, fmt::format("the option {} has no value", name), ""};
      argument.value = words_[at_];
    }
    arguments_.push_back(std::move(argument));
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::vector<CurlArgument> arguments_;
};

}  // namespace

Result<std::vector<CurlArgument>> read_curl_arguments(const std::vector<std::string>& words) {
  return Reader(words).read();
}

}  // namespace tba::importing
