#include "cli/secret_prompt.h"

#include <cerrno>
#include <optional>

#include <termios.h>
#include <unistd.h>

namespace tba::cli {
namespace {

constexpr char kCtrlC = 0x03;
constexpr char kCtrlD = 0x04;
constexpr char kBackspace = 0x08;
constexpr char kCtrlU = 0x15;
constexpr char kDelete = 0x7f;

// Hands out the keys one by one, unseen, for as long as it lives. Signals are keys too, so that
// nothing can end the program while its terminal is mute.
class QuietTerminal {
 public:
  explicit QuietTerminal(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

  bool is_quiet() const { return changed_; }

  // Nothing at the end of the input.
  std::optional<char> key() const {
    char byte = 0;
    ssize_t count = 0;
    do {
      count = read(terminal_, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count != 1) return std::nullopt;
    return byte;
  }

 private:
  int terminal_;
  termios before_{};
  bool changed_ = false;
};

void show(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void remove_last_character(std::string& text) {
  constexpr auto is_continuation = [](char byte) { return (byte & 0xc0) == 0x80; };
  while (!text.empty() && is_continuation(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
}

}  // namespace

Outcome<std::string> read_secret_from_terminal(int terminal, int prompt_file,
                                               std::string_view prompt) {
  const QuietTerminal quiet(terminal);
  if (!quiet.is_quiet()) {
    return CliError{ExitCode::failed, "cannot read a secret: the terminal's echo does not turn off",
                    "give it on standard input instead"};
  }
  show(prompt_file, prompt);
  std::string secret;
  while (const auto key = quiet.key()) {
    switch (*key) {
      case '\r':
      case '\n':
        show(prompt_file, "\n");
        return secret;
      case kCtrlC:
      case kCtrlD:
        show(prompt_file, "\n");
        return CliError{ExitCode::failed, "no secret was given; nothing was changed"};
      case kBackspace:
      case kDelete:
        remove_last_character(secret);
        break;
      case kCtrlU:
        secret.clear();
        break;
      default:
        secret.push_back(*key);
    }
  }
  show(prompt_file, "\n");
  return CliError{ExitCode::failed, "the input ended before the secret did"};
}

}  // namespace tba::cli
