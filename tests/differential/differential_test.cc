// Gives random programs and inputs to our evaluator and to the installed jq 1.6, and compares all
// outputs and messages. TBA_DIFFERENTIAL_PAIRS says how many pairs of a program and an input,
// TBA_DIFFERENTIAL_SEED from where; a failure tells the seed that finds it again.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/wait.h>

#include "shared/expression/program.h"
#include "shared/value/json.h"
#include "tests/differential/differences.h"
#include "tests/differential/program_generator.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

constexpr std::size_t kProgramsPerBatch = 25;  // jq takes long to start
constexpr std::size_t kInputsPerBatch = 8;
constexpr std::size_t kMostOutputs = 60;
constexpr std::size_t kMostText = 20'000;
constexpr std::size_t kReportedFailures = 10;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : otherwise;
}

/// Its outputs in arrays of their own and, where it failed, {"e": message} as the last.
std::string wrapped(const std::string& program) {
  return "[try ((" + program + ") | [.]) catch {e: .}]";
}

/// What ours gives, as jq would print it; nullopt where that is beyond what is worth comparing.
std::optional<std::string> ours(const Program& program, const std::string& input) {
  Evaluation evaluation(program, parse_json(input).value(),
                        {.steps = 200'000, .bytes = 4 << 20, .depth = 1'000});
  const auto output = evaluation.next();
  REQUIRE(output.has_value());
  if (!*output) {
    if (output->error().is_spent_budget) return std::nullopt;
    return "uncaught: " + output->error().message;
  }
  if ((**output).size() > kMostOutputs) return std::nullopt;
  auto text = to_json(**output);
  if (text.size() > kMostText) return std::nullopt;
  return text;
}

/// What a process printed, and how it ended.
struct Ended {
  std::vector<std::string> lines;
  int exit_code = 0;
};

/// The installed jq. Runs programs on inputs, one process for all of them.
class Jq {
 public:
  static constexpr int kRefused = 3;  ///< Its exit code where a program does not compile.

  /// A line for each program on the first input, then on the second, and so on.
  Ended run(const std::vector<std::string>& programs,
            const std::vector<std::string>& inputs) const {
    std::string all;
    for (const auto& program : programs) all += (all.empty() ? "" : ",\n") + wrapped(program);
    std::string lines;
    for (const auto& input : inputs) lines += input + '\n';
    return output_of("timeout 10 jq -c -f '" + folder_.write("program", all).string() + "' '" +
                     folder_.write("inputs", lines).string() + "' 2>/dev/null");
  }

  static Ended output_of(const std::string& command) {
    std::FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string text;
    std::array<char, 65536> buffer;
    while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe))
      text.append(buffer.data(), count);
    Ended ended;
    ended.exit_code = WEXITSTATUS(pclose(pipe));
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      ended.lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return ended;
  }

 private:
  TemporaryFolder folder_;
};

bool is_skipped(const std::string& program) {
  return std::ranges::any_of(kSkipped, [&](const Skipped& skipped) {
    return program.find(skipped.text) != std::string::npos &&
           program.find(skipped.also) != std::string::npos;
  });
}

/// Whether the outputs are the same, but for what 1.7 changed.
bool agree(const std::string& our, std::string their) {
  for (const auto& [theirs, replacement, reason] : kRewritten) {
    for (auto at = their.find(theirs); at != std::string::npos; at = their.find(theirs, at))
      their.replace(at, theirs.size(), replacement);
  }
  if (our == their) return true;
  // The texts up to the message that ends the one that failed.
  const auto our_end = our.rfind("{\"e\":");
  const auto their_end = their.rfind("{\"e\":");
  return our_end != std::string::npos && our_end == their_end &&
         our.compare(0, our_end, their, 0, their_end) == 0 &&
         std::ranges::any_of(kReworded, [&](const Reworded& reworded) {
           return their.find(reworded.theirs, their_end) != std::string::npos;
         });
}

/// One way in which both do not agree.
struct Disagreement {
  std::string our;
  std::string their;
};

/// Runs one pair on its own; nullopt where both agree or cannot be compared: where ours takes too
/// much, or jq crashes.
std::optional<Disagreement> disagreement_of(const Jq& jq, const std::string& program,
                                            const std::string& input) {
  if (is_skipped(program)) return std::nullopt;
  const auto compiled = Program::compile(wrapped(program), Mode::plain);
  const auto our = compiled ? ours(*compiled, input)
                            : std::optional("refused: " + compiled.error().front().message);
  if (!our) return std::nullopt;
  const auto ended = jq.run({program}, {input});
  if (ended.exit_code == Jq::kRefused) {
    if (!compiled) return std::nullopt;
    return Disagreement{*our, "refused"};
  }
  if (ended.lines.empty() || agree(*our, ended.lines[0])) return std::nullopt;
  return Disagreement{*our, ended.lines[0]};
}

