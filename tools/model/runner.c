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

/* The path asked for, which must be here; without a wish the scalar one. */
static tl_code choose_path(tl_simd_path *out, const char *path, tl_error *err)
{
  *out = TL_PATH_SCALAR;
  if (!path) return TL_OK;
  const tl_code code = tl_cpu_path_parse(out, path, err);
  if (code == TL_OK && *out != TL_PATH_SCALAR)
    return tl_fail(err, TL_E_ARG, NULL, "--path: this build runs models on the scalar path only");
  return code;
}

tl_code model_runner_open(model_runner *out, const tl_model *model,
                          const model_run_options *options, tl_error *err)
{
  tl_simd_path chosen;
  *out = (model_runner){
      .model = model, .batch = options->batch, .is_independent = options->is_independent};
  const tl_code code = choose_path(&chosen, options->path, err);
  if (code != TL_OK) return code;
  if (options->batch > 1 && model->state_bytes > 0 && !options->is_independent)
    return tl_fail(err, TL_E_USAGE, NULL,
                   "--batch: the model keeps %zu bytes of state from case to case, so its cases "
                   "run one after the other: --batch 1",
                   model->state_bytes);
  out->in_bytes = model_in_bytes(model);
  out->out_bytes = model_out_bytes(model);
  out->arena = model_take(model->arena_bytes);
  out->state = model_take(model->state_bytes);
  if (!out->arena || !out->state) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  return TL_OK;
}

void model_runner_close(model_runner *runner)
{
  free(runner->arena);
  free(runner->state);
  *runner = (model_runner){0};
}

void model_runner_reset(model_runner *runner) { tl_model_reset(runner->model, runner->state); }

tl_code model_runner_run(model_runner *runner, uint8_t *out, const uint8_t *in, size_t count,
                         tl_error *err)
{
  const tl_model *model = runner->model;
  const void *inputs[MODEL_OPERANDS_MAX];
  void *outputs[MODEL_OPERANDS_MAX];
  tl_kernel_status status;
  for (size_t c = 0; c < count; c++) {
    if (runner->is_independent) model_runner_reset(runner);
    for (uint32_t i = 0; i < model->input_count; i++) {
      inputs[i] = in;
      in += tl_model_input(model, i)->bytes;
    }
    for (uint32_t o = 0; o < model->output_count; o++) {
      outputs[o] = out;
      out += tl_model_output(model, o)->bytes;
    }
    if (tl_model_run(model, runner->arena, model->arena_bytes, runner->state, inputs, outputs,
                     &status) != TL_KERNEL_OK)
      return tl_fail(err, TL_E_INTERNAL, NULL, "%s", status.reason);
  }
  return TL_OK;
}
