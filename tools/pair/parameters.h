/* parameters.h: parameters of metrics as users and golden tables write them: '{"mad": 0.5, "stride": 2}'. */
#ifndef TL_TOOLS_PAIR_PARAMETERS_H
#define TL_TOOLS_PAIR_PARAMETERS_H
#include "fidelity/metrics.h"

/* Sets what the JSON object names; the rest of *out stays.
 * errors  TL_E_USAGE: no JSON object, a value that is neither number nor text, an unknown name (hint: nearest) or
 *         a value out of range */
tl_code pair_parameters_parse(tl_metric_parameters *out, const char *json, const char *where,
                              tl_error *err);
#endif
