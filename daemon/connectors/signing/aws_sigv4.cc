#include "daemon/connectors/signing/aws_sigv4.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "daemon/connectors/signing/signed_pairs.h"
#include "daemon/http/form.h"
#include "daemon/net/url_parts.h"
#include "daemon/vault/secret.h"
#include "shared/lower_case.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kContentHash = "x-amz-content-sha256";

/// What proxies change or add on the way, which AWS's own signers leave out too.
constexpr std::array<std::string_view, 2> kNotSigned{"user-agent", "x-amzn-trace-id"};

/// "20150830T123600Z".
std::string basic_time(Instant now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string encoded_path(std::string_view path) {
  std::string encoded;
  for (;;) {
    const auto end = std::min(path.find('/'), path.size());
    encoded += percent_encode(path.substr(0, end));
    if (end == path.size()) return encoded;
    encoded += '/';
    path.remove_prefix(end + 1);
  }
}

/// Keys of s3 are encoded once and keep their slashes; all other paths are encoded a second time,
/// without the slashes that stand beside another one.
std::string canonical_path(const std::string& path, std::string_view service) {
  if (service == "s3") {
    std::string key;
    return encoded_path(http::append_decoded(key, path, false) ? key : path);
  }
  std::string normal = path;
  const auto [end, behind] =
      std::ranges::unique(normal, [](char a, char b) { return a == '/' && b == '/'; });
  normal.erase(end, behind);
  return encoded_path(normal);
}

/// Without blanks at its ends, and with one where several are.
std::string canonical_value(std::string_view value) {
  std::string made;
  for (const char c : value) {
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank) {
      made += c;
    } else if (!made.empty() && made.back() != ' ') {
      made += ' ';
    }
  }
  if (made.ends_with(' ')) made.pop_back();
  return made;
}

/// The headers that are signed: values of one name are joined in their order.
std::map<std::string, std::string> canonical_headers(const net::HttpRequest& request,
                                                     const std::string& authority) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    const auto lower = lower_case(name);
    if (std::ranges::find(kNotSigned, lower) != kNotSigned.end()) continue;
    const auto [place, is_new] = headers.try_emplace(lower, canonical_value(value));
    if (!is_new) place->second += "," + canonical_value(value);
  }
  headers.try_emplace("host", authority);
  return headers;
}

/// The key of one day's requests to a service.
std::string signing_key(const AwsKeys& keys, const AwsScope& scope, std::string_view date) {
  auto key = fmt::format("AWS4{}", keys.secret_access_key);
  for (const auto part : {date, scope.region, scope.service, std::string_view("aws4_request")}) {
    auto next = hmac(Hash::sha256, key, part);
    vault::wipe(key);
    key = std::move(next);
  }
  return key;
}

/// Sets the headers that belong to the signature, but for itself; gives the hash of the content.
std::string prepare(net::HttpRequest& request, const AwsKeys& keys, const AwsScope& scope,
                    const std::string& time) {
  std::erase_if(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, "Authorization");
  });
  set_header(request, "X-Amz-Date", time);
  if (!keys.session_token.empty())
    set_header(request, "X-Amz-Security-Token", std::string(keys.session_token));
  const auto given = std::ranges::find_if(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, kContentHash);
  });
  if (given != request.headers.end()) return given->second;
  auto hash = sha256_hex(request.body);
  if (scope.service == "s3") set_header(request, "X-Amz-Content-Sha256", hash);
  return hash;
}

}  // namespace

void sign_aws_sigv4(net::HttpRequest& request, const AwsKeys& keys, const AwsScope& scope,
                    Instant now) {
  const auto time = basic_time(now);
  const auto date = std::string_view(time).substr(0, 8);
  const auto content_hash = prepare(request, keys, scope, time);
  const auto url = net::url_parts(request.url);
  const auto query = sorted_and_encoded(decoded_pairs(url.query));
  request.url = net::with_other_query(request.url, query);

  std::string lines;
  std::string names;
  for (const auto& [name, value] : canonical_headers(request, url.authority)) {
    lines += fmt::format("{}:{}\n", name, value);
    names += fmt::format("{}{}", names.empty() ? "" : ";", name);
  }
  const auto canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(url.path, scope.service),
                  query, lines, names, content_hash);
  const auto good_for = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const auto text =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, good_for, sha256_hex(canonical));

  auto key = signing_key(keys, scope, date);
  const auto signature = hex(hmac(Hash::sha256, key, text));
  vault::wipe(key);
  set_header(request, "Authorization",
             fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                         keys.access_key_id, good_for, names, signature));
}

}  // namespace tba::connectors
