// What values and expressions cost, one operation at a time.

#include <string>

#include <benchmark/benchmark.h>

#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/value/json.h"

namespace {

using namespace tba;
using namespace tba::expression;

/// About 10 kB, shaped like a delivery of GitHub's: objects of many members within one another.
std::string example_body() {
  const auto repository = [](int number) {
    std::string text = "{";
    for (int i = 0; i < 40; ++i) {
      text += "\"some_url_" + std::to_string(i) + "\":\"https://api.example.com/repos/" +
              std::to_string(number) + "/things/" + std::to_string(i) + "\",";
    }
    return text +
           R"("id":186853002,"name":"Hello-World","private":false,"stars":0,"license":null})";
  };
  return R"({"action":"opened","issue":{"title":"Spelling error in the README","number":1,"user":)" +
         repository(1) + R"(,"labels":[{"name":"bug","color":"d73a4a"}]},"repository":)" +
         repository(2) + R"(,"sender":)" + repository(3) + "}";
}

Context example_context() {
  Context context;
  context.set(Root::trigger, Value::object({{"body", parse_json(example_body()).value()}}));
  context.set(Root::inputs, parse_json(R"({"minimum":10})").value());
  return context;
}

void parse_body(benchmark::State& state) {
  const auto text = example_body();
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(parse_body);

void write_body(benchmark::State& state) {
  const auto value = parse_json(example_body()).value();
  std::string text;
  for (auto _ : state) {
    text.clear();
    append_json(text, value);
    benchmark::DoNotOptimize(text);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(write_body);

void compile_path(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(Program::compile(".inputs.minimum", Mode::workflow));
}
BENCHMARK(compile_path);

void compile_filter(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(Program::compile(
        "[.trigger.body.issue.labels[] | select(.color == \"d73a4a\") | {n: .name}]",
        Mode::workflow));
  }
}
BENCHMARK(compile_filter);

void evaluate(benchmark::State& state, std::string_view source) {
  const auto program = Program::compile(source, Mode::workflow).value();
  const auto context = example_context();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_single(program, context));
}
BENCHMARK_CAPTURE(evaluate, path, ".inputs.minimum");
BENCHMARK_CAPTURE(evaluate, comparison, ".trigger.body.issue.number >= .inputs.minimum");
BENCHMARK_CAPTURE(evaluate, filter,
                  "[.trigger.body.issue.labels[] | select(.color == \"d73a4a\") | {n: .name}]");
BENCHMARK_CAPTURE(evaluate, map, "[.trigger.body.repository[]] | map(tostring | length)");

void evaluate_plain_path(benchmark::State& state) {
  const auto program = Program::compile(".a.b", Mode::plain).value();
  const auto input = parse_json(R"({"a":{"b":1}})").value();
  for (auto _ : state) {
    Evaluation evaluation(program, input);
    benchmark::DoNotOptimize(evaluation.next());
  }
}
BENCHMARK(evaluate_plain_path);

void evaluate_template(benchmark::State& state) {
  const auto text =
      Template::parse(
          "New issue: ${{ .trigger.body.issue.title }} by ${{ .trigger.body.sender.name }}")
          .value();
  const auto context = example_context();
  for (auto _ : state) benchmark::DoNotOptimize(text.evaluate(context));
}
BENCHMARK(evaluate_template);

}  // namespace

BENCHMARK_MAIN();
