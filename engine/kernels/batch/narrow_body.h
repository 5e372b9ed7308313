/* narrow_body.h: rows of a matrix product with sums of bytes in int16 (narrow_pack.c). Included by
 * gemm_body.h where the path has it. No header guard: included once a path. */

/* `width` units from byte `at` of the row: int16 sums from the table's offsets, then widened. */
TL_INLINE void narrow_group(const uint8_t *x, const uint8_t *weights, V *sum, int width,
                            int vectors)
{
  V words[U_NARROW_VECTORS];
  TL_EACH
  for (int v = 0; v < vectors; v++) {
    words[v] = V_LOAD(weights + v * V_BYTES);
    V_PIN(words[v]); /* in registers: as operands in memory they hold the first sums up */
  }
  TL_MANY
  for (int u = 0; u < width; u++) {
    const V input = U_BROADCAST(x + 4 * u);
    weights += vectors * V_BYTES;
    TL_EACH
    for (int v = 0; v < vectors; v++) {
      words[v] = U_ADD16(words[v], U_DOT_BYTES(input, V_LOAD(weights + v * V_BYTES)));
      V_PIN(
          words
              [v]); /* or the compiler sums in another order, with more than it has registers for */
    }
  }
  TL_EACH
  for (int v = 0; v < vectors; v++) sum[v] = U_WIDEN(sum[v], words[v]);
}

enum { NARROW_ROWS = 16 };

/* What rows of a panel need, copied: stores through int8_t could change anything else. */
typedef struct narrow_plan {
  const uint8_t *weights, *rest_weights;
  const int32_t *start;
  const uint32_t *offsets, *rest_offsets;
  uint32_t runs, run_bytes, rests[TL_PANEL_VECTORS];
  bool has_rests;
} narrow_plan;

TL_INLINE narrow_plan narrow_plan_of(const tl_gemm *g, const tl_panel *panel, int vectors)
{
  narrow_plan plan = {.weights = g->weights + panel->weights,
                      .rest_weights = g->rest_weights + (size_t)panel->first_rest * V_BYTES,
                      .start = g->rescaling.start + panel->first,
                      .offsets = g->offsets,
                      .rest_offsets = g->rest_offsets + panel->first_rest,
                      .runs = g->runs,
                      .run_bytes = 4 * g->units};
  TL_EACH
  for (int v = 0; v < vectors; v++) {
    plan.rests[v] = panel->rests[v];
    plan.has_rests = plan.has_rests || panel->rests[v] != 0;
  }
  return plan;
}

/* Sums of one row of one panel; width and vectors are constants of the caller. */
TL_INLINE void narrow_row(const narrow_plan *plan, const uint8_t *x, V *out, int width, int vectors)
{
  const uint8_t *weights = plan->weights, *rest = plan->rest_weights;
  const uint32_t *at = plan->rest_offsets;
  V sum[U_NARROW_VECTORS];
  TL_EACH
  for (int v = 0; v < vectors; v++) sum[v] = V_LOAD(plan->start + v * V_LANES);
  for (uint32_t run = 0; run < plan->runs; run++) {
    const uint8_t *from = x + plan->offsets[run], *end = from + plan->run_bytes;
    for (; from < end; from += 4 * width, weights += (width + 1) * vectors * V_BYTES)
      narrow_group(from, weights, sum, width, vectors);
  }
  if (plan->has_rests) {
    TL_EACH
    for (int v = 0; v < vectors; v++)
      for (uint32_t i = 0; i < plan->rests[v]; i++, at++, rest += V_BYTES)
        sum[v] = U_WIDEN(sum[v], U_DOT_BYTES(U_BROADCAST(x + *at), V_LOAD(rest)));
  }
  TL_EACH
  for (int v = 0; v < vectors; v++) out[v] = sum[v];
}

/* Rescales and stores the sums of `rows` rows. */
TL_INLINE void narrow_store(const tl_rescaling *t, const tl_panel *panel, int8_t *const *y,
                            V sum[][U_NARROW_VECTORS], uint32_t rows, int vectors,
                            tl_fast_form form)
{
  const limits limit = limits_of(t->low, t->high);
  if (vectors == U_NARROW_VECTORS && panel->count == U_NARROW_VECTORS * V_LANES) {
    for (uint32_t r = 0; r < rows; r++) {
      V out[U_NARROW_VECTORS];
      TL_EACH
      for (int v = 0; v < U_NARROW_VECTORS; v++)
        out[v] = rescale(sum[r][v], t, panel->first + (uint32_t)v * V_LANES, form);
      u_narrow_four(y[r], out, limit.low, limit.high);
    }
    return;
  }
  const int pair = vectors < U_VECTORS ? vectors : U_VECTORS;
  const uint32_t most = (uint32_t)(pair * V_LANES);
  TL_EACH
  for (int v = 0; v < vectors; v += pair) {
    const uint32_t at = (uint32_t)v * V_LANES;
    if (at >= panel->count) return;
    const uint32_t count = panel->count - at < most ? panel->count - at : most;
    for (uint32_t r = 0; r < rows; r++) {
      V out[U_VECTORS];
      TL_EACH
      for (int p = 0; p < pair; p++)
        out[p] = rescale(sum[r][v + p], t, panel->first + at + (uint32_t)p * V_LANES, form);
      if (count == most)
        u_narrow(y[r] + at, out, pair, limit.low, limit.high, most);
      else
        u_narrow(y[r] + at, out, pair, limit.low, limit.high, count);
    }
  }
}

