/* card.h: what a model's input means: the channels, units, ranges and rate that its maker wrote beside it.
 *
 * Why: a tensor is numbers; a model trained on kelvin that is fed degrees Celsius answers all the same. The card
 * (M.json beside M.tflite, schema twinloop.model_card/1) says what each value of a window is, and is held against
 * the schema of the device and against the tensor itself.
 * Owns: nothing. Threads: one at a time. */
#ifndef TL_MODEL_CARD_H
#define TL_MODEL_CARD_H
#include "telemetry/governance/governed.h"
#include "tools/model/file.h"

typedef struct model_card_report {
  char path[1024]; /* of the card */
  uint32_t window, input_count;
  double period_s;
} model_card_report;

/* Reads the card of a model and checks it against the schema and the model's first input.
 * errors  TL_E_IO: there is no card; TL_E_FORMAT: it is none; TL_E_SCHEMA: another schema or version, an unknown channel,
 *         another rate, a range that the schema's channel leaves or that the tensor cannot hold, another length;
 *         TL_E_UNIT: a channel in another unit than the schema's */
tl_code model_card_check(model_card_report *out, const tl_governed *schema, const char *model_path,
                         tl_error *err);
#endif
