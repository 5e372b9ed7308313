/* depthwise_body.h: DEPTHWISE_CONV_2D as fast.h describes it, once for all vector widths. No header
 * guard: included once a path.
 *
 * Channels lie in lanes and so do neighbouring pixels, so no lane is idle whatever their number. */

/* One column, or zeros: in whole vectors or sixteens, of which the next columns overwrite what is too
 * much. */
TL_INLINE void copy_column(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  if (d->inputs != d->outputs) {
    const uint32_t multiplier = d->outputs / d->inputs;
    for (uint32_t c = 0; c < d->inputs; c++) memset(out + c * multiplier, x[c], multiplier);
  } else if (d->outputs >= V_BYTES) {
    for (uint32_t c = 0; c < d->outputs; c += V_BYTES) V_STORE(out + c, V_LOAD(x + c));
  } else {
    for (uint32_t c = 0; c < d->outputs; c += 16) memcpy(out + c, x + c, 16);
  }
}

TL_INLINE void fill_column(const tl_depthwise *d, int8_t *out)
{
  for (uint32_t c = 0; c < d->outputs; c += 16) memset(out + c, d->input_zero, 16);
}

/* One line as int8: padding, columns sorted by place modulo the stride, channels multiplied. */
TL_TARGET static void copy_line(const tl_depthwise *d, const int8_t *x, int8_t *out)
{
  const int32_t places = (int32_t)d->places;
  if (places == 1 && d->inputs == d->outputs) { /* one run between two paddings */
    const int32_t before = d->x.before < (int32_t)d->columns ? d->x.before : (int32_t)d->columns;
    const int32_t room = (int32_t)d->columns - before;
    const int32_t inside = room < d->x.in ? room : d->x.in;
    const size_t left = (size_t)before * d->outputs, middle = (size_t)inside * d->outputs;
    memset(out, d->input_zero, left);
    memcpy(out + left, x, middle);
    memset(out + left + middle, d->input_zero, (size_t)(room - inside) * d->outputs);
    return;
  }
  for (int32_t place = 0; place < places; place++)
    for (int32_t c = 0; c < (int32_t)d->columns; c++, out += d->outputs) {
      const int32_t from = c * places + place - d->x.before;
      if (from >= 0 && from < d->x.in)
        copy_column(d, x + (size_t)from * d->inputs, out);
      else
        fill_column(d, out);
    }
}

/* Lines of one image: as copied, one of zeros, and as units. */
typedef struct depthwise_lines {
  const int8_t *copied, *zeros;
  uint8_t *units;
} depthwise_lines;

/* Copied lines first, first + dilation .. become a line of units. */
TL_INLINE void interleave(const tl_depthwise *d, const depthwise_lines *l, int32_t first,
                          uint8_t *units)
{
  const size_t count = (size_t)d->columns * d->places * d->outputs;
  const int8_t *from[U_INPUTS];
  for (int32_t t = 0; t < U_INPUTS; t++) {
    const int64_t line = first + (int64_t)t * d->y.dilation;
    from[t] = line >= 0 && line < d->y.in ? l->copied + (size_t)line * d->line_bytes : l->zeros;
  }
  for (size_t i = 0; i < count; i += U_CHUNK) u_interleave(units + 4 * i, from, i, d->input_zero);
}

/* Line of units number `line` (of the ring, if there is one). */
TL_INLINE uint8_t *units_of(const tl_depthwise *d, const depthwise_lines *l, uint32_t line)
{
  return l->units + (size_t)line * d->group_bytes;
}

/* Makes the units that output line `row` needs and that are not there yet; units[g]: of each group,
 * as far as the array goes. */
TL_INLINE void make_units(const tl_depthwise *d, const depthwise_lines *l, int32_t row)
{
  const int32_t first = row * d->y.stride - d->y.before;
  if (d->ring == 0) {
    for (uint32_t g = 0; g < d->groups; g++)
      interleave(d, l, first + (int32_t)d->starts[g] * d->y.dilation, units_of(d, l, g));
    return;
  }
  const uint32_t ring = d->ring;
  for (uint32_t k = row == 0 ? 0 : ring - 1; k < ring; k++)
    interleave(d, l, first + (int32_t)k, units_of(d, l, ((uint32_t)row + k) % ring));
}

