#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/redirect_listener.h"
#include "shared/time_format.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string name;
  std::string grant;
  std::string redirect_uri;
};

/// A login that the daemon has begun.
class Login {
 public:
  Login(DaemonClient daemon, std::string path)
      : daemon_(std::move(daemon)), path_(std::move(path)) {}

  /// Whether it is done; a problem of the URL itself leaves it as it was.
  Outcome<Json> go_on(const std::string& url) const {
    Json body = Json::object();
    if (!url.empty()) body["url"] = url;
    return daemon_.post(path_, body);
  }

 private:
  DaemonClient daemon_;
  std::string path_;
};

bool is_done(const Json& progress) {
  return member_of(progress, "done") == Json(true);
}

/// What the listener's thread and the command's have in common.
class Waiting {
 public:
  void begin(Login login) {
    std::lock_guard lock(mutex_);
    login_ = std::move(login);
  }

  /// Hands a URL to the daemon. Gives what the person is to be told; an error where nothing came of
  /// it, with which the login may have ended.
  Outcome<std::string> try_url(const std::string& url) {
    std::lock_guard lock(mutex_);
    if (!login_ || outcome_) return CliError{ExitCode::failed, "nobody waits for a login here"};
    const auto progress = login_->go_on(url);
    if (!progress) {
      outcome_ = Outcome<>(progress.error());
      ended_.notify_all();
      return progress.error();
    }
    if (!is_done(*progress)) return CliError{ExitCode::failed, text_of(*progress, "problem")};
    outcome_ = Outcome<>();
    ended_.notify_all();
    return std::string("The login is done; this page can be closed.");
  }

  /// How it ended, if it did within that time.
  std::optional<Outcome<>> wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, time, [this] { return outcome_.has_value(); });
    return outcome_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<Login> login_;
  std::optional<Outcome<>> outcome_;
};

CliError took_too_long(const std::string& name) {
  return {ExitCode::timed_out, "nobody logged in in time",
          fmt::format("begin again: tba-integrate credential login {}", name)};
}

Instant deadline_of(Session& session, const Json& begun) {
  const auto told = parse_time(text_of(begun, "expires_at"));
  return told ? *told : session.console().clock.now();
}

/// Waits for the browser to come back, or for somebody to type where it ended up.
Outcome<> wait_for_browser(Session& session, const Options& options, const Json& begun,
                           Waiting& waiting, bool listens) {
  constexpr std::chrono::milliseconds kMoment{200};
  Console& console = session.console();
  console.err << fmt::format("Open this in a browser, and agree:\n\n  {}\n\n",
                             text_of(begun, "url"));
  const bool can_type = console.in_is_terminal || !listens;
  if (can_type) {
    console.err << (listens ? "Where the browser is on another machine, paste the URL that it ends "
                              "up at, even if it shows nothing there:\n"
                            : "Then paste the URL that the browser ends up at:\n");
  }
  console.err << std::flush;
  const auto deadline = deadline_of(session, begun);
  while (console.clock.now() < deadline) {
    if (auto outcome = waiting.wait(can_type && console.in_is_terminal ? kMoment / 4 : kMoment);
        outcome) {
      return *outcome;
    }
    if (!can_type) continue;
    std::optional<std::string> line;
    if (console.in_is_terminal) {
      line = console.line_within(kMoment);
    } else if (std::string text; std::getline(console.in, text)) {
      line = std::move(text);
    } else {
      return usage_error("there is no URL on standard input");
    }
    if (!line || line->empty()) continue;
    if (const auto told = waiting.try_url(*line); !told)
      console.err << told.error().message << "\n" << std::flush;
  }
  return took_too_long(options.name);
}

/// Waits until somebody has agreed on another machine.
Outcome<> wait_for_device(Session& session, const Options& options, const Json& begun,
                          const Login& login) {
  Console& console = session.console();
  console.err << fmt::format("Open {} in any browser, and type this code:\n\n  {}\n\n",
                             text_of(begun, "url"), text_of(begun, "user_code"));
  if (const auto complete = text_of(begun, "complete_url"); !complete.empty())
    console.err << fmt::format("Or open {}\n", complete);
  console.err << std::flush;
  const auto interval = number_of(begun, "interval").value_or(5);
  const auto deadline = deadline_of(session, begun);
  while (console.clock.now() < deadline) {
    std::this_thread::sleep_for(std::chrono::duration<double>(interval));
    const auto progress = login.go_on("");
    if (!progress) return progress.error();
    if (is_done(*progress)) return {};
  }
  return took_too_long(options.name);
}

Outcome<ExitCode> log_in(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  Waiting waiting;
  std::unique_ptr<RedirectListener> listener;
  const bool listens =
      options.redirect_uri.empty() || RedirectListener::is_local(options.redirect_uri);
  if (listens) {
    auto opened = RedirectListener::open(
        options.redirect_uri, [&](const std::string& url) { return waiting.try_url(url); });
    if (!opened) return opened.error();
    listener = std::move(*opened);
  }
  const auto path = fmt::format("/credentials/{}/login", percent_encode(options.name));
  Json body = {{"redirect_uri", listener ? listener->redirect_uri() : options.redirect_uri}};
  if (!options.grant.empty()) body["grant"] = options.grant;
  const auto begun = daemon->post(path, body);
  if (!begun) return begun.error();
  if (!is_done(*begun)) {
    const Login login(*daemon, path + "/" + percent_encode(text_of(*begun, "id")));
    waiting.begin(login);
    const auto outcome = text_of(*begun, "grant") == "device_code"
                             ? wait_for_device(session, options, *begun, login)
                             : wait_for_browser(session, options, *begun, waiting, listens);
    if (!outcome) return outcome.error();
  }
  if (session.json()) {
    print_json(session.console().out,
               {{"name", options.name}, {"grant", text_of(*begun, "grant")}, {"logged_in", true}});
  } else {
    session.console().out << fmt::format("logged in with credential {}\n", options.name);
  }
  return ExitCode::done;
}

}  // namespace

Action build_credential_login(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("name", options->name, "The credential")->required()->type_name("");
  arguments
      .add_option("--grant", options->grant,
                  "How: authorization_code, device_code, client_credentials or jwt_bearer; the "
                  "first of its scheme if not given")
      ->type_name("GRANT");
  arguments
      .add_option("--redirect-uri", options->redirect_uri,
                  "Where authorization_code comes back to, as it was registered; a free port of "
                  "this machine if not given")
      ->type_name("URL");
  arguments.footer(
      "authorization_code prints a URL for a browser and listens on this machine for what comes\n"
      "back; where the browser is elsewhere, paste the URL that it ends up at. With a redirect "
      "URI\n"
      "of https nothing listens: paste it. device_code prints a code that is typed into a browser\n"
      "anywhere. The other grants need nobody and are done at once.");
  return [options](Session& session) { return log_in(session, *options); };
}

}  // namespace tba::cli
