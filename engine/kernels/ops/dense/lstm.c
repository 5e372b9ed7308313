/* lstm.c: UNIDIRECTIONAL_SEQUENCE_LSTM, int8 or int16 activations, int8 weights, int16 cell.
 *
 * A step, for each unit (all sums in Q3.12, gates in Q0.15, h the hidden state of the step before):
 *     f, i, o = logistic(w_f x + b_f + r_f h), ...   g = tanh(w_g x + b_g + r_g h)
 *     cell    = clip(f * cell + i * g)
 *     hidden  = o * tanh(cell), also the step's output
 * Each sum, each product is rescaled and saturated by itself. Source: TFLite Micro's reference
 * kernel, which differs from TensorFlow Lite's in the curves; like there, no peephole, no
 * projection, no layer norm, no coupled gates. */
#include "kernels/curve_int16.h"
#include "kernels/ops/dense/dense.h"

#include <string.h>

enum {
  INPUT = 0,
  WEIGHTS = 1,     /* of input: input, forget, cell, output gate */
  RECURRENT = 5,   /* of the hidden state, in the same order */
  PEEPHOLE = 9,    /* 3 */
  GATE_BIAS = 12,  /* 4 */
  PROJECTION = 16, /* 2 */
  HIDDEN = 18,
  CELL = 19,
  LAYER_NORM = 20, /* 4 */
  INPUTS_LEAST = 20,
  TANH = 4,
  SIZE_MOST = 1 << 24 /* weights a sum: int16 sums stay within 2^46 */
};

static const tl_tensor *input_of(const tl_op_setup *setup, uint32_t input)
{
  return tl_op_input(setup->model, setup->op, input);
}

/* ---- prepare ---- */

static const char *check_form(const tl_op_setup *setup, const tl_lstm_options *options)
{
  if (setup->op->input_count < INPUTS_LEAST) return "20 to 24 inputs are expected";
  for (uint32_t i = 0; i < 3; i++)
    if (input_of(setup, PEEPHOLE + i) != NULL) return "peephole weights are not supported";
  for (uint32_t i = 0; i < 2; i++)
    if (input_of(setup, PROJECTION + i) != NULL) return "a projection is not supported";
  for (uint32_t i = 0; i < 4; i++)
    if (input_of(setup, LAYER_NORM + i) != NULL) return "layer norm is not supported";
  if (input_of(setup, WEIGHTS) == NULL || input_of(setup, RECURRENT) == NULL)
    return "coupled input and forget gates are not supported";
  if (options->diagonal) return "diagonal recurrent weights are not supported";
  if (options->activation != TANH) return "the cell's activation must be TANH";
  if (!(options->cell_clip >= 0.0f)) return "cell clip must not be negative";
  return NULL;
}

static const char *check_tensors(const tl_op_setup *setup, tl_lstm_data *lstm)
{
  const tl_tensor *input = input_of(setup, INPUT), *hidden = input_of(setup, HIDDEN);
  const tl_tensor *cell = input_of(setup, CELL);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (!tl_op_quantised(input) || output->type != input->type || input->rank != 3 ||
      output->rank != 3)
    return "input and output must both be int8 or both int16, quantised, of three dimensions";
  if (hidden == NULL || !hidden->is_variable || !tl_op_quantised(hidden) ||
      hidden->type != input->type)
    return "hidden state must be a variable of the input's type, quantised per tensor";
  if (cell == NULL || !cell->is_variable || !tl_op_quantised(cell) ||
      cell->type != TL_TENSOR_INT16 || cell->zero_point != 0)
    return "cell state must be a variable int16, quantised per tensor, zero point 0";
  const uint32_t first = (uint32_t)input->dims[0], second = (uint32_t)input->dims[1];
  lstm->batches = lstm->time_major ? second : first;
  lstm->steps = lstm->time_major ? first : second;
  lstm->inputs = (uint32_t)input->dims[2];
  lstm->units = (uint32_t)output->dims[2];
  const uint64_t states = (uint64_t)lstm->batches * lstm->units;
  if (output->dims[0] != input->dims[0] || output->dims[1] != input->dims[1] ||
      hidden->element_count != states || cell->element_count != states ||
      lstm->inputs > SIZE_MOST || lstm->units > SIZE_MOST)
    return "shapes of input, states and output do not fit";
  return NULL;
}

