/* trace.h: what one device of a simulation measured, computed and commanded, sample by sample.
 *
 * Why: a firmware that is given the same samples must give the same windows, scores, alarms and commands; this is the
 * record of both sides' expectations, taken from a simulation that is made again.
 * Owns: a trace owns its samples until trace_free. Threads: trace_tick on the one worker that has the block. */
#ifndef TL_VERIFY_TRACE_H
#define TL_VERIFY_TRACE_H
#include "sim/loop.h"
#include "tools/mcu/wire.h"

typedef struct trace_sample {
  int64_t at_ns;
  fw_sample in;
  fw_reply expected; /* loop_ticks stays 0 */
} trace_sample;

typedef struct trace {
  const tl_world *world;
  tl_fleet_id fleet;
  uint32_t device;
  int64_t from_ns, to_ns; /* samples of [from, to) */
  tl_loop_info loop;
  fw_config config;      /* settings, and the state before the first sample */
  uint8_t *first_window; /* loop.slot_count bytes, int8, oldest first */
  trace_sample *samples;
  uint8_t *windows; /* [sample][loop.slot_count] */
  uint32_t count, room;
  bool is_full;                             /* there was no memory for all */
  double applied[TL_DETECTOR_CHANNELS_MAX]; /* actuator values of the tick before */
} trace;

/* After tl_scenario_seal; the world must outlive the trace and not have run.
 * errors  TL_E_NAME, TL_E_ARG: no such fleet or device; TL_E_ARG: it has neither controller nor detector */
tl_code trace_open(trace *out, const tl_world *world, const char *fleet, uint32_t device,
                   int64_t from_ns, int64_t to_ns, tl_error *err);
/* An observer's tick; self is the trace. */
void trace_tick(void *self, const tl_tick_view *view);
/* The last sample of a fleet with stamps has no end: drops it, so that every sample has its dt_s. */
void trace_finish(trace *t);
static inline const uint8_t *trace_window(const trace *t, uint32_t sample)
{
  return t->windows + (size_t)sample * t->loop.slot_count;
}
void trace_free(trace *t);
#endif
