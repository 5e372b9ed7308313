/* alignment.c: Munoz et al., MODELS 2022: Needleman-Wunsch alignment of two traces of values with affine gaps.
 * i runs over sim (the digital twin), j over ref. Similarity 1 - |d|/mad below mad, else 0.
 * Three tables: T[0][0] = 0, T[i][0] = init + cont i, T[0][j] = init + cont j. Del[i][0] = -inf for i > 0, Del[0][j] =
 * init + cont j; Ins[0][j] = -inf for j > 0, Ins[i][0] = init + cont i. Inside
 *   Del[i][j] = max(init + cont + T[i-1][j], cont + Del[i-1][j]), Ins[i][j] likewise from [i][j-1],
 *   sub = T[i-1][j-1] + similarity; ties within 1e-4: sub, else Ins or Del as below.
 * The path is read from T's choices alone, as the published implementation does: so what is asked of it is carried
 * forward along these, on anti-diagonals (see warp.h), and no table is kept. */
#include "fidelity/metric/family.h"

#include <math.h>
#include <stdlib.h>

enum { T, DELETION, INSERTION, MATCHES, MISMATCHES, GAP_SUM, KINDS, DIAGONALS = 3 };

typedef struct aligner {
  const double *sim, *ref_reversed;
  size_t n, m;
  double init, cont, mad;
  double *row[KINDS][DIAGONALS]; /* [0 .. n] */
} aligner;

/* Cells (i, d - i) for i in [begin, end), both from 1. */
static void inside(const aligner *a, size_t d, size_t begin, size_t end)
{
  const size_t now = d % 3, last = (d + 2) % 3, before = (d + 1) % 3;
  const double init = a->init, cont = a->cont, mad = a->mad, tolerance = 1e-4;
  const double *restrict sim = a->sim + begin - 1;
  const double *restrict ref = a->ref_reversed + (begin + a->m - d); /* ref[j - 1], reversed */
  const double *restrict t_last = a->row[T][last] + begin, *restrict t_before =
                                                               a->row[T][before] + begin;
  const double *restrict del_last = a->row[DELETION][last] + begin;
  const double *restrict ins_last = a->row[INSERTION][last] + begin;
  double *restrict t_now = a->row[T][now] + begin, *restrict del_now =
                                                       a->row[DELETION][now] + begin;
  double *restrict ins_now = a->row[INSERTION][now] + begin;
  const ptrdiff_t count = (ptrdiff_t)(end - begin);
  for (ptrdiff_t k = 0; k < count; k++) {
    const double open_del = init + cont + t_last[k - 1], more_del = cont + del_last[k - 1];
    const double open_ins = init + cont + t_last[k], more_ins = cont + ins_last[k];
    const double gap = fabs(sim[k] - ref[k]);
    const double likeness = gap < mad ? 1.0 - gap / mad : 0.0;
    const double del = open_del > more_del ? open_del : more_del;
    const double ins = open_ins > more_ins ? open_ins : more_ins;
    const double sub = t_before[k - 1] + likeness;
    const bool beats_del = sub >= del - tolerance, is_sub = beats_del && sub >= ins - tolerance;
    const bool is_ins = beats_del || del < ins - tolerance; /* read when it is no sub */
    del_now[k] = del;
    ins_now[k] = ins;
    t_now[k] = is_sub ? sub : is_ins ? ins : del;
    for (int kind = MATCHES; kind < KINDS; kind++) {
      const double *from_last = a->row[kind][last] + begin,
                   *from_before = a->row[kind][before] + begin;
      const double add = kind == MATCHES      ? (double)(likeness > 0.0)
                         : kind == MISMATCHES ? (double)!(likeness > 0.0)
                         : likeness > 0.0     ? gap
                                              : 0.0;
      const double stepped = from_before[k - 1] + add,
                   waited = is_ins ? from_last[k] : from_last[k - 1];
      a->row[kind][now][begin + (size_t)k] = is_sub ? stepped : waited;
    }
  }
}

