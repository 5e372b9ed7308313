/* detector.c: binds an int8 model to a fleet: features into the window, inference for the block, alarm. */
#include "sim/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tl_code model_error(const tl_fleet_def *def, const tl_kernel_status *status, tl_error *err)
{
  return tl_fail(err, TL_E_MODEL, def->where, "%s: %s",
                 def->detector.model_name ? def->detector.model_name : "model", status->reason);
}

static tl_code open_model(tl_detector *d, const tl_fleet_def *def, tl_simd_path path, tl_error *err)
{
  static const tl_kernel_path kernel_path[TL_PATH_COUNT] = {[TL_PATH_SCALAR] = TL_KERNEL_SCALAR,
                                                            [TL_PATH_SSE] = TL_KERNEL_SSE,
                                                            [TL_PATH_AVX2] = TL_KERNEL_AVX2,
                                                            [TL_PATH_VNNI] = TL_KERNEL_VNNI,
                                                            [TL_PATH_NEON] = TL_KERNEL_NEON};
  tl_kernel_status status;
  size_t table_bytes = 0;
  if (tl_model_memory_bytes(&table_bytes, def->detector.model, def->detector.model_bytes,
                            &status) != TL_KERNEL_OK)
    return model_error(def, &status, err);
  table_bytes = (table_bytes + 63) & ~(size_t)63;
  d->memory = aligned_alloc(64, table_bytes);
  if (!d->memory)
    return tl_fail(err, TL_E_LIMIT, def->where, "no memory for a model's tables (%zu bytes)",
                   table_bytes);
  if (tl_model_open(&d->model, d->memory, table_bytes, def->detector.model,
                    def->detector.model_bytes, NULL, &status) != TL_KERNEL_OK)
    return model_error(def, &status, err);
  const size_t pack_bytes = (tl_window_pack_bytes(&d->model) + 63) & ~(size_t)63;
  void *packed = aligned_alloc(
      64, table_bytes + (pack_bytes ? pack_bytes : 64)); /* one block: tables, then weights */
  if (!packed)
    return tl_fail(err, TL_E_LIMIT, def->where, "no memory for a model's weights (%zu bytes)",
                   pack_bytes);
  free(d->memory);
  d->memory = packed;
  tl_kernel_path wanted = kernel_path[path];
  if (!tl_kernel_path_built(wanted))
    wanted = path == TL_PATH_VNNI ? TL_KERNEL_AVX2 : TL_KERNEL_SCALAR;
  if (tl_model_open(&d->model, packed, table_bytes, def->detector.model, def->detector.model_bytes,
                    NULL, &status) != TL_KERNEL_OK ||
      tl_window_pack(&d->window, (unsigned char *)packed + table_bytes, pack_bytes, &d->model,
                     d->channel_count, wanted, &status) != TL_KERNEL_OK)
    return model_error(def, &status, err);
  return TL_OK;
}

