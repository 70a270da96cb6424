#include "daemon/steps/process.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <optional>
#include <sstream>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/file_descriptor.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using tba::ErrorCode;
using tba::FileDescriptor;
using tba::Result;
using tba::steps::kDefaultPath;
using tba::steps::kMaxLineBytes;
using tba::steps::LineHandler;
using tba::steps::ProcessRequest;
using tba::steps::ProcessResult;
using tba::steps::SystemProcessRunner;
using tba::tests::run_coroutine;
using tba::tests::TemporaryFolder;

namespace {

class Runner {
 public:
  Runner() { runner_.start(); }
  Result<ProcessResult> run(ProcessRequest request, LineHandler on_line = {}) {
    return run_coroutine(runner_.run(std::move(request), std::move(on_line)));
  }
  SystemProcessRunner& operator*() { return runner_; }

 private:
  SystemProcessRunner runner_;
};

ProcessRequest shell(std::string script) {
  return {.command = {"sh", "-c", std::move(script)}};
}

/// The result that it must be.
ProcessResult result_of(const Result<ProcessResult>& result) {
  if (result.has_error()) FAIL(result.error().message);
  return *result;
}

tba::Error error_of(const Result<ProcessResult>& result) {
  REQUIRE(result.has_error());
  return result.error();
}

/// Runs the program in a coroutine that is cancelled once the program has written a line; gives its
/// end and the lines.
ProcessResult cancel_at_first_line(ProcessRequest request) {
  boost::asio::io_context context;
  Runner runner;
  boost::asio::cancellation_signal cancel;
  std::optional<Result<ProcessResult>> outcome;
  boost::asio::co_spawn(context,
                        (*runner).run(std::move(request),
                                      [&, first = true](bool, std::string_view) mutable {
                                        if (!std::exchange(first, false)) return;
                                        boost::asio::post(context, [&] {
                                          cancel.emit(boost::asio::cancellation_type::terminal);
                                        });
                                      }),
                        boost::asio::bind_cancellation_slot(
                            cancel.slot(), [&](std::exception_ptr, Result<ProcessResult> result) {
                              outcome.emplace(std::move(result));
                            }));
  context.run();
  REQUIRE(outcome.has_value());
  return result_of(*outcome);
}

/// Readable once that process has ended; none if there is no such process.
FileDescriptor process_handle(pid_t id) {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
}

/// Waits until that process has ended; at once if there is none.
void wait_for_end_of(pid_t id) {
  const auto handle = process_handle(id);
  if (!handle) return;
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&ended, 1, 30'000) == 1);
}

}  // namespace

TEST_CASE("process: gives what it wrote and its exit code") {
  Runner runner;
  const auto result = result_of(runner.run(shell("echo out; echo err >&2; printf end; exit 7")));
  CHECK(result.exit_code == 7);
  CHECK(result.signal == 0);
  CHECK(result.out == "out\nend");
  CHECK(result.err == "err\n");
  CHECK_FALSE(result.truncated);
}

TEST_CASE("process: gives the signal that ended it") {
  Runner runner;
  const auto result = result_of(runner.run(shell("kill -SEGV $$")));
  CHECK(result.signal == SIGSEGV);
  CHECK(result.exit_code == 0);
}

TEST_CASE("process: arguments arrive as they are, without a shell") {
  Runner runner;
  const auto result =
      result_of(runner.run({.command = {"printf", "%s|", "a b", "$HOME", "*", ""}}));
  CHECK(result.out == "a b|$HOME|*||");
}

TEST_CASE("process: reads its input to the end") {
  Runner runner;
  ProcessRequest request{.command = {"cat"}};
  request.max_output_bytes = 8 << 20;

  SECTION("none") {}
  SECTION("text") {
    request.input = "line\nand more";
  }
  SECTION("more than a pipe holds") {
    request.input = std::string(4 << 20, 'x');
  }
  const auto result = result_of(runner.run(request));
  CHECK(result.exit_code == 0);
  CHECK(result.out == request.input);
}

