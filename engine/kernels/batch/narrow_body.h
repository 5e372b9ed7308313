/* narrow_body.h: rows of a matrix product with sums of bytes in int16 (narrow_pack.c). Included by
 * gemm_body.h where the path has it. No header guard: included once a path. */

enum { NARROW_ROWS = 2 }; /* share each vector of weights */

/* `width` units of `rows` rows, the first at x: int16 sums from the table's offsets, then widened. What
 * is pinned stays in a register: the compiler would load weights once a row, or sum in another order,
 * with more than it has registers for. */
TL_INLINE void narrow_group(const uint8_t *x, size_t x_step, const uint8_t *weights,
                            V sum[][U_NARROW_VECTORS], int rows, int width, int vectors)
{
  V words[NARROW_ROWS][U_NARROW_VECTORS];
  const uint8_t *const offset = weights;
  TL_EACH
  for (int r = 0; r < rows; r++) TL_EACH
  for (int v = 0; v < vectors; v++) words[r][v] = V_ZERO();
  TL_MANY
  for (int u = 0; u < width; u++) {
    V input[NARROW_ROWS];
    weights += vectors * V_BYTES;
    TL_EACH
    for (int r = 0; r < rows; r++) {
      input[r] = U_BROADCAST(x + (size_t)r * x_step + 4 * u);
      if (rows > 1) V_PIN(input[r]);
    }
    TL_EACH
    for (int v = 0; v < vectors; v++) {
      V unit = V_LOAD(weights + v * V_BYTES);
      if (rows > 1) V_PIN(unit);
      TL_EACH
      for (int r = 0; r < rows; r++) {
        const V pairs = U_DOT_BYTES(input[r], unit);
        words[r][v] = U_ADD16(u == 0 ? V_LOAD(offset + v * V_BYTES) : words[r][v], pairs);
        V_PIN(words[r][v]);
      }
    }
  }
  TL_EACH
  for (int r = 0; r < rows; r++) TL_EACH
  for (int v = 0; v < vectors; v++) sum[r][v] = U_WIDEN(sum[r][v], words[r][v]);
}

/* What rows of a panel need, copied: stores through int8_t could change anything else. */
typedef struct narrow_plan {
  const uint8_t *weights, *rest_weights;
  const uint32_t *offsets, *rest_offsets;
  uint32_t runs, run_bytes, rests[TL_PANEL_VECTORS];
  bool has_rests, clamps;
  const int32_t *start;
  tl_rescaling rescaling; /* tables begin at the panel's first output */
} narrow_plan;

TL_INLINE narrow_plan narrow_plan_of(const tl_gemm *g, const tl_panel *panel, int vectors)
{
  const tl_rescaling *r = &g->rescaling;
  const uint32_t first = panel->first;
  narrow_plan plan;
  plan.weights = g->weights + panel->weights;
  plan.rest_weights = g->rest_weights + (size_t)panel->first_rest * V_BYTES;
  plan.offsets = g->offsets;
  plan.rest_offsets = g->rest_offsets + panel->first_rest;
  plan.runs = g->runs;
  plan.run_bytes = 4 * g->units;
  plan.start = r->start + first;
  plan.rescaling.scale = r->scale + first;
  plan.rescaling.above = r->above + first;
  plan.rescaling.below = r->below + first;
  plan.rescaling.multiplier = r->multiplier + first;
  plan.rescaling.left = r->left + first;
  plan.rescaling.right = r->right + first;
  plan.rescaling.zero = r->zero;
  plan.clamps = r->low != INT8_MIN || r->high != INT8_MAX;
  plan.has_rests = false;
  TL_EACH
  for (int v = 0; v < vectors; v++) {
    plan.rests[v] = panel->rests[v];
    plan.has_rests = plan.has_rests || panel->rests[v] != 0;
  }
  return plan;
}

