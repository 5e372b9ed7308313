#include "fidelity/metric/warp.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { ROWS = 3 * (1 + TL_WARP_CARRIED) };

/* Diagonals with one cell of margin on each side: row(r)[-1 .. n]. */
typedef struct table {
  double *memory, *row[ROWS], *b, *b_at; /* b reversed, so that both sides run upwards */
} table;

static tl_code table_make(table *out, const tl_warp_def *def, tl_error *err)
{
  const size_t n = def->a.count, m = def->b.count;
  void *memory = NULL;
  const tl_code code = tl_metric_memory(&memory, ROWS * (n + 2) + 2 * m, sizeof *out->memory, err);
  if (code != TL_OK) return code;
  out->memory = memory;
  for (size_t r = 0; r < ROWS; r++) {
    double *edge = out->memory + r * (n + 2); /* the cell before the row's first */
    out->row[r] = edge + 1;
    for (size_t i = 0; i < n + 2; i++) edge[i] = r < 3 ? def->outside : 0.0;
  }
  out->b = out->memory + ROWS * (n + 2);
  out->b_at = out->b + m;
  for (size_t j = 0; j < m; j++) {
    out->b[m - 1 - j] = def->b.value[j];
    out->b_at[m - 1 - j] = def->b.at[j];
  }
  return TL_OK;
}

static size_t first_row(const tl_warp_def *def, size_t d)
{
  const size_t m = def->b.count;
  const size_t edge = d + 1 > m ? d + 1 - m : 0;
  const size_t band = d > def->above ? (d - def->above + 1) / 2 : 0; /* j - i <= above */
  return edge > band ? edge : band;
}

static size_t end_row(const tl_warp_def *def, size_t d)
{
  const size_t n = def->a.count;
  const size_t edge = d < n ? d + 1 : n;
  const size_t band = def->below <= d ? (d + def->below) / 2 + 1 : edge; /* i - j <= below */
  return edge < band ? edge : band;
}

/* The cell before cell i: every row has one before its first. */
static double *before_cell(const table *t, size_t row, size_t i) { return t->row[row] + i - 1; }

static void run_diagonal(const tl_warp_def *def, const table *t, size_t d)
{
  const size_t begin = first_row(def, d), end = end_row(def, d), m = def->b.count;
  const size_t now = d % 3, last = (d + 2) % 3, before = (d + 1) % 3;
  assert(begin <= end);
  /* j = d - i, reversed m - 1 - j = i + (m - 1) - d */
  tl_warp_diagonal diagonal = {.count = end - begin,
                               .a = def->a.value + begin,
                               .a_at = def->a.at + begin,
                               .b = t->b + (begin + (m - 1) - d),
                               .b_at = t->b_at + (begin + (m - 1) - d),
                               .now = t->row[now] + begin,
                               .last = t->row[last] + begin,
                               .before = t->row[before] + begin};
  for (size_t c = 0; c < TL_WARP_CARRIED; c++) {
    diagonal.carried_now[c] = t->row[3 * (c + 1) + now] + begin;
    diagonal.carried_last[c] = t->row[3 * (c + 1) + last] + begin;
    diagonal.carried_before[c] = t->row[3 * (c + 1) + before] + begin;
  }
  if (diagonal.count > 0) def->kernel(&diagonal, def->parameter);
  *before_cell(t, now, begin) = def->outside;
  t->row[now][end] = def->outside;
}

tl_code tl_warp(double out[1 + TL_WARP_CARRIED], const tl_warp_def *def, tl_error *err)
{
  const size_t n = def->a.count, m = def->b.count;
  assert(n > 0 && m > 0);
  const size_t width = def->above == SIZE_MAX || def->above >= m ? m : def->above + 1;
  const size_t height = def->below == SIZE_MAX || def->below >= m ? 0 : def->below;
  tl_code code =
      tl_metric_table_allowed(n, width + height < m ? width + height : m, def->what, err);
  table t;
  if (code == TL_OK) code = table_make(&t, def, err);
  if (code != TL_OK) return code;
  for (size_t c = 0; c <= TL_WARP_CARRIED; c++) *before_cell(&t, 3 * c + 2, 0) = def->start[c];
  run_diagonal(def, &t, 0);
  *before_cell(&t, 2, 0) = def->outside; /* the start is a way into the first cell only */
  for (size_t d = 1; d + 1 < n + m; d++) run_diagonal(def, &t, d);
  for (size_t c = 0; c <= TL_WARP_CARRIED; c++) out[c] = t.row[3 * c + (n + m - 2) % 3][n - 1];
  free(t.memory);
  return TL_OK;
}

void tl_warp_band(tl_warp_def *def, double radius)
{
  const size_t n = def->a.count, m = def->b.count;
  def->below = def->above = SIZE_MAX;
  if (isnan(radius)) return;
  def->below = (size_t)radius + (n > m ? n - m : 0);
  def->above = (size_t)radius + (m > n ? m - n : 0);
}
