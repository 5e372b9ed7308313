#include "tools/verify/trace.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES_BYTES_MAX = 512 * 1024 * 1024 };

static double read_one(const trace *t, uint32_t column)
{
  double value = 0.0;
  if (column != TL_LOOP_NONE)
    tl_fleet_read(t->world, t->fleet, column, t->device, t->device + 1, &value);
  return value;
}

static tl_code choose(trace *t, const char *fleet, uint32_t device, tl_error *err)
{
  for (uint32_t f = tl_world_fleet_count(t->world); f > 0; f--)
    if (!fleet || strcmp(tl_fleet_name(t->world, (tl_fleet_id){f}), fleet) == 0)
      t->fleet.index1 = f;
  if (t->fleet.index1 == 0)
    return tl_fail(err, TL_E_NAME, NULL, "there is no fleet '%s'", fleet ? fleet : "");
  const uint32_t devices = tl_fleet_device_count(t->world, t->fleet);
  if (device >= devices)
    return tl_fail(err, TL_E_ARG, NULL, "fleet '%s' has devices 0 to %u, not %u",
                   tl_fleet_name(t->world, t->fleet), devices - 1, device);
  t->device = device;
  return TL_OK;
}

static void set_config(trace *t)
{
  const tl_loop_info *loop = &t->loop;
  fw_config *config = &t->config;
  config->low = loop->low;
  config->high = loop->high;
  config->channel_count = loop->channel_count;
  config->hop = loop->hop;
  config->persist = loop->persist;
  config->falls_back = loop->falls_back;
  config->fallback_command = loop->fallback_command;
  for (uint32_t c = 0; c < loop->channel_count; c++)
    config->channels[c] = (fw_channel){loop->channels[c].mean, loop->channels[c].scale,
                                       loop->channels[c].minus != TL_LOOP_NONE, 0};
}

/* The state before the first tick. */
static void read_beginning(trace *t)
{
  const tl_loop_info *loop = &t->loop;
  t->config.command = read_one(t, loop->command);
  t->config.integral = read_one(t, loop->integral);
  t->config.last_measured = read_one(t, loop->last_measured);
  t->config.started = read_one(t, loop->started);
  for (uint32_t c = 0; c < loop->channel_count; c++)
    t->applied[c] = read_one(t, loop->channels[c].value);
  if (!loop->has_detector) return;
  t->config.score = read_one(t, loop->score);
  t->config.onset_s = read_one(t, loop->onset_s);
  t->config.alarm = (uint32_t)read_one(t, loop->alarm);
  t->config.streak = (uint32_t)read_one(t, loop->streak);
  t->config.onsets = (uint32_t)read_one(t, loop->onsets);
  for (uint32_t s = 0; s < loop->slot_count; s++) /* no sample yet: slot order is time order */
    t->first_window[s] = (uint8_t)((int32_t)read_one(t, loop->slots + s) - 128);
}

tl_code trace_open(trace *out, const tl_world *world, const char *fleet, uint32_t device,
                   int64_t from_ns, int64_t to_ns, tl_error *err)
{
  *out = (trace){.world = world, .from_ns = from_ns, .to_ns = to_ns};
  const tl_code code = choose(out, fleet, device, err);
  if (code != TL_OK) return code;
  out->loop = tl_fleet_loop(world, out->fleet);
  if (out->loop.other_detector)
    return tl_fail(
        err, TL_E_ARG, NULL,
        "fleet '%s' has a detector that firmware of tools/firmware is not made for (several "
        "versions or inputs, a state, a spectrum, counters, rounding once, or no chain of "
        "dense layers); compare the model alone: --model M.tflite --inputs FILE",
        tl_fleet_name(world, out->fleet));
  if (out->loop.controller == TL_CONTROL_NONE && !out->loop.has_detector)
    return tl_fail(err, TL_E_ARG, NULL, "fleet '%s' has neither a controller nor a detector",
                   tl_fleet_name(world, out->fleet));
  out->first_window = calloc(1, (size_t)out->loop.slot_count + 1);
  if (!out->first_window) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  set_config(out);
  read_beginning(out);
  return TL_OK;
}

/* --- ticks --- */
static double cell(const tl_tick_view *view, uint32_t column, uint32_t row)
{
  return column == TL_LOOP_NONE ? 0.0 : view->column[column][row];
}

