/* personality.h: how a device's inference kernels round, as people write it.
 * Owns: nothing. Threads: pure. */
#ifndef TL_EDGE_PERSONALITY_H
#define TL_EDGE_PERSONALITY_H
#include "base/error.h"
#include "kernels/model.h"

#include <stddef.h>

/* "tflm" (twice rounded, the default), "single" (once), "single:CONV_2D+FULLY_CONNECTED" (once in
 * these only); the first `length` bytes of text.
 * errors  TL_E_USAGE, with a hint for a misspelt operator */
TL_API tl_code tl_personality_parse(tl_model_options *out, const char *text, size_t length,
                                    tl_error *err);
#endif