TEST_CASE("process: input that nobody reads is no error") {
  Runner runner;
  auto request = shell("exec <&-; echo done");
  request.input = std::string(4 << 20, 'x');
  CHECK(result_of(runner.run(request)).out == "done\n");
}

TEST_CASE("process: its environment is what is given, and a PATH") {
  ::setenv("TBA_TEST_SECRET", "of the daemon", 1);
  Runner runner;
  ProcessRequest request{.command = {"env"}};

  SECTION("nothing") {
    CHECK(result_of(runner.run(request)).out == "PATH=" + std::string(kDefaultPath) + "\n");
  }
  SECTION("something") {
    request.environment = {{"A", "1=2"}, {"PATH", "/usr/bin:/bin"}, {"EMPTY", ""}};
    CHECK(result_of(runner.run(request)).out == "A=1=2\nPATH=/usr/bin:/bin\nEMPTY=\n");
  }
  ::unsetenv("TBA_TEST_SECRET");
}

TEST_CASE("process: runs in its folder, where a relative program is looked for") {
  const TemporaryFolder folder;
  const auto script = folder.write("tool.sh", "#!/bin/sh\npwd -P\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  Runner runner;
  const auto result =
      result_of(runner.run({.command = {"./tool.sh"}, .folder = folder.path().string()}));
  CHECK(result.out == std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("process: its folder is made for nobody else where that is asked for") {
  const TemporaryFolder folder;
  const auto made = folder / "runs" / "one";
  Runner runner;
  const ProcessRequest request{.command = {"pwd"}, .folder = made.string(), .makes_folder = true};
  CHECK(result_of(runner.run(request)).out == made.string() + "\n");
  CHECK(std::filesystem::status(made).permissions() == std::filesystem::perms::owner_all);
  CHECK(std::filesystem::status(folder / "runs").permissions() ==
        std::filesystem::perms::owner_all);
  CHECK(result_of(runner.run(request)).exit_code == 0);

  folder.write("file", "");
  const auto error = error_of(runner.run(
      {.command = {"pwd"}, .folder = (folder / "file" / "one").string(), .makes_folder = true}));
  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message ==
        "cannot make the folder '" + (folder / "file" / "one").string() + "': Not a directory");
}

TEST_CASE("process: is on its own: session, signals and descriptors") {
  // As libraries leave them: inheritable.
  const FileDescriptor leaked(::open("/dev/null", O_RDONLY));
  Runner runner;
  const auto result =
      result_of(runner.run(shell("ls /proc/self/fd | wc -l; cut -d' ' -f6 /proc/$$/stat; echo $$;"
                                 "grep -E 'SigBlk|SigIgn' /proc/self/status")));
  std::istringstream out(result.out);
  int descriptors = 0;
  pid_t session = 0, self = 0;
  std::string name, blocked, ignored;
  out >> descriptors >> session >> self >> name >> blocked >> name >> ignored;
  CHECK(descriptors == 4);  // 0, 1, 2, and the one with which ls reads the folder.
  CHECK(session == self);
  CHECK(blocked == "0000000000000000");
  CHECK(ignored == "0000000000000000");  // The daemon ignores SIGPIPE.
}

// --- lines

TEST_CASE("process: each line is reported as it comes, whole") {
  Runner runner;
  std::vector<std::string> out, err;
  const auto thread = std::this_thread::get_id();
  const auto result =
      result_of(runner.run(shell("printf 'one\\n\\nth'; printf 'ree\\nno newline'; echo bad >&2"),
                           [&](bool is_stderr, std::string_view line) {
                             CHECK(std::this_thread::get_id() == thread);
                             (is_stderr ? err : out).emplace_back(line);
                           }));
  CHECK(out == std::vector<std::string>{"one", "", "three", "no newline"});
  CHECK(err == std::vector<std::string>{"bad"});
}

TEST_CASE("process: lines are reported while the program runs") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "go").c_str(), 0600) == 0);
  Runner runner;
  auto request = shell("echo ready; read answer < go; echo $answer");
  request.folder = folder.path().string();
  std::vector<std::string> lines;
  result_of(runner.run(request, [&](bool, std::string_view line) {
    lines.emplace_back(line);
    // The program goes on only after this, so a report at its end would come too late.
    if (line == "ready") folder.write("go", "gone\n");
  }));
  CHECK(lines == std::vector<std::string>{"ready", "gone"});
}

