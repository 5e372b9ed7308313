/* simulate.h: candidates as devices: blocks of them are stepped through a recording together.
 *
 * Why: one loop over stamps for a whole generation keeps the twin's vectors full and the candidates
 * in cache. Whoever wants something of the simulation is told of every sample as it comes.
 * Owns: a tl_plan owns its scratch memory. Threads: make a plan from one; tl_plan_cost of different
 * threads may run at once. */
#ifndef TL_FIDELITY_CALIBRATE_SIMULATE_H
#define TL_FIDELITY_CALIBRATE_SIMULATE_H
#include "fidelity/calibrate/calibrate.h"
#include "fidelity/calibrate/dense.h"

typedef struct tl_plan {
  const tl_calibrate_problem *problem;
  tl_simd_path path;
  uint32_t thread_count;
  tl_calibrate_hooks hooks;
  uint32_t column_max, channel_max; /* of any run */
  double *scratch;                  /* [thread] */
  size_t scratch_doubles;           /* of one thread */
  uint64_t simulations, diverged;   /* counted by the caller's thread */
} tl_plan;

/* errors  TL_E_LIMIT */
tl_code tl_plan_create(tl_plan *out, const tl_calibrate_problem *problem,
                       const tl_calibrate_options *options, tl_error *err);
void tl_plan_free(tl_plan *plan);
static inline bool tl_plan_interrupted(const tl_plan *plan)
{
  return plan->hooks.interrupted != NULL && *plan->hooks.interrupted != 0;
}

/* Search coordinates: the value, or its logarithm. */
double tl_free_coordinate(const tl_calibrate_free *free, double value);
double tl_free_value(const tl_calibrate_free *free, double coordinate); /* within the bounds */

/* cost[i]: sum of squares of candidate i over the training samples; +infinity when it diverges.
 * values: [count][free].  errors  TL_E_LIMIT */
tl_code tl_plan_costs(tl_plan *plan, const double *values, uint32_t count, double *cost,
                      tl_error *err);
/* The same of one candidate by the thread that calls (thread < thread_count); counts nothing. */
double tl_plan_cost(const tl_plan *plan, const double *values, uint32_t thread);

/* r[start]: the triangle [free + 1][free + 1] of the Jacobian by search coordinates and the
 * residuals, at `at` [count][free] (coordinates), by forward differences. A column whose difference
 * is not finite is 0.  errors  TL_E_LIMIT */
tl_code tl_plan_jacobians(tl_plan *plan, const double *at, uint32_t count, double *r,
                          tl_error *err);

/* Rows of one run's channel at one point: residual and Jacobian by central differences, of samples
 * in order, all parts. residual [count] and jacobian [count][free] of the channel; NaN where
 * nothing was recorded. */
typedef struct tl_trace_out {
  double *residual, *jacobian;
} tl_trace_out;
/* out: [run][channel of run] in order.  errors  TL_E_LIMIT */
tl_code tl_plan_trace(tl_plan *plan, const double *at, tl_trace_out *out, tl_error *err);

/* Told of sample `sample` of a channel: sim[row], in the column's unit. */
typedef void tl_plan_visit(void *self, uint32_t channel, uint32_t sample, const double *sim);
/* Simulates `rows` candidates (values [rows][free], rows <= 256) along a run. */
void tl_plan_simulate(const tl_plan *plan, uint32_t run, const double *values, uint32_t rows,
                      uint32_t thread, tl_plan_visit *visit, void *self);
#endif
