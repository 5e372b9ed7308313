#include "tools/cli/help.h"
#include "tools/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Parses words up to NULL. */
static tl_code parse(cli_options *out, tl_error *err, ...)
{
  char *argv[32] = {(char[]){"twinloop"}};
  int argc = 1;
  va_list words;
  va_start(words, err);
  for (char *word; argc < 32 && (word = va_arg(words, char *)) != NULL;) argv[argc++] = word;
  va_end(words);
  static const tl_error none = {0};
  *err = none;
  return cli_options_parse(out, argc, argv, err);
}
#define PARSE(...) parse(&options, &err, __VA_ARGS__, (char *)NULL)

static void every_way_to_write_an_option_gives_its_value(void **unused)
{
  (void)unused;
  cli_options options;
  tl_error err;
  assert_int_equal(PARSE("run", "a.lua", "-o", "x", "--seed=7", "--threads", "3", "-q"), TL_OK);
  assert_string_equal(options.command->name, "run");
  assert_string_equal(options.arguments[0], "a.lua");
  assert_string_equal(cli_options_get(&options, "output"), "x");
  assert_string_equal(cli_options_get(&options, "seed"), "7");
  assert_string_equal(cli_options_get(&options, "threads"), "3");
  assert_true(cli_options_has(&options, "quiet"));
  assert_false(cli_options_has(&options, "verbose"));
  assert_int_equal(PARSE("-qv", "run", "-oy", "a.lua", "--seed", "-5"), TL_OK);
  assert_string_equal(cli_options_get(&options, "output"), "y");
  assert_string_equal(cli_options_get(&options, "seed"), "-5");
  assert_true(cli_options_has(&options, "quiet") && cli_options_has(&options, "verbose"));
  assert_int_equal(PARSE("run", "--", "--odd.lua"), TL_OK);
  assert_string_equal(options.arguments[0], "--odd.lua");
}

static void a_repeated_option_keeps_all_its_values_in_order(void **unused)
{
  (void)unused;
  cli_options options;
  tl_error err;
  assert_int_equal(PARSE("run", "a.lua", "--set", "a=1", "--set", "b=2"), TL_OK);
  assert_string_equal(cli_options_nth(&options, "set", 0), "a=1");
  assert_string_equal(cli_options_nth(&options, "set", 1), "b=2");
  assert_null(cli_options_nth(&options, "set", 2));
  assert_string_equal(cli_options_get(&options, "set"), "b=2");
}

