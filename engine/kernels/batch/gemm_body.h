/* gemm_body.h: the matrix product of fast.h, once for all vector widths. A path includes its
 * units_*.h, rescale_body.h and then this file. No header guard: included once a path.
 *
 * Outputs lie in lanes, one unit of inputs of a row (an output pixel) is broadcast to all of them,
 * and U_ROWS rows share each vector of weights that is loaded. The last rows of a group overlap
 * those before: some are computed twice, to the same bytes. */

/* ---- staging ---- */

/* `count` inputs, or as many zeros; as bytes in the narrow form. */
TL_INLINE void stage_inputs(const tl_gemm *g, uint8_t *out, const int8_t *x, size_t count)
{
#if U_HAS_NARROW
  if (g->narrow != 0) {
    u_stage_bytes(out, x, count);
    return;
  }
#endif
  u_stage(out, x, count, g->input_zero);
}

TL_INLINE void stage_zeros(const tl_gemm *g, uint8_t *out, size_t count)
{
#if U_HAS_NARROW
  if (g->narrow != 0) {
    memset(out, g->input_zero + 128, count);
    return;
  }
#endif
  u_stage_zero(out, count, g->input_zero);
}

TL_INLINE uint32_t staged_bytes(const tl_gemm *g)
{
  return U_HAS_NARROW && g->narrow != 0 ? 1 : 4 / U_INPUTS;
}

TL_INLINE void stage_line(const tl_gemm *g, const int8_t *x, uint8_t *out)
{
  const tl_staged_axis *axis = &g->x;
  const uint32_t input_bytes = staged_bytes(g);
  if (g->pixel_bytes == g->inputs * input_bytes && axis->step == 1) { /* zeros, inputs, zeros */
    const int32_t before = axis->first < 0 ? -axis->first : 0;
    const int32_t left = before < axis->size ? before : axis->size;
    const int32_t room = axis->size - left, from = axis->first + left;
    const int32_t inside = room < axis->in - from ? room : axis->in - from;
    const size_t n = g->inputs, wide = (size_t)(inside > 0 ? inside : 0);
    stage_zeros(g, out, (size_t)left * n);
    out += (size_t)left * n * input_bytes;
    stage_inputs(g, out, x + (size_t)from * n, wide * n);
    stage_zeros(g, out + wide * n * input_bytes, ((size_t)room - wide) * n);
    return;
  }
  for (int32_t s = 0; s < axis->size; s++, out += g->pixel_bytes) {
    const int32_t from = axis->first + s * axis->step;
    if (from < 0 || from >= axis->in)
      stage_zeros(g, out, g->inputs);
    else
      stage_inputs(g, out, x + (size_t)from * g->inputs, g->inputs);
  }
}

TL_TARGET static void stage_image(const tl_gemm *g, const int8_t *x, uint8_t *out)
{
  const size_t line = (size_t)g->x.in * g->inputs;
  for (int32_t s = 0; s < g->y.size; s++, out += g->line_bytes) {
    const int32_t from = g->y.first + s * g->y.step;
    if (from >= 0 && from < g->y.in)
      stage_line(g, x + (size_t)from * line, out);
    else
      stage_zeros(g, out, g->line_bytes / staged_bytes(g));
  }
}

/* ---- rows ---- */

/* Walks the output pixels of all images of a group in order: runs of rows that lie equally far apart,
 * in what is staged and in the output. */
typedef struct walk {
  const tl_gemm *g;
  const tl_fast_job *job;
  uint32_t first_device, devices;
  const uint8_t *x; /* of the next row: its first tap */
  int8_t *y;
  size_t x_step, y_step;
  uint32_t left;               /* rows of this run from the next on */
  uint32_t device, image, run; /* of the group, of the device, of the image */
} walk;

/* Enters the run that device, image and run say. */
static inline void walk_enter(walk *w)
{
  const tl_gemm *g = w->g;
  const size_t image = (size_t)w->device * g->images + w->image;
  w->x = w->job->scratch + image * g->image_bytes + (size_t)w->run * g->run_bytes;
  w->y = (int8_t *)w->job->arena + (w->first_device + w->device) * w->job->device_bytes +
         g->out_offset + ((size_t)w->image * g->runs_of_image + w->run) * g->run_rows * g->outputs;
  w->x_step = (size_t)g->x.stride * g->pixel_bytes;
  w->y_step = g->outputs;
  w->left = g->run_rows;
  if (!g->row_a_device) return;
  w->x_step = g->image_bytes;
  w->y_step = w->job->device_bytes;
  w->left = w->devices;
}

