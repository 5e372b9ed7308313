#include "fidelity/calibrate/simulate.h"

#include "base/dmath.h"
#include "exec/parallel.h"
#include "sim/driven.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

tl_code tl_plan_create(tl_plan *out, const tl_calibrate_problem *problem,
                       const tl_calibrate_options *options, tl_error *err)
{
  *out = (tl_plan){.problem = problem, .path = options->path, .hooks = options->hooks};
  out->thread_count =
      options->thread_count ? options->thread_count : tl_parallel_threads_available();
  for (uint32_t r = 0; r < problem->run_count; r++) {
    const tl_calibrate_run *run = &problem->runs[r];
    if (run->twin->column_count > out->column_max) out->column_max = run->twin->column_count;
    if (run->channel_count > out->channel_max) out->channel_max = run->channel_count;
  }
  /* columns, the stamp before of every channel, a line between; candidates; pointers to columns */
  out->scratch_doubles =
      (size_t)(out->column_max + out->channel_max + 1 + problem->free_count) * TL_BLOCK_ROWS +
      (out->column_max + 7) / 8 * 8;
  const size_t bytes = out->thread_count * out->scratch_doubles * sizeof(double);
  out->scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (out->scratch == NULL)
    return tl_fail(err, TL_E_LIMIT, problem->where, "no memory for %zu bytes of candidates", bytes);
  return TL_OK;
}

void tl_plan_free(tl_plan *plan) { free(plan->scratch); }

double tl_free_coordinate(const tl_calibrate_free *free, double value)
{
  return free->log ? tl_math_log(value) : value;
}

double tl_free_value(const tl_calibrate_free *free, double coordinate)
{
  const double value = free->log ? tl_math_exp(coordinate) : coordinate;
  return value < free->low ? free->low : value > free->high ? free->high : value;
}

/* Room for the values of a block's candidates, [256][free]. */
static double *room_for_values(const tl_plan *plan, uint32_t thread)
{
  return plan->scratch + (size_t)thread * plan->scratch_doubles +
         (size_t)(plan->column_max + plan->channel_max + 1) * TL_BLOCK_ROWS;
}

/* --- one block ------------------------------------------------------------------------------------- */
typedef struct block {
  const tl_calibrate_run *run;
  double **column;
  double *before; /* [channel][256] */
  double *between;
  uint32_t padded;
  bool outputs;
} block;

static void fill(double *rows, double value, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) rows[i] = value;
}

static block bind(const tl_plan *plan, uint32_t r, const double *values, uint32_t rows,
                  uint32_t thread)
{
  const tl_calibrate_problem *p = plan->problem;
  block b = {.run = &p->runs[r], .padded = tl_rows_padded(rows)};
  double *memory = plan->scratch + (size_t)thread * plan->scratch_doubles;
  b.before = memory + (size_t)plan->column_max * TL_BLOCK_ROWS;
  b.between = b.before + (size_t)plan->channel_max * TL_BLOCK_ROWS;
  b.column = (double **)(void *)(b.between + (size_t)(1 + p->free_count) * TL_BLOCK_ROWS);
  for (uint32_t c = 0; c < b.run->twin->column_count; c++) {
    b.column[c] = memory + (size_t)c * TL_BLOCK_ROWS;
    fill(b.column[c], b.run->base[c], b.padded);
  }
  for (uint32_t k = 0; k < p->free_count; k++)
    for (uint32_t t = 0; t < p->free[k].target_count; t++) {
      if (p->free[k].targets[t].run != r) continue;
      double *to = b.column[p->free[k].targets[t].column];
      for (uint32_t i = 0; i < b.padded; i++) /* padding computes like the last candidate */
        to[i] = values[(size_t)(i < rows ? i : rows - 1) * p->free_count + k];
    }
  for (uint32_t c = 0; c < b.run->channel_count; c++)
    b.outputs |= b.run->twin->columns[b.run->channels[c].column].role == TL_OUTPUT;
  return b;
}

/* Samples that lie at `stamp` or before it: [*next, ...) of the channel. */
static void tell(block *b, uint32_t c, uint32_t *next, uint32_t stamp, tl_plan_visit *visit,
                 void *self)
{
  const tl_calibrate_channel *channel = &b->run->channels[c];
  const double *now = b->column[channel->column];
  double *before = b->before + (size_t)c * TL_BLOCK_ROWS;
  bool keep = false;
  for (; *next < channel->count; (*next)++) {
    const double share = channel->fraction[*next];
    const uint32_t last = channel->stamp[*next] + (share > 0.0 ? 1u : 0u);
    keep = share > 0.0;
    if (last > stamp) break;
    if (share > 0.0) {
      for (uint32_t i = 0; i < b->padded; i++)
        b->between[i] = before[i] + (now[i] - before[i]) * share;
      visit(self, c, *next, b->between);
    } else {
      visit(self, c, *next, now);
    }
  }
  if (keep) memcpy(before, now, b->padded * sizeof *now);
}

