/* dtw.c: time warping in the forms that packages offer, its soft minimum, and the longest common
 * subsequence. */
#include "fidelity/metric/warp.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <math.h>

/* The cheapest predecessor plus the local cost; a diagonal step costs `both` times. Carried: steps that
 * are not diagonal; of paths that cost the same the one with the fewest counts. */
TL_INLINE_BODY void cells(const tl_warp_diagonal *d, bool is_square, double both)
{
  const double *restrict a = d->a, *restrict b = d->b;
  const double *restrict last = d->last, *restrict before = d->before;
  const double *restrict bent_last = d->carried_last[0];
  const double *restrict bent_before = d->carried_before[0];
  double *restrict now = d->now, *restrict bent = d->carried_now[0];
  const ptrdiff_t count = (ptrdiff_t)d->count;
#pragma GCC ivdep /* rows of the table never overlap */
  for (ptrdiff_t k = 0; k < count; k++) {
    const double gap = a[k] - b[k], cost = is_square ? gap * gap : fabs(gap);
    const double up = last[k - 1] + cost, left = last[k] + cost;
    const double diagonal = before[k - 1] + both * cost;
    const double bent_up = bent_last[k - 1] + 1.0, bent_left = bent_last[k] + 1.0;
    const double bent_straight = bent_before[k - 1];
    const double side = left < up ? left : up;
    const double fewer = bent_left < bent_up ? bent_left : bent_up;
    const double bent_one = left < up ? bent_left : bent_up;
    const double bent_side = left == up ? fewer : bent_one;
    const double fewest = bent_side < bent_straight ? bent_side : bent_straight;
    const double bent_other = side < diagonal ? bent_side : bent_straight;
    now[k] = side < diagonal ? side : diagonal;
    bent[k] = side == diagonal ? fewest : bent_other;
  }
}

/* Each for every processor and for those with AVX2: the same bits. */
#define KERNEL(form, name, is_square, both)                                                        \
  form void name(const tl_warp_diagonal *d, double unused)                                         \
  {                                                                                                \
    (void)unused;                                                                                  \
    cells(d, is_square, both);                                                                     \
  }
/* clang-format off */
KERNEL(static, squared, true, 1.0)
KERNEL(static, symmetric1, false, 1.0)
KERNEL(static, symmetric2, false, 2.0)
KERNEL(TL_TARGET_AVX2 static, squared_avx2, true, 1.0)
KERNEL(TL_TARGET_AVX2 static, symmetric1_avx2, false, 1.0)
KERNEL(TL_TARGET_AVX2 static, symmetric2_avx2, false, 2.0)
/* clang-format on */
#undef KERNEL

static tl_warp_kernel *best(tl_warp_kernel *any, tl_warp_kernel *avx2)
{
  return TL_HAVE_X86 && tl_cpu_has_path(TL_PATH_AVX2) ? avx2 : any;
}

static tl_warp_def def_of(const tl_metric_input *in, tl_warp_kernel *kernel, const char *what)
{
  return (tl_warp_def){.a = in->sim_own,
                       .b = in->ref_own,
                       .below = SIZE_MAX,
                       .above = SIZE_MAX,
                       .outside = (double)INFINITY,
                       .start = {0.0, -1.0, 0.0}, /* the step into the first cell bends nothing */
                       .kernel = kernel,
                       .what = what};
}

static bool is_empty(const tl_metric_input *in)
{
  return in->sim_own.count == 0 || in->ref_own.count == 0;
}

static tl_code euclid(tl_metric_value out[2], const tl_metric_input *in, double radius,
                      tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  if (is_empty(in)) return TL_OK;
  tl_warp_def def = def_of(in, best(squared, squared_avx2), "time warping");
  tl_warp_band(&def, radius);
  const tl_code code = tl_warp(got, &def, err);
  if (code != TL_OK) return code;
  tl_metric_set(&out[0], sqrt(got[0]));
  tl_metric_set(&out[1], got[1]);
  return TL_OK;
}

tl_code tl_family_dtw_euclid(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                             const tl_metric_parameters *parameters, tl_error *err)
{
  return euclid(&out[TL_METRIC_dtw_euclid], in, parameters->value[TL_PARAMETER_window] - 1.0, err);
}

