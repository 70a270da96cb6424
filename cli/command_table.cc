#include "cli/command.h"
#include "cli/commands/commands.h"

namespace tba::cli {
namespace {

constexpr Command kCommands[] = {
    {"init", "", "Make a home: folders, config.yaml, a first workflow", build_init},
    {"workflow", "check", "Check workflow and connector files; needs no daemon",
     build_workflow_check},
    {"workflow", "list", "List the workflows and how they stand", build_workflow_list},
    {"workflow", "show", "Show a workflow: triggers, inputs, steps", build_workflow_show},
    {"run", "start", "Start a workflow by hand", build_run_start},
    {"run", "list", "List runs, the newest first", build_run_list},
    {"run", "show", "Show a run: steps, results, failure", build_run_show},
    {"run", "logs", "Print what the programs of a run wrote", build_run_logs},
    {"run", "watch", "Follow a run until it ends", build_run_watch},
    {"run", "cancel", "Cancel a run", build_run_cancel},
    {"run", "resume", "Say how an interrupted run goes on", build_run_resume},
    {"run", "retry", "Try a run that is over anew, from the beginning or from a step",
     build_run_retry},
    {"run", "approve", "Let a run go on that waits for an approval", build_run_approve},
    {"run", "reject", "Refuse the approval that a run waits for", build_run_reject},
    {"webhook", "list", "List webhook deliveries, the newest first", build_webhook_list},
    {"webhook", "show", "Show a delivery: headers, body, runs", build_webhook_show},
    {"webhook", "replay", "Start runs again from a delivery that was kept", build_webhook_replay},
    {"event", "emit", "Emit an event: it starts workflows, and steps go on", build_event_emit},
    {"event", "list", "List events, the newest first", build_event_list},
    {"schedule", "list", "List schedules and when they fire next", build_schedule_list},
    {"schedule", "preview", "Show when a workflow file's schedules fire; needs no daemon",
     build_schedule_preview},
    {"credential", "set", "Store a credential; its secret comes from a prompt or stdin",
     build_credential_set},
    {"credential", "login", "Log in with a credential: in a browser, here or elsewhere",
     build_credential_login},
    {"credential", "test", "Try whether a credential works", build_credential_test},
    {"credential", "list", "List credentials, never their secrets", build_credential_list},
    {"credential", "offers", "List secrets that APIs have sent for webhooks",
     build_credential_offers},
    {"credential", "accept", "Make an offered secret its credential's", build_credential_accept},
    {"credential", "remove", "Remove a credential", build_credential_remove},
    {"connector", "list", "List the APIs that can be called", build_connector_list},
    {"connector", "show", "Show a connector: authentication, endpoints", build_connector_show},
    {"connector", "call", "Call an endpoint once, through the daemon", build_connector_call},
    {"connector", "check", "Check connector files; needs no daemon", build_connector_check},
    {"connector", "test", "Compare a connector with calls as they went; needs no daemon",
     build_connector_test},
    {"connector", "new", "Write a connector file to begin with; needs no daemon",
     build_connector_new},
    {"connector", "import", "Make a connector of an API's description; needs no daemon",
     build_connector_import},
    {"store", "info", "Show what uses the database's space", build_store_info},
    {"store", "backup", "Copy the database into a file, while the daemon goes on",
     build_store_backup},
    {"store", "compact", "Give the database's unused space back", build_store_compact},
    {"expression", "eval", "Evaluate an expression over JSON from stdin, or on a run",
     build_expression_eval},
    {"expression", "check", "Check files of jq programs; needs no daemon", build_expression_check},
    {"daemon", "start", "Start the daemon and wait until it is ready", build_daemon_start},
    {"daemon", "stop", "Stop the daemon and wait until it has ended", build_daemon_stop},
    {"daemon", "reload", "Read the workflow and connector files again", build_daemon_reload},
    {"daemon", "status", "Show how the daemon is", build_daemon_status},
};

}  // namespace

std::span<const Command> command_table() {
  return kCommands;
}

}  // namespace tba::cli
