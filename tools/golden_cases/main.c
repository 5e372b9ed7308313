/* golden_cases CASES.csv: every row of a golden table of metrics; see usage below. */
#include "fidelity/pair.h"
#include "telemetry/csv.h"
#include "tools/pair/parameters.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: golden [--verbose] CASES.csv\n\n"
    "Computes the metric of every row (columns case, metric, params, expected, source, note) from "
    "series/CASE.csv\n"
    "(columns t, ref, sim) or ensembles/CASE.csv (obs, m1, m2 ...) beside the table, prints what "
    "differs, then counts.\n"
    "Tolerance: relative 1e-9 where the source is a numpy formula, else 1e-6, and absolute 1e-9; "
    "nw_* may be one point\n"
    "off, as a tie of its paths is. nan and infinities: the metric must be undefined. Rows whose "
    "note says\n"
    "ill-conditioned are skipped.\n\n"
    "exit codes: 0 no miss, 1 a miss, 2 wrong usage, 4 a table or series that cannot be read\n";

typedef enum column { CASE, METRIC_NAME, PARAMS, EXPECTED, SOURCE, NOTE, COLUMN_COUNT } column;
static const char *const column_names[COLUMN_COUNT] = {"case",     "metric", "params",
                                                       "expected", "source", "note"};

typedef struct table {
  const char *path;
  tl_csv *csv;
  uint32_t column[COLUMN_COUNT];
  char name[256]; /* of the case that is loaded */
  tl_pair pair;
  bool is_verbose;
  uint32_t passed, failed, skipped;
} table;

typedef struct row {
  char text[COLUMN_COUNT][256];
  double expected;
  tl_metric metric;
  tl_metric_parameters parameters;
} row;

static bool exists(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file != NULL;
}

/* "m1..mN" with as many as the file's header has. */
static tl_code load_ensemble(tl_pair *out, const char *path, tl_error *err)
{
  char members[64];
  tl_csv *csv = NULL;
  const tl_csv_def def = tl_csv_def_default();
  tl_code code = tl_csv_open(&csv, path, &def, err);
  if (code != TL_OK) return code;
  snprintf(members, sizeof members, "m1..m%u", tl_csv_column_count(csv) - 1);
  tl_csv_close(csv);
  const tl_pair_def pair = {.path = path, .ref = "obs", .members = members};
  return tl_pair_read(out, &pair, err);
}

static tl_code load(table *t, const char *name, tl_error *err)
{
  char path[1024];
  if (strcmp(t->name, name) == 0) return TL_OK;
  tl_pair_free(&t->pair);
  t->name[0] = '\0';
  const char *slash = strrchr(t->path, '/');
  const int folder = slash ? (int)(slash - t->path + 1) : 0;
  snprintf(path, sizeof path, "%.*sensembles/%s.csv", folder, t->path, name);
  tl_code code;
  if (exists(path)) {
    code = load_ensemble(&t->pair, path, err);
  } else {
    snprintf(path, sizeof path, "%.*sseries/%s.csv", folder, t->path, name);
    const tl_pair_def def = {.path = path, .time = "t", .ref = "ref", .sim = "sim"};
    code = tl_pair_read(&t->pair, &def, err);
  }
  if (code == TL_OK) snprintf(t->name, sizeof t->name, "%s", name);
  return code;
}

static tl_code parse(row *out, const table *t, const tl_csv_cell *cells, uint64_t line,
                     tl_error *err)
{
  char where[160];
  snprintf(where, sizeof where, "%.120s:%llu", t->path, (unsigned long long)line);
  for (int c = 0; c < COLUMN_COUNT; c++) {
    const tl_csv_cell *cell = &cells[t->column[c]];
    if (cell->length >= sizeof out->text[c])
      return tl_fail(err, TL_E_FORMAT, where, "%s is longer than %zu bytes", column_names[c],
                     sizeof out->text[c] - 1);
    memcpy(out->text[c], cell->text, cell->length);
    out->text[c][cell->length] = '\0';
  }
  if (!tl_text_parse_double(&out->expected, out->text[EXPECTED]))
    return tl_fail(err, TL_E_FORMAT, where, "'%s' is not a number", out->text[EXPECTED]);
  tl_code code = tl_metric_parse(&out->metric, out->text[METRIC_NAME], where, err);
  out->parameters = tl_metric_parameters_default();
  if (code == TL_OK) code = pair_parameters_parse(&out->parameters, out->text[PARAMS], where, err);
  return code;
}

