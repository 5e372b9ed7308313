#include "tools/cli/run_folder.h"
#include "tools/twinloop/commands.h"

/* The report was written with the run; asking for it again must not be able to say anything else. */
static tl_code deliver(const cli_run_record *record, const char *name, const char *to,
                       const cli_term *term, tl_error *err)
{
  char path[2 * CLI_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", record->folder, name);
  if (to) return cli_file_copy(path, to, err);
  FILE *probe = fopen(path, "rb");
  if (!probe) return tl_fail(err, TL_E_IO, NULL, "%s: is not there", path);
  fclose(probe);
  fprintf(term->results, "%s\n", path);
  return TL_OK;
}

int cmd_report(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  cli_run_record *record = &(cli_run_record){0};
  tl_code code = cli_run_record_read(record, options->arguments[0], &err);
  const char *output = cli_options_get(options, "output"),
             *junit = cli_options_get(options, "junit");
  if (code == TL_OK && (output || !junit))
    code = deliver(record, "report.html", output, term, &err);
  if (code == TL_OK && junit) code = deliver(record, "junit.xml", junit, term, &err);
  cli_run_record_free(record);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