TL_INLINE void narrow_rests(const narrow_plan *plan, const uint8_t *x, size_t x_step,
                            V sum[][U_NARROW_VECTORS], int rows, int vectors)
{
  const uint8_t *unit = plan->rest_weights;
  const uint32_t *at = plan->rest_offsets;
  TL_EACH
  for (int v = 0; v < vectors; v++) {
    V extra[NARROW_ROWS]; /* in registers, where the sums may not be */
    TL_EACH
    for (int r = 0; r < rows; r++) extra[r] = V_ZERO();
    for (uint32_t i = 0; i < plan->rests[v]; i++, at++, unit += V_BYTES) {
      const V rest = V_LOAD(unit);
      TL_EACH
      for (int r = 0; r < rows; r++) {
        extra[r] = U_WIDEN(extra[r], U_DOT_BYTES(U_BROADCAST(x + (size_t)r * x_step + *at), rest));
        V_PIN(extra[r]);
      }
    }
    TL_EACH
    for (int r = 0; r < rows; r++) sum[r][v] = V_ADD(sum[r][v], extra[r]);
  }
}

/* Sums of rows of one panel; rows, width and vectors are constants of the caller. */
TL_INLINE void narrow_sums(const narrow_plan *plan, const uint8_t *x, size_t x_step,
                           V sum[][U_NARROW_VECTORS], int rows, int width, int vectors)
{
  const uint8_t *weights = plan->weights;
  TL_EACH
  for (int v = 0; v < vectors; v++) TL_EACH
  for (int r = 0; r < rows; r++) sum[r][v] = V_LOAD(plan->start + v * V_LANES);
  for (uint32_t run = 0; run < plan->runs; run++) {
    const uint8_t *from = x + plan->offsets[run], *end = from + plan->run_bytes;
    for (; from < end; from += 4 * width, weights += (width + 1) * vectors * V_BYTES)
      narrow_group(from, x_step, weights, sum, rows, width, vectors);
  }
  if (plan->has_rests) narrow_rests(plan, x, x_step, sum, rows, vectors);
}

/* Rows that lie equally far apart, and where their outputs go. */
typedef struct narrow_run {
  const uint8_t *x;
  size_t x_step;
  int8_t *y;
  size_t y_step;
  uint32_t rows;
} narrow_run;

/* `rows` rows of a whole panel. */
TL_INLINE void narrow_tile(const narrow_plan *plan, const narrow_run *run, limits limit, int rows,
                           int width, tl_fast_form form)
{
  V sum[NARROW_ROWS][U_NARROW_VECTORS];
  narrow_sums(plan, run->x, run->x_step, sum, rows, width, U_NARROW_VECTORS);
  TL_EACH
  for (int r = 0; r < rows; r++) {
    V out[U_NARROW_VECTORS];
    TL_EACH
    for (int v = 0; v < U_NARROW_VECTORS; v++)
      out[v] = rescale(sum[r][v], &plan->rescaling, (uint32_t)v * V_LANES, form);
    V bytes = u_pack_four(out);
    if (plan->clamps) bytes = V_MIN_I8(V_MAX_I8(bytes, limit.low), limit.high);
    V_STORE(run->y + (size_t)r * run->y_step, bytes);
  }
}

TL_INLINE void narrow_tiles(const tl_gemm *g, const tl_panel *panel, narrow_run run, int width,
                            tl_fast_form form)
{
  const narrow_plan plan = narrow_plan_of(g, panel, U_NARROW_VECTORS);
  const limits limit = limits_of(g->rescaling.low, g->rescaling.high);
  for (; run.rows >= NARROW_ROWS; run.rows -= NARROW_ROWS) {
    narrow_tile(&plan, &run, limit, NARROW_ROWS, width, form);
    run.x += NARROW_ROWS * run.x_step;
    run.y += NARROW_ROWS * run.y_step;
  }
  if (run.rows != 0) narrow_tile(&plan, &run, limit, 1, width, form);
}

