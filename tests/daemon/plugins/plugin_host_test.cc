#include "daemon/plugins/plugin_host.h"

#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "tests/support/engine_world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using tba::Value;
using tba::engine::AttemptOutcome;
using tba::plugins::Call;
using tba::plugins::Conversation;

namespace {

namespace asio = boost::asio;

Value json(std::string_view text) {
  return tba::parse_json(text).value();
}

/// A call that has been begun.
struct Begun {
  std::optional<AttemptOutcome> outcome;
  asio::cancellation_signal cancel;
};

/// A host of one plugin, "p", whose program is tests/data/plugin.py. Time passes when a test says
/// so, but for what is between SIGTERM and SIGKILL.
class World {
 public:
  explicit World(const std::string& mode = "good", const std::string& more = "") {
    processes_.start();
    describe(mode, more);
  }
  ~World() {
    stop();
    processes_.stop();
  }

  /// The manifest from now on.
  void describe(const std::string& mode, const std::string& more = "") {
    describe_program("[python3, " TBA_SOURCE_DIR "/tests/data/plugin.py, " + mode + "]", more);
  }
  void describe_program(const std::string& command, const std::string& more = "") {
    std::string text = "plugin: p\nversion: 1\ncommand: " + command + "\n" + more + "endpoints:\n";
    text +=
        "  echo: { parameters: { value: {} } }\n  fail: { parameters: { data: { type: object } } "
        "}\n";
    for (const auto* name : {"later", "release"})
      text += std::string("  ") + name +
              ": { parameters: { name: { type: string, required: true } } }\n";
    for (const auto* name :
         {"hang", "die", "garbage", "huge", "eat", "connect", "surroundings", "say", "bodiless"}) {
      text += std::string("  ") + name + ": {}\n";
    }
    tba::Diagnostics diagnostics;
    auto read =
        tba::read_connector((folder_ / "plugin.yaml").string(), std::move(text), diagnostics);
    INFO(diagnostics.render());
    REQUIRE(read);
    described_ = std::make_shared<const tba::Connector>(std::move(*read));
  }
  void forget() { described_ = nullptr; }

  std::shared_ptr<Begun> begin(Call call) {
    auto begun = std::make_shared<Begun>();
    call.plugin = "p";
    asio::co_spawn(io_, host_.call(std::move(call)),
                   asio::bind_cancellation_slot(
                       begun->cancel.slot(), [begun](std::exception_ptr, AttemptOutcome outcome) {
                         begun->outcome = std::move(outcome);
                       }));
    return begun;
  }
  std::shared_ptr<Begun> begin(const std::string& endpoint, std::string_view with = "{}") {
    Call call;
    call.endpoint = endpoint;
    call.with = json(with);
    return begin(std::move(call));
  }

  AttemptOutcome end_of(const std::shared_ptr<Begun>& begun) {
    until([&] { return begun->outcome.has_value(); });
    return *begun->outcome;
  }
  AttemptOutcome call(const std::string& endpoint, std::string_view with = "{}") {
    return end_of(begin(endpoint, with));
  }
  /// The body of a call that succeeds.
  Value body(const std::string& endpoint, std::string_view with = "{}") {
    const auto outcome = call(endpoint, with);
    if (outcome.failure) FAIL(outcome.failure->message);
    return *outcome.result.find("body");
  }
  /// How a call that fails fails.
  tba::storage::Failure failure(const std::string& endpoint, std::string_view with = "{}") {
    const auto outcome = call(endpoint, with);
    REQUIRE(outcome.failure);
    return *outcome.failure;
  }

