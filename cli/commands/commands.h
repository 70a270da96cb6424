#pragma once

#include "cli/command.h"

namespace tba::cli {

// Each is defined in the file of its name, and stands in the command table.
Action build_init(CLI::App& arguments);
Action build_workflow_check(CLI::App& arguments);
Action build_workflow_list(CLI::App& arguments);
Action build_workflow_show(CLI::App& arguments);
Action build_run_start(CLI::App& arguments);
Action build_run_list(CLI::App& arguments);
Action build_run_show(CLI::App& arguments);
Action build_run_logs(CLI::App& arguments);
Action build_run_watch(CLI::App& arguments);
Action build_run_cancel(CLI::App& arguments);
Action build_run_resume(CLI::App& arguments);
Action build_run_retry(CLI::App& arguments);
Action build_run_approve(CLI::App& arguments);
Action build_run_reject(CLI::App& arguments);
Action build_webhook_list(CLI::App& arguments);
Action build_webhook_replay(CLI::App& arguments);
Action build_webhook_show(CLI::App& arguments);
Action build_event_emit(CLI::App& arguments);
Action build_event_list(CLI::App& arguments);
Action build_schedule_list(CLI::App& arguments);
Action build_schedule_preview(CLI::App& arguments);
Action build_store_info(CLI::App& arguments);
Action build_store_backup(CLI::App& arguments);
Action build_store_compact(CLI::App& arguments);
Action build_credential_set(CLI::App& arguments);
Action build_credential_test(CLI::App& arguments);
Action build_credential_list(CLI::App& arguments);
Action build_credential_login(CLI::App& arguments);
Action build_credential_offers(CLI::App& arguments);
Action build_credential_accept(CLI::App& arguments);
Action build_credential_remove(CLI::App& arguments);
Action build_connector_list(CLI::App& arguments);
Action build_connector_show(CLI::App& arguments);
Action build_connector_call(CLI::App& arguments);
Action build_connector_check(CLI::App& arguments);
Action build_connector_import(CLI::App& arguments);
Action build_connector_new(CLI::App& arguments);
Action build_connector_test(CLI::App& arguments);
Action build_expression_check(CLI::App& arguments);
Action build_expression_eval(CLI::App& arguments);
Action build_daemon_start(CLI::App& arguments);
Action build_daemon_stop(CLI::App& arguments);
Action build_daemon_reload(CLI::App& arguments);
Action build_daemon_status(CLI::App& arguments);

}  // namespace tba::cli
