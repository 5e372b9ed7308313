/* commands.h: one function a command; each returns the exit code of the program.
 *
 * Threads: the main thread. */
#ifndef TL_TWINLOOP_COMMANDS_H
#define TL_TWINLOOP_COMMANDS_H
#include "tools/cli/options.h"
#include "tools/cli/term.h"

typedef int cli_command_run(const cli_options *options, const cli_term *term);
cli_command_run cmd_run, cmd_calibrate, cmd_check, cmd_diff, cmd_doctor, cmd_drift, cmd_explain,
    cmd_export, cmd_import, cmd_inspect, cmd_model, cmd_plan, cmd_report, cmd_schema, cmd_score,
    cmd_verify_firmware;
#endif
