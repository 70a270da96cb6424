#include "daemon/net/transfer.h"

#include <algorithm>
#include <array>
#include <new>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "daemon/net/client_certificate.h"
#include "daemon/net/curl_code.h"
#include "daemon/net/origin.h"
#include "shared/uri.h"

namespace tba::net {

namespace {

constexpr std::size_t kMaxHeaderBytes = 256 << 10;
constexpr int kMaxRedirects = 10;

/// Written by libcurl from the body and the connection.
constexpr std::array<std::string_view, 4> kOwnFields{"Content-Length", "Transfer-Encoding",
                                                     "Connection", "Expect"};
/// Those that go along to another origin: what can hold no secret.
constexpr std::array<std::string_view, 4> kHarmlessFields{"Accept", "Accept-Language",
                                                          "Content-Type", "User-Agent"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::ranges::any_of(names,
                             [&](std::string_view n) { return equal_ignoring_case(n, name); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_control(char c) {
  return (c >= 0 && c < ' ') || c == '\x7f';
}

}  // namespace

Easy make_easy(const std::string& ca_file, const std::string& unproxied_hosts) {
  Easy easy(curl_easy_init());
  if (!easy) return easy;
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(easy.get(), option, value);
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);  // Transfer::redirect() does, by rules of its own.
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_USERAGENT, "tba-integrate/" TBA_VERSION);
  set(CURLOPT_NOPROXY, unproxied_hosts.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Otherwise giving up a request whose name is being resolved blocks the thread, and with it every
  // other request, until the resolver gives up too.
  set(CURLOPT_QUICK_EXIT, 1L);
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  // Each request in flight has a buffer; most answers are small, and thousands may be waited for.
  set(CURLOPT_BUFFERSIZE, 2048L);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_PREREQFUNCTION, &Transfer::before_request);
  return easy;
}

Transfer::Transfer(HttpRequest request, boost::asio::any_io_executor executor, HttpHandler handler)
    : request_(std::move(request)),
      origin_(text_of(origin_of(request_.url))),
      executor_(std::move(executor)),
      handler_(std::move(handler)) {}

std::optional<HttpFailure> Transfer::objection() const {
  // The parts at fault are not shown: a URL or a value may hold a secret.
  const auto object = [](std::string why) {
    return HttpFailure{HttpFailure::Kind::invalid, false, "cannot send the request: " + why};
  };
  if (!is_token(request_.method)) return object("its method is not a token");
  if (request_.method == "HEAD" && !request_.body.empty()) return object("HEAD takes no body");
  const auto scheme = std::string_view(request_.url).substr(0, request_.url.find("://"));
  if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) {
    return object("its URL does not begin with http:// or https://");
  }
  if (std::ranges::any_of(request_.url, [](char c) { return is_control(c) || c == ' '; })) {
    return object("its URL holds a blank or a control character");
  }
  if (request_.client_certificate && !equal_ignoring_case(scheme, "https")) {
    return object("it has a client certificate, which can be shown with https:// only");
  }
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name)) return object("the name of one of its headers is not a token");
    if (is_one_of(name, kOwnFields)) return object("the header " + name + " is the client's own");
    if (std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; })) {
      return object("the value of the header " + name + " holds a control character");
    }
  }
  return {};
}

void Transfer::prepare(Easy easy) {
  easy_ = std::move(easy);
  deadline_ = std::chrono::steady_clock::now() + request_.timeout;
  set_up();
}

