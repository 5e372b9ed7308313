/* dense.h: small dense least squares in written order: rows folded into R, bounded steps, singular
 * values.
 *
 * Why: a Jacobian of 13 000 rows and 46 columns is never stored; its rows go through a buffer into
 * the triangle of a QR factorisation (Golub, Van Loan, "Matrix computations", 5.2 and 6.5: block
 * updating by Householder reflections), which keeps the full accuracy that normal equations lose.
 * Threads: pure functions; a tl_qr belongs to one thread. Owns: nothing, memory is the caller's. */
#ifndef TL_FIDELITY_CALIBRATE_DENSE_H
#define TL_FIDELITY_CALIBRATE_DENSE_H
#include "base/cpu.h"

#include <stddef.h>
#include <stdint.h>

enum { TL_QR_ROWS = 64 }; /* rows folded at once */

/* Columns 0 .. n-1, of which a caller may make the last its right side. */
typedef struct tl_qr {
  uint32_t n, filled;
  tl_simd_path path; /* for speed only */
  double *r;         /* [n][n] by columns: r[j * n + i], i <= j; upper triangle */
  double *block;     /* [n][TL_QR_ROWS] by columns */
} tl_qr;

/* Doubles of memory that a tl_qr of n columns wants. */
size_t tl_qr_doubles(uint32_t n);
void tl_qr_begin(tl_qr *qr, uint32_t n, double *memory, tl_simd_path path);
/* Where the next row's elements go: element j at row[j * TL_QR_ROWS]. Call tl_qr_pushed after. */
static inline double *tl_qr_row(tl_qr *qr) { return qr->block + qr->filled; }
void tl_qr_fold(tl_qr *qr); /* what is in the buffer, if anything */
static inline void tl_qr_pushed(tl_qr *qr)
{
  if (++qr->filled == TL_QR_ROWS) tl_qr_fold(qr);
}
/* Appends the rows of another triangle of the same n. */
void tl_qr_merge(tl_qr *qr, const double *r);

/* The step d that minimises |R d + q|^2 + |diag(damping) d|^2 with low <= d <= high: solved, then
 * every element that leaves its bounds is pinned there and the rest solved again.
 * r   [n+1][n+1] as a tl_qr of the Jacobian's n columns and the residual leaves it
 * pinned[i] != 0 on entry: d[i] stays 0
 * scratch  (2 n + 1) (n + 1) doubles  */
void tl_dense_step(double *d, uint32_t n, const double *r, const double *damping, const double *low,
                   const double *high, uint8_t *pinned, double *scratch);

/* One-sided Jacobi: a [n][n] by columns becomes U S, v [n][n] by columns; sigma descending.
 * Source: Demmel, Veselic, "Jacobi's method is more accurate than QR", 1992. */
void tl_dense_svd(double *a, double *v, double *sigma, uint32_t n);
/* Inverse of an upper triangle, by columns, into out (n*n). A zero on the diagonal gives inf. */
void tl_dense_invert(double *out, const double *r, uint32_t n, uint32_t stride);
#endif
