/* search.h: from a start to a least sum of squares within bounds. For this folder only. */
#ifndef TL_FIDELITY_CALIBRATE_SEARCH_H
#define TL_FIDELITY_CALIBRATE_SEARCH_H
#include "fidelity/calibrate/simulate.h"

typedef struct tl_search_start {
  double *at;          /* [free] coordinates: where it begins, then where it ended */
  double cost;         /* there; +infinity: it diverged */
  uint32_t iterations; /* a derivative-free method: evaluations */
  bool converged;
} tl_search_start;

/* Levenberg-Marquardt of all starts side by side (levenberg.c).  errors  TL_E_LIMIT */
tl_code tl_search_levenberg(tl_plan *plan, tl_search_start *starts, uint32_t count,
                            uint32_t iterations_max, tl_error *err);
/* A method of NLopt, a start a thread (nlopt.c).  errors  TL_E_USAGE, TL_E_LIMIT */
tl_code tl_search_nlopt(tl_plan *plan, tl_search_start *starts, uint32_t count,
                        tl_calibrate_method method, uint32_t evaluations_max, tl_error *err);
#endif
