/* window_pack.c: from a model to the packed tables of window_layer.h. */
#include "kernels/window/window_layer.h"

#include <string.h>

enum { LAYERS_MAX = 64, WORDS_MAX = 4 };

typedef struct chain {
  const tl_fc_data *layers[LAYERS_MAX];
  uint32_t count;
} chain;

/* Hands out aligned pieces of the caller's memory; with base == NULL it only counts. */
typedef struct cutter {
  uint8_t *base;
  size_t used;
} cutter;

static void *cut(cutter *c, size_t bytes)
{
  void *piece = c->base != NULL ? c->base + c->used : NULL;
  c->used += (bytes + TL_WINDOW_ALIGN - 1) / TL_WINDOW_ALIGN * TL_WINDOW_ALIGN;
  return piece;
}

static tl_kernel_code unfit(tl_kernel_status *status, const char *why)
{
  return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "not a model for batched windows: ", why);
}

/* ---- which models ---- */

static const char *why_layer_unfit(const tl_fc_data *fc)
{
  if (fc->wide) return "a layer is int16";
  if (fc->batches != 1) return "a layer runs more than one row";
  if (fc->weight_zero != 0) return "weights have a zero point";
  if (fc->varies) return "weights or bias are not constant";
  return NULL;
}

static tl_kernel_code find_chain(const tl_model *model, chain *out, tl_kernel_status *status)
{
  const tl_op_row *connected = tl_op_row_find(9), *reshape = tl_op_row_find(22);
  *out = (chain){0};
  if (model->input_count != 1 || model->output_count != 1)
    return unfit(status, "more than one input or output");
  int32_t flow = model->inputs[0];
  for (uint32_t node = 0; node < model->op_count; node++) {
    const tl_op *op = &model->ops[node];
    if (status != NULL) status->node = (int32_t)node;
    if (op->row != connected && op->row != reshape)
      return unfit(status, "only FULLY_CONNECTED and RESHAPE are batched");
    if (op->inputs[0] != flow) return unfit(status, "the layers are no chain");
    flow = op->outputs[0];
    if (op->row == reshape) continue;
    const char *why = why_layer_unfit(op->data);
    if (why != NULL) return unfit(status, why);
    if (out->count == LAYERS_MAX) return unfit(status, "more than 64 layers");
    out->layers[out->count++] = op->data;
  }
  if (out->count == 0 || flow != model->outputs[0])
    return unfit(status, "the layers do not lead to the output");
  if (status != NULL) status->node = TL_KERNEL_NONE;
  if (out->layers[0]->inputs > TL_WINDOW_INPUTS_MAX ||
      out->layers[out->count - 1]->outputs > TL_WINDOW_INPUTS_MAX)
    return unfit(status, "more than 4096 inputs or outputs");
  for (uint32_t l = 0; l + 1 < out->count; l++)
    if (out->layers[l]->outputs > TL_WINDOW_WIDTH_MAX)
      return unfit(status, "a hidden layer is wider than 512");
  return TL_KERNEL_OK;
}

/* ---- weights ---- */

/* The weights of one output that meet one quad, in 32-bit words. */
static void put_words(uint32_t *out, uint32_t words, const int32_t w[4])
{
  if (words == 4) {
    for (int i = 0; i < 4; i++) out[i] = (uint32_t)w[i];
  } else if (words == 2) {
    out[0] = ((uint32_t)w[0] & 0xFFFF) | (uint32_t)w[2] << 16;
    out[1] = ((uint32_t)w[1] & 0xFFFF) | (uint32_t)w[3] << 16;
  } else {
    out[0] = ((uint32_t)w[0] & 0xFF) | ((uint32_t)w[1] & 0xFF) << 8 |
             ((uint32_t)w[2] & 0xFF) << 16 | (uint32_t)w[3] << 24;
  }
}

/* Four weights of an output from input `first` on; wrap: the input index is modulo the inputs. */
static void get_weights(const tl_fc_data *fc, uint32_t output, uint32_t first, bool wrap,
                        int32_t w[4])
{
  for (uint32_t i = 0; i < 4; i++) {
    const uint32_t input = wrap ? (first + i) % fc->inputs : first + i;
    const bool inside = output < fc->outputs && input < fc->inputs;
    w[i] = inside ? fc->weights[(size_t)output * fc->inputs + input] : 0;
  }
}

