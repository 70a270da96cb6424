#include "daemon/net/mail_transfer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "daemon/net/curl_code.h"
#include "daemon/net/curl_handles.h"
#include "daemon/net/origin.h"

namespace tba::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestText = 2'000;
/// How long a server may take to say goodbye.
constexpr auto kFarewell = 1s;
// RFC 4954, section 6.
constexpr int kLoggedIn = 235;
constexpr int kGoOn = 334;
constexpr int kLoginRefused = 535;

constexpr std::array<std::pair<std::string_view, MailStage>, 8> kCommands{{
    {"EHLO", MailStage::hello},
    {"HELO", MailStage::hello},
    {"STARTTLS", MailStage::encryption},
    {"AUTH", MailStage::login},
    {"MAIL", MailStage::sender},
    {"RCPT", MailStage::recipient},
    {"DATA", MailStage::start},
    {"NOOP", MailStage::check},
}};

bool holds_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What comes back beside replies is of no use.
std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

}  // namespace

MailTransfer::MailTransfer(const MailRequest& request, const std::string& ca_file,
                           const std::atomic<bool>& given_up)
    : request_(request), ca_file_(ca_file), given_up_(given_up) {}

std::optional<HttpFailure> MailTransfer::objection(const MailRequest& request) {
  const auto object = [](std::string why) {
    return HttpFailure{HttpFailure::Kind::invalid, false, "cannot send the message: " + why};
  };
  const auto origin = origin_of(request.url);
  if (origin.scheme != "smtp" && origin.scheme != "smtps")
    return object("its URL does not begin with smtp:// or smtps://");
  if (holds_control(request.url)) return object("its URL holds a control character");
  if (!request.envelope) return std::nullopt;
  const auto& [sender, recipients, message] = *request.envelope;
  if (recipients.empty()) return object("it has no recipients");
  if (holds_control(sender) || std::ranges::any_of(recipients, holds_control))
    return object("an address holds a control character");
  return std::nullopt;
}

MailResult MailTransfer::perform() {
  const Easy easy(curl_easy_init());
  if (!easy) throw std::bad_alloc();
  set_up(easy.get());
  Slist recipients;
  if (request_.envelope) {
    for (const auto& recipient : request_.envelope->recipients) append(recipients, recipient);
    curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, request_.envelope->sender.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, recipients.get());
  } else {
    curl_easy_setopt(easy.get(), CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, "NOOP");
  }
  return conclude(curl_easy_perform(easy.get()));
}

void MailTransfer::set_up(CURL* easy) {
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROXY, "");         // The proxies of the environment are for HTTP.
  set(CURLOPT_FORBID_REUSE, 1L);  // So that the end of the talk is part of it.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_ERRORBUFFER, error_);
  const auto timeout = std::max(request_.timeout, 1ms);
  const auto connect_timeout = std::min(request_.connect_timeout, timeout);
  const auto in_seconds = std::chrono::ceil<std::chrono::seconds>(timeout);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  // Of a single reply, which is two minutes otherwise: to look at a message may take longer.
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(in_seconds.count()));
  if (!ca_file_.empty()) {
    set(CURLOPT_CAINFO, ca_file_.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set_login(easy);
  set(CURLOPT_HEADERFUNCTION, &MailTransfer::on_reply);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &drop);
  set(CURLOPT_READFUNCTION, &MailTransfer::on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_XFERINFOFUNCTION, &MailTransfer::on_progress);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  // Only so does it tell which commands it sends.
  set(CURLOPT_DEBUGFUNCTION, &MailTransfer::on_told);
  set(CURLOPT_DEBUGDATA, this);
  set(CURLOPT_VERBOSE, 1L);
}

void MailTransfer::set_login(CURL* easy) {
  if (!has_login()) return;
  curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  curl_easy_setopt(easy, CURLOPT_USERNAME, request_.username.c_str());
  if (request_.access_token.empty()) {
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request_.password.c_str());
    // Else libcurl takes GSSAPI or NTLM where they are offered, and gives up where they fail. What
    // is sent is encrypted.
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
  } else {
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, request_.access_token.c_str());
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
  }
}

/// libcurl is about to send that.
void MailTransfer::begin(std::string_view command) {
  // Encoded lines of a login may look like any command.
  if (reply_.stage == MailStage::login && reply_.code == kGoOn) return;
  if (command.starts_with("QUIT")) quit_at_ = std::chrono::steady_clock::now();
  const auto found = std::ranges::find_if(
      kCommands, [&](const auto& entry) { return command.starts_with(entry.first); });
  if (found == kCommands.end()) return;
  reply_ = {found->second, 0, {}, {}};
  is_answered_ = false;
  if (reply_.stage != MailStage::recipient || !request_.envelope) return;
  reply_.recipient = request_.envelope->recipients.at(recipients_++);
}