/* Functions of their own, so that each has the registers for itself. */
typedef void narrow_function(const tl_gemm *g, const tl_panel *panel, const narrow_run *run);
#define NARROW(name, width, form)                                                                  \
  TL_TARGET static __attribute__((noinline)) void name(const tl_gemm *g, const tl_panel *panel,    \
                                                       const narrow_run *run)                      \
  {                                                                                                \
    narrow_tiles(g, panel, *run, width, form);                                                     \
  }
NARROW(narrow_2_float, 2, TL_FORM_FLOAT)
NARROW(narrow_2_by_sign, 2, TL_FORM_FLOAT_BY_SIGN)
NARROW(narrow_2_shifted, 2, TL_FORM_SHIFTED)
NARROW(narrow_4_float, 4, TL_FORM_FLOAT)
NARROW(narrow_4_by_sign, 4, TL_FORM_FLOAT_BY_SIGN)
NARROW(narrow_4_shifted, 4, TL_FORM_SHIFTED)
NARROW(narrow_8_float, 8, TL_FORM_FLOAT)
NARROW(narrow_8_by_sign, 8, TL_FORM_FLOAT_BY_SIGN)
NARROW(narrow_8_shifted, 8, TL_FORM_SHIFTED)
NARROW(narrow_16_float, 16, TL_FORM_FLOAT)
NARROW(narrow_16_by_sign, 16, TL_FORM_FLOAT_BY_SIGN)
NARROW(narrow_16_shifted, 16, TL_FORM_SHIFTED)
NARROW(narrow_any, (int)g->narrow, g->rescaling.form)

static narrow_function *narrow_choose(const tl_gemm *g)
{
  static narrow_function *const all[][3] = {
      {narrow_2_float, narrow_2_by_sign, narrow_2_shifted},
      {narrow_4_float, narrow_4_by_sign, narrow_4_shifted},
      {narrow_8_float, narrow_8_by_sign, narrow_8_shifted},
      {narrow_16_float, narrow_16_by_sign, narrow_16_shifted}};
  const uint32_t form = (uint32_t)g->rescaling.form;
  if (form > TL_FORM_SHIFTED) return narrow_any;
  switch (g->narrow) {
    case 2: return all[0][form];
    case 4: return all[1][form];
    case 8: return all[2][form];
    case 16: return all[3][form];
    default: return narrow_any;
  }
}

/* Outputs that do not fill the panel: by way of rows that they do fill. */
TL_TARGET static void narrow_part(const tl_gemm *g, const tl_panel *panel, const narrow_run *all,
                                  narrow_function *function)
{
  enum { WHOLE = U_NARROW_VECTORS * V_LANES, AT_ONCE = 16 };
  int8_t out[AT_ONCE * WHOLE];
  narrow_run run = *all;
  run.y = out;
  run.y_step = WHOLE;
  for (uint32_t row = 0; row < all->rows; row += AT_ONCE, run.x += AT_ONCE * run.x_step) {
    run.rows = all->rows - row < AT_ONCE ? all->rows - row : AT_ONCE;
    function(g, panel, &run);
    for (uint32_t r = 0; r < run.rows; r++)
      memcpy(all->y + (row + r) * all->y_step, out + r * WHOLE, panel->count);
  }
}

/* One vector of outputs. */
TL_TARGET static void narrow_thin(const tl_gemm *g, const tl_panel *panel, const narrow_run *run)
{
  const narrow_plan plan = narrow_plan_of(g, panel, 1);
  const limits limit = limits_of(g->rescaling.low, g->rescaling.high);
  const uint8_t *x = run->x;
  int8_t *y = run->y;
  for (uint32_t row = 0; row < run->rows; row++, x += run->x_step, y += run->y_step) {
    V sum[1][U_NARROW_VECTORS];
    narrow_sums(&plan, x, 0, sum, 1, (int)g->narrow, 1);
    sum[0][0] = rescale(sum[0][0], &plan.rescaling, 0, g->rescaling.form);
    u_narrow(y, sum[0], 1, limit.low, limit.high, panel->count);
  }
}

