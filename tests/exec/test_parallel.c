/* Work is cut by index: each index once, whatever the threads. */
#include "exec/parallel.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 1000 };
typedef struct tally {
  uint32_t calls[MOST]; /* one writer an index: nothing is shared */
  uint32_t thread[MOST];
  uint32_t order[MOST], done;
  int ordered;
} tally;

static void count_call(void *context, uint32_t index, uint32_t thread)
{
  tally *t = context;
  t->calls[index]++;
  t->thread[index] = thread;
  if (t->ordered) t->order[t->done++] = index;
}

static void every_index_is_called_once_on_a_thread_that_exists(void **unused)
{
  (void)unused;
  static const uint32_t counts[] = {0, 1, 2, 3, 7, 64, MOST}, threads[] = {1, 2, 3, 7, 16};
  for (uint32_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
    for (uint32_t n = 0; n < sizeof threads / sizeof threads[0]; n++) {
      tally t = {0};
      tl_parallel_for(counts[c], threads[n], count_call, &t);
      for (uint32_t i = 0; i < MOST; i++) {
        assert_int_equal(t.calls[i], i < counts[c] ? 1 : 0);
        assert_true(t.thread[i] < threads[n]);
      }
    }
}

static void one_thread_goes_in_order(void **unused)
{
  (void)unused;
  tally t = {.ordered = 1};
  tl_parallel_for(MOST, 1, count_call, &t);
  for (uint32_t i = 0; i < MOST; i++) assert_int_equal(t.order[i], i);
}

static void threads_that_were_spread_may_still_go_anywhere(void **unused)
{
  (void)unused;
  cpu_set_t before, after;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  tl_parallel_spread(0);
  tl_parallel_spread(1);
  tl_parallel_spread(5);
  assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
  assert_true(CPU_EQUAL(&before, &after));
}

static void a_process_held_to_one_processor_stays_there(void **unused)
{
  (void)unused;
  cpu_set_t before, one, after;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  tl_parallel_spread(3);
  assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
  assert_true(CPU_EQUAL(&one, &after));
  assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void the_machine_offers_at_least_one_thread(void **unused)
{
  (void)unused;
  assert_in_range(tl_parallel_threads_available(), 1, TL_THREADS_MAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_index_is_called_once_on_a_thread_that_exists),
      cmocka_unit_test(one_thread_goes_in_order),
      cmocka_unit_test(threads_that_were_spread_may_still_go_anywhere),
      cmocka_unit_test(a_process_held_to_one_processor_stays_there),
      cmocka_unit_test(the_machine_offers_at_least_one_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
