#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/text_file.h"

namespace tba::cli {
namespace {

constexpr const char* kConfig =
    R"(# The daemon's configuration. Everything here is optional; what is commented out shows the
# defaults. Relative paths are taken from this file's folder.

# http:
#   listen: 127.0.0.1:8632      # webhooks arrive here, at /hooks/…; port 0 takes any free one
#   trusted_proxies: [10.0.0.0/8] # believed whom they pass requests on from; none if not given

# log:
#   level: info                 # debug, info, warning, error
#   format: automatic           # text on a terminal, JSON otherwise; or text, json

# limits:
#   header_bytes: 16KiB
#   body_bytes: 25MiB           # a webhook's body; GitHub sends at most this
#   bodies_total: 256MiB        # of all requests from TCP at a time
#   idle: 60s                   # after which a silent connection is closed
#   connections: 1024
#   requests: 1024              # of steps and polls at a time; others wait for their turn
#   requests_to_host: 128       # of these, to one host and port

# outbound:
#   circuit:                    # a host that fails is left alone, then tried by one request
#     failures: 10              # in a row; 0: it never is
#     within: 1m
#     pause: 5s                 # twice as long each time
#     longest_pause: 2m
#     patience: 10m             # after which requests fail instead of waiting for the host

# retention:                    # what is kept of what is over; the oldest goes first
#   age: 90d                    # of a run, since its end
#   runs: 100000                # of each workflow
#   bytes: 4GiB                 # of each workflow's runs, about
#   workflows: {}               # the same three for single workflows: { noisy: { age: 7d } }
#   total_runs: 1000000
#   total_bytes: 16GiB          # of the database
#   deliveries: 30d             # that started no run
#   delivery_ids: 30d           # how long one is known that is sent again
#   events: 30d
#   poll_items: 365d

# expressions:                  # what ends one that goes on for too long
#   steps: 3000000
#   bytes: 24MiB
#   depth: 100000

# socket: daemon.sock           # of the API
# store: tba.db
# vault:
#   key_file: vault.key         # keep a copy elsewhere

# workflows: [workflows]        # folders
# connectors: [connectors]      # folders; the built-in connectors are always there
# plugins: [plugins]            # folders; each plugin has one of its own in them

# notify:                       # whom notify steps tell, by name
#   officers: { call: discord/create-message, with: { content: "${{ .inputs.text }}" } }

# vars:                         # what workflows read as ${{ .vars.… }}; nothing secret
#   environment: production
)";

constexpr const char* kHello =
    R"(# A first workflow. Start it with: tba-integrate run start hello --input name=Ada --watch
name: hello
description: Greets somebody
on:
  - manual: {}
inputs:
  name: { type: string, default: world, description: who is greeted }
steps:
  - id: greeting
    set: { text: "Hello, ${{ .inputs.name }}!" }
  - id: say
    run: [sh, -c, 'echo "$TEXT"']
    env: { TEXT: "${{ .steps.greeting.body.text }}" }
output: { text: "${{ .steps.greeting.body.text }}" }
)";

struct Made {
  std::filesystem::path path;
  std::string what;
};

Outcome<std::vector<Made>> make_home(const Paths& paths) {
  std::vector<Made> made;
  const bool had_workflows =
      std::filesystem::is_directory(paths.workflows) && !std::filesystem::is_empty(paths.workflows);
  const Made folders[] = {{paths.home, "the home"},
                          {paths.workflows, "workflow files go here"},
                          {paths.connectors, "your own connectors go here"},
                          {paths.plugins, "plugins go here, each in a folder of its own"},
                          {paths.store.parent_path(), "for the store and the vault's key"}};
  for (const Made& folder : folders) {
    const auto is_new = make_private_folder(folder.path);
    if (!is_new) return is_new.error();
    if (*is_new) made.push_back(folder);
  }
  const auto config = write_new_file(paths.config_file, kConfig);
  if (!config) return config.error();
  if (*config) made.push_back({paths.config_file, "the configuration; all of it is optional"});
  if (had_workflows) return made;
  const auto hello = write_new_file(paths.workflows / "hello.yaml", kHello);
  if (!hello) return hello.error();
  if (*hello) made.push_back({paths.workflows / "hello.yaml", "a first workflow"});
  return made;
}

Outcome<ExitCode> init(Session& session) {
  const auto paths = session.paths();
  if (!paths) return paths.error();
  const auto made = make_home(*paths);
  if (!made) return made.error();
  Console& console = session.console();
  if (session.json()) {
    Json files = Json::array();
    for (const Made& item : *made) files.push_back(item.path.string());
    print_json(console.out, {{"home", paths->home.string()}, {"made", files}});
    return ExitCode::done;
  }
  if (made->empty()) {
    console.out << fmt::format("the home {} is complete; nothing was changed\n",
                               paths->home.string());
    return ExitCode::done;
  }
  Table table({"MADE", "FOR"});
  for (const Made& item : *made) table.add({item.path.string(), item.what});
  table.print(console.out, console.colour_out);
  console.out << fmt::format("\nTo go on:\n  {}\n", session.command_line("daemon start"));
  if (std::filesystem::exists(paths->workflows / "hello.yaml")) {
    console.out << fmt::format("  {}\n", session.command_line("run start hello --watch"));
  }
  return ExitCode::done;
}

}  // namespace

Action build_init(CLI::App& arguments) {
  arguments.footer("What is there already is left as it is.");
  return [](Session& session) { return init(session); };
}

}  // namespace tba::cli
