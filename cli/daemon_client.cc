#include "cli/daemon_client.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/json_fields.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::cli {
namespace {

// The daemon may call an API for us, which has a minute to answer.
constexpr int kAnswerSeconds = 120;
constexpr int kPatientSeconds = 24 * 3600;
// The daemon sends a comment on silent streams more often than this.
constexpr int kStreamSilenceSeconds = 90;

// What a daemon may answer at most: the results of a run, each within its limits.
constexpr std::size_t kDeepestAnswer = 200'000;
constexpr std::size_t kLargestAnswer = std::size_t{1} << 30;

constexpr std::string_view kApi = "/api/v1";

// httplib's client with its one way out replaced: it cannot connect to unix sockets itself.
class UnixSocketClient final : public httplib::ClientImpl {
 public:
  UnixSocketClient(std::string path, int answer_seconds)
      : ClientImpl("localhost"), path_(std::move(path)) {
    set_read_timeout(answer_seconds, 0);
    set_url_encode(false);
  }

  // Of the last attempt to connect; 0 if it was successful.
  int connect_errno() const { return connect_errno_; }

 private:
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
    connect_errno_ = 0;
    const int file = connect_to_path();
    if (file < 0) {
      error = httplib::Error::Connection;
      return false;
    }
    socket.sock = file;
    return true;
  }

  int connect_to_path() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
      connect_errno_ = ENAMETOOLONG;
      return -1;
    }
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) {
      connect_errno_ = errno;
      return -1;
    }
    if (::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      connect_errno_ = errno;
      ::close(file);
      return -1;
    }
    return file;
  }

  std::string path_;
  int connect_errno_ = 0;
};

ExitCode exit_code_of_status(int status) {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return ExitCode::usage;
    case 401:
    case 403:
      return ExitCode::denied;
    case 404:
      return ExitCode::not_found;
    case 408:
    case 504:
      return ExitCode::timed_out;
    default:
      return ExitCode::failed;
  }
}

CliError not_understood(std::string_view method, std::string_view target, std::string_view why) {
  return {ExitCode::failed,
          fmt::format("the daemon's answer to {} {} is not understood: {}", method, target, why),
          "check with 'tba-integrate daemon status' that the daemon is of the same version"};
}

// An answer outside of 2xx, which should be a problem document (RFC 9457).
CliError problem_of(std::string_view method, std::string_view target, int status,
                    const std::string& body) {
  const Json document = Json::parse(body, nullptr, false);
  std::string message = text_of(document, "detail");
  if (message.empty()) message = text_of(document, "title");
  if (message.empty()) {
    return not_understood(method, target,
                          fmt::format("status {} without a problem document", status));
  }
  return {exit_code_of_status(status), std::move(message), text_of(document, "hint"),
          text_of(document, "diagnostics")};
}

}  // namespace

DaemonClient::DaemonClient(std::string socket_path, std::string start_hint)
    : socket_path_(std::move(socket_path)),
      start_hint_(std::move(start_hint)),
      answer_seconds_(kAnswerSeconds) {}

DaemonClient DaemonClient::patient() const {
  auto client = *this;
  client.answer_seconds_ = kPatientSeconds;
  return client;
}

Outcome<Json> DaemonClient::get(std::string_view path, const Query& query) const {
  return send("GET", with_query(fmt::format("{}{}", kApi, path), query), nullptr);
}

Outcome<Value> DaemonClient::get_value(std::string_view path, const Query& query) const {
  const auto target = with_query(fmt::format("{}{}", kApi, path), query);
  const auto text = exchange("GET", target, nullptr);
  if (!text) return text.error();
  auto answer = parse_json(*text, {.depth = kDeepestAnswer, .bytes = kLargestAnswer});
  if (!answer || !answer->is_object()) {
    return not_understood("GET", target, "it is no JSON object");
  }
  return std::move(*answer);
}

