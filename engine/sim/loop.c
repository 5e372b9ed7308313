#include "sim/loop.h"

#include "sim/internal.h"

#include <assert.h>
#include <stdio.h>

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

static void describe_channels(tl_loop_info *out, const tl_fleet *fleet)
{
  const tl_detector *d = &fleet->detector;
  const tl_detector_ring *ring = &d->rings[0];
  out->channel_count = ring->channel_count;
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

static void describe_detector(tl_loop_info *out, const tl_fleet *fleet)
{
  const tl_detector *d = &fleet->detector;
  char name[TL_NAME_BYTES + 24];
  out->has_detector = true;
  describe_channels(out, fleet);
  out->window = d->rings[0].window;
  out->hop = d->hop;
  out->persist = d->persist;
  out->arm_s = d->arm_s;
  out->score = d->score;
  out->alarm = d->alarm;
  out->streak = d->streak;
  out->onsets = d->onsets;
  out->onset_s = d->onset_s;
  out->threshold = d->threshold;
  snprintf(name, sizeof name, "%s.window_0", d->name);
  out->slots = tl_store_find(&fleet->store, name);
  out->slot_count = d->versions[0].window.inputs;
  out->slot_stride = fleet->store.columns[out->slots].stride;
  out->falls_back = d->reaction == TL_REACT_FALLBACK && fleet->controller.actuator == 0;
  out->fallback_command = d->fallback_command;
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
                      .started = TL_LOOP_NONE};
  describe_controller(&out, fleet);
  if (fleet->has_detector && fleet->detector.windowed && fleet->detector.version_count == 1)
    describe_detector(&out, fleet);
  else
    out.other_detector = fleet->has_detector;
  return out;
}
