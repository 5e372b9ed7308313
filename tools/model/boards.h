/* boards.h: what an inference costs on every board that has a profile, for `twinloop model info`. All modelled.
 *
 * Owns: nothing. Threads: none of its own. */
#ifndef TL_MODEL_BOARDS_H
#define TL_MODEL_BOARDS_H
#include "base/text.h"
#include "edge/board.h"

typedef struct model_boards {
  tl_board boards[TL_BOARDS_MAX];
  uint32_t count;
} model_boards;

void model_boards_lines(tl_text *out, const model_boards *boards, const tl_model *model);
/* Adds `"boards": [...]`; model NULL: an empty list. */
void model_boards_json(tl_text *out, const model_boards *boards, const tl_model *model);
#endif