static bool is_matrix(const tl_tensor *weights, uint32_t rows, uint32_t columns)
{
  return weights != NULL && weights->data != NULL && weights->type == TL_TENSOR_INT8 &&
         tl_op_quantised(weights) && weights->zero_point == 0 && weights->rank == 2 &&
         (uint32_t)weights->dims[0] == rows && (uint32_t)weights->dims[1] == columns;
}

/* Of a product in the gates' Q3.12: the product of both scales is rounded to float first. */
static bool gate_scale(const tl_op_setup *setup, const tl_tensor *x, const tl_tensor *weights,
                       tl_scale *out)
{
  const float product = x->scale * weights->scale;
  const double real = (double)product * 4096.0;
  if (!(real < 1073741824.0)) return false;
  *out = tl_op_scale(setup, real);
  return x->type == TL_TENSOR_INT8 || out->shift <= 14;
}

static const char *prepare_gate(const tl_op_setup *setup, const tl_lstm_data *lstm, uint32_t number,
                                tl_lstm_gate *gate)
{
  const tl_tensor *weights = input_of(setup, WEIGHTS + number);
  const tl_tensor *recurrent = input_of(setup, RECURRENT + number);
  const tl_tensor *bias = input_of(setup, GATE_BIAS + number);
  const tl_tensor_type bias_type = lstm->wide ? TL_TENSOR_INT64 : TL_TENSOR_INT32;
  if (!is_matrix(weights, lstm->units, lstm->inputs) ||
      !is_matrix(recurrent, lstm->units, lstm->units))
    return "weights must be constant int8 [units][inputs], quantised per tensor, zero point 0";
  if (bias == NULL || bias->data == NULL || bias->type != bias_type ||
      bias->element_count != lstm->units)
    return "biases must be constant, one int32 (int64 for int16) a unit";
  if (!gate_scale(setup, input_of(setup, INPUT), weights, &gate->scale_input) ||
      !gate_scale(setup, input_of(setup, HIDDEN), recurrent, &gate->scale_recurrent))
    return "scales out of range";
  gate->weights = (const int8_t *)weights->data;
  gate->recurrent = (const int8_t *)recurrent->data;
  gate->bias = bias->data;
  return NULL;
}

/* The exponent of a power of two, or of what lies within a thousandth of an octave of one; false for
 * other numbers. x is positive and finite. */
static bool power_of_two(float x, int32_t *exponent)
{
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint32_t fraction = bits & 0x7FFFFF;
  enum { ABOVE = 5816, BELOW = 8376983 }; /* 2^23 (2^0.001 - 1), 2^23 (2^0.999 - 1) */
  *exponent = (int32_t)(bits >> 23) - 127 + (fraction > BELOW ? 1 : 0);
  return fraction < ABOVE || fraction > BELOW;
}

static const char *prepare_cell(const tl_op_setup *setup, const tl_lstm_options *options,
                                tl_lstm_data *lstm)
{
  const tl_tensor *hidden = input_of(setup, HIDDEN);
  const float scale = input_of(setup, CELL)->scale;
  int32_t power;
  if (!power_of_two(scale, &power) || power < -28 || power > 0)
    return "the cell's scale must be a power of two, 2^-28 to 1";
  /* To the tables' steps of 3 * 2^-12: times 3 and this power of two. */
  lstm->cell_left = power > -12 ? power + 12 : 0;
  lstm->cell_right = power < -12 ? -12 - power : 0;
  const double q15 = 1.0 / 32768.0;
  const double hidden_real = q15 * q15 / (double)hidden->scale;
  if (!(hidden_real < 1073741824.0)) return "scales out of range";
  lstm->scale_forget = tl_op_scale(setup, q15 * (double)scale / (double)scale);
  lstm->scale_input = tl_op_scale(setup, q15 * q15 / (double)scale);
  lstm->scale_hidden = tl_op_scale(setup, hidden_real);
  const double clip = (double)options->cell_clip / (double)scale;
  lstm->clip = !(options->cell_clip > 0.0f) ? 0 : clip < 32767.0 ? (int32_t)clip : 32767;
  lstm->has_clip = options->cell_clip > 0.0f;
  return NULL;
}

