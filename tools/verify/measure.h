/* measure.h: instructions of a model's operators in an emulated core, for `twinloop model info --measure`.
 *
 * Why: a board's cycles are modelled from other networks; this is the second figure, counted, and independent of the
 * fit. The model is built into a firmware (tools/firmware), runs one random case there, and every tensor must be the
 * host's, else nothing is told.
 * Owns: a measurement owns its counts until measure_free. Threads: one. */
#ifndef TL_VERIFY_MEASURE_H
#define TL_VERIFY_MEASURE_H
#include "tools/model/file.h"

enum { MEASURE_CORES = 3, MEASURE_WHY_BYTES = 320 };

typedef struct measurement {
  const char *core;            /* "Cortex-M4", as board profiles say it */
  const char *word;            /* "m4", as tools/firmware does */
  bool is_run;                 /* false: `why` says why not, the rest is 0 */
  char why[MEASURE_WHY_BYTES]; /* "ask with --measure m4", "qemu-system-arm is missing" */
  double step;                 /* the clock counts so many at once */
  double instructions;         /* of one inference: the sum of ... */
  double *ops;                 /* ... these, one an operator of the model; NULL if not run */
} measurement;

/* The cores that can be measured, none of them yet. */
void measure_none(measurement out[MEASURE_CORES]);
/* Measures the cores that `word` names: "m4", "cortex-m4", "all". Whatever is missing or goes wrong is that core's
 * `why`. root: folder of the sources, with tools/firmware in it. model: opened from file, rounding twice. */
void measure_cores(measurement cores[MEASURE_CORES], const char *word, const char *root,
                   const model_file *file, const tl_model *model);
void measure_free(measurement cores[MEASURE_CORES]);
#endif
