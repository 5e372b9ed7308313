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
  uint32_t version; /* that the device ran */
  fw_sample in;
  fw_reply expected; /* loop_ticks stays 0 */
} trace_sample;

typedef struct trace {
  const tl_world *world;
  tl_fleet_id fleet;
  uint32_t device;
  int64_t from_ns, to_ns; /* samples of [from, to) */
  int64_t last_ns;        /* of the last tick seen, inside or not; -1: none */
  tl_loop_info loop;
  fw_config config; /* settings, and the state before the first sample */
  /* before the first sample, as each version would see it: inputs, then its state */
  uint8_t *first[TL_DETECTOR_VERSIONS_MAX];
  uint32_t window_bytes; /* the most that a version's inputs have */
  trace_sample *samples;
  uint8_t *windows; /* [sample][window_bytes], raw inputs of the version that ran */
  uint32_t count, room;
  bool is_full;                    /* there was no memory for all */
  double applied[FW_FEATURES_MAX]; /* actuator values of the tick before */
} trace;

/* After tl_scenario_seal; the world must outlive the trace and not have run.
 * errors  TL_E_NAME, TL_E_ARG: no such fleet or device; TL_E_ARG: it has neither controller nor detector, or a detector
 *         that hears a spectrum */
tl_code trace_open(trace *out, const tl_world *world, const char *fleet, uint32_t device,
                   int64_t from_ns, int64_t to_ns, tl_error *err);
/* An observer's tick; self is the trace. */
void trace_tick(void *self, const tl_tick_view *view);
/* The last sample of a fleet with stamps has no end: drops it, so that every sample has its dt_s. */
void trace_finish(trace *t);
static inline const uint8_t *trace_window(const trace *t, uint32_t sample)
{
  return t->windows + (size_t)sample * t->window_bytes;
}
/* Inputs and state of a version before the first sample. */
static inline const uint8_t *trace_first_window(const trace *t, uint32_t version)
{
  return t->first[version];
}
static inline const uint8_t *trace_first_state(const trace *t, uint32_t version)
{
  return t->first[version] + t->loop.versions[version].input_bytes;
}
void trace_free(trace *t);
#endif