tl_kernel_code tl_lstm_prepare(const tl_op_setup *setup)
{
  tl_lstm_data *lstm = setup->op->data;
  tl_lstm_options options = {0};
  uint8_t time_major = 0, diagonal = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &options.activation) ||
      !tl_flat_f32(setup->flat, &setup->options, 1, &options.cell_clip) ||
      !tl_flat_u8(setup->flat, &setup->options, 3, &time_major) ||
      !tl_flat_u8(setup->flat, &setup->options, 5, &diagonal))
    return tl_op_refuse(setup, "options leave the file");
  options.diagonal = diagonal != 0;
  lstm->time_major = time_major != 0;
  lstm->wide = input_of(setup, INPUT)->type == TL_TENSOR_INT16;
  const char *wrong = check_form(setup, &options);
  if (wrong == NULL) wrong = check_tensors(setup, lstm);
  for (uint32_t g = 0; g < TL_LSTM_GATES && wrong == NULL; g++)
    wrong = prepare_gate(setup, lstm, g, &lstm->gates[g]);
  if (wrong == NULL) wrong = prepare_cell(setup, &options, lstm);
  if (wrong != NULL) return tl_op_refuse(setup, wrong);
  lstm->input_zero = input_of(setup, INPUT)->zero_point;
  lstm->hidden_zero = input_of(setup, HIDDEN)->zero_point;
  if (!tl_op_take_scratch(setup, 2ull * lstm->units)) return tl_op_refuse(setup, "too many units");
  return TL_KERNEL_OK;
}

/* ---- eval ---- */

static int32_t saturate16(int32_t x) { return tl_fixed_clamp(x, INT16_MIN, INT16_MAX); }

/* One row of weights times a vector, in the gate's Q3.12. bias may be NULL. A sum of int8 wraps, as
 * an int32 does on the MCU. */
static int32_t weigh8(const int8_t *w, const int8_t *x, uint32_t count, int32_t zero,
                      const uint8_t *bias, tl_scale scale)
{
  uint32_t sum = bias != NULL ? tl_load_u32(bias) : 0;
  for (uint32_t i = 0; i < count; i++) sum += (uint32_t)(w[i] * (x[i] - zero));
  return saturate16(tl_fixed_mul((int32_t)sum, scale));
}

static int32_t weigh16(const int8_t *w, const uint8_t *x, uint32_t count, int32_t zero,
                       const uint8_t *bias, tl_scale scale)
{
  const int64_t limit = 1ll << 46; /* more would leave the range of tl_fixed_mul64 */
  int64_t sum = bias != NULL ? tl_load_i64(bias) : 0;
  sum = sum > limit ? limit : sum < -limit ? -limit : sum;
  for (uint32_t i = 0; i < count; i++) sum += w[i] * (tl_op_load(x, TL_TENSOR_INT16, i) - zero);
  return saturate16(tl_fixed_mul64(sum, scale));
}

