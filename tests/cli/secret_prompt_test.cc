#include "cli/secret_prompt.h"

#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

namespace tba::tests {
namespace {

// A terminal of its own: what is written to `keyboard` is what a person types.
struct Terminal {
  Terminal() {
    keyboard = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(keyboard);
    unlockpt(keyboard);
    screen = open(ptsname(keyboard), O_RDWR | O_NOCTTY);
  }
  ~Terminal() {
    close(screen);
    close(keyboard);
  }

  bool echoes() const {
    termios settings{};
    tcgetattr(screen, &settings);
    return (settings.c_lflag & ECHO) != 0;
  }

  // Types once the prompt has come, since what came before it is dropped.
  cli::Outcome<std::string> ask(const std::string& keys) {
    std::thread person([&] {
      char seen[64];
      std::string text;
      while (text.find("? ") == text.npos) {
        const ssize_t count = read(keyboard, seen, sizeof seen);
        if (count <= 0) return;
        text.append(seen, static_cast<std::size_t>(count));
      }
      echoed_while_asked = echoes();
      REQUIRE(write(keyboard, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
    });
    auto answer = cli::read_secret_from_terminal(screen, screen, "Token? ");
    person.join();
    return answer;
  }

  int keyboard = -1;
  int screen = -1;
  bool echoed_while_asked = true;
};

}  // namespace

TEST_CASE("secret prompt: what is typed is read, never shown") {
  Terminal terminal;
  const auto answer = terminal.ask("s3cret\r");
  REQUIRE(answer.has_value());
  CHECK(*answer == "s3cret");
  CHECK_FALSE(terminal.echoed_while_asked);
  CHECK(terminal.echoes());
}

TEST_CASE("secret prompt: mistakes can be corrected, a character at a time or all") {
  Terminal terminal;
  CHECK(*terminal.ask("wrong\x15"
                      "ab\xc3\xa9\x7f\x08z\n") == "az");
}

TEST_CASE("secret prompt: Ctrl-C and Ctrl-D give up and restore the terminal") {
  const auto* key = GENERATE("abc\x03", "abc\x04");
  Terminal terminal;
  const auto answer = terminal.ask(key);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().message == "no secret was given; nothing was changed");
  CHECK(terminal.echoes());
}

TEST_CASE("secret prompt: what is no terminal is refused") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK_FALSE(cli::read_secret_from_terminal(ends[0], ends[1], "Token? ").has_value());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace tba::tests