TL_INLINE void narrow_store_any(const tl_rescaling *t, const tl_panel *panel, int8_t *const *y,
                                V sum[][U_NARROW_VECTORS], uint32_t rows, int vectors)
{
  switch (t->form) {
    case TL_FORM_FLOAT: narrow_store(t, panel, y, sum, rows, vectors, TL_FORM_FLOAT); break;
    case TL_FORM_FLOAT_BY_SIGN:
      narrow_store(t, panel, y, sum, rows, vectors, TL_FORM_FLOAT_BY_SIGN);
      break;
    case TL_FORM_SHIFTED: narrow_store(t, panel, y, sum, rows, vectors, TL_FORM_SHIFTED); break;
    case TL_FORM_INTEGER: narrow_store(t, panel, y, sum, rows, vectors, TL_FORM_INTEGER); break;
  }
}

TL_INLINE void narrow_panel(walk *w, const tl_panel *panel, uint32_t row_count, int width,
                            int vectors)
{
  const tl_rescaling *t = &w->g->rescaling;
  const narrow_plan plan = narrow_plan_of(w->g, panel, vectors);
  V sum[NARROW_ROWS][U_NARROW_VECTORS];
  const uint8_t *x[NARROW_ROWS];
  int8_t *y[NARROW_ROWS];
  walk_to(w, 0);
  for (uint32_t row = 0; row < row_count; row += NARROW_ROWS) {
    const uint32_t rows = row_count - row < NARROW_ROWS ? row_count - row : NARROW_ROWS;
    walk_many(w, x, y, rows, panel->first);
    for (uint32_t r = 0; r < rows; r++) narrow_row(&plan, x[r], sum[r], width, vectors);
    narrow_store_any(t, panel, y, sum, rows, vectors);
  }
}

/* The same for one row, whose sums stay in registers. */
TL_INLINE void narrow_panel_of_one(walk *w, const tl_panel *panel, int width, int vectors)
{
  const narrow_plan plan = narrow_plan_of(w->g, panel, vectors);
  V sum[1][U_NARROW_VECTORS];
  int8_t *y[1] = {w->y + panel->first};
  narrow_row(&plan, w->x, sum[0], width, vectors);
  narrow_store_any(&w->g->rescaling, panel, y, sum, 1, vectors);
}

TL_TARGET static void narrow_panels(walk *w, const tl_panel *panel, uint32_t rows)
{
  const int width = (int)w->g->narrow, vectors = (int)panel->vectors;
  if (vectors == 1)
    narrow_panel(w, panel, rows, width, 1);
  else if (width == 16)
    narrow_panel(w, panel, rows, 16, U_NARROW_VECTORS);
  else if (width == 8)
    narrow_panel(w, panel, rows, 8, U_NARROW_VECTORS);
  else if (width == 4)
    narrow_panel(w, panel, rows, 4, U_NARROW_VECTORS);
  else
    narrow_panel(w, panel, rows, width, U_NARROW_VECTORS);
}

/* All panels for one row: nothing but the row's own work. */
TL_TARGET static void narrow_one(walk *w)
{
  walk_to(w, 0);
  for (uint32_t p = 0; p < w->g->panel_count; p++) {
    const tl_panel *panel = &w->g->panels[p];
    const int width = (int)w->g->narrow;
    if (panel->vectors == 1)
      narrow_panel_of_one(w, panel, width, 1);
    else if (width == 16)
      narrow_panel_of_one(w, panel, 16, U_NARROW_VECTORS);
    else if (width == 8)
      narrow_panel_of_one(w, panel, 8, U_NARROW_VECTORS);
    else if (width == 4)
      narrow_panel_of_one(w, panel, 4, U_NARROW_VECTORS);
    else
      narrow_panel_of_one(w, panel, width, U_NARROW_VECTORS);
  }
}
