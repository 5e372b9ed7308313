/* gemm_pack.c: FULLY_CONNECTED and CONV_2D as a matrix product over staged images. */
#include "kernels/batch/fast.h"

#include <string.h>

enum {
  DEPTHWISE = 4, /* builtin numbers of the schema */
  CONNECTED = 9,
  STAGED_BYTES = 65536,     /* of a group of devices, so that it stays in a near cache */
  SPARE = 64,               /* bytes that the last run of an image may read past its end */
  IMAGE_BYTES_MAX = 1 << 27 /* of one image; larger ones run device by device */
};

static tl_staged_axis staged(const tl_conv_axis *axis)
{
  tl_staged_axis out = {.in = axis->in, .out = axis->out};
  if (axis->kernel == 1) {
    out.size = axis->out;
    out.first = -axis->before;
    out.step = axis->stride;
    out.stride = 1;
  } else {
    out.size = (axis->out - 1) * axis->stride + (axis->kernel - 1) * axis->dilation + 1;
    out.first = -axis->before;
    out.step = 1;
    out.stride = axis->stride;
  }
  return out;
}

/* What is packed: geometry, and the sums behind it. */
typedef struct source {
  tl_gemm gemm;
  tl_sums sums;
  uint32_t run_taps;            /* taps of one run */
  uint32_t lines, per_line;     /* runs = lines * per_line ... */
  uint32_t line_step, run_step; /* ... and how many staged lines or pixels lie between them */
} source;

static bool fc_source(const tl_fast_pack *pack, source *out)
{
  const tl_fc_data *fc = pack->op->data;
  if (fc->wide || fc->varies || fc->weight_zero != 0) return false;
  const tl_conv_axis one = {1, 1, 1, 1, 1, 0};
  const tl_conv_axis rows = {(int32_t)fc->batches, (int32_t)fc->batches, 1, 1, 1, 0};
  *out = (source){.gemm = {.images = 1,
                           .inputs = fc->inputs,
                           .outputs = fc->outputs,
                           .y = staged(&one),
                           .x = staged(&rows),
                           .input_zero = fc->input_zero},
                  .sums = {.weights = {fc->weights, fc->inputs, 1, fc->outputs, fc->inputs},
                           .scales = fc->scales,
                           .scale_count = fc->scale_count,
                           .bias = fc->bias,
                           .input_zero = fc->input_zero,
                           .output_zero = fc->output_zero,
                           .range = fc->range},
                  .run_taps = fc->inputs,
                  .lines = 1,
                  .per_line = 1};
  return true;
}

/* With one input channel a depthwise convolution is a plain one, but for the order of weights. */
static bool conv_source(const tl_fast_pack *pack, source *out)
{
  const tl_conv_data *conv = pack->op->data;
  const bool depthwise = pack->op->row->builtin == DEPTHWISE;
  if (conv->wide || conv->group_inputs != conv->inputs) return false;
  const uint32_t width = (uint32_t)conv->x.kernel, height = (uint32_t)conv->y.kernel;
  const uint32_t taps = width * height * conv->inputs;
  const bool whole_lines = conv->x.dilation == 1; /* taps of a line lie side by side */
  *out = (source){.gemm = {.images = conv->batches,
                           .inputs = conv->inputs,
                           .outputs = conv->outputs,
                           .y = staged(&conv->y),
                           .x = staged(&conv->x),
                           .input_zero = conv->input_zero},
                  .sums = {.weights = {conv->weights, depthwise ? 1 : taps,
                                       depthwise ? conv->outputs : 1, conv->outputs, taps},
                           .scales = conv->scales,
                           .scale_count = conv->scale_count,
                           .bias = conv->bias,
                           .input_zero = conv->input_zero,
                           .output_zero = conv->output_zero,
                           .range = conv->range},
                  .run_taps = conv->inputs * (whole_lines ? width : 1),
                  .lines = height,
                  .per_line = whole_lines ? 1 : width,
                  .line_step = (uint32_t)conv->y.dilation,
                  .run_step = (uint32_t)conv->x.dilation};
  return true;
}

