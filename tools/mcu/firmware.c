/* firmware.c: a model in flash and a controller, served over a link; tools/firmware builds it. */
#include "kernels/mcu/machine.h"
#include "kernels/op_table.h"
#include "tools/mcu/link.h"
#include "tools/mcu/loop.h"

#include <string.h>

enum { OPERANDS_MAX = 16 };

/* What the host reads in the ELF before it starts it; TL_ABOUT and the rounding come from
 * the build. */
__attribute__((section(".twinloop"), used)) static const char about[] = TL_ABOUT;

extern const uint8_t tl_model_begin[], tl_model_end[]; /* model.S */

typedef struct firmware {
  tl_link link;
  tl_model model;
  tl_place place;
  tl_loop loop;
  fw_hello hello;
  const char *problem; /* NULL: the model is ready */
  tl_kernel_status status;
  char words[320]; /* about a model that is refused; ended by its last byte */
  size_t word_count;
  uint8_t *in, *out;
  const void *inputs[OPERANDS_MAX];
  void *outputs[OPERANDS_MAX];
  bool is_configured, is_over;
} firmware;

/* --- setup --- */
static void add_text(firmware *f, const char *text)
{
  const size_t room = sizeof f->words - 1 - f->word_count, bytes = strlen(text);
  const size_t kept = bytes < room ? bytes : room;
  memcpy(f->words + f->word_count, text, kept);
  f->word_count += kept;
}

static void add_number(firmware *f, uint32_t number)
{
  char digits[11] = "";
  size_t at = sizeof digits - 1;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  add_text(f, digits + at);
}

/* "node 3 (GATHER): the reason" */
static const char *refusal(firmware *f)
{
  if (f->status.node < 0) return f->status.reason;
  add_text(f, "node ");
  add_number(f, (uint32_t)f->status.node);
  add_text(f, " (");
  add_text(f, tl_op_builtin_name(f->status.op));
  add_text(f, "): ");
  add_text(f, f->status.reason);
  return f->words;
}

static void count_operands(firmware *f)
{
  const tl_model *model = &f->model;
  for (uint32_t i = 0; i < model->input_count; i++)
    f->hello.in_bytes += tl_model_input(model, i)->bytes;
  for (uint32_t o = 0; o < model->output_count; o++)
    f->hello.out_bytes += tl_model_output(model, o)->bytes;
}

static void point_operands(firmware *f)
{
  size_t at = 0;
  for (uint32_t i = 0; i < f->model.input_count; i++) {
    f->inputs[i] = f->in + at;
    at += tl_model_input(&f->model, i)->bytes;
  }
  at = 0;
  for (uint32_t o = 0; o < f->model.output_count; o++) {
    f->outputs[o] = f->out + at;
    at += tl_model_output(&f->model, o)->bytes;
  }
}

static const char *prepare(firmware *f, tl_memory *memory)
{
  fw_hello *hello = &f->hello;
  const size_t file_bytes = (size_t)((uintptr_t)tl_model_end - (uintptr_t)tl_model_begin);
  const tl_model_options options = {.rounding = TL_FIRMWARE_ROUNDING};
  size_t bound;
  hello->version = FW_VERSION;
  hello->model_bytes = (uint32_t)file_bytes;
  hello->model_hash = fw_hash(tl_model_begin, hello->model_bytes);
  hello->ram_bytes = (uint32_t)(memory->end - memory->at);
  hello->stack_bytes = (uint32_t)tl_machine_stack_bytes();
  if (tl_model_memory_bytes(&bound, tl_model_begin, file_bytes, &f->status) != TL_KERNEL_OK)
    return refusal(f);
  tl_memory rest = *memory;
  void *tables = tl_memory_take(&rest, bound);
  if (tables == NULL) return "the RAM is too small for the model's tables";
  if (tl_model_open(&f->model, tables, bound, tl_model_begin, file_bytes, &options, &f->status) !=
      TL_KERNEL_OK)
    return refusal(f);
  if (f->model.input_count > OPERANDS_MAX || f->model.output_count > OPERANDS_MAX)
    return "at most 16 inputs and 16 outputs";
  (void)tl_memory_take(memory, f->model.memory_bytes); /* the bound was generous */
  count_operands(f);
  f->place.arena = tl_memory_take(memory, f->model.arena_bytes);
  f->place.state = tl_memory_take(memory, f->model.state_bytes);
  f->in = tl_memory_take(memory, hello->in_bytes);
  f->out = tl_memory_take(memory, hello->out_bytes);
  if (!f->place.arena || !f->place.state || !f->in || !f->out)
    return "the RAM is too small for the model's tensors";
  point_operands(f);
  tl_model_reset(&f->model, f->place.state);
  hello->op_count = f->model.op_count;
  hello->tensor_count = f->model.tensor_count;
  hello->tables_bytes = (uint32_t)f->model.memory_bytes;
  hello->arena_bytes = (uint32_t)f->model.arena_bytes;
  hello->state_bytes = (uint32_t)f->model.state_bytes;
  hello->buffers_bytes = hello->in_bytes + hello->out_bytes;
  return NULL;
}

/* --- messages --- */
static void send(firmware *f, const void *from, size_t bytes)
{
  if (!tl_link_write(&f->link, from, bytes)) f->is_over = true;
}

static void receive(firmware *f, void *out, size_t bytes)
{
  if (!tl_link_read(&f->link, out, bytes)) f->is_over = true;
}

static void begin(firmware *f, uint32_t kind, size_t bytes)
{
  const fw_header header = {kind, (uint32_t)bytes};
  send(f, &header, sizeof header);
}

