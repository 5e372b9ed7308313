#include "exec/parallel.h"

#include <assert.h>

#ifdef __linux__
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

void tl_parallel_restart_patient(char *const *argv)
{
#if defined(_OPENMP) && defined(__linux__)
  if (getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL) return;
  if (setenv("GOMP_SPINCOUNT", "10000", 1) != 0) return;
  (void)setenv("KMP_BLOCKTIME", "1", 0); /* clang's library, in ms; it reads them late */
  (void)execv("/proc/self/exe", argv);   /* comes back only when refused */
#else
  (void)argv;
#endif
}

uint32_t tl_parallel_threads_available(void)
{
#ifdef _OPENMP
  const int count = omp_get_max_threads();
  return count < 1 ? 1u : (uint32_t)count > TL_THREADS_MAX ? TL_THREADS_MAX : (uint32_t)count;
#else
  return 1;
#endif
}

#if defined(_OPENMP) && defined(__linux__)
/* The processor number `nth` of those that the thread may use, counted round. */
static size_t nth_of(const cpu_set_t *allowed, int nth)
{
  nth %= CPU_COUNT(allowed);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, allowed) && nth-- == 0) return cpu;
  return 0;
}

static void move_to(int nth)
{
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  CPU_ZERO(&one);
  CPU_SET(nth_of(&allowed, nth), &one);
  if (sched_setaffinity(0, sizeof one, &one) == 0)
    (void)sched_setaffinity(0, sizeof allowed, &allowed);
}

void tl_parallel_spread(uint32_t thread_count)
{
  if (thread_count < 2) return;
#pragma omp parallel num_threads(thread_count)
  move_to(omp_get_thread_num());
}
#else
void tl_parallel_spread(uint32_t thread_count) { (void)thread_count; }
#endif

void tl_parallel_for(uint32_t count, uint32_t thread_count, tl_parallel_work *work, void *context)
{
  assert(thread_count >= 1 && thread_count <= TL_THREADS_MAX);
#ifdef _OPENMP
  /* no more threads than blocks: an idle one only spins at the region's end */
  const uint32_t team = thread_count < count ? thread_count : count;
  if (team > 1) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
    for (uint32_t index = 0; index < count; index++)
      work(context, index, (uint32_t)omp_get_thread_num());
    return;
  }
#endif
  for (uint32_t index = 0; index < count; index++) work(context, index, 0);
}
