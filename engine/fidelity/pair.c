#include "fidelity/pair.h"

#include "base/units.h"
#include "telemetry/csv.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128 };

/* Places of the columns in the file and what is read from them, row by row. */
typedef struct reader {
  const tl_pair_def *def;
  tl_csv *csv;
  uint32_t *column; /* [column_count]: time (when has_time), ref, sim (when has_sim), members */
  uint32_t column_count, member_count;
  bool has_time, has_sim;
  double *value; /* [capacity][column_count] */
  size_t count, capacity;
} reader;

/* --- which columns --- */

static tl_code add_column(reader *r, const char *name, size_t length, tl_error *err)
{
  char text[NAME_BYTES];
  if (length == 0 || length >= sizeof text)
    return tl_fail(err, TL_E_USAGE, NULL, "'%.*s' is no name of a column",
                   (int)(length < 60 ? length : 60), name);
  if (r->column_count >= TL_PAIR_MEMBERS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "more than %u members", TL_PAIR_MEMBERS_MAX);
  memcpy(text, name, length);
  text[length] = '\0';
  return tl_csv_column_find(r->csv, text, &r->column[r->column_count++], err);
}

/* "m1..m8": a stem, and whole numbers that rise. */
static bool parse_range(char stem[NAME_BYTES], uint64_t *low, uint64_t *high, const char *text,
                        size_t length)
{
  char copy[2 * NAME_BYTES];
  if (length >= sizeof copy) return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *dots = strstr(copy, "..");
  if (dots == NULL) return false;
  *dots = '\0';
  size_t digits = strlen(copy);
  while (digits > 0 && copy[digits - 1] >= '0' && copy[digits - 1] <= '9') digits--;
  if (digits >= NAME_BYTES - 24 || strncmp(copy, dots + 2, digits) != 0) return false;
  memcpy(stem, copy, digits);
  stem[digits] = '\0';
  return tl_text_parse_uint64(low, copy + digits) &&
         tl_text_parse_uint64(high, dots + 2 + digits) && *low <= *high &&
         *high - *low < TL_PAIR_MEMBERS_MAX;
}

