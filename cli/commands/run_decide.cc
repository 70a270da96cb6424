#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

/// `run resume`, `run approve` and `run reject`: what a person says about a run that waits for one.
namespace tba::cli {
namespace {

struct Options {
  std::string run;
  std::string step;
  std::string comment;
  bool repeat = false;
  bool skip = false;
  bool fail = false;
};

Outcome<ExitCode> send(Session& session, const Options& options, const std::string& what, Json body,
                       const std::string& told) {
  if (!options.step.empty()) body["step"] = options.step;
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto answer = daemon->post("/runs/" + percent_encode(options.run) + "/" + what, body);
  if (!answer) return answer.error();
  if (session.json()) {
    print_json(session.console().out, *answer);
  } else {
    session.console().out << fmt::format("run {} {}\n", text_of(*answer, "id"), told);
  }
  return ExitCode::done;
}

Outcome<ExitCode> resume(Session& session, const Options& options) {
  if (options.repeat + options.skip + options.fail != 1) {
    return usage_error("say how the run goes on", "--repeat the step, --skip it, or let it --fail");
  }
  const std::string decision = options.repeat ? "repeat" : options.skip ? "skip" : "fail";
  return send(session, options, "resume", {{"decision", decision}}, "goes on");
}

Outcome<ExitCode> decide(Session& session, const Options& options, bool is_approved) {
  auto body = Json::object();
  if (!options.comment.empty()) body["comment"] = options.comment;
  return send(session, options, is_approved ? "approve" : "reject", std::move(body),
              is_approved ? "is approved" : "is rejected");
}

std::shared_ptr<Options> add_run(CLI::App& arguments, const char* step) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("run", options->run, "The run's id, or 'latest'")->required()->type_name("");
  arguments.add_option("--step", options->step, step)->type_name("STEP");
  return options;
}

Action build_decision(CLI::App& arguments, bool is_approved) {
  const auto options = add_run(arguments, "The step that waits, where several do");
  arguments.add_option("--comment", options->comment, "What others shall know of it")
      ->type_name("TEXT");
  return
      [options, is_approved](Session& session) { return decide(session, *options, is_approved); };
}

}  // namespace

Action build_run_resume(CLI::App& arguments) {
  const auto options = add_run(arguments, "Only this interrupted step");
  arguments.add_flag("--repeat", options->repeat, "Do the step again, though it may have acted");
  arguments.add_flag("--skip", options->skip, "Go on behind it");
  arguments.add_flag("--fail", options->fail, "Let it have failed");
  return [options](Session& session) { return resume(session, *options); };
}

Action build_run_approve(CLI::App& arguments) {
  return build_decision(arguments, true);
}

Action build_run_reject(CLI::App& arguments) {
  return build_decision(arguments, false);
}

}  // namespace tba::cli