void tl_plan_simulate(const tl_plan *plan, uint32_t r, const double *values, uint32_t rows,
                      uint32_t thread, tl_plan_visit *visit, void *self)
{
  assert(rows > 0 && rows <= TL_BLOCK_ROWS && thread < plan->thread_count);
  block b = bind(plan, r, values, rows, thread);
  const tl_calibrate_run *run = b.run;
  uint32_t next[TL_CALIBRATE_CHANNELS_MAX] = {0};
  const tl_slice slice = {0, b.padded};
  for (uint32_t stamp = 0; stamp < run->stamp_count; stamp++) {
    for (uint32_t d = 0; d < run->input_count; d++)
      fill(b.column[run->inputs[d].column], run->inputs[d].values[stamp], b.padded);
    if (b.outputs) run->twin->output(b.column, slice);
    for (uint32_t c = 0; c < run->channel_count; c++) tell(&b, c, &next[c], stamp, visit, self);
    if (stamp + 1 < run->stamp_count)
      tl_driven_step(run->twin, b.column, slice, run->stamps_ns[stamp + 1] - run->stamps_ns[stamp],
                     run->dt_ns, plan->path);
  }
}

/* --- sums of squares ------------------------------------------------------------------------------- */
typedef struct cost_visit {
  const tl_calibrate_run *run;
  double *cost; /* [padded rows] */
  uint32_t rows;
} cost_visit;

static bool is_trained(const tl_calibrate_channel *channel, uint32_t sample)
{
  return channel->part[sample] == TL_SAMPLE_TRAIN && !isnan(channel->value[sample]);
}

static void add_costs(void *self, uint32_t c, uint32_t sample, const double *sim)
{
  const cost_visit *v = self;
  const tl_calibrate_channel *channel = &v->run->channels[c];
  if (!is_trained(channel, sample)) return;
  const double value = channel->value[sample], weight = channel->weight;
  double *restrict cost = v->cost;
  for (uint32_t i = 0; i < v->rows; i++) {
    const double e = weight * (sim[i] - value);
    cost[i] += e * e;
  }
}

enum { COST_ROWS = 64 }; /* candidates a block: enough for vectors, few enough for threads */

typedef struct cost_job {
  const tl_plan *plan;
  const double *values;
  uint32_t count, block_count;
  double *part; /* [run][count] */
} cost_job;

static void cost_block(void *context, uint32_t index, uint32_t thread)
{
  const cost_job *job = context;
  const uint32_t r = index / job->block_count, begin = index % job->block_count * COST_ROWS;
  const uint32_t left = job->count - begin, rows = left < COST_ROWS ? left : COST_ROWS;
  double cost[COST_ROWS] = {0};
  cost_visit v = {&job->plan->problem->runs[r], cost, rows};
  tl_plan_simulate(job->plan, r, job->values + (size_t)begin * job->plan->problem->free_count, rows,
                   thread, add_costs, &v);
  memcpy(job->part + (size_t)r * job->count + begin, cost, rows * sizeof *cost);
}

tl_code tl_plan_costs(tl_plan *plan, const double *values, uint32_t count, double *cost,
                      tl_error *err)
{
  const uint32_t runs = plan->problem->run_count;
  if (count == 0) return TL_OK;
  cost_job job = {plan, values, count, (count + COST_ROWS - 1) / COST_ROWS, NULL};
  job.part = malloc((size_t)runs * count * sizeof *job.part);
  if (job.part == NULL)
    return tl_fail(err, TL_E_LIMIT, plan->problem->where, "no memory for %u candidates", count);
  tl_parallel_for(runs * job.block_count, plan->thread_count, cost_block, &job);
  for (uint32_t i = 0; i < count; i++) {
    double sum = 0.0;
    for (uint32_t r = 0; r < runs; r++) sum += job.part[(size_t)r * count + i];
    cost[i] = isfinite(sum) ? sum : INFINITY;
    plan->diverged += isfinite(sum) ? 0u : runs;
  }
  plan->simulations += (uint64_t)runs * count;
  free(job.part);
  return TL_OK;
}

double tl_plan_cost(const tl_plan *plan, const double *values, uint32_t thread)
{
  double sum = 0.0;
  for (uint32_t r = 0; r < plan->problem->run_count; r++) {
    double cost[1] = {0};
    cost_visit v = {&plan->problem->runs[r], cost, 1};
    tl_plan_simulate(plan, r, values, 1, thread, add_costs, &v);
    sum += cost[0];
  }
  return isfinite(sum) ? sum : (double)INFINITY;
}

