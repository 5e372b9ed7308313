/* depthwise_body.h: DEPTHWISE_CONV_2D as fast.h describes it, once for all vector widths. No header
 * guard: included once a path.
 *
 * Channels lie in lanes and so do neighbouring pixels, so no lane is idle whatever their number. */

/* One column: in whole vectors, of which the next columns overwrite what is too much. */
TL_INLINE void copy_column(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  if (d->inputs == d->outputs) {
    for (uint32_t c = 0; c < d->outputs; c += V_BYTES) V_STORE(out + c, V_LOAD(x + c));
    return;
  }
  const uint32_t multiplier = d->outputs / d->inputs;
  for (uint32_t c = 0; c < d->inputs; c++) memset(out + c * multiplier, x[c], multiplier);
}

TL_INLINE void fill_column(const tl_depthwise *d, int8_t *out)
{
  const V zero = V_SET((int32_t)((uint8_t)d->input_zero * 0x01010101u));
  for (uint32_t c = 0; c < d->outputs; c += V_BYTES) V_STORE(out + c, zero);
}

/* One line as int8: padding, columns sorted by place modulo the stride, channels multiplied. */
TL_TARGET static void copy_line(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  const int32_t stride = d->x.stride;
  if (stride == 1 && d->inputs == d->outputs) { /* one run between two paddings */
    const int32_t before = d->x.before < (int32_t)d->columns ? d->x.before : (int32_t)d->columns;
    const int32_t room = (int32_t)d->columns - before;
    const int32_t inside = room < d->x.in ? room : d->x.in;
    const size_t left = (size_t)before * d->outputs, middle = (size_t)inside * d->outputs;
    memset(out, d->input_zero, left);
    memcpy(out + left, x, middle);
    memset(out + left + middle, d->input_zero, (size_t)(room - inside) * d->outputs);
    return;
  }
  for (int32_t place = 0; place < stride; place++)
    for (int32_t c = 0; c < (int32_t)d->columns; c++, out += d->outputs) {
      const int32_t from = c * stride + place - d->x.before;
      if (from >= 0 && from < d->x.in)
        copy_column(d, x + (size_t)from * d->inputs, out);
      else
        fill_column(d, out);
    }
}

/* The lines that the taps of output line `row` read become units. */
TL_INLINE void interleave(const tl_depthwise *d, const int8_t *lines, const int8_t *zeros,
                          int32_t row, uint8_t *units)
{
  const size_t count = (size_t)d->columns * (uint32_t)d->x.stride * d->outputs;
  for (uint32_t g = 0; g < d->groups; g++, units += d->group_bytes) {
    const int8_t *from[U_INPUTS];
    for (int32_t t = 0; t < U_INPUTS; t++) {
      const int32_t tap = (int32_t)g * U_INPUTS + t;
      const int32_t line = row * d->y.stride - d->y.before + tap * d->y.dilation;
      const bool inside = tap < d->y.kernel && line >= 0 && line < d->y.in;
      from[t] = inside ? lines + (size_t)line * d->line_bytes : zeros;
    }
    for (size_t i = 0; i < count; i += U_CHUNK) u_interleave(units + 4 * i, from, i, d->input_zero);
  }
}

/* A vector of each tap's weights, if they are so few that registers hold them; else in memory. */
enum { HELD_TAPS = U_INPUTS == 4 ? 3 : 0 };

/* One pass of outputs: `held` weights if `taps` is HELD_TAPS, a constant. */
TL_INLINE void depthwise_pass(const tl_depthwise *d, const uint8_t *units, const uint8_t *weights,
                              V held[HELD_TAPS + 1][U_VECTORS], const V start[U_VECTORS], V *out,
                              uint32_t first, uint32_t taps, tl_fast_form form)
{
  V sum[U_VECTORS];
  TL_UNROLL
  for (int v = 0; v < U_VECTORS; v++) sum[v] = start[v];
  TL_UNROLL
  for (uint32_t t = 0; t < taps; t++) {
    const uint8_t *x = units + d->shift[t], *w = weights + t * (U_VECTORS * V_BYTES);
    TL_UNROLL
    for (int v = 0; v < U_VECTORS; v++)
      sum[v] = U_DOT(sum[v], U_LOAD_UNITS(x + v * V_BYTES),
                     taps == HELD_TAPS ? held[t][v] : V_LOAD(w + v * V_BYTES));
  }
  TL_UNROLL
  for (int v = 0; v < U_VECTORS; v++)
    out[v] = rescale(sum[v], &d->rescaling, first + (uint32_t)v * V_LANES, form);
}

