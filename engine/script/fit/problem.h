/* problem.h: a calibrate{} and a sealed world as a tl_calibrate_problem. For this folder only. */
#ifndef TL_SCRIPT_FIT_PROBLEM_H
#define TL_SCRIPT_FIT_PROBLEM_H
#include "script/binding.h"
#include "script/fit/fit.h"

struct tl_fit_problem {
  tl_calibrate_problem problem;
  uint32_t fleet[SCRIPT_FITTED_MAX]; /* of a run */
  void **blocks;                     /* everything that the problem points to */
  uint32_t block_count, block_room;
};

/* The training devices with everything that is free. *out must be freed, also after an error.
 * errors  TL_E_LIMIT, those of reading recordings */
tl_code fit_make_training(tl_fit_problem **out, tl_scenario *s, tl_error *err);
/* The validation devices: fitted values of `fit` in place, initial states free. */
tl_code fit_make_validation(tl_fit_problem **out, tl_scenario *s, const tl_fit_problem *training,
                            const tl_calibration *fit, tl_error *err);
void fit_free_problem(tl_fit_problem *problem);
#endif