static bool agrees(const row *r, const tl_metric_value *got)
{
  if (!isfinite(r->expected)) return got->status != TL_METRIC_OK;
  if (got->status != TL_METRIC_OK) return false;
  const double relative = strncmp(r->text[SOURCE], "numpy", 5) == 0 ? 1e-9 : 1e-6;
  const double absolute = strncmp(r->text[METRIC_NAME], "nw_", 3) == 0 ? 1.0 : 1e-9;
  return fabs(got->value - r->expected) <= relative * fabs(r->expected) + absolute;
}

static void report(const row *r, const tl_metric_value *got, bool is_miss)
{
  char number[TL_TEXT_DOUBLE_BYTES] = "-";
  if (got->status == TL_METRIC_OK) tl_text_format_double(number, got->value);
  printf("%s %s %s %s: %s%s%s%s, expected %s\n", is_miss ? "MISS" : "ok  ", r->text[CASE],
         r->text[METRIC_NAME], r->text[PARAMS], number, got->reason ? " (" : "",
         got->reason ? got->reason : "", got->reason ? ")" : "", r->text[EXPECTED]);
}

static tl_code check(table *t, const row *r, tl_error *err)
{
  bool wanted[TL_METRIC_ALL_COUNT] = {false};
  tl_metric_value got[TL_METRIC_ALL_COUNT];
  if (strstr(r->text[NOTE], "ill-conditioned")) {
    t->skipped++;
    return TL_OK;
  }
  tl_code code = load(t, r->text[CASE], err);
  wanted[r->metric] = true;
  if (code == TL_OK) code = tl_metrics_measure(got, wanted, &t->pair.series, &r->parameters, err);
  if (code != TL_OK) return code;
  const bool is_miss = !agrees(r, &got[r->metric]);
  if (is_miss)
    t->failed++;
  else
    t->passed++;
  if (is_miss || t->is_verbose) report(r, &got[r->metric], is_miss);
  return TL_OK;
}

static tl_code run(table *t, tl_error *err)
{
  const tl_csv_def def = tl_csv_def_default();
  const tl_csv_cell *cells = NULL;
  uint64_t line = 0;
  bool more = true;
  tl_code code = tl_csv_open(&t->csv, t->path, &def, err);
  for (int c = 0; c < COLUMN_COUNT && code == TL_OK; c++)
    code = tl_csv_column_find(t->csv, column_names[c], &t->column[c], err);
  while (code == TL_OK) {
    row r;
    code = tl_csv_next(t->csv, &cells, &line, &more, err);
    if (code != TL_OK || !more) break;
    code = parse(&r, t, cells, line, err);
    if (code == TL_OK) code = check(t, &r, err);
  }
  tl_pair_free(&t->pair);
  tl_csv_close(t->csv);
  return code;
}

int main(int argc, char **argv)
{
  table t = {0};
  tl_error err = {0};
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    fputs(usage, stdout);
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--verbose") == 0)
      t.is_verbose = true;
    else if (t.path || argv[i][0] == '-')
      return fprintf(stderr, "golden: '%s' is not understood\n%s", argv[i], usage), 2;
    else
      t.path = argv[i];
  }
  if (t.path == NULL) return fprintf(stderr, "golden: CASES.csv is missing\n%s", usage), 2;
  const tl_code code = run(&t, &err);
  if (code != TL_OK) {
    fprintf(stderr, "golden: %s\n", err.text);
    if (err.hint[0]) fprintf(stderr, "golden: %s\n", err.hint);
    return 4;
  }
  printf("%u passed, %u failed, %u skipped\n", t.passed, t.failed, t.skipped);
  return fflush(stdout) != 0 ? 4 : t.failed > 0 || t.passed == 0 ? 1 : 0;
}
