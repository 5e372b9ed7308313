#include "script/fit/problem.h"

#include "base/dmath.h"
#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed memory that lives as long as the problem. */
static void *keep(tl_fit_problem *p, size_t count, size_t bytes)
{
  if (!script_grow(&p->blocks, &p->block_room, p->block_count, sizeof *p->blocks)) return NULL;
  void *block = calloc(count + 1, bytes);
  if (block != NULL) p->blocks[p->block_count++] = block;
  return block;
}

static tl_code no_memory(const tl_scenario *s, tl_error *err)
{
  return tl_fail(err, TL_E_LIMIT, s->calibrate->where, "no memory for the samples");
}

void fit_free_problem(tl_fit_problem *p)
{
  if (p == NULL) return;
  for (uint32_t i = 0; i < p->block_count; i++) free(p->blocks[i]);
  free(p->blocks);
  free(p);
}

/* --- the device ------------------------------------------------------------------------------------------------ */
/* Stamps that a run of the scenario reaches: those before its end, and a closing one at it. */
static uint32_t reached(const tl_scenario *s, const int64_t *stamps_ns, uint32_t count)
{
  uint32_t reach = 0;
  while (reach < count && stamps_ns[reach] < s->duration_ns) reach++;
  return reach + 1 == count && stamps_ns[reach] == s->duration_ns ? count : reach;
}

static tl_code read_device(tl_fit_problem *p, const tl_scenario *s, uint32_t fleet_index,
                           tl_calibrate_run *run, tl_error *err)
{
  const script_fleet *fleet = &s->fleets[fleet_index];
  uint32_t stamp_count = 0;
  run->name = fleet->name;
  run->twin = fleet->twin;
  run->dt_ns = tl_fleet_dt_ns(s->world, fleet->id);
  run->stamps_ns = tl_fleet_stamps(s->world, fleet->id, &stamp_count);
  run->stamp_count = reached(s, run->stamps_ns, stamp_count);
  run->input_count = tl_fleet_drive_count(s->world, fleet->id);
  tl_calibrate_input *inputs = keep(p, run->input_count, sizeof *inputs);
  double *base = keep(p, fleet->twin->column_count, sizeof *base);
  if (inputs == NULL || base == NULL) return no_memory(s, err);
  for (uint32_t i = 0; i < run->input_count; i++) {
    uint32_t count = 0;
    inputs[i].values = tl_fleet_drive_at(s->world, fleet->id, i, &inputs[i].column, &count);
    assert(count == stamp_count);
  }
  for (uint32_t c = 0; c < fleet->twin->column_count; c++)
    tl_fleet_read(s->world, fleet->id, c, 0, 1, &base[c]);
  run->inputs = inputs;
  run->base = base;
  return TL_OK;
}

/* --- what was recorded ------------------------------------------------------------------------------------------- */
/* Ten times the median step, as a score bridges holes (fidelity/score.h); by counting, without a sort. */
static int64_t longest_bridge(const tl_calibrate_run *run)
{
  int64_t low = 1, high = 1;
  for (uint32_t i = 0; i + 1 < run->stamp_count; i++) {
    const int64_t step = run->stamps_ns[i + 1] - run->stamps_ns[i];
    if (step > high) high = step;
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    uint32_t within = 0;
    for (uint32_t i = 0; i + 1 < run->stamp_count; i++)
      within += run->stamps_ns[i + 1] - run->stamps_ns[i] <= middle;
    if (2 * (uint64_t)within >= run->stamp_count)
      high = middle;
    else
      low = middle + 1;
  }
  return 10 * low;
}

typedef struct samples {
  uint32_t *stamp;
  double *fraction, *value;
  uint8_t *part;
  uint32_t count;
} samples;

/* Places recorded values between the stamps of the simulation; those outside and in holes are left out. */
static void place(samples *out, const tl_calibrate_run *run, const int64_t *at_ns,
                  const double *value, size_t count)
{
  const int64_t bridge_ns = longest_bridge(run);
  uint32_t stamp = 0;
  for (size_t i = 0; i < count; i++) {
    while (stamp + 1 < run->stamp_count && run->stamps_ns[stamp + 1] <= at_ns[i]) stamp++;
    const int64_t before_ns = run->stamps_ns[stamp];
    double fraction = 0.0;
    if (at_ns[i] < before_ns) continue;
    if (at_ns[i] > before_ns) {
      if (stamp + 1 == run->stamp_count) continue;
      const int64_t step_ns = run->stamps_ns[stamp + 1] - before_ns;
      if (step_ns > bridge_ns) continue;
      fraction = (double)(at_ns[i] - before_ns) / (double)step_ns;
    }
    out->stamp[out->count] = stamp;
    out->fraction[out->count] = fraction;
    out->value[out->count++] = value[i];
  }
}