/* The taps whose weights registers hold, and the groups whose taps are written out. */
enum { HELD_TAPS = U_INPUTS == 4 ? 3 : 0, PLAIN_WIDTH = 3, PLAIN_GROUPS = U_INPUTS == 4 ? 1 : 2 };

/* What a table's passes share. */
typedef struct depthwise_table {
  const tl_rescaling *rescaling;
  const uint8_t *weights;
  const uint32_t *shift;
  const uint8_t *const *units; /* of each group */
  uint32_t first, total, step; /* outputs: of the table, of the line, from pass to pass */
  size_t step_bytes;           /* of the units, from pass to pass */
  size_t at[U_VECTORS];        /* of the units: each vector of the first pass */
} depthwise_table;

/* How many taps; constants of the caller where it can say them. */
typedef struct depthwise_shape {
  uint32_t groups, width;
  bool plain;  /* PLAIN_GROUPS and PLAIN_WIDTH */
  bool spread; /* vectors do not lie side by side in the units */
} depthwise_shape;

/* One pass of outputs, `moved` bytes of units behind the first. tap: where each tap begins, if groups
 * and width are PLAIN_GROUPS and PLAIN_WIDTH. */
TL_INLINE void depthwise_pass(const depthwise_table *t, const uint8_t *const *tap, size_t moved,
                              V held[HELD_TAPS + 1][U_VECTORS], const V start[U_VECTORS], V *sum,
                              depthwise_shape shape)
{
  const uint8_t *w = t->weights;
  TL_EACH
  for (int v = 0; v < U_VECTORS; v++) sum[v] = start[v];
  TL_MANY
  for (uint32_t g = 0; g < shape.groups; g++) {
    TL_MANY
    for (uint32_t k = 0; k < shape.width; k++, w += U_VECTORS * V_BYTES) {
      const uint8_t *x =
          (shape.plain ? tap[g * shape.width + k] : t->units[g] + t->shift[k]) + moved;
      TL_EACH
      for (int v = 0; v < U_VECTORS; v++)
        sum[v] = U_DOT(sum[v], U_LOAD_UNITS(x + (shape.spread ? t->at[v] : (size_t)v * V_BYTES)),
                       shape.plain && HELD_TAPS > 0 ? held[HELD_TAPS > 0 ? k : 0][v]
                                                    : V_LOAD(w + v * V_BYTES));
    }
  }
}

/* All outputs of a line that one table serves. What a pass needs is copied: stores through int8_t
 * could change anything else. */
TL_INLINE void depthwise_outputs(const depthwise_table *of, int8_t *y, depthwise_shape shape,
                                 tl_fast_form form)
{
  enum { PASS = U_VECTORS * V_LANES };
  const depthwise_table t = *of;
  const tl_rescaling r = *t.rescaling;
  const limits limit = limits_of(r.low, r.high);
  const uint8_t *tap[PLAIN_GROUPS * PLAIN_WIDTH];
  V held[HELD_TAPS + 1][U_VECTORS], start[U_VECTORS], out[U_VECTORS];
  TL_EACH
  for (uint32_t k = 0; k < PLAIN_GROUPS * PLAIN_WIDTH; k++)
    if (shape.plain)
      tap[k] = t.units[k / PLAIN_WIDTH] + t.shift[k % PLAIN_WIDTH] + (shape.spread ? 0 : t.at[0]);
  TL_EACH
  for (int v = 0; v < U_VECTORS; v++) {
    start[v] = V_LOAD(r.start + t.first + (uint32_t)v * V_LANES);
    TL_EACH
    for (int k = 0; k < HELD_TAPS + 1; k++)
      if (shape.plain && k < HELD_TAPS)
        held[k][v] = V_LOAD(t.weights + (k * U_VECTORS + v) * V_BYTES);
  }
  size_t moved = 0;
  for (uint32_t i = t.first; i < t.total; i += t.step, moved += t.step_bytes) {
    depthwise_pass(&t, tap, moved, held, start, out, shape);
    TL_EACH
    for (int v = 0; v < U_VECTORS; v++)
      out[v] = rescale(out[v], &r, t.first + (uint32_t)v * V_LANES, form);
    if (i + PASS <= t.total)
      u_narrow(y + i, out, U_VECTORS, limit.low, limit.high, PASS);
    else
      u_narrow(y + i, out, U_VECTORS, limit.low, limit.high, t.total - i);
  }
}

