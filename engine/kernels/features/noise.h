/* noise.h: noise reduction and gain control of the micro front end, bit for bit.
 *
 * Sources: TensorFlow Lite's micro front end (noise_reduction, pcan_gain_control); per-channel
 * amplitude normalisation: V. Lostanlen et al. after Y. Wang et al., "Trainable frontend", 2017.
 * Products that exceed their type wrap, as there; never undefined.
 * Threads: pure functions of their arguments. */
#ifndef TL_KERNELS_FEATURES_NOISE_H
#define TL_KERNELS_FEATURES_NOISE_H

#include "kernels/features/frontend.h"

enum { TL_GAIN_COUNT = 125 }; /* two numbers, then 31 intervals of three and a gap */

/* signal[channels] less its noise; estimate[channels] follows the signal. */
void tl_noise_reduce(const tl_frontend *frontend, uint32_t *estimate, uint32_t *signal);

/* gain(estimate) for each power of two, as parabolas. */
void tl_gain_table(int16_t gain[TL_GAIN_COUNT], const tl_frontend_def *def, int32_t input_bits);

/* signal[channels] divided by a power of its noise, then the root-like curve of PCAN. */
void tl_gain_control(const tl_frontend *frontend, const uint32_t *estimate, uint32_t *signal);

#endif