/// All expressions that are like this one with a part left out.
void add_simpler(const Expression& part, const std::function<Expression(Expression)>& around,
                 std::vector<Expression>& out) {
  for (const auto& inner : part.parts) out.push_back(around(inner));
  if (!part.parts.empty()) {
    out.push_back(around({{"."}, {}, 10}));
    out.push_back(around({{"null"}, {}, 10}));
  }
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    add_simpler(
        part.parts[i],
        [&, i](Expression replacement) {
          auto changed = part;
          changed.parts[i] = std::move(replacement);
          return around(std::move(changed));
        },
        out);
  }
}

/// A smaller program on which both still do not agree.
Expression minimised(const Jq& jq, Expression program, const std::string& input) {
  for (int left = 300; left > 0;) {
    std::vector<Expression> candidates;
    add_simpler(
        program, [](Expression changed) { return changed; }, candidates);
    const auto size = program.text().size();
    bool is_smaller = false;
    for (auto& candidate : candidates) {
      if (candidate.text().size() >= size || left-- <= 0) continue;
      if (!disagreement_of(jq, candidate.text(), input)) continue;
      program = std::move(candidate);
      is_smaller = true;
      break;
    }
    if (!is_smaller) break;
  }
  return program;
}

/// The programs of one seed, with their inputs, on both.
class Batch {
 public:
  Batch(const Jq& jq, std::uint64_t seed, std::size_t& failures)
      : jq_(jq), seed_(seed), failures_(failures) {
    ProgramGenerator generator(seed);
    for (std::size_t i = 0; i < kInputsPerBatch; ++i) inputs_.push_back(generator.input());
    for (std::size_t tried = 0; programs_.size() < kProgramsPerBatch; ++tried) {
      REQUIRE(tried < 20 * kProgramsPerBatch);
      add(generator.program());
    }
  }

  /// Gives the number of pairs compared.
  std::size_t compare() {
    std::vector<std::string> texts;
    for (const auto& program : programs_) texts.push_back(program.text());
    const auto lines = jq_.run(texts, inputs_).lines;
    if (lines.size() != texts.size() * inputs_.size()) {
      compare_one_by_one();
    } else {
      for (std::size_t p = 0; p < programs_.size(); ++p) {
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
          const auto& their = lines[i * programs_.size() + p];
          if (agree(our_[p][i], their)) continue;
          report(programs_[p], inputs_[i], {our_[p][i], their});
          break;
        }
      }
    }
    return programs_.size() * inputs_.size();
  }

 private:
  void add(Expression program) {
    const auto text = program.text();
    if (is_skipped(text)) return;
    const auto compiled = Program::compile(wrapped(text), Mode::plain);
    if (!compiled) {
      if (const auto found = disagreement_of(jq_, text, inputs_[0]))
        report(program, inputs_[0], *found);
      return;
    }
    std::vector<std::string> outputs;
    for (const auto& input : inputs_) {
      auto output = ours(*compiled, input);
      if (!output) return;
      outputs.push_back(std::move(*output));
    }
    programs_.push_back(std::move(program));
    our_.push_back(std::move(outputs));
  }

  void compare_one_by_one() {
    for (const auto& program : programs_) {
      for (const auto& input : inputs_) {
        if (const auto found = disagreement_of(jq_, program.text(), input))
          report(program, input, *found);
      }
    }
  }

  void report(const Expression& program, const std::string& input, const Disagreement& found) {
    if (++failures_ > kReportedFailures) return;
    const auto smaller = minimised(jq_, program, input);
    const auto again = disagreement_of(jq_, smaller.text(), input).value_or(found);
    // Not through Catch2, which breaks lines.
    std::cerr << "TBA_DIFFERENTIAL_SEED=" << seed_ << "\nprogram:   " << program.text()
              << "\nminimised: " << smaller.text() << "\ninput:     " << input
              << "\nours:      " << again.our << "\njq:        " << again.their << "\n\n";
  }

  const Jq& jq_;
  std::uint64_t seed_;
  std::size_t& failures_;  // of all batches
  std::vector<std::string> inputs_;
  std::vector<Expression> programs_;
  std::vector<std::vector<std::string>> our_;  // by program, then by input
};

}  // namespace

TEST_CASE("differential: random programs give what jq gives") {
  REQUIRE(Jq::output_of("jq --version").lines == std::vector<std::string>{"jq-1.6"});
  const auto pairs = number_from_environment("TBA_DIFFERENTIAL_PAIRS", 5'000);
  const auto seed = number_from_environment("TBA_DIFFERENTIAL_SEED", 1);
  const Jq jq;
  std::size_t compared = 0;
  std::size_t failures = 0;
  for (std::uint64_t batch = 0; compared < pairs; ++batch)
    compared += Batch(jq, seed + batch, failures).compare();
  CHECK(failures == 0);
}

}  // namespace tba::tests
