/* model_file.h: a model file, read and opened for the host's side of a comparison.
 * Owns: file and tables until verify_model_close. Threads: setup only; the model is read-only. */
#ifndef TL_VERIFY_MODEL_FILE_H
#define TL_VERIFY_MODEL_FILE_H
#include "base/error.h"
#include "kernels/model.h"

typedef struct verify_model {
  tl_model model;
  uint8_t *file;
  size_t file_bytes;
  void *memory;
} verify_model;

/* A whole file, allocated.  errors  TL_E_IO, TL_E_LIMIT */
tl_code verify_file_read(uint8_t **out, size_t *bytes, const char *path, tl_error *err);
/* errors  those of reading; TL_E_MODEL with the operator's place */
tl_code verify_model_open(verify_model *out, const char *path, tl_error *err);
/* Bytes of all inputs: one case. */
size_t verify_model_in_bytes(const verify_model *model);
void verify_model_close(verify_model *model);
#endif
