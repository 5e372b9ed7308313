/* gemm_body.h: the matrix product of fast.h, once for all vector widths. A path includes its
 * units_*.h, rescale_body.h and then this file. No header guard: included once a path.
 *
 * Outputs lie in lanes, one unit of inputs of a row (an output pixel) is broadcast to all of them,
 * and U_ROWS rows share each vector of weights that is loaded. The last rows of a group overlap
 * those before instead of having code of their own: they are computed twice, to the same bytes. */

/* ---- staging ---- */

TL_INLINE void stage_line(const tl_gemm *g, const int8_t *x, uint8_t *out)
{
  const tl_staged_axis *axis = &g->x;
  const uint32_t input_bytes = 4 / U_INPUTS;
  const bool dense = g->pixel_bytes == g->inputs * input_bytes && axis->step == 1;
  if (dense) { /* zeros, inputs, zeros: three runs */
    const int32_t before = axis->first < 0 ? -axis->first : 0;
    const int32_t left = before < axis->size ? before : axis->size;
    const int32_t room = axis->size - left, from = axis->first + left;
    const int32_t inside = room < axis->in - from ? room : axis->in - from;
    const size_t n = g->inputs, wide = (size_t)(inside > 0 ? inside : 0);
    u_stage_zero(out, (size_t)left * n, g->input_zero);
    out += (size_t)left * n * input_bytes;
    u_stage(out, x + (size_t)from * n, wide * n, g->input_zero);
    u_stage_zero(out + wide * n * input_bytes, ((size_t)room - wide) * n, g->input_zero);
    return;
  }
  for (int32_t s = 0; s < axis->size; s++, out += g->pixel_bytes) {
    const int32_t from = axis->first + s * axis->step;
    if (from < 0 || from >= axis->in)
      u_stage_zero(out, g->inputs, g->input_zero);
    else
      u_stage(out, x + (size_t)from * g->inputs, g->inputs, g->input_zero);
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
      u_stage_zero(out, g->line_bytes / (4 / U_INPUTS), g->input_zero);
  }
}

/* ---- rows ---- */

/* Walks the output pixels of all images of a group in order. */
typedef struct walk {
  const tl_gemm *g;
  const tl_fast_job *job;
  const uint8_t *line, *x; /* staged: first tap of the line's first output, and of this one */
  int8_t *y;
  uint32_t first_device, image;
  int32_t row, column;
} walk;

static inline void walk_image(walk *w)
{
  const tl_gemm *g = w->g;
  const uint32_t device = w->first_device + w->image / g->images;
  const size_t pixels = (size_t)g->y.out * (size_t)g->x.out;
  w->line = w->x = w->job->scratch + (size_t)w->image * g->image_bytes;
  w->y = (int8_t *)w->job->arena + device * w->job->device_bytes + g->out_offset +
         (w->image % g->images) * pixels * g->outputs;
}

static inline void walk_to(walk *w, uint32_t at)
{
  const tl_gemm *g = w->g;
  const uint32_t width = (uint32_t)g->x.out, pixels = (uint32_t)g->y.out * width;
  w->image = at / pixels;
  w->row = (int32_t)(at % pixels / width);
  w->column = (int32_t)(at % width);
  walk_image(w);
  w->line += (size_t)(w->row * g->y.stride) * g->line_bytes;
  w->x = w->line + (size_t)(w->column * g->x.stride) * g->pixel_bytes;
  w->y += (size_t)(at % pixels) * g->outputs;
}

static inline void walk_on(walk *w)
{
  const tl_gemm *g = w->g;
  w->x += (size_t)g->x.stride * g->pixel_bytes;
  w->y += g->outputs;
  if (++w->column < g->x.out) return;
  w->column = 0;
  w->line += (size_t)g->y.stride * g->line_bytes;
  w->x = w->line;
  if (++w->row < g->y.out) return;
  w->row = 0;
  w->image++;
  walk_image(w);
}

