/* detector_batch.c: any model on a fleet: windows of features are gathered, quantised for the version that each device
 * runs, and devices of one version run together; state and counters go back to their rows. */
#include "sim/internal.h"

#include "kernels/survey.h"

#include <assert.h>
#include <string.h>

/* Rows of the block that run one version. */
typedef struct group {
  tl_frame *frame;
  const tl_detector_version *version;
  uint32_t row[TL_BLOCK_ROWS];
  uint32_t count;
} group;

void tl_detector_scratch_for(tl_detector_scratch *scratch, const tl_fleet *fleet)
{
  const tl_detector *d = &fleet->detector;
  if (!fleet->has_detector || d->windowed) return;
  for (uint32_t i = 0; i < d->input_count; i++) {
    const size_t bytes = d->rings[i].spectrum.scratch_bytes + TL_FRONTEND_CHANNELS_MAX * 5;
    if (d->rings[i].has_spectrum && bytes > scratch->spectrum_bytes)
      scratch->spectrum_bytes = bytes;
  }
  for (uint32_t v = 0; v < d->version_count; v++) {
    const tl_model *model = &d->versions[v].model;
    size_t input_bytes = 0, output_bytes = 0, arena_bytes = d->versions[v].batch.arena_bytes;
    for (uint32_t i = 0; i < model->input_count; i++)
      input_bytes += (size_t)tl_model_input(model, i)->bytes * TL_BLOCK_ROWS;
    for (uint32_t o = 0; o < model->output_count; o++)
      output_bytes += (size_t)tl_model_output(model, o)->bytes * TL_BLOCK_ROWS;
    const size_t state_bytes = (size_t)d->state_bytes * TL_BLOCK_ROWS;
    if (model->arena_bytes > arena_bytes) arena_bytes = model->arena_bytes;
    if (input_bytes > scratch->input_bytes) scratch->input_bytes = input_bytes;
    if (output_bytes > scratch->output_bytes) scratch->output_bytes = output_bytes;
    if (state_bytes > scratch->state_bytes) scratch->state_bytes = state_bytes;
    if (arena_bytes > scratch->arena_bytes) scratch->arena_bytes = arena_bytes;
  }
}

void tl_detector_push(tl_frame *frame)
{
  const tl_detector *d = &frame->fleet->detector;
  for (uint32_t i = 0; i < d->input_count; i++) {
    const tl_detector_ring *ring = &d->rings[i];
    if (ring->has_spectrum) {
      tl_detector_feature(frame, &ring->channels[0], frame->scratch->feature);
      tl_spectrum_push(frame, ring, frame->scratch->feature);
      continue;
    }
    const uint32_t phase = (uint32_t)(frame->tick % ring->window);
    for (uint32_t c = 0; c < ring->channel_count; c++)
      tl_detector_feature(frame, &ring->channels[c],
                          tl_detector_slot(frame, ring, phase * ring->channel_count + c));
  }
}

/* A count that stays where it can grow no more. */
static void count_up(tl_frame *frame, uint32_t column, uint32_t row, uint32_t more)
{
  int32_t *count = (int32_t *)(uintptr_t)frame->scratch->raw[column] + row;
  *count = *count > INT32_MAX - (int32_t)more ? INT32_MAX : *count + (int32_t)more;
}

/* One model input of every row of the group, oldest sample first. Slots outside, rows inside: a
 * slot's rows lie together. */
static void gather(const group *g, uint32_t input, uint8_t *out)
{
  const tl_frame *frame = g->frame;
  const tl_detector *d = &frame->fleet->detector;
  const tl_detector_ring *ring = &d->rings[input];
  const tl_tensor *tensor = tl_model_input(&g->version->model, input);
  const double per_unit = 1.0 / (double)tensor->scale;
  const uint32_t next = (uint32_t)(tl_detector_samples(ring, frame->tick) % ring->window);
  for (uint32_t t = 0; t < ring->window; t++)
    for (uint32_t c = 0; c < ring->channel_count; c++) {
      const uint32_t slot = (next + t) % ring->window * ring->channel_count + c;
      const double *value = tl_detector_slot(frame, ring, slot);
      for (uint32_t k = 0; k < g->count; k++) {
        const bool clipped = tl_feature_quantise(out + (size_t)k * tensor->bytes, tensor->type,
                                                 t * ring->channel_count + c, value[g->row[k]],
                                                 per_unit, tensor->zero_point);
        if (clipped && d->counters) count_up(g->frame, d->clipped, g->row[k], 1);
      }
    }
}

/* A device's state, and which version it is of: another version starts afresh. */
static uint8_t *state_of(const tl_frame *frame, uint32_t row)
{
  const tl_detector *d = &frame->fleet->detector;
  return tl_detector_dynamic(frame->fleet, frame->block) + d->state_offset +
         (size_t)row * d->state_bytes;
}

static uint8_t *state_version_of(const tl_frame *frame, uint32_t row)
{
  const tl_detector *d = &frame->fleet->detector;
  return tl_detector_dynamic(frame->fleet, frame->block) + d->state_offset +
         (size_t)TL_BLOCK_ROWS * d->state_bytes + row;
}