static inline void walk_skip(walk *w, uint32_t rows)
{
  w->x += rows * w->x_step;
  w->y += rows * w->y_step;
  w->left -= rows;
}

static inline void walk_to(walk *w, uint32_t at)
{
  const tl_gemm *g = w->g;
  if (at == 0) { /* no divisions */
    w->device = w->image = w->run = 0;
    walk_enter(w);
    return;
  }
  const uint32_t run = g->row_a_device ? 0 : at / g->run_rows;
  w->run = run % g->runs_of_image;
  w->image = run / g->runs_of_image % g->images;
  w->device = run / g->runs_of_image / g->images;
  walk_enter(w);
  walk_skip(w, g->row_a_device ? at : at % g->run_rows);
}

static inline void walk_next(walk *w)
{
  if (++w->run == w->g->runs_of_image) {
    w->run = 0;
    if (++w->image == w->g->images) {
      w->image = 0;
      if (++w->device == w->devices) return; /* behind the last row */
    }
  }
  walk_enter(w);
}

enum { ROWS_MAX = U_ROWS_NARROW > U_ROWS ? U_ROWS_NARROW : U_ROWS };

/* Where `rows` rows begin; moves on by so many. */
TL_INLINE void walk_rows(walk *w, const uint8_t **x, int8_t **y, int rows)
{
  if (w->left >= (uint32_t)rows) {
    TL_EACH
    for (int r = 0; r < rows; r++) {
      x[r] = w->x + (uint32_t)r * w->x_step;
      y[r] = w->y + (uint32_t)r * w->y_step;
    }
    walk_skip(w, (uint32_t)rows);
  } else {
    for (int r = 0; r < rows; r++) {
      if (w->left == 0) walk_next(w);
      x[r] = w->x;
      y[r] = w->y;
      walk_skip(w, 1);
    }
  }
  if (w->left == 0) walk_next(w);
}

TL_INLINE void gemm_store(const tl_gemm *g, const tl_panel *panel, int8_t **y,
                          V sum[ROWS_MAX][U_VECTORS], int rows, int vectors, tl_fast_form form)
{
  const tl_rescaling *t = &g->rescaling;
  const limits limit = limits_of(t->low, t->high);
  V out[ROWS_MAX * U_VECTORS];
  TL_EACH
  for (int v = 0; v < vectors; v++) TL_EACH
  for (int r = 0; r < rows; r++)
    out[r * vectors + v] = rescale(sum[r][v], t, panel->first + (uint32_t)v * V_LANES, form);
  const int together = U_TOGETHER / vectors,
            grouped = together > 1 ? rows / together * together : 0;
  TL_EACH
  for (int r = 0; r < grouped; r += together)
    u_narrow_rows(y + r, out + r * vectors, vectors, limit.low, limit.high, panel->count);
  TL_EACH
  for (int r = grouped; r < rows; r++)
    u_narrow(y[r], out + r * vectors, vectors, limit.low, limit.high, panel->count);
}

/* `rows` rows of one panel; rows and vectors are constants of the caller. */
TL_INLINE void gemm_rows(walk *w, const tl_panel *panel, int rows, int vectors)
{
  const tl_gemm *g = w->g;
  const uint8_t *weights = g->weights + panel->weights;
  const uint8_t *x[ROWS_MAX];
  int8_t *y[ROWS_MAX];
  V sum[ROWS_MAX][U_VECTORS];
  walk_rows(w, x, y, rows);
  TL_EACH
  for (int v = 0; v < vectors; v++) TL_EACH
  for (int r = 0; r < rows; r++)
    sum[r][v] = V_LOAD(g->rescaling.start + panel->first + (uint32_t)v * V_LANES);
  const uint32_t *offset = g->unit_offsets, *const end = offset + g->runs * g->units;
  for (; offset < end; offset++, weights += vectors * V_BYTES) {
    const size_t at = *offset;
    V unit[U_VECTORS];
    TL_EACH
    for (int v = 0; v < vectors; v++) {
      unit[v] = V_LOAD(weights + v * V_BYTES);
      V_PIN(unit[v]); /* in a register: not loaded once a row */
    }
    TL_EACH
    for (int r = 0; r < rows; r++) {
      const V input = U_BROADCAST(x[r] + at);
      TL_EACH
      for (int v = 0; v < vectors; v++) {
        sum[r][v] = U_DOT(sum[r][v], input, unit[v]);
        V_PIN(sum[r][v]);
      }
    }
  }
  TL_EACH
  for (int r = 0; r < rows; r++) y[r] += panel->first;
  switch (g->rescaling.form) {
    case TL_FORM_FLOAT: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_FLOAT); break;
    case TL_FORM_FLOAT_BY_SIGN:
      gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_FLOAT_BY_SIGN);
      break;
    case TL_FORM_SHIFTED: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_SHIFTED); break;
    case TL_FORM_INTEGER: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_INTEGER); break;
  }
}

