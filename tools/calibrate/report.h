/* report.h: a calibration as a table for people, as JSON, and as the parameter file that scenarios load.
 *
 * Owns: nothing; texts are the caller's. Threads: the main thread. */
#ifndef TL_TOOLS_CALIBRATE_REPORT_H
#define TL_TOOLS_CALIBRATE_REPORT_H
#include "base/text.h"
#include "fidelity/border/border.h"
#include "script/fit/fit.h"

#define TL_CALIBRATION_SCHEMA "twinloop.calibration/1"
#define TL_PARAMETERS_SCHEMA "twinloop.parameters/1"

typedef struct calibration_report {
  const tl_scenario_fit *fit;
  tl_scenario_info info;
  char run_hash[65]; /* of a run with the fitted values */
  double wall_s;     /* of the fit */
} calibration_report;

void calibration_add_table(tl_text *out, const calibration_report *report);
void calibration_add_json(tl_text *out, const calibration_report *report);
/* Values of the first training device: what is fitted, and the parameters that were given. */
void calibration_add_parameters(tl_text *out, const calibration_report *report);
/* The region that the training samples cover, over driven inputs and compared columns; false when there is none: no
 * stamp has values of all of them. */
bool calibration_border(tl_border *out, const tl_calibrate_problem *problem);
#endif
