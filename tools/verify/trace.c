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
  config->input_count = loop->input_count;
  config->reconstructs = loop->reconstructs;
  config->output = loop->output;
  config->hop = loop->hop;
  config->persist = loop->persist;
  config->falls_back = loop->falls_back;
  config->fallback_command = loop->fallback_command;
  for (uint32_t i = 0; i < loop->input_count; i++) {
    const tl_loop_input *input = &loop->inputs[i];
    config->channel_count[i] = input->channel_count;
    for (uint32_t c = 0; c < input->channel_count; c++)
      config->channels[i * FW_CHANNELS_MAX + c] =
          (fw_channel){input->channels[c].mean, input->channels[c].scale,
                       input->channels[c].minus != TL_LOOP_NONE, 0};
  }
}

/* What every version would stand on after so many ticks: which one runs is known when it does. */
static void keep_models(trace *t, int64_t tick_count)
{
  for (uint32_t v = 0; v < t->loop.version_count; v++)
    tl_fleet_loop_read(t->world, t->fleet, t->device, v, tick_count, t->first[v],
                       t->first[v] + t->loop.versions[v].input_bytes);
}

/* The state before the first tick. */
static void read_beginning(trace *t)
{
  const tl_loop_info *loop = &t->loop;
  t->config.command = read_one(t, loop->command);
  t->config.integral = read_one(t, loop->integral);
  t->config.last_measured = read_one(t, loop->last_measured);
  t->config.started = read_one(t, loop->started);
  for (uint32_t i = 0; i < loop->input_count; i++)
    for (uint32_t c = 0; c < loop->inputs[i].channel_count; c++)
      t->applied[i * FW_CHANNELS_MAX + c] = read_one(t, loop->inputs[i].channels[c].value);
  if (!loop->has_detector) return;
  t->config.score = read_one(t, loop->score);
  t->config.onset_s = read_one(t, loop->onset_s);
  t->config.alarm = (uint32_t)read_one(t, loop->alarm);
  t->config.streak = (uint32_t)read_one(t, loop->streak);
  t->config.onsets = (uint32_t)read_one(t, loop->onsets);
  keep_models(t, 0);
}

/* Room for each version's inputs and state. */
static tl_code take_models(trace *t, tl_error *err)
{
  for (uint32_t v = 0; v < t->loop.version_count; v++) {
    const tl_loop_version *version = &t->loop.versions[v];
    t->first[v] = calloc(1, version->input_bytes + version->model->state_bytes + 1);
    if (!t->first[v]) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
    if (version->input_bytes > t->window_bytes) t->window_bytes = version->input_bytes;
  }
  return TL_OK;
}

tl_code trace_open(trace *out, const tl_world *world, const char *fleet, uint32_t device,
                   int64_t from_ns, int64_t to_ns, tl_error *err)
{
  *out = (trace){.world = world, .from_ns = from_ns, .to_ns = to_ns, .last_ns = -1};
  tl_code code = choose(out, fleet, device, err);
  if (code != TL_OK) return code;
  out->loop = tl_fleet_loop(world, out->fleet);
  if (out->loop.hears_spectrum)
    return tl_fail(err, TL_E_ARG, NULL,
                   "the detector of fleet '%s' hears a spectrum: firmware of tools/firmware has no "
                   "front end; compare the model alone: --model M.tflite --inputs FILE",
                   tl_fleet_name(world, out->fleet));
  if (out->loop.controller == TL_CONTROL_NONE && !out->loop.has_detector)
    return tl_fail(err, TL_E_ARG, NULL, "fleet '%s' has neither a controller nor a detector",
                   tl_fleet_name(world, out->fleet));
  code = take_models(out, err);
  if (code != TL_OK) return code;
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
  for (uint32_t i = 0; i < loop->input_count; i++)
    for (uint32_t c = 0; c < loop->inputs[i].channel_count; c++) {
      const tl_loop_channel *channel = &loop->inputs[i].channels[c];
      const uint32_t at = i * FW_CHANNELS_MAX + c;
      in.value[at] = channel->is_actuator ? t->applied[at] : cell(view, channel->value, row);
      in.minus[at] = cell(view, channel->minus, row);
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

static uint32_t version_of(const trace *t, const tl_tick_view *view, uint32_t row)
{
  return (uint32_t)cell(view, t->loop.version, row); /* 0 where there is but one */
}

/* The inputs that the version has seen at this tick. */
static void copy_window(const trace *t, const tl_tick_view *view, uint32_t version, uint8_t *out)
{
  if (t->loop.has_detector)
    tl_fleet_loop_read(t->world, t->fleet, t->device, version, view->tick + 1, out, NULL);
}

static bool grow(trace *t)
{
  if (t->count < t->room) return true;
  const uint32_t room = t->room ? 2 * t->room : 256;
  const size_t row_bytes = sizeof *t->samples + t->window_bytes;
  if (room * row_bytes > SAMPLES_BYTES_MAX) return false;
  trace_sample *samples = realloc(t->samples, room * sizeof *samples);
  if (samples) t->samples = samples;
  uint8_t *windows = realloc(t->windows, (size_t)room * t->window_bytes + 1);
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
  if (loop->has_detector) keep_models(t, view->tick + 1);
}

void trace_tick(void *self, const tl_tick_view *view)
{
  trace *t = self;
  const uint32_t row = t->device % TL_BLOCK_ROWS;
  if (view->fleet.index1 != t->fleet.index1 || view->block != t->device / TL_BLOCK_ROWS) return;
  t->last_ns = view->at_ns;
  if (view->at_ns < t->from_ns)
    keep_state(t, view, row);
  else if (view->at_ns < t->to_ns && !grow(t))
    t->is_full = true;
  else if (view->at_ns < t->to_ns) {
    trace_sample *sample = &t->samples[t->count];
    const uint32_t version = version_of(t, view, row);
    *sample = (trace_sample){view->at_ns, version, sample_of(t, view, row), reply_of(t, view, row)};
    if (t->count > 0 && tl_fleet_tick_ns(t->world, t->fleet) == 0)
      sample[-1].in.dt_s = (double)(view->at_ns - sample[-1].at_ns) / 1e9;
    copy_window(t, view, version, t->windows + (size_t)t->count * t->window_bytes);
    t->count++;
  }
  for (uint32_t i = 0; i < t->loop.input_count; i++)
    for (uint32_t c = 0; c < t->loop.inputs[i].channel_count; c++)
      t->applied[i * FW_CHANNELS_MAX + c] = cell(view, t->loop.inputs[i].channels[c].value, row);
}

void trace_finish(trace *t)
{
  if (t->count > 0 && tl_fleet_tick_ns(t->world, t->fleet) == 0) t->count--;
}

void trace_free(trace *t)
{
  for (uint32_t v = 0; v < TL_DETECTOR_VERSIONS_MAX; v++) free(t->first[v]);
  memset(t->first, 0, sizeof t->first);
  free(t->samples);
  free(t->windows);
  t->windows = NULL;
  t->samples = NULL;
}
