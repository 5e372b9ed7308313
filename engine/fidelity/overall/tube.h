/* tube.h: a band around the recording, wide in value and in time, that the twin should stay in.
 *
 * Why: a point-by-point tolerance punishes a step that comes one sample late as hard as one that never
 * comes. The tube takes, at each stamp, the lowest and highest recorded value within time_ns before and
 * after, and adds the tolerance in value: the rectangle of csv-compare (Modelica's tool), on samples.
 * Owns: nothing. Threads: pure functions. */
#ifndef TL_FIDELITY_TUBE_H
#define TL_FIDELITY_TUBE_H
#include "base/error.h"

#include <stdint.h>

struct tl_score_channel;

typedef struct tl_tube {
  double value;    /* tolerance in the channel's unit, >= 0 */
  int64_t time_ns; /* tolerance in time to each side, >= 0 */
} tl_tube;

typedef struct tl_tube_result {
  size_t inside_count, outside_count; /* stamps where both sides have values */
  double inside_ratio;                /* NaN without such stamps */
  int64_t first_outside_ns;           /* -1: none */
  double worst;     /* largest distance to the tube, in the channel's unit; 0: none */
  int64_t worst_ns; /* -1: none */
} tl_tube_result;

/* low, high: [channel->series_count]; NaN where no recorded value lies within the window. */
TL_API void tl_tube_make(double *low, double *high, const struct tl_score_channel *channel,
                         tl_tube tube);
TL_API tl_tube_result tl_tube_score(const double *low, const double *high,
                                    const struct tl_score_channel *channel);
#endif
