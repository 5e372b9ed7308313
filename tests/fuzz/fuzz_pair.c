/* Two columns from strangers: an error or a judgement, never a crash; what is told as a number is finite. */
#include "fidelity/pair.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const tl_pair *pair, uint8_t option)
{
  static bool wanted[TL_METRIC_ALL_COUNT];
  static tl_metric_value value[TL_METRIC_ALL_COUNT];
  tl_metric_parameters parameters = tl_metric_parameters_default();
  tl_error err;
  const double size = (double)(option % 16) + 0.5;
  parameters.value[TL_PARAMETER_mad] = parameters.value[TL_PARAMETER_eps] = size;
  parameters.value[TL_PARAMETER_atoly] = parameters.value[TL_PARAMETER_tolerance] = size;
  parameters.value[TL_PARAMETER_atolx] = (double)(option >> 6);
  parameters.value[TL_PARAMETER_threshold] = size - 4.0;
  parameters.value[TL_PARAMETER_window] = option & 16 ? size + 0.5 : (double)NAN;
  parameters.value[TL_PARAMETER_stride] = option & 32 ? 3.0 : 1.0;
  parameters.value[TL_PARAMETER_dt] = option & 64 ? 1.0 : (double)NAN;
  if (tl_pair_choose(wanted, "all", pair, &err) != TL_OK) abort();
  if (tl_metrics_measure(value, wanted, &pair->series, &parameters, &err) != TL_OK) return;
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++)
    if (wanted[m] && (value[m].status == TL_METRIC_OK) != (isfinite(value[m].value) != 0)) abort();
  tl_text text = {0};
  tl_pair_write_json(&text, "fuzz", pair, wanted, &parameters, value);
  tl_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 1 || size > 20000) return 0; /* tables grow with the square */
  const bool has_members = (data[0] & 128) != 0;
  const tl_pair_def def = {.path = "fuzz",
                           .time = data[0] & 1 ? "t" : NULL,
                           .ref = "ref",
                           .sim = "sim",
                           .members = has_members ? "m1..m2,ref" : NULL};
  tl_pair pair;
  tl_error err;
  if (tl_pair_read_bytes(&pair, &def, (const char *)data + 1, size - 1, &err) == TL_OK)
    judge(&pair, data[0]);
  tl_pair_free(&pair);
  return 0;
}
