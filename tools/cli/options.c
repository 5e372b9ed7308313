#include "tools/cli/options.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

#define FILE CLI_FILE
#define DIR CLI_DIR
#define CODE CLI_CODE
#define NONE CLI_NONE
#define WORDS CLI_WORDS
static const cli_command commands[] = {
#define COMMAND(name, arguments, least, most, complete, summary, example)                          \
  {name, arguments, least, most, complete, summary, example},
#define OPTION(command, name, letter, argument, complete, help)
#include "tools/cli/options.def"
#undef COMMAND
#undef OPTION
};
static const cli_option options_table[] = {
#define COMMAND(name, arguments, least, most, complete, summary, example)
#define OPTION(command, name, letter, argument, complete, help)                                    \
  {command, name, letter, argument, complete, help},
#include "tools/cli/options.def"
#undef COMMAND
#undef OPTION
};
#undef FILE
#undef DIR
#undef CODE
#undef NONE
#undef WORDS

enum {
  COMMAND_COUNT = sizeof commands / sizeof *commands,
  OPTION_COUNT = sizeof options_table / sizeof *options_table
};

uint32_t cli_command_count(void) { return COMMAND_COUNT; }

const cli_command *cli_command_at(uint32_t index)
{
  assert(index < COMMAND_COUNT);
  return &commands[index];
}

