/* csv.h: delimited text, plain or gzip, row by row, with line numbers for messages.
 *
 * Why: real loggers write ; and tabs, quotes, trailing commas, BOMs, CRLF, no header or the same header twice;
 * each is read or refused with the line, never guessed silently.
 * Owns: a tl_csv owns its text; cells point into it and live until tl_csv_close. Threads: one tl_csv, one thread. */
#ifndef TL_TELEMETRY_CSV_H
#define TL_TELEMETRY_CSV_H
#include "base/error.h"

#include <stdint.h>

enum { TL_CSV_COLUMNS_MAX = 65536 };
#define TL_CSV_BYTES_MAX ((size_t)2 << 30) /* of text, after gunzip */

typedef struct tl_csv_cell {
  const char *text; /* blanks around an unquoted cell are cut; quotes are removed */
  size_t length;
} tl_csv_cell;

typedef struct tl_csv_def {
  char delimiter;      /* 0 = the commonest of , ; tab in the first line */
  char comment;        /* lines that start with it are skipped; 0 = none */
  bool header;         /* the first line names the columns */
  uint32_t skip_lines; /* before the header */
  uint32_t skip_rows;  /* after the header */
} tl_csv_def;
TL_API tl_csv_def tl_csv_def_default(void); /* all auto, header */

typedef struct tl_csv tl_csv;
/* errors  TL_E_IO: missing, unreadable; TL_E_FORMAT: corrupt gzip, binary, empty; TL_E_LIMIT: above TL_CSV_BYTES_MAX */
TL_API tl_code tl_csv_open(tl_csv **out, const char *path, const tl_csv_def *def, tl_error *err);
/* The same over a copy of `bytes`; name stands for the path in messages. */
TL_API tl_code tl_csv_open_bytes(tl_csv **out, const char *name, const char *bytes,
                                 size_t byte_count, const tl_csv_def *def, tl_error *err);
TL_API void tl_csv_close(tl_csv *csv); /* NULL is fine */

/* Columns of the header, or of the first row without one. A blank trailing column (trailing comma) is not counted. */
TL_API uint32_t tl_csv_column_count(const tl_csv *csv);
TL_API const char *tl_csv_column_name(const tl_csv *csv, uint32_t column); /* "" without a header */
/* errors  TL_E_COLUMN: unknown (hint: nearest), or named more than once (the message gives the numbers) */
TL_API tl_code tl_csv_column_find(const tl_csv *csv, const char *name, uint32_t *out,
                                  tl_error *err);

/* Next row that is not blank: *cells has tl_csv_column_count() cells; false in *more at the end.
 * errors  TL_E_FORMAT: more or fewer cells than columns, a quote that does not end */
TL_API tl_code tl_csv_next(tl_csv *csv, const tl_csv_cell **cells, uint64_t *line, bool *more,
                           tl_error *err);

/* Whole file, gunzipped when it is gzip; *out is the caller's to free and has an extra 0 at its end.
 * errors  as tl_csv_open */
TL_API tl_code tl_file_load(char **out, size_t *out_bytes, const char *path, tl_error *err);
#endif
