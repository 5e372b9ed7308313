#include "tools/verify/report.h"

#include <stdlib.h>

/* --- figures that both forms show --- */
static double instructions(const verify_report *r, uint64_t ticks, uint64_t per)
{
  return per == 0 ? 0.0 : (double)ticks * r->result->client->instructions_per_tick / (double)per;
}

static double op_instructions(const verify_report *r, uint32_t op)
{
  return instructions(r, r->result->ops[op].sum, r->result->inferences);
}

static double all_instructions(const verify_report *r)
{
  double sum = 0.0;
  for (uint32_t op = 0; op < r->result->model->op_count; op++) sum += op_instructions(r, op);
  return sum;
}

static uint64_t code_bytes(const verify_report *r)
{
  const uint64_t model = r->result->client->hello.model_bytes;
  return r->elf->flash_bytes > model ? r->elf->flash_bytes - model : 0;
}

static uint64_t ram_bytes(const verify_report *r)
{
  const fw_hello *h = &r->result->client->hello;
  return r->elf->data_bytes + r->elf->bss_bytes + h->tables_bytes + h->arena_bytes +
         h->state_bytes + h->buffers_bytes;
}

bool report_is_equal(const verify_report *r) { return r->result->first.kind == DIFFERS_NOTHING; }

/* --- for people --- */
static void add_place(tl_text *out, const verify_report *r)
{
  const difference *d = &r->result->first;
  tl_text_addf(out, "first difference: %s %llu", r->is_loop ? "sample" : "case",
               (unsigned long long)d->number);
  if (r->is_loop) {
    tl_text_add(out, " at ");
    tl_text_add_duration(out, d->at_ns);
  }
  if (d->kind == DIFFERS_TENSOR) {
    const tl_tensor *tensor = &r->result->model->tensors[d->tensor];
    tl_text_addf(out, ", operator %u %s, tensor %u \"%.*s\", element %u", d->op,
                 tl_model_op_name(r->result->model, d->op), d->tensor, (int)tensor->name_bytes,
                 tensor->name, d->element);
  } else if (d->kind == DIFFERS_WINDOW)
    tl_text_addf(out, ", window of input %u, element %u", d->output, d->element);
  else
    tl_text_addf(out, ", %s", difference_name(d->kind));
  char expected[TL_TEXT_DOUBLE_BYTES], got[TL_TEXT_DOUBLE_BYTES];
  tl_text_format_double(expected, d->expected);
  tl_text_format_double(got, d->got);
  tl_text_addf(out, ": %s %s, firmware %s\n",
               r->is_loop && d->kind != DIFFERS_TENSOR ? "simulation" : "host", expected, got);
}

static void add_op_lines(tl_text *out, const verify_report *r, const tl_op_cost *costs)
{
  const comparison *c = r->result;
  tl_text_addf(out, "%-4s %-28s %14s%s\n", "node", "operator", "instructions",
               costs ? "  cycles (modelled)" : "");
  for (uint32_t op = 0; op < c->model->op_count; op++) {
    tl_text_addf(out, "%4u %-28s %14.0f", op, tl_model_op_name(c->model, op),
                 op_instructions(r, op));
    if (costs) tl_text_addf(out, "  %17.0f", costs[op].cycles);
    tl_text_add_char(out, '\n');
  }
}

static void add_band(tl_text *out, double ratio)
{
  tl_text_add(out, " (+-");
  tl_text_add_digits(out, 100.0 * ratio, 2);
  tl_text_add(out, " %)");
}

static void add_cost_line(tl_text *out, const verify_report *r, const tl_cost *cost)
{
  tl_text_addf(out, "modelled   %s, %s: ", r->board->title, r->board->software);
  tl_text_addf(out, "%.0f cycles, ", cost->cycles);
  tl_text_add_digits(out, 1e3 * cost->time_s, 4);
  tl_text_add(out, " ms");
  add_band(out, cost->cycles_error_ratio);
  if (cost->has_energy) {
    tl_text_add(out, ", ");
    tl_text_add_digits(out, 1e6 * cost->energy_J, 4);
    tl_text_add(out, " uJ");
    add_band(out, cost->energy_error_ratio);
  }
  tl_text_add(out, "; errors of what was left out of the fit\n");
}

