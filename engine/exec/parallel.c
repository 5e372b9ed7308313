#include "exec/parallel.h"

#include <assert.h>

#ifdef _OPENMP
#include <omp.h>
#endif

uint32_t tl_parallel_threads_available(void)
{
#ifdef _OPENMP
  const int count = omp_get_max_threads();
  return count < 1 ? 1u : (uint32_t)count > TL_THREADS_MAX ? TL_THREADS_MAX : (uint32_t)count;
#else
  return 1;
#endif
}

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
