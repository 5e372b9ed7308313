/* nlopt.c: NLopt's derivative-free methods, one start a thread; without the library a clear no.
 *
 * Only methods that draw no random numbers, so that a start's way is a function of the problem. The
 * library is Steven G. Johnson's, with Powell's BOBYQA and COBYLA and Rowan's Sbplx. */
#include "fidelity/calibrate/search.h"

#include <math.h>
#include <stdlib.h>

#ifdef TL_HAVE_NLOPT
#include "exec/parallel.h"

#include <nlopt.h>

bool tl_calibrate_has_method(tl_calibrate_method method)
{
  return method < TL_CALIBRATE_METHOD_COUNT;
}

typedef struct job {
  const tl_plan *plan;
  tl_search_start *starts;
  nlopt_algorithm algorithm;
  uint32_t evaluations_max;
  uint64_t *evaluations, *diverged; /* [start] */
  uint8_t *failed;                  /* [start]: no memory */
} job;

typedef struct walk {
  const job *job;
  nlopt_opt opt;
  uint32_t start, thread;
} walk;

/* A diverged candidate is worse than any other by far, but a number: simplexes compare. */
static double objective(unsigned n, const double *at, double *slope, void *context)
{
  const walk *w = context;
  double values[TL_CALIBRATE_FREE_MAX];
  (void)slope;
  if (tl_plan_interrupted(w->job->plan)) nlopt_force_stop(w->opt);
  for (unsigned k = 0; k < n; k++)
    values[k] = tl_free_value(&w->job->plan->problem->free[k], at[k]);
  const double cost = tl_plan_cost(w->job->plan, values, w->thread);
  w->job->evaluations[w->start]++;
  w->job->diverged[w->start] += isfinite(cost) ? 0u : 1u;
  return isfinite(cost) ? cost : 1e300;
}

static void run_start(void *context, uint32_t index, uint32_t thread)
{
  const job *j = context;
  const tl_calibrate_problem *p = j->plan->problem;
  tl_search_start *start = &j->starts[index];
  double low[TL_CALIBRATE_FREE_MAX], high[TL_CALIBRATE_FREE_MAX], step[TL_CALIBRATE_FREE_MAX];
  walk w = {j, NULL, index, thread};
  for (uint32_t k = 0; k < p->free_count; k++) {
    low[k] = tl_free_coordinate(&p->free[k], p->free[k].low);
    high[k] = tl_free_coordinate(&p->free[k], p->free[k].high);
    step[k] = 0.1 * (high[k] - low[k]);
  }
  double cost = 1e300;
  nlopt_opt opt = nlopt_create(j->algorithm, p->free_count);
  if (opt == NULL) {
    j->failed[index] = 1;
    return;
  }
  w.opt = opt;
  nlopt_set_lower_bounds(opt, low);
  nlopt_set_upper_bounds(opt, high);
  nlopt_set_min_objective(opt, objective, &w);
  nlopt_set_initial_step(opt, step);
  nlopt_set_ftol_rel(opt, 1e-12);
  nlopt_set_xtol_rel(opt, 1e-10);
  nlopt_set_maxeval(opt, (int)j->evaluations_max);
  const nlopt_result result = nlopt_optimize(opt, start->at, &cost);
  nlopt_destroy(opt);
  if (result == NLOPT_OUT_OF_MEMORY) j->failed[index] = 1;
  start->cost = cost < 1e300 ? cost : (double)INFINITY;
  start->converged = result != NLOPT_MAXEVAL_REACHED && cost < 1e300; /* rounding limits it too */
  start->iterations = (uint32_t)j->evaluations[index];
}

tl_code tl_search_nlopt(tl_plan *plan, tl_search_start *starts, uint32_t count,
                        tl_calibrate_method method, uint32_t evaluations_max, tl_error *err)
{
  static const nlopt_algorithm algorithms[TL_CALIBRATE_METHOD_COUNT] = {
      [TL_CALIBRATE_BOBYQA] = NLOPT_LN_BOBYQA,
      [TL_CALIBRATE_NELDER_MEAD] = NLOPT_LN_NELDERMEAD,
      [TL_CALIBRATE_SBPLX] = NLOPT_LN_SBPLX,
      [TL_CALIBRATE_COBYLA] = NLOPT_LN_COBYLA};
  if (method == TL_CALIBRATE_BOBYQA && plan->problem->free_count < 2)
    return tl_fail(err, TL_E_ARG, plan->problem->where,
                   "method 'bobyqa' needs two free values or more");
  job j = {.plan = plan,
           .starts = starts,
           .algorithm = algorithms[method],
           .evaluations_max = evaluations_max};
  j.evaluations = calloc(count, sizeof *j.evaluations);
  j.diverged = calloc(count, sizeof *j.diverged);
  j.failed = calloc(count, sizeof *j.failed);
  tl_code code = TL_OK;
  if (j.evaluations == NULL || j.diverged == NULL || j.failed == NULL)
    code = tl_fail(err, TL_E_LIMIT, plan->problem->where, "no memory for %u starts", count);
  if (code == TL_OK) tl_parallel_for(count, plan->thread_count, run_start, &j);
  if (code == TL_OK && tl_plan_interrupted(plan))
    code = tl_fail(err, TL_E_INTERRUPTED, NULL, "interrupted: nothing was written");
  for (uint32_t i = 0; i < count && code == TL_OK; i++) {
    plan->simulations += j.evaluations[i] * plan->problem->run_count;
    plan->diverged += j.diverged[i] * plan->problem->run_count;
    if (j.failed[i])
      code = tl_fail(err, TL_E_LIMIT, plan->problem->where, "NLopt: no memory for start %u", i);
  }
  free(j.evaluations);
  free(j.diverged);
  free(j.failed);
  return code;
}

#else
bool tl_calibrate_has_method(tl_calibrate_method method) { return method == TL_CALIBRATE_LM; }

tl_code tl_search_nlopt(tl_plan *plan, tl_search_start *starts, uint32_t count,
                        tl_calibrate_method method, uint32_t evaluations_max, tl_error *err)
{
  (void)starts;
  (void)count;
  (void)method;
  (void)evaluations_max;
  return tl_fail(err, TL_E_USAGE, plan->problem->where, "built without NLopt");
}
#endif
