/* depthwise_body.h: DEPTHWISE_CONV_2D as fast.h describes it, once for all vector widths. No header
 * guard: included once a path.
 *
 * Channels lie in lanes and so do neighbouring pixels, so no lane is idle whatever their number. */

/* One line as int8: padding, columns sorted by place modulo the stride, channels multiplied. */
TL_INLINE void copy_column(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  if (d->inputs == d->outputs) {
    memcpy(out, x, d->outputs);
    return;
  }
  const uint32_t multiplier = d->outputs / d->inputs;
  for (uint32_t c = 0; c < d->inputs; c++) memset(out + c * multiplier, x[c], multiplier);
}

TL_TARGET static void copy_line(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  const int32_t stride = d->x.stride;
  memset(out, d->input_zero, d->line_bytes);
  if (stride == 1 && d->inputs == d->outputs) { /* one run */
    const int32_t room = (int32_t)d->columns - d->x.before;
    const int32_t inside = room < d->x.in ? room : d->x.in;
    if (inside > 0) memcpy(out + (size_t)d->x.before * d->outputs, x, (size_t)inside * d->outputs);
    return;
  }
  for (int32_t place = 0; place < stride; place++)
    for (int32_t c = 0; c < (int32_t)d->columns; c++, out += d->outputs) {
      const int32_t from = c * stride + place - d->x.before;
      if (from >= 0 && from < d->x.in) copy_column(d, x + (size_t)from * d->inputs, out);
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

TL_INLINE void depthwise_pass(const tl_depthwise *d, const uint8_t *units, const uint8_t *weights,
                              int8_t *y, uint32_t first, uint32_t count, tl_fast_form form)
{
  V sum[U_VECTORS];
  TL_UNROLL
  for (int v = 0; v < U_VECTORS; v++)
    sum[v] = V_LOAD(d->rescaling.start + first + (uint32_t)v * V_LANES);
  for (uint32_t t = 0; t < d->taps; t++, weights += U_VECTORS * V_BYTES) {
    const uint8_t *x = units + d->shift[t];
    TL_UNROLL
    for (int v = 0; v < U_VECTORS; v++)
      sum[v] = U_DOT(sum[v], V_LOAD(x + v * V_BYTES), V_LOAD(weights + v * V_BYTES));
  }
  rescale_store(y, sum, &d->rescaling, first, count, U_VECTORS, form);
}

/* All outputs of a line, one table after the other: what a table holds stays in registers. */
TL_INLINE void depthwise_line(const tl_depthwise *d, const uint8_t *units, int8_t *y,
                              tl_fast_form form)
{
  enum { PASS = U_VECTORS * V_LANES };
  const uint32_t total = (uint32_t)d->x.out * d->outputs;
  const size_t table_bytes = (size_t)d->taps * U_VECTORS * V_BYTES;
  for (uint32_t table = 0; table < d->tables; table++) {
    const uint8_t *weights = d->weights + table * table_bytes;
    for (uint32_t i = table * PASS; i < total; i += d->tables * PASS)
      depthwise_pass(d, units + 4ull * i, weights, y + i, table * PASS,
                     total - i < PASS ? total - i : PASS, form);
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
