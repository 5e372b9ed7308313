/* identify.c: directions in which the free values may move without being seen, in words.
 *
 * The Jacobian's columns are scaled to length 1; singular values below 1e-6 of the greatest are
 * taken for 0 (differences resolve about 1e-9). The basis of what is unseen is then made sparse, so
 * that a direction names few values, and read as exponents of values where 0 is their zero. */
#include "fidelity/calibrate/statistics.h"

#include "base/dmath.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unseen_ratio = 1e-6, part_ratio = 0.02, equal_ratio = 0.05;

typedef struct basis {
  uint32_t n, count;
  double *row;         /* [count][n] exponents */
  const double *scale; /* [n]: an exponent times this is a step in scaled columns */
} basis;

static double size(double x) { return x < 0.0 ? -x : x; }

static double greatest(const double *row, uint32_t n)
{
  double most = 0.0;
  for (uint32_t k = 0; k < n; k++)
    if (size(row[k]) > most) most = size(row[k]);
  return most;
}

static uint32_t parts(const double *row, uint32_t n)
{
  uint32_t count = 0;
  for (uint32_t k = 0; k < n; k++) count += row[k] != 0.0;
  return count;
}

/* A value takes part when its exponent is not small, or when its effect is not: a small value moves
 * by a large exponent, a weak one by a small effect. */
static void clean(const basis *b, double *row)
{
  double effect = 0.0;
  const double most = greatest(row, b->n);
  for (uint32_t k = 0; k < b->n; k++)
    if (size(row[k]) * b->scale[k] > effect) effect = size(row[k]) * b->scale[k];
  for (uint32_t k = 0; k < b->n; k++) {
    const bool takes_part =
        size(row[k]) > part_ratio * most || size(row[k]) * b->scale[k] > part_ratio * effect;
    row[k] = takes_part && most > 0.0 ? row[k] / most : 0.0;
  }
}

/* Gauss, Jordan: every row gets a value of its own, that of the greatest effect, which no other row
 * has; fixed[] marks it. */
static void eliminate(basis *b, uint8_t *fixed)
{
  for (uint32_t i = 0; i < b->count; i++) {
    double *row = b->row + (size_t)i * b->n;
    uint32_t pivot = 0;
    for (uint32_t k = 1; k < b->n; k++)
      if (size(row[k]) * b->scale[k] > size(row[pivot]) * b->scale[pivot] * (1.0 + 1e-6)) pivot = k;
    fixed[pivot] = 1;
    for (uint32_t j = 0; j < b->count; j++) {
      double *other = b->row + (size_t)j * b->n;
      if (j == i || row[pivot] == 0.0) continue;
      const double f = other[pivot] / row[pivot];
      for (uint32_t k = 0; k < b->n; k++) other[k] -= f * row[k];
      other[pivot] = 0.0;
    }
  }
  for (uint32_t i = 0; i < b->count; i++) clean(b, b->row + (size_t)i * b->n);
}

/* row - f other, where f takes away value k, if that names fewer values. */
static bool thin_out(const basis *b, double *row, const double *other)
{
  double better[TL_CALIBRATE_FREE_MAX];
  const uint32_t n = b->n, now = parts(row, n);
  for (uint32_t k = 0; k < n; k++) {
    if (row[k] == 0.0 || other[k] == 0.0) continue;
    const double f = row[k] / other[k];
    for (uint32_t j = 0; j < n; j++) better[j] = row[j] - f * other[j];
    better[k] = 0.0;
    if (greatest(better, n) < 0.1 * greatest(row, n)) continue; /* the same direction */
    clean(b, better);
    if (parts(better, n) >= now) continue;
    memcpy(row, better, n * sizeof *row);
    return true;
  }
  return false;
}

static void make_sparse(basis *b)
{
  bool changed = true;
  for (uint32_t round = 0; changed && round < 4 * b->count; round++) {
    changed = false;
    for (uint32_t i = 0; i < b->count; i++)
      for (uint32_t j = 0; j < b->count; j++)
        if (i != j) changed |= thin_out(b, b->row + (size_t)i * b->n, b->row + (size_t)j * b->n);
  }
}

/* --- words ------------------------------------------------------------------------------------------- */
static void add_names(tl_text *out, const tl_calibrate_problem *p, const double *row)
{
  uint32_t left = parts(row, p->free_count), said = 0;
  const uint32_t all = left;
  for (uint32_t k = 0; k < p->free_count; k++) {
    if (row[k] == 0.0) continue;
    left--;
    if (said == 12 && left > 0) { /* a sentence has an end */
      tl_text_addf(out, " and %u more", left + 1);
      return;
    }
    tl_text_add(out, said == 0 ? "" : left == 0 && all > 1 ? " and " : ", ");
    tl_text_add(out, p->free[k].name);
    said++;
  }
}

