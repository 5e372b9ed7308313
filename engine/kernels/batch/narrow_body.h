/* narrow_body.h: rows of a matrix product with sums of bytes in int16 (narrow_pack.c). Included by
 * gemm_body.h where the path has it. No header guard: included once a path. */

/* `width` units from byte `at` of the row: int16 sums from the table's offsets, then widened. */
TL_INLINE void narrow_group(const uint8_t *x, const uint8_t *weights, V *sum, int width,
                            int vectors)
{
  V words[U_NARROW_VECTORS];
  TL_UNROLL
  for (int v = 0; v < vectors; v++) words[v] = V_LOAD(weights + v * V_BYTES);
  TL_UNROLL
  for (int u = 0; u < width; u++) {
    const V input = U_BROADCAST(x + 4 * u);
    weights += vectors * V_BYTES;
    TL_UNROLL
    for (int v = 0; v < vectors; v++) {
      words[v] = U_ADD16(words[v], U_DOT_BYTES(input, V_LOAD(weights + v * V_BYTES)));
      V_PIN(
          words
              [v]); /* or the compiler sums in another order, with more than it has registers for */
    }
  }
  TL_UNROLL
  for (int v = 0; v < vectors; v++) sum[v] = U_WIDEN(sum[v], words[v]);
}

/* The form a variable: for rows that come one at a time. */
TL_INLINE void rescale_all(V *out, const V *sum, const tl_rescaling *r, uint32_t output,
                           int vectors)
{
  TL_UNROLL
  for (int v = 0; v < vectors; v++) {
    const uint32_t at = output + (uint32_t)v * V_LANES;
    if (r->form == TL_FORM_FLOAT)
      out[v] = rescale(sum[v], r, at, TL_FORM_FLOAT);
    else if (r->form == TL_FORM_FLOAT_BY_SIGN)
      out[v] = rescale(sum[v], r, at, TL_FORM_FLOAT_BY_SIGN);
    else if (r->form == TL_FORM_SHIFTED)
      out[v] = rescale(sum[v], r, at, TL_FORM_SHIFTED);
    else
      out[v] = rescale(sum[v], r, at, TL_FORM_INTEGER);
  }
}

/* One row of one panel; width and vectors are constants of the caller. */
TL_INLINE void narrow_row(const tl_gemm *g, const tl_panel *panel, const uint8_t *x, int8_t *y,
                          int width, int vectors)
{
  const uint8_t *weights = g->weights + panel->weights;
  V sum[U_NARROW_VECTORS];
  TL_UNROLL
  for (int v = 0; v < vectors; v++)
    sum[v] = V_LOAD(g->rescaling.start + panel->first + (uint32_t)v * V_LANES);
  for (uint32_t run = 0; run < g->runs; run++) {
    const uint8_t *from = x + g->offsets[run], *end = from + 4ull * g->units;
    for (; from < end; from += 4 * width, weights += (width + 1) * vectors * V_BYTES)
      narrow_group(from, weights, sum, width, vectors);
  }
  const uint32_t *at = g->rest_offsets + panel->first_rest;
  const uint8_t *rest = g->rest_weights + (size_t)panel->first_rest * V_BYTES;
  TL_UNROLL
  for (int v = 0; v < vectors; v++)
    for (uint32_t i = 0; i < panel->rests[v]; i++, at++, rest += V_BYTES)
      sum[v] = U_WIDEN(sum[v], U_DOT_BYTES(U_BROADCAST(x + *at), V_LOAD(rest)));
  const tl_rescaling *t = &g->rescaling;
  const limits limit = limits_of(t->low, t->high);
  TL_UNROLL
  for (int v = 0; v < vectors; v += U_VECTORS) {
    const int pair = vectors - v < U_VECTORS ? vectors - v : U_VECTORS;
    const uint32_t at_output = (uint32_t)v * V_LANES, most = (uint32_t)(pair * V_LANES);
    if (at_output >= panel->count) break;
    const uint32_t left = panel->count - at_output;
    V out[U_VECTORS];
    rescale_all(out, sum + v, t, panel->first + at_output, pair);
    u_narrow(y + at_output, out, pair, limit.low, limit.high, left < most ? left : most);
  }
}

TL_INLINE void narrow_panel(walk *w, const tl_panel *panel, uint32_t row_count, int width,
                            int vectors)
{
  walk_to(w, 0);
  for (uint32_t row = 0; row < row_count; row++) {
    const uint8_t *x;
    int8_t *y;
    walk_rows(w, &x, &y, 1);
    narrow_row(w->g, panel, x, y + panel->first, width, vectors);
  }
}

TL_TARGET static void narrow_panels(walk *w, const tl_panel *panel, uint32_t rows)
{
  if (panel->vectors == 1) {
    narrow_panel(w, panel, rows, (int)w->g->narrow, 1);
    return;
  }
  switch (w->g->narrow) {
    case 8: narrow_panel(w, panel, rows, 8, U_NARROW_VECTORS); break;
    case 6: narrow_panel(w, panel, rows, 6, U_NARROW_VECTORS); break;
    case 5: narrow_panel(w, panel, rows, 5, U_NARROW_VECTORS); break;
    case 4: narrow_panel(w, panel, rows, 4, U_NARROW_VECTORS); break;
    default: narrow_panel(w, panel, rows, (int)w->g->narrow, U_NARROW_VECTORS); break;
  }
}
