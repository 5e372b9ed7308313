/* source.h: what every source format hands to import.c: rows of numbers with the place they came from.
 * Internal to engine/telemetry. */
#ifndef TL_TELEMETRY_IMPORT_SOURCE_H
#define TL_TELEMETRY_IMPORT_SOURCE_H
#include "telemetry/import.h"

/* Columns that the map's channels use, each once, in order of first use. */
typedef struct import_column {
  tl_import_ref ref;
  bool truth;    /* a bool channel uses it: TRUE and FALSE are read */
  char name[80]; /* as messages call it: "t2", or "column 4" */
} import_column;

enum { IMPORT_COLUMNS_MAX = TL_IMPORT_CHANNELS_MAX * 2 };

typedef struct import_rows {
  const char *name; /* file name for messages */
  bool text;        /* a text file: places are line numbers */
  const tl_import_map *map;
  import_column columns[IMPORT_COLUMNS_MAX];
  uint32_t column_count;
  uint64_t count, capacity;
  int64_t *times_ns; /* absolute for calendar times */
  uint64_t *line;    /* line of the file (CSV) or row from 1 */
  double *values;    /* [row][column]; NaN = missing */
} import_rows;

/* Room for one more row: its values, to be filled by the caller; NULL when memory is out. */
double *import_rows_add(import_rows *rows, int64_t time_ns, uint64_t line);
/* Time of row i without a time column; an overflow wraps and is then refused as a falling clock. */
static inline int64_t import_row_time(const import_rows *rows, uint64_t i)
{
  return (int64_t)(i * (uint64_t)rows->map->period_ns);
}
/* Room for `count` rows at once. */
bool import_rows_reserve(import_rows *rows, uint64_t count);

/* "exp2.csv:118" or "flight.bin: row 118" for messages. */
const char *import_place(char out[96], const import_rows *rows, uint64_t line);

/* Each fills rows from a file; columns are set. */
tl_code import_read_csv(import_rows *rows, const char *path, tl_error *err);
tl_code import_read_h5(import_rows *rows, const char *path, tl_error *err);
tl_code import_read_usdlog(import_rows *rows, const char *path, tl_error *err);

/* Distance of a wrong name to known ones, for the hint: fills err and returns TL_E_COLUMN. */
tl_code import_no_column(const import_rows *rows, const import_column *column,
                         const char *const *known, uint32_t known_count, tl_error *err);

/* Corrects the stamps by the map's clock (clock.c).  errors  TL_E_FORMAT: a reference without a line; TL_E_RANGE */
tl_code import_clock(tl_import_report *report, import_rows *rows, tl_error *err);
/* Which rows are kept, in which order, by the map's policies: keep[report->rows_kept] are row numbers (order.c).
 * errors  TL_E_FORMAT: a repeated or falling stamp that the map refuses; TL_E_LIMIT */
tl_code import_order(uint64_t *keep, tl_import_report *report, const import_rows *rows,
                     tl_error *err);
/* Period and gaps of the kept stamps.  errors  TL_E_LIMIT */
tl_code import_describe(tl_import_report *report, const int64_t *times_ns, const uint64_t *keep,
                        const import_rows *rows, tl_error *err);
#endif