TL_INLINE void gemm_store(const tl_gemm *g, const tl_panel *panel, int8_t *const *y,
                          V sum[U_ROWS][U_VECTORS], int rows, int vectors, tl_fast_form form)
{
  TL_UNROLL
  for (int r = 0; r < rows; r++)
    rescale_store(y[r], sum[r], &g->rescaling, panel->first, panel->count, vectors, form);
}

/* `rows` rows of one panel; rows and vectors are constants of the caller. */
TL_INLINE void gemm_rows(walk *w, const tl_panel *panel, int rows, int vectors)
{
  const tl_gemm *g = w->g;
  const uint8_t *weights = g->weights + panel->weights;
  const uint8_t *x[U_ROWS];
  int8_t *y[U_ROWS];
  V sum[U_ROWS][U_VECTORS];
  TL_UNROLL
  for (int r = 0; r < rows; r++) {
    x[r] = w->x;
    y[r] = w->y + panel->first;
    walk_on(w);
    TL_UNROLL
    for (int v = 0; v < vectors; v++)
      sum[r][v] = V_LOAD(g->rescaling.start + panel->first + (uint32_t)v * V_LANES);
  }
  for (uint32_t run = 0; run < g->runs; run++) {
    const size_t begin = g->offsets[run], end = begin + 4ull * g->units;
    for (size_t at = begin; at < end; at += 4, weights += vectors * V_BYTES) {
      V unit[U_VECTORS];
      TL_UNROLL
      for (int v = 0; v < vectors; v++) unit[v] = V_LOAD(weights + v * V_BYTES);
      TL_UNROLL
      for (int r = 0; r < rows; r++) {
        const V input = U_BROADCAST(x[r] + at);
        TL_UNROLL
        for (int v = 0; v < vectors; v++) {
          sum[r][v] = U_DOT(sum[r][v], input, unit[v]);
          V_PIN(sum[r][v]);
        }
      }
    }
  }
  switch (g->rescaling.form) {
    case TL_FORM_FLOAT: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_FLOAT); break;
    case TL_FORM_FLOAT_BY_SIGN:
      gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_FLOAT_BY_SIGN);
      break;
    case TL_FORM_SHIFTED: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_SHIFTED); break;
    case TL_FORM_INTEGER: gemm_store(g, panel, y, sum, rows, vectors, TL_FORM_INTEGER); break;
  }
}

TL_INLINE void gemm_panel(walk *w, const tl_panel *panel, uint32_t row_count, int vectors)
{
  uint32_t row = 0;
  walk_to(w, 0);
  if (row_count < U_ROWS) {
    for (; row < row_count; row++) gemm_rows(w, panel, 1, vectors);
    return;
  }
  for (; row + U_ROWS <= row_count; row += U_ROWS) gemm_rows(w, panel, U_ROWS, vectors);
  if (row == row_count) return;
  walk_to(w, row_count - U_ROWS);
  gemm_rows(w, panel, U_ROWS, vectors);
}

TL_TARGET static void TL_PATH_NAME(gemm)(const void *packed, const tl_fast_job *job)
{
  const tl_gemm *g = packed;
  walk w = {.g = g, .job = job};
  for (uint32_t first = 0; first < job->count; first += g->group) {
    const uint32_t left = job->count - first, devices = left < g->group ? left : g->group;
    const size_t pixels_in = (size_t)g->y.in * (size_t)g->x.in;
    w.first_device = first;
    for (uint32_t i = 0; i < devices * g->images; i++)
      stage_image(g,
                  (const int8_t *)job->arena + (first + i / g->images) * job->device_bytes +
                      g->in_offset + (i % g->images) * pixels_in * g->inputs,
                  job->scratch + (size_t)i * g->image_bytes);
    const uint32_t rows = devices * g->images * (uint32_t)(g->y.out * g->x.out);
    for (uint32_t p = 0; p < g->panel_count; p++) {
      const tl_panel *panel = &g->panels[p];
      if (panel->vectors == 4)
        gemm_panel(&w, panel, rows, U_VECTORS >= 4 ? 4 : 1);
      else if (panel->vectors == 2)
        gemm_panel(&w, panel, rows, 2);
      else
        gemm_panel(&w, panel, rows, 1);
    }
  }
}