static void edge(const aligner *a, size_t now, size_t at, double t, double del, double ins)
{
  a->row[T][now][at] = t;
  a->row[DELETION][now][at] = del;
  a->row[INSERTION][now][at] = ins;
  for (int kind = MATCHES; kind < KINDS; kind++) a->row[kind][now][at] = 0.0;
}

static void run(const aligner *a)
{
  const double none = -(double)INFINITY;
  edge(a, 0, 0, 0.0, 0.0, 0.0);
  for (size_t d = 1; d <= a->n + a->m; d++) {
    const double penalty = a->init + a->cont * (double)d;
    const size_t begin = d > a->m ? d - a->m : 1, end = d <= a->n ? d : a->n + 1;
    if (d <= a->m) edge(a, d % 3, 0, penalty, penalty, none);
    if (begin < end) inside(a, d, begin, end);
    if (d <= a->n) edge(a, d % 3, d, penalty, none, penalty);
  }
}

static void answer(tl_metric_value *out, const aligner *a)
{
  const size_t last = (a->n + a->m) % 3;
  const double most = (double)(a->n > a->m ? a->n : a->m);
  const double matches = a->row[MATCHES][last][a->n], mismatches = a->row[MISMATCHES][last][a->n];
  tl_metric_set(&out[TL_METRIC_nw_pct_matched], matches / most * 100.0);
  tl_metric_set(&out[TL_METRIC_nw_pct_mismatched], mismatches / most * 100.0);
  tl_metric_set(&out[TL_METRIC_nw_n_gaps], (double)(a->n + a->m) - 2.0 * (matches + mismatches));
  tl_metric_set(&out[TL_METRIC_nw_score], a->row[T][last][a->n]);
  if (matches > 0.0)
    tl_metric_set(&out[TL_METRIC_nw_p2p_mean], a->row[GAP_SUM][last][a->n] / matches);
  else
    tl_metric_undefined(&out[TL_METRIC_nw_p2p_mean], "nothing matches");
}

/* Every stride-th sample. */
static size_t thin(double *out, const tl_metric_side *side, size_t stride, bool reversed)
{
  const size_t count = (side->count + stride - 1) / stride;
  for (size_t i = 0; i < count; i++) out[reversed ? count - 1 - i : i] = side->value[i * stride];
  return count;
}

tl_code tl_family_alignment(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,
                            const tl_metric_parameters *parameters, tl_error *err)
{
  aligner a = {.init = parameters->value[TL_PARAMETER_init_gap],
               .cont = parameters->value[TL_PARAMETER_cont_gap],
               .mad = parameters->value[TL_PARAMETER_mad]};
  const size_t stride = (size_t)parameters->value[TL_PARAMETER_stride];
  if (isnan(a.mad)) {
    for (int m = TL_METRIC_nw_pct_matched; m <= TL_METRIC_nw_p2p_mean; m++)
      tl_metric_undefined(&out[m], "needs the parameter mad");
    return TL_OK;
  }
  if (in->sim_own.count == 0 || in->ref_own.count == 0) return TL_OK;
  const size_t most = in->sim_own.count / stride + 1, width = in->ref_own.count / stride + 1;
  void *memory = NULL;
  tl_code code = tl_metric_table_allowed(most, width, "an alignment", err);
  if (code == TL_OK)
    code = tl_metric_memory(&memory, KINDS * DIAGONALS * (most + 1) + most + width, sizeof(double),
                            err);
  if (code != TL_OK) return code;
  double *next = memory;
  for (int kind = 0; kind < KINDS; kind++)
    for (int d = 0; d < DIAGONALS; d++, next += most + 1) a.row[kind][d] = next;
  a.sim = next;
  a.ref_reversed = next + most;
  a.n = thin(next, &in->sim_own, stride, false);
  a.m = thin(next + most, &in->ref_own, stride, true);
  run(&a);
  answer(out, &a);
  free(memory);
  return TL_OK;
}
