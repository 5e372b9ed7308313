#include "fidelity/calibrate/calibrate.h"

#include "base/rng.h"
#include "base/text.h"
#include "fidelity/calibrate/search.h"
#include "fidelity/calibrate/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COOKIE = 0xca11 };

tl_calibrate_options tl_calibrate_options_default(void)
{
  return (tl_calibrate_options){.method = TL_CALIBRATE_LM,
                                .starts = 12,
                                .iterations_max = 200,
                                .seed = 1,
                                .path = tl_cpu_best_path(),
                                .cookie_ = COOKIE};
}

const char *tl_calibrate_method_name(tl_calibrate_method method)
{
  static const char *const names[TL_CALIBRATE_METHOD_COUNT] = {"lm", "bobyqa", "nelder-mead",
                                                               "sbplx", "cobyla"};
  return method < TL_CALIBRATE_METHOD_COUNT ? names[method] : NULL;
}

/* --- what may be asked --------------------------------------------------------------------------------- */
static tl_code check_free(const tl_calibrate_problem *p, const tl_calibrate_free *free,
                          tl_error *err)
{
  char low[TL_TEXT_DOUBLE_BYTES], high[TL_TEXT_DOUBLE_BYTES], start[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_digits(low, free->low, 9);
  tl_text_format_digits(high, free->high, 9);
  tl_text_format_digits(start, free->start, 9);
  const char *where = free->where ? free->where : p->where;
  if (!(free->low < free->high) || !isfinite(free->high - free->low))
    return tl_fail(err, TL_E_ARG, where, "'%s': the lower bound %s is not below the upper bound %s",
                   free->name, low, high);
  if (!(free->start >= free->low && free->start <= free->high)) {
    tl_fail(err, TL_E_ARG, where, "'%s' starts at %s, outside its bounds %s .. %s %s", free->name,
            start, low, high, free->unit);
    return tl_fail_hint(err, "give it a start: { %s, %s, start = ... }", low, high);
  }
  if (free->log && !(free->low > 0.0))
    return tl_fail(err, TL_E_ARG, where,
                   "'%s': a logarithmic scale needs a lower bound above 0, not %s", free->name,
                   low);
  for (uint32_t t = 0; t < free->target_count; t++) {
    const tl_calibrate_run *run = &p->runs[free->targets[t].run];
    const tl_column *column = &run->twin->columns[free->targets[t].column];
    bool driven = column->role == TL_OUTPUT;
    for (uint32_t i = 0; i < run->input_count; i++)
      driven |= run->inputs[i].column == free->targets[t].column;
    if (driven)
      return tl_fail(err, TL_E_ARG, where, "'%s' cannot be fitted: it is %s", column->name,
                     column->role == TL_OUTPUT ? "computed from the others"
                                               : "driven by the recording");
    if (free->low < column->low || free->high > column->high) {
      tl_text_format_digits(low, column->low, 9);
      tl_text_format_digits(high, column->high, 9);
      return tl_fail(err, TL_E_ARG, where,
                     "'%s': its bounds reach beyond the column's range %s .. %s %s", free->name,
                     low, high, column->unit);
    }
  }
  return TL_OK;
}

static uint64_t training_samples(const tl_calibrate_problem *p)
{
  uint64_t count = 0;
  for (uint32_t r = 0; r < p->run_count; r++)
    for (uint32_t c = 0; c < p->runs[r].channel_count; c++) {
      const tl_calibrate_channel *channel = &p->runs[r].channels[c];
      for (uint32_t i = 0; i < channel->count; i++)
        count += channel->part[i] == TL_SAMPLE_TRAIN && !isnan(channel->value[i]);
    }
  return count;
}

tl_code tl_calibrate_check(const tl_calibrate_problem *p, const tl_calibrate_options *o,
                           tl_error *err)
{
  assert(o->cookie_ == COOKIE && "start from tl_calibrate_options_default()");
  if (p->free_count > TL_CALIBRATE_FREE_MAX)
    return tl_fail(err, TL_E_LIMIT, p->where, "%u free values, at most %d", p->free_count,
                   (int)TL_CALIBRATE_FREE_MAX);
  if (!tl_calibrate_has_method(o->method)) {
    tl_fail(err, TL_E_USAGE, p->where,
            "method '%s' is one of NLopt's, and this program was built "
            "without it",
            tl_calibrate_method_name(o->method));
    return tl_fail_hint(err, "install libnlopt-dev and build again, or use method = \"lm\"");
  }
  for (uint32_t k = 0; k < p->free_count; k++) {
    const tl_code code = check_free(p, &p->free[k], err);
    if (code != TL_OK) return code;
  }
  for (uint32_t r = 0; r < p->run_count; r++)
    if (p->runs[r].channel_count > TL_CALIBRATE_CHANNELS_MAX)
      return tl_fail(err, TL_E_LIMIT, p->where, "more than %d compared channels of '%s'",
                     (int)TL_CALIBRATE_CHANNELS_MAX, p->runs[r].name);
  const uint64_t count = training_samples(p);
  if (p->free_count == 0) return TL_OK;
  if (count == 0)
    return tl_fail(err, TL_E_SAMPLES, p->where,
                   "there is no sample to fit: the training range is "
                   "empty, or every value in it is missing");
  if (count <= p->free_count)
    return tl_fail(err, TL_E_ARG, p->where,
                   "%llu samples for %u free values: the recording is too "
                   "short",
                   (unsigned long long)count, p->free_count);
  return TL_OK;
}

/* --- starts ------------------------------------------------------------------------------------------------ */
/* The given start, then a Latin hypercube: every value's range is cut into as many parts as there
 * are starts, each is used once (McKay, Beckman, Conover 1979). */
static void draw_starts(const tl_calibrate_problem *p, const tl_calibrate_options *o, double *at)
{
  const uint32_t n = p->free_count, drawn = o->starts - 1;
  const tl_rng_key key = tl_rng_key_make(o->seed, 0, 0x63616c69u);
  for (uint32_t k = 0; k < n; k++) {
    const tl_calibrate_free *free = &p->free[k];
    const double low = tl_free_coordinate(free, free->low);
    const double high = tl_free_coordinate(free, free->high);
    at[k] = tl_free_coordinate(free, free->start);
    for (uint32_t i = 0; i < drawn; i++) at[(size_t)(i + 1) * n + k] = (double)i;
    for (uint32_t i = drawn; i > 1; i--) { /* Fisher, Yates */
      const uint32_t other = tl_rng_below(key, k, i, i);
      const double keep = at[(size_t)i * n + k];
      at[(size_t)i * n + k] = at[(size_t)(other + 1) * n + k];
      at[(size_t)(other + 1) * n + k] = keep;
    }
    for (uint32_t i = 0; i < drawn; i++) {
      double *to = &at[(size_t)(i + 1) * n + k];
      const double share = (*to + tl_rng_uniform(key, k, 1000000u + i)) / drawn;
      *to = low + share * (high - low);
    }
  }
}

static tl_code search(tl_plan *plan, const tl_calibrate_options *o, tl_search_start *starts,
                      double *at, uint32_t *best, tl_error *err)
{
  const uint32_t n = plan->problem->free_count;
  draw_starts(plan->problem, o, at);
  for (uint32_t i = 0; i < o->starts; i++)
    starts[i] = (tl_search_start){.at = at + (size_t)i * n, .cost = (double)INFINITY};
  const tl_code code =
      o->method == TL_CALIBRATE_LM
          ? tl_search_levenberg(plan, starts, o->starts, o->iterations_max, err)
          : tl_search_nlopt(plan, starts, o->starts, o->method, 100 * o->iterations_max, err);
  *best = 0;
  for (uint32_t i = 1; i < o->starts; i++)
    if (starts[i].cost < starts[*best].cost) *best = i;
  if (code == TL_OK && !isfinite(starts[*best].cost)) {
    tl_fail(err, TL_E_NAN, plan->problem->where,
            "the simulation of every one of %u starts is not finite", o->starts);
    return tl_fail_hint(err, "narrow the bounds, or make the device's dt smaller");
  }
  return code;
}

/* --- what came out -------------------------------------------------------------------------------------------- */
static bool is_part(const tl_calibrate_channel *channel, uint32_t i, tl_sample_part part)
{
  return channel->part[i] == (uint8_t)part && !isnan(channel->value[i]);
}

/* Mean and last of a channel's training samples; of the first channel of that column which has
 * some, when this one has none. */
static bool baselines(const tl_calibrate_problem *p, const tl_calibrate_channel *of, double *mean,
                      double *last)
{
  const tl_calibrate_channel *from = of;
  uint32_t count = 0;
  *mean = of->mean;
  *last = of->last;
  if (of->has_baseline) return true;
  for (uint32_t round = 0; round < 2 && count == 0; round++)
    for (uint32_t r = 0; r < p->run_count && count == 0; r++)
      for (uint32_t c = 0; c < p->runs[r].channel_count && count == 0; c++) {
        from = round == 0 ? of : &p->runs[r].channels[c];
        if (from->column != of->column) continue;
        double sum = 0.0;
        for (uint32_t i = 0; i < from->count; i++) {
          if (!is_part(from, i, TL_SAMPLE_TRAIN)) continue;
          sum += from->value[i];
          *last = from->value[i];
          count++;
        }
        if (count > 0) *mean = sum / count;
      }
  return count > 0;
}

static tl_calibrate_part judge(const tl_calibrate_problem *p, const tl_calibrate_channel *channel,
                               const double *residual, tl_sample_part part, double *sum_all)
{
  tl_calibrate_part out = {0, (double)NAN, (double)NAN, (double)NAN};
  double mean = 0.0, last = 0.0, sum = 0.0, sum_mean = 0.0, sum_last = 0.0;
  const bool known = baselines(p, channel, &mean, &last);
  for (uint32_t i = 0; i < channel->count; i++) {
    if (!is_part(channel, i, part)) continue;
    const double e = residual[i] / channel->weight * channel->per_unit;
    const double m = (mean - channel->value[i]) * channel->per_unit;
    const double l = (last - channel->value[i]) * channel->per_unit;
    sum += e * e;
    sum_mean += m * m;
    sum_last += l * l;
    out.count++;
  }
  if (out.count == 0) return out;
  *sum_all += sum;
  out.rmse = sqrt(sum / out.count);
  if (!known) return out;
  out.rmse_mean = sqrt(sum_mean / out.count);
  out.rmse_last = sqrt(sum_last / out.count);
  return out;
}

static void judge_channels(tl_calibration *out, const tl_calibrate_problem *p,
                           const tl_trace_out *trace)
{
  double sum[2] = {0.0, 0.0}, weighted[2] = {0.0, 0.0};
  uint64_t count[2] = {0, 0};
  const char *unit = NULL;
  out->same_unit = true;
  for (uint32_t i = 0; i < out->channel_count; i++) {
    tl_calibrate_channel_fit *fit = &out->channels[i];
    const tl_calibrate_channel *channel = &p->runs[fit->run].channels[fit->channel];
    if (unit != NULL && strcmp(unit, channel->unit) != 0) out->same_unit = false;
    unit = channel->unit;
    fit->train = judge(p, channel, trace[i].residual, TL_SAMPLE_TRAIN, &sum[0]);
    fit->validate = judge(p, channel, trace[i].residual, TL_SAMPLE_VALIDATE, &sum[1]);
    for (uint32_t s = 0; s < channel->count; s++)
      for (int part = 0; part < 2; part++)
        if (is_part(channel, s, (tl_sample_part)part)) {
          weighted[part] += trace[i].residual[s] * trace[i].residual[s];
          count[part]++;
        }
  }
  const double *total = out->same_unit ? sum : weighted;
  out->rmse = count[0] ? sqrt(total[0] / (double)count[0]) : (double)NAN;
  out->rmse_validate = count[1] ? sqrt(total[1] / (double)count[1]) : (double)NAN;
}

static tl_code allocate_result(tl_calibration *out, const tl_calibrate_problem *p, tl_error *err)
{
  const size_t n = p->free_count;
  *out = (tl_calibration){.free_count = p->free_count};
  for (uint32_t r = 0; r < p->run_count; r++) out->channel_count += p->runs[r].channel_count;
  out->values = calloc(n + 1, sizeof *out->values);
  out->covariance = calloc(n * n + 1, sizeof *out->covariance);
  out->correlation = calloc(n * n + 1, sizeof *out->correlation);
  out->channels = calloc(out->channel_count + 1, sizeof *out->channels);
  if (!out->values || !out->covariance || !out->correlation || !out->channels)
    return tl_fail(err, TL_E_LIMIT, p->where, "no memory for the result");
  uint32_t at = 0;
  for (uint32_t r = 0; r < p->run_count; r++)
    for (uint32_t c = 0; c < p->runs[r].channel_count; c++)
      out->channels[at++] = (tl_calibrate_channel_fit){.run = r, .channel = c};
  return TL_OK;
}

void tl_calibration_free(tl_calibration *out)
{
  free(out->values);
  free(out->covariance);
  free(out->correlation);
  free(out->channels);
  free(out->unidentifiable);
  *out = (tl_calibration){0};
}

/* Room for every sample of every channel. */
static tl_trace_out *make_trace(const tl_calibration *out, const tl_calibrate_problem *p)
{
  tl_trace_out *trace = calloc(out->channel_count + 1, sizeof *trace);
  for (uint32_t i = 0; trace != NULL && i < out->channel_count; i++) {
    const size_t count = p->runs[out->channels[i].run].channels[out->channels[i].channel].count;
    trace[i].residual = calloc(count + 1, sizeof(double));
    trace[i].jacobian = calloc(count * p->free_count + 1, sizeof(double));
  }
  return trace;
}

static bool is_complete(const tl_calibration *out, const tl_trace_out *trace)
{
  for (uint32_t i = 0; trace != NULL && i < out->channel_count; i++)
    if (trace[i].residual == NULL || trace[i].jacobian == NULL) return false;
  return trace != NULL;
}

static void free_trace(const tl_calibration *out, tl_trace_out *trace)
{
  for (uint32_t i = 0; trace != NULL && i < out->channel_count; i++) {
    free(trace[i].residual);
    free(trace[i].jacobian);
  }
  free(trace);
}

static tl_code find_intervals(tl_calibration *out, tl_plan *plan, const double *at, double cost,
                              const tl_trace_out *trace, tl_calibrate_intervals kind, tl_error *err)
{
  const uint32_t n = plan->problem->free_count;
  double *memory = calloc((size_t)n * (n + 1), sizeof *memory);
  if (memory == NULL)
    return tl_fail(err, TL_E_LIMIT, plan->problem->where, "no memory for intervals");
  tl_curvature curvature = {memory, memory + n};
  tl_code code = tl_statistics(out, plan->problem, at, trace, &curvature, err);
  const bool wanted =
      kind == TL_CALIBRATE_PROFILE || (kind == TL_CALIBRATE_AUTO && n <= TL_CALIBRATE_PROFILES_MAX);
  if (code == TL_OK && wanted) code = tl_profile(out, plan, at, cost, &curvature, err);
  free(memory);
  return code;
}

static tl_code finish(tl_calibration *out, tl_plan *plan, const double *at, double cost,
                      tl_calibrate_intervals kind, tl_error *err)
{
  const tl_calibrate_problem *p = plan->problem;
  for (uint32_t k = 0; k < p->free_count; k++)
    out->values[k].value = tl_free_value(&p->free[k], at[k]);
  tl_trace_out *trace = make_trace(out, p);
  tl_code code = is_complete(out, trace)
                     ? tl_plan_trace(plan, at, trace, err)
                     : tl_fail(err, TL_E_LIMIT, p->where, "no memory for the residuals");
  if (code == TL_OK) {
    judge_channels(out, p, trace);
    if (p->free_count > 0) code = find_intervals(out, plan, at, cost, trace, kind, err);
  }
  free_trace(out, trace);
  return code;
}

static void count_starts(tl_calibration *out, const tl_search_start *starts, uint32_t count,
                         uint32_t best)
{
  out->starts = count;
  out->iterations = starts[best].iterations;
  out->converged = starts[best].converged;
  for (uint32_t i = 0; i < count; i++) {
    out->starts_diverged += isfinite(starts[i].cost) ? 0u : 1u;
    out->starts_at_best += starts[i].cost <= 1.001 * starts[best].cost;
  }
}

tl_code tl_calibrate(tl_calibration *out, const tl_calibrate_problem *problem,
                     const tl_calibrate_options *options, tl_error *err)
{
  *out = (tl_calibration){0};
  tl_code code = tl_calibrate_check(problem, options, err);
  if (code != TL_OK) return code;
  tl_plan plan = {0};
  uint32_t best = 0;
  tl_search_start *starts = calloc(options->starts, sizeof *starts);
  double *at = calloc((size_t)options->starts * problem->free_count + 1, sizeof *at);
  if (starts == NULL || at == NULL)
    code = tl_fail(err, TL_E_LIMIT, problem->where, "no memory for %u starts", options->starts);
  if (code == TL_OK) code = allocate_result(out, problem, err);
  if (code == TL_OK) code = tl_plan_create(&plan, problem, options, err);
  if (code == TL_OK && problem->free_count > 0)
    code = search(&plan, options, starts, at, &best, err);
  else if (code == TL_OK)
    starts[0] = (tl_search_start){.at = at, .converged = true};
  if (code == TL_OK)
    code = finish(out, &plan, starts[best].at, starts[best].cost, options->intervals, err);
  if (code == TL_OK) {
    count_starts(out, starts, problem->free_count > 0 ? options->starts : 1, best);
    out->simulations = plan.simulations;
    out->diverged = plan.diverged;
  }
  tl_plan_free(&plan);
  free(starts);
  free(at);
  if (code != TL_OK) tl_calibration_free(out);
  return code;
}

tl_code tl_calibrate_costs(const tl_calibrate_problem *problem, const double *values,
                           uint32_t count, const tl_calibrate_options *options, double *cost,
                           tl_error *err)
{
  tl_plan plan;
  tl_code code = tl_plan_create(&plan, problem, options, err);
  if (code != TL_OK) return code;
  code = tl_plan_costs(&plan, values, count, cost, err);
  tl_plan_free(&plan);
  return code;
}

typedef struct copy {
  uint32_t channel;
  double *out;
} copy;

static void copy_sample(void *self, uint32_t channel, uint32_t sample, const double *sim)
{
  const copy *c = self;
  if (channel == c->channel) c->out[sample] = sim[0];
}

tl_code tl_calibrate_trace(const tl_calibrate_problem *problem, const double *values, uint32_t run,
                           uint32_t channel, tl_simd_path path, double *out, tl_error *err)
{
  tl_calibrate_options options = tl_calibrate_options_default();
  options.path = path;
  options.thread_count = 1;
  tl_plan plan;
  const tl_code code = tl_plan_create(&plan, problem, &options, err);
  if (code != TL_OK) return code;
  copy c = {channel, out};
  tl_plan_simulate(&plan, run, values, 1, 0, copy_sample, &c);
  tl_plan_free(&plan);
  return TL_OK;
}
