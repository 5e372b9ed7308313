#include "tools/cli/help.h"

#include <string.h>

static const char *const exit_codes[][2] = {
    {"0", "all thresholds held"},
    {"1", "a threshold was missed, or the scenario says failed"},
    {"2", "wrong usage"},
    {"3", "scenario or script error, or a threshold without samples"},
    {"4", "an input file is bad"},
    {"5", "non-determinism was found (--verify)"},
    {"6", "internal error"},
    {"130", "interrupted; the run folder is readable up to then"},
};
enum {
  EXIT_CODE_COUNT = sizeof exit_codes / sizeof *exit_codes,
  HELP_COLUMN = 34,
  HELP_WIDTH = 100
};

/* Words of `text` from the column on, wrapped. */
static void add_wrapped(tl_text *out, const char *text)
{
  size_t at = HELP_COLUMN;
  while (*text) {
    const size_t length = strcspn(text, " ");
    if (at > HELP_COLUMN && at + 1 + length > HELP_WIDTH) {
      tl_text_addf(out, "\n%*s", HELP_COLUMN, "");
      at = HELP_COLUMN;
    } else if (at > HELP_COLUMN) {
      tl_text_add_char(out, ' ');
      at++;
    }
    tl_text_add_bytes(out, text, length);
    at += length;
    text += length + (text[length] == ' ');
  }
  tl_text_add_char(out, '\n');
}

static void add_option_row(tl_text *out, const cli_option *option)
{
  char left[128];
  tl_text row = tl_text_over(left, sizeof left);
  tl_text_add(&row, "  ");
  if (option->letter)
    tl_text_addf(&row, "-%c, ", option->letter);
  else
    tl_text_add(&row, "    ");
  tl_text_addf(&row, "--%s", option->name);
  if (option->argument) tl_text_addf(&row, " %s", option->argument);
  tl_text_add(out, left);
  if (row.length + 2 > HELP_COLUMN)
    tl_text_addf(out, "\n%*s", HELP_COLUMN, "");
  else
    tl_text_addf(out, "%*s", (int)(HELP_COLUMN - row.length), "");
  add_wrapped(out, option->help);
}

static void add_command_help(tl_text *out, const cli_command *command)
{
  tl_text_addf(out, "usage: twinloop %s [options]%s%s\n\n%s.\n\noptions:\n", command->name,
               command->arguments[0] ? " " : "", command->arguments, command->summary);
  const cli_option *option;
  for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    add_option_row(out, option);
  tl_text_addf(out, "\nexample:\n  %s\n", command->example);
}

void cli_help_add(tl_text *out, const cli_command *command)
{
  if (command) {
    add_command_help(out, command);
    return;
  }
  tl_text_add(out, "twinloop: deterministic digital twins of device fleets\n\n"
                   "usage: twinloop COMMAND [options] [arguments]\n\ncommands:\n");
  for (uint32_t i = 0; i < cli_command_count(); i++) {
    const cli_command *row = cli_command_at(i);
    char left[64];
    tl_text text = tl_text_over(left, sizeof left);
    tl_text_addf(&text, "  %s%s%s", row->name, row->arguments[0] ? " " : "", row->arguments);
    tl_text_addf(out, "%-*s", HELP_COLUMN - 1, left);
    tl_text_add_char(out, ' '); /* also after a name as wide as its column */
    add_wrapped(out, row->summary);
  }
  tl_text_add(out, "\noptions of every command:\n");
  const cli_option *option;
  for (uint32_t i = 0; (option = cli_option_at(NULL, i)) != NULL; i++) add_option_row(out, option);
  tl_text_addf(out, "      --version%*sversion\n", HELP_COLUMN - 15, "");
  tl_text_add(out, "\nexit codes:\n");
  for (int i = 0; i < EXIT_CODE_COUNT; i++)
    tl_text_addf(out, "  %-4s %s\n", exit_codes[i][0], exit_codes[i][1]);
  tl_text_add(out, "\n`twinloop COMMAND --help` and `twinloop help COMMAND` say more. Results go "
                   "to stdout, messages to stderr.\n");
}

