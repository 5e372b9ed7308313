#include "tools/verify/model_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

tl_code verify_file_read(uint8_t **out, size_t *bytes, const char *path, tl_error *err)
{
  *out = NULL;
  *bytes = 0;
  FILE *file = fopen(path, "rb");
  if (!file) return tl_fail(err, TL_E_IO, NULL, "%s: %s", path, strerror(errno));
  const int64_t length = fseeko(file, 0, SEEK_END) == 0 ? (int64_t)ftello(file) : -1;
  tl_code code = TL_OK;
  if (length < 0 || fseeko(file, 0, SEEK_SET) != 0)
    code = tl_fail(err, TL_E_IO, NULL, "%s: is no plain file", path);
  else if (length > INT32_MAX || !(*out = malloc((size_t)length + 1)))
    code = tl_fail(err, TL_E_LIMIT, NULL, "%s: %lld bytes do not fit into memory", path,
                   (long long)length);
  else if (fread(*out, 1, (size_t)length, file) != (size_t)length)
    code = tl_fail(err, TL_E_IO, NULL, "%s: cannot be read", path);
  else
    *bytes = (size_t)length;
  fclose(file);
  if (code == TL_OK) return code;
  free(*out);
  *out = NULL;
  return code;
}

static tl_code refuse(const char *path, const tl_kernel_status *status, tl_error *err)
{
  if (status->node < 0) return tl_fail(err, TL_E_MODEL, NULL, "%s: %s", path, status->reason);
  return tl_fail(err, TL_E_MODEL, NULL, "%s: node %d: %s", path, status->node, status->reason);
}

tl_code verify_model_open(verify_model *out, const char *path, tl_error *err)
{
  tl_kernel_status status;
  size_t bytes;
  *out = (verify_model){0};
  const tl_code code = verify_file_read(&out->file, &out->file_bytes, path, err);
  if (code != TL_OK) return code;
  if (tl_model_memory_bytes(&bytes, out->file, out->file_bytes, &status) != TL_KERNEL_OK)
    return refuse(path, &status, err);
  out->memory = aligned_alloc(ALIGN, (bytes / ALIGN + 1) * ALIGN);
  if (!out->memory) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (tl_model_open(&out->model, out->memory, bytes, out->file, out->file_bytes, NULL, &status) !=
      TL_KERNEL_OK)
    return refuse(path, &status, err);
  return TL_OK;
}

size_t verify_model_in_bytes(const verify_model *model)
{
  size_t bytes = 0;
  for (uint32_t i = 0; i < model->model.input_count; i++)
    bytes += tl_model_input(&model->model, i)->bytes;
  return bytes;
}

void verify_model_close(verify_model *model)
{
  free(model->memory);
  free(model->file);
  *model = (verify_model){0};
}
