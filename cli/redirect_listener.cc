#include "cli/redirect_listener.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <httplib.h>

namespace tba::cli {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kUsualPath = "/callback";

/// What a redirect URI of this machine says.
struct Place {
  std::string host;
  int port = 0;
  std::string path;
};

std::optional<Place> place_of(std::string_view uri) {
  if (!uri.starts_with(kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  const auto slash = uri.find('/');
  if (slash == std::string_view::npos || uri.find_first_of("?#") != std::string_view::npos)
    return std::nullopt;
  const auto authority = uri.substr(0, slash);
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Place place{std::string(authority.substr(0, colon)), 0, std::string(uri.substr(slash))};
  const auto port = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), place.port);
  const bool is_port = error == std::errc() && end == port.data() + port.size() && place.port > 0 &&
                       place.port < 65536;
  const bool is_here = place.host == "127.0.0.1" || place.host == "localhost";
  return is_port && is_here ? std::optional(std::move(place)) : std::nullopt;
}

std::string page(std::string_view title, std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>"
      "<body style=\"font-family: sans-serif; margin: 4em auto; max-width: 32em\">"
      "<h1>{0}</h1><p>{1}</p></body></html>\n",
      title, escaped);
}

}  // namespace

struct RedirectListener::Server {
  httplib::Server http;
  std::string redirect_uri;
  std::thread thread;
};

RedirectListener::RedirectListener(std::unique_ptr<Server> server) : server_(std::move(server)) {}

RedirectListener::~RedirectListener() {
  server_->http.stop();
  server_->thread.join();
}

const std::string& RedirectListener::redirect_uri() const {
  return server_->redirect_uri;
}

bool RedirectListener::is_local(const std::string& redirect_uri) {
  return place_of(redirect_uri).has_value();
}

Outcome<std::unique_ptr<RedirectListener>> RedirectListener::open(const std::string& redirect_uri,
                                                                  Visit on_visit) {
  auto place = redirect_uri.empty() ? Place{"127.0.0.1", 0, std::string(kUsualPath)}
                                    : place_of(redirect_uri).value_or(Place());
  if (place.host.empty()) {
    return usage_error(fmt::format("'{}' is no redirect URI of this machine", redirect_uri),
                       "it looks like http://127.0.0.1:8765/callback");
  }
  auto server = std::make_unique<Server>();
  server->http.Get(".*", [place, visit = std::move(on_visit)](const httplib::Request& request,
                                                              httplib::Response& answer) {
    const std::string_view target = request.target;
    if (target.substr(0, target.find('?')) != place.path) {
      answer.status = 404;
      return;
    }
    const auto url = fmt::format("{}{}:{}{}", kScheme, place.host, request.local_port, target);
    const auto told = visit(url);
    answer.status = told ? 200 : 400;
    answer.set_content(
        told ? page("Logged in", *told) : page("That did not work", told.error().message),
        "text/html; charset=utf-8");
  });
  // Without what httplib sets, by which a port can be had that somebody else listens on.
  server->http.set_socket_options([](socket_t) {});
  // Only this machine can be asked, whatever the name stands for.
  const bool is_bound = place.port == 0
                            ? (place.port = server->http.bind_to_any_port("127.0.0.1")) > 0
                            : server->http.bind_to_port("127.0.0.1", place.port);
  if (!is_bound) {
    return CliError{ExitCode::failed, fmt::format("nobody can listen on port {}", place.port),
                    "another program does, perhaps an earlier login"};
  }
  server->redirect_uri = fmt::format("{}{}:{}{}", kScheme, place.host, place.port, place.path);
  server->thread = std::thread([http = &server->http] { http->listen_after_bind(); });
  while (!server->http.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<RedirectListener>(new RedirectListener(std::move(server)));
}

}  // namespace tba::cli
