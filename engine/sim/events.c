#include "sim/events.h"

#include <assert.h>
#include <stdlib.h>

static bool before(const tl_event *a, const tl_event *b)
{
  if (a->at_ns != b->at_ns) return a->at_ns < b->at_ns;
  if (a->kind != b->kind) return a->kind < b->kind;
  if (a->device != b->device) return a->device < b->device;
  return a->sequence < b->sequence;
}

static void swap(tl_event *a, tl_event *b)
{
  const tl_event t = *a;
  *a = *b;
  *b = t;
}

static void up(tl_events *events, uint32_t at)
{
  for (; at > 0 && before(&events->heap[at], &events->heap[(at - 1) / 2]); at = (at - 1) / 2)
    swap(&events->heap[at], &events->heap[(at - 1) / 2]);
}

static void down(tl_events *events, uint32_t at)
{
  for (;;) {
    uint32_t first = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < events->count; child++)
      if (before(&events->heap[child], &events->heap[first])) first = child;
    if (first == at) return;
    swap(&events->heap[at], &events->heap[first]);
    at = first;
  }
}

tl_code tl_events_add(tl_events *events, tl_event event, uint32_t most, uint64_t *out_sequence,
                      tl_error *err)
{
  if (events->count >= most)
    return tl_fail(err, TL_E_LIMIT, NULL, "more than %u events are waiting", most);
  if (events->count == events->capacity) {
    const uint32_t capacity = events->capacity ? events->capacity * 2 : 64;
    tl_event *heap = realloc(events->heap, capacity * sizeof *heap);
    if (!heap) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for %u events", capacity);
    events->heap = heap;
    events->capacity = capacity;
  }
  event.sequence = events->next_sequence++;
  if (out_sequence) *out_sequence = event.sequence;
  events->heap[events->count] = event;
  up(events, events->count++);
  return TL_OK;
}

const tl_event *tl_events_peek(const tl_events *events)
{
  return events->count ? events->heap : NULL;
}

static void take(tl_events *events, uint32_t at)
{
  assert(at < events->count);
  events->heap[at] = events->heap[--events->count];
  if (at == events->count) return;
  down(events, at);
  up(events, at);
}

bool tl_events_pop(tl_events *events, tl_event *out)
{
  if (!events->count) return false;
  *out = events->heap[0];
  take(events, 0);
  return true;
}

bool tl_events_cancel(tl_events *events, uint64_t sequence)
{
  for (uint32_t i = 0; i < events->count; i++)
    if (events->heap[i].sequence == sequence) {
      take(events, i);
      return true;
    }
  return false;
}

void tl_events_free(tl_events *events)
{
  free(events->heap);
  *events = (tl_events){0};
}