/* --- man page ------------------------------------------------------------------------------------ */
/* mdoc reads a line's first dot and every backslash as its own, and wants lines of at most 80 bytes. */
static void add_mdoc(tl_text *out, const char *text)
{
  enum { LINE_BYTES = 72 };
  size_t used = 0;
  if (*text == '.' || *text == '\'') tl_text_add(out, "\\&");
  for (; *text; text++, used++) {
    const size_t word = strcspn(text + 1, " ") + 1;
    if (*text == ' ' && used + word > LINE_BYTES && text[1] != '.' && text[1] != '\'') {
      tl_text_add_char(out, '\n');
      used = 0;
      continue;
    }
    if (*text == '\\')
      tl_text_add(out, "\\e");
    else if (*text == '-')
      tl_text_add(out, "\\-");
    else
      tl_text_add_char(out, *text);
  }
  tl_text_add_char(out, '\n');
}

static void add_mdoc_option(tl_text *out, const cli_option *option)
{
  tl_text_add(out, ".It");
  if (option->letter) tl_text_addf(out, " Fl %c ,", option->letter);
  tl_text_addf(out, " Fl \\-%s", option->name);
  if (option->argument) {
    tl_text_add(out, " Ar ");
    for (const char *c = option->argument; *c; c++) {
      if (*c == '|')
        tl_text_add(out, " | ");
      else
        tl_text_add_char(out, *c);
    }
  }
  tl_text_add_char(out, '\n');
  add_mdoc(out, option->help);
}

static void add_mdoc_options(tl_text *out, const cli_command *command)
{
  tl_text_add(out, ".Bl -tag -width Ds -compact\n");
  const cli_option *option;
  for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (!command || strcmp(option->command, "*") != 0) add_mdoc_option(out, option);
  tl_text_add(out, ".El\n");
}

static bool has_own_options(const cli_command *command)
{
  const cli_option *first = cli_option_at(command, 0);
  return first && strcmp(first->command, "*") != 0;
}

