/* main.c: picks the command. */
#include "tools/cli/help.h"
#include "tools/twinloop/commands.h"

#include "exec/parallel.h"

#include <string.h>

static const struct {
  const char *name;
  cli_command_run *run;
} table[] = {
    {"run", cmd_run},
    {"check", cmd_check},
    {"plan", cmd_plan},
    {"import", cmd_import},
    {"export", cmd_export},
    {"score", cmd_score},
    {"calibrate", cmd_calibrate},
    {"diff", cmd_diff},
    {"drift", cmd_drift},
    {"inspect", cmd_inspect},
    {"report", cmd_report},
    {"model", cmd_model},
    {"schema", cmd_schema},
    {"verify-firmware", cmd_verify_firmware},
    {"doctor", cmd_doctor},
    {"explain", cmd_explain},
};
enum { TABLE_COUNT = sizeof table / sizeof *table };

static int print_help(const cli_command *command, FILE *out)
{
  tl_text text = {0};
  cli_help_add(&text, command);
  fputs(tl_text_string(&text), out);
  tl_text_free(&text);
  return 0;
}

/* `--man` and `--completion SHELL`, for the build; `--version`. Returns -1 when argv asks for none of them. */
static int print_special(int argc, char *const *argv)
{
  if (argc < 2) return -1;
  tl_text text = {0};
  int status = 0;
  if (strcmp(argv[1], "--version") == 0)
    tl_text_add(&text, "twinloop " TL_VERSION "\n");
  else if (strcmp(argv[1], "--man") == 0)
    cli_man_add(&text);
  else if (strcmp(argv[1], "--completion") == 0 && argc == 3)
    status = cli_completion_add(&text, argv[2]) ? 0 : 2;
  else
    status = -1;
  fputs(tl_text_string(&text), stdout);
  tl_text_free(&text);
  return status;
}

static int dispatch(int argc, char *const *argv)
{
  const int special = print_special(argc, argv);
  if (special >= 0) return special;

  cli_options options;
  tl_error err = {0};
  char flag[] = "--help";
  char *const as_option[] = {argv[0], argc > 2 ? argv[2] : flag, flag, NULL}; /* `help COMMAND` */
  const bool asks = argc > 1 && strcmp(argv[1], "help") == 0;
  const tl_code code = cli_options_parse(&options, asks ? 3 : argc, asks ? as_option : argv, &err);
  const cli_term term = cli_term_make(&options);
  if (code != TL_OK) return cli_fail(&term, &err, NULL);
  if (cli_options_has(&options, "help")) return print_help(options.command, stdout);
  if (!options.command) {
    print_help(NULL, stderr);
    return 2;
  }
  for (int i = 0; i < TABLE_COUNT; i++)
    if (strcmp(table[i].name, options.command->name) == 0) return table[i].run(&options, &term);
  tl_fail(&err, TL_E_INTERNAL, NULL, "command %s has no function", options.command->name);
  return cli_fail(&term, &err, NULL);
}

int main(int argc, char **argv)
{
  tl_parallel_restart_patient(argv);
  const int status = dispatch(argc, argv);
  if (fflush(stdout) != 0 && status == 0) {
    fputs("error[TL0020]: standard output takes no more\n", stderr);
    return 4;
  }
  return status;
}