static tl_code add_columns(tl_fleet *fleet, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  /* A reconstruction error is at most the largest difference squared, so telemetry can store it as a 16-bit integer. */
  const double widest = 255.0 * (double)d->window.output_scale,
               highest = d->window.reconstructs ? widest * widest : widest;
  const struct {
    const char *suffix;
    tl_type type;
    const char *unit;
    double low, high, resolution;
    tl_region region;
    uint32_t *index;
    const char *meaning;
  } rows[] = {
      {"score", TL_F64, "1", d->window.reconstructs ? 0.0 : -highest, highest, highest / 32000.0,
       TL_REGION_DYNAMIC, &d->score, "mean squared reconstruction error, or output 0"},
      {"alarm", TL_U8, "1", 0.0, 1.0, 1.0, TL_REGION_DYNAMIC, &d->alarm,
       "1 while the alarm is raised"},
      {"streak", TL_U8, "1", 0.0, 255.0, 1.0, TL_REGION_DYNAMIC, &d->streak,
       "inferences in a row that disagree with the alarm"},
      {"alarms", TL_I32, "1", 0.0, 2e9, 1.0, TL_REGION_DYNAMIC, &d->onsets, "alarms raised so far"},
      {"alarm_s", TL_F64, "s", 0.0, 1e12, 0.001, TL_REGION_DYNAMIC, &d->onset_s,
       "time of the last alarm's onset"},
      {"threshold", TL_F64, "1", -1e12, 1e12, 0.0, TL_REGION_PARAM, &d->threshold,
       "alarm above this score"},
  };
  for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char name[TL_NAME_BYTES + 16];
    snprintf(name, sizeof name, "%s.%s", d->name, rows[i].suffix);
    const tl_column column = {name,
                              rows[i].region == TL_REGION_PARAM ? TL_PARAM : TL_STATE,
                              rows[i].type,
                              rows[i].unit,
                              0.0,
                              rows[i].low,
                              rows[i].high,
                              rows[i].resolution,
                              rows[i].meaning};
    const tl_code code = tl_store_add(&fleet->store, &column, rows[i].region, rows[i].index, err);
    if (code != TL_OK) return code;
  }
  const uint32_t ring_bytes = (uint32_t)tl_window_ring_bytes(&d->window, TL_BLOCK_ROWS);
  tl_code code =
      tl_store_add_bytes(&fleet->store, TL_REGION_DYNAMIC, ring_bytes, &d->ring_offset, err);
  for (uint32_t slot = 0; code == TL_OK && slot < d->window.inputs; slot++) {
    char name[TL_NAME_BYTES + 24];
    snprintf(name, sizeof name, "%s.window_%u", d->name, slot);
    const tl_column column = {
        name, TL_STATE, TL_U8, "1", 0.0, 0.0, 255.0, 1.0, "window slot, int8 input + 128"};
    const uint32_t offset = d->ring_offset + slot / 4 * TL_BLOCK_ROWS * 4 + slot % 4;
    code = tl_store_add_view(&fleet->store, &column, TL_REGION_DYNAMIC, offset, 4, NULL, err);
  }
  return code;
}

static tl_code bind_channel(tl_fleet *fleet, const tl_fleet_def *def, uint32_t index, tl_error *err)
{
  const tl_feature_def *f = &def->detector.channels[index];
  tl_detector *d = &fleet->detector;
  const uint32_t limit =
      f->source == TL_FEATURE_SENSOR ? fleet->sensor_count : fleet->actuator_count;
  if (f->index >= limit)
    return tl_fail(err, TL_E_ARG, def->where, "channel %u of '%s' names %s %u, but there are %u",
                   index, d->name, f->source == TL_FEATURE_SENSOR ? "sensor" : "actuator", f->index,
                   limit);
  d->channels[index].value = f->source == TL_FEATURE_SENSOR ? fleet->sensors[f->index].measured
                                                            : fleet->actuators[f->index].applied;
  d->channels[index].minus = TL_NO_COLUMN;
  d->channels[index].mean = f->mean;
  d->channels[index].scale = f->scale;
  if (!f->minus) return TL_OK;
  d->channels[index].minus = tl_store_find(&fleet->store, f->minus);
  if (d->channels[index].minus == TL_NO_COLUMN ||
      fleet->store.columns[d->channels[index].minus].info.type != TL_F64)
    return tl_fail(err, TL_E_NAME, def->where, "channel %u of '%s': no column '%s' to subtract",
                   index, d->name, f->minus);
  return TL_OK;
}

tl_code tl_detector_create(tl_fleet *fleet, const tl_fleet_def *def, tl_simd_path path,
                           tl_error *err)
{
  const tl_detector_def *from = &def->detector;
  tl_detector *d = &fleet->detector;
  if (from->channel_count < 1 || from->channel_count > TL_DETECTOR_CHANNELS_MAX)
    return tl_fail(err, TL_E_ARG, def->where, "a detector has 1 to %u channels, not %u",
                   TL_DETECTOR_CHANNELS_MAX, from->channel_count);
  if (from->hop < 1 || from->persist < 1 || from->persist > 255)
    return tl_fail(err, TL_E_ARG, def->where, "hop must be 1 or more and persist 1 to 255");
  if (from->reaction == TL_REACT_FALLBACK && fleet->actuator_count == 0)
    return tl_fail(err, TL_E_ARG, def->where, "a fall-back needs an actuator");
  if (!(from->threshold >= -1e12 && from->threshold <= 1e12) ||
      !(from->fallback_command - from->fallback_command == 0.0))
    return tl_fail(err, TL_E_ARG, def->where,
                   "detector '%s': threshold or fall-back command is out of range", from->name);
  snprintf(d->name, sizeof d->name, "%s", from->name);
  d->channel_count = from->channel_count;
  d->hop = from->hop;
  d->persist = from->persist;
  d->reaction = from->reaction;
  d->fallback_command = from->fallback_command;
  fleet->has_detector = true;
  tl_code code = open_model(d, def, path, err);
  if (code == TL_OK) code = add_columns(fleet, err);
  for (uint32_t i = 0; code == TL_OK && i < d->channel_count; i++)
    code = bind_channel(fleet, def, i, err);
  if (code != TL_OK) return code;
  const tl_window *w = &d->window;
  if (w->reconstructs &&
      (w->input_scale != w->output_scale || w->input_zero_point != w->output_zero_point))
    return tl_fail(err, TL_E_MODEL, def->where,
                   "%s: a reconstruction is scored in int8 steps, so its input and output "
                   "must have the same scale and zero point",
                   from->model_name ? from->model_name : "model");
  const double step = (double)w->output_scale;
  d->score_scale = w->reconstructs ? step * step / (double)w->inputs : step;
  fleet->store.columns[d->threshold].info.initial = from->threshold;
  return TL_OK;
}

