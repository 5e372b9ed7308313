#include "telemetry/csv.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

struct tl_csv {
  char *text; /* 0 at its end */
  char *at, *end;
  char *name; /* path, for messages */
  tl_csv_def def;
  uint64_t line; /* of the next line */
  uint32_t column_count;
  char **column_names; /* NULL without a header */
  tl_csv_cell *cells;
  uint32_t cell_capacity;
};

tl_csv_def tl_csv_def_default(void) { return (tl_csv_def){.header = true}; }

tl_code tl_file_load(char **out, size_t *out_bytes, const char *path, tl_error *err)
{
  *out = NULL;
  *out_bytes = 0;
  tl_code code = TL_OK;
  char *text = NULL;
  size_t bytes = 0, capacity = (size_t)1 << 16;
  struct stat status;
  if (stat(path, &status) != 0) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode))
    return tl_fail(err, TL_E_IO, NULL, "%s: is a folder, expected a file", path);
  gzFile file = gzopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  gzbuffer(file, 1u << 17);
  text = malloc(capacity + 1);
  while (text != NULL) {
    const size_t room = capacity - bytes;
    const int got = gzread(file, text + bytes, (unsigned)(room < (1u << 30) ? room : (1u << 30)));
    if (got < 0) break;
    if (got == 0) break;
    bytes += (size_t)got;
    if (bytes > TL_CSV_BYTES_MAX) {
      code = tl_fail(err, TL_E_LIMIT, NULL, "%s: holds more than %zu MB of text", path,
                     TL_CSV_BYTES_MAX >> 20);
      goto done;
    }
    if (bytes == capacity) {
      char *larger = realloc(text, capacity * 2 + 1);
      if (larger == NULL) {
        free(text);
        text = NULL;
        break;
      }
      text = larger;
      capacity *= 2;
    }
  }
  if (text == NULL) {
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory for its text", path);
    goto done;
  }
  int gz_status = Z_OK;
  gzerror(file, &gz_status);
  if (gz_status == Z_ERRNO)
    code = tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  else if (gz_status != Z_OK)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: truncated or corrupt gzip file", path);

done:
  gzclose_r(file);
  if (code != TL_OK) {
    free(text);
    return code;
  }
  text[bytes] = '\0';
  *out = text;
  *out_bytes = bytes;
  return TL_OK;
}

static char guess_delimiter(const char *begin, const char *end)
{
  size_t comma = 0, semicolon = 0, tab = 0;
  bool quoted = false;
  for (; begin < end && *begin != '\n'; begin++) {
    if (*begin == '"') quoted = !quoted;
    if (quoted) continue;
    comma += *begin == ',';
    semicolon += *begin == ';';
    tab += *begin == '\t';
  }
  if (tab > comma && tab > semicolon) return '\t';
  return semicolon > comma ? ';' : ',';
}

static void skip_line(tl_csv *csv)
{
  char *newline = memchr(csv->at, '\n', (size_t)(csv->end - csv->at));
  csv->at = newline == NULL ? csv->end : newline + 1;
  csv->line++;
}

static bool line_is_blank(const tl_csv *csv)
{
  for (const char *c = csv->at; c < csv->end && *c != '\n'; c++)
    if (*c != ' ' && *c != '\r' && (*c != '\t' || csv->def.delimiter == '\t')) return false;
  return true;
}

/* A quoted cell, unescaped in place; csv->at ends behind the closing quote. */
static bool read_quoted(tl_csv *csv, tl_csv_cell *cell)
{
  char *to = ++csv->at;
  cell->text = to;
  while (csv->at < csv->end) {
    if (*csv->at == '"') {
      if (csv->at + 1 < csv->end && csv->at[1] == '"')
        csv->at++;
      else {
        csv->at++;
        cell->length = (size_t)(to - cell->text);
        return true;
      }
    }
    if (*csv->at == '\n') csv->line++;
    *to++ = *csv->at++;
  }
  return false;
}

static void read_plain(tl_csv *csv, tl_csv_cell *cell)
{
  char *begin = csv->at;
  while (csv->at < csv->end && *csv->at != csv->def.delimiter && *csv->at != '\n') csv->at++;
  char *end = csv->at;
  while (begin < end && (*begin == ' ' || *begin == '\t')) begin++;
  while (begin < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) end--;
  cell->text = begin;
  cell->length = (size_t)(end - begin);
}

