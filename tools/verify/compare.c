#include "tools/verify/compare.h"

#include "kernels/op_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, OPERANDS_MAX = 16 };

const char *difference_name(difference_kind kind)
{
  static const char *const names[] = {"nothing", "window", "tensor", "score", "alarm", "command"};
  return names[kind];
}

static void *take(size_t bytes)
{
  const size_t whole = (bytes / ALIGN + 1) * ALIGN;
  void *memory = aligned_alloc(ALIGN, whole);
  if (memory) memset(memory, 0, whole);
  return memory;
}

tl_code comparison_open(comparison *out, const tl_model *model, fw_client *client, tl_error *err)
{
  const size_t in = client->hello.in_bytes, bytes = client->hello.out_bytes;
  *out = (comparison){.model = model, .client = client};
  out->arena = take(model->arena_bytes);
  out->state = take(model->state_bytes);
  out->out = take(bytes);
  out->got = take(in > bytes ? in : bytes);
  out->ops = take(model->op_count * sizeof *out->ops);
  if (!out->arena || !out->state || !out->out || !out->got || !out->ops)
    return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t op = 0; op < model->op_count; op++) out->ops[op].least = UINT32_MAX;
  return TL_OK;
}

void comparison_close(comparison *c)
{
  free(c->arena);
  free(c->state);
  free(c->out);
  free(c->got);
  free(c->ops);
  *c = (comparison){0};
}

/* --- tensors --- */
static double element_of(const tl_tensor *tensor, const uint8_t *data, uint32_t element)
{
  switch (tensor->type) {
    case TL_TENSOR_INT8: return (int8_t)data[element];
    case TL_TENSOR_UINT8:
    case TL_TENSOR_BOOL: return data[element];
    case TL_TENSOR_INT16: return (int16_t)(data[2 * element] | data[2 * element + 1] << 8);
    case TL_TENSOR_RESOURCE: /* a handle */
    case TL_TENSOR_INT32: return tl_load_i32(data + 4 * (size_t)element);
    case TL_TENSOR_INT64: return (double)tl_load_i64(data + 8 * (size_t)element);
    case TL_TENSOR_FLOAT32: return (double)tl_load_f32(data + 4 * (size_t)element);
  }
  return 0.0;
}

static void note(comparison *c, const difference *d)
{
  if (c->first.kind == DIFFERS_NOTHING) c->first = *d;
}

static void note_tensor(comparison *c, uint64_t number, int64_t at_ns, uint32_t op, uint32_t output,
                        const uint8_t *expected, const uint8_t *got)
{
  const uint32_t index = tl_model_op_output(c->model, op, output);
  const tl_tensor *tensor = &c->model->tensors[index];
  uint32_t byte = 0;
  while (byte < tensor->bytes && expected[byte] == got[byte]) byte++;
  const uint32_t element = byte / (tensor->bytes / tensor->element_count);
  c->tensors_differing++;
  note(c, &(difference){DIFFERS_TENSOR, number, at_ns, op, output, index, element,
                        element_of(tensor, expected, element), element_of(tensor, got, element)});
}

static void set_inputs(const comparison *c, const tl_place *place, const uint8_t *in)
{
  const void *inputs[OPERANDS_MAX]; /* the firmware takes no more, either */
  for (uint32_t i = 0; i < c->model->input_count; i++) {
    inputs[i] = in;
    in += tl_model_input(c->model, i)->bytes;
  }
  tl_model_set_inputs(c->model, place, inputs);
}

/* Runs the host's operators beside the trace that the firmware has sent. */
static void compare_inference(comparison *c, const uint8_t *in, uint64_t number, int64_t at_ns)
{
  const tl_place place = {c->arena, c->state};
  const uint8_t *at = c->client->trace;
  set_inputs(c, &place, in);
  for (uint32_t op = 0; op < c->model->op_count; op++) {
    uint32_t ticks;
    memcpy(&ticks, at, sizeof ticks);
    at += sizeof ticks;
    c->ops[op].sum += ticks;
    if (ticks < c->ops[op].least) c->ops[op].least = ticks;
    if (ticks > c->ops[op].most) c->ops[op].most = ticks;
    tl_model_run_op(c->model, &place, op);
    for (uint32_t o = 0; o < c->model->ops[op].output_count; o++) {
      const uint32_t tensor = tl_model_op_output(c->model, op, o);
      const uint8_t *expected = tl_model_tensor(c->model, &place, tensor);
      const uint32_t bytes = c->model->tensors[tensor].bytes;
      c->tensors++;
      if (memcmp(expected, at, bytes) != 0) note_tensor(c, number, at_ns, op, o, expected, at);
      at += bytes;
    }
  }
  c->inferences++;
}