static void a_document_without_a_file_goes_to_stdout(void **unused)
{
  (void)unused;
  cli_options options;
  tl_error err;
  assert_int_equal(PARSE("run", "a.lua", "--json"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "-");
  assert_int_equal(PARSE("run", "--json", "--seed", "7", "a.lua"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "-");
  assert_string_equal(cli_options_get(&options, "seed"), "7");
  assert_int_equal(PARSE("run", "--json", "-q", "a.lua"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "-");
  assert_true(cli_options_has(&options, "quiet"));
  assert_int_equal(PARSE("run", "--json", "--", "a.lua"), TL_OK);
  assert_string_equal(options.arguments[0], "a.lua");
  assert_int_equal(PARSE("run", "--json", "-", "a.lua"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "-");
  assert_int_equal(PARSE("run", "a.lua", "--json", "x.json"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "x.json");
  assert_int_equal(PARSE("run", "a.lua", "--json=x.json"), TL_OK);
  assert_string_equal(cli_options_get(&options, "json"), "x.json");
  for (uint32_t c = 0; c < cli_command_count(); c++) { /* wherever there is a --json */
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(cli_command_at(c), i)) != NULL; i++)
      if (strcmp(option->name, "json") == 0)
        assert_non_null(strstr(option->help, "- or nothing is stdout"));
  }
  assert_int_equal(PARSE("run", "a.lua", "--junit"), TL_E_USAGE); /* others need their value */
}

static void ten_typos_get_the_right_hint(void **unused)
{
  (void)unused;
  static char *const typos[][3] = {
      {"rnu", NULL, "did you mean 'run'?"},
      {"scroe", NULL, "did you mean 'score'?"},
      {"inspct", NULL, "did you mean 'inspect'?"},
      {"docter", NULL, "did you mean 'doctor'?"},
      {"exlpain", NULL, "did you mean 'explain'?"},
      {"run", "--threds", "did you mean '--threads'?"},
      {"run", "--ouput", "did you mean '--output'?"},
      {"run", "--recrod=all", "did you mean '--record'?"},
      {"import", "--mpa", "did you mean '--map'?"},
      {"export", "--cvs", "did you mean '--csv'?"},
      {"check", "--json", "that is an option of 'run'"},
  };
  for (size_t i = 0; i < sizeof typos / sizeof *typos; i++) {
    cli_options options;
    tl_error err;
    assert_int_equal(PARSE(typos[i][0], typos[i][1]), TL_E_USAGE);
    assert_string_equal(err.hint, typos[i][2]);
  }
}

static void wrong_usage_says_what_and_how(void **unused)
{
  (void)unused;
  cli_options options;
  tl_error err;
  assert_int_equal(PARSE("run"), TL_E_USAGE);
  assert_string_equal(err.text, "run: argument missing: twinloop run SCENARIO.lua");
  assert_int_equal(PARSE("run", "a", "b"), TL_E_USAGE);
  assert_string_equal(err.text, "run: one argument too many: 'b'");
  assert_int_equal(PARSE("run", "a", "--seed"), TL_E_USAGE);
  assert_string_equal(err.text, "--seed needs a value: --seed N");
  assert_int_equal(PARSE("run", "a", "-o"), TL_E_USAGE);
  assert_string_equal(err.text, "-o needs a value: -o DIR");
  assert_int_equal(PARSE("run", "a", "--verify=yes"), TL_E_USAGE);
  assert_string_equal(err.text, "--verify takes no value");
  assert_int_equal(PARSE("run", "a", "--record", "some"), TL_E_USAGE);
  assert_string_equal(err.text, "--record: 'some' is none of all|sample|events|none");
  assert_int_equal(PARSE("run", "a", "--record", "all|sample"), TL_E_USAGE);
  assert_int_equal(PARSE("run", "a", "-x"), TL_E_USAGE);
  assert_string_equal(err.text, "unknown option '-x'");
  assert_int_equal(PARSE("run", "a", "--seed", "x"), TL_OK);
  uint64_t seed = 5;
  assert_int_equal(cli_options_number(&options, "seed", 0, 10, &seed, &err), TL_E_USAGE);
  assert_string_equal(err.text, "--seed: 'x' is not a whole number from 0 to 10");
  assert_int_equal(seed, 5);
}

static void help_needs_no_argument_and_names_every_option(void **unused)
{
  (void)unused;
  cli_options options;
  tl_error err;
  assert_int_equal(PARSE("run", "--help"), TL_OK);
  for (uint32_t c = 0; c < cli_command_count(); c++) {
    const cli_command *command = cli_command_at(c);
    tl_text help = {0};
    cli_help_add(&help, command);
    const cli_option *option;
    for (uint32_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
      char wanted[64] = "--";
      strcat(wanted, option->name);
      assert_non_null(strstr(help.data, wanted));
    }
    for (const char *line = help.data; *line;) { /* no line is wider than a terminal */
      const size_t length = strcspn(line, "\n");
      assert_true(length <= 110);
      line += length + (line[length] == '\n');
    }
    tl_text_free(&help);
  }
}

static void an_unknown_shell_has_no_completion(void **unused)
{
  (void)unused;
  tl_text text = {0};
  assert_false(cli_completion_add(&text, "csh"));
  assert_int_equal(text.length, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_to_write_an_option_gives_its_value),
      cmocka_unit_test(a_repeated_option_keeps_all_its_values_in_order),
      cmocka_unit_test(a_document_without_a_file_goes_to_stdout),
      cmocka_unit_test(ten_typos_get_the_right_hint),
      cmocka_unit_test(wrong_usage_says_what_and_how),
      cmocka_unit_test(help_needs_no_argument_and_names_every_option),
      cmocka_unit_test(an_unknown_shell_has_no_completion),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
