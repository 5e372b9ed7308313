#include "sim/loop.h"

#include "sim/internal.h"

#include <assert.h>
#include <string.h>

static void describe_controller(tl_loop_info *out, const tl_fleet *fleet)
{
  const tl_controller *c = &fleet->controller;
  out->controller = c->kind;
  if (c->kind == TL_CONTROL_NONE) return;
  const tl_actuator *actuator = &fleet->actuators[c->actuator];
  out->measured = fleet->sensors[c->sensor].measured;
  out->command = actuator->command;
  out->low = actuator->limits.low;
  out->high = actuator->limits.high;
  out->setpoint = c->setpoint;
  if (c->kind == TL_CONTROL_HYSTERESIS) {
    out->gains[0] = c->band;
    return;
  }
  out->gains[0] = c->kp;
  out->gains[1] = c->ki;
  out->gains[2] = c->kd;
  out->integral = c->integral;
  out->last_measured = c->last_measured;
  out->started = c->started;
}

static void describe_input(tl_loop_input *out, const tl_fleet *fleet, const tl_detector_ring *ring)
{
  out->channel_count = ring->channel_count;
  out->window = ring->window;
  for (uint32_t i = 0; i < ring->channel_count; i++) {
    tl_loop_channel *channel = &out->channels[i];
    *channel = (tl_loop_channel){.value = ring->channels[i].value,
                                 .minus = ring->channels[i].minus,
                                 .mean = ring->channels[i].mean,
                                 .scale = ring->channels[i].scale};
    for (uint32_t a = 0; a < fleet->actuator_count; a++)
      if (fleet->actuators[a].applied == channel->value) channel->is_actuator = true;
  }
}

static void describe_version(tl_loop_version *out, const tl_detector_version *version)
{
  *out = (tl_loop_version){.name = version->name, .model = &version->model};
  for (uint32_t i = 0; i < version->model.input_count; i++)
    out->input_bytes += tl_model_input(&version->model, i)->bytes;
}

static void describe_detector(tl_loop_info *out, const tl_fleet *fleet)
{
  const tl_detector *d = &fleet->detector;
  out->has_detector = true;
  out->input_count = d->input_count;
  for (uint32_t i = 0; i < d->input_count; i++)
    describe_input(&out->inputs[i], fleet, &d->rings[i]);
  out->version_count = d->version_count;
  if (d->version_count > 1) out->version = d->version;
  for (uint32_t v = 0; v < d->version_count; v++)
    describe_version(&out->versions[v], &d->versions[v]);
  out->rounding = d->versions[0].model.options;
  out->reconstructs = d->reconstructs;
  out->output = d->output;
  out->hop = d->hop;
  out->persist = d->persist;
  out->arm_s = d->arm_s;
  out->score = d->score;
  out->alarm = d->alarm;
  out->streak = d->streak;
  out->onsets = d->onsets;
  out->onset_s = d->onset_s;
  out->threshold = d->threshold;
  out->falls_back = d->reaction == TL_REACT_FALLBACK && fleet->controller.actuator == 0;
  out->fallback_command = d->fallback_command;
}

/* A window in time order: the slot after the newest sample is the oldest. */
static void read_input(const tl_fleet *fleet, const tl_detector_ring *ring, const tl_tensor *tensor,
                       uint32_t device, int64_t tick_count, uint8_t *out)
{
  const uint32_t row = device % TL_BLOCK_ROWS, channels = ring->channel_count;
  const uint8_t *bytes =
      tl_detector_dynamic(fleet, device / TL_BLOCK_ROWS) + ring->offset; /* rows or slots apart */
  const double per_unit = 1.0 / (double)tensor->scale;
  for (uint32_t t = 0; t < ring->window; t++)
    for (uint32_t c = 0; c < channels; c++) {
      const uint32_t phase = (uint32_t)((tick_count + t) % ring->window);
      const uint32_t slot = phase * channels + c, element = t * channels + c;
      if (fleet->detector.windowed) { /* as int8 + 128, four slots of a row together */
        const size_t at = ((size_t)(slot / 4) * TL_BLOCK_ROWS + row) * 4 + slot % 4;
        out[element] = (uint8_t)(bytes[at] - 128);
        continue;
      }
      double feature;
      memcpy(&feature, bytes + ((size_t)slot * TL_BLOCK_ROWS + row) * sizeof feature,
             sizeof feature);
      tl_feature_quantise(out, tensor->type, element, feature, per_unit, tensor->zero_point);
    }
}

void tl_fleet_loop_read(const tl_world *world, tl_fleet_id id, uint32_t device, uint32_t version,
                        int64_t tick_count, uint8_t *inputs, uint8_t *state)
{
  const tl_fleet *fleet = tl_fleet_of(world, id);
  const tl_detector *d = &fleet->detector;
  assert(fleet->has_detector && version < d->version_count && device < fleet->store.device_count);
  const tl_model *model = &d->versions[version].model;
  for (uint32_t i = 0; i < d->input_count; i++) {
    const tl_tensor *tensor = tl_model_input(model, i);
    read_input(fleet, &d->rings[i], tensor, device, tick_count, inputs);
    inputs += tensor->bytes;
  }
  if (model->state_bytes == 0 || state == NULL) return;
  const uint32_t row = device % TL_BLOCK_ROWS;
  const uint8_t *states = tl_detector_dynamic(fleet, device / TL_BLOCK_ROWS) + d->state_offset;
  if (states[(size_t)TL_BLOCK_ROWS * d->state_bytes + row] == version)
    memcpy(state, states + (size_t)row * d->state_bytes, model->state_bytes);
  else
    tl_model_reset(model, state);
}

tl_loop_info tl_fleet_loop(const tl_world *world, tl_fleet_id id)
{
  const tl_fleet *fleet = tl_fleet_of(world, id);
  assert(fleet != NULL);
  tl_loop_info out = {.measured = TL_LOOP_NONE,
                      .command = TL_LOOP_NONE,
                      .setpoint = TL_LOOP_NONE,
                      .gains = {TL_LOOP_NONE, TL_LOOP_NONE, TL_LOOP_NONE},
                      .integral = TL_LOOP_NONE,
                      .last_measured = TL_LOOP_NONE,
                      .started = TL_LOOP_NONE,
                      .version = TL_LOOP_NONE};
  describe_controller(&out, fleet);
  for (uint32_t i = 0; fleet->has_detector && i < fleet->detector.input_count; i++)
    out.hears_spectrum |= fleet->detector.rings[i].has_spectrum;
  if (fleet->has_detector && !out.hears_spectrum) describe_detector(&out, fleet);
  return out;
}