static tl_code add_members(reader *r, tl_error *err)
{
  tl_code code = TL_OK;
  const uint32_t before = r->column_count;
  for (const char *at = r->def->members; at != NULL && code == TL_OK;) {
    const size_t length = strcspn(at, ",");
    char stem[NAME_BYTES], name[NAME_BYTES];
    uint64_t low = 0, high = 0;
    if (parse_range(stem, &low, &high, at, length)) {
      for (uint64_t i = low; i <= high && code == TL_OK; i++) {
        const int size = snprintf(name, sizeof name, "%s%llu", stem, (unsigned long long)i);
        code = add_column(r, name, (size_t)size, err);
      }
    } else if (length >= 2 && strstr(at, "..") != NULL && strstr(at, "..") < at + length) {
      code = tl_fail(err, TL_E_USAGE, NULL, "'%.*s' is no range of columns such as m1..m8",
                     (int)(length < 60 ? length : 60), at);
    } else {
      code = add_column(r, at, length, err);
    }
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
  r->member_count = r->column_count - before;
  return code;
}

static tl_code find_columns(reader *r, tl_error *err)
{
  const tl_pair_def *def = r->def;
  const char *ref = def->ref ? def->ref : "ref", *sim = def->sim ? def->sim : "sim";
  r->has_time = def->time != NULL;
  r->has_sim = def->sim != NULL || def->members == NULL;
  r->column = calloc(TL_PAIR_MEMBERS_MAX + 3, sizeof *r->column);
  if (r->column == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  tl_code code = r->has_time ? add_column(r, def->time, strlen(def->time), err) : TL_OK;
  if (code == TL_OK) code = add_column(r, ref, strlen(ref), err);
  if (code == TL_OK && r->has_sim) code = add_column(r, sim, strlen(sim), err);
  if (code == TL_OK && def->members != NULL) code = add_members(r, err);
  return code;
}

/* --- rows --- */

static bool is_blank(const tl_csv_cell *cell)
{
  static const char *const words[] = {"", "NA", "N/A", "na", "null", "-"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (cell->length == strlen(words[i]) && memcmp(cell->text, words[i], cell->length) == 0)
      return true;
  return false;
}

static tl_code read_cell(double *out, const reader *r, uint32_t place, const tl_csv_cell *cell,
                         uint64_t line, tl_error *err)
{
  char where[160];
  *out = (double)NAN;
  if (is_blank(cell) || tl_text_parse_double_n(out, cell->text, cell->length)) return TL_OK;
  snprintf(where, sizeof where, "%.120s:%llu", r->def->path, (unsigned long long)line);
  return tl_fail(err, TL_E_FORMAT, where, "column %s: '%.*s' is not a number",
                 tl_csv_column_name(r->csv, r->column[place]),
                 (int)(cell->length < 40 ? cell->length : 40), cell->text);
}

static tl_code check_time(const reader *r, uint64_t line, tl_error *err)
{
  const double now = r->value[r->count * r->column_count];
  const double last = r->count ? r->value[(r->count - 1) * r->column_count] : now;
  char where[160], text[2][TL_TEXT_DOUBLE_BYTES];
  snprintf(where, sizeof where, "%.120s:%llu", r->def->path, (unsigned long long)line);
  if (!isfinite(now))
    return tl_fail(err, TL_E_FORMAT, where, "the time %s is missing", r->def->time);
  if (now >= last) return TL_OK;
  tl_text_format_double(text[0], last);
  tl_text_format_double(text[1], now);
  tl_fail(err, TL_E_FORMAT, where, "time goes back from %s to %s", text[0], text[1]);
  return tl_fail_hint(err, "sort the rows, or score the parts one by one");
}

static tl_code grow(reader *r, tl_error *err)
{
  if (r->count < r->capacity) return TL_OK;
  const size_t capacity = r->capacity ? 2 * r->capacity : 256;
  double *more = r->column_count > 0 && capacity <= SIZE_MAX / sizeof *more / r->column_count
                     ? realloc(r->value, capacity * r->column_count * sizeof *more)
                     : NULL;
  if (more == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: no memory for more than %zu rows", r->def->path,
                   r->count);
  r->value = more;
  r->capacity = capacity;
  return TL_OK;
}

static tl_code read_rows(reader *r, tl_error *err)
{
  const tl_csv_cell *cells = NULL;
  uint64_t line = 0;
  bool more = true;
  for (;;) {
    tl_code code = tl_csv_next(r->csv, &cells, &line, &more, err);
    if (code != TL_OK || !more) return code;
    code = grow(r, err);
    for (uint32_t c = 0; c < r->column_count && code == TL_OK; c++)
      code = read_cell(&r->value[r->count * r->column_count + c], r, c, &cells[r->column[c]], line,
                       err);
    if (code == TL_OK && r->has_time) code = check_time(r, line, err);
    if (code != TL_OK) return code;
    r->count++;
  }
}

/* --- columns for the metrics --- */

static size_t count_missing(const double *column, size_t count)
{
  size_t missing = 0;
  for (size_t i = 0; i < count; i++) missing += isfinite(column[i]) ? 0 : 1;
  return missing;
}

static tl_code deliver(tl_pair *out, const reader *r, tl_error *err)
{
  const size_t n = r->count, columns = r->column_count;
  const size_t pointers = (size_t)r->member_count * sizeof(double *);
  char *memory = malloc(columns * n * sizeof(double) + pointers + 1);
  if (memory == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: no memory for %zu rows", r->def->path, n);
  const double **members = (const double **)(void *)memory;
  double *column = (double *)(void *)(memory + pointers);
  for (size_t c = 0; c < columns; c++)
    for (size_t i = 0; i < n; i++) column[c * n + i] = r->value[i * columns + c];
  *out = (tl_pair){.memory_ = memory};
  tl_metric_series *series = &out->series;
  series->count = n;
  series->unit = r->def->unit ? r->def->unit : "1";
  if (r->has_time) series->at = column, column += n;
  series->ref = column, column += n;
  out->missing_ref = count_missing(series->ref, n);
  if (r->has_sim) {
    series->sim = column, column += n;
    out->missing_sim = count_missing(series->sim, n);
  }
  for (uint32_t m = 0; m < r->member_count; m++, column += n) {
    members[m] = column;
    out->missing_members += count_missing(column, n);
  }
  series->members = members;
  series->member_count = r->member_count;
  return TL_OK;
}

static tl_code read_all(tl_pair *out, reader *r, tl_error *err)
{
  tl_unit unit;
  tl_code code = r->def->unit ? tl_unit_find(&unit, r->def->unit, NULL, err) : TL_OK;
  if (code == TL_OK) code = find_columns(r, err);
  if (code == TL_OK) code = read_rows(r, err);
  if (code == TL_OK && r->count == 0)
    code = tl_fail(err, TL_E_SAMPLES, NULL, "%s has a header, but no rows", r->def->path);
  if (code == TL_OK) code = deliver(out, r, err);
  free(r->column);
  free(r->value);
  tl_csv_close(r->csv);
  return code;
}

tl_code tl_pair_read(tl_pair *out, const tl_pair_def *def, tl_error *err)
{
  reader r = {.def = def};
  const tl_csv_def csv = tl_csv_def_default();
  memset(out, 0, sizeof *out);
  const tl_code code = tl_csv_open(&r.csv, def->path, &csv, err);
  return code == TL_OK ? read_all(out, &r, err) : code;
}

tl_code tl_pair_read_bytes(tl_pair *out, const tl_pair_def *def, const char *bytes,
                           size_t byte_count, tl_error *err)
{
  reader r = {.def = def};
  const tl_csv_def csv = tl_csv_def_default();
  memset(out, 0, sizeof *out);
  const tl_code code = tl_csv_open_bytes(&r.csv, def->path, bytes, byte_count, &csv, err);
  return code == TL_OK ? read_all(out, &r, err) : code;
}

void tl_pair_free(tl_pair *pair)
{
  free(pair->memory_);
  memset(pair, 0, sizeof *pair);
}