Easy Transfer::release() {
  if (has_used_login_) {
    easy_.reset();
    return nullptr;
  }
  show_certificate(nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
  return std::move(easy_);
}

/// Handles are reused without curl_easy_reset(), so every option set here is set each time.
void Transfer::set_up() {
  using std::chrono::milliseconds;
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());

  const auto& method = request_.method;
  const bool has_body = !request_.body.empty() || method == "POST" || method == "PUT";
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());

  fields_.reset();
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    // libcurl's way to write a field without a value.
    append(fields_, trim(value).empty() ? name + ";" : name + ": " + value);
    has_type = has_type || equal_ignoring_case(name, "Content-Type");
  }
  if (has_body) {
    append(fields_, "Expect:");
    if (!has_type) append(fields_, "Content-Type:");
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields_.get());

  show_certificate(request_.client_certificate.get());
  use_login(request_.digest_login ? &*request_.digest_login : nullptr);

  const auto left = std::chrono::ceil<milliseconds>(deadline_ - std::chrono::steady_clock::now());
  const auto at_least_one = [](milliseconds time) {
    return static_cast<long>(std::max<milliseconds::rep>(time.count(), 1));
  };
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, at_least_one(left));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, at_least_one(request_.connect_timeout));
  begun_ = false;
}

/// Sets or takes away what libcurl shows in the handshake, and keeps apart by the certificate which
/// connections it may use again. It reads the key where it lies, so that there is no copy of it.
void Transfer::show_certificate(const ClientCertificate* shown) {
  const auto set = [&](CURLoption option, std::string_view text) {
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy_.get(), option, text.empty() ? nullptr : &blob);
  };
  set(CURLOPT_SSLCERT_BLOB, shown ? shown->certificate() : std::string_view());
  set(CURLOPT_SSLKEY_BLOB, shown ? shown->private_key() : std::string_view());
}

/// Sets or takes away by whom libcurl lets itself be asked. It then sends a request that has a body
/// without it at first.
void Transfer::use_login(const Login* login) {
  constexpr long kDigest = CURLAUTH_DIGEST;
  constexpr long kUsual = CURLAUTH_BASIC;  // For the user that a URL may name.
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPAUTH, login ? kDigest : kUsual);
  curl_easy_setopt(easy_.get(), CURLOPT_USERNAME, login ? login->username.c_str() : nullptr);
  curl_easy_setopt(easy_.get(), CURLOPT_PASSWORD, login ? login->password.c_str() : nullptr);
  has_used_login_ = has_used_login_ || login;
}

/// Where the far side asks who calls, what libcurl sends next is the request itself, for the first
/// time.
void Transfer::note_challenge() {
  constexpr long kUnauthorized = 401;
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (!request_.digest_login || status != kUnauthorized) return;
  begun_ = false;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &asking_bytes_);
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  auto& headers = transfer.response_.headers;
  transfer.header_bytes_ += line.size();
  if (transfer.header_bytes_ > kMaxHeaderBytes) {
    transfer.too_large_ = "its headers are larger than 256 KiB";
    return CURL_WRITEFUNC_ERROR;
  }
  if (line.starts_with("HTTP/")) {
    headers.clear();  // Those of an interim answer (1xx), or of one that asked who calls.
    transfer.response_.body.clear();
    transfer.head_complete_ = false;
  } else if (line == "\r\n" || line == "\n") {
    transfer.head_complete_ = true;
    transfer.note_challenge();
  } else if ((line.starts_with(' ') || line.starts_with('\t')) && !headers.empty()) {
    headers.back().second.append(" ").append(trim(line));  // RFC 9112, section 5.2.
  } else if (const auto colon = line.find(':'); colon != line.npos) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), lower);
    headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
  return line.size();
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  auto& body = transfer.response_.body;
  if (size * count > transfer.request_.max_response_bytes - body.size()) {
    transfer.too_large_ = "its body is larger than the limit";
    return CURL_WRITEFUNC_ERROR;
  }
  body.append(data, size * count);
  return size * count;
}

/// libcurl calls this each time it has a connection and is about to send. It sends a second time
/// when a kept connection dies before the first byte of an answer, though the far side may have
/// acted: that is where `once` is kept, with or without a body.
int Transfer::before_request(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.begun_ && !transfer.request_.may_resend) {
    transfer.resend_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.begun_ = true;
  transfer.head_complete_ = false;
  return CURL_PREREQFUNC_OK;
}

bool Transfer::was_sent() const {
  if (redirects_ > 0) return true;
  if (!easy_) return false;
  long bytes = 0;  // Given to the system or the TLS layer, over all connections tried.
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > asking_bytes_;
}

