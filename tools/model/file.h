/* file.h: a model file as the commands open it, and how a device's kernels round.
 *
 * Owns: a model_file owns the file's bytes, a model_loaded the tables; the file must outlive what was loaded
 * from it. Threads: setup only; a loaded model is read-only. */
#ifndef TL_MODEL_FILE_H
#define TL_MODEL_FILE_H
#include "base/error.h"
#include "kernels/model.h"
#include "kernels/survey.h"

typedef struct model_file {
  const char *path; /* the caller's */
  uint8_t *data;
  size_t bytes;
} model_file;

typedef struct model_loaded {
  tl_model model;
  void *memory;
} model_loaded;

typedef struct model_surveyed {
  tl_survey survey;
  void *memory;
} model_surveyed;

/* Reads the whole file.  errors  TL_E_IO, TL_E_LIMIT */
tl_code model_file_read(model_file *out, const char *path, tl_error *err);
void model_file_free(model_file *file);

/* errors  TL_E_MODEL: "M.tflite: node 3 (GATHER): reason"; TL_E_LIMIT */
tl_code model_load(model_loaded *out, const model_file *file, const tl_model_options *options,
                   tl_error *err);
void model_unload(model_loaded *model);
tl_code model_survey(model_surveyed *out, const model_file *file, tl_error *err);
void model_survey_free(model_surveyed *survey);

/* Zeroed, aligned to 64 bytes, at least one byte; NULL when there is no memory. free() releases it. */
void *model_take(size_t bytes);
#endif
