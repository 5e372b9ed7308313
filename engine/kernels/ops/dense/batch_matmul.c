/* batch_matmul.c: BATCH_MATMUL, int8 and int16: y = x1 x2 over the last two axes, either of them
 * transposed where the options say so (adj_x, adj_y); the axes before broadcast.
 *
 * y[i, j] = sum_k (x1[i, k] - zero1) (x2[k, j] - zero2), rescaled by scale1 * scale2 / scale (the
 * product rounded to float first), sums of 32 bits for int8, of 64 for int16. Source: TFLite Micro's
 * reference kernel. */
#include "kernels/ops/dense/dense.h"

enum { DEPTH_MOST = 1 << 16 /* products of two int16: sums stay within 2^46 */ };

static uint32_t dim_of(const tl_tensor *tensor, uint32_t d)
{
  const uint32_t missing = TL_TENSOR_RANK_MAX - tensor->rank;
  return d < missing ? 1 : (uint32_t)tensor->dims[d - missing];
}

/* Steps of an operand: over the batch axes (0 where it broadcasts), its rows and columns. */
static bool place(const tl_tensor *x, const tl_tensor *y, bool transposed, tl_matmul_operand *out)
{
  uint32_t stride = 1;
  for (uint32_t d = TL_TENSOR_RANK_MAX; d-- > 0;) {
    const uint32_t dim = dim_of(x, d);
    if (d < TL_MATMUL_BATCH_AXES) {
      if (dim != 1 && dim != dim_of(y, d)) return false;
      out->batch_step[d] = dim == 1 ? 0 : stride;
    }
    stride *= dim;
  }
  const uint32_t rows = dim_of(x, TL_TENSOR_RANK_MAX - 2),
                 columns = dim_of(x, TL_TENSOR_RANK_MAX - 1);
  out->rows = transposed ? columns : rows;
  out->columns = transposed ? rows : columns;
  out->row_step = transposed ? 1 : columns;
  out->column_step = transposed ? columns : 1;
  out->zero = x->zero_point;
  return true;
}

/* Every batch axis of the output is one of an input's. */
static bool batches_fit(const tl_tensor *x1, const tl_tensor *x2, const tl_tensor *y)
{
  for (uint32_t d = 0; d < TL_MATMUL_BATCH_AXES; d++)
    if (dim_of(y, d) != dim_of(x1, d) && dim_of(y, d) != dim_of(x2, d)) return false;
  return true;
}

tl_kernel_code tl_batch_matmul_prepare(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_matmul_data *matmul = setup->op->data;
  uint8_t transpose1 = 0, transpose2 = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &transpose1) ||
      !tl_flat_u8(setup->flat, &setup->options, 1, &transpose2))
    return tl_op_refuse(setup, "options leave the file");
  if (!tl_op_quantised(x1) || !tl_op_quantised(x2) || !tl_op_quantised(y) || x1->type != y->type ||
      x2->type != y->type)
    return tl_op_refuse(setup,
                        "inputs and output must all be int8 or all int16, quantised per tensor");
  matmul->type = y->type;
  if (y->type == TL_TENSOR_INT16 &&
      (x1->zero_point != 0 || x2->zero_point != 0 || y->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  if (x1->rank < 2 || x2->rank < 2 || y->rank < 2 || !place(x1, y, transpose1 != 0, &matmul->x1) ||
      !place(x2, y, transpose2 != 0, &matmul->x2) || !batches_fit(x1, x2, y) ||
      matmul->x1.columns != matmul->x2.rows ||
      dim_of(y, TL_TENSOR_RANK_MAX - 2) != matmul->x1.rows ||
      dim_of(y, TL_TENSOR_RANK_MAX - 1) != matmul->x2.columns)
    return tl_op_refuse(setup, "shapes of inputs and output do not fit");
  if (matmul->x1.columns > DEPTH_MOST)
    return tl_op_refuse(setup, "sums of more than 65536 products");
  const float product = x1->scale * x2->scale;
  const double real = (double)product / (double)y->scale;
  if (!(real < 1073741824.0)) return tl_op_refuse(setup, "scales out of range");
  matmul->scale = tl_op_scale(setup, real);
  if (y->type == TL_TENSOR_INT16 && matmul->scale.shift > 14)
    return tl_op_refuse(setup, "scales out of range");
  matmul->output_zero = y->zero_point;
  for (uint32_t d = 0; d < TL_MATMUL_BATCH_AXES; d++) matmul->batch_dims[d] = dim_of(y, d);
  return TL_KERNEL_OK;
}

static int32_t element(const tl_matmul_data *matmul, const void *x1, uint32_t at1, const void *x2,
                       uint32_t at2)
{
  const tl_matmul_operand *left = &matmul->x1, *right = &matmul->x2;
  const bool wide = matmul->type == TL_TENSOR_INT16;
  int64_t sum = 0;
  for (uint32_t k = 0; k < left->columns; k++) {
    const int32_t a = tl_op_load(x1, matmul->type, at1 + k * left->column_step) - left->zero;
    const int32_t b = tl_op_load(x2, matmul->type, at2 + k * right->row_step) - right->zero;
    sum += (int64_t)a * b;
  }
  const int32_t low = wide ? INT16_MIN : INT8_MIN, high = wide ? INT16_MAX : INT8_MAX;
  const int32_t scaled =
      wide ? tl_fixed_mul64(sum, matmul->scale) : tl_fixed_mul((int32_t)sum, matmul->scale);
  return matmul->output_zero +
         tl_fixed_clamp(scaled, low - matmul->output_zero, high - matmul->output_zero);
}

void tl_batch_matmul_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_matmul_data *matmul = op->data;
  const void *x1 = tl_op_read(model, op, 0, place), *x2 = tl_op_read(model, op, 1, place);
  void *y = tl_op_write(model, op, 0, place);
  const uint32_t size = matmul->x1.rows * matmul->x2.columns;
  const uint32_t batches = tl_op_output(model, op, 0)->element_count / size;
  uint32_t at[TL_MATMUL_BATCH_AXES] = {0}, begin1 = 0, begin2 = 0, out = 0;
  for (uint32_t batch = 0; batch < batches; batch++) {
    for (uint32_t i = 0; i < matmul->x1.rows; i++)
      for (uint32_t j = 0; j < matmul->x2.columns; j++)
        tl_op_store(y, matmul->type, out++,
                    element(matmul, x1, begin1 + i * matmul->x1.row_step, x2,
                            begin2 + j * matmul->x2.column_step));
    for (uint32_t d = TL_MATMUL_BATCH_AXES; d-- > 0;) { /* the next batch, like an odometer */
      begin1 += matmul->x1.batch_step[d];
      begin2 += matmul->x2.batch_step[d];
      if (++at[d] < matmul->batch_dims[d]) break;
      begin1 -= matmul->x1.batch_step[d] * matmul->batch_dims[d];
      begin2 -= matmul->x2.batch_step[d] * matmul->batch_dims[d];
      at[d] = 0;
    }
  }
}
