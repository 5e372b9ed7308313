/* depthwise_pack.c: DEPTHWISE_CONV_2D as sums of shifted arrays. */
#include "kernels/batch/fast.h"

#include <string.h>

enum {
  GROUPS_MAX = 64, /* of lines of taps: as many as depthwise_body.h has room for */
  TABLES_MAX = 64, /* an odd number of channels has as many tables; then plain code serves */
  SCRATCH_BYTES_MAX = 1 << 27
};

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static tl_sums sums_of(const tl_conv_data *conv, tl_unit unit)
{
  return (tl_sums){.unit = unit,
                   .weights = {conv->weights, 1, conv->outputs, conv->outputs,
                               (uint32_t)(conv->y.kernel * conv->x.kernel)},
                   .scales = conv->scales,
                   .scale_count = conv->scale_count,
                   .bias = conv->bias,
                   .input_zero = conv->input_zero,
                   .output_zero = conv->output_zero,
                   .range = conv->range};
}

/* Sizes of what is copied and of the units; false when they would be too large. */
static bool size_lines(tl_depthwise *d, const tl_fast_path *path, size_t *scratch_bytes)
{
  const uint64_t per_unit = tl_unit_inputs(path->unit), stride = (uint32_t)d->x.stride;
  const uint64_t places = d->outputs % path->lanes == 0 ? 1 : stride;
  const uint64_t reach =
      (uint64_t)(d->x.out - 1) * stride + (uint64_t)(d->x.kernel - 1) * (uint32_t)d->x.dilation + 1;
  const uint64_t columns = (reach + places - 1) / places;
  const uint64_t line = columns * places * d->outputs;
  const uint64_t spare = 64; /* vectors read and write past the end of a line */
  const uint64_t line_bytes = (line + spare + 63) / 64 * 64;
  const uint64_t groups = ((uint64_t)d->y.kernel + per_unit - 1) / per_unit;
  const uint64_t group_bytes = 4 * line_bytes;
  const uint64_t kernel = (uint32_t)d->y.kernel;
  const bool moves_by_one = d->y.stride == 1 && d->y.dilation == 1 && kernel > per_unit;
  const uint64_t ring = moves_by_one ? kernel - per_unit + 1 : 0;
  const uint64_t lines = moves_by_one ? ring : groups;
  const uint64_t all = line_bytes * ((uint32_t)d->y.in + 1ull) + lines * group_bytes + 4 * spare;
  if (line > SCRATCH_BYTES_MAX || lines > SCRATCH_BYTES_MAX || groups > GROUPS_MAX ||
      all > SCRATCH_BYTES_MAX)
    return false;
  const uint64_t taps = groups * (uint32_t)d->x.kernel;
  if (taps > TL_PACKED_BYTES_MAX ||
      taps * d->tables * 4 * path->lanes * path->vectors > TL_PACKED_BYTES_MAX)
    return false;
  d->places = (uint32_t)places;
  d->columns = (uint32_t)columns;
  d->pixel_step = (uint32_t)(stride / places);
  d->line_bytes = (uint32_t)line_bytes;
  d->groups = (uint32_t)groups;
  d->ring = (uint32_t)ring;
  d->group_bytes = (uint32_t)group_bytes;
  *scratch_bytes = (size_t)all;
  return true;
}

static uint32_t start_of(const tl_depthwise *d, uint32_t per_unit, uint32_t group)
{
  return d->ring != 0 && group + 1 == d->groups ? (uint32_t)d->y.kernel - per_unit
                                                : group * per_unit;
}

/* Weights of one column of taps of a group; those that the group before has, too, are 0. */
static void pack_tap(uint8_t *out, const tl_depthwise *d, const tl_fast_path *path,
                     const tl_sums *sums, uint32_t first, uint32_t group, uint32_t column)
{
  const uint32_t per_unit = tl_unit_inputs(path->unit), width = (uint32_t)d->x.kernel;
  const uint32_t start = start_of(d, per_unit, group);
  const tl_weights *weights = &sums->weights;
  for (uint32_t lane = 0; lane < path->lanes; lane++) {
    const uint32_t output = (first + lane) % d->outputs;
    int8_t taps[4] = {0};
    for (uint32_t i = 0; i < per_unit; i++)
      if (start + i >= group * per_unit && start + i < (uint32_t)d->y.kernel &&
          !tl_sums_constant(sums, output))
        taps[i] = weights->data[output * weights->output_step +
                                ((start + i) * width + column) * weights->tap_step];
    const tl_weights one = {taps, 0, 1, 1, per_unit};
    tl_unit_put(out, path, lane, &one, 0);
  }
}

static void pack_weights(tl_depthwise *d, const tl_fast_path *path, const tl_sums *sums,
                         tl_cutter *cutter)
{
  const uint32_t width = (uint32_t)d->x.kernel;
  d->taps = d->groups * width;
  uint32_t *shift = tl_cut(cutter, 4ull * width);
  uint32_t *starts = tl_cut(cutter, 4ull * d->groups);
  uint8_t *out = tl_cut(cutter, 4ull * path->lanes * path->vectors * d->taps * d->tables);
  d->shift = shift;
  d->starts = starts;
  d->weights = out;
  if (out == NULL) return;
  for (uint32_t g = 0; g < d->groups; g++) starts[g] = start_of(d, tl_unit_inputs(path->unit), g);
  for (uint32_t k = 0; k < width; k++) {
    const uint32_t column = k * (uint32_t)d->x.dilation;
    shift[k] = 4 * (column % d->places * d->columns + column / d->places) * d->outputs;
  }
  for (uint32_t table = 0; table < d->tables; table++)
    for (uint32_t g = 0; g < d->groups; g++)
      for (uint32_t k = 0; k < width; k++)
        for (uint32_t v = 0; v < path->vectors; v++, out += 4 * path->lanes)
          pack_tap(out, d, path, sums, (table * path->vectors + v) * path->lanes, g, k);
}

bool tl_depthwise_pack(tl_fast_pack *pack)
{
  const tl_conv_data *conv = pack->op->data;
  const tl_tensor *input = tl_op_input(pack->model, pack->op, 0);
  const tl_tensor *output = tl_op_output(pack->model, pack->op, 0);
  if (!tl_fast_takes(input) || !tl_fast_takes(output) || conv->wide) return false;
  tl_depthwise d = {.in_offset = input->offset,
                    .out_offset = output->offset,
                    .images = conv->batches,
                    .inputs = conv->inputs,
                    .outputs = conv->outputs,
                    .y = conv->y,
                    .x = conv->x,
                    .input_zero = conv->input_zero};
  const uint32_t pass = pack->path->lanes * pack->path->vectors;
  d.tables = d.outputs / common_divisor(d.outputs, pass);
  if (d.tables > TABLES_MAX || !size_lines(&d, pack->path, &pack->scratch_bytes)) return false;
  tl_depthwise *packed = tl_cut(pack->cutter, sizeof *packed);
  const tl_sums sums = sums_of(conv, pack->path->unit);
  if (!tl_rescaling_pack(&d.rescaling, &sums, pack->path, d.tables * pass, pack->cutter))
    return false;
  pack_weights(&d, pack->path, &sums, pack->cutter);
  if (packed != NULL) {
    tl_rescaling_repeat(&d.rescaling, d.outputs, d.tables * pass);
    *packed = d;
  }
  pack->packed = packed;
  return true;
}
