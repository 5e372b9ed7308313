/* detector.c: binds int8 models to a fleet: columns, features into windows, inference for the block, alarm. */
#include "sim/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tl_code model_error(const tl_fleet_def *def, const tl_detector_model *model,
                           const char *reason, tl_error *err)
{
  return tl_fail(err, TL_E_MODEL, def->where, "%s: %s", model->name ? model->name : "model",
                 reason);
}

/* --- models --- */
static tl_kernel_path kernel_path_of(tl_simd_path path)
{
  static const tl_kernel_path kernel_path[TL_PATH_COUNT] = {[TL_PATH_SCALAR] = TL_KERNEL_SCALAR,
                                                            [TL_PATH_SSE] = TL_KERNEL_SSE,
                                                            [TL_PATH_AVX2] = TL_KERNEL_AVX2,
                                                            [TL_PATH_VNNI] = TL_KERNEL_VNNI,
                                                            [TL_PATH_NEON] = TL_KERNEL_NEON};
  const tl_kernel_path wanted = kernel_path[path];
  if (tl_kernel_path_built(wanted)) return wanted;
  return path == TL_PATH_VNNI ? TL_KERNEL_AVX2 : TL_KERNEL_SCALAR;
}

static size_t padded64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Opens a version in one block of memory: its tables, then room for packed weights of either kind. */
static tl_code open_version(tl_detector *d, uint32_t v, const tl_fleet_def *def, tl_error *err)
{
  const tl_detector_model *from = &def->detector.versions[v];
  tl_detector_version *version = &d->versions[v];
  tl_kernel_status status;
  size_t table_bytes = 0;
  if (tl_model_memory_bytes(&table_bytes, from->bytes, from->byte_count, &status) != TL_KERNEL_OK)
    return model_error(def, from, status.reason, err);
  table_bytes = padded64(table_bytes);
  for (int pass = 0; pass < 2; pass++) { /* the second time with room for the weights */
    const size_t window_bytes = pass ? tl_window_pack_bytes(&version->model) : 0;
    const size_t batch_bytes = pass ? tl_batch_pack_bytes(&version->model) : 0;
    const size_t pack_bytes = padded64(window_bytes > batch_bytes ? window_bytes : batch_bytes);
    free(version->memory);
    version->memory = aligned_alloc(64, table_bytes + pack_bytes + 64);
    if (!version->memory)
      return tl_fail(err, TL_E_LIMIT, def->where, "no memory for a model (%zu bytes)",
                     table_bytes + pack_bytes);
    if (tl_model_open(&version->model, version->memory, table_bytes, from->bytes, from->byte_count,
                      &def->detector.options, &status) != TL_KERNEL_OK)
      return model_error(def, from, status.reason, err);
  }
  snprintf(version->name, sizeof version->name, "%s", from->name ? from->name : "");
  version->inference_J = from->inference_J;
  version->inference_C = from->inference_C;
  version->inference_s = from->inference_s;
  version->energy_error_ratio = from->energy_error_ratio;
  version->time_error_ratio = from->time_error_ratio;
  return TL_OK;
}

static void *weights_of(const tl_detector_version *version)
{
  return (unsigned char *)version->memory + padded64(version->model.memory_bytes);
}

