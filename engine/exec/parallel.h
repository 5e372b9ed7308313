/* parallel.h: spread blocks over threads; the only room that knows there are any.
 *
 * Why: work is cut by block index, never by thread, so a result can't depend on who ran what.
 * Owns: nothing (OpenMP keeps its pool). Threads: call from one thread at a time. */
#ifndef TL_EXEC_PARALLEL_H
#define TL_EXEC_PARALLEL_H
#include "base/error.h"

#include <stdint.h>

#define TL_THREADS_MAX 256u

typedef void tl_parallel_work(void *context, uint32_t index, uint32_t thread);

/* Threads that this machine offers this process, 1 .. TL_THREADS_MAX. */
TL_API uint32_t tl_parallel_threads_available(void);
/* Calls work(context, index, thread) once for each index in [0, count); thread < thread_count. */
TL_API void tl_parallel_for(uint32_t count, uint32_t thread_count, tl_parallel_work *work,
                            void *context);
/* For a program's first line: starts it once more with threads that wait a few microseconds in a loop
 * and then sleep, if its OpenMP library reads such settings only at its start (gcc's does). Waiting
 * threads otherwise loop for a millisecond and more at every window's end, which on a busy machine
 * takes the processor from the one they wait for (measured: 4 to 15 s for a run of 1.4 s). Returns
 * if there is nothing to do: OMP_WAIT_POLICY or GOMP_SPINCOUNT are set, or the system refuses. */
TL_API void tl_parallel_restart_patient(char *const *argv);
/* Puts each thread of a team onto a processor of its own, once, then leaves it free to move: a system
 * may keep a new thread beside the one that made it, and then two run slower than one. Does nothing
 * where the system has no such call, or fewer processors than two. Speed only, never a result. */
TL_API void tl_parallel_spread(uint32_t thread_count);
#endif