static void pack_blocks(tl_window_layer *layer, uint32_t words, bool first, cutter *memory)
{
  const uint32_t residues = first ? 4 : 1;
  uint32_t *out = cut(memory, 4ull * words * 4 * residues * layer->blocks * layer->table_quads);
  layer->block_weights = out;
  if (memory->base == NULL) return;
  for (uint32_t r = 0; r < residues; r++)
    for (uint32_t b = 0; b < layer->blocks; b++)
      for (uint32_t q = 0; q < layer->table_quads; q++)
        for (uint32_t j = 0; j < 4; j++, out += words) {
          int32_t w[4];
          get_weights(layer->fc, 4 * b + j, 4 * q + r, first, w);
          put_words(out, words, w);
        }
}

static void pack_rows(tl_window_layer *layer, uint32_t words, uint32_t count, cutter *memory)
{
  uint32_t *out = cut(memory, 4ull * words * layer->quads * count);
  layer->row_weights = out;
  if (memory->base == NULL) return;
  for (uint32_t o = 0; o < count; o++)
    for (uint32_t q = 0; q < layer->quads; q++, out += words) {
      int32_t w[4];
      get_weights(layer->fc, o % layer->fc->outputs, 4 * q, false, w);
      put_words(out, words, w);
    }
}

/* Whether the two products of every pair of bytes (up to `highest`) stay in int16 when summed. */
static bool pairs_fit(const tl_fc_data *fc, int32_t highest)
{
  for (uint32_t o = 0; o < fc->outputs; o++)
    for (uint32_t i = 0; i < fc->inputs; i += 2) {
      const int8_t *w = fc->weights + (size_t)o * fc->inputs + i;
      const int32_t a = w[0], b = i + 1 < fc->inputs ? w[1] : 0;
      const int32_t up = (a > 0 ? a : 0) + (b > 0 ? b : 0);
      const int32_t down = (a < 0 ? -a : 0) + (b < 0 ? -b : 0);
      if (up * highest > INT16_MAX || down * highest > INT16_MAX) return false;
    }
  return true;
}

/* ---- rescaling ---- */

typedef struct span64 {
  int64_t low, high;
} span64;

static int64_t bias_of(const tl_fc_data *fc, uint32_t output)
{
  return fc->bias != NULL ? tl_load_i32(fc->bias + 4ull * output) : 0;
}

/* What the accumulator of one output can be, for inputs in the given range. */
static span64 accumulators(const tl_fc_data *fc, uint32_t output, tl_range input)
{
  span64 span = {bias_of(fc, output), bias_of(fc, output)};
  const int8_t *w = fc->weights + (size_t)output * fc->inputs;
  for (uint32_t i = 0; i < fc->inputs; i++) {
    const int64_t at_low = w[i] * (input.low - fc->input_zero);
    const int64_t at_high = w[i] * (input.high - fc->input_zero);
    span.low += at_low < at_high ? at_low : at_high;
    span.high += at_low < at_high ? at_high : at_low;
  }
  return span;
}

typedef struct rescale_tables {
  int32_t *bias, *multiplier, *left, *right;
  float *scale, *above, *below;
} rescale_tables;

static tl_scale scale_of(const tl_fc_data *fc, uint32_t output)
{
  return fc->scales[fc->scale_count == 1 ? 0 : output];
}

/* Vector code rounds twice; the accumulator must leave room for it. */
static bool fits(span64 span, tl_scale scale)
{
  const int64_t limit = (1ll << 30) >> (scale.shift > 0 ? scale.shift : 0);
  return span.low > -limit && span.high < limit;
}

static tl_range narrow(span64 span) { return (tl_range){(int32_t)span.low, (int32_t)span.high}; }

/* The float form of every output, or TL_RESCALE_INTEGER for the layer. */
static tl_kernel_code choose_form(tl_window_layer *layer, tl_range input, rescale_tables *t,
                                  tl_kernel_status *status)
{
  const tl_fc_data *fc = layer->fc;
  span64 all = {0, 0};
  layer->form = TL_RESCALE_FLOAT;
  layer->per_tensor = fc->scale_count == 1;
  for (uint32_t o = 0; o < fc->outputs; o++) {
    const span64 span = accumulators(fc, o, input);
    if (scale_of(fc, o).rounding != TL_ROUNDING_DOUBLE)
      return unfit(status, "single rounding is not for windows");
    if (!fits(span, scale_of(fc, o))) return unfit(status, "an accumulator could overflow");
    all.low = span.low < all.low ? span.low : all.low;
    all.high = span.high > all.high ? span.high : all.high;
  }
  tl_float_form form = {0};
  for (uint32_t o = 0; o < fc->outputs && layer->form != TL_RESCALE_INTEGER; o++) {
    if (o == 0 || !layer->per_tensor) {
      const span64 span = layer->per_tensor ? all : accumulators(fc, o, input);
      if (!tl_window_prove(scale_of(fc, o), fc->output_zero, layer->offset, fc->range, narrow(span),
                           &form))
        layer->form = TL_RESCALE_INTEGER;
      else if (!form.one_sided)
        layer->form = TL_RESCALE_FLOAT_BY_SIGN;
    }
    t->scale[o] = form.scale;
    t->above[o] = form.above;
    t->below[o] = form.below;
  }
  return TL_KERNEL_OK;
}