/* 1 K and 1 degC are the same difference. */
static double per_unit_of(const tl_unit *column, const tl_unit *recorded)
{
  return tl_unit_apply_difference(1.0, column, recorded);
}

static tl_code convert(tl_calibrate_channel *out, double *value, uint32_t count, const char *from,
                       const char *to, tl_error *err)
{
  tl_unit recorded, column;
  out->unit = from;
  out->per_unit = 1.0;
  if (strcmp(from, to) == 0 || strcmp(from, "bool") == 0) return TL_OK;
  tl_code code = tl_unit_find(&recorded, from, NULL, err);
  if (code == TL_OK) code = tl_unit_find(&column, to, NULL, err);
  if (code != TL_OK) return code;
  out->per_unit = per_unit_of(&column, &recorded);
  for (uint32_t i = 0; i < count; i++) value[i] = tl_unit_apply(value[i], &recorded, &column);
  return TL_OK;
}

static tl_code read_channel(tl_fit_problem *p, tl_scenario *s, uint32_t compare_index,
                            const tl_calibrate_run *run, tl_calibrate_channel *out, tl_error *err)
{
  const script_compare *compare = &s->compares[compare_index];
  if (compare->info.column >= run->twin->column_count)
    return tl_fail(err, TL_E_ARG, compare->where,
                   "calibrate compares columns of the twin, '%s' is none", compare->sim);
  int64_t *at_ns = NULL;
  double *value = NULL;
  size_t count = 0;
  tl_code code = script_recorded_trace(s, compare, &at_ns, &value, &count, err);
  samples list = {0};
  if (code == TL_OK) {
    list.stamp = keep(p, count, sizeof *list.stamp);
    list.fraction = keep(p, count, sizeof *list.fraction);
    list.value = keep(p, count, sizeof *list.value);
    list.part = keep(p, count, sizeof *list.part);
    if (!list.stamp || !list.fraction || !list.value || !list.part) code = no_memory(s, err);
  }
  if (code == TL_OK) {
    const tl_recording_fleet *fleet = tl_recording_fleet_at(
        s->recordings[compare->channel.rec.recording].file, compare->channel.rec.fleet);
    place(&list, run, at_ns, value, count);
    *out = (tl_calibrate_channel){.name = compare->sim,
                                  .column = compare->info.column,
                                  .weight = 1.0,
                                  .count = list.count,
                                  .stamp = list.stamp,
                                  .fraction = list.fraction,
                                  .value = list.value,
                                  .part = list.part};
    code = convert(out, list.value, list.count, fleet->signals[compare->channel.signal].unit,
                   run->twin->columns[compare->info.column].unit, err);
  }
  free(at_ns);
  free(value);
  return code;
}

static int64_t sample_ns(const tl_calibrate_run *run, const tl_calibrate_channel *channel,
                         uint32_t i)
{
  const int64_t at = run->stamps_ns[channel->stamp[i]];
  if (channel->fraction[i] == 0.0) return at;
  const int64_t step = run->stamps_ns[channel->stamp[i] + 1] - at;
  return at + (int64_t)(channel->fraction[i] * (double)step);
}

/* Before the border `first`, after it `then`. */
static void part_in_time(const tl_calibrate_run *run, tl_calibrate_channel *channel,
                         int64_t border_ns, tl_sample_part first, tl_sample_part then)
{
  uint8_t *part = (uint8_t *)(uintptr_t)channel->part; /* ours until the problem is handed out */
  for (uint32_t i = 0; i < channel->count; i++)
    part[i] = (uint8_t)(sample_ns(run, channel, i) <= border_ns ? first : then);
}

static int64_t border(const tl_calibrate_run *run, double ratio)
{
  const int64_t begin = run->stamps_ns[0], end = run->stamps_ns[run->stamp_count - 1];
  return ratio >= 1.0 ? end : begin + (int64_t)(ratio * (double)(end - begin));
}

static tl_code read_run(tl_fit_problem *p, tl_scenario *s, uint32_t fleet_index,
                        tl_calibrate_run *run, tl_error *err)
{
  tl_code code = read_device(p, s, fleet_index, run, err);
  tl_calibrate_channel *channels =
      code == TL_OK ? keep(p, s->compare_count, sizeof *channels) : NULL;
  if (code == TL_OK && channels == NULL) code = no_memory(s, err);
  if (code == TL_OK && run->stamp_count < 2)
    code = tl_fail(err, TL_E_SAMPLES, s->fleets[fleet_index].where,
                   "the scenario ends before the second sample of '%s'", run->name);
  for (uint32_t i = 0; i < s->compare_count && code == TL_OK; i++) {
    if (s->compares[i].info.fleet.index1 != fleet_index + 1) continue;
    tl_calibrate_channel *channel = &channels[run->channel_count++];
    code = read_channel(p, s, i, run, channel, err);
    for (uint32_t w = 0; w < s->calibrate->weight_count; w++)
      if (s->calibrate->weights[w].compare == i) channel->weight = s->calibrate->weights[w].weight;
  }
  run->channels = channels;
  return code;
}

