#include "daemon/plugins/plugin.h"

#include <algorithm>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "daemon/plugins/outcomes.h"
#include "shared/duration.h"

namespace tba::plugins {

namespace asio = boost::asio;

namespace {

/// Between SIGTERM and SIGKILL, for a program that does not keep to the protocol.
constexpr std::chrono::seconds kGrace{1};

constexpr std::size_t kMaxLastWords = 200;

std::string end_of(const Result<steps::ProcessResult>& result, const std::string& last_words) {
  if (!result) {
    const auto& [code, message, hint] = result.error();
    return message + (hint.empty() ? "" : " (" + hint + ")");
  }
  auto why = result->signal != 0
                 ? fmt::format("its program was ended by signal {}", result->signal)
                 : fmt::format("its program ended with exit code {}", result->exit_code);
  if (!last_words.empty()) why += ": " + last_words;
  return why;
}

/// Whether both say the same of a program.
bool is_same(const std::shared_ptr<const Connector>& one,
             const std::shared_ptr<const Connector>& other) {
  if (!one || !other) return one == other;
  return one->text == other->text && one->plugin->folder == other->plugin->folder;
}

}  // namespace

/// One program from its start to its end.
struct Plugin::Life {
  Life(std::shared_ptr<const Connector> described, SpokenLines& lines, Instant now)
      : manifest(std::move(described)), started(now), talk(manifest, input, lines, now) {}

  /// What comes while it is being killed is for the next one.
  bool has_room() const { return problem.empty() && talk.has_room(); }

