/* info.h: what `twinloop model info` says, as lines and as a document.
 *
 * Owns: nothing. Threads: none of its own. */
#ifndef TL_MODEL_INFO_H
#define TL_MODEL_INFO_H
#include "base/text.h"
#include "tools/model/boards.h"
#include "tools/model/file.h"
#include "tools/verify/measure.h"

typedef struct model_info {
  const model_file *file;
  const tl_survey *survey;
  const model_boards *boards;
  const tl_model *model;       /* NULL: the model is refused */
  const measurement *measured; /* MEASURE_CORES of them */
  const tl_error *error;       /* what is refused first; NULL: the model runs */
  const char *refusal; /* why, if it is none of the operators'; NULL: none or the operators' */
} model_info;

void model_info_lines(tl_text *out, const model_info *info);
void model_info_json(tl_text *out, const model_info *info);
/* Adds `"error": {"code", "message"}`, null for no error. */
void model_error_json(tl_text *out, const tl_error *err);
/* The path without its folders. */
const char *model_file_name(const char *path);
#endif