const cli_command *cli_command_find(const char *name)
{
  for (uint32_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

const cli_option *cli_option_at(const cli_command *command, uint32_t index)
{
  for (uint32_t i = 0; i < OPTION_COUNT; i++) {
    const char *owner = options_table[i].command;
    if (strcmp(owner, "*") != 0 && (!command || strcmp(owner, command->name) != 0)) continue;
    if (index == 0) return &options_table[i];
    index--;
  }
  return NULL;
}

static const cli_option *find_long(const cli_command *command, const char *name, size_t length)
{
  const cli_option *option;
  for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) return option;
  return NULL;
}

static const cli_option *find_letter(const cli_command *command, char letter)
{
  const cli_option *option;
  for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (option->letter == letter) return option;
  return NULL;
}

static tl_code unknown_option(const cli_command *command, const char *name, tl_error *err)
{
  const char *names[OPTION_COUNT];
  uint32_t count = 0;
  const cli_option *option;
  for (; (option = cli_option_at(command, count)) != NULL; count++) names[count] = option->name;
  char plain[64];
  const size_t length = strcspn(name, "=");
  const size_t kept = length < sizeof plain ? length : sizeof plain - 1;
  memcpy(plain, name, kept);
  plain[kept] = '\0';
  const tl_code code = tl_fail(err, TL_E_USAGE, NULL, "%s%sunknown option '--%s'",
                               command ? command->name : "", command ? ": " : "", plain);
  const char *closest = tl_text_closest(plain, names, count);
  if (closest) return tl_fail_hint(err, "did you mean '--%s'?", closest);
  for (uint32_t i = 0; i < OPTION_COUNT; i++) /* right name, another command */
    if (strcmp(options_table[i].name, plain) == 0)
      return tl_fail_hint(err, "that is an option of '%s'", options_table[i].command);
  return code;
}

static bool is_word_of(const char *words, const char *value)
{
  const size_t length = strlen(value);
  for (const char *word = words; *word;) {
    const size_t word_length = strcspn(word, "|");
    if (word_length == length && strncmp(word, value, length) == 0) return true;
    word += word_length + (word[word_length] == '|');
  }
  return false;
}

static tl_code take(cli_options *out, const cli_option *option, const char *value, tl_error *err)
{
  if (option->complete == CLI_WORDS && !is_word_of(option->argument, value))
    return tl_fail(err, TL_E_USAGE, NULL, "--%s: '%s' is none of %s", option->name, value,
                   option->argument);
  if (out->given_count == CLI_GIVEN_MAX)
    return tl_fail(err, TL_E_USAGE, NULL, "more than %d options", CLI_GIVEN_MAX);
  out->given[out->given_count].option = option;
  out->given[out->given_count].value = value;
  out->given_count++;
  return TL_OK;
}

/* A document that no file is named for goes to stdout: `--json` at the end or before another option. */
static bool stands_alone(const cli_option *option, int argc, char *const *argv, int index)
{
  if (strcmp(option->name, "json") != 0) return false;
  return index + 1 >= argc || (argv[index + 1][0] == '-' && argv[index + 1][1] != '\0');
}

/* "--name", "--name=value" or "--name value"; *index moves past what was used. */
static tl_code take_long(cli_options *out, int argc, char *const *argv, int *index, tl_error *err)
{
  const char *name = argv[*index] + 2;
  const size_t length = strcspn(name, "=");
  const cli_option *option = find_long(out->command, name, length);
  if (!option) return unknown_option(out->command, name, err);
  const char *value = name[length] == '=' ? name + length + 1 : NULL;
  if (!option->argument) {
    if (value) return tl_fail(err, TL_E_USAGE, NULL, "--%s takes no value", option->name);
    return take(out, option, "", err);
  }
  if (!value && stands_alone(option, argc, argv, *index)) return take(out, option, "-", err);
  if (!value) {
    if (*index + 1 >= argc)
      return tl_fail(err, TL_E_USAGE, NULL, "--%s needs a value: --%s %s", option->name,
                     option->name, option->argument);
    value = argv[++*index];
  }
  return take(out, option, value, err);
}

/* "-q", "-qv", "-o value" or "-ovalue". */
static tl_code take_letters(cli_options *out, int argc, char *const *argv, int *index,
                            tl_error *err)
{
  for (const char *letter = argv[*index] + 1; *letter; letter++) {
    const cli_option *option = find_letter(out->command, *letter);
    if (!option) return tl_fail(err, TL_E_USAGE, NULL, "unknown option '-%c'", *letter);
    if (!option->argument) {
      const tl_code code = take(out, option, "", err);
      if (code != TL_OK) return code;
      continue;
    }
    if (letter[1]) return take(out, option, letter + 1, err);
    if (*index + 1 >= argc)
      return tl_fail(err, TL_E_USAGE, NULL, "-%c needs a value: -%c %s", *letter, *letter,
                     option->argument);
    return take(out, option, argv[++*index], err);
  }
  return TL_OK;
}

static tl_code unknown_command(const char *name, tl_error *err)
{
  const char *names[COMMAND_COUNT];
  for (uint32_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
  tl_fail(err, TL_E_USAGE, NULL, "unknown command '%s'", name);
  const char *closest = tl_text_closest(name, names, COMMAND_COUNT);
  if (closest) tl_fail_hint(err, "did you mean '%s'?", closest);
  return TL_E_USAGE;
}

static tl_code check_arguments(const cli_options *options, tl_error *err)
{
  const cli_command *command = options->command;
  if (!command || cli_options_has(options, "help")) return TL_OK;
  if (options->argument_count < command->least) {
    tl_fail(err, TL_E_USAGE, NULL, "%s: %s missing: twinloop %s %s", command->name,
            command->least == 1 ? "argument" : "arguments", command->name, command->arguments);
    return tl_fail_hint(err, "for example: %s", command->example);
  }
  if (options->argument_count > command->most)
    return tl_fail(err, TL_E_USAGE, NULL, "%s: one argument too many: '%s'", command->name,
                   options->arguments[command->most]);
  return TL_OK;
}

tl_code cli_options_parse(cli_options *out, int argc, char *const *argv, tl_error *err)
{
  *out = (cli_options){0};
  bool options_end = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    tl_code code = TL_OK;
    if (!options_end && strcmp(word, "--") == 0) {
      options_end = true;
    } else if (!options_end && word[0] == '-' && word[1] == '-') {
      code = take_long(out, argc, argv, &i, err);
    } else if (!options_end && word[0] == '-' && word[1]) {
      code = take_letters(out, argc, argv, &i, err);
    } else if (!out->command) {
      out->command = cli_command_find(word);
      if (!out->command) code = unknown_command(word, err);
    } else if (out->argument_count < CLI_ARGUMENTS_MAX) {
      out->arguments[out->argument_count++] = word;
    } else {
      code = tl_fail(err, TL_E_USAGE, NULL, "too many arguments");
    }
    if (code != TL_OK) return code;
  }
  return check_arguments(out, err);
}

/* A misspelt name in our own code would read as "not given" for ever. */
static bool in_table(const char *name)
{
  for (uint32_t i = 0; i < OPTION_COUNT; i++)
    if (strcmp(options_table[i].name, name) == 0) return true;
  return false;
}

const char *cli_options_get(const cli_options *options, const char *name)
{
  assert(in_table(name));
  const char *value = NULL;
  for (uint32_t i = 0; i < options->given_count; i++)
    if (strcmp(options->given[i].option->name, name) == 0) value = options->given[i].value;
  return value;
}

bool cli_options_has(const cli_options *options, const char *name)
{
  return cli_options_get(options, name) != NULL;
}

const char *cli_options_nth(const cli_options *options, const char *name, uint32_t n)
{
  assert(in_table(name));
  for (uint32_t i = 0; i < options->given_count; i++)
    if (strcmp(options->given[i].option->name, name) == 0 && n-- == 0)
      return options->given[i].value;
  return NULL;
}

tl_code cli_options_number(const cli_options *options, const char *name, uint64_t low,
                           uint64_t high, uint64_t *out, tl_error *err)
{
  const char *value = cli_options_get(options, name);
  if (!value) return TL_OK;
  uint64_t number = 0;
  if (!tl_text_parse_uint64(&number, value) || number < low || number > high)
    return tl_fail(err, TL_E_USAGE, NULL, "--%s: '%s' is not a whole number from %llu to %llu",
                   name, value, (unsigned long long)low, (unsigned long long)high);
  *out = number;
  return TL_OK;
}
