/* boards.h: what an inference costs on every board that has a profile, for `twinloop model info`: modelled, and what an emulated core
 * of that kind counted.
 *
 * Owns: nothing. Threads: none of its own. */
#ifndef TL_MODEL_BOARDS_H
#define TL_MODEL_BOARDS_H
#include "base/text.h"
#include "edge/board.h"
#include "tools/verify/measure.h"

typedef struct model_boards {
  tl_board boards[TL_BOARDS_MAX];
  uint32_t count;
} model_boards;

/* measured: MEASURE_CORES, of which a board shows the one with its core, counted beside modelled. */
void model_boards_lines(tl_text *out, const model_boards *boards, const tl_model *model,
                        const measurement *measured);
/* Adds `"boards": [...]`; model NULL: an empty list. */
void model_boards_json(tl_text *out, const model_boards *boards, const tl_model *model,
                       const measurement *measured);
#endif
