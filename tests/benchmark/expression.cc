// Our expressions beside libjq, on 10,000 records that both have already parsed.
//
//   expression [ROUNDS] [WORD]
//
// In each round each program runs on one, then on the other; the figures are medians. Only programs
// whose text holds the word, where one is given. Before it is measured, both must give the same.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include <jq.h>
#include <jv.h>
}

#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace {

using namespace tba;
using namespace tba::expression;

constexpr int kRecords = 10'000;
constexpr auto kShortest = std::chrono::milliseconds(20);  // of what is measured at once
constexpr Budget kBudget{.steps = 1'000'000'000, .bytes = std::size_t{1} << 30, .depth = 100'000};

struct Measured {
  const char* program;
  bool is_of_one;  ///< Runs on one record, not on all.
};

constexpr Measured kPrograms[] = {
    {".address.city", true},
    {"if .score > 50 then .name else .email end", true},
    {".[] | .name", false},
    {"map(.score * 2 + 1)", false},
    {"map(select(.active and .score > 50))", false},
    {"map({name, city: .address.city, points: (.score + 1)})", false},
    {"group_by(.address.city) | map({city: .[0].address.city, count: length})", false},
    {"sort_by(.score)", false},
    {"unique_by(.address.city)", false},
    {"INDEX(.id)", false},
    {"map(select(.email | test(\"^[a-m].*[02468]@example\")))", false},
    {"map(.name | gsub(\"[aeiou]\"; \"*\"))", false},
    {"reduce .[] as $record (0; . + $record.score)", false},
    {"map(to_entries)", false},
    {"map(with_entries(.value |= tostring))", false},
    {"[paths] | length", false},
    {"walk(if type == \"number\" then . + 1 else . end)", false},
    {"map(tostring)", false},
    {"map([.id, .name, .score] | @csv)", false},
    {"map(.tags | join(\",\"))", false},
    {"map(.email | split(\"@\"))", false},
    {"map(\"\\(.name) <\\(.email)>: \\(.score)\")", false},
    {"map(.address.zip = 0 | .score += 1 | del(.email))", false},
    {"[limit(100; .[] | select(.score > 90) | .id)]", false},
    {"def fib: if . < 2 then . else (. - 1 | fib) + (. - 2 | fib) end; 18 | fib", false},
    {"[range(100000) | select(. % 3 == 0)] | add", false},
};

std::string records() {
  static constexpr const char* kNames[] = {"Ada", "Ben", "Chloe", "Dmitri", "Eve", "Farid"};
  static constexpr const char* kCities[] = {"Oslo", "Lima", "Kyoto", "Accra", "Quito"};
  std::string text = "[";
  std::uint32_t random = 1;
  for (int i = 0; i < kRecords; ++i) {
    random = random * 1'664'525 + 1'013'904'223;
    const auto number = random >> 8;
    const std::string name = kNames[number % 6];
    const auto digits = std::to_string(number % 1000);
    text += i == 0 ? "{" : ",{";
    text += "\"id\":" + std::to_string(i) + ",\"name\":\"" + name + " " + digits + "\"";
    text += ",\"email\":\"" + std::string(1, static_cast<char>('a' + number % 26)) + digits +
            "@example.com\"";
    text += ",\"score\":" + std::to_string(number % 101) + "." + std::to_string(number % 4 * 25);
    text += std::string(",\"active\":") + (number % 3 == 0 ? "false" : "true");
    text += ",\"tags\":[\"" + digits + "\",\"new\",\"vip\"]";
    text += std::string(",\"address\":{\"city\":\"") + kCities[number % 5] +
            "\",\"zip\":" + std::to_string(number % 90'000) + "}}";
  }
  return text + "]";
}

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "expression: %s\n", message.c_str());
  std::exit(1);
}

/// A program of ours and its input.
class Ours {
 public:
  Ours(const char* program, const Value& input)
      : program_(Program::compile(program, Mode::plain).value()), input_(input) {}

