/* filters.h: triangles of a mel scale over the bins of a spectrum.
 *
 * Sources: the micro front end's filterbank_util (TL_FRONTEND_MICRO, its float arithmetic kept);
 * tf.signal.linear_to_mel_weight_matrix (TL_MEL_HTK); librosa.filters.mel (TL_MEL_SLANEY).
 * Threads: pure functions of their arguments. */
#ifndef TL_KERNELS_FEATURES_FILTERS_H
#define TL_KERNELS_FEATURES_FILTERS_H

#include "kernels/features/frontend.h"

/* Whether the last filter of TL_FRONTEND_MICRO ends inside of the spectrum, as it must. */
bool tl_filters_fit(const tl_frontend_def *def);

/* filters[channel_count] and their weights (two for each bin at most); a filter that meets no bin
 * has none. def is checked, its fft_samples filled in. */
void tl_filters_make(tl_frontend_filter *filters, uint16_t *weights, const tl_frontend_def *def);

#endif
