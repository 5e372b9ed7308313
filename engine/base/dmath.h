/* dmath.h: elementary functions of double with the same bits everywhere.
 *
 * Why: the C library's exp, sin, pow ... differ between versions, CPUs and even between two runs of
 * one binary with another instruction set, so nothing that reaches simulation state may call them.
 * These use only + - * / sqrt and integer moves in a fixed order (build with -ffp-contract=off,
 * round to nearest), so compiler, level and instruction set change nothing. tests/golden/dmath.txt
 * pins the bits; test_dmath_accuracy measures the error against MPFR.
 *
 * Error: the greatest seen in ulp of the true value (0.5 is perfect rounding), over the whole range
 * unless stated. NaN in gives NaN (its sign and payload are not specified); infinities, signed
 * zeros and domain errors (NaN) follow C11 Annex F.
 * Owns: nothing. Threads: every function is pure. */
#ifndef TL_BASE_DMATH_H
#define TL_BASE_DMATH_H
#include "base/error.h"

#include <stddef.h>

/* clang-format off */
/*                                                     error [ulp] */
TL_API double tl_math_exp(double x);                /* < 1    subnormal results too */
TL_API double tl_math_expm1(double x);              /* < 1.5  exp(x) - 1 without cancellation */
TL_API double tl_math_log(double x);                /* < 1 */
TL_API double tl_math_log1p(double x);              /* < 1.5  log(1 + x) without cancellation */
TL_API double tl_math_log2(double x);               /* < 1    exact for powers of two */
TL_API double tl_math_log10(double x);              /* < 1 */
TL_API double tl_math_pow(double x, double y);      /* < 1    all of Annex F's special cases */
TL_API double tl_math_sin(double x);                /* < 1    any size: Payne-Hanek beyond 2^20 */
TL_API double tl_math_cos(double x);                /* < 1    likewise */
TL_API double tl_math_tan(double x);                /* < 2.5  likewise */
TL_API double tl_math_asin(double x);               /* < 2.5 */
TL_API double tl_math_acos(double x);               /* < 3 */
TL_API double tl_math_atan(double x);               /* < 1 */
TL_API double tl_math_atan2(double y, double x);    /* < 2    a subnormal result 1 more */
TL_API double tl_math_tanh(double x);               /* < 2 */
TL_API double tl_math_hypot(double x, double y);    /* < 1.5  no overflow on the way */
/* clang-format on */

/* Exact: correctly rounded by IEEE 754, or integers. Signs of zero are kept. */
TL_API double tl_math_sqrt(double x);
TL_API double tl_math_floor(double x);
TL_API double tl_math_ceil(double x);
TL_API double tl_math_trunc(double x);
TL_API double tl_math_round_even(double x);     /* halves go to the even neighbour */
TL_API double tl_math_fmod(double x, double y); /* exact remainder with the sign of x */

/* Whole arrays, the bits of the functions above; out may be in (same start), otherwise no overlap.
 * About twice as fast as a loop of calls, as compiled for AVX2 where the processor has it. */
TL_API void tl_math_exp_array(double *out, const double *in, size_t count);
TL_API void tl_math_log_array(double *out, const double *in, size_t count);
TL_API void tl_math_sin_array(double *out, const double *in, size_t count);
TL_API void tl_math_cos_array(double *out, const double *in, size_t count);
TL_API void tl_math_tanh_array(double *out, const double *in, size_t count);
#endif
