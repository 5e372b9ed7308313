/* fft.h: Fourier transform of a real frame in fixed point, int16 or int32.
 *
 * The result is DFT / n, rounded after each stage. Formulas (and every bit of the int16 one) are
 * those of Kiss FFT with FIXED_POINT 16, M. Borgerding: half as many complex points, radix 4 from
 * the outside with one radix 2 inside if need be, each input of a butterfly multiplied by
 * 32767 / radix in Q15, each product rounded to nearest; then the halves are told apart.
 * Range: int16 needs frames under a tapered window, as Kiss FFT does, else sums may wrap (never
 * undefined). int32 cannot overflow for |input| <= 2^30.
 * Threads: pure functions of their arguments. */
#ifndef TL_KERNELS_FEATURES_FFT_H
#define TL_KERNELS_FEATURES_FFT_H

#include <stdint.h>

typedef struct tl_complex16 {
  int16_t re, im;
} tl_complex16;
typedef struct tl_complex32 {
  int32_t re, im;
} tl_complex32;

/* Twiddles of n = 2^bits real points, 6 <= bits <= 11: n / 2 of the transform, n / 4 to part. */
void tl_fft16_twiddles(tl_complex16 *twiddles, int32_t bits);
void tl_fft32_twiddles(tl_complex32 *twiddles, int32_t bits);

/* out[n / 2 + 1]: bins 0 .. n / 2 of in[n]. */
void tl_fft16(tl_complex16 *out, const int16_t *in, const tl_complex16 *twiddles, int32_t bits);
void tl_fft32(tl_complex32 *out, const int32_t *in, const tl_complex32 *twiddles, int32_t bits);

#endif