/// A line of a reply (RFC 5321, section 4.2): a code, then a blank, or '-' where another line
/// follows. False where there is no point in going on.
bool MailTransfer::take_line(std::string_view line) {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  if (quit_at_ || line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), is_digit)) return true;
  if (std::exchange(is_answered_, false)) reply_.text.clear();
  reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const auto text = line.substr(std::min<std::size_t>(line.size(), 4));
  if (!reply_.text.empty() && reply_.text.size() < kLongestText) reply_.text += ' ';
  reply_.text += text.substr(0, kLongestText - std::min(kLongestText, reply_.text.size()));
  if (line.size() > 3 && line[3] == '-') return true;
  is_answered_ = true;
  if (reply_.stage == MailStage::login && reply_.code == kLoggedIn) is_logged_in_ = true;
  const bool is_past_login = reply_.stage == MailStage::sender || reply_.stage == MailStage::check;
  is_login_missing_ = has_login() && !is_logged_in_ && is_past_login;
  return !is_login_missing_;
}

std::size_t MailTransfer::on_reply(char* data, std::size_t size, std::size_t count, void* self) {
  const bool goes_on =
      static_cast<MailTransfer*>(self)->take_line(std::string_view(data, size * count));
  return goes_on ? size * count : CURL_WRITEFUNC_ERROR;
}

std::size_t MailTransfer::on_read(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<MailTransfer*>(self);
  const auto left =
      std::string_view(transfer.request_.envelope->message).substr(transfer.bytes_read_);
  const auto bytes = std::min(left.size(), size * count);
  std::memcpy(data, left.data(), bytes);
  transfer.bytes_read_ += bytes;
  if (bytes == 0) {  // Upon that libcurl tells the server that it is all.
    transfer.reply_ = {MailStage::message, 0, {}, {}};
    transfer.is_answered_ = false;
  }
  return bytes;
}

int MailTransfer::on_told(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
  if (type == CURLINFO_HEADER_OUT)
    static_cast<MailTransfer*>(self)->begin(std::string_view(data, size));
  return 0;
}

/// Called once a second at least.
int MailTransfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<MailTransfer*>(self);
  const bool is_over =
      transfer.quit_at_ && std::chrono::steady_clock::now() - *transfer.quit_at_ > kFarewell;
  return transfer.given_up_ || is_over ? 1 : 0;
}

/// What counts is what the server said last before the farewell, not how that went.
MailResult MailTransfer::conclude(CURLcode code) const {
  const auto kind = is_answered_ ? reply_.code / 100 : 0;
  const bool is_done = reply_.stage == MailStage::message || reply_.stage == MailStage::check;
  if (is_login_missing_)
    return failure(HttpFailure::Kind::protocol, "the server offers no way to log in");
  if (kind == 4 || kind == 5 || (kind == 2 && is_done)) return reply_;
  if (given_up_) return failure(HttpFailure::Kind::cancelled, "it was cancelled");
  // XOAUTH2 refuses a token by asking back, and libcurl leaves it at that.
  if (code == CURLE_LOGIN_DENIED && reply_.stage == MailStage::login && reply_.code == kGoOn)
    return MailReply{MailStage::login, kLoginRefused, "the access token is not accepted", {}};
  return failure(kind_of(code), why(code));
}

std::string MailTransfer::why(CURLcode code) const {
  switch (code) {
    case CURLE_OK:
    case CURLE_WEIRD_SERVER_REPLY:
      return "the server answered what no mail server does";
    case CURLE_OPERATION_TIMEDOUT:
      return reply_.stage == MailStage::greeting ? "no connection came about in time"
                                                 : "the server did not answer in time";
    case CURLE_USE_SSL_FAILED:
      return "the server offers no STARTTLS, without which no password is sent";
    case CURLE_LOGIN_DENIED:
      return "the server offers no way to log in that goes with the credential";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return "the connection was closed before an answer came";
    default:
      // libcurl's own words name host, port and certificate.
      return error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  }
}

HttpFailure MailTransfer::failure(HttpFailure::Kind kind, std::string_view why) const {
  return {kind, reply_.stage == MailStage::message,
          fmt::format("mail to {} failed: {}", text_of(origin_of(request_.url)), why)};
}

}  // namespace tba::net
