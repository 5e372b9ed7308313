#include "fidelity/calibrate/statistics.h"

#include "base/dmath.h"
#include "fidelity/stat/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct work {
  const tl_calibrate_problem *p;
  tl_calibration *out;
  const tl_trace_out *trace;
  const double *at;
  uint32_t n, width; /* free values; of these in the covariance */
  uint32_t index[TL_CALIBRATE_FREE_MAX];
  uint8_t unseen[TL_CALIBRATE_FREE_MAX], fixed[TL_CALIBRATE_FREE_MAX];
  double *r, *inverse, *s; /* squares */
  double *qr_memory;
  tl_noise *noise; /* [channel] */
  void **noise_memory;
  double degrees; /* of freedom of the noise's variance */
} work;

static const tl_calibrate_channel *channel_at(const work *w, uint32_t i)
{
  const tl_calibrate_channel_fit *fit = &w->out->channels[i];
  return &w->p->runs[fit->run].channels[fit->channel];
}

static bool is_used(const tl_calibrate_channel *channel, uint32_t sample, tl_sample_part part)
{
  return channel->part[sample] == (uint8_t)part && !isnan(channel->value[sample]);
}

/* --- the triangle of the training samples -------------------------------------------------------------- */
/* Columns of the list, and the residual behind them. */
static void triangle(work *w, const uint32_t *list, uint32_t width)
{
  tl_qr qr;
  tl_qr_begin(&qr, width + 1, w->qr_memory, TL_PATH_SCALAR);
  for (uint32_t c = 0; c < w->out->channel_count; c++) {
    const tl_calibrate_channel *channel = channel_at(w, c);
    for (uint32_t i = 0; i < channel->count; i++) {
      if (!is_used(channel, i, TL_SAMPLE_TRAIN)) continue;
      double *to = tl_qr_row(&qr);
      const double *slopes = w->trace[c].jacobian + (size_t)i * w->n;
      for (uint32_t k = 0; k < width; k++) to[(size_t)k * TL_QR_ROWS] = slopes[list[k]];
      to[(size_t)width * TL_QR_ROWS] = w->trace[c].residual[i];
      tl_qr_pushed(&qr);
    }
  }
  tl_qr_fold(&qr);
  memcpy(w->r, qr.r, (size_t)(width + 1) * (width + 1) * sizeof *w->r);
}

/* A value that the fit pushed against a bound stays there; an interval about it would be about
 * another problem. */
static void find_bounds(work *w)
{
  const uint32_t stride = w->n + 1;
  for (uint32_t k = 0; k < w->n; k++) {
    const tl_calibrate_free *free = &w->p->free[k];
    const double low = tl_free_coordinate(free, free->low);
    const double high = tl_free_coordinate(free, free->high);
    const double margin = 1e-6 * (high - low);
    double slope = 0.0;
    for (uint32_t i = 0; i <= k; i++)
      slope += w->r[(size_t)k * stride + i] * w->r[(size_t)w->n * stride + i];
    w->out->values[k].at_bound =
        (w->at[k] <= low + margin && slope >= 0.0) || (w->at[k] >= high - margin && slope <= 0.0);
  }
}

/* --- noise ------------------------------------------------------------------------------------------------ */
static double time_of(const tl_calibrate_run *run, const tl_calibrate_channel *channel, uint32_t i)
{
  const int64_t *at = run->stamps_ns + channel->stamp[i];
  const double from = (double)at[0] / 1e9;
  return channel->fraction[i] > 0.0 ? from + channel->fraction[i] * ((double)(at[1] - at[0]) / 1e9)
                                    : from;
}

/* Rows of Q = J R^-1 of one channel, residuals and times, of its training samples. */
static tl_code begin_noise(work *w, uint32_t c, tl_error *err)
{
  const tl_calibrate_channel *channel = channel_at(w, c);
  const tl_calibrate_run *run = &w->p->runs[w->out->channels[c].run];
  tl_noise *noise = &w->noise[c];
  uint32_t count = 0;
  for (uint32_t i = 0; i < channel->count; i++) count += is_used(channel, i, TL_SAMPLE_TRAIN);
  double *memory = malloc(((size_t)count * (2 * w->width + 5) + 1) * sizeof *memory);
  if (memory == NULL) return tl_fail(err, TL_E_LIMIT, w->p->where, "no memory for residuals");
  w->noise_memory[c] = memory;
  double *at_s = memory, *residual = memory + count, *q = memory + 2 * (size_t)count;
  *noise =
      (tl_noise){.count = count, .width = w->width, .at_s = at_s, .residual = residual, .q = q};
  noise->work = q + (size_t)count * w->width;
  for (uint32_t i = 0, row = 0; i < channel->count; i++) {
    if (!is_used(channel, i, TL_SAMPLE_TRAIN)) continue;
    at_s[row] = time_of(run, channel, i);
    residual[row] = w->trace[c].residual[i];
    const double *slopes = w->trace[c].jacobian + (size_t)i * w->n;
    for (uint32_t k = 0; k < w->width; k++) {
      double sum = 0.0;
      for (uint32_t j = 0; j <= k; j++)
        sum += slopes[w->index[j]] * w->inverse[(size_t)k * w->width + j];
      q[(size_t)row * w->width + k] = sum;
    }
    row++;
  }
  tl_noise_begin(noise);
  return TL_OK;
}

static void collect_noise(work *w)
{
  memset(w->s, 0, (size_t)w->width * w->width * sizeof *w->s);
  for (uint32_t c = 0; c < w->out->channel_count; c++)
    if (w->noise[c].count > 0) tl_noise_add(&w->noise[c], w->s);
}

/* Twice one over the relative variance of var (1 + rho) / (1 - rho), which is what an interval
 * hangs on: 2 / n for white noise, 4 / n_effective + 2 / n with a correlation that was estimated. */