  /// All outputs, one after the other; how many there were.
  template <typename Take>
  std::size_t run(Take take) const {
    Evaluation evaluation(program_, input_, kBudget);
    std::size_t count = 0;
    for (; const auto output = evaluation.next(); ++count) {
      if (!*output) fail(program_.source() + ": " + output->error().message);
      take(**output);
    }
    return count;
  }

  std::string outputs() const {
    std::string text;
    run([&](const Value& output) { text += to_json(output) + '\n'; });
    return text;
  }
  void evaluate() const {
    run([](const Value&) {});
  }

 private:
  Program program_;
  Value input_;
};

/// The same program of libjq's.
class Theirs {
 public:
  Theirs(const char* program, const std::string& input)
      : jq_(jq_init()), input_(jv_parse(input.c_str())) {
    if (!jq_ || !jq_compile(jq_, program)) fail(std::string("libjq refuses ") + program);
  }
  ~Theirs() {
    jv_free(input_);
    jq_teardown(&jq_);
  }
  Theirs(const Theirs&) = delete;
  Theirs& operator=(const Theirs&) = delete;

  template <typename Take>
  void run(Take take) {
    jq_start(jq_, jv_copy(input_), 0);
    jv output = jq_next(jq_);
    for (; jv_is_valid(output); output = jq_next(jq_)) take(output);
    jv_free(output);
  }

  /// As ours writes them.
  std::string outputs() {
    std::string text;
    run([&](jv output) {
      jv dumped = jv_dump_string(output, 0);
      text += to_json(parse_json(jv_string_value(dumped), {.bytes = std::size_t{1} << 30}).value());
      text += '\n';
      jv_free(dumped);
    });
    return text;
  }
  void evaluate() {
    run([](jv output) { jv_free(output); });
  }

 private:
  jq_state* jq_;
  jv input_;
};

/// Nanoseconds that one call takes.
template <typename Function>
double nanoseconds(Function function, std::chrono::nanoseconds shortest = kShortest) {
  for (std::size_t count = 1;; count *= 4) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i) function();
    const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - begin;
    if (passed >= shortest) return static_cast<double>(passed.count()) / static_cast<double>(count);
  }
}

double median(std::vector<double> figures) {
  const auto middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
  std::nth_element(figures.begin(), middle, figures.end());
  return *middle;
}

void print_row(const char* program, std::vector<double> ours, std::vector<double> theirs) {
  const double our = median(std::move(ours));
  const double their = median(std::move(theirs));
  std::printf("| `%s` | %.0f | %.0f | %.1f |\n", program, our, their, their / our);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::string_view word = argc > 2 ? argv[2] : "";
  if (rounds < 1) fail("usage: expression [ROUNDS] [WORD]");
  const auto text = records();
  const auto all = parse_json(text).value();
  const auto one = all.items()[1];

  std::printf("| evaluate | ours ns | libjq ns | ratio |\n|---|---|---|---|\n");
  for (const auto& [program, is_of_one] : kPrograms) {
    if (std::string_view(program).find(word) == std::string_view::npos) continue;
    const Ours ours(program, is_of_one ? one : all);
    Theirs theirs(program, is_of_one ? to_json(one) : text);
    if (ours.outputs() != theirs.outputs()) fail(std::string("not the same: ") + program);
    std::vector<double> our;
    std::vector<double> their;
    for (int round = 0; round < rounds; ++round) {
      our.push_back(nanoseconds([&] { ours.evaluate(); }));
      their.push_back(nanoseconds([&] { theirs.evaluate(); }));
    }
    print_row(program, std::move(our), std::move(their));
  }

  std::printf("\n| compile | ours ns | libjq ns | ratio |\n|---|---|---|---|\n");
  for (const auto& [program, is_of_one] : kPrograms) {
    if (std::string_view(program).find(word) == std::string_view::npos) continue;
    std::vector<double> our;
    std::vector<double> their;
    for (int round = 0; round < rounds; ++round) {
      our.push_back(nanoseconds([&] { (void)Program::compile(program, Mode::plain); }));
      their.push_back(
          nanoseconds([&] { Theirs once(program, "null"); }, std::chrono::nanoseconds(1)));
    }
    print_row(program, std::move(our), std::move(their));
  }
}