/* Reads over what is left of a message, then says what is wrong. */
static void complain(firmware *f, size_t left, const char *text)
{
  uint8_t byte;
  while (left-- > 0 && !f->is_over) receive(f, &byte, 1);
  begin(f, FW_ERROR, strlen(text));
  send(f, text, strlen(text));
}

/* --- inference --- */
static size_t trace_bytes(const firmware *f)
{
  size_t bytes = 0;
  for (uint32_t op = 0; op < f->model.op_count; op++) {
    bytes += sizeof(uint32_t);
    for (uint32_t o = 0; o < f->model.ops[op].output_count; o++)
      bytes += f->model.tensors[tl_model_op_output(&f->model, op, o)].bytes;
  }
  return bytes;
}

/* Runs the model on f->in; every tensor goes out as soon as it is there, before its place is used
 * again. Only the operator is between the two readings of the clock. */
static void infer(firmware *f)
{
  const tl_model *model = &f->model;
  tl_model_set_inputs(model, &f->place, f->inputs);
  for (uint32_t op = 0; op < model->op_count; op++) {
    const uint32_t then = tl_clock_now();
    tl_model_run_op(model, &f->place, op);
    const uint32_t ticks = tl_clock_since(then, tl_clock_now());
    send(f, &ticks, sizeof ticks);
    for (uint32_t o = 0; o < model->ops[op].output_count; o++) {
      const uint32_t tensor = tl_model_op_output(model, op, o);
      send(f, tl_model_tensor(model, &f->place, tensor), model->tensors[tensor].bytes);
    }
  }
  tl_model_get_outputs(model, &f->place, f->outputs);
}

/* --- requests --- */
static void on_hello(firmware *f, size_t bytes)
{
  if (bytes != 0) {
    complain(f, bytes, "HELLO has no content");
    return;
  }
  f->hello.stack_used = (uint32_t)tl_machine_stack_used();
  begin(f, FW_HELLO, sizeof f->hello);
  send(f, &f->hello, sizeof f->hello);
}

static void on_run(firmware *f, size_t bytes)
{
  fw_run run;
  if (bytes != sizeof run + f->hello.in_bytes) {
    complain(f, bytes, "RUN: not as many bytes as the model's inputs have");
    return;
  }
  receive(f, &run, sizeof run);
  receive(f, f->in, f->hello.in_bytes);
  f->is_configured = false; /* the window stood where the inputs stand now */
  if (run.resets) tl_model_reset(&f->model, f->place.state);
  begin(f, FW_RUN, trace_bytes(f) + f->hello.out_bytes);
  infer(f);
  send(f, f->out, f->hello.out_bytes);
}

static void on_config(firmware *f, size_t bytes)
{
  fw_config config;
  if (bytes != sizeof config + f->hello.in_bytes + f->hello.state_bytes) {
    complain(f, bytes, "CONFIG: not as many bytes as settings, window and state have");
    return;
  }
  receive(f, &config, sizeof config);
  receive(f, f->in, f->hello.in_bytes);
  receive(f, f->place.state, f->hello.state_bytes);
  const char *refusal = tl_loop_refusal(&f->model, &config);
  if (refusal != NULL) {
    complain(f, 0, refusal);
    return;
  }
  tl_loop_start(&f->loop, &f->model, &config, f->in);
  f->is_configured = true;
  begin(f, FW_CONFIG, 0);
}

/* The inference comes before the command, as in the simulator: an alarm may change it. */
static void on_sample(firmware *f, size_t bytes)
{
  fw_sample sample;
  if (bytes != sizeof sample || !f->is_configured) {
    complain(f, bytes, f->is_configured ? "SAMPLE: wrong size" : "SAMPLE before CONFIG");
    return;
  }
  receive(f, &sample, sizeof sample);
  tl_loop *loop = &f->loop;
  uint32_t then = tl_clock_now();
  const bool infers = tl_loop_push(loop, &f->model, &sample);
  uint32_t ticks = tl_clock_since(then, tl_clock_now());
  fw_reply reply = {.inferred = infers};
  begin(f, FW_SAMPLE, (infers ? trace_bytes(f) : 0) + f->hello.in_bytes + sizeof reply);
  if (infers) infer(f);
  then = tl_clock_now();
  if (infers) tl_loop_judge(loop, &f->model, f->out, &sample);
  tl_loop_act(loop, &sample);
  ticks += tl_clock_since(then, tl_clock_now());
  reply.command = loop->control.command;
  reply.score = loop->score;
  reply.onset_s = loop->onset_s;
  reply.alarm = loop->alarm;
  reply.streak = loop->streak;
  reply.onsets = (uint32_t)loop->onsets;
  reply.loop_ticks = ticks;
  send(f, f->in, f->hello.in_bytes);
  send(f, &reply, sizeof reply);
}

static void serve(firmware *f)
{
  fw_header header;
  receive(f, &header, sizeof header);
  if (f->is_over) return;
  if (f->problem != NULL)
    complain(f, header.bytes, f->problem);
  else if (header.kind == FW_HELLO)
    on_hello(f, header.bytes);
  else if (header.kind == FW_RUN)
    on_run(f, header.bytes);
  else if (header.kind == FW_CONFIG)
    on_config(f, header.bytes);
  else if (header.kind == FW_SAMPLE)
    on_sample(f, header.bytes);
  else
    complain(f, header.bytes, "unknown message");
}

int main(void)
{
  firmware f = {0};
  tl_memory memory = tl_machine_free();
  f.problem = prepare(&f, &memory);
  if (!tl_link_open(&f.link)) return 3;
  while (!f.is_over) serve(&f);
  return 0;
}