void cli_man_add(tl_text *out)
{
  tl_text_add(
      out,
      ".Dd November 22, 2026\n.Dt TWINLOOP 1\n.Os\n.Sh NAME\n.Nm twinloop\n"
      ".Nd deterministic digital twins of device fleets\n.Sh SYNOPSIS\n.Nm\n"
      ".Ar command\n.Op Ar options\n.Op Ar arguments\n.Sh DESCRIPTION\n.Nm\n"
      "runs a Lua scenario over a fleet of simulated devices,\nwith real int8 models in the loop, "
      "and says whether its thresholds held.\n"
      "The result is the same bits on any number of threads, compiler and processor.\n"
      "Results go to stdout, progress and messages to stderr.\n.Ss Commands\n"
      ".Bl -tag -width Ds\n");
  for (uint32_t i = 0; i < cli_command_count(); i++) {
    const cli_command *command = cli_command_at(i);
    tl_text_addf(out, ".It Cm %s", command->name);
    if (command->arguments[0]) tl_text_addf(out, " Ar %s", command->arguments);
    tl_text_add_char(out, '\n');
    char summary[256];
    tl_text text = tl_text_over(summary, sizeof summary);
    tl_text_addf(&text, "%s.", command->summary);
    if (summary[0] >= 'a' && summary[0] <= 'z') summary[0] = (char)(summary[0] - 'a' + 'A');
    add_mdoc(out, summary);
    if (has_own_options(command)) add_mdoc_options(out, command);
  }
  tl_text_add(out, ".El\n.Ss Options of every command\n");
  add_mdoc_options(out, NULL);
  tl_text_add(
      out,
      ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev NO_COLOR\nNo colours unless asked for with\n"
      ".Fl \\-color Ar always .\n.It Ev CI\nProgress is written as lines, never redrawn.\n.El\n"
      ".Sh FILES\nA run is a folder:\n.Bl -tag -width Ds -compact\n"
      ".It Pa run.json\nversions, seed, hashes, verdicts\n"
      ".It Pa telemetry.h5\nsignals, events and digests\n"
      ".It Pa report.html\nthe report, one file\n"
      ".It Pa junit.xml\nthe verdicts for continuous integration\n"
      ".It Pa inputs/\nthe scenario's files as they ran, for diff and inspect\n.El\n"
      ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n");
  for (int i = 0; i < EXIT_CODE_COUNT; i++)
    tl_text_addf(out, ".It %s\n%s\n", exit_codes[i][0], exit_codes[i][1]);
  tl_text_add(
      out,
      ".El\n.Pp\n.Nm\n.Cm diff\nexits 0 when the runs are equal, 1 when they differ and 2 when it "
      "cannot tell.\n.Sh EXAMPLES\n.Bd -literal\n");
  for (uint32_t i = 0; i < cli_command_count(); i++) add_mdoc(out, cli_command_at(i)->example);
  tl_text_add(out, ".Ed\n");
}

/* --- completions --------------------------------------------------------------------------------- */
static void add_words(tl_text *out, const char *bars)
{
  for (; *bars; bars++) tl_text_add_char(out, *bars == '|' ? ' ' : *bars);
}

static void add_codes(tl_text *out)
{
  for (int code = 1; code < TL_CODE_COUNT; code++)
    tl_text_addf(out, "%sTL%04d", code > 1 ? " " : "", tl_code_describe((tl_code)code)->number);
}

static void add_bash_value(tl_text *out, const cli_option *option)
{
  if (!option->argument) return;
  tl_text_addf(out, "    %s:--%s", option->command, option->name);
  if (option->letter) tl_text_addf(out, " | %s:-%c", option->command, option->letter);
  tl_text_add(out, ") ");
  if (option->complete == CLI_WORDS) {
    tl_text_add(out, "COMPREPLY=($(compgen -W \"");
    add_words(out, option->argument);
    tl_text_add(out, "\" -- \"$cur\"))");
  } else if (option->complete == CLI_FILE) {
    tl_text_add(out, "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))");
  } else if (option->complete == CLI_DIR) {
    tl_text_add(out, "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))");
  } else {
    tl_text_add(out, "COMPREPLY=()");
  }
  tl_text_add(out, "; return ;;\n");
}

static void add_bash(tl_text *out)
{
  tl_text_add(
      out, "# bash completion of twinloop, made from its option table\n_twinloop() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word\n"
           "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in\n      ");
  for (uint32_t i = 0; i < cli_command_count(); i++)
    tl_text_addf(out, "%s%s", i ? " | " : "", cli_command_at(i)->name);
  tl_text_add(out, ") command=$word; break ;;\n    esac\n  done\n  case $command:$prev in\n");
  for (uint32_t c = 0; c < cli_command_count(); c++) {
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(cli_command_at(c), i)) != NULL; i++)
      if (strcmp(option->command, "*") != 0) add_bash_value(out, option);
  }
  const cli_option *common;
  for (uint32_t i = 0; (common = cli_option_at(NULL, i)) != NULL; i++) add_bash_value(out, common);
  tl_text_add(out, "  esac\n  local options\n  case $command in\n    '') options=\"");
  for (uint32_t i = 0; i < cli_command_count(); i++)
    tl_text_addf(out, "%s ", cli_command_at(i)->name);
  for (uint32_t i = 0; (common = cli_option_at(NULL, i)) != NULL; i++)
    tl_text_addf(out, "--%s ", common->name);
  tl_text_add(out, "--version\" ;;\n");
  for (uint32_t c = 0; c < cli_command_count(); c++) {
    const cli_command *command = cli_command_at(c);
    tl_text_addf(out, "    %s) options=\"", command->name);
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
      tl_text_addf(out, "%s--%s", i ? " " : "", option->name);
    if (command->complete == CLI_CODE) {
      tl_text_add_char(out, ' ');
      add_codes(out);
    }
    tl_text_add(out, "\" ;;\n");
  }
  tl_text_add(out, "  esac\n  if [[ $cur == -* || -z $command || $command == explain ]]; then\n"
                   "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n  else\n"
                   "    compopt -o filenames\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
                   "complete -F _twinloop twinloop\n");
}

/* Inside single quotes of zsh and fish; zsh's _arguments also reads ':' and brackets. */
static void add_quoted(tl_text *out, const char *text, bool is_zsh)
{
  for (; *text; text++) {
    if (*text == '\'')
      tl_text_add(out, is_zsh ? "'\\''" : "\\'");
    else if (is_zsh && strchr(":[]", *text))
      tl_text_addf(out, "\\%c", *text);
    else
      tl_text_add_char(out, *text);
  }
}