  const std::shared_ptr<const Connector> manifest;
  const Instant started;
  const std::shared_ptr<steps::ProcessInput> input = std::make_shared<steps::ProcessInput>();
  Conversation talk;
  asio::cancellation_signal kill;
  std::string problem;     // for which it is being killed; or empty
  std::string last_words;  // its last line on stderr
};

Plugin::Plugin(Environment environment, const std::string& name)
    : environment_(std::move(environment)), name_(name), lines_(environment_.log, name) {}

void Plugin::adopt(std::shared_ptr<const Connector> manifest) {
  if (is_same(manifest_, manifest)) return;
  restarts_.forget();
  problem_.clear();
  if (present_) std::exchange(present_, nullptr)->talk.retire(environment_.clock.now());
  manifest_ = std::move(manifest);
  end_waiting(
      [&](const Pending& each) { return !manifest_ || !manifest_->endpoint(each.call.endpoint); },
      "request",
      [&](const Pending& each) {
        return fmt::format("plugin '{}' has no endpoint '{}' any more", name_, each.call.endpoint);
      });
  go_on();
  environment_.changed();
}

void Plugin::call(Pending call) {
  waiting_.push_back(std::move(call));
  go_on();
  environment_.changed();
}

void Plugin::go_on() {
  const auto now = environment_.clock.now();
  if (!waiting_.empty() && !present_) {
    if (now < restarts_.next()) return refuse_waiting(now);
    start();
  }
  while (!waiting_.empty() && present_ && present_->has_room()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    present_->talk.give(std::move(next));
  }
}

void Plugin::refuse_waiting(Instant now) {
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(restarts_.next() - now);
  for (auto& each : std::exchange(waiting_, {})) {
    auto outcome =
        not_called("network", fmt::format("plugin '{}' does not run: {}", name_, problem_));
    outcome.retry_after = pause;
    each.complete(std::move(outcome));
  }
}

void Plugin::cancel(Ticket ticket) {
  end_waiting([&](const Pending& each) { return each.ticket == ticket; }, "cancelled",
              [](const Pending&) {
                return std::string("the call was cancelled before its program had it");
              });
  const auto now = environment_.clock.now();
  for (const auto& life : lives_) {
    if (life->talk.cancel(ticket, now)) break;
  }
  environment_.changed();
}

void Plugin::start() {
  auto life = std::make_shared<Life>(manifest_, lines_, environment_.clock.now());
  present_ = life;
  lives_.push_back(life);
  environment_.log.info("a plugin is started",
                        {{"plugin", name_}, {"version", manifest_->plugin->version}});
  environment_.tasks.spawn(live(std::move(life)));
}

steps::ProcessRequest Plugin::process_of(const Connector& manifest) const {
  const auto& program = *manifest.plugin;
  steps::ProcessRequest request;
  request.command = program.command;
  request.folder = program.folder.string();
  request.environment = {{"HOME", request.folder}, {"LANG", "C.UTF-8"}, {"TBA_PLUGIN", name_}};
  request.only_reports_output = true;
  request.max_line_bytes = kMaxMessageBytes + 1;
  request.confinement = steps::Confinement{program.memory, program.may_use_network};
  request.grace = kGrace;
  return request;
}

/// The program runs in a coroutine of its own, so that killing it leaves this one to tell of it.
asio::awaitable<void> Plugin::live(LifePointer life) {
  auto request = process_of(*life->manifest);
  request.more_input = life->input;
  steps::LineHandler on_line = [this, life](bool is_stderr, std::string_view line) {
    heard(*life, is_stderr, line);
  };
  auto running = environment_.processes.run(std::move(request), std::move(on_line));
  const auto result =
      co_await asio::co_spawn(environment_.executor, std::move(running),
                              asio::bind_cancellation_slot(life->kill.slot(), asio::use_awaitable));
  ended(life, result);
}

void Plugin::heard(Life& life, bool is_stderr, std::string_view line) {
  const auto now = environment_.clock.now();
  if (is_stderr) {
    life.last_words = line.substr(0, kMaxLastWords);
    return lines_.add(daemon::LogLevel::info, line, now);
  }
  if (!life.problem.empty()) return;
  if (auto problem = life.talk.hear(line, now)) condemn(life, std::move(*problem));
  go_on();
  environment_.changed();
}

void Plugin::condemn(Life& life, std::string problem) {
  if (!life.problem.empty()) return;
  life.problem = std::move(problem);
  life.kill.emit(asio::cancellation_type::terminal);
}

void Plugin::ended(const LifePointer& life, const Result<steps::ProcessResult>& result) {
  const bool was_asked_to = life->talk.is_closing() && life->problem.empty();
  const auto why = life->problem.empty() ? end_of(result, life->last_words) : life->problem;
  life->talk.end(why);
  std::erase(lives_, life);
  if (was_asked_to) {
    environment_.log.info("a plugin has ended", {{"plugin", name_}});
  } else {
    environment_.log.warning("a plugin has ended", {{"plugin", name_}, {"why", why}});
  }
  if (present_ == life) {
    present_ = nullptr;
    problem_ = why;
    restarts_.ended(life->started, environment_.clock.now());
    go_on();
  }
  environment_.changed();
}

std::optional<Instant> Plugin::next_deadline() const {
  std::optional<Instant> next;
  const auto consider = [&](std::optional<Instant> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  for (const auto& each : waiting_) consider(each.deadline);
  for (const auto& life : lives_) {
    if (life->problem.empty()) consider(life->talk.next_deadline());
  }
  return next;
}

void Plugin::look_at_clock() {
  const auto now = environment_.clock.now();
  end_waiting(
      [&](const Pending& each) { return now >= each.deadline; }, "timeout",
      [](const Pending& each) { return "took longer than " + format_duration(each.call.timeout); });
  for (const auto& life : lives_) {
    if (!life->problem.empty()) continue;
    if (auto problem = life->talk.look_at_clock(now)) condemn(*life, std::move(*problem));
  }
  environment_.changed();
}

/// Completes those of the calls that wait which are meant: they were not made.
void Plugin::end_waiting(const std::function<bool(const Pending&)>& is_meant,
                         const std::string& kind,
                         const std::function<std::string(const Pending&)>& message) {
  std::erase_if(waiting_, [&](const Pending& each) {
    if (!is_meant(each)) return false;
    each.complete(not_called(kind, message(each)));
    return true;
  });
}

void Plugin::stop() {
  end_waiting([](const Pending&) { return true; }, "cancelled",
              [](const Pending&) { return std::string("the daemon is stopping"); });
  present_ = nullptr;
  const auto now = environment_.clock.now();
  for (const auto& life : lives_) life->talk.close(now);
  environment_.changed();
}

PluginState Plugin::state() const {
  PluginState state;
  state.problem = problem_;
  state.calls = waiting_.size();
  for (const auto& life : lives_) state.calls += life->talk.calls();
  if (present_) {
    state.state = present_->talk.is_greeting() ? "starting" : "running";
  } else if (!problem_.empty()) {
    state.state = "stopped";
    state.next_start = restarts_.next();
  }
  return state;
}

}  // namespace tba::plugins