/* `rows` at a time; the last ones overlap those before, or (fewer) go by themselves. */
TL_INLINE void gemm_panel(walk *w, const tl_panel *panel, uint32_t row_count, int rows, int vectors)
{
  const uint32_t at_once = (uint32_t)rows;
  uint32_t row = 0;
  walk_to(w, 0);
  for (; row + at_once <= row_count; row += at_once) gemm_rows(w, panel, rows, vectors);
  const uint32_t left = row_count - row;
  if (left == 0) return;
  if (left <= U_ROWS_LAST && row_count >= U_ROWS_LAST) {
    walk_to(w, row_count - U_ROWS_LAST);
    gemm_rows(w, panel, U_ROWS_LAST, vectors);
  } else if (row_count >= at_once) {
    walk_to(w, row_count - at_once);
    gemm_rows(w, panel, rows, vectors);
  } else {
    for (; row < row_count; row++) gemm_rows(w, panel, 1, vectors);
  }
}

#if U_HAS_NARROW
#include "kernels/batch/narrow_body.h"
#endif

/* The images of a group. */
TL_TARGET static void stage_group(const tl_gemm *g, const tl_fast_job *job, uint32_t first,
                                  uint32_t devices)
{
  const int8_t *x = (const int8_t *)job->arena + first * job->device_bytes + g->in_offset;
  const size_t image = (size_t)g->y.in * (size_t)g->x.in * g->inputs;
  const uint32_t inputs = g->inputs, images = g->images, image_bytes = g->image_bytes;
  const bool flat = g->x.in == 1 && g->y.in == 1 && g->x.size == 1 && g->y.size == 1;
  uint8_t *out = job->scratch;
  for (uint32_t d = 0; d < devices; d++, x += job->device_bytes)
    for (uint32_t i = 0; i < images; i++, out += image_bytes) {
      if (flat) /* FULLY_CONNECTED */
        stage_inputs(g, out, x + i * image, inputs);
      else
        stage_image(g, x + i * image, out);
    }
}

TL_TARGET static void TL_PATH_NAME(gemm)(const void *packed, const tl_fast_job *job)
{
  const tl_gemm *g = packed;
  walk w = {.g = g, .job = job};
  for (uint32_t first = 0; first < job->count; first += g->group) {
    const uint32_t left = job->count - first, devices = left < g->group ? left : g->group;
    w.first_device = first;
    w.devices = devices;
    stage_group(g, job, first, devices);
    const uint32_t rows = devices * g->images * (uint32_t)(g->y.out * g->x.out);
#if U_HAS_NARROW
    if (g->narrow != 0 && rows == 1) {
      narrow_only(&w);
      continue;
    }
#endif
    for (uint32_t p = 0; p < g->panel_count; p++) {
      const tl_panel *panel = &g->panels[p];
#if U_HAS_NARROW
      if (g->narrow != 0) {
        narrow_panel(&w, panel, narrow_choose(g));
        continue;
      }
#endif
      if (panel->vectors == 4)
        gemm_panel(&w, panel, rows, U_ROWS, U_VECTORS >= 4 ? 4 : 1);
      else if (panel->vectors == 2)
        gemm_panel(&w, panel, rows, U_VECTORS > 2 ? U_ROWS_NARROW : U_ROWS, 2);
      else
        gemm_panel(&w, panel, rows, U_ROWS_NARROW, 1);
    }
  }
}