static bool grow_cells(tl_csv *csv)
{
  const uint32_t capacity = csv->cell_capacity == 0 ? 64 : csv->cell_capacity * 2;
  tl_csv_cell *cells = realloc(csv->cells, capacity * sizeof *cells);
  if (cells == NULL) return false;
  csv->cells = cells;
  csv->cell_capacity = capacity;
  return true;
}

/* Splits the line at csv->at; *count cells. */
static tl_code read_cells(tl_csv *csv, uint32_t *count, tl_error *err)
{
  const uint64_t line = csv->line;
  *count = 0;
  for (;;) {
    if (*count == TL_CSV_COLUMNS_MAX)
      return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: more than %d columns", csv->name,
                     (unsigned long long)line, TL_CSV_COLUMNS_MAX);
    if (*count == csv->cell_capacity && !grow_cells(csv))
      return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory for a row", csv->name);
    tl_csv_cell *cell = &csv->cells[(*count)++];
    while (csv->at < csv->end && *csv->at == ' ') csv->at++;
    if (csv->at < csv->end && *csv->at == '"') {
      if (!read_quoted(csv, cell))
        return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: a quote is opened and never closed",
                       csv->name, (unsigned long long)line);
      while (csv->at < csv->end && (*csv->at == ' ' || *csv->at == '\r')) csv->at++;
      if (csv->at < csv->end && *csv->at != csv->def.delimiter && *csv->at != '\n')
        return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: text behind a closing quote", csv->name,
                       (unsigned long long)line);
    } else {
      read_plain(csv, cell);
    }
    if (csv->at == csv->end) return TL_OK;
    if (*csv->at++ == '\n') {
      csv->line++;
      return TL_OK;
    }
  }
}

static tl_code read_header(tl_csv *csv, tl_error *err)
{
  uint32_t count = 0;
  char *const row = csv->at;
  const uint64_t line = csv->line;
  tl_code code = read_cells(csv, &count, err);
  if (code != TL_OK) return code;
  if (count > 1 && csv->cells[count - 1].length == 0) count--; /* trailing delimiter */
  csv->column_count = count;
  if (!csv->def
           .header) { /* the same row is read again; quotes were unescaped in place, so only if it has none */
    if (memchr(row, '"', (size_t)(csv->at - row)) != NULL)
      return tl_fail(err, TL_E_FORMAT, NULL,
                     "%s:%llu: quoted cells in the first row need a header line", csv->name,
                     (unsigned long long)line);
    csv->at = row;
    csv->line = line;
    return TL_OK;
  }
  csv->column_names = calloc(count, sizeof *csv->column_names);
  if (csv->column_names == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", csv->name);
  for (uint32_t i = 0; i < count; i++) {
    csv->column_names[i] = strndup(csv->cells[i].text, csv->cells[i].length);
    if (csv->column_names[i] == NULL)
      return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", csv->name);
  }
  return TL_OK;
}

static void skip_blank_and_comments(tl_csv *csv)
{
  while (csv->at < csv->end &&
         (line_is_blank(csv) || (csv->def.comment != '\0' && *csv->at == csv->def.comment)))
    skip_line(csv);
}

/* Takes over text. */
static tl_code csv_begin(tl_csv **out, const char *name, char *text, size_t bytes,
                         const tl_csv_def *def, tl_error *err)
{
  tl_code code = TL_OK;
  *out = NULL;
  tl_csv *csv = calloc(1, sizeof *csv);
  if (csv == NULL) {
    free(text);
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", name);
  }
  csv->text = csv->at = text;
  csv->end = text + bytes;
  csv->name = strdup(name);
  csv->def = *def;
  csv->line = 1;
  if (csv->name == NULL) {
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", name);
    goto done;
  }
  if (memchr(text, '\0', bytes) != NULL) {
    code = tl_fail(err, TL_E_FORMAT, NULL,
                   "%s: holds zero bytes: a binary or UTF-16 file, not CSV text", name);
    goto done;
  }
  if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) csv->at += 3;
  for (uint32_t i = 0; i < def->skip_lines && csv->at < csv->end; i++) skip_line(csv);
  skip_blank_and_comments(csv);
  if (csv->at == csv->end) {
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: has no lines to read", name);
    goto done;
  }
  if (csv->def.delimiter == '\0') csv->def.delimiter = guess_delimiter(csv->at, csv->end);
  code = read_header(csv, err);
  for (uint32_t i = 0; code == TL_OK && i < def->skip_rows && csv->at < csv->end; i++)
    skip_line(csv);

done:
  if (code != TL_OK)
    tl_csv_close(csv);
  else
    *out = csv;
  return code;
}