/* Sizes of the staged image; false when it would be too large. Pixels whose runs do not go on into
 * the next pixel are rounded up to whole units. */
static bool size_image(source *s, tl_unit unit, uint32_t tile)
{
  tl_gemm *g = &s->gemm;
  const uint64_t input_bytes = tl_unit_input_bytes(unit);
  uint64_t pixel = g->inputs * input_bytes;
  if (s->run_taps == g->inputs) pixel = (pixel + 3) / 4 * 4;
  const uint64_t line = pixel * (uint32_t)g->x.size;
  const uint64_t image = (line * (uint32_t)g->y.size + SPARE + 63) / 64 * 64;
  if (pixel > IMAGE_BYTES_MAX || line > IMAGE_BYTES_MAX || image > IMAGE_BYTES_MAX ||
      image * g->images > IMAGE_BYTES_MAX)
    return false;
  g->pixel_bytes = (uint32_t)pixel;
  g->line_bytes = (uint32_t)line;
  g->image_bytes = (uint32_t)image;
  const uint64_t device = image * g->images;
  const uint64_t group = device >= STAGED_BYTES ? 1 : STAGED_BYTES / device;
  g->group = group < tile ? (uint32_t)group : tile;
  return true;
}

/* Weights and offsets, padded to whole vectors. */
static bool size_tables(const source *s, uint32_t lanes)
{
  const uint64_t units = (uint64_t)s->lines * s->per_line * s->gemm.units;
  const uint64_t vectors = ((uint64_t)s->gemm.outputs + lanes - 1) / lanes + TL_PANEL_VECTORS;
  return units <= TL_PACKED_BYTES_MAX && vectors <= TL_PACKED_BYTES_MAX &&
         units * 2 * vectors * 4 * lanes <= TL_PACKED_BYTES_MAX;
}

static void find_runs(tl_gemm *g)
{
  const uint32_t height = (uint32_t)g->y.out, width = (uint32_t)g->x.out;
  const bool whole =
      height == 1 ||
      (g->y.stride == 1 && g->line_bytes == width * g->pixel_bytes * (uint32_t)g->x.stride);
  g->run_rows = whole ? height * width : width;
  g->runs_of_image = whole ? 1 : height;
  g->run_bytes = (uint32_t)g->y.stride * g->line_bytes;
  g->row_a_device = g->images == 1 && height * width == 1;
}

static void pack_offsets(source *s, tl_cutter *cutter)
{
  tl_gemm *g = &s->gemm;
  g->runs = s->lines * s->per_line;
  uint32_t *offsets = tl_cut(cutter, 4ull * g->runs);
  g->offsets = offsets;
  uint32_t *units = tl_cut(cutter, g->narrow != 0 ? 0 : 4ull * g->runs * g->units);
  g->unit_offsets = units;
  if (offsets == NULL) return;
  for (uint32_t y = 0; y < s->lines; y++)
    for (uint32_t x = 0; x < s->per_line; x++) {
      *offsets = y * s->line_step * g->line_bytes + x * s->run_step * g->pixel_bytes;
      for (uint32_t u = 0; u < g->units && g->narrow == 0; u++) *units++ = *offsets + 4 * u;
      offsets++;
    }
}

static void pack_weights(source *s, const tl_fast_path *path, const tl_panel *panel, uint8_t *out)
{
  const tl_weights *all = &s->sums.weights;
  const uint32_t per_unit = tl_unit_inputs(path->unit);
  bool live[TL_PANEL_VECTORS * 16];
  for (uint32_t o = 0; o < panel->vectors * path->lanes; o++)
    live[o] = panel->first + o < all->outputs && !tl_sums_constant(&s->sums, panel->first + o);
  for (uint32_t run = 0; run < s->gemm.runs; run++)
    for (uint32_t unit = 0; unit < s->gemm.units; unit++)
      for (uint32_t v = 0; v < panel->vectors; v++, out += 4 * path->lanes)
        for (uint32_t lane = 0; lane < path->lanes; lane++) {
          const uint32_t output = panel->first + v * path->lanes + lane;
          const tl_weights one = {all->data + output * all->output_step, 0, all->tap_step,
                                  live[v * path->lanes + lane] ? 1 : 0, (run + 1) * s->run_taps};
          tl_unit_put(out, path, lane, &one, run * s->run_taps + unit * per_unit);
        }
}