/* All rows of one panel. */
TL_TARGET static void narrow_panel(walk *w, const tl_panel *panel, narrow_function *function)
{
  const tl_gemm *g = w->g;
  for (walk_to(w, 0); w->device < w->devices; walk_next(w)) {
    const narrow_run run = {w->x, w->x_step, w->y + panel->first, w->y_step, w->left};
    if (panel->vectors == 1)
      narrow_thin(g, panel, &run);
    else if (panel->count < U_NARROW_VECTORS * V_LANES)
      narrow_part(g, panel, &run, function);
    else
      function(g, panel, &run);
    if (g->row_a_device) return;
  }
}

/* ---- one row, which need not be quick to begin a second ---- */

TL_INLINE void narrow_only_store(const narrow_plan *plan, int8_t *y, const V *sum, int vectors,
                                 uint32_t count, limits limit, tl_fast_form form)
{
  enum { WHOLE = U_NARROW_VECTORS * V_LANES };
  V out[U_NARROW_VECTORS];
  TL_EACH
  for (int v = 0; v < vectors; v++)
    out[v] = rescale(sum[v], &plan->rescaling, (uint32_t)v * V_LANES, form);
  if (vectors == 1) {
    u_narrow(y, out, 1, limit.low, limit.high, count);
    return;
  }
  const V bytes = V_MIN_I8(V_MAX_I8(u_pack_four(out), limit.low), limit.high);
  if (count == WHOLE) {
    V_STORE(y, bytes);
  } else {
    int8_t all[WHOLE];
    V_STORE(all, bytes);
    memcpy(y, all, count);
  }
}

TL_INLINE void narrow_only_panel(walk *w, const tl_panel *panel, limits limit, int width,
                                 int vectors)
{
  const narrow_plan plan = narrow_plan_of(w->g, panel, vectors);
  int8_t *const y = w->y + panel->first;
  const uint32_t count = panel->count;
  V sum[1][U_NARROW_VECTORS];
  narrow_sums(&plan, w->x, 0, sum, 1, width, vectors);
  switch (w->g->rescaling.form) {
    case TL_FORM_FLOAT:
      narrow_only_store(&plan, y, sum[0], vectors, count, limit, TL_FORM_FLOAT);
      break;
    case TL_FORM_FLOAT_BY_SIGN:
      narrow_only_store(&plan, y, sum[0], vectors, count, limit, TL_FORM_FLOAT_BY_SIGN);
      break;
    case TL_FORM_SHIFTED:
      narrow_only_store(&plan, y, sum[0], vectors, count, limit, TL_FORM_SHIFTED);
      break;
    case TL_FORM_INTEGER:
      narrow_only_store(&plan, y, sum[0], vectors, count, limit, TL_FORM_INTEGER);
      break;
  }
}

/* All panels. */
TL_TARGET static void narrow_only(walk *w)
{
  const tl_gemm *g = w->g;
  const limits limit = limits_of(g->rescaling.low, g->rescaling.high);
  const int width = (int)g->narrow;
  walk_to(w, 0);
  for (uint32_t p = 0; p < g->panel_count; p++) {
    const tl_panel *panel = &g->panels[p];
    if (panel->vectors == 1)
      narrow_only_panel(w, panel, limit, width, 1);
    else if (width == 16)
      narrow_only_panel(w, panel, limit, 16, U_NARROW_VECTORS);
    else if (width == 8)
      narrow_only_panel(w, panel, limit, 8, U_NARROW_VECTORS);
    else if (width == 4)
      narrow_only_panel(w, panel, limit, 4, U_NARROW_VECTORS);
    else
      narrow_only_panel(w, panel, limit, width, U_NARROW_VECTORS);
  }
}