/* Shapes and types that a detector can feed, the same in every version. */
static tl_code check_version(tl_detector *d, uint32_t v, const tl_fleet_def *def, tl_error *err)
{
  const tl_model *model = &d->versions[v].model;
  const tl_detector_version *first = d->versions;
  const tl_detector_def *from = &def->detector;
  const tl_detector_model *file = &from->versions[v];
  if (model->input_count != from->input_count)
    return tl_fail(err, TL_E_MODEL, def->where, "%s has %u inputs, the detector describes %u",
                   file->name, model->input_count, from->input_count);
  for (uint32_t i = 0; i < model->input_count; i++) {
    const tl_tensor *input = tl_model_input(model, i);
    if ((input->type != TL_TENSOR_INT8 && input->type != TL_TENSOR_INT16) ||
        input->scale_count != 1 || !(input->scale > 0.0f))
      return model_error(def, file, "its inputs must be int8 or int16, quantised per tensor", err);
    if (!from->inputs[i].has_spectrum && input->element_count % from->inputs[i].channel_count != 0)
      return tl_fail(err, TL_E_MODEL, def->where,
                     "%s: input %u has %u elements, not a multiple of %u channels", file->name, i,
                     input->element_count, from->inputs[i].channel_count);
    if (input->element_count != tl_model_input(&first->model, i)->element_count)
      return tl_fail(err, TL_E_MODEL, def->where,
                     "%s: input %u has %u elements, in %s it has %u: versions must agree",
                     file->name, i, input->element_count, from->versions[0].name,
                     tl_model_input(&first->model, i)->element_count);
  }
  const tl_tensor *output = tl_model_output(model, 0);
  if (model->output_count > TL_DETECTOR_OUTPUTS_MAX)
    return model_error(def, file, "it has more than 8 outputs", err);
  if ((output->type != TL_TENSOR_INT8 && output->type != TL_TENSOR_INT16) ||
      output->scale_count != 1)
    return model_error(def, file, "its output must be int8 or int16, quantised", err);
  if (!d->reconstructs && from->output >= output->element_count)
    return tl_fail(err, TL_E_ARG, def->where, "%s: there is no output %u, it has %u", file->name,
                   from->output, output->element_count);
  return TL_OK;
}

static bool same_size(const tl_model *model)
{
  return model->input_count == 1 &&
         tl_model_input(model, 0)->element_count == tl_model_output(model, 0)->element_count;
}

/* A model that gives back as many elements as its only input has is scored by how far it is off. */
static tl_code choose_score(tl_detector *d, const tl_fleet_def *def, tl_error *err)
{
  d->reconstructs = !def->detector.scores_output;
  for (uint32_t v = 0; v < d->version_count; v++)
    d->reconstructs &= same_size(&d->versions[v].model);
  for (uint32_t v = 0; v < d->version_count; v++) {
    tl_detector_version *version = &d->versions[v];
    const tl_code code = check_version(d, v, def, err);
    if (code != TL_OK) return code;
    version->scoring = tl_scoring_of(&version->model, d->reconstructs, d->output);
  }
  return TL_OK;
}

/* Windowed if every version packs so and reads the same bytes; else every version is a batch. */
static tl_code pack_versions(tl_detector *d, const tl_fleet_def *def, tl_simd_path path,
                             tl_error *err)
{
  const tl_kernel_path kernel_path = kernel_path_of(path);
  const tl_tensor *first = tl_model_input(&d->versions[0].model, 0);
  tl_kernel_status status;
  d->windowed = d->input_count == 1 && !d->counters && d->output == 0 && !d->rings[0].has_spectrum;
  for (uint32_t v = 0; v < d->version_count && d->windowed; v++) {
    tl_detector_version *version = &d->versions[v];
    const tl_tensor *input = tl_model_input(&version->model, 0);
    d->windowed = (!d->reconstructs || version->scoring.same_steps) &&
                  input->scale == first->scale && input->zero_point == first->zero_point &&
                  version->model.state_bytes == 0 &&
                  tl_window_pack(&version->window, weights_of(version),
                                 tl_window_pack_bytes(&version->model), &version->model,
                                 d->rings[0].channel_count, kernel_path, &status) == TL_KERNEL_OK;
  }
  for (uint32_t v = 0; v < d->version_count && !d->windowed; v++) {
    tl_detector_version *version = &d->versions[v];
    version->window = (tl_window){0};
    if (tl_batch_pack(&version->batch, weights_of(version), tl_batch_pack_bytes(&version->model),
                      &version->model, kernel_path, &status) != TL_KERNEL_OK)
      return model_error(def, &def->detector.versions[v], status.reason, err);
    if (version->model.state_bytes > d->state_bytes)
      d->state_bytes = (uint32_t)version->model.state_bytes;
  }
  return TL_OK;
}