static void describe(tl_text *out, const tl_calibrate_problem *p, const double *row)
{
  bool equal = true, relative = true, same_sign = true;
  double first = 0.0;
  const uint32_t count = parts(row, p->free_count);
  for (uint32_t k = 0; k < p->free_count; k++) {
    if (row[k] == 0.0) continue;
    if (first == 0.0) first = row[k];
    equal &= size(size(row[k]) - size(first)) <= equal_ratio * size(first);
    same_sign &= row[k] * first > 0.0;
    relative &= p->free[k].relative;
  }
  add_names(out, p, row);
  if (count == 1)
    tl_text_add(out, " has no effect on what is compared: give it");
  else if (relative && equal && count == 2 && !same_sign)
    tl_text_add(out, ": only their product is seen: give one");
  else if (relative && equal && count == 2)
    tl_text_add(out, ": only their ratio is seen: give one");
  else if (relative && equal && same_sign)
    tl_text_add(out, " scale together: give one");
  else
    tl_text_add(out, " make up for each other: only a combination is seen: give one");
}

static tl_code add_sentence(tl_calibration *out, const tl_calibrate_problem *p, const double *row,
                            tl_error *err)
{
  void *grown =
      realloc(out->unidentifiable, (out->sentence_count + 1) * sizeof *out->unidentifiable);
  if (grown == NULL) return tl_fail(err, TL_E_LIMIT, p->where, "no memory for a sentence");
  out->unidentifiable = grown;
  tl_text text =
      tl_text_over(out->unidentifiable[out->sentence_count++], sizeof *out->unidentifiable);
  describe(&text, p, row);
  return TL_OK;
}

/* --- the directions ------------------------------------------------------------------------------------ */
/* Exponents: of a logarithm it is the step itself, of a value with a natural zero the step over the
 * value, of others the step over the width of its bounds. */
static double unit_of(const tl_calibrate_free *free, double value)
{
  if (free->log) return 1.0;
  return free->relative && value != 0.0 ? size(value) : free->high - free->low;
}

static void find_unseen(basis *b, double *a, double *v, double *sigma, tl_calibration *out)
{
  const uint32_t n = b->n;
  tl_dense_svd(a, v, sigma, n);
  out->condition = sigma[n - 1] > 0.0 ? sigma[0] / sigma[n - 1] : (double)INFINITY;
  for (uint32_t j = 0; j < n; j++) {
    if (sigma[j] > unseen_ratio * sigma[0]) continue;
    double *row = b->row + (size_t)b->count++ * n;
    for (uint32_t k = 0; k < n; k++) row[k] = v[(size_t)j * n + k] / b->scale[k];
    clean(b, row);
  }
}

static double length(const double *column, uint32_t count)
{
  double sum = 0.0;
  for (uint32_t i = 0; i < count; i++) sum += column[i] * column[i];
  return tl_math_sqrt(sum);
}

/* Columns of length 1 into a; scale: length times what an exponent of 1 is. */
static void scale_columns(double *a, double *scale, const tl_calibration *out,
                          const tl_calibrate_problem *p, const double *r)
{
  const uint32_t n = p->free_count, stride = n + 1;
  double most = 0.0;
  for (uint32_t k = 0; k < n; k++) {
    const double norm = length(r + (size_t)k * stride, k + 1);
    scale[k] = norm * unit_of(&p->free[k], out->values[k].value);
    if (scale[k] > most) most = scale[k];
    for (uint32_t i = 0; i <= k && norm > 0.0; i++)
      a[(size_t)k * n + i] = r[(size_t)k * stride + i] / norm;
  }
  for (uint32_t k = 0; k < n; k++) { /* rounding alone is no effect */
    if (scale[k] > 1e-9 * most) continue;
    memset(a + (size_t)k * n, 0, n * sizeof *a);
    scale[k] = 1.0;
  }
}

tl_code tl_identify(tl_calibration *out, const tl_calibrate_problem *p, const double *r,
                    uint8_t *unseen, uint8_t *fixed, tl_error *err)
{
  const uint32_t n = p->free_count;
  double scale[TL_CALIBRATE_FREE_MAX], sigma[TL_CALIBRATE_FREE_MAX];
  double *a = calloc((size_t)3 * n * n, sizeof *a);
  if (a == NULL) return tl_fail(err, TL_E_LIMIT, p->where, "no memory for directions");
  basis b = {n, 0, a + (size_t)2 * n * n, scale};
  scale_columns(a, scale, out, p, r);
  find_unseen(&b, a, a + (size_t)n * n, sigma, out);
  memset(unseen, 0, n);
  memset(fixed, 0, n);
  eliminate(&b, fixed);
  make_sparse(&b);
  tl_code code = TL_OK;
  for (uint32_t i = 0; i < b.count && code == TL_OK; i++) {
    const double *row = b.row + (size_t)i * n;
    for (uint32_t k = 0; k < n; k++) unseen[k] |= row[k] != 0.0;
    code = add_sentence(out, p, row, err);
  }
  free(a);
  return code;
}
