#include "fidelity/calibrate/dense.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <assert.h>
#include <string.h>

/* Eight sums side by side: an order that vectors can keep. count is a multiple of 8. */
TL_INLINE_BODY double dot(const double *restrict a, const double *restrict b, uint32_t count)
{
  double s[8] = {0};
  for (uint32_t i = 0; i < count; i += 8)
    for (uint32_t l = 0; l < 8; l++) s[l] += a[i + l] * b[i + l];
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

size_t tl_qr_doubles(uint32_t n) { return (size_t)n * n + (size_t)n * TL_QR_ROWS; }

void tl_qr_begin(tl_qr *qr, uint32_t n, double *memory, tl_simd_path path)
{
  memset(memory, 0, tl_qr_doubles(n) * sizeof *memory);
  *qr = (tl_qr){n, 0, path, memory, memory + (size_t)n * n};
}

/* Column j: the reflection that takes (r_jj, block_j) to (-+norm, 0), applied to the columns after
 * it. */
TL_INLINE_BODY void reflect(tl_qr *qr, uint32_t j, uint32_t rows)
{
  double *restrict bj = qr->block + (size_t)j * TL_QR_ROWS;
  double *diagonal = &qr->r[(size_t)j * qr->n + j];
  const double below = dot(bj, bj, rows);
  if (!(below > 0.0)) return; /* nothing to fold; NaN: the caller sees it in the residual */
  const double alpha = *diagonal, norm = tl_math_sqrt(alpha * alpha + below);
  const double head = alpha > 0.0 ? alpha + norm : alpha - norm; /* no cancellation */
  const double beta = 2.0 / (head * head + below);
  *diagonal = alpha > 0.0 ? -norm : norm;
  for (uint32_t k = j + 1; k < qr->n; k++) {
    double *restrict bk = qr->block + (size_t)k * TL_QR_ROWS;
    double *rjk = &qr->r[(size_t)k * qr->n + j];
    const double f = beta * (head * *rjk + dot(bj, bk, rows));
    *rjk -= f * head;
    for (uint32_t i = 0; i < rows; i++) bk[i] -= f * bj[i];
  }
}

static void reflect_all(tl_qr *qr, uint32_t rows)
{
  for (uint32_t j = 0; j < qr->n; j++) reflect(qr, j, rows);
}

TL_TARGET_AVX2 static void reflect_all_avx2(tl_qr *qr, uint32_t rows)
{
  for (uint32_t j = 0; j < qr->n; j++) reflect(qr, j, rows);
}

void tl_qr_fold(tl_qr *qr)
{
  if (qr->filled == 0) return;
  const uint32_t rows = (qr->filled + 7) / 8 * 8;
  for (uint32_t j = 0; j < qr->n; j++) {
    double *b = qr->block + (size_t)j * TL_QR_ROWS;
    for (uint32_t i = qr->filled; i < rows; i++) b[i] = 0.0;
  }
  if (qr->path == TL_PATH_AVX2 || qr->path == TL_PATH_VNNI)
    reflect_all_avx2(qr, rows);
  else
    reflect_all(qr, rows);
  qr->filled = 0;
}

void tl_qr_merge(tl_qr *qr, const double *r)
{
  for (uint32_t i = 0; i < qr->n; i++) {
    double *row = tl_qr_row(qr);
    for (uint32_t j = 0; j < qr->n; j++)
      row[(size_t)j * TL_QR_ROWS] = j >= i ? r[(size_t)j * qr->n + i] : 0.0;
    tl_qr_pushed(qr);
  }
  tl_qr_fold(qr);
}

/* --- the bounded step --- */
/* Least squares of the rows x (n_free + 1) matrix a (by columns, the last is the right side with its
 * sign turned): Householder, then back substitution into x. */
static void solve(double *restrict a, uint32_t rows, uint32_t n, double *restrict x)
{
  for (uint32_t j = 0; j < n; j++) {
    double *restrict aj = a + (size_t)j * rows;
    double below = 0.0;
    for (uint32_t i = j + 1; i < rows; i++) below += aj[i] * aj[i];
    const double alpha = aj[j];
    if (!(below > 0.0)) continue;
    const double norm = tl_math_sqrt(alpha * alpha + below);
    const double head = alpha > 0.0 ? alpha + norm : alpha - norm;
    const double beta = 2.0 / (head * head + below);
    aj[j] = alpha > 0.0 ? -norm : norm;
    for (uint32_t k = j + 1; k <= n; k++) {
      double *restrict ak = a + (size_t)k * rows;
      double sum = head * ak[j];
      for (uint32_t i = j + 1; i < rows; i++) sum += aj[i] * ak[i];
      sum *= beta;
      ak[j] -= sum * head;
      for (uint32_t i = j + 1; i < rows; i++) ak[i] -= sum * aj[i];
    }
  }
  const double *q = a + (size_t)n * rows;
  for (uint32_t j = n; j-- > 0;) {
    double sum = -q[j];
    for (uint32_t k = j + 1; k < n; k++) sum -= a[(size_t)k * rows + j] * x[k];
    const double diagonal = a[(size_t)j * rows + j];
    x[j] = diagonal != 0.0 ? sum / diagonal : 0.0;
  }
}

/* The columns that are not pinned, damping below them, and q + R d of the pinned ones. */
static uint32_t gather(double *a, uint32_t n, const double *r, const double *damping,
                       const double *d, const uint8_t *pinned)
{
  const uint32_t rows = 2 * n, stride = n + 1;
  uint32_t count = 0;
  for (uint32_t j = 0; j < n; j++) {
    if (pinned[j]) continue;
    double *to = a + (size_t)count * rows;
    memset(to, 0, rows * sizeof *to);
    for (uint32_t i = 0; i <= j; i++) to[i] = r[(size_t)j * stride + i];
    to[n + count++] = damping[j];
  }
  double *q = a + (size_t)count * rows;
  memset(q, 0, rows * sizeof *q);
  for (uint32_t i = 0; i < n; i++) {
    q[i] = r[(size_t)n * stride + i];
    for (uint32_t j = i; j < n; j++)
      if (pinned[j]) q[i] += r[(size_t)j * stride + i] * d[j];
  }
  return count;
}

void tl_dense_step(double *d, uint32_t n, const double *r, const double *damping, const double *low,
                   const double *high, uint8_t *pinned, double *scratch)
{
  double *a = scratch, *x = scratch + (size_t)2 * n * (n + 1);
  for (uint32_t i = 0; i < n; i++) d[i] = 0.0;
  for (uint32_t round = 0; round <= n; round++) {
    const uint32_t count = gather(a, n, r, damping, d, pinned);
    if (count == 0) return;
    solve(a, 2 * n, count, x);
    uint32_t out = 0;
    for (uint32_t j = 0, k = 0; j < n; j++) {
      if (pinned[j]) continue;
      d[j] = x[k++];
      if (d[j] >= low[j] && d[j] <= high[j]) continue;
      d[j] = d[j] < low[j] ? low[j] : high[j];
      pinned[j] = 1;
      out++;
    }
    if (out == 0) return;
  }
}

/* --- singular values --- */
static double product(const double *a, const double *b, uint32_t n)
{
  double sum = 0.0;
  for (uint32_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static void rotate(double *a, double *b, uint32_t n, double c, double s)
{
  for (uint32_t i = 0; i < n; i++) {
    const double x = a[i], y = b[i];
    a[i] = c * x - s * y;
    b[i] = s * x + c * y;
  }
}

static void swap_columns(double *a, double *b, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    const double keep = a[i];
    a[i] = b[i];
    b[i] = keep;
  }
}

void tl_dense_svd(double *a, double *v, double *sigma, uint32_t n)
{
  for (uint32_t j = 0; j < n; j++)
    for (uint32_t i = 0; i < n; i++) v[(size_t)j * n + i] = i == j ? 1.0 : 0.0;
  for (int sweep = 0; sweep < 60; sweep++) {
    uint32_t rotations = 0;
    for (uint32_t p = 0; p + 1 < n; p++)
      for (uint32_t q = p + 1; q < n; q++) {
        double *ap = a + (size_t)p * n, *aq = a + (size_t)q * n;
        const double pp = product(ap, ap, n), qq = product(aq, aq, n), pq = product(ap, aq, n);
        if (!(pq * pq > 1e-30 * pp * qq)) continue;
        const double zeta = (qq - pp) / (2.0 * pq);
        const double root = tl_math_sqrt(1.0 + zeta * zeta);
        const double t = zeta >= 0.0 ? 1.0 / (zeta + root) : -1.0 / (root - zeta);
        const double c = 1.0 / tl_math_sqrt(1.0 + t * t);
        rotate(ap, aq, n, c, c * t);
        rotate(v + (size_t)p * n, v + (size_t)q * n, n, c, c * t);
        rotations++;
      }
    if (rotations == 0) break;
  }
  for (uint32_t j = 0; j < n; j++)
    sigma[j] = tl_math_sqrt(product(a + (size_t)j * n, a + (size_t)j * n, n));
  for (uint32_t j = 0; j + 1 < n; j++) { /* descending; ties keep their order */
    uint32_t most = j;
    for (uint32_t k = j + 1; k < n; k++)
      if (sigma[k] > sigma[most]) most = k;
    if (most == j) continue;
    swap_columns(&sigma[j], &sigma[most], 1);
    swap_columns(a + (size_t)j * n, a + (size_t)most * n, n);
    swap_columns(v + (size_t)j * n, v + (size_t)most * n, n);
  }
}

void tl_dense_invert(double *out, const double *r, uint32_t n, uint32_t stride)
{
  memset(out, 0, (size_t)n * n * sizeof *out);
  for (uint32_t j = 0; j < n; j++) {
    double *x = out + (size_t)j * n;
    x[j] = 1.0 / r[(size_t)j * stride + j];
    for (uint32_t i = j; i-- > 0;) {
      double sum = 0.0;
      for (uint32_t k = i + 1; k <= j; k++) sum += r[(size_t)k * stride + i] * x[k];
      x[i] = -sum / r[(size_t)i * stride + i];
    }
  }
}