static void add_zsh_action(tl_text *out, const cli_option *option)
{
  if (!option->argument) return;
  tl_text_add_char(out, ':');
  add_quoted(out, option->complete == CLI_WORDS ? option->name : option->argument, true);
  tl_text_add_char(out, ':');
  if (option->complete == CLI_WORDS) {
    tl_text_add_char(out, '(');
    add_words(out, option->argument);
    tl_text_add_char(out, ')');
  } else if (option->complete == CLI_FILE) {
    tl_text_add(out, "_files");
  } else if (option->complete == CLI_DIR) {
    tl_text_add(out, "_files -/");
  }
}

static void add_zsh_option(tl_text *out, const cli_option *option)
{
  for (int is_short = 0; is_short < (option->letter ? 2 : 1); is_short++) {
    tl_text_add(out, " \\\n        '*");
    if (is_short)
      tl_text_addf(out, "-%c", option->letter);
    else
      tl_text_addf(out, "--%s%s", option->name, option->argument ? "=" : "");
    tl_text_add_char(out, '[');
    add_quoted(out, option->help, true);
    tl_text_add_char(out, ']');
    add_zsh_action(out, option);
    tl_text_add_char(out, '\'');
  }
}

static void add_zsh(tl_text *out)
{
  tl_text_add(
      out,
      "#compdef twinloop\n# zsh completion of twinloop, made from its option table\n_twinloop() {\n"
      "  local -a commands\n  commands=(\n");
  for (uint32_t i = 0; i < cli_command_count(); i++) {
    tl_text_addf(out, "    '%s:", cli_command_at(i)->name);
    add_quoted(out, cli_command_at(i)->summary, true);
    tl_text_add(out, "'\n");
  }
  tl_text_add(
      out, "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
           "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n");
  for (uint32_t c = 0; c < cli_command_count(); c++) {
    const cli_command *command = cli_command_at(c);
    tl_text_addf(out, "    %s)\n      _arguments", command->name);
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
      add_zsh_option(out, option);
    if (command->complete == CLI_CODE) {
      tl_text_add(out, " \\\n        ':code:(");
      add_codes(out);
      tl_text_add(out, ")'");
    } else if (command->most > 0) {
      tl_text_add(out, " \\\n        '*:file:_files'");
    }
    tl_text_add(out, " ;;\n");
  }
  tl_text_add(out, "  esac\n}\n_twinloop \"$@\"\n");
}

static void add_fish_option(tl_text *out, const cli_option *option)
{
  tl_text_add(out, "complete -c twinloop");
  if (strcmp(option->command, "*") != 0)
    tl_text_addf(out, " -n '__fish_seen_subcommand_from %s'", option->command);
  if (option->letter) tl_text_addf(out, " -s %c", option->letter);
  tl_text_addf(out, " -l %s", option->name);
  if (option->argument) {
    if (option->complete == CLI_WORDS) {
      tl_text_add(out, " -x -a '");
      add_words(out, option->argument);
      tl_text_add_char(out, '\'');
    } else {
      tl_text_add(out, option->complete == CLI_NONE ? " -x" : " -r -F");
    }
  }
  tl_text_add(out, " -d '");
  add_quoted(out, option->help, false);
  tl_text_add(out, "'\n");
}

static void add_fish(tl_text *out)
{
  tl_text_add(out, "# fish completion of twinloop, made from its option table\n"
                   "complete -c twinloop -n __fish_use_subcommand -f\n");
  for (uint32_t c = 0; c < cli_command_count(); c++) {
    const cli_command *command = cli_command_at(c);
    tl_text_addf(out, "complete -c twinloop -n __fish_use_subcommand -a %s -d '", command->name);
    add_quoted(out, command->summary, false);
    tl_text_add(out, "'\n");
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
      if (strcmp(option->command, "*") != 0) add_fish_option(out, option);
    if (command->complete == CLI_CODE) {
      tl_text_addf(out, "complete -c twinloop -n '__fish_seen_subcommand_from %s' -f -a '",
                   command->name);
      add_codes(out);
      tl_text_add(out, "'\n");
    }
  }
  const cli_option *common;
  for (uint32_t i = 0; (common = cli_option_at(NULL, i)) != NULL; i++) add_fish_option(out, common);
}

bool cli_completion_add(tl_text *out, const char *shell)
{
  if (strcmp(shell, "bash") == 0)
    add_bash(out);
  else if (strcmp(shell, "zsh") == 0)
    add_zsh(out);
  else if (strcmp(shell, "fish") == 0)
    add_fish(out);
  else
    return false;
  return true;
}
