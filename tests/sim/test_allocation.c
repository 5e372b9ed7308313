/* After the first window nothing allocates: every byte was reserved by tl_world_seal. This program
 * puts counting functions in front of glibc's allocator, so that the threads' library (gcc's) is
 * counted too. */
#include "tests/sim/kit.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>

#if defined(__has_feature)
#define SANITIZED                                                                                  \
  (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                          \
   __has_feature(memory_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#if defined(__GLIBC__) && !SANITIZED
#define COUNTING 1
#ifdef __clang__
#define SEEN_BY_LIBRARIES /* libomp allocates at every parallel region: count our own calls */
#else
#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))
#endif
/* An allocator has no argument to count in, as a signal handler has none. */
static volatile sig_atomic_t calls_made;
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);

SEEN_BY_LIBRARIES void *malloc(size_t bytes)
{
  (void)__atomic_add_fetch(&calls_made, 1, __ATOMIC_SEQ_CST);
  return __libc_malloc(bytes);
}

SEEN_BY_LIBRARIES void *calloc(size_t count, size_t bytes)
{
  (void)__atomic_add_fetch(&calls_made, 1, __ATOMIC_SEQ_CST);
  return __libc_calloc(count, bytes);
}

SEEN_BY_LIBRARIES void *realloc(void *old, size_t bytes)
{
  (void)__atomic_add_fetch(&calls_made, 1, __ATOMIC_SEQ_CST);
  return __libc_realloc(old, bytes);
}

SEEN_BY_LIBRARIES void *aligned_alloc(size_t align, size_t bytes)
{
  (void)__atomic_add_fetch(&calls_made, 1, __ATOMIC_SEQ_CST);
  return __libc_memalign(align, bytes);
}

SEEN_BY_LIBRARIES void *memalign(size_t align, size_t bytes) { return aligned_alloc(align, bytes); }

SEEN_BY_LIBRARIES int posix_memalign(void **out, size_t align, size_t bytes)
{
  *out = aligned_alloc(align, bytes);
  return *out ? 0 : ENOMEM;
}

static uint64_t calls(void) { return (uint64_t)__atomic_load_n(&calls_made, __ATOMIC_SEQ_CST); }
#else
#define COUNTING 0
static uint64_t calls(void) { return 0; }
#endif

static void look(void *self, const tl_tick_view *view)
{
  (void)self;
  (void)view;
}

static void nothing_allocates_after_the_first_window(void **unused)
{
  (void)unused;
  if (!COUNTING) {
    printf("SKIP: this build has its own allocator\n");
    skip();
  }
  for (uint32_t threads = 1; threads <= 3; threads++)
    for (int stepped = 0; stepped < 2; stepped++) {
      kit_options o = kit_default();
      o.threads = threads;
      o.stepped = stepped != 0;
      const uint64_t unborn = calls();
      tl_world *world = kit_open(&o);
      const tl_observer observer = {.tick = look};
      MUST(tl_world_observe(world, &observer, err));
      assert_true(calls() > unborn); /* the counter counts */
      const uint64_t before = calls();
      MUST(tl_world_advance(world, 30 * S, err));
      const uint64_t first = calls();
      const uint32_t stuck = kit_column(world, (tl_fleet_id){1}, "box.stuck");
      for (int window = 2; window <= 40; window++) {
        const double on = window % 2;
        MUST(tl_fleet_write(world, (tl_fleet_id){1}, stuck, 7, 8, &on,
                            err)); /* stale parameters: the map is built again */
        MUST(tl_world_advance(world, window * 30 * S, err));
      }
      const uint64_t after = calls();
      printf("%u threads, %s: %u allocations in the first window, %u in the next 39\n", threads,
             stepped ? "stepped" : "mapped", (unsigned)(first - before), (unsigned)(after - first));
      assert_int_equal(after - first, 0);
      tl_world_destroy(world);
    }
}

static void the_world_says_what_it_reserved(void **unused)
{
  (void)unused;
  kit_options small = kit_default(), large = kit_default();
  large.boxes = 600 + 256 * 100;
  tl_world *a = kit_open(&small), *b = kit_open(&large);
  const double per_device = (double)(tl_world_bytes(b) - tl_world_bytes(a)) / (256.0 * 100.0);
  printf("%.0f bytes a device\n", per_device);
  assert_true(per_device > 200.0 && per_device < 1000.0);
  tl_world_destroy(a);
  tl_world_destroy(b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_allocates_after_the_first_window),
      cmocka_unit_test(the_world_says_what_it_reserved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