static void take_states(const group *g, uint8_t *states, bool back)
{
  const tl_detector *d = &g->frame->fleet->detector;
  const size_t bytes = g->version->model.state_bytes;
  const uint8_t number = (uint8_t)(g->version - d->versions);
  for (uint32_t k = 0; k < g->count; k++) {
    uint8_t *own = state_of(g->frame, g->row[k]), *version = state_version_of(g->frame, g->row[k]);
    uint8_t *taken = states + (size_t)k * bytes;
    if (back) {
      memcpy(own, taken, bytes);
    } else if (*version == number) {
      memcpy(taken, own, bytes);
    } else {
      tl_model_reset(&g->version->model, taken);
      *version = number;
    }
  }
}

/* Elements at an end of their type that does not stand for 0. */
static uint32_t saturated(const tl_tensor *tensor, const uint8_t *data)
{
  uint32_t count = 0;
  const bool narrow = tensor->type == TL_TENSOR_INT8;
  if (!narrow && tensor->type != TL_TENSOR_INT16) return 0;
  const int32_t low = narrow ? INT8_MIN : INT16_MIN, high = narrow ? INT8_MAX : INT16_MAX;
  for (uint32_t i = 0; i < tensor->element_count; i++) {
    int16_t wide = 0;
    if (!narrow) memcpy(&wide, data + 2u * (size_t)i, sizeof wide);
    const int32_t q = narrow ? ((const int8_t *)data)[i] : wide;
    count += (q == high || q == low) && q != tensor->zero_point;
  }
  return count;
}

/* Device by device, operator by operator, so that every tensor can be looked at. */
static void run_counting(const group *g, uint8_t *const *inputs, uint8_t *const *outputs,
                         uint8_t *states)
{
  const tl_detector *d = &g->frame->fleet->detector;
  const tl_model *model = &g->version->model;
  for (uint32_t k = 0; k < g->count; k++) {
    const tl_place place = {g->frame->scratch->model.arena,
                            states + (size_t)k * model->state_bytes};
    const void *in[TL_DETECTOR_INPUTS_MAX];
    for (uint32_t i = 0; i < model->input_count; i++)
      in[i] = inputs[i] + (size_t)k * tl_model_input(model, i)->bytes;
    tl_model_set_inputs(model, &place, in);
    for (uint32_t op = 0; op < model->op_count; op++) {
      tl_model_run_op(model, &place, op);
      if (op >= d->versions[0].model.op_count || tl_model_op_output_count(model, op) == 0) continue;
      const uint32_t tensor = tl_model_op_output(model, op, 0);
      count_up(g->frame, d->saturated + op, g->row[k],
               saturated(&model->tensors[tensor], tl_model_tensor(model, &place, tensor)));
    }
    const tl_tensor *output = tl_model_output(model, 0);
    memcpy(outputs[0] + (size_t)k * output->bytes,
           tl_model_tensor(model, &place, (uint32_t)model->outputs[0]), output->bytes);
  }
}

static void run_group(const group *g)
{
  const tl_detector *d = &g->frame->fleet->detector;
  const tl_model *model = &g->version->model;
  tl_detector_scratch *s = &g->frame->scratch->model;
  uint8_t *inputs[TL_DETECTOR_INPUTS_MAX], *outputs[TL_DETECTOR_OUTPUTS_MAX];
  size_t at = 0;
  for (uint32_t i = 0; i < model->input_count; i++) {
    inputs[i] = s->inputs + at;
    at += (size_t)tl_model_input(model, i)->bytes * TL_BLOCK_ROWS;
    gather(g, i, inputs[i]);
  }
  at = 0;
  for (uint32_t o = 0; o < model->output_count; o++) {
    outputs[o] = s->outputs + at;
    at += (size_t)tl_model_output(model, o)->bytes * TL_BLOCK_ROWS;
  }
  if (model->state_bytes > 0) take_states(g, s->state, false);
  if (d->counters) {
    run_counting(g, inputs, outputs, s->state);
  } else {
    const tl_kernel_code code = tl_model_run_batch(
        &g->version->batch, s->arena, s->arena_bytes, model->state_bytes > 0 ? s->state : NULL,
        g->count, (const void *const *)inputs, (void *const *)outputs, NULL);
    assert(code == TL_KERNEL_OK); /* scratch was made for it */
    (void)code;
  }
  if (model->state_bytes > 0) take_states(g, s->state, true);
  double *score = g->frame->scratch->column[d->score];
  const size_t in_bytes = tl_model_input(model, 0)->bytes,
               out_bytes = tl_model_output(model, 0)->bytes;
  for (uint32_t k = 0; k < g->count; k++)
    score[g->row[k]] = tl_scoring_read(&g->version->scoring, model, inputs[0] + k * in_bytes,
                                       outputs[0] + k * out_bytes);
}

void tl_detector_infer(tl_frame *frame)
{
  const tl_detector *d = &frame->fleet->detector;
  for (uint32_t v = 0; v < d->version_count; v++) {
    group g = {.frame = frame, .version = &d->versions[v]};
    for (uint32_t row = 0; row < frame->rows; row++)
      if (tl_detector_version_of(frame, row) == v) g.row[g.count++] = row;
    if (g.count > 0) run_group(&g);
  }
}
