/* fidelity.h: `tools/bench fidelity`: metrics of a recording of 1121 samples, one core, beside a version written from
 * their definitions. */
#ifndef TL_BENCHMARKS_FIDELITY_H
#define TL_BENCHMARKS_FIDELITY_H
#include "base/text.h"

/* Appends rows to a JSON list that has been opened, and prints them to standard error as they come.
 * errors  TL_E_INTERNAL: product and yardstick disagree; those of tl_metrics_measure */
tl_code fidelity_measure(tl_text *json, uint32_t rounds, tl_error *err);
#endif
