/* check.h: whether the numbers of a front end's recipe make one.
 * Threads: pure functions. */
#ifndef TL_KERNELS_FEATURES_CHECK_H
#define TL_KERNELS_FEATURES_CHECK_H

#include "kernels/features/frontend.h"

enum {
  TL_GAIN_SNR_BITS = 12,   /* fraction bits of PCAN's ratio of signal to noise */
  TL_FILTER_HALF_BITS = 6, /* half of the fraction bits of the micro front end's weights */
  TL_FRONTEND_COOKIE = 0x46524E54
};

/* *def with fft_samples filled in, all numbers checked; else TL_KERNEL_E_ARG and the reason. */
tl_kernel_code tl_frontend_check(tl_frontend_def *checked, const tl_frontend_def *def,
                                 tl_kernel_status *status);

/* 2^result = samples, a power of two. */
int32_t tl_power_bits(int32_t samples);

#endif