/* --- differences ----------------------------------------------------------------------------------- */
/* Long enough that rounding of the simulation does not matter, short enough that curvature does
 * not: about the square and the cube root of a double's precision, with room for a twin's own
 * rounding. */
static const double forward_ratio = 1e-6, central_ratio = 1e-5;

static double step_of(const tl_calibrate_free *free, double value, double ratio)
{
  if (free->log) return ratio;
  const double span = free->high - free->low, size = fabs(value);
  return ratio * (size > 1e-3 * span ? size : 1e-3 * span);
}

/* Coordinates of both ends of a difference within the bounds; returns one over their distance. */
static double ends_of(const tl_calibrate_free *free, double at, bool central, double *from,
                      double *to)
{
  const double low = tl_free_coordinate(free, free->low),
               high = tl_free_coordinate(free, free->high);
  const double h = step_of(free, at, central ? central_ratio : forward_ratio);
  *to = at + h <= high ? at + h : at;
  *from = central || *to == at ? at - h : at;
  if (*from < low) *from = at;
  return 1.0 / (*to - *from);
}

/* --- Jacobians of many starts ----------------------------------------------------------------------- */
typedef struct group_job {
  const tl_plan *plan;
  const double *at;
  uint32_t count, groups; /* starts; of them in a block */
  uint32_t block_count;
  double *memory; /* [run][start]: a tl_qr's */
  size_t qr_doubles;
} group_job;

typedef struct group_visit {
  const tl_calibrate_run *run;
  tl_qr qr[COST_ROWS / 2];
  double inverse[TL_BLOCK_ROWS]; /* of a row's difference from its start's first */
  uint32_t groups, width;        /* rows a group */
} group_visit;

static void fold_rows(void *self, uint32_t c, uint32_t sample, const double *sim)
{
  group_visit *v = self;
  const tl_calibrate_channel *channel = &v->run->channels[c];
  if (!is_trained(channel, sample)) return;
  for (uint32_t g = 0; g < v->groups; g++) {
    const double *rows = sim + (size_t)g * v->width, *inverse = v->inverse + (size_t)g * v->width;
    double *to = tl_qr_row(&v->qr[g]);
    for (uint32_t k = 1; k < v->width; k++) {
      const double slope = channel->weight * ((rows[k] - rows[0]) * inverse[k]);
      to[(size_t)(k - 1) * TL_QR_ROWS] = isfinite(slope) ? slope : 0.0;
    }
    to[(size_t)(v->width - 1) * TL_QR_ROWS] = channel->weight * (rows[0] - channel->value[sample]);
    tl_qr_pushed(&v->qr[g]);
  }
}

/* Row 0 of a group is the point itself; row k differs in free value k - 1. */
static void group_values(const tl_plan *plan, const double *at, double *values, double *inverse)
{
  const uint32_t n = plan->problem->free_count;
  for (uint32_t k = 0; k < n; k++) values[k] = tl_free_value(&plan->problem->free[k], at[k]);
  for (uint32_t k = 0; k < n; k++) {
    double *row = values + (size_t)(k + 1) * n, from = 0.0, to = 0.0;
    memcpy(row, values, n * sizeof *row);
    inverse[k + 1] = ends_of(&plan->problem->free[k], at[k], false, &from, &to);
    if (to == at[k])
      inverse[k + 1] = -inverse[k + 1]; /* at the upper end: a difference backwards */
    row[k] = tl_free_value(&plan->problem->free[k], to == at[k] ? from : to);
  }
}

static void group_block(void *context, uint32_t index, uint32_t thread)
{
  const group_job *job = context;
  const uint32_t n = job->plan->problem->free_count, width = n + 1;
  const uint32_t r = index / job->block_count, begin = index % job->block_count * job->groups;
  const uint32_t left = job->count - begin, groups = left < job->groups ? left : job->groups;
  group_visit v = {.run = &job->plan->problem->runs[r], .groups = groups, .width = width};
  double *values = room_for_values(job->plan, thread);
  for (uint32_t g = 0; g < groups; g++) {
    const size_t place = (size_t)r * job->count + begin + g;
    tl_qr_begin(&v.qr[g], width, job->memory + place * job->qr_doubles, job->plan->path);
    group_values(job->plan, job->at + (size_t)(begin + g) * n, values + (size_t)g * width * n,
                 v.inverse + (size_t)g * width);
  }
  tl_plan_simulate(job->plan, r, values, groups * width, thread, fold_rows, &v);
  for (uint32_t g = 0; g < groups; g++) tl_qr_fold(&v.qr[g]);
}