/* Bias with the zero point of the input bytes folded in: sum w (u - shift) = sum w u - shift sum w;
 * it wraps as the sum itself does. */
static void fill_outputs(const tl_fc_data *fc, int32_t byte_zero, rescale_tables *t)
{
  for (uint32_t o = 0; o < fc->outputs; o++) {
    int64_t sum = 0;
    const int8_t *w = fc->weights + (size_t)o * fc->inputs;
    for (uint32_t i = 0; i < fc->inputs; i++) sum += w[i];
    const tl_scale scale = scale_of(fc, o);
    t->bias[o] = (int32_t)(uint32_t)(uint64_t)(bias_of(fc, o) - byte_zero * sum);
    t->multiplier[o] = scale.multiplier;
    t->left[o] = scale.shift > 0 ? scale.shift : 0;
    t->right[o] = scale.shift < 0 ? -scale.shift : 0;
  }
}

/* Repeats the first `outputs` values up to count: the doubled table, or harmless padding. */
static void repeat(void *values, uint32_t outputs, uint32_t count)
{
  uint32_t *words = values;
  for (uint32_t i = outputs; i < count; i++) words[i] = words[i - outputs];
}

typedef struct place {
  uint32_t words; /* of the path, a quad */
  bool narrow;    /* the path can have one word a quad where the weights allow it */
  bool first, last, rotates_out;
  tl_range input;    /* of the values that come in */
  int32_t byte_zero; /* the byte that stands for the input's zero point */
} place;

static tl_kernel_code pack_layer(tl_window_layer *layer, const place *at, cutter *memory,
                                 tl_kernel_status *status)
{
  const tl_fc_data *fc = layer->fc;
  layer->quads = (fc->inputs + 3) / 4;
  layer->table_quads = at->first ? fc->inputs / 4 + layer->quads + 1 : layer->quads;
  layer->blocks = (fc->outputs + 3) / 4;
  layer->offset = at->last ? 128 : -fc->range.low;
  layer->add = fc->output_zero + layer->offset;
  layer->low = (uint8_t)(fc->range.low + layer->offset);
  layer->high = (uint8_t)(fc->range.high + layer->offset);
  pack_blocks(layer, at->words, at->first, memory);
  const uint32_t count = at->rotates_out ? 2 * fc->outputs + 4 : 4 * layer->blocks;

  rescale_tables t;
  void *tables[7];
  for (int i = 0; i < 7; i++) tables[i] = cut(memory, 4ull * count);
  if (memory->base == NULL) {
    if (at->rotates_out) pack_rows(layer, at->words, count, memory);
    return TL_KERNEL_OK;
  }
  memset(tables[0], 0,
         7 * ((4ull * count + TL_WINDOW_ALIGN - 1) / TL_WINDOW_ALIGN) * TL_WINDOW_ALIGN);
  t = (rescale_tables){tables[0], tables[1], tables[2], tables[3], tables[4], tables[5], tables[6]};
  fill_outputs(fc, at->byte_zero, &t);
  const tl_kernel_code code = choose_form(layer, at->input, &t, status);
  if (code != TL_KERNEL_OK) return code;
  for (int i = 0; i < 7; i++) repeat(tables[i], fc->outputs, count);
  layer->bias = t.bias;
  layer->multiplier = t.multiplier;
  layer->left = t.left;
  layer->right = t.right;
  layer->scale = t.scale;
  layer->above = t.above;
  layer->below = t.below;
  layer->plain = at->rotates_out && layer->form == TL_RESCALE_FLOAT_BY_SIGN && layer->per_tensor &&
                 layer->low == 0 && layer->high == 255 && fc->outputs % 4 == 0 &&
                 (layer->quads == 1 || layer->quads == 2 || layer->quads == 4);
  layer->narrow =
      layer->plain && at->narrow && pairs_fit(fc, at->byte_zero + at->input.high - fc->input_zero);
  if (at->rotates_out) pack_rows(layer, layer->narrow ? 1 : at->words, count, memory);
  return TL_KERNEL_OK;
}

