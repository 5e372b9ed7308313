/* options.h: the command line as a table, and a parser for it.
 *
 * Why: help, man page, completions and parser must never disagree, so all read options.def.
 * Owns: a cli_options borrows argv. Threads: setup only. */
#ifndef TL_CLI_OPTIONS_H
#define TL_CLI_OPTIONS_H
#include "base/error.h"

#include <stdint.h>

typedef enum cli_complete { CLI_NONE, CLI_FILE, CLI_DIR, CLI_CODE, CLI_WORDS } cli_complete;

typedef struct cli_option {
  const char *command;  /* "run"; "*" for all */
  const char *name;     /* long name, without dashes */
  char letter;          /* short name or '\0' */
  const char *argument; /* "DIR", "all|none"; NULL: a switch */
  cli_complete complete;
  const char *help;
} cli_option;

typedef struct cli_command {
  const char *name;
  const char *arguments; /* "SCENARIO.lua" */
  uint32_t least, most;  /* arguments taken */
  cli_complete complete;
  const char *summary, *example;
} cli_command;

enum { CLI_GIVEN_MAX = 128, CLI_ARGUMENTS_MAX = 8 };
typedef struct cli_options {
  const cli_command *command; /* NULL: none was given */
  uint32_t given_count;
  struct {
    const cli_option *option;
    const char *value; /* NULL for a switch */
  } given[CLI_GIVEN_MAX];
  uint32_t argument_count;
  const char *arguments[CLI_ARGUMENTS_MAX];
} cli_options;

uint32_t cli_command_count(void);
const cli_command *cli_command_at(uint32_t index);
const cli_command *cli_command_find(const char *name); /* NULL when there is none */
/* The index-th option that a command takes (its own first, then those of "*"); NULL past the last.
 * command NULL: those of "*" only. */
const cli_option *cli_option_at(const cli_command *command, uint32_t index);

/* Reads argv[1 ..]. `--json` without a value has the value "-".
 * errors  TL_E_USAGE: unknown command or option (hint: the nearest), missing or superfluous argument,
 *         a word that is not one of the option's. --help anywhere stops further complaints about arguments. */
tl_code cli_options_parse(cli_options *out, int argc, char *const *argv, tl_error *err);
/* Last value of an option, NULL when not given; a given switch is "". The name must be in the table. */
const char *cli_options_get(const cli_options *options, const char *name);
bool cli_options_has(const cli_options *options, const char *name);
/* The n-th value of a repeated option, NULL past the last. */
const char *cli_options_nth(const cli_options *options, const char *name, uint32_t n);
/* A whole number of the option, in [low, high]; *out is left alone when the option is not given.
 * errors  TL_E_USAGE */
tl_code cli_options_number(const cli_options *options, const char *name, uint64_t low,
                           uint64_t high, uint64_t *out, tl_error *err);
#endif