std::optional<HttpResult> Transfer::conclude(CURLcode code) {
  if (code != CURLE_OK) return failure(code);
  if (!head_complete_) {  // To libcurl that is an answer without a body.
    return failure(HttpFailure::Kind::reset, "the connection was closed within the answer's head");
  }
  long status = 0;
  char* target = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (request_.follow_redirects) {
    curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
  }
  if (target == nullptr) return response();
  if (auto failed = redirect(response_.status, target)) return *std::move(failed);
  response_ = {};
  header_bytes_ = 0;
  head_complete_ = false;
  set_up();
  return {};
}

/// Turns the request into the one to send instead (RFC 9110, section 15.4).
std::optional<HttpFailure> Transfer::redirect(int status, const char* url) {
  std::string next = url;  // libcurl's, and gone once an option is set.
  const auto from = origin_of(request_.url);
  const auto to = origin_of(next);
  if (to.scheme != "http" && to.scheme != "https") {
    return failure(HttpFailure::Kind::protocol, "redirected to something that is not HTTP");
  }
  if (from.scheme == "https" && to.scheme == "http") {
    return failure(HttpFailure::Kind::protocol, "redirected from https to http");
  }
  if (redirects_ == kMaxRedirects) {
    return failure(HttpFailure::Kind::protocol, "redirected more than 10 times");
  }
  ++redirects_;
  if (from != to) {
    request_.client_certificate = nullptr;
    request_.digest_login.reset();
    std::erase_if(request_.headers,
                  [](const auto& field) { return !is_one_of(field.first, kHarmlessFields); });
  }
  const bool becomes_get =
      status == 303 ? request_.method != "HEAD" : status <= 302 && request_.method == "POST";
  if (becomes_get) {
    request_.method = "GET";
    request_.body.clear();
    std::erase_if(request_.headers, [](const auto& field) {
      return equal_ignoring_case(field.first, "Content-Type");
    });
  }
  request_.url = std::move(next);
  return {};
}

HttpResult Transfer::response() {
  auto& headers = response_.headers;
  const auto is_named = [](std::string_view name) {
    return [name](const auto& field) { return field.first == name; };
  };
  // libcurl has decompressed it; to HEAD they are the answer.
  if (request_.method != "HEAD" && std::ranges::any_of(headers, is_named("content-encoding"))) {
    std::erase_if(headers, is_named("content-encoding"));
    std::erase_if(headers, is_named("content-length"));
  }
  return std::move(response_);
}

HttpFailure Transfer::failure(CURLcode code) const {
  using enum HttpFailure::Kind;
  if (!too_large_.empty())
    return failure(too_large, fmt::format("the answer is too large: {}", too_large_));
  if (resend_refused_ && head_complete_) {
    return failure(protocol, "it was answered before its body was sent, without being asked for");
  }
  if (resend_refused_) return failure(reset, "the connection was closed before an answer came");
  const auto kind = kind_of(code);
  switch (kind) {
    case invalid:  // Unless it is the answer, or a redirect's target, that is.
      return failure(was_sent() ? protocol : invalid, curl_easy_strerror(code));
    case connect:
    case dns:
    case tls:
      // libcurl's own words name host, port and certificate, nothing of the request.
      return failure(kind, error_[0] != '\0' ? error_ : curl_easy_strerror(code));
    case timeout:
      return failure(kind,
                     begun_ ? "no whole answer came in time" : "no connection came about in time");
    default:
      return failure(kind, curl_easy_strerror(code));
  }
}

HttpFailure Transfer::failure(HttpFailure::Kind kind, std::string_view why) const {
  return {
      kind, was_sent(),
      fmt::format("{} to {} failed: {}", request_.method, text_of(origin_of(request_.url)), why)};
}

void Transfer::complete(HttpResult result) {
  boost::asio::post(executor_,
                    [handler = std::move(handler_), result = std::move(result)]() mutable {
                      std::move(handler)(std::move(result));
                    });
}

}  // namespace tba::net
