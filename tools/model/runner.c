#include "tools/model/runner.h"

#include "kernels/path.h"
#include "tools/model/file.h"

#include <stdlib.h>
#include <string.h>

size_t model_in_bytes(const tl_model *model)
{
  size_t bytes = 0;
  for (uint32_t i = 0; i < model->input_count; i++) bytes += tl_model_input(model, i)->bytes;
  return bytes;
}

size_t model_out_bytes(const tl_model *model)
{
  size_t bytes = 0;
  for (uint32_t o = 0; o < model->output_count; o++) bytes += tl_model_output(model, o)->bytes;
  return bytes;
}

/* The path asked for, which must be here; without a wish the best one that has kernels. */
static tl_code choose_path(tl_kernel_path *out, const char *path, tl_error *err)
{
  tl_simd_path cpu = tl_cpu_best_path();
  if (path && tl_cpu_path_parse(&cpu, path, err) != TL_OK) return err->code;
  for (int kernel = 0; kernel < TL_KERNEL_PATH_COUNT; kernel++) {
    const char *name = tl_kernel_path_name((tl_kernel_path)kernel);
    if (strcmp(name, tl_cpu_path_name(cpu)) != 0) continue;
    *out = (tl_kernel_path)kernel;
    if (tl_kernel_path_built(*out)) return TL_OK;
  }
  *out = TL_KERNEL_SCALAR;
  return path ? tl_fail(err, TL_E_ARG, NULL, "--path: this build has no kernels for %s", path)
              : TL_OK;
}

static tl_code take_buffers(model_runner *out, tl_error *err)
{
  const tl_model *model = out->model;
  out->in_bytes = model_in_bytes(model);
  out->out_bytes = model_out_bytes(model);
  out->arena = model_take(out->packed.arena_bytes);
  out->state = model_take(model->state_bytes * out->batch);
  out->in = model_take(out->in_bytes * out->batch);
  out->out = model_take(out->out_bytes * out->batch);
  if (!out->arena || !out->state || !out->in || !out->out)
    return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  model_runner_reset(out);
  return TL_OK;
}

tl_code model_runner_open(model_runner *out, const tl_model *model,
                          const model_run_options *options, tl_error *err)
{
  tl_kernel_path path;
  tl_kernel_status status;
  *out = (model_runner){
      .model = model, .batch = options->batch, .is_independent = options->is_independent};
  const tl_code code = choose_path(&path, options->path, err);
  if (code != TL_OK) return code;
  if (options->batch > 1 && model->state_bytes > 0 && !options->is_independent)
    return tl_fail(err, TL_E_USAGE, NULL,
                   "--batch: the model keeps %zu bytes of state from case to case, so its cases "
                   "run one after the other: --batch 1",
                   model->state_bytes);
  const size_t bytes = tl_batch_pack_bytes(model);
  out->memory = model_take(bytes);
  if (!out->memory) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (tl_batch_pack(&out->packed, out->memory, bytes, model, path, &status) != TL_KERNEL_OK)
    return tl_fail(err, TL_E_MODEL, NULL, "path %s: %s", tl_kernel_path_name(path), status.reason);
  return take_buffers(out, err);
}

void model_runner_close(model_runner *runner)
{
  free(runner->memory);
  free(runner->arena);
  free(runner->state);
  free(runner->in);
  free(runner->out);
  *runner = (model_runner){0};
}

void model_runner_reset(model_runner *runner)
{
  for (uint32_t c = 0; c < runner->batch; c++)
    tl_model_reset(runner->model,
                   (uint8_t *)runner->state + (size_t)c * runner->model->state_bytes);
}

/* A batch has its tensors side by side, a file its cases: the bytes of one tensor move between them. */
static void gather(uint8_t *tensors, const uint8_t *cases, size_t case_bytes, size_t bytes,
                   uint32_t count)
{
  for (uint32_t c = 0; c < count; c++) memcpy(tensors + c * bytes, cases + c * case_bytes, bytes);
}

static void scatter(uint8_t *cases, const uint8_t *tensors, size_t case_bytes, size_t bytes,
                    uint32_t count)
{
  for (uint32_t c = 0; c < count; c++) memcpy(cases + c * case_bytes, tensors + c * bytes, bytes);
}

static tl_code run_batch(model_runner *runner, uint8_t *out, const uint8_t *in, uint32_t count,
                         tl_error *err)
{
  const tl_model *model = runner->model;
  const void *inputs[MODEL_OPERANDS_MAX];
  void *outputs[MODEL_OPERANDS_MAX];
  tl_kernel_status status;
  uint8_t *at = runner->in;
  for (uint32_t i = 0; i < model->input_count; i++) {
    const size_t bytes = tl_model_input(model, i)->bytes;
    gather(at, in, runner->in_bytes, bytes, count);
    inputs[i] = at;
    at += bytes * count;
    in += bytes;
  }
  at = runner->out;
  for (uint32_t o = 0; o < model->output_count; o++) {
    outputs[o] = at;
    at += tl_model_output(model, o)->bytes * (size_t)count;
  }
  if (runner->is_independent) model_runner_reset(runner);
  if (tl_model_run_batch(&runner->packed, runner->arena, runner->packed.arena_bytes, runner->state,
                         count, inputs, outputs, &status) != TL_KERNEL_OK)
    return tl_fail(err, TL_E_INTERNAL, NULL, "%s", status.reason);
  for (uint32_t o = 0; o < model->output_count; o++) {
    const size_t bytes = tl_model_output(model, o)->bytes;
    scatter(out, outputs[o], runner->out_bytes, bytes, count);
    out += bytes;
  }
  return TL_OK;
}

tl_code model_runner_run(model_runner *runner, uint8_t *out, const uint8_t *in, size_t count,
                         tl_error *err)
{
  tl_code code = TL_OK;
  for (size_t c = 0; c < count && code == TL_OK; c += runner->batch) {
    const size_t left = count - c;
    const uint32_t now = left < runner->batch ? (uint32_t)left : runner->batch;
    code = run_batch(runner, out + c * runner->out_bytes, in + c * runner->in_bytes, now, err);
  }
  return code;
}
