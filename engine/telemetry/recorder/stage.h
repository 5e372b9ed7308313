/* stage.h: device values to stored integers, one row of a block at a time; and a chunk's minima and maxima.
 *
 * Why: this runs for every device, signal and tick, so it is a leaf loop of its own; everything about files is
 * elsewhere. Every path gives the same bits.
 * Rounding: step = (value - offset) * (1 / scale), to nearest, ties to even, saturated. tl_signal_encode divides
 * instead; the two differ only for a value within an ulp of the middle between two steps.
 * Owns: nothing. Threads: every function is pure but for its arguments. */
#ifndef TL_TELEMETRY_STAGE_H
#define TL_TELEMETRY_STAGE_H
#include "base/cpu.h"
#include "telemetry/schema.h"

/* What a stored signal needs, precomputed from its tl_signal_def. */
typedef struct tl_stage {
  tl_store store;
  double offset, steps_per_unit; /* 1 / scale */
  double low, high; /* steps that round to what the store can hold, the fill excluded */
} tl_stage;
TL_API tl_stage tl_stage_make(const tl_signal_def *def);

/* dst[0 .. rows) = stored form of src[0 .. rows); NaN becomes the fill. dst: int16_t, int32_t, uint8_t, float or
 * double by stage->store, any alignment. Returns how many values were saturated (0 for floats). */
TL_API uint32_t tl_stage_row(tl_simd_path path, const tl_stage *stage, void *dst, const double *src,
                             uint32_t rows);
/* dst[0 .. count) = the store's fill (NaN for floats). */
TL_API void tl_stage_fill(tl_store store, void *dst, uint32_t count);

/* Takes `rows` rows of `columns` stored values into the running minima and maxima, one value a column; fills are
 * passed by. Begin with tl_stage_range_begin. A column of fills alone ends as the fill after tl_stage_range_end. */
TL_API void tl_stage_range_begin(tl_store store, void *low, void *high, uint32_t columns);
TL_API void tl_stage_range(tl_simd_path path, tl_store store, void *low, void *high,
                           const void *values, uint32_t rows, uint32_t columns);
TL_API void tl_stage_range_end(tl_store store, void *low, void *high, uint32_t columns);
#endif