static fw_sample sample_of(const trace *t, const tl_tick_view *view, uint32_t row)
{
  const tl_loop_info *loop = &t->loop;
  fw_sample in = {.at_s = (double)view->at_ns / 1e9,
                  .dt_s = (double)tl_fleet_tick_ns(t->world, t->fleet) / 1e9,
                  .measured = cell(view, loop->measured, row),
                  .setpoint = cell(view, loop->setpoint, row)};
  for (int g = 0; g < FW_GAINS; g++) in.gains[g] = cell(view, loop->gains[g], row);
  /* a detector that is not armed yet is one whose threshold nothing reaches */
  if (loop->has_detector)
    in.threshold = in.at_s >= loop->arm_s ? cell(view, loop->threshold, row) : 1e300;
  for (uint32_t c = 0; c < loop->channel_count; c++) {
    const tl_loop_channel *channel = &loop->channels[c];
    in.value[c] = channel->is_actuator ? t->applied[c] : cell(view, channel->value, row);
    in.minus[c] = cell(view, channel->minus, row);
  }
  return in;
}

static fw_reply reply_of(const trace *t, const tl_tick_view *view, uint32_t row)
{
  const tl_loop_info *loop = &t->loop;
  fw_reply reply = {.command = cell(view, loop->command, row)};
  if (!loop->has_detector) return reply;
  reply.score = cell(view, loop->score, row);
  reply.onset_s = cell(view, loop->onset_s, row);
  reply.alarm = ((const uint8_t *)view->raw[loop->alarm])[row];
  reply.streak = ((const uint8_t *)view->raw[loop->streak])[row];
  reply.onsets = (uint32_t)((const int32_t *)view->raw[loop->onsets])[row];
  reply.inferred = (view->tick + 1) % loop->hop == 0;
  return reply;
}

/* The window in time order: the slot after the newest one is the oldest. */
static void copy_window(const trace *t, const tl_tick_view *view, uint32_t row, uint8_t *out)
{
  const tl_loop_info *loop = &t->loop;
  if (!loop->has_detector) return;
  uint32_t slot = (uint32_t)((view->tick + 1) % loop->window) * loop->channel_count;
  for (uint32_t i = 0; i < loop->slot_count; i++) {
    const uint8_t *rows = view->raw[loop->slots + slot];
    out[i] = (uint8_t)(rows[(size_t)row * loop->slot_stride] - 128);
    slot = slot + 1 == loop->slot_count ? 0 : slot + 1;
  }
}

static bool grow(trace *t)
{
  if (t->count < t->room) return true;
  const uint32_t room = t->room ? 2 * t->room : 256;
  const size_t row_bytes = sizeof *t->samples + t->loop.slot_count;
  if (room * row_bytes > SAMPLES_BYTES_MAX) return false;
  trace_sample *samples = realloc(t->samples, room * sizeof *samples);
  if (samples) t->samples = samples;
  uint8_t *windows = realloc(t->windows, (size_t)room * t->loop.slot_count + 1);
  if (windows) t->windows = windows;
  if (!samples || !windows) return false;
  t->room = room;
  return true;
}

/* What the next sample starts from, as long as there is none. */
static void keep_state(trace *t, const tl_tick_view *view, uint32_t row)
{
  const tl_loop_info *loop = &t->loop;
  const fw_reply now = reply_of(t, view, row);
  fw_config *config = &t->config;
  config->tick = (uint64_t)view->tick + 1;
  config->command = now.command;
  config->integral = cell(view, loop->integral, row);
  config->last_measured = cell(view, loop->last_measured, row);
  config->started = cell(view, loop->started, row);
  config->score = now.score;
  config->onset_s = now.onset_s;
  config->alarm = now.alarm;
  config->streak = now.streak;
  config->onsets = now.onsets;
  copy_window(t, view, row, t->first_window);
}

void trace_tick(void *self, const tl_tick_view *view)
{
  trace *t = self;
  const uint32_t row = t->device % TL_BLOCK_ROWS;
  if (view->fleet.index1 != t->fleet.index1 || view->block != t->device / TL_BLOCK_ROWS) return;
  if (view->at_ns < t->from_ns)
    keep_state(t, view, row);
  else if (view->at_ns < t->to_ns && !grow(t))
    t->is_full = true;
  else if (view->at_ns < t->to_ns) {
    trace_sample *sample = &t->samples[t->count];
    *sample = (trace_sample){view->at_ns, sample_of(t, view, row), reply_of(t, view, row)};
    if (t->count > 0 && tl_fleet_tick_ns(t->world, t->fleet) == 0)
      sample[-1].in.dt_s = (double)(view->at_ns - sample[-1].at_ns) / 1e9;
    copy_window(t, view, row, t->windows + (size_t)t->count * t->loop.slot_count);
    t->count++;
  }
  for (uint32_t c = 0; c < t->loop.channel_count; c++)
    t->applied[c] = cell(view, t->loop.channels[c].value, row);
}

void trace_finish(trace *t)
{
  if (t->count > 0 && tl_fleet_tick_ns(t->world, t->fleet) == 0) t->count--;
}

void trace_free(trace *t)
{
  free(t->first_window);
  free(t->samples);
  free(t->windows);
  t->first_window = t->windows = NULL;
  t->samples = NULL;
}
