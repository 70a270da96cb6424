#include "cli/run_watcher.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/run_view.h"
#include "shared/run.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kRedrawEvery = 200ms;
constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 2000ms;

struct ConnectionLost {};
struct StreamEnded {
  Outcome<> outcome;  ///< Success: the run has ended.
};
using Message = std::variant<ServerEvent, ConnectionLost, StreamEnded>;

// From the thread that reads to the one that shows.
class MessageQueue {
 public:
  void push(Message message) {
    const std::scoped_lock lock(mutex_);
    messages_.push_back(std::move(message));
    changed_.notify_one();
  }

  std::optional<Message> pop(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [this] { return !messages_.empty(); })) return {};
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> messages_;
};

bool is_end_of_run(const ServerEvent& event) {
  if (event.name != "run") return false;
  const auto status = run_status_named(text_of(Json::parse(event.data, nullptr, false), "status"));
  return status && (is_final(*status) || *status == RunStatus::interrupted);
}

// Follows the run's events, over as many connections as it takes, until it ends or the daemon has
// been away for too long. The last message is StreamEnded.
void read_events(const DaemonClient& daemon, const std::string& path,
                 std::chrono::milliseconds patience, MessageQueue& queue) {
  using Clock = std::chrono::steady_clock;
  bool was_connected = false;
  Clock::time_point last_heard;
  auto pause = kFirstPause;
  while (true) {
    bool has_ended = false;
    bool is_connected = false;
    const auto outcome = daemon.follow(path, [&](const ServerEvent& event) {
      is_connected = true;
      has_ended = is_end_of_run(event);
      queue.push(event);
      return !has_ended;
    });
    if (has_ended) return queue.push(StreamEnded{});
    if (is_connected) {
      was_connected = true;
      last_heard = Clock::now();
      pause = kFirstPause;
      queue.push(ConnectionLost{});
    }
    const bool is_hopeless =
        !was_connected || (!outcome && outcome.error().code == ExitCode::not_found);
    if (is_hopeless || Clock::now() - last_heard > patience) {
      if (!outcome) return queue.push(StreamEnded{outcome.error()});
      return queue.push(StreamEnded{
          CliError{ExitCode::failed, "the daemon closed the connection before it told of the run",
                   "see 'tba-integrate run show'"}});
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
  }
}

// What is shown of a run while it goes on.
class Display {
 public:
  virtual ~Display() = default;
  virtual void on_event(const ServerEvent& event, const Json& data) = 0;
  virtual void on_connection_lost() = 0;
  virtual void on_pause() {}
  virtual void on_end() {}
};

void apply(RunView& view, const ServerEvent& event, const Json& data,
           std::vector<std::string>& changes) {
  if (event.name == "run") changes = view.apply_run(data);
  if (event.name == "step") changes = view.apply_step(data);
}

std::string log_text(const Json& line) {
  return fmt::format("{} | {}", one_line(text_of(line, "step")), one_line(text_of(line, "text")));
}

class JsonDisplay final : public Display {
 public:
  explicit JsonDisplay(Console& console) : console_(console) {}

  void on_event(const ServerEvent& event, const Json& data) override {
    const Json line = {{"event", event.name}, {"data", data}};
    console_.out << line.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
  void on_connection_lost() override {}

 private:
  Console& console_;
};

class LineDisplay final : public Display {
 public:
  LineDisplay(Console& console, bool logs) : console_(console), logs_(logs) {}

  void on_event(const ServerEvent& event, const Json& data) override {
    std::vector<std::string> changes;
    apply(view_, event, data, changes);
    for (const std::string& change : changes) console_.out << change << '\n';
    if (event.name == "log" && logs_) console_.out << log_text(data) << '\n';
    console_.out.flush();
  }
  void on_connection_lost() override {
    console_.err << "the connection to the daemon broke; connecting again\n";
  }
  void on_end() override { console_.out << view_.summary() << '\n'; }

 private:
  Console& console_;
  bool logs_;
  RunView view_;
};

// Draws the run over what it drew before; log lines scroll away above it.
class TreeDisplay final : public Display {
 public:
  TreeDisplay(Console& console, bool logs) : console_(console), logs_(logs) {}

  void on_event(const ServerEvent& event, const Json& data) override {
    std::vector<std::string> changes;
    apply(view_, event, data, changes);
    is_connected_ = true;
    std::vector<std::string> above;
    if (event.name == "log" && logs_) above.push_back(log_text(data));
    draw(above);
  }
  void on_connection_lost() override {
    is_connected_ = false;
    draw({});
  }
  void on_pause() override {
    ++phase_;
    draw({});
  }
  void on_end() override {
    is_connected_ = true;
    draw({});
  }

 private:
  // In one piece, so that it does not flicker.
  void draw(const std::vector<std::string>& above) {
    if (view_.empty()) return;
    const TerminalSize size = console_.terminal_size();
    std::vector<std::string> lines = view_.lines(console_.clock.now(), console_.colour_out, phase_);
    if (!is_connected_)
      lines.emplace_back("  the connection to the daemon broke; connecting again");
    const auto rows = static_cast<std::size_t>(std::max(size.rows, 4)) - 1;
    if (lines.size() > rows && !view_.has_ended()) {
      const std::size_t hidden = lines.size() - rows + 1;
      lines.erase(lines.begin() + 1, lines.begin() + 1 + static_cast<std::ptrdiff_t>(hidden));
      lines.insert(lines.begin() + 1, fmt::format("  … {} more above", hidden));
    }
    std::string text = drawn_ > 0 ? fmt::format("\033[{}A\r\033[J", drawn_) : "";
    const auto columns = static_cast<std::size_t>(std::max(size.columns, 20));
    for (const std::string& line : above) text += line + '\n';
    for (const std::string& line : lines) text += cut_to_width(line, columns) + '\n';
    drawn_ = lines.size();
    console_.out << text << std::flush;
  }

  Console& console_;
  bool logs_;
  RunView view_;
  std::size_t drawn_ = 0;
  unsigned phase_ = 0;
  bool is_connected_ = true;
};

std::unique_ptr<Display> make_display(Session& session, bool logs) {
  Console& console = session.console();
  if (session.json()) return std::make_unique<JsonDisplay>(console);
  if (console.out_is_terminal) return std::make_unique<TreeDisplay>(console, logs);
  return std::make_unique<LineDisplay>(console, logs);
}

}  // namespace

Outcome<ExitCode> watch_run(Session& session, const std::string& id, const WatchOptions& options) {
  const auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto display = make_display(session, options.logs);
  const std::string path = "/runs/" + percent_encode(id) + "/events";

  MessageQueue queue;
  const std::jthread reader([&] { read_events(*daemon, path, options.patience, queue); });
  std::string status;
  while (true) {
    const auto message = queue.pop(kRedrawEvery);
    if (!message) {
      display->on_pause();
    } else if (const auto* event = std::get_if<ServerEvent>(&*message)) {
      const Json data = Json::parse(event->data, nullptr, false);
      if (!data.is_object()) continue;
      if (event->name == "run") status = text_of(data, "status");
      display->on_event(*event, data);
    } else if (std::holds_alternative<ConnectionLost>(*message)) {
      display->on_connection_lost();
    } else {
      const auto& ended = std::get<StreamEnded>(*message);
      if (!ended.outcome) return ended.outcome.error();
      display->on_end();
      return status == name_of(RunStatus::succeeded) ? ExitCode::done : ExitCode::failed;
    }
  }
}

Outcome<ExitCode> tell_of_start(Session& session, const Json& run, bool watch) {
  const std::string id = text_of(run, "id");
  if (watch) return watch_run(session, id, {});
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, run);
  } else {
    console.out << id << '\n';
    console.err << fmt::format("follow it with '{}'\n", session.command_line("run watch " + id));
  }
  return ExitCode::done;
}

}  // namespace tba::cli