/* --- columns --- */
typedef struct column_row {
  const char *suffix;
  tl_type type;
  const char *unit;
  double initial, low, high, resolution;
  tl_region region;
  uint32_t *index;
  const char *meaning;
} column_row;

static tl_code add_rows(tl_fleet *fleet, const column_row *rows, uint32_t count, tl_error *err)
{
  for (uint32_t i = 0; i < count; i++) {
    char name[TL_NAME_BYTES + 24];
    snprintf(name, sizeof name, "%s.%s", fleet->detector.name, rows[i].suffix);
    const tl_column column = {name,
                              rows[i].region == TL_REGION_PARAM ? TL_PARAM : TL_STATE,
                              rows[i].type,
                              rows[i].unit,
                              rows[i].initial,
                              rows[i].low,
                              rows[i].high,
                              rows[i].resolution,
                              rows[i].meaning};
    const tl_code code = tl_store_add(&fleet->store, &column, rows[i].region, rows[i].index, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

/* The largest score there can be: telemetry stores it as a 16-bit integer of that range. */
static double highest_score(const tl_detector *d)
{
  double highest = 0.0;
  for (uint32_t v = 0; v < d->version_count; v++) {
    const tl_tensor *output = tl_model_output(&d->versions[v].model, 0);
    const double steps = output->type == TL_TENSOR_INT8 ? 255.0 : 65535.0;
    const tl_tensor *input = tl_model_input(&d->versions[v].model, 0);
    const double apart = d->versions[v].scoring.same_steps ? 0.0 : steps * (double)input->scale;
    const double widest = steps * (double)output->scale + (d->reconstructs ? apart : 0.0);
    const double score = d->reconstructs ? widest * widest : widest;
    highest = score > highest ? score : highest;
  }
  return highest;
}

static tl_code add_score_columns(tl_fleet *fleet, const tl_fleet_def *def, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  const double highest = highest_score(d);
  const column_row rows[] = {
      {"score", TL_F64, "1", 0.0, d->reconstructs ? 0.0 : -highest, highest, highest / 32000.0,
       TL_REGION_DYNAMIC, &d->score, "mean squared reconstruction error, or output 0"},
      {"alarm", TL_U8, "1", 0.0, 0.0, 1.0, 1.0, TL_REGION_DYNAMIC, &d->alarm,
       "1 while the alarm is raised"},
      {"streak", TL_U8, "1", 0.0, 0.0, 255.0, 1.0, TL_REGION_DYNAMIC, &d->streak,
       "inferences in a row that disagree with the alarm"},
      {"alarms", TL_I32, "1", 0.0, 0.0, 2e9, 1.0, TL_REGION_DYNAMIC, &d->onsets,
       "alarms raised so far"},
      {"alarm_s", TL_F64, "s", 0.0, 0.0, 1e12, 0.001, TL_REGION_DYNAMIC, &d->onset_s,
       "time of the last alarm's onset"},
      {"threshold", TL_F64, "1", def->detector.threshold, -1e12, 1e12, 0.0, TL_REGION_PARAM,
       &d->threshold, "alarm above this score"},
  };
  return add_rows(fleet, rows, sizeof rows / sizeof rows[0], err);
}

static tl_code add_counters(tl_fleet *fleet, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  const column_row clipped = {"clipped",   TL_I32,
                              "1",         0.0,
                              0.0,         2e9,
                              1.0,         TL_REGION_DYNAMIC,
                              &d->clipped, "input values beyond the model's range so far"};
  tl_code code = add_rows(fleet, &clipped, 1, err);
  for (uint32_t op = 0; code == TL_OK && op < d->versions[0].model.op_count; op++) {
    char suffix[24];
    uint32_t index;
    snprintf(suffix, sizeof suffix, "saturated_%u", op);
    const column_row row = {
        suffix, TL_I32,
        "1",    0.0,
        0.0,    2e9,
        1.0,    TL_REGION_DYNAMIC,
        &index, "elements of the operator's output at an end of their type so far"};
    code = add_rows(fleet, &row, 1, err);
    if (op == 0) d->saturated = index;
  }
  return code;
}

static tl_code add_battery(tl_fleet *fleet, const tl_fleet_def *def, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  const column_row rows[] = {
      {"charge_C", TL_F64, "C", 0.0, 0.0, 1e12, 1e-6, TL_REGION_DYNAMIC, &d->charge,
       "charge drawn so far (modelled)"},
      {"state_of_charge", TL_F64, "1", 1.0, 0.0, 1.0, 1e-4, TL_REGION_DYNAMIC, &d->state_of_charge,
       "1 full .. 0 empty"},
      {"duty", TL_F64, "1", 0.0, 0.0, 1e6, 1e-4, TL_REGION_DYNAMIC, &d->duty,
       "share of the last interval spent inferring; above 1 it cannot keep up"},
      {"inference_J", TL_F64, "J", 0.0, 0.0, 1e3, 1e-9, TL_REGION_DYNAMIC, &d->inference_J,
       "energy of the device's last inference (modelled)"},
      {"capacity_C", TL_F64, "C", def->detector.capacity_C, 0.0, 1e9, 0.0, TL_REGION_PARAM,
       &d->capacity, "battery; 0 on the mains"},
      {"sleep_A", TL_F64, "A", def->detector.sleep_A, 0.0, 1e3, 0.0, TL_REGION_PARAM, &d->sleep,
       "current while nothing runs"},
  };
  return add_rows(fleet, rows, sizeof rows / sizeof rows[0], err);
}

/* Window slots as columns: bytes of the ring, or features. */
static tl_code add_ring(tl_fleet *fleet, uint32_t input, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  tl_detector_ring *ring = &d->rings[input];
  const uint32_t slots = ring->window * ring->channel_count;
  const uint64_t bytes = d->windowed ? tl_window_ring_bytes(&d->versions[0].window, TL_BLOCK_ROWS)
                                     : (uint64_t)slots * TL_BLOCK_ROWS * sizeof(double);
  if (bytes > (1u << 30))
    return tl_fail(err, TL_E_LIMIT, NULL, "a window of %u values a device is too long", slots);
  tl_code code =
      tl_store_add_bytes(&fleet->store, TL_REGION_DYNAMIC, (uint32_t)bytes, &ring->offset, err);
  for (uint32_t slot = 0; code == TL_OK && slot < slots; slot++) {
    char name[TL_NAME_BYTES + 40];
    if (input == 0)
      snprintf(name, sizeof name, "%s.window_%u", d->name, slot);
    else
      snprintf(name, sizeof name, "%s.window%u_%u", d->name, input, slot);
    const tl_column byte = {
        name, TL_STATE, TL_U8, "1", 0.0, 0.0, 255.0, 1.0, "window slot, int8 input + 128"};
    const tl_column feature = {
        name, TL_STATE, TL_F64, "1", 0.0, -1e12, 1e12, 0.0, "window slot, a feature"};
    code = d->windowed
               ? tl_store_add_view(&fleet->store, &byte, TL_REGION_DYNAMIC,
                                   ring->offset + slot / 4 * TL_BLOCK_ROWS * 4 + slot % 4, 4, NULL,
                                   err)
               : tl_store_add_view(&fleet->store, &feature, TL_REGION_DYNAMIC,
                                   ring->offset + slot * TL_BLOCK_ROWS * (uint32_t)sizeof(double),
                                   sizeof(double), NULL, err);
  }
  return code;
}

static tl_code add_columns(tl_fleet *fleet, const tl_fleet_def *def, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  tl_code code = add_score_columns(fleet, def, err);
  for (uint32_t i = 0; code == TL_OK && i < d->input_count; i++) code = add_ring(fleet, i, err);
  if (code == TL_OK && d->version_count > 1) {
    const column_row row = {"version",   TL_F64,
                            "1",         0.0,
                            0.0,         (double)(d->version_count - 1),
                            1.0,         TL_REGION_PARAM,
                            &d->version, "which version of the model runs"};
    code = add_rows(fleet, &row, 1, err);
  }
  if (code == TL_OK && d->state_bytes > 0)
    code = tl_store_add_bytes(&fleet->store, TL_REGION_DYNAMIC,
                              (d->state_bytes + 16) * TL_BLOCK_ROWS, &d->state_offset, err);
  if (code == TL_OK && d->counters) code = add_counters(fleet, err);
  if (code == TL_OK && d->has_battery) code = add_battery(fleet, def, err);
  return code;
}

static tl_code bind_channel(tl_fleet *fleet, const tl_fleet_def *def, uint32_t input,
                            uint32_t index, tl_error *err)
{
  const tl_feature_def *f = &def->detector.inputs[input].channels[index];
  tl_detector *d = &fleet->detector;
  tl_detector_channel *channel = &d->rings[input].channels[index];
  const uint32_t limit =
      f->source == TL_FEATURE_SENSOR ? fleet->sensor_count : fleet->actuator_count;
  if (f->index >= limit)
    return tl_fail(err, TL_E_ARG, def->where, "channel %u of '%s' names %s %u, but there are %u",
                   index, d->name, f->source == TL_FEATURE_SENSOR ? "sensor" : "actuator", f->index,
                   limit);
  channel->value = f->source == TL_FEATURE_SENSOR ? fleet->sensors[f->index].measured
                                                  : fleet->actuators[f->index].applied;
  channel->minus = TL_NO_COLUMN;
  channel->mean = f->mean;
  channel->scale = f->scale;
  if (!f->minus) return TL_OK;
  channel->minus = tl_store_find(&fleet->store, f->minus);
  if (channel->minus == TL_NO_COLUMN || fleet->store.columns[channel->minus].info.type != TL_F64)
    return tl_fail(err, TL_E_NAME, def->where, "channel %u of '%s': no column '%s' to subtract",
                   index, d->name, f->minus);
  return TL_OK;
}

/* --- create --- */
static tl_code check_def(const tl_fleet *fleet, const tl_fleet_def *def, tl_error *err)
{
  const tl_detector_def *from = &def->detector;
  if (from->version_count < 1 || from->version_count > TL_DETECTOR_VERSIONS_MAX)
    return tl_fail(err, TL_E_ARG, def->where, "a detector has 1 to %u versions, not %u",
                   TL_DETECTOR_VERSIONS_MAX, from->version_count);
  if (from->input_count < 1 || from->input_count > TL_DETECTOR_INPUTS_MAX)
    return tl_fail(err, TL_E_ARG, def->where, "a detector has 1 to %u inputs, not %u",
                   TL_DETECTOR_INPUTS_MAX, from->input_count);
  for (uint32_t i = 0; i < from->input_count; i++)
    if (from->inputs[i].channel_count < 1 ||
        from->inputs[i].channel_count > TL_DETECTOR_CHANNELS_MAX)
      return tl_fail(err, TL_E_ARG, def->where, "a detector has 1 to %u channels, not %u",
                     TL_DETECTOR_CHANNELS_MAX, from->inputs[i].channel_count);
  if (from->hop < 1 || from->persist < 1 || from->persist > 255)
    return tl_fail(err, TL_E_ARG, def->where, "hop must be 1 or more and persist 1 to 255");
  if (from->reaction == TL_REACT_FALLBACK && fleet->actuator_count == 0)
    return tl_fail(err, TL_E_ARG, def->where, "a fall-back needs an actuator");
  if (!(from->threshold >= -1e12 && from->threshold <= 1e12) ||
      !(from->fallback_command - from->fallback_command == 0.0))
    return tl_fail(err, TL_E_ARG, def->where,
                   "detector '%s': threshold or fall-back command is out of range", from->name);
  if (!(from->arm_s >= 0.0 && from->arm_s <= 1e12) ||
      !(from->capacity_C >= 0.0 && from->capacity_C <= 1e9) ||
      !(from->sleep_A >= 0.0 && from->sleep_A <= 1e3))
    return tl_fail(err, TL_E_ARG, def->where,
                   "detector '%s': arm, battery capacity or sleep current is out of range",
                   from->name);
  return TL_OK;
}

tl_code tl_detector_create(tl_fleet *fleet, const tl_fleet_def *def, tl_simd_path path,
                           tl_error *err)
{
  const tl_detector_def *from = &def->detector;
  tl_detector *d = &fleet->detector;
  tl_code code = check_def(fleet, def, err);
  if (code != TL_OK) return code;
  snprintf(d->name, sizeof d->name, "%s", from->name);
  snprintf(d->board, sizeof d->board, "%s", from->board ? from->board : "");
  d->version_count = from->version_count;
  d->input_count = from->input_count;
  d->output = from->output;
  d->counters = from->counters;
  d->has_battery = from->has_battery;
  d->hop = from->hop;
  d->persist = from->persist;
  d->arm_s = from->arm_s;
  d->reaction = from->reaction;
  d->fallback_command = from->fallback_command;
  fleet->has_detector = true;
  for (uint32_t v = 0; code == TL_OK && v < d->version_count; v++)
    code = open_version(d, v, def, err);
  if (code == TL_OK) code = choose_score(d, def, err);
  for (uint32_t i = 0; code == TL_OK && i < d->input_count; i++) {
    d->rings[i].channel_count = from->inputs[i].channel_count;
    d->rings[i].window =
        tl_model_input(&d->versions[0].model, i)->element_count / d->rings[i].channel_count;
  }
  for (uint32_t i = 0; code == TL_OK && i < d->input_count; i++)
    if (from->inputs[i].has_spectrum) code = tl_spectrum_create(fleet, def, i, err);
  if (code == TL_OK) code = pack_versions(d, def, path, err);
  if (code == TL_OK) code = add_columns(fleet, def, err);
  for (uint32_t i = 0; code == TL_OK && i < d->input_count; i++)
    for (uint32_t c = 0; code == TL_OK && c < from->inputs[i].channel_count; c++)
      code = bind_channel(fleet, def, i, c, err);
  return code;
}

void tl_detector_free(tl_fleet *fleet)
{
  for (uint32_t i = 0; i < TL_DETECTOR_INPUTS_MAX; i++) {
    free(fleet->detector.rings[i].tables);
    fleet->detector.rings[i].tables = NULL;
  }
  for (uint32_t v = 0; v < TL_DETECTOR_VERSIONS_MAX; v++) {
    free(fleet->detector.versions[v].memory);
    fleet->detector.versions[v].memory = NULL;
  }
}

void tl_detector_reset(tl_fleet *fleet)
{
  const tl_detector *d = &fleet->detector;
  if (!fleet->has_detector) return;
  for (uint32_t block = 0; block < fleet->store.block_count; block++) {
    uint8_t *dynamic = tl_detector_dynamic(fleet, block);
    for (uint32_t i = 0; i < d->input_count; i++)
      if (d->rings[i].has_spectrum) tl_spectrum_reset(&d->rings[i], dynamic);
    if (d->windowed)
      tl_window_clear(&d->versions[0].window, dynamic + d->rings[0].offset, TL_BLOCK_ROWS);
    for (uint32_t row = 0; d->state_bytes > 0 && row < TL_BLOCK_ROWS; row++) {
      tl_model_reset(&d->versions[0].model,
                     dynamic + d->state_offset + (size_t)row * d->state_bytes);
      dynamic[d->state_offset + (size_t)TL_BLOCK_ROWS * d->state_bytes + row] = 0;
    }
  }
}