/* ---- the whole ---- */

static tl_kernel_code pack_chain(tl_window *out, const chain *layers, uint32_t words, bool narrow,
                                 cutter *memory, tl_kernel_status *status)
{
  tl_window_layer *packed = cut(memory, layers->count * sizeof *packed);
  const tl_fc_data *first = layers->layers[0], *last = layers->layers[layers->count - 1];
  const bool reconstructs = first->inputs == last->outputs;
  place at = {.words = words,
              .narrow = narrow,
              .input = {INT8_MIN, INT8_MAX},
              .byte_zero = 128 + first->input_zero};
  out->layers = packed;
  out->proved = true;
  for (uint32_t l = 0; l < layers->count; l++) {
    tl_window_layer layer = {.fc = layers->layers[l]};
    at.first = l == 0;
    at.last = l + 1 == layers->count;
    at.rotates_out = at.last && reconstructs && layers->count > 1;
    const tl_kernel_code code = pack_layer(&layer, &at, memory, status);
    if (code != TL_KERNEL_OK) return code;
    if (packed != NULL) packed[l] = layer;
    out->proved = out->proved && layer.form != TL_RESCALE_INTEGER;
    at.input = layer.fc->range;
    at.byte_zero = layer.offset + layer.fc->output_zero;
  }
  return TL_KERNEL_OK;
}

size_t tl_window_pack_bytes(const tl_model *model)
{
  chain layers;
  tl_window window = {0};
  cutter count = {NULL, 0};
  if (find_chain(model, &layers, NULL) != TL_KERNEL_OK ||
      pack_chain(&window, &layers, WORDS_MAX, false, &count, NULL) != TL_KERNEL_OK)
    return 0;
  return count.used;
}

tl_kernel_code tl_window_pack_words(tl_window *out, void *memory, size_t memory_bytes,
                                    const tl_model *model, uint32_t channels, uint32_t words,
                                    bool narrow, tl_kernel_status *status)
{
  chain layers;
  *out = (tl_window){0};
  tl_kernel_clear(status);
  const tl_kernel_code code = find_chain(model, &layers, status);
  if (code != TL_KERNEL_OK) return code;
  const tl_fc_data *first = layers.layers[0], *last = layers.layers[layers.count - 1];
  if (channels == 0 || first->inputs % channels != 0)
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_ARG,
                          "the channels do not divide the inputs of the model");
  if ((uintptr_t)memory % TL_WINDOW_ALIGN != 0 || memory_bytes < tl_window_pack_bytes(model))
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_MEMORY,
                          "memory for the packed model is too small or not aligned to 64 bytes");
  const tl_tensor *input = tl_model_input(model, 0), *output = tl_model_output(model, 0);
  *out = (tl_window){.layer_count = layers.count,
                     .path = TL_KERNEL_SCALAR,
                     .inputs = first->inputs,
                     .outputs = last->outputs,
                     .window = first->inputs / channels,
                     .channels = channels,
                     .quads = (first->inputs + 3) / 4,
                     .reconstructs = first->inputs == last->outputs,
                     .input_scale = input->scale,
                     .output_scale = output->scale,
                     .input_zero_point = input->zero_point,
                     .output_zero_point = output->zero_point,
                     .input_per_unit = 1.0 / (double)input->scale};
  cutter pieces = {memory, 0};
  return pack_chain(out, &layers, words, narrow, &pieces, status);
}

tl_kernel_code tl_window_pack(tl_window *out, void *memory, size_t memory_bytes,
                              const tl_model *model, uint32_t channels, tl_kernel_path path,
                              tl_kernel_status *status)
{
  *out = (tl_window){0};
  tl_kernel_clear(status);
  if (!tl_kernel_path_built(path))
    return TL_KERNEL_FAIL(status, TL_KERNEL_E_UNSUPPORTED, "this build has no code for the path ",
                          tl_kernel_path_name(path));
  const tl_window_path *code = tl_window_path_find(path);
  const tl_kernel_code result =
      tl_window_pack_words(out, memory, memory_bytes, model, channels,
                           code != NULL ? code->words : 1, code != NULL && code->narrow, status);
  out->path = path;
  return result;
}
