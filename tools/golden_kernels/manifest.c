#include "tools/golden_kernels/manifest.h"

#include "base/text.h"
#include "tools/model/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 64, ROWS_MAX = 1 << 20 };

/* --- cells of a line ----------------------------------------------------------------------------- */
/* Cuts a line into cells in place: commas between, double quotes round a cell that has commas. Moves *at past
 * the line; NULL cells stay NULL. */
static uint32_t cut_line(char **at, char *cells[CELLS_MAX])
{
  uint32_t count = 0;
  char *from = *at;
  for (uint32_t c = 0; c < CELLS_MAX; c++) cells[c] = NULL;
  while (count < CELLS_MAX) {
    char *to = from;
    bool is_quoted = false;
    cells[count++] = from;
    for (; *from && (is_quoted || (*from != ',' && *from != '\n')); from++) {
      if (*from == '"')
        is_quoted = !is_quoted;
      else if (*from != '\r')
        *to++ = *from;
    }
    const char end = *from;
    if (end) from++;
    *to = '\0';
    if (end != ',') break;
  }
  *at = from;
  return count;
}

static uint32_t column_of(char *const *header, uint32_t count, const char *name)
{
  for (uint32_t c = 0; c < count; c++)
    if (strcmp(header[c], name) == 0) return c;
  return CELLS_MAX;
}

static char *copy_of(const char *text) { return text ? strdup(text) : NULL; }

/* --- rows ---------------------------------------------------------------------------------------- */
typedef struct columns {
  uint32_t model, file, kind, cases, state, op;
} columns;

static tl_code find_columns(columns *out, golden_manifest *manifest, char *const *header,
                            uint32_t count, const char *path, tl_error *err)
{
  *out = (columns){column_of(header, count, "model"), column_of(header, count, "file"),
                   column_of(header, count, "kind"),  column_of(header, count, "cases"),
                   column_of(header, count, "state"), column_of(header, count, "op_index")};
  manifest->has_models = out->file == CELLS_MAX;
  const bool is_known = out->model < count && out->cases < count && out->state < count &&
                        (manifest->has_models || (out->kind < count && out->op < count));
  return is_known ? TL_OK
                  : tl_fail(err, TL_E_FORMAT, path,
                            "the first line names neither model,cases,state "
                            "nor file,model,kind,cases,state,op_index");
}

static bool kind_of(golden_row *row, const char *kind)
{
  static const char *const names[] = {"input", "output", "intermediate"};
  for (int k = 0; kind && k < 3; k++)
    if (strcmp(kind, names[k]) == 0) {
      row->kind = (golden_kind)k;
      return true;
    }
  return false;
}

static tl_code add_row(golden_manifest *out, const columns *at, char *const *cells,
                       const char *where, tl_error *err)
{
  golden_row *rows = realloc(out->rows, (out->row_count + 1) * sizeof *rows);
  if (!rows || out->row_count == ROWS_MAX)
    return tl_fail(err, TL_E_LIMIT, where, "too many rows for the memory");
  out->rows = rows;
  golden_row *row = &rows[out->row_count++];
  *row = (golden_row){.model = copy_of(cells[at->model]),
                      .cases = copy_of(cells[at->cases]),
                      .state = copy_of(cells[at->state])};
  if (!row->model || !row->cases || !row->state || !row->model[0])
    return tl_fail(err, TL_E_FORMAT, where, "model, cases or state is missing");
  if (out->has_models) return TL_OK;
  row->file = copy_of(cells[at->file]);
  if (!row->file || !row->file[0] || !kind_of(row, cells[at->kind]))
    return tl_fail(err, TL_E_FORMAT, where, "file or kind is missing, or of no known kind");
  if (row->kind == GOLDEN_INTERMEDIATE &&
      (!cells[at->op] || !tl_text_parse_int64(&row->op, cells[at->op]) || row->op < 0))
    return tl_fail(err, TL_E_FORMAT, where, "an intermediate tensor needs op_index");
  return TL_OK;
}

static tl_code read_rows(golden_manifest *out, char *text, const char *path, tl_error *err)
{
  char *cells[CELLS_MAX];
  columns at;
  uint32_t line = 1;
  const uint32_t count = cut_line(&text, cells);
  tl_code code = find_columns(&at, out, cells, count, path, err);
  while (code == TL_OK && *text) {
    char where[160];
    snprintf(where, sizeof where, "%s:%u", path, ++line);
    if (cut_line(&text, cells) == 1 && !cells[0][0]) continue; /* an empty line */
    code = add_row(out, &at, cells, where, err);
  }
  return code;
}

tl_code golden_manifest_read(golden_manifest *out, const char *path, tl_error *err)
{
  model_file file;
  *out = (golden_manifest){0};
  tl_code code = model_file_read(&file, path, err);
  const char *slash = strrchr(path, '/');
  out->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
  char *text = code == TL_OK ? strndup((const char *)file.data, file.bytes) : NULL;
  if (code == TL_OK && (!out->folder || !text))
    code = tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) code = read_rows(out, text, path, err);
  free(text);
  model_file_free(&file);
  return code;
}

void golden_manifest_free(golden_manifest *manifest)
{
  for (uint32_t r = 0; r < manifest->row_count; r++) {
    free(manifest->rows[r].model);
    free(manifest->rows[r].file);
    free(manifest->rows[r].cases);
    free(manifest->rows[r].state);
  }
  free(manifest->rows);
  free(manifest->folder);
  *manifest = (golden_manifest){0};
}

/* --- lists of cases ------------------------------------------------------------------------------ */
/* One "8" or "0-31" of a list; false at its end or where it is no number. */
static bool next_range(const char **at, uint64_t *begin, uint64_t *end)
{
  char *rest;
  if (**at < '0' || **at > '9') return false;
  *begin = *end = strtoull(*at, &rest, 10);
  if (*rest == '-' && rest[1] >= '0' && rest[1] <= '9') *end = strtoull(rest + 1, &rest, 10);
  if (*rest == ',') rest++;
  *at = rest;
  return *end >= *begin && *end < UINT32_MAX;
}

bool golden_cases_count(const char *cases, uint64_t *count)
{
  uint64_t begin, end;
  *count = 0;
  while (next_range(&cases, &begin, &end)) *count += end - begin + 1;
  return *cases == '\0' && *count > 0;
}

uint64_t golden_cases_at(const char *cases, uint64_t n)
{
  uint64_t begin, end;
  while (next_range(&cases, &begin, &end)) {
    if (n <= end - begin) return begin + n;
    n -= end - begin + 1;
  }
  return 0;
}