Outcome<Json> DaemonClient::list(std::string_view path, const Query& query) const {
  auto answer = get(path, query);
  if (!answer) return answer;
  const auto items = answer->find("items");
  if (items == answer->end() || !items->is_array()) {
    return not_understood("GET", path, "it has no list of items");
  }
  for (const Json& item : *items) {
    if (!item.is_object()) return not_understood("GET", path, "an item is no object");
  }
  return answer;
}

Outcome<Json> DaemonClient::post(std::string_view path, const Json& body) const {
  return send("POST", fmt::format("{}{}", kApi, path), &body);
}

Outcome<Json> DaemonClient::put(std::string_view path, const Json& body) const {
  return send("PUT", fmt::format("{}{}", kApi, path), &body);
}

Outcome<Json> DaemonClient::remove(std::string_view path) const {
  return send("DELETE", fmt::format("{}{}", kApi, path), nullptr);
}

Outcome<> DaemonClient::follow(std::string_view path,
                               const std::function<bool(const ServerEvent&)>& on_event) const {
  UnixSocketClient client(socket_path_, answer_seconds_);
  client.set_read_timeout(kStreamSilenceSeconds, 0);
  const std::string target = fmt::format("{}{}", kApi, path);
  EventStreamParser parser;
  std::optional<int> failed_status;
  std::string failed_body;
  bool goes_on = true;
  const auto result = client.Get(
      target, {{"Accept", "text/event-stream"}},
      [&](const httplib::Response& response) {
        if (response.status != 200) failed_status = response.status;
        return true;
      },
      [&](const char* bytes, std::size_t size) {
        if (failed_status) {
          failed_body.append(bytes, size);
          return true;
        }
        parser.feed({bytes, size}, [&](const ServerEvent& event) {
          if (goes_on) goes_on = on_event(event);
        });
        return goes_on;
      });
  if (failed_status) return problem_of("GET", target, *failed_status, failed_body);
  if (!result && client.connect_errno() != 0) return nobody_answers();
  return {};
}

bool DaemonClient::is_ready() const {
  UnixSocketClient client(socket_path_, answer_seconds_);
  const auto result = client.Get("/readyz");
  return result && result->status == 200;
}

Outcome<Json> DaemonClient::send(std::string_view method, std::string target,
                                 const Json* body) const {
  const auto text = exchange(method, target, body);
  if (!text) return text.error();
  if (text->empty()) return Json::object();
  Json answer = Json::parse(*text, nullptr, false);
  if (!answer.is_object()) return not_understood(method, target, "it is no JSON object");
  return answer;
}

// The body of an answer that tells of success.
Outcome<std::string> DaemonClient::exchange(std::string_view method, const std::string& target,
                                            const Json* body) const {
  UnixSocketClient client(socket_path_, answer_seconds_);
  httplib::Request request;
  request.method = method;
  request.path = target;
  if (body) {
    request.body = body->dump(-1, ' ', false, Json::error_handler_t::replace);
    request.set_header("Content-Type", "application/json");
  }
  const auto result = client.send(request);
  if (!result) {
    if (client.connect_errno() == EACCES || client.connect_errno() == EPERM) {
      return CliError{ExitCode::denied, fmt::format("not allowed to connect to {}", socket_path_),
                      "call it as the user who runs the daemon"};
    }
    if (client.connect_errno() == ENAMETOOLONG) {
      return usage_error(
          fmt::format("the socket's path is longer than a socket's may be: {}", socket_path_),
          "use a home with a shorter path");
    }
    if (client.connect_errno() != 0) return nobody_answers();
    return CliError{ExitCode::failed,
                    fmt::format("the daemon did not answer {} {}", method, target),
                    "see its log for why"};
  }
  if (result->status < 200 || result->status > 299) {
    return problem_of(method, target, result->status, result->body);
  }
  return result->body;
}

CliError DaemonClient::nobody_answers() const {
  return {ExitCode::no_daemon, fmt::format("no daemon answers on {}", socket_path_), start_hint_};
}

}  // namespace tba::cli
