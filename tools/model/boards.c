#include "tools/model/boards.h"

#include "tools/model/file.h"

#include <stdlib.h>
#include <string.h>

/* "12.3 +-26 %" in a column of its own */
static void add_figure(tl_text *out, double value, double error_ratio)
{
  char memory[48], cell[32];
  tl_text figure = tl_text_over(memory, sizeof memory);
  tl_text_format_digits(cell, value, 4);
  tl_text_addf(&figure, "%s +-%.0f %%", cell, 100.0 * error_ratio);
  tl_text_addf(out, "%20s", memory);
}

/* What was counted in a board's core; NULL: nothing was. */
static const measurement *counted_for(const measurement *measured, const tl_board *board)
{
  for (int i = 0; i < MEASURE_CORES; i++)
    if (measured[i].is_run && strcmp(measured[i].core, board->core) == 0) return &measured[i];
  return NULL;
}

static void add_counted(tl_text *out, const measurement *counted)
{
  char memory[48] = "-";
  tl_text cell = tl_text_over(memory, sizeof memory);
  if (counted) tl_text_add_count(&cell, (int64_t)(counted->instructions + 0.5));
  tl_text_addf(out, "%16s", counted ? memory : "-");
}

void model_boards_lines(tl_text *out, const model_boards *boards, const tl_model *model,
                        const measurement *measured)
{
  if (boards->count == 0) return;
  bool is_counted = false;
  for (int i = 0; i < MEASURE_CORES; i++) is_counted |= measured[i].is_run;
  tl_text_addf(out,
               "modelled cost of an inference; +- is the error on networks that the fit has not "
               "seen%s\n%-32s %-10s%21s%20s%20s%s\n",
               is_counted ? "; instructions are counted in an emulated core, independent of it"
                          : "",
               "board", "core", "kilocycles", "ms", "uJ", is_counted ? "    instructions" : "");
  for (uint32_t b = 0; b < boards->count; b++) {
    const tl_board *board = &boards->boards[b];
    tl_cost cost;
    tl_board_cost(board, &cost, NULL, model);
    tl_text_addf(out, "%-32s %-10s ", board->id, board->core);
    add_figure(out, 1e-3 * cost.cycles, cost.cycles_error_ratio);
    add_figure(out, 1e3 * cost.time_s, cost.cycles_error_ratio);
    if (cost.has_energy)
      add_figure(out, 1e6 * cost.energy_J, cost.energy_error_ratio);
    else
      tl_text_addf(out, "%20s", "not published");
    if (is_counted) add_counted(out, counted_for(measured, board));
    tl_text_add_char(out, '\n');
  }
}

static void add_number(tl_text *out, const char *key, double value, bool is_known)
{
  tl_text_addf(out, ", \"%s\": ", key);
  if (is_known)
    tl_text_add_json_double(out, value);
  else
    tl_text_add(out, "null");
}

static void add_board_json(tl_text *out, const tl_board *board, const tl_model *model,
                           const measurement *counted)
{
  tl_cost cost;
  tl_op_cost *ops = model_take(model->op_count * sizeof *ops);
  tl_board_cost(board, &cost, ops, model);
  tl_text_add(out, "{\"board\": ");
  tl_text_add_json(out, board->id);
  tl_text_add(out, ", \"core\": ");
  tl_text_add_json(out, board->core);
  tl_text_add(out, ", \"software\": ");
  tl_text_add_json(out, board->software);
  tl_text_add(out, ", \"label\": \"modelled\"");
  add_number(out, "clock_Hz", board->clock_Hz, true);
  add_number(out, "cycles", cost.cycles, true);
  add_number(out, "time_s", cost.time_s, true);
  add_number(out, "cycles_error_ratio", cost.cycles_error_ratio, true);
  add_number(out, "energy_J", cost.energy_J, cost.has_energy);
  add_number(out, "energy_error_ratio", cost.energy_error_ratio, cost.has_energy);
  add_number(out, "instructions", counted ? counted->instructions : 0.0, counted != NULL);
  tl_text_add(out, ", \"op_cycles\": [");
  for (uint32_t op = 0; ops && op < model->op_count; op++) {
    if (op) tl_text_add(out, ", ");
    tl_text_add_json_double(out, ops[op].cycles);
  }
  tl_text_add(out, "]}");
  free(ops);
}

void model_boards_json(tl_text *out, const model_boards *boards, const tl_model *model,
                       const measurement *measured)
{
  tl_text_add(out, "\"boards\": [");
  for (uint32_t b = 0; model && b < boards->count; b++) {
    tl_text_add(out, b ? ",\n    " : "\n    ");
    add_board_json(out, &boards->boards[b], model, counted_for(measured, &boards->boards[b]));
  }
  tl_text_add(out, "]");
}
