/* watch.h: an observer that tells when devices of a fleet leave the border of their twin's recording.
 *
 * Why: the alarm must come from the run itself, over all devices and ticks, or a sweep far outside the
 * recording looks as trustworthy as one within.
 * Owns: its memory, until tl_border_watch_destroy; the border is copied. Attach with tl_world_observe;
 * destroy after the world. Threads: tick() counts apart for every block; results are joined in the order
 * of blocks, so they are the same for any thread count. */
#ifndef TL_FIDELITY_BORDER_WATCH_H
#define TL_FIDELITY_BORDER_WATCH_H
#include "fidelity/border/border.h"
#include "sim/world.h"

typedef struct tl_border_watch tl_border_watch; /* opaque */

/* World not yet sealed, fleet made. Channels of the border are columns of the fleet, by name or alias, of
 * type TL_F64; their units are converted.
 * errors  TL_E_NAME: no such column (hint); TL_E_UNIT; TL_E_TYPE: not a floating-point column; TL_E_LIMIT */
TL_API tl_code tl_border_watch_create(tl_border_watch **out, const tl_border *border,
                                      const tl_world *world, tl_fleet_id fleet, const char *where,
                                      tl_error *err);
TL_API void tl_border_watch_destroy(tl_border_watch *watch); /* NULL is fine */
TL_API tl_observer tl_border_watch_observer(tl_border_watch *watch);
TL_API const tl_border *
tl_border_watch_border(const tl_border_watch *watch); /* in columns' units */

typedef struct tl_border_result {
  tl_fleet_id fleet;
  uint64_t device_ticks, outside_ticks;
  uint32_t device_count, outside_devices; /* devices that ever were outside */
  /* The first breach: earliest tick, then lowest device; first_ns < 0: none. */
  int64_t first_ns;
  uint32_t first_device;
  tl_border_breach first;
  double first_value[TL_BORDER_CHANNELS_MAX];
  uint64_t range_ticks[TL_BORDER_CHANNELS_MAX]; /* breaches of each channel's range */
  uint64_t pair_ticks;                          /* of ranges kept, but never together */
} tl_border_result;
TL_API tl_border_result tl_border_watch_result(const tl_border_watch *watch);
#endif