/* All outputs of a line that one table serves. */
TL_INLINE void depthwise_table(const tl_depthwise *d, const uint8_t *units, int8_t *y,
                               uint32_t table, uint32_t taps, tl_fast_form form)
{
  enum { PASS = U_VECTORS * V_LANES };
  const uint32_t total = (uint32_t)d->x.out * d->outputs, step = d->tables * PASS;
  const uint8_t *weights = d->weights + (size_t)table * d->taps * U_VECTORS * V_BYTES;
  const limits limit = limits_of(d->rescaling.low, d->rescaling.high);
  V held[HELD_TAPS + 1][U_VECTORS], start[U_VECTORS], out[U_VECTORS];
  TL_UNROLL
  for (int v = 0; v < U_VECTORS; v++) {
    start[v] = V_LOAD(d->rescaling.start + table * PASS + (uint32_t)v * V_LANES);
    if (taps == HELD_TAPS) {
      TL_UNROLL
      for (int t = 0; t < HELD_TAPS; t++)
        held[t][v] = V_LOAD(weights + (t * U_VECTORS + v) * V_BYTES);
    }
  }
  uint32_t i = table * PASS;
  for (; i + PASS <= total; i += step) {
    depthwise_pass(d, units + 4ull * i, weights, held, start, out, table * PASS, taps, form);
    u_narrow(y + i, out, U_VECTORS, limit.low, limit.high, PASS);
  }
  if (i >= total) return;
  depthwise_pass(d, units + 4ull * i, weights, held, start, out, table * PASS, taps, form);
  u_narrow(y + i, out, U_VECTORS, limit.low, limit.high, total - i);
}

TL_INLINE void depthwise_line(const tl_depthwise *d, const uint8_t *units, int8_t *y,
                              tl_fast_form form)
{
  for (uint32_t table = 0; table < d->tables; table++) {
    if (HELD_TAPS > 0 && d->taps == HELD_TAPS)
      depthwise_table(d, units, y, table, HELD_TAPS, form);
    else
      depthwise_table(d, units, y, table, d->taps, form);
  }
}

TL_INLINE void depthwise_image(const tl_depthwise *d, const int8_t *x, int8_t *y, uint8_t *scratch)
{
  int8_t *lines = (int8_t *)scratch, *zeros = lines + (size_t)d->y.in * d->line_bytes;
  uint8_t *units = (uint8_t *)zeros + d->line_bytes;
  const size_t in_line = (size_t)d->x.in * d->inputs, out_line = (size_t)d->x.out * d->outputs;
  for (int32_t row = 0; row < d->y.in; row++)
    copy_line(d, x + (size_t)row * in_line, lines + (size_t)row * d->line_bytes);
  memset(zeros, d->input_zero, d->line_bytes);
  for (int32_t row = 0; row < d->y.out; row++, y += out_line) {
    interleave(d, lines, zeros, row, units);
    switch (d->rescaling.form) {
      case TL_FORM_FLOAT: depthwise_line(d, units, y, TL_FORM_FLOAT); break;
      case TL_FORM_FLOAT_BY_SIGN: depthwise_line(d, units, y, TL_FORM_FLOAT_BY_SIGN); break;
      case TL_FORM_SHIFTED: depthwise_line(d, units, y, TL_FORM_SHIFTED); break;
      case TL_FORM_INTEGER: depthwise_line(d, units, y, TL_FORM_INTEGER); break;
    }
  }
}

TL_TARGET static void TL_PATH_NAME(depthwise)(const void *packed, const tl_fast_job *job)
{
  const tl_depthwise *d = packed;
  const size_t in = (size_t)d->y.in * (uint32_t)d->x.in * d->inputs;
  const size_t out = (size_t)d->y.out * (uint32_t)d->x.out * d->outputs;
  for (uint32_t device = 0; device < job->count; device++)
    for (uint32_t i = 0; i < d->images; i++) {
      uint8_t *arena = job->arena + device * job->device_bytes;
      depthwise_image(d, (const int8_t *)arena + d->in_offset + i * in,
                      (int8_t *)arena + d->out_offset + i * out, job->scratch);
    }
}