/* --- weights and baselines ------------------------------------------------------------------------------------------ */
static void moments(const tl_calibrate_channel *channel, double *mean, double *deviation,
                    double *last)
{
  double sum = 0.0, square = 0.0;
  uint32_t count = 0;
  *mean = *deviation = *last = 0.0;
  for (uint32_t i = 0; i < channel->count; i++) {
    if (channel->part[i] != TL_SAMPLE_TRAIN || isnan(channel->value[i])) continue;
    sum += channel->value[i];
    *last = channel->value[i];
    count++;
  }
  if (count == 0) return;
  *mean = sum / count;
  for (uint32_t i = 0; i < channel->count; i++) {
    if (channel->part[i] != TL_SAMPLE_TRAIN || isnan(channel->value[i])) continue;
    const double e = channel->value[i] - *mean;
    square += e * e;
  }
  *deviation = tl_math_sqrt(square / count);
}

/* Kelvins and watts do not add: without weights, channels of several units count by their spread. */
static void balance(tl_calibrate_run *runs, uint32_t run_count, const tl_scenario *s)
{
  const char *unit = NULL;
  bool same = true;
  for (uint32_t r = 0; r < run_count; r++)
    for (uint32_t c = 0; c < runs[r].channel_count; c++) {
      const char *own = runs[r].twin->columns[runs[r].channels[c].column].unit;
      if (unit != NULL && strcmp(unit, own) != 0) same = false;
      unit = own;
    }
  if (same || s->calibrate->weight_count > 0) return;
  for (uint32_t r = 0; r < run_count; r++)
    for (uint32_t c = 0; c < runs[r].channel_count; c++) {
      tl_calibrate_channel *channel = (tl_calibrate_channel *)(uintptr_t)&runs[r].channels[c];
      double mean, deviation, last;
      moments(channel, &mean, &deviation, &last);
      if (deviation > 0.0) channel->weight = 1.0 / deviation;
    }
}

/* --- free values ---------------------------------------------------------------------------------------------------- */
static void add_target(tl_calibrate_free *free, tl_calibrate_target *to, uint32_t run,
                       uint32_t column)
{
  to[free->target_count++] = (tl_calibrate_target){run, column};
}

/* One free value of the runs [first, end). */
static tl_code add_free(tl_fit_problem *p, tl_calibrate_free *out, const tl_scenario *s,
                        const script_free *f, uint32_t first, uint32_t end, bool named,
                        tl_error *err)
{
  const tl_calibrate_run *run = &p->problem.runs[first];
  const tl_column *column = &run->twin->columns[f->column];
  tl_calibrate_target *targets =
      keep(p, (size_t)(end - first) * (1 + f->tied_count), sizeof *targets);
  char *name = keep(p, TL_CALIBRATE_NAME_BYTES, 1);
  if (targets == NULL || name == NULL) return no_memory(s, err);
  if (named)
    snprintf(name, TL_CALIBRATE_NAME_BYTES, "%.40s.%.50s", run->name, f->name);
  else
    snprintf(name, TL_CALIBRATE_NAME_BYTES, "%s", f->name);
  *out = (tl_calibrate_free){.name = name,
                             .unit = column->unit,
                             .start = f->has_start ? f->start : run->base[f->column],
                             .low = f->low,
                             .high = f->high,
                             .log = f->log,
                             .relative = strcmp(column->unit, "K") != 0,
                             .targets = targets,
                             .where = f->where};
  for (uint32_t r = first; r < end; r++) {
    add_target(out, targets, r, f->column);
    for (uint32_t t = 0; t < f->tied_count; t++) add_target(out, targets, r, f->tied[t]);
  }
  return TL_OK;
}

static tl_code read_free(tl_fit_problem *p, const tl_scenario *s, bool states_only, tl_error *err)
{
  const script_calibrate *c = s->calibrate;
  const uint32_t runs = p->problem.run_count;
  tl_calibrate_free *list = keep(p, (size_t)c->free_count * runs, sizeof *list);
  if (list == NULL) return no_memory(s, err);
  p->problem.free = list;
  for (uint32_t i = 0; i < c->free_count; i++) {
    const script_free *f = &c->free[i];
    if (states_only && (!f->each || c->twin->columns[f->column].role != TL_STATE)) continue;
    for (uint32_t r = 0; r < (f->each ? runs : 1u); r++) {
      const tl_code code = add_free(p, &list[p->problem.free_count++], s, f, f->each ? r : 0,
                                    f->each ? r + 1 : runs, f->each && runs > 1, err);
      if (code != TL_OK) return code;
    }
  }
  return TL_OK;
}

