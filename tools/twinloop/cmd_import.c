#include "script/map.h"
#include "telemetry/import.h"
#include "tools/twinloop/commands.h"

#include <stdlib.h>
#include <string.h>

static tl_code require_options(const cli_options *options, tl_error *err)
{
  static const char *const needed[][2] = {{"map", "--map MAP.lua"}, {"output", "-o REC.h5"}};
  for (int i = 0; i < 2; i++) {
    if (cli_options_has(options, needed[i][0])) continue;
    tl_fail(err, TL_E_USAGE, NULL, "import: %s is missing", needed[i][1]);
    return tl_fail_hint(err, "for example: %s", options->command->example);
  }
  return TL_OK;
}

static tl_code print_report(const tl_import_report *report, const cli_options *options,
                            const cli_term *term, tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  if (!term->quiet && !(json && strcmp(json, "-") == 0))
    tl_import_report_text(report, term->results);
  if (!json) return TL_OK;
  tl_text text = {0};
  tl_import_report_json(report, &text);
  tl_text_add_char(&text, '\n');
  const tl_code code = cli_write(json, &text, err);
  tl_text_free(&text);
  return code;
}

int cmd_import(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_import_report report = {0};
  tl_import_map *map = malloc(sizeof *map);
  tl_code code =
      map ? require_options(options, &err) : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) {
    *map = tl_import_map_default();
    code = tl_import_map_load(cli_options_get(options, "map"), map, &err);
  }
  if (code == TL_OK)
    code = tl_import(options->arguments[0], map, cli_options_get(options, "output"), &report, &err);
  if (code == TL_OK) code = print_report(&report, options, term, &err);
  tl_import_report_free(&report);
  free(map);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