/* Panels of as many vectors as a pass has; what is left in powers of 2. */
static void pack_panels(source *s, const tl_fast_path *path, tl_cutter *cutter)
{
  tl_gemm *g = &s->gemm;
  const uint32_t vectors = (g->outputs + path->lanes - 1) / path->lanes;
  const size_t vector_bytes = (size_t)g->runs * g->units * 4 * path->lanes;
  tl_panel *panels = tl_cut(cutter, (vectors / path->vectors + path->vectors) * sizeof *panels);
  uint8_t *weights = tl_cut(cutter, vectors * vector_bytes);
  g->panels = panels;
  g->weights = weights;
  if (panels == NULL) return;
  uint32_t width = path->vectors;
  for (uint32_t v = 0; v < vectors; v += width) {
    while (width > vectors - v) width /= 2;
    const uint32_t first = v * path->lanes, room = g->outputs - first;
    tl_panel *panel = &panels[g->panel_count++];
    *panel = (tl_panel){.first = first,
                        .count = room < width * path->lanes ? room : width * path->lanes,
                        .vectors = width,
                        .weights = v * vector_bytes};
    pack_weights(s, path, panel, weights + panel->weights);
  }
}

bool tl_gemm_pack(tl_fast_pack *pack)
{
  source s;
  const tl_tensor *input = tl_op_input(pack->model, pack->op, 0);
  const tl_tensor *output = tl_op_output(pack->model, pack->op, 0);
  if (!tl_fast_takes(input) || !tl_fast_takes(output)) return false;
  const bool known =
      pack->op->row->builtin == CONNECTED ? fc_source(pack, &s) : conv_source(pack, &s);
  if (!known) return false;
  const uint32_t lanes = pack->path->lanes, runs = s.lines * s.per_line;
  s.sums.unit = pack->path->unit;
  if (pack->path->narrow) s.gemm.narrow = tl_narrow_choose(&s.sums, lanes, runs, s.run_taps);
  if (s.gemm.narrow != 0) s.sums.unit = TL_UNIT_BYTES;
  const uint32_t per_unit = tl_unit_inputs(s.sums.unit);
  s.gemm.units = (s.run_taps + per_unit - 1) / per_unit;
  if (s.gemm.narrow != 0)
    s.gemm.units = (s.gemm.units + s.gemm.narrow - 1) / s.gemm.narrow * s.gemm.narrow;
  if (!size_image(&s, s.sums.unit, pack->tile) || !size_tables(&s, lanes)) return false;
  s.gemm.in_offset = input->offset;
  s.gemm.out_offset = output->offset;
  const uint32_t multiple = s.gemm.narrow != 0 ? TL_PANEL_VECTORS * lanes : lanes;
  tl_gemm *gemm = tl_cut(pack->cutter, sizeof *gemm);
  if (!tl_rescaling_pack(&s.gemm.rescaling, &s.sums, pack->path,
                         (s.gemm.outputs + multiple - 1) / multiple * multiple, pack->cutter))
    return false;
  find_runs(&s.gemm);
  pack_offsets(&s, pack->cutter);
  if (s.gemm.narrow != 0)
    tl_narrow_pack(&s.gemm, &s.sums, lanes, s.run_taps, pack->cutter);
  else
    pack_panels(&s, pack->path, pack->cutter);
  pack->scratch_bytes = (size_t)s.gemm.group * s.gemm.images * s.gemm.image_bytes;
  if (gemm != NULL) *gemm = s.gemm;
  pack->packed = gemm;
  return true;
}
