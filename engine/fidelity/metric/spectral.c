/* spectral.c: distance of the logarithms of two power spectra (Gray and Markel 1976), each estimated by Welch's
 * method (1967): segments with their mean removed, a periodic Hann window, powers averaged. Frequencies k / (L dt) for
 * k = 1 .. L/2; what lies more than 100 dB below the reference's greatest power counts as 100 dB below: rounding has a
 * spectrum too. */
#include "fidelity/metric/family.h"

#include "base/dmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR_RATIO 1e-10
enum { SEGMENT_MIN = 8, SEGMENT_MAX = 1024 };

typedef struct welch {
  size_t length, hop, bins;
  const double *cosine, *sine; /* of 2 pi i / length */
} welch;

static void tables(double *cosine, double *sine, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    const double angle = 2.0 * 3.14159265358979323846 * (double)i / (double)length;
    cosine[i] = tl_math_cos(angle);
    sine[i] = tl_math_sin(angle);
  }
}

static double power_at(const welch *w, const double *x, size_t k)
{
  double re = 0.0, im = 0.0;
  for (size_t i = 0, turn = 0; i < w->length; i++) {
    re += x[i] * w->cosine[turn];
    im += x[i] * w->sine[turn];
    turn += k;
    if (turn >= w->length) turn -= w->length;
  }
  return re * re + im * im;
}

/* power: bins values, of frequency 1 .. bins; room: length values */
static void spectrum(double *power, double *room, const welch *w, const double *value, size_t count)
{
  memset(power, 0, w->bins * sizeof *power);
  for (size_t begin = 0; begin + w->length <= count; begin += w->hop) {
    double mean = 0.0;
    for (size_t i = 0; i < w->length; i++) mean += value[begin + i];
    mean /= (double)w->length;
    for (size_t i = 0; i < w->length; i++)
      room[i] = (value[begin + i] - mean) * (0.5 - 0.5 * w->cosine[i]);
    for (size_t k = 0; k < w->bins; k++) power[k] += power_at(w, room, k + 1);
  }
}

static double distance(const double *ref, const double *sim, size_t bins)
{
  double most = 0.0, sum = 0.0;
  for (size_t k = 0; k < bins; k++)
    if (ref[k] > most) most = ref[k];
  const double least = FLOOR_RATIO * most;
  for (size_t k = 0; k < bins; k++) {
    const double a = ref[k] > least ? ref[k] : least, b = sim[k] > least ? sim[k] : least;
    const double decibel = 10.0 * tl_math_log10(a / b);
    sum += decibel * decibel;
  }
  return sqrt(sum / (double)bins);
}

static size_t segment_length(size_t count, double wanted)
{
  if (!isnan(wanted)) return (size_t)wanted;
  const size_t quarter = count / 4;
  return quarter < SEGMENT_MIN ? SEGMENT_MIN : quarter > SEGMENT_MAX ? SEGMENT_MAX : quarter;
}

tl_code tl_family_spectral(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                           const tl_metric_parameters *parameters, tl_error *err)
{
  tl_metric_value *answer = &out[TL_METRIC_log_spectral_distance];
  const size_t n = in->ref.count;
  const size_t length = segment_length(n, parameters->value[TL_PARAMETER_segment]);
  if (n == 0) return TL_OK;
  if (isnan(parameters->value[TL_PARAMETER_dt]) && !in->uniform) {
    tl_metric_undefined(answer,
                        "the time grid is not uniform: resample, or give dt if it is meant to be");
    return TL_OK;
  }
  if (length > n) {
    tl_metric_undefined(answer, "fewer samples than one segment of the spectrum");
    return TL_OK;
  }
  if (tl_moments_of(in->ref.value, n).is_constant || tl_moments_of(in->sim.value, n).is_constant) {
    tl_metric_undefined(answer, "a side is constant: it has no spectrum");
    return TL_OK;
  }
  const size_t kept = (size_t)((double)length * parameters->value[TL_PARAMETER_overlap]);
  welch w = {.length = length, .hop = length - kept, .bins = length / 2};
  void *memory = NULL;
  tl_code code =
      tl_metric_table_allowed((n - length) / w.hop + 1, length * w.bins, "a spectrum", err);
  if (code == TL_OK) code = tl_metric_memory(&memory, length, 5 * sizeof(double), err);
  if (code != TL_OK) return code;
  double *cosine = memory, *sine = cosine + length, *room = sine + length, *ref = room + length;
  double *sim = ref + w.bins;
  tables(cosine, sine, length);
  w.cosine = cosine;
  w.sine = sine;
  spectrum(ref, room, &w, in->ref.value, n);
  spectrum(sim, room, &w, in->sim.value, n);
  tl_metric_set(answer, distance(ref, sim, w.bins));
  free(memory);
  return TL_OK;
}
