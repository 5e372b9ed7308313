/* state.h: what a device remembers between samples, and what a frame needs to be worked on.
 * Threads: pure functions. */
#ifndef TL_KERNELS_FEATURES_STATE_H
#define TL_KERNELS_FEATURES_STATE_H

#include "kernels/features/frontend.h"

/* The head of a state; then uint32_t noise[channel_count], then int16_t frame[frame_samples]. */
typedef struct tl_frontend_state {
  uint32_t used; /* samples of the frame, below frame_samples between calls */
  uint32_t zero; /* so that the size is a multiple of the alignment */
} tl_frontend_state;

size_t tl_frontend_state_size(const tl_frontend_def *def);
size_t tl_frontend_scratch_size(const tl_frontend_def *def);

#endif
