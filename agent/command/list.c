/* Every command, in the order of the help. */
#include "base/alloc.h"
#include "command/command.h"
#include "command/rows.h"

const struct command *const commands[] = {
    &command_checkout,       &command_run,
    &command_schedule,       &command_publish_criterion,
    &command_publish_pytest, &command_publish_auto,
    &command_publish,        &command_import_history,
    &command_results,        &command_compare,
    &command_query,          &command_invalidate,
    &command_db_info,        &command_db_compact,
    &command_db_export,      &command_init,
    &command_action,         &command_cache_list,
    &command_cache_prune,    &command_host_show,
    &command_host_check,     &command_host_tune,
    &command_host_restore,   &command_host_install,
    &command_host_uninstall, &command_host_helper,
    &command_host_calibrate, &command_doctor,
    &command_licenses,       &command_completion,
    &command_help,
};
const size_t command_count = ARRAY_SIZE(commands);
