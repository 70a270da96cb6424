#include <filesystem>
#include <memory>
#include <ostream>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/size_text.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> back_up(Session& session, const std::string& file) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  std::error_code failure;  // of a working folder that is gone
  const auto path = std::filesystem::absolute(file, failure);
  if (failure) return usage_error(fmt::format("cannot tell where '{}' is", file), "");
  const auto backup = daemon->patient().post("/store/backups", {{"path", path.string()}});
  if (!backup) return backup.error();
  if (session.json()) {
    print_json(session.console().out, *backup);
  } else {
    session.console().out << fmt::format("copied the database into {} ({})\n",
                                         text_of(*backup, "path"), size_text(*backup, "bytes"));
  }
  return ExitCode::done;
}

}  // namespace

Action build_store_backup(CLI::App& arguments) {
  const auto file = std::make_shared<std::string>();
  arguments.add_option("file", *file, "The file to be made")->required()->type_name("");
  return [file](Session& session) { return back_up(session, *file); };
}

}  // namespace tba::cli
