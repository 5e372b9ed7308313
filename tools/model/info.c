#include "tools/model/info.h"

#include <stdlib.h>
#include <string.h>

const char *model_file_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static uint64_t mac_total(const tl_survey *survey)
{
  uint64_t total = 0;
  for (uint32_t n = 0; n < survey->node_count; n++) total += survey->nodes[n].mac_count;
  return total;
}

static uint64_t constant_bytes(const tl_survey *survey)
{
  uint64_t total = 0;
  for (uint32_t t = 0; t < survey->model.tensor_count; t++)
    if (survey->model.tensors[t].data) total += survey->model.tensors[t].bytes;
  return total;
}

/* How many operators have the name of node n; 0 if an earlier one has it, so that each name comes once. */
static uint32_t count_of(const tl_survey *survey, uint32_t n)
{
  uint32_t count = 0;
  for (uint32_t other = 0; other < survey->node_count; other++) {
    if (strcmp(survey->nodes[other].name, survey->nodes[n].name) != 0) continue;
    if (other < n) return 0;
    count++;
  }
  return count;
}

static int by_name(const void *a, const void *b)
{
  const tl_survey_node *const *x = a, *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

/* First node of every name, in the order of names. NULL without memory. */
static const tl_survey_node **types_of(const tl_survey *survey, uint32_t *count)
{
  const tl_survey_node **first = model_take(survey->node_count * sizeof *first);
  *count = 0;
  if (!first) return NULL;
  for (uint32_t n = 0; n < survey->node_count; n++)
    if (count_of(survey, n) > 0) first[(*count)++] = &survey->nodes[n];
  qsort(first, *count, sizeof *first, by_name);
  return first;
}

/* "[1,49,10,1]" */
static void add_shape(tl_text *out, const tl_tensor *tensor)
{
  tl_text_add_char(out, '[');
  for (uint32_t d = 0; d < tensor->rank; d++) tl_text_addf(out, d ? ",%d" : "%d", tensor->dims[d]);
  tl_text_add_char(out, ']');
}

static void add_type(tl_text *out, const tl_tensor *tensor)
{
  for (const char *c = tl_tensor_type_name((uint32_t)tensor->type); *c; c++)
    tl_text_add_char(out, (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
}

static float scale_at(const tl_tensor *tensor, uint32_t channel)
{
  float scale;
  memcpy(&scale, tensor->scales + 4ull * channel, sizeof scale); /* little-endian, as this CPU */
  return scale;
}

static void scale_range(const tl_tensor *tensor, float *low, float *high)
{
  *low = *high = tensor->scale;
  for (uint32_t c = 1; c < tensor->scale_count; c++) {
    const float scale = scale_at(tensor, c);
    if (scale < *low) *low = scale;
    if (scale > *high) *high = scale;
  }
}

/* --- lines --------------------------------------------------------------------------------------- */
static void add_quantisation(tl_text *out, const tl_tensor *tensor)
{
  if (tensor->scale_count == 0) return;
  float low, high;
  scale_range(tensor, &low, &high);
  tl_text_add(out, "  scale ");
  tl_text_add_digits(out, (double)low, 9);
  if (tensor->scale_count > 1) {
    tl_text_add(out, " to ");
    tl_text_add_digits(out, (double)high, 9);
    tl_text_addf(out, ", %u channels of dimension %d", tensor->scale_count,
                 tensor->quantized_dimension);
  }
  tl_text_addf(out, "  zero %d", tensor->zero_point);
}

static void add_tensor_line(tl_text *out, const char *role, const tl_tensor *tensor)
{
  tl_text_addf(out, "%-11s ", role);
  add_type(out, tensor);
  tl_text_add_char(out, ' ');
  add_shape(out, tensor);
  add_quantisation(out, tensor);
  tl_text_addf(out, "  %.*s\n", (int)tensor->name_bytes, tensor->name);
}

static void add_padded(tl_text *out, const char *text, size_t width)
{
  tl_text_add(out, text);
  for (size_t at = strlen(text); at < width; at++) tl_text_add_char(out, ' ');
}

static void add_operand(tl_text *out, const tl_survey *survey, const int32_t *list, uint32_t count)
{
  char memory[96];
  tl_text cell = tl_text_over(memory, sizeof memory);
  if (count > 0 && list[0] >= 0) {
    add_type(&cell, &survey->model.tensors[list[0]]);
    tl_text_add_char(&cell, ' ');
    add_shape(&cell, &survey->model.tensors[list[0]]);
    if (count > 1) tl_text_addf(&cell, " and %u more", count - 1);
  }
  add_padded(out, memory, 32);
}

static void add_count_cell(tl_text *out, int64_t count, bool is_known)
{
  char memory[32];
  tl_text cell = tl_text_over(memory, sizeof memory);
  tl_text_add_count(&cell, count);
  tl_text_addf(out, "%14s", is_known ? memory : "-");
}

static void add_node_lines(tl_text *out, const model_info *info)
{
  const tl_survey *survey = info->survey;
  tl_text_add(out,
              " node operator                   output                                    MACs");
  for (int i = 0; i < MEASURE_CORES; i++)
    if (info->measured[i].is_run) tl_text_addf(out, "  instr. %5s", info->measured[i].word);
  tl_text_add_char(out, '\n');
  for (uint32_t n = 0; n < survey->node_count; n++) {
    const tl_survey_node *node = &survey->nodes[n];
    tl_text_addf(out, "%5u ", n);
    add_padded(out, node->name, 26);
    tl_text_add_char(out, ' ');
    add_operand(out, survey, node->outputs, node->output_count);
    add_count_cell(out, (int64_t)node->mac_count, node->mac_count > 0);
    for (int i = 0; i < MEASURE_CORES; i++)
      if (info->measured[i].is_run)
        add_count_cell(out, (int64_t)(info->measured[i].ops[n] + 0.5), true);
    if (node->status.code != TL_KERNEL_OK) tl_text_addf(out, "  refused: %s", node->status.reason);
    tl_text_add_char(out, '\n');
  }
}

/* Counted, not modelled; or why there is no count. */
static void add_measured_lines(tl_text *out, const model_info *info)
{
  for (int i = 0; i < MEASURE_CORES; i++) {
    const measurement *m = &info->measured[i];
    tl_text_addf(out, "%s%-11s", i == 0 ? "instructions  " : "              ", m->core);
    if (m->is_run) {
      tl_text_add_count(out, (int64_t)(m->instructions + 0.5));
      tl_text_add(out, " an inference of our scalar kernels, counted in an emulator in steps of ");
      tl_text_add_digits(out, m->step, 4);
    } else
      tl_text_addf(out, "not run: %s", m->why);
    tl_text_add_char(out, '\n');
  }
}

void model_info_lines(tl_text *out, const model_info *info)
{
  const tl_survey *survey = info->survey;
  uint32_t count;
  const tl_survey_node **types = types_of(survey, &count);
  tl_text_addf(out, "model       %s, %zu bytes, %llu of them constant tensors\n",
               model_file_name(info->file->path), info->file->bytes,
               (unsigned long long)constant_bytes(survey));
  for (uint32_t i = 0; i < survey->model.input_count; i++)
    add_tensor_line(out, "input", &survey->model.tensors[survey->model.inputs[i]]);
  for (uint32_t o = 0; o < survey->model.output_count; o++)
    add_tensor_line(out, "output", &survey->model.tensors[survey->model.outputs[o]]);
  if (info->model)
    tl_text_addf(out, "memory      arena %zu bytes, state %zu bytes a device, tables %zu bytes\n",
                 info->model->arena_bytes, info->model->state_bytes, info->model->memory_bytes);
  tl_text_addf(out, "operators   %u:", survey->node_count);
  for (uint32_t t = 0; types && t < count; t++)
    tl_text_addf(out, "%s %s x%u", t ? "," : "", types[t]->name,
                 count_of(survey, (uint32_t)(types[t] - survey->nodes)));
  tl_text_add(out, "\nMACs        ");
  tl_text_add_count(out, (int64_t)mac_total(survey));
  tl_text_add(out, " an inference\n");
  add_node_lines(out, info);
  if (info->model) {
    add_measured_lines(out, info);
    model_boards_lines(out, info->boards, info->model, info->measured);
  }
  if (info->refusal) tl_text_addf(out, "refused: %s\n", info->refusal);
  if (survey->refused_count > 0)
    tl_text_addf(out, "refused: %u of %u operators cannot be run\n", survey->refused_count,
                 survey->node_count);
  free(types);
}

/* --- document ------------------------------------------------------------------------------------ */
static void add_json_string(tl_text *out, const char *bytes, uint32_t count)
{
  char name[256]; /* names in a file are not ended and may be anything */
  const uint32_t kept = count < sizeof name ? count : (uint32_t)sizeof name - 1;
  memcpy(name, bytes, kept);
  name[kept] = '\0';
  tl_text_add_json(out, name);
}

static void add_json_quantisation(tl_text *out, const tl_tensor *tensor)
{
  if (tensor->scale_count == 0) {
    tl_text_add(out, "null");
    return;
  }
  tl_text_addf(out, "{\"dimension\": %d, \"zero_point\": %d, \"scales\": [",
               tensor->scale_count > 1 ? tensor->quantized_dimension : -1, tensor->zero_point);
  for (uint32_t c = 0; c < tensor->scale_count; c++) {
    if (c) tl_text_add(out, ", ");
    tl_text_add_json_double(out, (double)scale_at(tensor, c));
  }
  tl_text_add(out, "]}");
}

static void add_json_shape(tl_text *out, const tl_tensor *tensor)
{
  tl_text_add(out, "\"type\": \"");
  add_type(out, tensor);
  tl_text_add(out, "\", \"shape\": ");
  add_shape(out, tensor);
}

static void add_json_tensor(tl_text *out, const tl_survey *survey, uint32_t index)
{
  const tl_tensor *tensor = &survey->model.tensors[index];
  tl_text_addf(out, "{\"tensor\": %u, \"name\": ", index);
  add_json_string(out, tensor->name, tensor->name_bytes);
  tl_text_add(out, ", ");
  add_json_shape(out, tensor);
  tl_text_addf(out, ", \"bytes\": %u, \"kind\": \"%s\", \"quantisation\": ", tensor->bytes,
               tensor->data          ? "constant"
               : tensor->is_variable ? "state"
                                     : "activation");
  add_json_quantisation(out, tensor);
  tl_text_add_char(out, '}');
}

static void add_json_ends(tl_text *out, const char *key, const tl_survey *survey,
                          const int32_t *list, uint32_t count)
{
  tl_text_addf(out, ",\n  \"%s\": [", key);
  for (uint32_t i = 0; i < count; i++) {
    tl_text_add(out, i ? ",\n    " : "\n    ");
    add_json_tensor(out, survey, (uint32_t)list[i]);
  }
  tl_text_add(out, "]");
}

static void add_json_operands(tl_text *out, const char *key, const tl_survey *survey,
                              const int32_t *list, uint32_t count)
{
  tl_text_addf(out, ", \"%s\": [", key);
  for (uint32_t i = 0; i < count; i++) {
    if (i) tl_text_add(out, ", ");
    if (list[i] < 0) {
      tl_text_add(out, "null");
      continue;
    }
    tl_text_addf(out, "{\"tensor\": %d, ", list[i]);
    add_json_shape(out, &survey->model.tensors[list[i]]);
    tl_text_add_char(out, '}');
  }
  tl_text_add_char(out, ']');
}

static void add_json_nodes(tl_text *out, const tl_survey *survey)
{
  tl_text_add(out, ",\n  \"ops\": [");
  for (uint32_t n = 0; n < survey->node_count; n++) {
    const tl_survey_node *node = &survey->nodes[n];
    tl_text_addf(out, "%s{\"node\": %u, \"operator\": \"%s\", \"builtin\": %d, \"macs\": %llu",
                 n ? ",\n    " : "\n    ", n, node->name, node->builtin,
                 (unsigned long long)node->mac_count);
    add_json_operands(out, "inputs", survey, node->inputs, node->input_count);
    add_json_operands(out, "outputs", survey, node->outputs, node->output_count);
    tl_text_add(out, ", \"refused\": ");
    tl_text_add_json(out, node->status.code != TL_KERNEL_OK ? node->status.reason : NULL);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "]");
}

static void add_json_refusals(tl_text *out, const model_info *info)
{
  bool is_first = true;
  tl_text_add(out, ",\n  \"refusals\": [");
  for (uint32_t n = 0; n < info->survey->node_count; n++) {
    const tl_survey_node *node = &info->survey->nodes[n];
    if (node->status.code == TL_KERNEL_OK) continue;
    tl_text_addf(out, "%s{\"node\": %u, \"operator\": \"%s\", \"reason\": ",
                 is_first ? "\n    " : ",\n    ", n, node->name);
    tl_text_add_json(out, node->status.reason);
    tl_text_add_char(out, '}');
    is_first = false;
  }
  if (info->refusal) {
    tl_text_addf(out, "%s{\"node\": null, \"operator\": null, \"reason\": ",
                 is_first ? "\n    " : ",\n    ");
    tl_text_add_json(out, info->refusal);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "]");
}

static void add_json_counts(tl_text *out, const tl_survey *survey)
{
  uint32_t count;
  const tl_survey_node **types = types_of(survey, &count);
  tl_text_add(out, ",\n  \"operators\": {");
  for (uint32_t t = 0; types && t < count; t++)
    tl_text_addf(out, "%s\"%s\": %u", t ? ", " : "", types[t]->name,
                 count_of(survey, (uint32_t)(types[t] - survey->nodes)));
  tl_text_add(out, "}");
  free(types);
}

static void add_json_measured(tl_text *out, const model_info *info)
{
  tl_text_add(out, ",\n  \"instructions\": [");
  for (int i = 0; i < MEASURE_CORES; i++) {
    const measurement *m = &info->measured[i];
    tl_text_addf(out, "%s{\"core\": \"%s\", \"label\": \"counted\", \"run\": %s, \"why\": ",
                 i ? ",\n    " : "\n    ", m->core, m->is_run ? "true" : "false");
    tl_text_add_json(out, m->is_run ? NULL : m->why);
    tl_text_add(out, ", \"instructions\": ");
    if (m->is_run)
      tl_text_add_json_double(out, m->instructions);
    else
      tl_text_add(out, "null");
    tl_text_add(out, ", \"step\": ");
    if (m->is_run)
      tl_text_add_json_double(out, m->step);
    else
      tl_text_add(out, "null");
    tl_text_add(out, ", \"op_instructions\": [");
    for (uint32_t op = 0; m->is_run && op < info->survey->node_count; op++) {
      if (op) tl_text_add(out, ", ");
      tl_text_add_json_double(out, m->ops[op]);
    }
    tl_text_add(out, "]}");
  }
  tl_text_add_char(out, ']');
}

void model_error_json(tl_text *out, const tl_error *err)
{
  if (!err) {
    tl_text_add(out, "\"error\": null");
    return;
  }
  tl_text_addf(out, "\"error\": {\"code\": \"TL%04u\", \"message\": ",
               (unsigned)tl_code_describe(err->code)->number);
  tl_text_add_json(out, err->text);
  tl_text_add_char(out, '}');
}

void model_info_json(tl_text *out, const model_info *info)
{
  const tl_survey *survey = info->survey;
  tl_text_add(out, "{\"schema\": \"twinloop.model/1\", \"model\": ");
  tl_text_add_json(out, model_file_name(info->file->path));
  tl_text_addf(out, ", \"bytes\": %zu, \"constant_bytes\": %llu, \"runs\": %s", info->file->bytes,
               (unsigned long long)constant_bytes(survey), info->model ? "true" : "false");
  tl_text_add(out, ",\n  ");
  model_error_json(out, info->error);
  if (info->model)
    tl_text_addf(out, ",\n  \"arena_bytes\": %zu, \"state_bytes\": %zu, \"table_bytes\": %zu",
                 info->model->arena_bytes, info->model->state_bytes, info->model->memory_bytes);
  else
    tl_text_add(out, ",\n  \"arena_bytes\": null, \"state_bytes\": null, \"table_bytes\": null");
  tl_text_addf(out, ", \"macs\": %llu, \"op_count\": %u", (unsigned long long)mac_total(survey),
               survey->node_count);
  add_json_counts(out, survey);
  add_json_ends(out, "inputs", survey, survey->model.inputs, survey->model.input_count);
  add_json_ends(out, "outputs", survey, survey->model.outputs, survey->model.output_count);
  add_json_nodes(out, survey);
  tl_text_add(out, ",\n  \"tensors\": [");
  for (uint32_t t = 0; t < survey->model.tensor_count; t++) {
    tl_text_add(out, t ? ",\n    " : "\n    ");
    add_json_tensor(out, survey, t);
  }
  tl_text_add(out, "]");
  add_json_refusals(out, info);
  add_json_measured(out, info);
  tl_text_add(out, ",\n  ");
  model_boards_json(out, info->boards, info->model, info->measured);
  tl_text_add(out, "}\n");
}
