/* mean.c: MEAN and SUM over any axes.
 *
 * Source: TFLite Micro's reference kernel. For int8 and int16, with n elements and (m, s) the scale
 * of input scale / output scale:
 *     MEAN takes the division into the scale: h = min(floor(log2 n), 32, 31 + s); m = (m << h) / n;
 *     s -= h.  Both: y = clamp(x * (m, s) + zero_out), x = sum - zero_in * n in 32 bits.
 * float32 adds in the order of the input, then divides. */
#include "kernels/ops/reduce/reduce.h"

#include <string.h>

static tl_scale scale_of_mean(tl_scale scale, uint32_t count)
{
  int32_t h = 0;
  while (h < 31 && count >> (h + 1) != 0) h++;
  if (h > 31 + scale.shift) h = 31 + scale.shift;
  scale.multiplier = (int32_t)(((int64_t)scale.multiplier << h) / count);
  scale.shift = (int16_t)(scale.shift - h);
  return scale;
}

static tl_kernel_code prepare(const tl_op_setup *setup, bool divides)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_mean_data *mean = setup->op->data;
  if (input->type != output->type) return tl_op_refuse(setup, "input and output differ in type");
  mean->type = input->type;
  mean->divides = divides;
  const tl_kernel_code code = tl_reduce_prepare(setup, &mean->walk);
  if (code != TL_KERNEL_OK || input->type == TL_TENSOR_FLOAT32) return code;
  if (!tl_op_quantised(input) || !tl_op_quantised(output))
    return tl_op_refuse(setup, "takes float32, or int8 or int16 quantised per tensor");
  const double ratio = (double)input->scale / (double)output->scale;
  if (!(ratio < 1073741824.0)) return tl_op_refuse(setup, "ratio of scales out of range");
  mean->scale = tl_op_scale(setup, ratio);
  if (divides) mean->scale = scale_of_mean(mean->scale, mean->walk.over.count);
  mean->zero_sum = (int64_t)input->zero_point * mean->walk.over.count;
  mean->zero_out = output->zero_point;
  (void)tl_op_activation(0, output, &mean->range);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_mean_prepare(const tl_op_setup *setup) { return prepare(setup, true); }

tl_kernel_code tl_sum_prepare(const tl_op_setup *setup) { return prepare(setup, false); }

static int64_t sum_integers(const tl_mean_data *mean, const void *x, uint32_t base)
{
  int64_t sum = 0;
  tl_reduce_at at = {0};
  for (uint32_t i = 0; i < mean->walk.over.count; i++) {
    sum += tl_op_load(x, mean->type, base + at.offset);
    tl_reduce_next(&mean->walk.over, &at);
  }
  return sum;
}

static float sum_floats(const tl_mean_data *mean, const uint8_t *x, uint32_t base)
{
  float sum = 0.0f;
  tl_reduce_at at = {0};
  for (uint32_t i = 0; i < mean->walk.over.count; i++) {
    sum += tl_load_f32(x + 4ull * (base + at.offset));
    tl_reduce_next(&mean->walk.over, &at);
  }
  return mean->divides ? sum / (float)mean->walk.over.count : sum;
}

void tl_mean_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_mean_data *mean = op->data;
  const void *x = tl_op_read(model, op, 0, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  tl_reduce_at at = {0};
  for (uint32_t i = 0; i < mean->walk.kept.count; i++) {
    if (mean->type == TL_TENSOR_FLOAT32) {
      const float real = sum_floats(mean, x, at.offset);
      memcpy(y + 4ull * i, &real, sizeof real);
    } else { /* the sum keeps its low 32 bits, as an MCU's accumulator would */
      const int64_t sum = sum_integers(mean, x, at.offset) - mean->zero_sum;
      const int64_t scaled =
          (int64_t)tl_fixed_mul((int32_t)(uint32_t)(uint64_t)sum, mean->scale) + mean->zero_out;
      tl_op_store(y, mean->type, i,
                  scaled < mean->range.low    ? mean->range.low
                  : scaled > mean->range.high ? mean->range.high
                                              : (int32_t)scaled);
    }
    tl_reduce_next(&mean->walk.kept, &at);
  }
}