/* The argument of a gate's curve, in Q3.12. */
static int32_t gate_sum(const tl_lstm_data *lstm, uint32_t number, uint32_t unit, const void *x,
                        const void *hidden)
{
  const tl_lstm_gate *gate = &lstm->gates[number];
  const int8_t *w = gate->weights + (size_t)unit * lstm->inputs;
  const int8_t *r = gate->recurrent + (size_t)unit * lstm->units;
  if (lstm->wide)
    return saturate16(
        weigh16(w, x, lstm->inputs, lstm->input_zero, gate->bias + 8ull * unit, gate->scale_input) +
        weigh16(r, hidden, lstm->units, lstm->hidden_zero, NULL, gate->scale_recurrent));
  return saturate16(
      weigh8(w, x, lstm->inputs, lstm->input_zero, gate->bias + 4ull * unit, gate->scale_input) +
      weigh8(r, hidden, lstm->units, lstm->hidden_zero, NULL, gate->scale_recurrent));
}

static int32_t tanh_of_cell(const tl_lstm_data *lstm, int32_t cell)
{
  const int32_t round = lstm->cell_right > 0 ? 1 << (lstm->cell_right - 1) : 0;
  return tl_curve_tanh_steps((cell * (3 << lstm->cell_left) + round) >> lstm->cell_right);
}

/* One unit of one step: updates its cell, returns its new hidden state. */
static int32_t unit_step(const tl_lstm_data *lstm, uint32_t unit, const void *x, const void *hidden,
                         void *cell, uint32_t cell_at)
{
  enum { IN, FORGET, NEW, OUT };
  const tl_tensor_type type = lstm->wide ? TL_TENSOR_INT16 : TL_TENSOR_INT8;
  const int32_t low = type == TL_TENSOR_INT16 ? INT16_MIN : INT8_MIN;
  const int32_t high = type == TL_TENSOR_INT16 ? INT16_MAX : INT8_MAX;
  const int32_t forget = tl_curve_logistic_steps(3 * gate_sum(lstm, FORGET, unit, x, hidden));
  const int32_t in = tl_curve_logistic_steps(3 * gate_sum(lstm, IN, unit, x, hidden));
  const int32_t new = tl_curve_tanh_steps(3 * gate_sum(lstm, NEW, unit, x, hidden));
  const int32_t out = tl_curve_logistic_steps(3 * gate_sum(lstm, OUT, unit, x, hidden));
  const int32_t old = tl_op_load(cell, TL_TENSOR_INT16, cell_at);
  int32_t value = saturate16(saturate16(tl_fixed_mul(forget * old, lstm->scale_forget)) +
                             saturate16(tl_fixed_mul(in * new, lstm->scale_input)));
  if (lstm->has_clip) value = tl_fixed_clamp(value, -lstm->clip, lstm->clip);
  tl_op_store(cell, TL_TENSOR_INT16, cell_at, value);
  const int32_t scaled = tl_fixed_mul(tanh_of_cell(lstm, value) * out, lstm->scale_hidden);
  return lstm->hidden_zero +
         tl_fixed_clamp(scaled, low - lstm->hidden_zero, high - lstm->hidden_zero);
}

void tl_lstm_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_lstm_data *lstm = op->data;
  const tl_tensor_type type = lstm->wide ? TL_TENSOR_INT16 : TL_TENSOR_INT8;
  const size_t size = lstm->wide ? 2 : 1;
  const uint8_t *x = tl_op_read(model, op, INPUT, place);
  uint8_t *y = tl_op_write(model, op, 0, place);
  uint8_t *hidden = tl_op_variable(model, op, HIDDEN, place);
  void *cell = tl_op_variable(model, op, CELL, place);
  void *next = tl_op_scratch(model, place); /* all units see the hidden state of the step before */
  const size_t row = lstm->units * size;
  for (uint32_t b = 0; b < lstm->batches; b++)
    for (uint32_t t = 0; t < lstm->steps; t++) {
      const size_t at =
          lstm->time_major ? (size_t)t * lstm->batches + b : (size_t)b * lstm->steps + t;
      for (uint32_t u = 0; u < lstm->units; u++)
        tl_op_store(next, type, u,
                    unit_step(lstm, u, x + at * lstm->inputs * size, hidden + b * row, cell,
                              b * lstm->units + u));
      memcpy(hidden + b * row, next, row);
      memcpy(y + at * row, next, row);
    }
}
