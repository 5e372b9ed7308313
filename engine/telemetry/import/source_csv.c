/* CSV rows for import.c: numbers, TRUE/FALSE, missing texts, exact times. */
#include "telemetry/import/source.h"

#include "telemetry/csv.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

typedef struct places { /* column of the file for each thing that is read */
  uint32_t time, from;
  uint32_t columns[IMPORT_COLUMNS_MAX];
} places;

static tl_code find(uint32_t *out, const tl_csv *csv, const tl_import_ref *ref,
                    const import_rows *rows, tl_error *err)
{
  if (ref->number == 0) return tl_csv_column_find(csv, ref->name, out, err);
  if (ref->number > tl_csv_column_count(csv))
    return tl_fail(err, TL_E_COLUMN, NULL, "%s: the map asks for column %u, the file has %u",
                   rows->name, ref->number, tl_csv_column_count(csv));
  *out = ref->number - 1;
  return TL_OK;
}

static bool equals_nocase(const tl_csv_cell *cell, const char *word)
{
  size_t i = 0;
  for (; i < cell->length && word[i] != '\0'; i++)
    if (tolower((unsigned char)cell->text[i]) != tolower((unsigned char)word[i])) return false;
  return i == cell->length && word[i] == '\0';
}

static bool is_missing(const tl_csv_cell *cell, const tl_import_map *map)
{
  if (cell->length == 0 || equals_nocase(cell, "nan") || equals_nocase(cell, "na")) return true;
  for (uint32_t i = 0; i < map->missing_count; i++)
    if (strlen(map->missing[i]) == cell->length &&
        memcmp(map->missing[i], cell->text, cell->length) == 0)
      return true;
  return false;
}

static int shown(const tl_csv_cell *cell) { return cell->length < 40 ? (int)cell->length : 40; }

static tl_code read_value(double *out, const tl_csv_cell *cell, const import_rows *rows,
                          const import_column *column, uint64_t line, tl_error *err)
{
  *out = (double)NAN;
  if (is_missing(cell, rows->map)) return TL_OK;
  const bool yes = equals_nocase(cell, "true"), no = equals_nocase(cell, "false");
  if (column->truth && (yes || no)) {
    *out = yes ? 1.0 : 0.0;
    return TL_OK;
  }
  if (tl_text_parse_double_n(out, cell->text, cell->length)) return TL_OK;
  tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: column %s: '%.*s' is not a number", rows->name,
          (unsigned long long)line, column->name, shown(cell), cell->text);
  if (yes || no) return tl_fail_hint(err, "give the channel unit = \"bool\"");
  return tl_fail_hint(err, "if it means 'no value', add it to the map's `missing` list");
}

static tl_code read_time(int64_t *out, const tl_csv_cell *cell, const import_rows *rows,
                         uint64_t line, tl_error *err)
{
  const tl_time_unit unit = rows->map->time_unit;
  if (unit == TL_TIME_ISO ? tl_time_parse_iso(out, cell->text, cell->length)
                          : tl_time_parse_decimal(out, cell->text, cell->length, unit))
    return TL_OK;
  return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: time column: '%.*s' is not %s%s", rows->name,
                 (unsigned long long)line, shown(cell), cell->text,
                 unit == TL_TIME_ISO ? "a date and time like 2020-02-08 13:30:47" : "a number of ",
                 unit == TL_TIME_ISO ? "" : tl_time_unit_name(unit));
}

static tl_code find_places(places *at, const tl_csv *csv, const import_rows *rows, tl_error *err)
{
  const tl_import_map *map = rows->map;
  tl_code code = TL_OK;
  if (map->period_ns == 0) code = find(&at->time, csv, &map->time, rows, err);
  if (code == TL_OK && map->from_occurrence > 0) code = find(&at->from, csv, &map->from, rows, err);
  for (uint32_t k = 0; code == TL_OK && k < rows->column_count; k++)
    code = find(&at->columns[k], csv, &rows->columns[k].ref, rows, err);
  return code;
}

static tl_code read_row(import_rows *rows, const places *at, const tl_csv_cell *cells,
                        uint64_t line, tl_error *err)
{
  int64_t time_ns = 0;
  tl_code code = TL_OK;
  if (rows->map->period_ns > 0)
    time_ns = import_row_time(rows, rows->count);
  else
    code = read_time(&time_ns, &cells[at->time], rows, line, err);
  if (code != TL_OK) return code;
  double *values = import_rows_add(rows, time_ns, line);
  if (values == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", rows->name);
  for (uint32_t k = 0; code == TL_OK && k < rows->column_count; k++)
    code = read_value(&values[k], &cells[at->columns[k]], rows, &rows->columns[k], line, err);
  return code;
}

static tl_code read_rows(import_rows *rows, tl_csv *csv, const places *at, tl_error *err)
{
  const tl_import_map *map = rows->map;
  uint32_t occurrences = 0;
  for (;;) {
    const tl_csv_cell *cells = NULL;
    uint64_t line = 0;
    bool more = false;
    tl_code code = tl_csv_next(csv, &cells, &line, &more, err);
    if (code != TL_OK) return code;
    if (!more) break;
    if (occurrences < map->from_occurrence) {
      const tl_csv_cell *cell = &cells[at->from];
      const bool hit = cell->length == strlen(map->from_equals) &&
                       memcmp(cell->text, map->from_equals, cell->length) == 0;
      if (hit) occurrences++;
      if (occurrences < map->from_occurrence) continue;
    }
    code = read_row(rows, at, cells, line, err);
    if (code != TL_OK) return code;
  }
  if (occurrences < map->from_occurrence)
    return tl_fail(err, TL_E_FORMAT, NULL,
                   "%s: the map starts at occurrence %u of '%s', the file has %u", rows->name,
                   map->from_occurrence, map->from_equals, occurrences);
  return TL_OK;
}

tl_code import_read_csv(import_rows *rows, const char *path, tl_error *err)
{
  const tl_import_map *map = rows->map;
  const tl_csv_def def = {.delimiter = map->delimiter,
                          .comment = map->comment,
                          .header = map->header,
                          .skip_lines = map->skip_lines,
                          .skip_rows = map->skip_rows};
  tl_csv *csv = NULL;
  places at = {0};
  tl_code code = tl_csv_open(&csv, path, &def, err);
  if (code == TL_OK) code = find_places(&at, csv, rows, err);
  if (code == TL_OK) code = read_rows(rows, csv, &at, err);
  tl_csv_close(csv);
  return code;
}