/* --- both problems --------------------------------------------------------------------------------------------------- */
static tl_code read_runs(tl_fit_problem *p, tl_scenario *s, const uint32_t *fleets, uint32_t count,
                         tl_error *err)
{
  tl_calibrate_run *runs = keep(p, count, sizeof *runs);
  if (runs == NULL) return no_memory(s, err);
  p->problem.runs = runs;
  p->problem.run_count = count;
  p->problem.where = s->calibrate->where;
  for (uint32_t r = 0; r < count; r++) {
    p->fleet[r] = fleets[r];
    const tl_code code = read_run(p, s, fleets[r], &runs[r], err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

tl_code fit_make_training(tl_fit_problem **out, tl_scenario *s, tl_error *err)
{
  const script_calibrate *c = s->calibrate;
  tl_fit_problem *p = *out = calloc(1, sizeof *p);
  if (p == NULL) return no_memory(s, err);
  tl_code code = read_runs(p, s, c->train_fleets, c->train_count, err);
  if (code != TL_OK) return code;
  tl_calibrate_run *runs = (tl_calibrate_run *)(uintptr_t)p->problem.runs;
  for (uint32_t r = 0; r < p->problem.run_count; r++)
    for (uint32_t i = 0; i < runs[r].channel_count; i++)
      part_in_time(&runs[r], (tl_calibrate_channel *)(uintptr_t)&runs[r].channels[i],
                   c->until_ns > 0 ? runs[r].stamps_ns[0] + c->until_ns
                                   : border(&runs[r], c->train_ratio),
                   TL_SAMPLE_TRAIN, TL_SAMPLE_VALIDATE);
  balance(runs, p->problem.run_count, s);
  return read_free(p, s, false, err);
}

static void take_baseline(tl_calibrate_channel *to, const tl_calibrate_problem *training)
{
  for (uint32_t r = 0; r < training->run_count; r++)
    for (uint32_t c = 0; c < training->runs[r].channel_count; c++) {
      const tl_calibrate_channel *from = &training->runs[r].channels[c];
      double deviation;
      if (from->column != to->column || to->has_baseline) continue;
      moments(from, &to->mean, &deviation, &to->last);
      to->weight = from->weight;
      to->has_baseline = true;
    }
}

/* Fitted values of columns that all devices share. */
static void take_values(tl_calibrate_run *run, const tl_calibrate_problem *training,
                        const tl_calibration *fit, const script_calibrate *c)
{
  double *base = (double *)(uintptr_t)run->base;
  for (uint32_t k = 0; k < training->free_count; k++) {
    const tl_calibrate_free *free = &training->free[k];
    for (uint32_t i = 0; i < c->free_count; i++) {
      if (c->free[i].each || c->free[i].column != free->targets[0].column) continue;
      for (uint32_t t = 0; t < free->target_count; t++)
        base[free->targets[t].column] = fit->values[k].value;
    }
  }
}

tl_code fit_make_validation(tl_fit_problem **out, tl_scenario *s, const tl_fit_problem *training,
                            const tl_calibration *fit, tl_error *err)
{
  const script_calibrate *c = s->calibrate;
  tl_fit_problem *p = *out = calloc(1, sizeof *p);
  if (p == NULL) return no_memory(s, err);
  tl_code code = read_runs(p, s, c->validate_fleets, c->validate_count, err);
  if (code == TL_OK) code = read_free(p, s, true, err);
  if (code != TL_OK) return code;
  tl_calibrate_run *runs = (tl_calibrate_run *)(uintptr_t)p->problem.runs;
  for (uint32_t r = 0; r < p->problem.run_count; r++) {
    take_values(&runs[r], &training->problem, fit, c);
    for (uint32_t i = 0; i < runs[r].channel_count; i++) {
      tl_calibrate_channel *channel = (tl_calibrate_channel *)(uintptr_t)&runs[r].channels[i];
      take_baseline(channel, &training->problem);
      const bool settles = p->problem.free_count > 0 && c->settle_ratio > 0.0;
      part_in_time(&runs[r], channel, settles ? border(&runs[r], c->settle_ratio) : -1,
                   TL_SAMPLE_TRAIN, TL_SAMPLE_VALIDATE);
    }
  }
  if (!(c->settle_ratio > 0.0)) p->problem.free_count = 0; /* the scenario's own initial states */
  return TL_OK;
}