static double degrees_of(const tl_noise *noise, double effective, double taken_ratio)
{
  const double n = noise->count;
  return (noise->tau_s > 0.0 ? 1.0 / (2.0 / effective + 1.0 / n) : n) * (1.0 - taken_ratio);
}

static tl_code find_noise(work *w, tl_error *err)
{
  double all = 0.0;
  for (uint32_t c = 0; c < w->out->channel_count; c++) {
    const tl_code code = begin_noise(w, c, err);
    if (code != TL_OK) return code;
    all += w->noise[c].count;
  }
  for (int round = 0; round < 40; round++) {
    double most = 0.0;
    collect_noise(w);
    for (uint32_t c = 0; c < w->out->channel_count; c++) {
      const double change = tl_noise_refine(&w->noise[c], w->s);
      if (change > most) most = change;
    }
    if (most < 1e-6) break;
  }
  collect_noise(w);
  for (uint32_t c = 0; c < w->out->channel_count; c++) {
    tl_calibrate_channel_fit *fit = &w->out->channels[c];
    if (w->noise[c].count == 0) continue;
    fit->correlation_s = w->noise[c].tau_s;
    fit->lag1 = tl_noise_lag1(&w->noise[c]);
    fit->effective_count = tl_noise_effective(&w->noise[c]);
    w->degrees += degrees_of(&w->noise[c], fit->effective_count, (double)w->width / all);
  }
  return TL_OK;
}

/* --- covariance -------------------------------------------------------------------------------------------- */
static void covariance(work *w)
{
  const uint32_t n = w->n, f = w->width;
  double *c = w->out->covariance;
  for (uint32_t i = 0; i < n * n; i++) c[i] = w->out->correlation[i] = (double)NAN;
  for (uint32_t a = 0; a < f; a++) /* R^-1 S R^-T, element by element */
    for (uint32_t b = 0; b < f; b++) {
      double sum = 0.0;
      for (uint32_t i = a; i < f; i++) {
        double inner = 0.0;
        for (uint32_t j = b; j < f; j++)
          inner += w->s[(size_t)i * f + j] * w->inverse[(size_t)j * f + b];
        sum += w->inverse[(size_t)i * f + a] * inner;
      }
      if (!w->unseen[w->index[a]] && !w->unseen[w->index[b]])
        c[(size_t)w->index[a] * n + w->index[b]] = sum;
    }
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = 0; b < n; b++) {
      const double square = c[(size_t)a * n + a] * c[(size_t)b * n + b];
      if (square > 0.0)
        w->out->correlation[(size_t)a * n + b] = c[(size_t)a * n + b] / tl_math_sqrt(square);
    }
}

static void intervals(work *w)
{
  const double t = tl_stat_t_quantile(0.975, w->degrees > 1.0 ? w->degrees : 1.0);
  for (uint32_t k = 0; k < w->n; k++) {
    tl_calibrated *v = &w->out->values[k];
    const tl_calibrate_free *free = &w->p->free[k];
    v->low = v->high = v->deviation = (double)NAN;
    v->status = w->unseen[k] ? "not identifiable" : v->at_bound ? "at bound" : "ok";
    if (w->unseen[k] || v->at_bound) continue;
    if (!(w->degrees >= 2.0)) v->status = "few samples";
    v->deviation = tl_math_sqrt(w->out->covariance[(size_t)k * w->n + k]);
    const double low = w->at[k] - t * v->deviation, high = w->at[k] + t * v->deviation;
    v->low = free->log ? tl_math_exp(low) : low;
    v->high = free->log ? tl_math_exp(high) : high;
  }
}

static tl_code allocate(work *w, tl_error *err)
{
  const size_t square = (size_t)(w->n + 1) * (w->n + 1);
  w->r = calloc(3 * square + tl_qr_doubles(w->n + 1), sizeof *w->r);
  w->noise = calloc(w->out->channel_count, sizeof *w->noise);
  w->noise_memory = calloc(w->out->channel_count, sizeof *w->noise_memory);
  if (w->r == NULL || w->noise == NULL || w->noise_memory == NULL)
    return tl_fail(err, TL_E_LIMIT, w->p->where, "no memory for the covariance");
  w->inverse = w->r + square;
  w->s = w->inverse + square;
  w->qr_memory = w->s + square;
  return TL_OK;
}

tl_code tl_statistics(tl_calibration *out, const tl_calibrate_problem *problem, const double *at,
                      const tl_trace_out *trace, tl_error *err)
{
  work *w = calloc(1, sizeof *w);
  if (w == NULL) return tl_fail(err, TL_E_LIMIT, problem->where, "no memory for the covariance");
  w->p = problem;
  w->out = out;
  w->trace = trace;
  w->at = at;
  w->n = problem->free_count;
  for (uint32_t k = 0; k < w->n; k++) w->index[k] = k;
  tl_code code = allocate(w, err);
  if (code == TL_OK) {
    triangle(w, w->index, w->n);
    find_bounds(w);
    code = tl_identify(out, problem, w->r, w->unseen, w->fixed, err);
  }
  if (code == TL_OK) {
    for (uint32_t k = 0; k < w->n; k++)
      if (!w->fixed[k] && !out->values[k].at_bound) w->index[w->width++] = k;
    triangle(w, w->index, w->width);
    tl_dense_invert(w->inverse, w->r, w->width, w->width + 1);
    code = find_noise(w, err);
  }
  if (code == TL_OK) {
    covariance(w);
    intervals(w);
  }
  for (uint32_t c = 0; w->noise_memory != NULL && c < out->channel_count; c++)
    free(w->noise_memory[c]);
  free(w->noise_memory);
  free(w->noise);
  free(w->r);
  free(w);
  return code;
}