  template <class Condition>
  void until(Condition condition) {
    io_.restart();
    while (!condition()) REQUIRE(io_.run_one() == 1);
  }
  /// Until the program has all that it is to be told.
  void settle() { REQUIRE(body("echo") != Value()); }
  void pass(std::chrono::seconds time) {
    io_.restart();
    while (io_.poll() > 0) {
    }
    clock_.advance(time);
    if (alarm_.when() && *alarm_.when() <= clock_.now()) alarm_.ring();
  }
  void stop() {
    bool stopped = false;
    asio::co_spawn(io_, host_.stop(), [&](std::exception_ptr) { stopped = true; });
    until([&] { return stopped; });
  }
  std::shared_ptr<bool> begin_to_stop() {
    auto stopped = std::make_shared<bool>(false);
    asio::co_spawn(io_, host_.stop(), [stopped](std::exception_ptr) { *stopped = true; });
    return stopped;
  }

  void look_at_manifests() { host_.look_at_manifests(); }
  tba::plugins::PluginState state() { return host_.state_of("p"); }
  bool is_logged(const std::string& text) const {
    return std::ranges::any_of(
        log_lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
  }
  std::size_t starts() const {
    return static_cast<std::size_t>(std::ranges::count_if(log_lines_, [](const std::string& line) {
      return line.find("a plugin is started") != std::string::npos;
    }));
  }
  std::string folder() const { return folder_.path().string(); }
  bool has_alarm() const { return alarm_.when().has_value(); }

 private:
  tba::tests::TemporaryFolder folder_;
  asio::io_context io_;
  tba::tests::FakeClock clock_;
  tba::tests::FakeAlarm alarm_;
  tba::steps::SystemProcessRunner processes_;
  std::vector<std::string> log_lines_;
  std::unique_ptr<tba::daemon::Log> log_ = [this] {
    tba::daemon::LogOptions options;
    options.to_stderr = false;
    options.sink = [this](std::string_view line) { log_lines_.emplace_back(line); };
    return tba::daemon::Log::open(std::move(options)).value();
  }();
  std::shared_ptr<const tba::Connector> described_;
  tba::plugins::PluginHost host_{{io_.get_executor(), processes_, alarm_, clock_, *log_,
                                  [this](const std::string&) { return described_; }}};
};

}  // namespace

TEST_CASE("plugins: a call reaches the program, which runs from the first one on") {
  World world;
  CHECK(world.starts() == 0);
  CHECK(world.state().state == "idle");
  Call call;
  call.endpoint = "echo";
  call.with = json(R"({"value": [1, "zwei"]})");
  call.credential = json(R"({"name": "mine", "fields": {"token": "swordfish"}})");
  call.idempotency_key = "k-1";
  call.timeout = 7s;
  const auto outcome = world.end_of(world.begin(std::move(call)));
  REQUIRE_FALSE(outcome.failure);
  CHECK(*outcome.result.find("body") ==
        json(R"({"endpoint": "echo", "with": {"value": [1, "zwei"]}, "timeout": 7,
                 "credential": {"name": "mine", "fields": {"token": "swordfish"}}, "idempotency_key": "k-1"})"));
  CHECK(world.state().state == "running");
  CHECK(world.state().calls == 0);
  CHECK_FALSE(world.has_alarm());
  world.body("echo");
  CHECK(world.starts() == 1);
}

TEST_CASE("plugins: an error of the program is that of the call") {
  World world;
  const auto outcome = world.call("fail", R"({"data": {"status": 503, "retry_after": 3}})");
  CHECK(outcome.failure->message == "p/fail: it did not work");
  CHECK(outcome.http_status == 503);
  CHECK(outcome.retry_after == 3s);
  CHECK(world.failure("bodiless").kind == "response");
}

TEST_CASE("plugins: calls are answered in any order") {
  World world;
  const auto first = world.begin("later", R"({"name": "first"})");
  const auto second = world.begin("later", R"({"name": "second"})");
  CHECK(world.body("release", R"({"name": "second"})").is_null());
  CHECK(world.end_of(second).result.find("body")->as_string() == "second");
  CHECK_FALSE(first->outcome);
  CHECK(world.state().calls == 1);
  world.body("release", R"({"name": "first"})");
  CHECK(world.end_of(first).result.find("body")->as_string() == "first");
}

TEST_CASE("plugins: a program is given no more calls at a time than it takes") {
  World world("good", "limits: { calls: 2 }\n");
  const auto first = world.begin("later", R"({"name": "a"})");
  const auto second = world.begin("later", R"({"name": "b"})");
  const auto third = world.begin("echo");
  world.until([&] { return world.state().calls == 3; });
  first->cancel.emit(asio::cancellation_type::terminal);
  CHECK_FALSE(world.end_of(third).failure);
  CHECK(first->outcome);
  CHECK_FALSE(second->outcome);
}

TEST_CASE("plugins: a program sees its own folder, and nothing of the daemon's environment") {
  World world;
  const auto told = world.body("surroundings");
  CHECK(told.find("folder")->as_string() == world.folder());
  std::vector<std::string> names;
  for (const auto& [name, value] : told.find("environment")->members()) names.emplace_back(name);
  std::ranges::sort(names);
  std::erase(names, "LC_CTYPE");  // which Python itself may set
  CHECK(names == std::vector<std::string>{"HOME", "LANG", "PATH", "TBA_PLUGIN"});
}

TEST_CASE("plugins: a program has the memory that its manifest gives it") {
  World small("good", "limits: { memory: 128MiB }\n");
  const auto refused = small.call("eat");
  CHECK(refused.failure->message == "p/eat: no memory");
  CHECK(refused.certainly_not_acted);
  World large("good", "limits: { memory: 1GiB }\n");
  CHECK(large.body("eat").as_integer() == 300 << 20);
}

TEST_CASE("plugins: a program is on the network only where its manifest says so") {
  World kept("good");
  CHECK(kept.body("connect").as_string() == "Permission denied");
  World let("good", "permissions: { network: true }\n");
  CHECK(let.body("connect").as_string() == "open");
}

TEST_CASE("plugins: what a program says is in the log, and its last words in its end") {
  World world;
  world.body("say");
  world.until([&] { return world.is_logged("and dark"); });
  CHECK(world.is_logged("it is late"));
  CHECK_THAT(world.failure("die").message, Contains("exit code 3: out of ideas"));
}

TEST_CASE("plugins: nobody knows what became of the calls of a program that dies") {
  World world;
  const auto other = world.begin("later", R"({"name": "a"})");
  const auto died = world.call("die");
  CHECK(died.failure->kind == "network");
  CHECK_THAT(died.failure->message, StartsWith("p/die: its program ended with exit code 3"));
  CHECK(died.unknown);
  CHECK_FALSE(died.certainly_not_acted);
  CHECK(world.end_of(other).unknown);
  CHECK(world.state().state == "stopped");
  CHECK_THAT(world.state().problem, Contains("exit code 3"));
  // It is there again for the next call.
  world.settle();
  CHECK(world.starts() == 2);
  CHECK(world.state().state == "running");
}

TEST_CASE("plugins: a program that writes anything but messages is ended") {
  World world;
  const auto outcome = world.call("garbage");
  CHECK(outcome.unknown);
  CHECK_THAT(outcome.failure->message, Contains("a line that is not understood: it is no JSON"));
  world.settle();
  CHECK(world.starts() == 2);
}

TEST_CASE("plugins: a message that has no end is not waited for") {
  World world;
  CHECK_THAT(world.failure("huge").message, Contains("longer than 10 MiB"));
}

TEST_CASE("plugins: a program that keeps dying is started after pauses that grow") {
  World world;
  for (int i = 0; i < 2; ++i) world.call("die");
  const auto refused = world.call("echo");
  REQUIRE(refused.failure);
  CHECK(refused.failure->kind == "network");
  CHECK_THAT(refused.failure->message, Contains("plugin 'p' does not run: its program ended"));
  CHECK(refused.certainly_not_acted);
  CHECK(refused.retry_after == 1s);
  CHECK(world.starts() == 2);
  CHECK(world.state().next_start);
  world.pass(1s);
  CHECK(world.call("die").unknown);
  CHECK(world.starts() == 3);
  CHECK(world.call("echo").retry_after == 2s);
  world.pass(2s);
  world.settle();
  world.pass(60s);
  world.call("die");
  world.settle();
  CHECK(world.starts() == 5);
}

TEST_CASE("plugins: a program that cannot be started is told of") {
  World world;
  world.describe_program("[./nowhere.py]");
  const auto failure = world.failure("echo");
  CHECK_THAT(failure.message, Contains("the program './nowhere.py' does not exist") &&
                                  Contains("looked for in " + world.folder()));
  CHECK(world.call("echo").certainly_not_acted);
}

TEST_CASE("plugins: a program that does not answer initialize is ended") {
  World world("silent");
  const auto begun = world.begin("echo");
  world.until([&] { return world.state().state == "starting"; });
  world.pass(9s);
  CHECK(world.state().problem.empty());
  world.pass(1s);
  world.until([&] { return world.starts() == 2; });
  CHECK_THAT(world.state().problem, Contains("did not answer initialize"));
  world.pass(10s);
  const auto outcome = world.end_of(begun);
  CHECK(outcome.certainly_not_acted);
  CHECK_THAT(outcome.failure->message, Contains("did not answer initialize in 10s"));
}

TEST_CASE("plugins: a program that does not agree with its manifest is of no use") {
  CHECK_THAT(World("lacks").failure("echo").message,
             Contains("its program does not serve the endpoint 'echo'"));
  CHECK_THAT(World("newer").failure("echo").message, Contains("another protocol than 1: 2"));
  World world("refuses");
  CHECK_THAT(world.failure("echo").message, Contains("it refused to begin: not today"));
  CHECK(world.is_logged("it refused to begin: not today"));
}

TEST_CASE("plugins: a call that is cancelled may still say that it did nothing") {
  World world;
  const auto harmless = world.begin("later", R"({"name": "harmless"})");
  const auto other = world.begin("later", R"({"name": "other"})");
  world.settle();
  harmless->cancel.emit(asio::cancellation_type::terminal);
  other->cancel.emit(asio::cancellation_type::terminal);
  CHECK(world.end_of(harmless).certainly_not_acted);
  CHECK(harmless->outcome->failure->kind == "cancelled");
  CHECK(world.end_of(other).unknown);
  world.settle();
  CHECK(world.starts() == 1);
}

TEST_CASE("plugins: a program that does not leave a cancelled call is killed, with all its calls") {
  World world;
  const auto other = world.begin("later", R"({"name": "a"})");
  const auto stubborn = world.begin("hang");
  world.settle();
  stubborn->cancel.emit(asio::cancellation_type::terminal);
  world.settle();
  world.pass(2s);
  const auto next = world.begin("echo");
  const auto outcome = world.end_of(stubborn);
  CHECK(outcome.unknown);
  CHECK_FALSE(world.end_of(next).failure);
  CHECK(outcome.failure->kind == "cancelled");
  CHECK(world.end_of(other).unknown);
  CHECK_THAT(other->outcome->failure->message, Contains("when it was asked to leave a call"));
}

TEST_CASE("plugins: a call takes no longer than it may") {
  World world;
  Call call;
  call.endpoint = "later";
  call.with = json(R"({"name": "harmless"})");
  call.timeout = 5s;
  const auto begun = world.begin(std::move(call));
  world.settle();
  world.pass(5s);
  const auto outcome = world.end_of(begun);
  CHECK(outcome.failure->kind == "timeout");
  CHECK(outcome.failure->message == "took longer than 5s");
  CHECK(outcome.certainly_not_acted);
}

TEST_CASE("plugins: a call that waits is cancelled, or too late, without its program") {
  World world("silent");
  Call call;
  call.endpoint = "echo";
  call.with = json("{}");
  call.timeout = 5s;
  const auto late = world.begin(std::move(call));
  const auto cancelled = world.begin("echo");
  world.until([&] { return world.state().calls == 2; });
  cancelled->cancel.emit(asio::cancellation_type::terminal);
  CHECK(world.end_of(cancelled).certainly_not_acted);
  CHECK(cancelled->outcome->failure->kind == "cancelled");
  world.pass(5s);
  CHECK(world.end_of(late).failure->kind == "timeout");
  CHECK(late->outcome->certainly_not_acted);
}

TEST_CASE("plugins: another manifest is another program, and the old one keeps its calls") {
  World world;
  const auto begun = world.begin("later", R"({"name": "a"})");
  world.settle();
  const auto first = world.body("surroundings").find("pid")->as_integer();
  world.describe("good", "title: another\n");
  CHECK(world.body("surroundings").find("pid")->as_integer() != first);
  CHECK(world.starts() == 2);
  CHECK_FALSE(begun->outcome);
  begun->cancel.emit(asio::cancellation_type::terminal);
  world.end_of(begun);
  world.until([&] { return world.is_logged("a plugin has ended"); });
  CHECK(world.state().problem.empty());
}

TEST_CASE("plugins: a program whose manifest is another, or gone, ends without being called") {
  World world;
  const auto begun = world.begin("later", R"({"name": "a"})");
  world.settle();
  world.look_at_manifests();
  world.settle();
  CHECK(world.starts() == 1);
  world.forget();
  world.look_at_manifests();
  world.until([&] { return world.state().state == "idle"; });
  CHECK_FALSE(world.is_logged("a plugin has ended"));
  begun->cancel.emit(asio::cancellation_type::terminal);
  world.end_of(begun);
  world.until([&] { return world.is_logged("a plugin has ended"); });
}

TEST_CASE("plugins: a call that waits for an endpoint that goes is not made") {
  World world("silent");
  const auto begun = world.begin("echo");
  world.until([&] { return world.state().calls == 1; });
  world.forget();
  world.look_at_manifests();
  const auto outcome = world.end_of(begun);
  CHECK(outcome.failure->message == "plugin 'p' has no endpoint 'echo' any more");
  CHECK(outcome.certainly_not_acted);
  const auto stopped = world.begin_to_stop();
  world.pass(2s);
  world.until([&] { return *stopped; });
}

TEST_CASE("plugins: one whose manifest is gone, or serves something else, is not called") {
  World world;
  CHECK_THAT(world.failure("nothing").message, Contains("has no endpoint 'nothing' any more"));
  world.forget();
  const auto outcome = world.call("echo");
  CHECK(outcome.failure->kind == "request");
  CHECK(outcome.certainly_not_acted);
  CHECK(world.starts() == 0);
}

TEST_CASE("plugins: programs end when they are asked to, and by force when they do not") {
  World world("deaf");
  const auto pid = static_cast<pid_t>(world.body("surroundings").find("pid")->as_integer());
  const auto stopped = world.begin_to_stop();
  world.pass(1s);
  CHECK_FALSE(*stopped);
  CHECK(::kill(pid, 0) == 0);
  world.pass(1s);
  world.until([&] { return *stopped; });
  CHECK(::kill(pid, 0) != 0);

  World good;
  const auto other = static_cast<pid_t>(good.body("surroundings").find("pid")->as_integer());
  good.stop();
  CHECK(::kill(other, 0) != 0);
  CHECK(good.state().problem.empty());
}

TEST_CASE("plugins: a call that a stop finds waiting is not made") {
  World world("silent");
  const auto begun = world.begin("echo");
  world.until([&] { return world.state().calls == 1; });
  const auto stopped = world.begin_to_stop();
  const auto outcome = world.end_of(begun);
  CHECK(outcome.certainly_not_acted);
  CHECK(outcome.failure->message == "the daemon is stopping");
  world.pass(2s);
  world.until([&] { return *stopped; });
}
