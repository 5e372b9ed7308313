#include "edge/scoring.h"

static int32_t element_of(const tl_tensor *tensor, const uint8_t *data, uint32_t element)
{
  if (tensor->type == TL_TENSOR_INT8) return ((const int8_t *)data)[element];
  int16_t wide;
  memcpy(&wide, data + 2u * (size_t)element, sizeof wide);
  return wide;
}

tl_scoring tl_scoring_of(const tl_model *model, bool reconstructs, uint32_t output)
{
  const tl_tensor *in = tl_model_input(model, 0), *out = tl_model_output(model, 0);
  const double step = (double)out->scale;
  return (tl_scoring){.reconstructs = reconstructs,
                      .output = output,
                      .same_steps = in->scale == out->scale && in->zero_point == out->zero_point &&
                                    in->type == out->type,
                      .scale = reconstructs ? step * step / (double)in->element_count : step};
}

/* Steps apart, or from another zero: in real numbers. */
static double squared_distance(const tl_tensor *input, const tl_tensor *output, const uint8_t *in,
                               const uint8_t *out)
{
  double total = 0.0;
  for (uint32_t i = 0; i < output->element_count; i++) {
    const double off =
        (double)(element_of(output, out, i) - output->zero_point) * (double)output->scale -
        (double)(element_of(input, in, i) - input->zero_point) * (double)input->scale;
    total += off * off;
  }
  return total / (double)output->element_count;
}

double tl_scoring_read(const tl_scoring *scoring, const tl_model *model, const uint8_t *in,
                       const uint8_t *out)
{
  const tl_tensor *input = tl_model_input(model, 0), *output = tl_model_output(model, 0);
  if (!scoring->reconstructs)
    return (double)(element_of(output, out, scoring->output) - output->zero_point) * scoring->scale;
  if (!scoring->same_steps) return squared_distance(input, output, in, out);
  int64_t sum = 0;
  for (uint32_t i = 0; i < output->element_count; i++) {
    const int64_t off = element_of(output, out, i) - element_of(input, in, i);
    sum += off * off;
  }
  return (double)sum * scoring->scale;
}