tl_code tl_family_dtw_tslearn(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                              const tl_metric_parameters *parameters, tl_error *err)
{
  return euclid(&out[TL_METRIC_dtw_tslearn], in, parameters->value[TL_PARAMETER_sakoe_chiba_radius],
                err);
}

tl_code tl_family_dtw_symmetric1(tl_metric_value out[TL_METRIC_ALL_COUNT],
                                 const tl_metric_input *in, const tl_metric_parameters *parameters,
                                 tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  (void)parameters;
  if (is_empty(in)) return TL_OK;
  const tl_warp_def def = def_of(in, best(symmetric1, symmetric1_avx2), "time warping");
  const tl_code code = tl_warp(got, &def, err);
  if (code != TL_OK) return code;
  tl_metric_set(&out[TL_METRIC_dtw_symmetric1], got[0]);
  tl_metric_set(&out[TL_METRIC_dtw_symmetric1_warp], got[1]);
  return TL_OK;
}

tl_code tl_family_dtw_symmetric2(tl_metric_value out[TL_METRIC_ALL_COUNT],
                                 const tl_metric_input *in, const tl_metric_parameters *parameters,
                                 tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  (void)parameters;
  if (is_empty(in)) return TL_OK;
  const tl_warp_def def = def_of(in, best(symmetric2, symmetric2_avx2), "time warping");
  const tl_code code = tl_warp(got, &def, err);
  if (code != TL_OK) return code;
  tl_metric_set(&out[TL_METRIC_dtw_symmetric2], got[0]);
  tl_metric_set(&out[TL_METRIC_dtw_symmetric2_normalized],
                got[0] / (double)(in->sim_own.count + in->ref_own.count));
  tl_metric_set(&out[TL_METRIC_dtw_symmetric2_warp], got[1]);
  return TL_OK;
}

/* Soft minimum of Cuturi and Blondel 2017, by its largest term so that nothing overflows. */
static void soft(const tl_warp_diagonal *d, double gamma)
{
  const ptrdiff_t count = (ptrdiff_t)d->count;
  for (ptrdiff_t k = 0; k < count; k++) {
    const double gap = d->a[k] - d->b[k];
    const double up = d->last[k - 1], left = d->last[k], diagonal = d->before[k - 1];
    const double side = up < left ? up : left, least = side < diagonal ? side : diagonal;
    const double sum = tl_math_exp((least - up) / gamma) + tl_math_exp((least - left) / gamma) +
                       tl_math_exp((least - diagonal) / gamma);
    d->now[k] = gap * gap + (least - gamma * tl_math_log(sum));
  }
}

tl_code tl_family_softdtw(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                          const tl_metric_parameters *parameters, tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  if (is_empty(in)) return TL_OK;
  tl_warp_def def = def_of(in, soft, "soft time warping");
  def.parameter = parameters->value[TL_PARAMETER_gamma];
  const tl_code code = tl_warp(got, &def, err);
  if (code == TL_OK) tl_metric_set(&out[TL_METRIC_softdtw], got[0]);
  return code;
}

static void common(const tl_warp_diagonal *d, double eps)
{
  const ptrdiff_t count = (ptrdiff_t)d->count;
  for (ptrdiff_t k = 0; k < count; k++) {
    const double up = d->last[k - 1], left = d->last[k], match = d->before[k - 1] + 1.0;
    const double longer = up > left ? up : left;
    d->now[k] = fabs(d->a[k] - d->b[k]) <= eps ? match : longer;
  }
}

tl_code tl_family_lcss(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                       const tl_metric_parameters *parameters, tl_error *err)
{
  double got[1 + TL_WARP_CARRIED];
  const double eps = parameters->value[TL_PARAMETER_eps];
  if (isnan(eps)) {
    tl_metric_undefined(&out[TL_METRIC_lcss], "needs the parameter eps");
    return TL_OK;
  }
  if (is_empty(in)) return TL_OK;
  tl_warp_def def = def_of(in, common, "common subsequence");
  def.outside = 0.0;
  def.parameter = eps;
  const tl_code code = tl_warp(got, &def, err);
  const size_t n = in->sim_own.count, m = in->ref_own.count;
  if (code == TL_OK) tl_metric_set(&out[TL_METRIC_lcss], got[0] / (double)(n < m ? n : m));
  return code;
}