tl_code compare_cases(comparison *c, const uint8_t *in, uint64_t count, tl_error *err)
{
  tl_model_reset(c->model, c->state);
  for (uint64_t i = 0; i < count; i++, in += c->client->hello.in_bytes) {
    const tl_code code = client_run(c->client, in, i == 0, c->got, err);
    if (code != TL_OK) return code;
    compare_inference(c, in, i, 0);
  }
  return TL_OK;
}

/* --- the loop --- */
static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* Inputs as the simulation and the firmware have them, one after the other. */
static bool compare_window(comparison *c, const uint8_t *expected, uint64_t number, int64_t at_ns)
{
  const uint8_t *got = c->got;
  for (uint32_t i = 0; i < c->model->input_count; i++) {
    const tl_tensor *input = tl_model_input(c->model, i);
    uint32_t byte = 0;
    while (byte < input->bytes && expected[byte] == got[byte]) byte++;
    if (byte < input->bytes) {
      const uint32_t element = byte / (input->bytes / input->element_count);
      note(c, &(difference){DIFFERS_WINDOW, number, at_ns, 0, i, (uint32_t)c->model->inputs[i],
                            element, element_of(input, expected, element),
                            element_of(input, got, element)});
      return false;
    }
    expected += input->bytes;
    got += input->bytes;
  }
  return true;
}

static bool compare_value(comparison *c, difference_kind kind, double expected, double got,
                          uint64_t number, int64_t at_ns)
{
  if (same_bits(expected, got)) return true;
  note(c, &(difference){
              .kind = kind, .number = number, .at_ns = at_ns, .expected = expected, .got = got});
  return false;
}

static bool compare_reply(comparison *c, const trace *t, const trace_sample *sample,
                          const fw_reply *got, uint64_t number)
{
  const fw_reply *expected = &sample->expected;
  const int64_t at_ns = sample->at_ns;
  bool same = true;
  if (t->loop.has_detector) {
    same &= compare_value(c, DIFFERS_SCORE, expected->score, got->score, number, at_ns);
    same &= compare_value(c, DIFFERS_ALARM, expected->alarm, got->alarm, number, at_ns);
    same &= compare_value(c, DIFFERS_ALARM, expected->streak, got->streak, number, at_ns);
    same &= compare_value(c, DIFFERS_ALARM, expected->onsets, got->onsets, number, at_ns);
    same &= compare_value(c, DIFFERS_ALARM, expected->onset_s, got->onset_s, number, at_ns);
  }
  if (t->loop.controller != TL_CONTROL_NONE)
    same &= compare_value(c, DIFFERS_COMMAND, expected->command, got->command, number, at_ns);
  return same;
}

static tl_code compare_sample(comparison *c, const trace *t, uint32_t number, tl_error *err)
{
  const trace_sample *sample = &t->samples[number];
  const uint8_t *window = trace_window(t, number);
  fw_reply reply;
  const tl_code code = client_sample(c->client, &sample->in, c->got, &reply, err);
  if (code != TL_OK) return code;
  bool same = true;
  if (t->loop.has_detector) same = compare_window(c, window, number, sample->at_ns);
  if (reply.inferred) compare_inference(c, window, number, sample->at_ns);
  if (!compare_reply(c, t, sample, &reply, number)) same = false;
  c->samples++;
  c->samples_differing += !same;
  c->loop_ticks += reply.loop_ticks;
  return TL_OK;
}

tl_code compare_loop(comparison *c, const trace *t, uint32_t version, tl_error *err)
{
  const bool has_detector = t->loop.has_detector;
  assert(!has_detector || t->loop.versions[version].input_bytes == c->client->hello.in_bytes);
  tl_model_reset(c->model, c->state);
  memset(c->got, 0, c->client->hello.in_bytes);
  if (has_detector) {
    memcpy(c->state, trace_first_state(t, version), c->model->state_bytes);
    memcpy(c->got, trace_first_window(t, version), c->client->hello.in_bytes);
  }
  tl_code code = client_configure(c->client, &t->config, c->got, c->state, err);
  for (uint32_t i = 0; code == TL_OK && i < t->count; i++) code = compare_sample(c, t, i, err);
  return code;
}
