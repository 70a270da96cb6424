#include "cli/fetch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <httplib.h>

#include "shared/size.h"

namespace tba::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 5;
constexpr time_t kConnectSeconds = 10;
constexpr time_t kSilenceSeconds = 30;

// A URL as a client takes it.
struct Target {
  std::string origin;  // "https://host:port"
  std::string path;    // and query
};

Outcome<Target> target_of(const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return usage_error(fmt::format("'{}' is no URL of http or https", url));
  const auto without_fragment = url.substr(0, url.find('#'));
  const auto end =
      std::min(without_fragment.find_first_of("/?", url.find("://") + 3), without_fragment.size());
  auto path = without_fragment.substr(end);
  if (!path.starts_with('/')) path.insert(0, "/");
  return Target{without_fragment.substr(0, end), std::move(path)};
}

// One GET, up to the end of its body.
class Transfer {
 public:
  Transfer(const Target& target, const FetchLimits& limits, Clock::time_point deadline)
      : target_(target), limits_(limits), deadline_(deadline) {}

  httplib::Result run() {
    httplib::Client client(target_.origin);
    client.set_connection_timeout(kConnectSeconds);
    client.set_read_timeout(kSilenceSeconds);
    client.set_keep_alive(false);
    return client.Get(target_.path.c_str(), [this](const char* data, std::size_t size) {
      is_late_ = Clock::now() > deadline_;
      is_too_large_ = body_.size() + size > limits_.bytes;
      if (is_late_ || is_too_large_) return false;
      body_.append(data, size);
      return true;
    });
  }

  // Why it came to no end.
  CliError failure(const std::string& url, httplib::Error error) const {
    if (is_too_large_) {
      return {ExitCode::failed,
              fmt::format("{} holds more than {}", url, format_size(limits_.bytes))};
    }
    if (is_late_ || error == httplib::Error::ConnectionTimeout)
      return {ExitCode::timed_out, fmt::format("{} did not answer in time", url)};
    if (error == httplib::Error::SSLServerVerification) {
      return {ExitCode::failed, fmt::format("the certificate of {} is not trusted", target_.origin),
              "fetch the file by other means, if you know why, and import that"};
    }
    return {ExitCode::failed,
            fmt::format("{} cannot be reached: {}", url, httplib::to_string(error))};
  }

  std::string body() && { return std::move(body_); }

 private:
  const Target& target_;
  const FetchLimits& limits_;
  Clock::time_point deadline_;
  std::string body_;
  bool is_late_ = false;
  bool is_too_large_ = false;
};

// Where a redirect leads; it names a URL or a path of the same server.
Outcome<std::string> redirected(const std::string& url, const Target& target,
                                const std::string& location) {
  auto next = location.starts_with('/') && !location.starts_with("//") ? target.origin + location
                                                                       : location;
  if (url.starts_with("https://") && !next.starts_with("https://")) {
    return CliError{ExitCode::failed,
                    fmt::format("{} redirects to '{}', which is not by https", url, next)};
  }
  return next;
}

CliError status_error(const std::string& url, int status) {
  const bool is_gone = status == 404 || status == 410;
  return {is_gone ? ExitCode::not_found : ExitCode::failed,
          fmt::format("{} answered with status {}", url, status)};
}

}  // namespace

Outcome<std::string> fetch(const std::string& first, const FetchLimits& limits) {
  const auto deadline = Clock::now() + limits.time;
  auto url = first;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    const auto target = target_of(url);
    if (!target) return target.error();
    Transfer transfer(*target, limits, deadline);
    const auto result = transfer.run();
    if (!result) return transfer.failure(url, result.error());
    const auto location = result->get_header_value("Location");
    if (result->status >= 300 && result->status < 400 && !location.empty()) {
      auto next = redirected(url, *target, location);
      if (!next) return next.error();
      url = std::move(*next);
      continue;
    }
    if (result->status != 200) return status_error(url, result->status);
    return std::move(transfer).body();
  }
  return CliError{ExitCode::failed, fmt::format("{} redirects too often", first)};
}

}  // namespace tba::cli