tl_code tl_csv_open(tl_csv **out, const char *path, const tl_csv_def *def, tl_error *err)
{
  char *text = NULL;
  size_t bytes = 0;
  *out = NULL;
  const tl_code code = tl_file_load(&text, &bytes, path, err);
  if (code != TL_OK) return code;
  return csv_begin(out, path, text, bytes, def, err);
}

tl_code tl_csv_open_bytes(tl_csv **out, const char *name, const char *bytes, size_t byte_count,
                          const tl_csv_def *def, tl_error *err)
{
  *out = NULL;
  char *text = malloc(byte_count + 1);
  if (text == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "%s: not enough memory", name);
  if (byte_count > 0) memcpy(text, bytes, byte_count);
  text[byte_count] = '\0';
  return csv_begin(out, name, text, byte_count, def, err);
}

void tl_csv_close(tl_csv *csv)
{
  if (csv == NULL) return;
  if (csv->column_names != NULL)
    for (uint32_t i = 0; i < csv->column_count; i++) free(csv->column_names[i]);
  free(csv->column_names);
  free(csv->cells);
  free(csv->name);
  free(csv->text);
  free(csv);
}

uint32_t tl_csv_column_count(const tl_csv *csv) { return csv->column_count; }

const char *tl_csv_column_name(const tl_csv *csv, uint32_t column)
{
  return csv->column_names == NULL ? "" : csv->column_names[column];
}

tl_code tl_csv_column_find(const tl_csv *csv, const char *name, uint32_t *out, tl_error *err)
{
  if (csv->column_names == NULL)
    return tl_fail(err, TL_E_COLUMN, NULL,
                   "%s: has no header, so column '%s' must be given by its number (1 to %u)",
                   csv->name, name, csv->column_count);
  uint32_t found = 0;
  char numbers[96] = "";
  for (uint32_t i = 0; i < csv->column_count; i++) {
    if (strcmp(csv->column_names[i], name) != 0) continue;
    if (found++ == 0) *out = i;
    const size_t used = strlen(numbers);
    snprintf(numbers + used, sizeof numbers - used, "%s%u", used > 0 ? ", " : "", i + 1);
  }
  if (found == 1) return TL_OK;
  if (found > 1)
    return tl_fail(err, TL_E_COLUMN, NULL,
                   "%s: column '%s' occurs %u times (columns %s): give its number instead",
                   csv->name, name, found, numbers);
  tl_fail(err, TL_E_COLUMN, NULL, "%s: has no column '%s'", csv->name, name);
  const char *near =
      tl_text_closest(name, (const char *const *)csv->column_names, csv->column_count);
  return near != NULL ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_COLUMN;
}

tl_code tl_csv_next(tl_csv *csv, const tl_csv_cell **cells, uint64_t *line, bool *more,
                    tl_error *err)
{
  skip_blank_and_comments(csv);
  *more = csv->at < csv->end;
  *cells = csv->cells;
  *line = csv->line;
  if (!*more) return TL_OK;
  uint32_t count = 0;
  const tl_code code = read_cells(csv, &count, err);
  if (code != TL_OK) return code;
  *cells = csv->cells;
  while (count > csv->column_count && csv->cells[count - 1].length == 0) count--;
  if (count != csv->column_count)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s:%llu: the row has %u cells, expected %u%s",
                   csv->name, (unsigned long long)*line, count, csv->column_count,
                   csv->at == csv->end ? " (is the file truncated?)" : "");
  return TL_OK;
}
