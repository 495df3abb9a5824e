/* The rows of all commands that list.c puts in order. */
#pragma once

#include "command/command.h"
#include "parse/format_list.h"

extern const struct command command_publish, command_publish_criterion, command_publish_pytest,
    command_publish_auto, command_import_history, command_query, command_results,
    command_invalidate, command_compare, command_changes, command_report, command_schedule,
    command_backfill, command_bisect, command_db_info, command_db_compact, command_db_export,
    command_doctor, command_licenses, command_checkout, command_run, command_cache_list,
    command_cache_prune, command_completion, command_help, command_host_show, command_host_check,
    command_host_tune, command_host_restore, command_host_install, command_host_uninstall,
    command_host_helper, command_host_calibrate, command_action, command_init,
    command_github_dispatch, command_github_runs, command_github_comment, command_github_check,
    command_github_permission, command_github_commits, command_github_artifact, command_github_pull,
    command_bot_comment, command_bot_progress, command_bot_finish, command_poll, command_jobs_list,
    command_jobs_add, command_jobs_cancel, command_jobs_retry, command_alerts_update,
    command_alerts_list, command_alerts_ack, command_alerts_expect;

#define PUBLISH_ROW(ident, word, harness) extern const struct command command_publish_##ident;
PARSE_FORMAT_LIST(PUBLISH_ROW)
#undef PUBLISH_ROW