enum { GROUPS_AT_ONCE = 64 }; /* more lines of taps run as plain code (depthwise_pack.c) */

TL_INLINE void depthwise_line(const tl_depthwise *d, const depthwise_lines *l, int32_t row,
                              int8_t *y, tl_fast_form form)
{
  enum { PASS = U_VECTORS * V_LANES };
  const uint8_t *units[GROUPS_AT_ONCE];
  for (uint32_t g = 0; g < d->groups; g++)
    units[g] = units_of(d, l, d->ring == 0 ? g : ((uint32_t)row + d->starts[g]) % d->ring);
  depthwise_table t = {.rescaling = &d->rescaling,
                       .weights = d->weights,
                       .shift = d->shift,
                       .units = units,
                       .total = (uint32_t)d->x.out * d->outputs,
                       .step = d->tables * PASS,
                       .step_bytes = 4ull * d->tables * PASS * d->pixel_step};
  const depthwise_shape shape = {d->groups, (uint32_t)d->x.kernel, false, true};
  const bool plain = shape.groups == PLAIN_GROUPS && shape.width == PLAIN_WIDTH;
  for (uint32_t table = 0; table < d->tables; table++, t.first += PASS) {
    for (uint32_t v = 0; v < U_VECTORS; v++) {
      const uint32_t output = t.first + v * V_LANES;
      t.at[v] = 4ull * (d->pixel_step == 1 ? output
                                           : output / d->outputs * d->pixel_step * d->outputs +
                                                 output % d->outputs);
    }
    if (!plain)
      depthwise_outputs(&t, y, shape, form);
    else if (d->pixel_step == 1)
      depthwise_outputs(&t, y, (depthwise_shape){PLAIN_GROUPS, PLAIN_WIDTH, true, false}, form);
    else
      depthwise_outputs(&t, y, (depthwise_shape){PLAIN_GROUPS, PLAIN_WIDTH, true, true}, form);
    t.weights += (size_t)d->taps * U_VECTORS * V_BYTES;
  }
}

TL_INLINE void depthwise_image(const tl_depthwise *d, const int8_t *x, int8_t *y, uint8_t *scratch)
{
  int8_t *lines = (int8_t *)scratch, *zeros = lines + (size_t)d->y.in * d->line_bytes;
  const depthwise_lines l = {lines, zeros, (uint8_t *)zeros + d->line_bytes};
  const size_t in_line = (size_t)d->x.in * d->inputs, out_line = (size_t)d->x.out * d->outputs;
  for (int32_t row = 0; row < d->y.in; row++)
    copy_line(d, x + (size_t)row * in_line, lines + (size_t)row * d->line_bytes);
  memset(zeros, d->input_zero, d->line_bytes);
  for (int32_t row = 0; row < d->y.out; row++, y += out_line) {
    make_units(d, &l, row);
    switch (d->rescaling.form) {
      case TL_FORM_FLOAT: depthwise_line(d, &l, row, y, TL_FORM_FLOAT); break;
      case TL_FORM_FLOAT_BY_SIGN: depthwise_line(d, &l, row, y, TL_FORM_FLOAT_BY_SIGN); break;
      case TL_FORM_SHIFTED: depthwise_line(d, &l, row, y, TL_FORM_SHIFTED); break;
      case TL_FORM_INTEGER: depthwise_line(d, &l, row, y, TL_FORM_INTEGER); break;
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