static void add_size_lines(tl_text *out, const verify_report *r)
{
  const fw_hello *h = &r->result->client->hello;
  tl_text_addf(out, "firmware   %s: %s on %s, link %s, controller %s, rounding %s\n", r->elf_path,
               r->elf->core, r->elf->machine, r->elf->link, r->elf->controller,
               r->elf->personality);
  tl_text_addf(out, "flash      %llu bytes: code %llu, model %u\n",
               (unsigned long long)r->elf->flash_bytes, (unsigned long long)code_bytes(r),
               h->model_bytes);
  tl_text_addf(out,
               "RAM        %llu bytes: tables %u, arena %u, state %u, buffers %u, data %llu; and "
               "stack %u of %u\n",
               (unsigned long long)ram_bytes(r), h->tables_bytes, h->arena_bytes, h->state_bytes,
               h->buffers_bytes, (unsigned long long)(r->elf->data_bytes + r->elf->bss_bytes),
               h->stack_used, h->stack_bytes);
}

void report_add_lines(tl_text *out, const verify_report *r)
{
  const comparison *c = r->result;
  tl_cost cost = {0};
  tl_op_cost *costs = r->board ? calloc(c->model->op_count + 1, sizeof *costs) : NULL;
  if (costs) tl_board_cost(r->board, &cost, costs, c->model);
  add_size_lines(out, r);
  tl_text_addf(out, "compared   %s\n", r->what);
  tl_text_addf(out, "tensors    %llu of %llu inferences, %llu differ\n",
               (unsigned long long)c->tensors, (unsigned long long)c->inferences,
               (unsigned long long)c->tensors_differing);
  if (r->is_loop)
    tl_text_addf(out, "samples    %llu: window, score, alarm, command; %llu differ\n",
                 (unsigned long long)c->samples, (unsigned long long)c->samples_differing);
  if (c->inferences > 0) {
    add_op_lines(out, r, costs);
    tl_text_addf(out, "emulated   %.0f instructions an inference", all_instructions(r));
    if (r->is_loop)
      tl_text_addf(out, ", %.0f a sample around it", instructions(r, c->loop_ticks, c->samples));
    tl_text_add(out, " (counted in steps of ");
    tl_text_add_digits(out, c->client->instructions_per_tick, 4);
    tl_text_add(out, ")\n");
  }
  if (costs) add_cost_line(out, r, &cost);
  if (report_is_equal(r))
    tl_text_add(out, "every bit equal\n");
  else
    add_place(out, r);
  free(costs);
}

/* --- the document --- */
static void add_first_json(tl_text *out, const verify_report *r)
{
  const difference *d = &r->result->first;
  if (d->kind == DIFFERS_NOTHING) {
    tl_text_add(out, "null");
    return;
  }
  tl_text_addf(out, "{\"kind\": \"%s\", \"%s\": %llu", difference_name(d->kind),
               r->is_loop ? "sample" : "case", (unsigned long long)d->number);
  if (r->is_loop) {
    tl_text_add(out, ", \"time_s\": ");
    tl_text_add_json_double(out, 1e-9 * (double)d->at_ns);
  }
  if (d->kind == DIFFERS_TENSOR)
    tl_text_addf(out, ", \"node\": %u, \"op\": \"%s\", \"output\": %u, \"tensor\": %u", d->op,
                 tl_model_op_name(r->result->model, d->op), d->output, d->tensor);
  if (d->kind == DIFFERS_WINDOW)
    tl_text_addf(out, ", \"input\": %u, \"tensor\": %u", d->output, d->tensor);
  if (d->kind == DIFFERS_TENSOR || d->kind == DIFFERS_WINDOW)
    tl_text_addf(out, ", \"element\": %u", d->element);
  tl_text_add(out, ", \"expected\": ");
  tl_text_add_json_double(out, d->expected);
  tl_text_add(out, ", \"firmware\": ");
  tl_text_add_json_double(out, d->got);
  tl_text_add_char(out, '}');
}

