/* commands.h: one function a command; each returns the exit code of the program.
 *
 * Threads: the main thread. */
#ifndef TL_TWINLOOP_COMMANDS_H
#define TL_TWINLOOP_COMMANDS_H
#include "tools/cli/options.h"
#include "tools/cli/term.h"

typedef int cli_command_run(const cli_options *options, const cli_term *term);
cli_command_run cmd_run, cmd_check, cmd_plan, cmd_import, cmd_export, cmd_score, cmd_diff,
    cmd_drift, cmd_inspect, cmd_report, cmd_model, cmd_schema, cmd_verify_firmware, cmd_doctor,
    cmd_explain;
#endif
