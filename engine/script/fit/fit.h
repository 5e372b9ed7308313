/* fit.h: a scenario's calibrate{} carried out: its problem from the sealed world, and the result written back.
 *
 * Why: the world knows stamps, held inputs and values at time 0, the compares know what was recorded; fidelity
 * knows how to fit. Validation recordings are simulated with the fitted parameters; their free initial states are
 * found from their first part (`settle`), which is not judged.
 * Owns: a tl_scenario_fit owns its memory until tl_scenario_fit_free; the scenario must outlive it.
 * Threads: one; the fit spreads over the scenario's own. */
#ifndef TL_SCRIPT_FIT_FIT_H
#define TL_SCRIPT_FIT_FIT_H
#include "fidelity/calibrate/calibrate.h"
#include "script/scenario.h"

typedef struct tl_fit_problem tl_fit_problem; /* a problem and the memory behind it */

typedef struct tl_scenario_fit {
  tl_calibration fit;
  tl_calibrate_problem problem;
  bool has_validation;
  tl_calibration validation; /* its values are initial states of the validation devices */
  tl_calibrate_problem validation_problem;
  tl_calibrate_options options;
  double settle_ratio;
  const tl_twin_type *twin;
  tl_fit_problem *memory[2];
} tl_scenario_fit;

/* True when the scenario has a calibrate{}. */
TL_API bool tl_scenario_has_calibration(const tl_scenario *scenario);
/* After tl_scenario_seal: the problem and what is wrong with it, nothing simulated.
 * errors  those of tl_scenario_calibrate but for TL_E_NAN */
TL_API tl_code tl_scenario_plan_fit(tl_scenario *scenario, tl_scenario_fit *out, tl_error *err);
/* After tl_scenario_seal, before time passes: fits, then writes the fitted values into the world, so that
 * tl_scenario_run is a run with them. hooks: who watches and stops the fit; may be NULL.
 * errors  TL_E_SCRIPT: no calibrate{}; those of tl_calibrate */
TL_API tl_code tl_scenario_calibrate(tl_scenario *scenario, tl_scenario_fit *out,
                                     const tl_calibrate_hooks *hooks, tl_error *err);
TL_API void tl_scenario_fit_free(tl_scenario_fit *fit);
/* The fleet's device and column of a target, for files: name of the column, unit, value in the world. */
TL_API const tl_column *tl_scenario_fit_column(const tl_scenario_fit *fit,
                                               tl_calibrate_target target);
#endif
