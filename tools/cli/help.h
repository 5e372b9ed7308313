/* help.h: what options.def says, for people (help, man page) and for shells (completions).
 *
 * Why: made from the table at run time, so that none can lag behind the parser.
 * Owns: nothing. Threads: pure but for the text they add to. */
#ifndef TL_CLI_HELP_H
#define TL_CLI_HELP_H
#include "base/text.h"
#include "tools/cli/options.h"

void cli_help_add(tl_text *out, const cli_command *command); /* NULL: the overview */
void cli_man_add(tl_text *out);                              /* mdoc */
/* shell: "bash", "zsh" or "fish"; returns false for another. */
bool cli_completion_add(tl_text *out, const char *shell);
#endif
