#include "tools/model/file.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

void *model_take(size_t bytes)
{
  if (bytes > SIZE_MAX / 2) return NULL;
  const size_t rounded = (bytes + ALIGN) / ALIGN * ALIGN;
  void *memory = aligned_alloc(ALIGN, rounded);
  if (memory) memset(memory, 0, rounded);
  return memory;
}

/* --- the file ------------------------------------------------------------------------------------ */
static tl_code read_all(model_file *out, FILE *file, tl_error *err)
{
  size_t capacity = 1 << 16;
  for (;;) {
    uint8_t *grown = realloc(out->data, capacity);
    if (!grown) return tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", out->path);
    out->data = grown;
    out->bytes += fread(out->data + out->bytes, 1, capacity - out->bytes, file);
    if (out->bytes < capacity) break;
    capacity *= 2;
  }
  if (ferror(file))
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot read: %s", out->path, strerror(errno));
  return TL_OK;
}

tl_code model_file_read(model_file *out, const char *path, tl_error *err)
{
  *out = (model_file){.path = path};
  FILE *file = fopen(path, "rb");
  if (!file) return tl_fail(err, TL_E_IO, NULL, "%s: cannot read: %s", path, strerror(errno));
  const tl_code code = read_all(out, file, err);
  fclose(file);
  return code;
}

void model_file_free(model_file *file)
{
  free(file->data);
  file->data = NULL;
}

/* --- opening it ---------------------------------------------------------------------------------- */
static tl_code refuse(const model_file *file, const tl_kernel_status *status, tl_error *err)
{
  if (status->node < 0) return tl_fail(err, TL_E_MODEL, NULL, "%s: %s", file->path, status->reason);
  const char *name = tl_builtin_name(status->op);
  if (status->op < 0 || strncmp(status->reason, name, strlen(name)) == 0) /* it is named already */
    return tl_fail(err, TL_E_MODEL, NULL, "%s: node %d: %s", file->path, status->node,
                   status->reason);
  return tl_fail(err, TL_E_MODEL, NULL, "%s: node %d (%s): %s", file->path, status->node, name,
                 status->reason);
}

tl_code model_load(model_loaded *out, const model_file *file, const tl_model_options *options,
                   tl_error *err)
{
  tl_kernel_status status;
  size_t bytes;
  *out = (model_loaded){0};
  if (tl_model_memory_bytes(&bytes, file->data, file->bytes, &status) != TL_KERNEL_OK)
    return refuse(file, &status, err);
  out->memory = model_take(bytes);
  if (!out->memory) return tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", file->path);
  if (tl_model_open(&out->model, out->memory, bytes, file->data, file->bytes, options, &status) !=
      TL_KERNEL_OK)
    return refuse(file, &status, err);
  return TL_OK;
}

void model_unload(model_loaded *model)
{
  free(model->memory);
  *model = (model_loaded){0};
}

tl_code model_survey(model_surveyed *out, const model_file *file, tl_error *err)
{
  tl_kernel_status status;
  size_t bytes;
  *out = (model_surveyed){0};
  if (tl_survey_memory_bytes(&bytes, file->data, file->bytes, &status) != TL_KERNEL_OK)
    return refuse(file, &status, err);
  out->memory = model_take(bytes);
  if (!out->memory) return tl_fail(err, TL_E_LIMIT, NULL, "%s: out of memory", file->path);
  if (tl_survey_open(&out->survey, out->memory, bytes, file->data, file->bytes, &status) !=
      TL_KERNEL_OK)
    return refuse(file, &status, err);
  return TL_OK;
}

void model_survey_free(model_surveyed *survey)
{
  free(survey->memory);
  *survey = (model_surveyed){0};
}