static void add_ops_json(tl_text *out, const verify_report *r, const tl_op_cost *costs)
{
  const comparison *c = r->result;
  for (uint32_t op = 0; op < c->model->op_count; op++) {
    tl_text_addf(out, "%s\n  {\"node\": %u, \"op\": \"%s\", \"instructions\": ", op ? "," : "", op,
                 tl_model_op_name(c->model, op));
    tl_text_add_json_double(out, op_instructions(r, op));
    if (costs) {
      tl_text_add(out, ", \"cycles_modelled\": ");
      tl_text_add_json_double(out, costs[op].cycles);
    }
    tl_text_add_char(out, '}');
  }
}

static void add_cost_json(tl_text *out, const verify_report *r, const tl_cost *cost)
{
  tl_text_add(out, "\"modelled\": {\"board\": ");
  tl_text_add_json(out, r->board->id);
  tl_text_add(out, ", \"cycles\": ");
  tl_text_add_json_double(out, cost->cycles);
  tl_text_add(out, ", \"time_s\": ");
  tl_text_add_json_double(out, cost->time_s);
  tl_text_add(out, ", \"error_ratio\": ");
  tl_text_add_json_double(out, cost->cycles_error_ratio);
  if (cost->has_energy) {
    tl_text_add(out, ", \"energy_J\": ");
    tl_text_add_json_double(out, cost->energy_J);
    tl_text_add(out, ", \"energy_error_ratio\": ");
    tl_text_add_json_double(out, cost->energy_error_ratio);
  }
  tl_text_add(out, "},\n");
}

static void add_head_json(tl_text *out, const verify_report *r)
{
  const comparison *c = r->result;
  const fw_hello *h = &c->client->hello;
  tl_text_addf(out, "{\"schema\": \"twinloop.verify_firmware/1\", \"verdict\": \"%s\", \"elf\": ",
               report_is_equal(r) ? "equal" : "different");
  tl_text_add_json(out, r->elf_path);
  tl_text_addf(out,
               ", \"core\": \"%s\", \"machine\": \"%s\", \"link\": \"%s\", \"personality\": "
               "\"%s\", \"controller\": ",
               r->elf->core, r->elf->machine, r->elf->link, r->elf->personality);
  tl_text_add_json(out, r->elf->controller);
  tl_text_addf(
      out,
      ",\n\"flash_bytes\": %llu, \"code_bytes\": %llu, \"model_bytes\": %u, \"ram_bytes\": %llu, "
      "\"tables_bytes\": %u, \"arena_bytes\": %u, \"state_bytes\": %u, \"stack_bytes\": %u,\n",
      (unsigned long long)r->elf->flash_bytes, (unsigned long long)code_bytes(r), h->model_bytes,
      (unsigned long long)ram_bytes(r), h->tables_bytes, h->arena_bytes, h->state_bytes,
      h->stack_used);
  tl_text_addf(
      out,
      "\"inferences\": %llu, \"tensors\": %llu, \"tensors_differing\": %llu, \"samples\": %llu, "
      "\"samples_differing\": %llu,\n",
      (unsigned long long)c->inferences, (unsigned long long)c->tensors,
      (unsigned long long)c->tensors_differing, (unsigned long long)c->samples,
      (unsigned long long)c->samples_differing);
}

void report_add_json(tl_text *out, const verify_report *r)
{
  const comparison *c = r->result;
  tl_cost cost = {0};
  tl_op_cost *costs = r->board ? calloc(c->model->op_count + 1, sizeof *costs) : NULL;
  if (costs) tl_board_cost(r->board, &cost, costs, c->model);
  add_head_json(out, r);
  tl_text_add(out, "\"first\": ");
  add_first_json(out, r);
  tl_text_add(out, ",\n");
  if (costs) add_cost_json(out, r, &cost);
  tl_text_add(out, "\"instructions\": ");
  tl_text_add_json_double(out, all_instructions(r));
  tl_text_add(out, ", \"instructions_per_tick\": ");
  tl_text_add_json_double(out, c->client->instructions_per_tick);
  tl_text_add(out, ", \"loop_instructions\": ");
  tl_text_add_json_double(out, instructions(r, c->loop_ticks, c->samples));
  tl_text_add(out, ",\n\"ops\": [");
  add_ops_json(out, r, costs);
  tl_text_add(out, "]}\n");
  free(costs);
}
