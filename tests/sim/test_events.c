/* The queue of events: one exact order, whatever the order of adding. */
#include "sim/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint64_t add(tl_events *events, int64_t at_ns, uint32_t kind, uint32_t device)
{
  tl_error err;
  uint64_t sequence = UINT64_MAX;
  const tl_event event = {
      .at_ns = at_ns, .kind = kind, .device = device, .what = (uint64_t)at_ns * 31 + kind};
  assert_int_equal(tl_events_add(events, event, 100000, &sequence, &err), TL_OK);
  return sequence;
}

static void an_empty_queue_gives_nothing(void **unused)
{
  (void)unused;
  tl_events events = {0};
  tl_event event;
  assert_null(tl_events_peek(&events));
  assert_false(tl_events_pop(&events, &event));
  assert_false(tl_events_cancel(&events, 0));
  tl_events_free(&events);
}

static void ties_in_time_go_by_kind_then_device_then_registration(void **unused)
{
  (void)unused;
  tl_events events = {0};
  add(&events, 5, 2, 1);         /* 0 */
  add(&events, 5, 1, 9);         /* 1 */
  add(&events, 5, 1, 3);         /* 2 */
  add(&events, 5, 1, 3);         /* 3 */
  add(&events, 4, 9, 9);         /* 4 */
  add(&events, -7, 9, 9);        /* 5: before the start is fine */
  add(&events, INT64_MAX, 0, 0); /* 6 */
  static const uint64_t expected[] = {5, 4, 2, 3, 1, 0, 6};
  for (uint32_t i = 0; i < 7; i++) {
    tl_event event;
    assert_true(tl_events_peek(&events)->sequence == expected[i]);
    assert_true(tl_events_pop(&events, &event));
    assert_true(event.sequence == expected[i]);
    assert_true(event.what == (uint64_t)event.at_ns * 31 + event.kind);
  }
  assert_null(tl_events_peek(&events));
  tl_events_free(&events);
}

static uint64_t random_word(uint64_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static int in_order(const void *a, const void *b)
{
  const tl_event *x = a, *y = b;
  if (x->at_ns != y->at_ns) return x->at_ns < y->at_ns ? -1 : 1;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  if (x->device != y->device) return x->device < y->device ? -1 : 1;
  return x->sequence < y->sequence ? -1 : x->sequence > y->sequence; /* never equal */
}

/* Against a plain sorted list: adds, pops and cancels at random, few distinct values so that ties
 * are common. */
static void a_random_history_agrees_with_a_sorted_list(void **unused)
{
  (void)unused;
  enum { MOST = 500, ROUNDS = 20000 };
  const char *given = getenv("TL_TEST_SEED");
  const uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
  printf("seed: TL_TEST_SEED=%llu\n", (unsigned long long)seed);
  uint64_t state = seed;
  tl_events events = {0};
  tl_event *list = calloc(MOST, sizeof *list);
  uint32_t count = 0;
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t what = random_word(&state) % 8;
    if (what < 4 && count < MOST) {
      tl_event event = {.at_ns = (int64_t)(random_word(&state) % 7),
                        .kind = (uint32_t)(random_word(&state) % 3),
                        .device = (uint32_t)(random_word(&state) % 3)};
      event.sequence = add(&events, event.at_ns, event.kind, event.device);
      list[count++] = event;
      qsort(list, count, sizeof *list, in_order);
    } else if (what == 4 && count) {
      const uint32_t victim = (uint32_t)(random_word(&state) % count);
      assert_true(tl_events_cancel(&events, list[victim].sequence));
      assert_false(tl_events_cancel(&events, list[victim].sequence));
      memmove(&list[victim], &list[victim + 1], (--count - victim) * sizeof *list);
    } else {
      tl_event event;
      assert_true(tl_events_pop(&events, &event) == (count > 0));
      if (!count) continue;
      assert_true(event.sequence == list[0].sequence && event.at_ns == list[0].at_ns);
      memmove(list, list + 1, --count * sizeof *list);
    }
    assert_int_equal(events.count, count);
  }
  free(list);
  tl_events_free(&events);
}

static void a_declared_budget_is_kept(void **unused)
{
  (void)unused;
  tl_events events = {0};
  tl_error err;
  const tl_event event = {.at_ns = 1};
  for (int i = 0; i < 3; i++) assert_int_equal(tl_events_add(&events, event, 3, NULL, &err), TL_OK);
  assert_int_equal(tl_events_add(&events, event, 3, NULL, &err), TL_E_LIMIT);
  assert_string_equal(err.text, "more than 3 events are waiting");
  assert_true(tl_events_cancel(&events, 1));
  assert_int_equal(tl_events_add(&events, event, 3, NULL, &err), TL_OK);
  tl_events_free(&events);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_queue_gives_nothing),
      cmocka_unit_test(ties_in_time_go_by_kind_then_device_then_registration),
      cmocka_unit_test(a_random_history_agrees_with_a_sorted_list),
      cmocka_unit_test(a_declared_budget_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
