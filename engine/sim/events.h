/* events.h: things that happen at a time, in one exact order.
 *
 * Why: ties must never depend on memory or luck: events at one time go by kind, then device, then
 * the order in which they were registered.
 * Owns: its array; grows while events are added between windows, never while blocks step. Threads:
 * one. */
#ifndef TL_SIM_EVENTS_H
#define TL_SIM_EVENTS_H
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct tl_event {
  int64_t at_ns;
  uint32_t kind; /* the owner's enumeration; smaller goes first at one time */
  uint32_t device;
  uint64_t sequence; /* given by tl_events_add: order of registration */
  uint64_t what;     /* the owner's: an index, a reference */
} tl_event;

typedef struct tl_events {
  tl_event *heap; /* smallest first */
  uint32_t count, capacity;
  uint64_t next_sequence;
} tl_events;

/* Adds an event; returns its sequence number, with which tl_events_cancel finds it. {0} is an
 * empty queue.
 * errors  TL_E_LIMIT: more than `most` events (a declared budget), or no memory. */
TL_API tl_code tl_events_add(tl_events *events, tl_event event, uint32_t most,
                             uint64_t *out_sequence, tl_error *err);
/* Earliest event, or NULL. */
TL_API const tl_event *tl_events_peek(const tl_events *events);
/* Takes the earliest event off; false when there is none. */
TL_API bool tl_events_pop(tl_events *events, tl_event *out);
/* Removes an event that has not happened; false when it is not there. */
TL_API bool tl_events_cancel(tl_events *events, uint64_t sequence);
TL_API void tl_events_free(tl_events *events);
#endif