TEST_CASE("process: a long line is reported in pieces") {
  const auto extra = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{100});
  Runner runner;
  const std::string line(kMaxLineBytes + extra, 'x');
  std::vector<std::size_t> sizes;
  result_of(runner.run({.command = {"cat"}, .input = line + "\nlast\n"},
                       [&](bool, std::string_view piece) { sizes.push_back(piece.size()); }));
  auto expected = std::vector<std::size_t>{kMaxLineBytes};
  if (extra > 0) expected.push_back(extra);
  expected.push_back(4);
  CHECK(sizes == expected);
}

TEST_CASE("process: output beyond the limit is dropped, and the program goes on") {
  Runner runner;
  auto request = shell("yes | head -c 3000000; echo loud >&2; exit 3");
  request.max_output_bytes = 1001;
  std::size_t reported = 0;
  const auto result = result_of(runner.run(request, [&](bool is_stderr, std::string_view) {
    if (!is_stderr) ++reported;
  }));
  CHECK(result.out.size() == 1001);
  CHECK(result.err == "loud\n");
  CHECK(result.truncated);
  CHECK(result.exit_code == 3);
  CHECK(reported == 501);
}

// --- what cannot be run

TEST_CASE("process: what cannot be run says why, and what to do") {
  const TemporaryFolder folder;
  folder.write("plain.sh", "#!/bin/sh\n");
  for (const auto* name : {"no_interpreter", "no_program"}) {
    const auto file =
        folder.write(name, std::string_view(name) == "no_program" ? "not a program"
                                                                  : "#!/no/such/interpreter\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  const auto here = folder.path().string();
  const std::vector<std::tuple<ProcessRequest, std::string, std::string>> cases{
      {{.command = {}}, "no program is named", ""},
      {{.command = {""}}, "no program is named", ""},
      {{.command = {"no-such-program"}},
       "the program 'no-such-program' is not found",
       "looked for in PATH: " + std::string(kDefaultPath)},
      {{.command = {"sh"}, .environment = {{"PATH", "bin:.:"}}},
       "the program 'sh' is not found",
       "looked for in PATH: bin:.:"},
      {{.command = {"./absent"}, .folder = here},
       "the program './absent' does not exist",
       "looked for in " + here},
      {{.command = {"/absent"}}, "the program '/absent' does not exist", ""},
      {{.command = {"./plain.sh"}, .folder = here},
       "'./plain.sh' is not executable",
       "chmod +x " + here + "/./plain.sh"},
      {{.command = {"./no_interpreter"}, .folder = here},
       "cannot run './no_interpreter': its interpreter does not exist",
       "correct the first line of the script (#!)"},
      {{.command = {"./no_program"}, .folder = here},
       "'./no_program' is no program",
       "begin a script with a line such as #!/bin/sh"},
      {{.command = {"true"}, .folder = "/no/folder"},
       "cannot run 'true' in the folder '/no/folder': No such file or directory",
       ""},
      {{.command = {"true", std::string("a\0b", 3)}},
       "an argument of the program holds a NUL character",
       ""},
      {{.command = {"true"}, .environment = {{"A=B", "1"}}},
       "'A=B' cannot be the name of an environment variable",
       ""},
      {{.command = {"true"}, .environment = {{"A", std::string("\0", 1)}}},
       "the environment variable A holds a NUL character",
       ""},
      {{.command = {"true"}, .folder = std::string("\0", 1)},
       "the name of the folder holds a NUL character",
       ""},
      {{.command = {"true", std::string(8 << 20, 'x')}},
       "arguments and environment of 'true' are too large",
       "hand large data over through its standard input"},
  };
  Runner runner;
  for (const auto& [request, message, hint] : cases) {
    const auto error = error_of(runner.run(request));
    CHECK(error.code == ErrorCode::invalid);
    CHECK(error.message == message);
    CHECK(error.hint == hint);
  }
}

// --- cancellation and ends

TEST_CASE("process: a cancelled program gets SIGTERM") {
  SECTION("and dies of it") {
    const auto result = cancel_at_first_line(shell("echo up; exec sleep 1000"));
    CHECK(result.signal == SIGTERM);
    CHECK(result.out == "up\n");
  }
  SECTION("and may end in good order") {
    const auto result = cancel_at_first_line(
        shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"));
    CHECK(result.exit_code == 3);
    CHECK(result.out == "up\nbye\n");
  }
}

TEST_CASE("process: one that does not listen is killed after the grace, with its whole group") {
  auto request = shell("trap '' TERM; sleep 1000 & echo $!; wait; wait; sleep 1000");
  request.grace = 20ms;
  const auto result = cancel_at_first_line(request);
  CHECK(result.signal == SIGKILL);
  wait_for_end_of(std::stoi(result.out));
}

TEST_CASE("process: what it leaves running in its group is killed") {
  Runner runner;
  SECTION("at once, if it does not hold the pipes") {
    const auto result = result_of(runner.run(shell("sleep 1000 >/dev/null 2>&1 & echo $!")));
    CHECK(result.exit_code == 0);
    wait_for_end_of(std::stoi(result.out));
  }
  SECTION("after a while, if it does") {
    const auto result = result_of(runner.run(shell("sleep 1000 & echo $!")));
    CHECK(result.exit_code == 0);
    wait_for_end_of(std::stoi(result.out));
  }
}

TEST_CASE("process: output that comes a moment after its end is still read") {
  Runner runner;
  const auto result = result_of(runner.run(shell("(sleep 0.01; echo late) & echo early")));
  CHECK_THAT(result.out, Catch::Contains("early\n") && Catch::Contains("late\n"));
}

TEST_CASE("process: a hundred at once") {
  boost::asio::io_context context;
  Runner runner;
  std::atomic<int> right = 0;
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(context,
                          (*runner).run({.command = {"cat"}, .input = std::to_string(i)}, {}),
                          [&right, i](std::exception_ptr thrown, Result<ProcessResult> result) {
                            if (!thrown && result && result->out == std::to_string(i)) ++right;
                          });
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
  for (auto& thread : threads) thread.join();
  CHECK(right == 100);
}

TEST_CASE("process: stop() ends what runs, and nothing more is started") {
  boost::asio::io_context context;
  Runner runner;
  std::optional<Result<ProcessResult>> outcome;
  std::promise<void> up;
  boost::asio::co_spawn(context,
                        (*runner).run(shell("echo up; exec sleep 1000"),
                                      [&](bool, std::string_view) { up.set_value(); }),
                        [&](std::exception_ptr, Result<ProcessResult> result) {
                          outcome.emplace(std::move(result));
                        });
  std::thread stopping([&] {
    up.get_future().wait();
    (*runner).stop();
  });
  context.run();
  stopping.join();
  REQUIRE(outcome.has_value());
  CHECK(result_of(*outcome).signal == SIGKILL);

  const auto error = error_of(runner.run({.command = {"true"}}));
  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message == "cannot start a program: the daemon is stopping");
}

TEST_CASE("process: it dies with the daemon, even when that is killed") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  FileDescriptor read(ends[0]), write(ends[1]);
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    // The reading end of the test gets the program's id; the daemon then waits to be killed.
    Runner runner;
    static_cast<void>(
        runner.run(shell("echo $$; exec sleep 1000"), [&](bool, std::string_view line) {
          [[maybe_unused]] const auto written = ::write(write.get(), line.data(), line.size());
          write.reset();
        }));
    ::_exit(0);
  }
  write.reset();
  std::string id;
  char byte;
  while (::read(read.get(), &byte, 1) == 1) id.push_back(byte);
  REQUIRE(!id.empty());
  const auto program = process_handle(std::stoi(id));
  REQUIRE(static_cast<bool>(program));
  pollfd ended{.fd = program.get(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&ended, 1, 0) == 0);

  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);
  CHECK(::poll(&ended, 1, 30'000) == 1);
}

TEST_CASE("process: a program that is talked with reads what is written while it runs") {
  Runner runner;
  auto input = std::make_shared<tba::steps::ProcessInput>();
  ProcessRequest request = shell("while read line; do echo \"got $line\"; done; echo end");
  request.input = "one\n";
  request.more_input = input;
  request.only_reports_output = true;
  std::vector<std::string> lines;
  const auto result =
      result_of(runner.run(std::move(request), [&](bool is_stderr, std::string_view line) {
        CHECK_FALSE(is_stderr);
        lines.emplace_back(line);
        if (line == "got one") input->write("two\nthr");
        if (line == "got two") {
          input->write("ee\n");
          input->close();
        }
      }));
  CHECK(lines == std::vector<std::string>{"got one", "got two", "got three", "end"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.empty());
}

TEST_CASE("process: writing to a program that has ended does nothing") {
  Runner runner;
  auto input = std::make_shared<tba::steps::ProcessInput>();
  ProcessRequest request = shell("exec <&-; echo closed; sleep 0.1");
  request.more_input = input;
  result_of(runner.run(std::move(request),
                       [&](bool, std::string_view) { input->write(std::string(1 << 20, 'x')); }));
  input->write("more");
  CHECK(input->take() == "more");
}

TEST_CASE("process: output that is only reported has lines as long as they may be") {
  Runner runner;
  ProcessRequest request = shell(
      "head -c 300000 /dev/zero | tr '\\0' a; echo; head -c 200001 /dev/zero | tr '\\0' b; "
      "head -c 70000 /dev/zero | tr '\\0' c >&2");
  request.only_reports_output = true;
  request.max_line_bytes = 200'000;
  request.max_output_bytes = 1;
  std::vector<std::size_t> out, err;
  const auto result = result_of(runner.run(std::move(request), [&](bool is_stderr, auto line) {
    (is_stderr ? err : out).push_back(line.size());
  }));
  CHECK(out == std::vector<std::size_t>{200'000, 100'000, 200'000, 1});
  CHECK(err == std::vector<std::size_t>{kMaxLineBytes, 70'000 - kMaxLineBytes});
  CHECK_FALSE(result.truncated);
}

TEST_CASE("process: a confined program gets no more memory, privileges and core dumps") {
  Runner runner;
  ProcessRequest request =
      shell("ulimit -d; ulimit -c; grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status");
  request.confinement = tba::steps::Confinement{.memory_bytes = 64 << 20, .may_use_network = true};
  CHECK(result_of(runner.run(request)).out == "65536\n0\nNoNewPrivs:\t1\nSeccomp:\t0\n");
  request.confinement->may_use_network = false;
  CHECK(result_of(runner.run(request)).out == "65536\n0\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

TEST_CASE("process: a confined program, and what it starts, opens no socket") {
  Runner runner;
  ProcessRequest request{.command = {"bash", "-c", "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1"}};
  request.confinement = tba::steps::Confinement{.memory_bytes = 256 << 20};
  CHECK_THAT(result_of(runner.run(request)).out, Catch::Contains("Permission denied"));
  request.confinement->may_use_network = true;
  CHECK_THAT(result_of(runner.run(request)).out, Catch::Contains("Connection refused"));
}