/* A free value that a run does not have keeps a column of zeros there, so triangles add up. */
static void merge_runs(const group_job *job, double *r)
{
  const uint32_t width = job->plan->problem->free_count + 1;
  const size_t square = (size_t)width * width;
  for (uint32_t s = 0; s < job->count; s++) {
    double *first = job->memory + (size_t)s * job->qr_doubles;
    tl_qr sum = {width, 0, job->plan->path, first, first + square};
    for (uint32_t run = 1; run < job->plan->problem->run_count; run++)
      tl_qr_merge(&sum, job->memory + ((size_t)run * job->count + s) * job->qr_doubles);
    memcpy(r + s * square, first, square * sizeof *r);
  }
}

tl_code tl_plan_jacobians(tl_plan *plan, const double *at, uint32_t count, double *r, tl_error *err)
{
  const uint32_t width = plan->problem->free_count + 1, runs = plan->problem->run_count;
  if (count == 0) return TL_OK;
  group_job job = {.plan = plan, .at = at, .count = count, .qr_doubles = tl_qr_doubles(width)};
  job.groups = width < COST_ROWS ? COST_ROWS / width : 1;
  job.block_count = (count + job.groups - 1) / job.groups;
  job.memory = calloc((size_t)runs * count * job.qr_doubles, sizeof *job.memory);
  if (job.memory == NULL)
    return tl_fail(err, TL_E_LIMIT, plan->problem->where, "no memory for the slopes of %u starts",
                   count);
  tl_parallel_for(runs * job.block_count, plan->thread_count, group_block, &job);
  merge_runs(&job, r);
  plan->simulations += (uint64_t)runs * count * width;
  free(job.memory);
  return TL_OK;
}

/* --- every sample at one point ------------------------------------------------------------------------ */
typedef struct trace_job {
  const tl_plan *plan;
  const double *values;  /* [1 + 2 free][free] */
  const double *inverse; /* [free] */
  tl_trace_out *out;     /* [run][channel] */
  const uint32_t *first; /* [run]: its first channel in out */
} trace_job;

typedef struct trace_visit {
  const trace_job *job;
  uint32_t run;
} trace_visit;

static void keep_rows(void *self, uint32_t c, uint32_t sample, const double *sim)
{
  const trace_visit *v = self;
  const tl_calibrate_problem *p = v->job->plan->problem;
  const tl_calibrate_channel *channel = &p->runs[v->run].channels[c];
  tl_trace_out *out = &v->job->out[v->job->first[v->run] + c];
  out->residual[sample] = channel->weight * (sim[0] - channel->value[sample]);
  for (uint32_t k = 0; k < p->free_count; k++) {
    const double slope = channel->weight * ((sim[2 * k + 1] - sim[2 * k + 2]) * v->job->inverse[k]);
    out->jacobian[(size_t)sample * p->free_count + k] = isfinite(slope) ? slope : 0.0;
  }
}

static void trace_run(void *context, uint32_t r, uint32_t thread)
{
  const trace_job *job = context;
  trace_visit v = {job, r};
  tl_plan_simulate(job->plan, r, job->values, 2 * job->plan->problem->free_count + 1, thread,
                   keep_rows, &v);
}

tl_code tl_plan_trace(tl_plan *plan, const double *at, tl_trace_out *out, tl_error *err)
{
  const tl_calibrate_problem *p = plan->problem;
  const uint32_t n = p->free_count, rows = 2 * n + 1;
  double *values = malloc(((size_t)rows * n + 1) * sizeof *values);
  double inverse[TL_CALIBRATE_FREE_MAX];
  uint32_t *first = malloc(p->run_count * sizeof *first);
  if (values == NULL || first == NULL) {
    free(values);
    free(first);
    return tl_fail(err, TL_E_LIMIT, p->where, "no memory for the slopes");
  }
  for (uint32_t k = 0; k < n; k++) values[k] = tl_free_value(&p->free[k], at[k]);
  for (uint32_t k = 0; k < n; k++) {
    double from = 0.0, to = 0.0;
    inverse[k] = ends_of(&p->free[k], at[k], true, &from, &to);
    for (uint32_t side = 0; side < 2; side++) {
      double *row = values + (size_t)(2 * k + 1 + side) * n;
      memcpy(row, values, n * sizeof *row);
      row[k] = tl_free_value(&p->free[k], side == 0 ? to : from);
    }
  }
  uint32_t channels = 0;
  for (uint32_t r = 0; r < p->run_count; r++) {
    first[r] = channels;
    channels += p->runs[r].channel_count;
  }
  trace_job job = {plan, values, inverse, out, first};
  tl_parallel_for(p->run_count, plan->thread_count, trace_run, &job);
  plan->simulations += (uint64_t)p->run_count * rows;
  free(values);
  free(first);
  return TL_OK;
}