void tl_detector_reset(tl_fleet *fleet)
{
  const tl_store *store = &fleet->store;
  if (!fleet->has_detector) return;
  for (uint32_t block = 0; block < store->block_count; block++)
    tl_window_clear(&fleet->detector.window,
                    store->memory[TL_REGION_DYNAMIC] +
                        (size_t)block * store->block_bytes[TL_REGION_DYNAMIC] +
                        fleet->detector.ring_offset,
                    TL_BLOCK_ROWS);
}

void tl_detector_free(tl_fleet *fleet)
{
  free(fleet->detector.memory);
  fleet->detector.memory = NULL;
}

static void features(tl_frame *frame, const tl_detector *d, uint32_t channel)
{
  double *restrict out = frame->scratch->feature;
  const double *restrict value = frame->scratch->column[d->channels[channel].value];
  const double mean = d->channels[channel].mean, scale = d->channels[channel].scale;
  if (d->channels[channel].minus == TL_NO_COLUMN) {
    for (uint32_t i = 0; i < frame->row_padded; i++) out[i] = (value[i] - mean) * scale;
  } else {
    const double *restrict minus = frame->scratch->column[d->channels[channel].minus];
    for (uint32_t i = 0; i < frame->row_padded; i++)
      out[i] = ((value[i] - minus[i]) - mean) * scale;
  }
}

/* A classifier's score is its first output. */
static void first_output(tl_frame *frame, const tl_window *w, const uint8_t *ring, uint32_t phase)
{
  int8_t *out = frame->scratch->outputs;
  tl_window_outputs(w, ring, TL_BLOCK_ROWS, frame->row_padded, phase, out);
  for (uint32_t i = 0; i < frame->row_padded; i++)
    frame->scratch->sums[i] = out[i] - w->output_zero_point;
}

void tl_detector_run(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  tl_detector *d = &fleet->detector;
  const tl_window *w = &d->window;
  uint8_t *ring = fleet->store.memory[TL_REGION_DYNAMIC] +
                  (size_t)frame->block * fleet->store.block_bytes[TL_REGION_DYNAMIC] +
                  d->ring_offset;
  const uint32_t phase = (uint32_t)(frame->tick % w->window), next = (phase + 1) % w->window;
  for (uint32_t channel = 0; channel < d->channel_count; channel++) {
    features(frame, d, channel);
    tl_window_push_real(w, ring, TL_BLOCK_ROWS, frame->row_padded, phase, channel,
                        frame->scratch->feature);
  }
  if ((frame->tick + 1) % d->hop != 0) return;
  if (w->reconstructs)
    tl_window_score(w, ring, TL_BLOCK_ROWS, frame->row_padded, next, frame->scratch->sums);
  else
    first_output(frame, w, ring, next);
  const tl_alarm_rows rows = {.score = frame->scratch->column[d->score],
                              .threshold = frame->scratch->column[d->threshold],
                              .alarm = (uint8_t *)(uintptr_t)frame->scratch->raw[d->alarm],
                              .streak = (uint8_t *)(uintptr_t)frame->scratch->raw[d->streak],
                              .onsets = (int32_t *)(uintptr_t)frame->scratch->raw[d->onsets],
                              .onset_s = frame->scratch->column[d->onset_s]};
  const bool full =
      frame->tick + 1 >=
      (int64_t)w->window; /* before that the window holds zeros: no alarm from those */
  tl_alarm_run(frame->path, &rows, frame->row_padded, frame->scratch->sums, d->score_scale,
               full ? d->persist : 0, frame->at_s);
}
