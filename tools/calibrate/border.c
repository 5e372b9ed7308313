/* border.c: what the training part of the recordings covers, for the parameter file: a twin is worth its fit only there. */
#include "fidelity/border/border.h"
#include "tools/calibrate/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct table {
  double *column[TL_BORDER_CHANNELS_MAX];
  size_t row_count;
} table;

/* Inputs that a recording drives and channels that are compared, of the first device. */
static void choose_columns(tl_border *out, uint32_t columns[TL_BORDER_CHANNELS_MAX],
                           const tl_calibrate_run *run)
{
  for (uint32_t i = 0; i < run->input_count + run->channel_count; i++) {
    const uint32_t column =
        i < run->input_count ? run->inputs[i].column : run->channels[i - run->input_count].column;
    const tl_column *info = &run->twin->columns[column];
    if (out->channel_count == TL_BORDER_CHANNELS_MAX) return;
    tl_border_channel *channel = &out->channels[out->channel_count];
    columns[out->channel_count++] = column;
    snprintf(channel->name, sizeof channel->name, "%s", info->name);
    snprintf(channel->unit, sizeof channel->unit, "%s", info->unit);
    channel->slack = info->resolution;
  }
}

static void fill_input(double *out, const tl_calibrate_run *run, uint32_t column)
{
  for (uint32_t i = 0; i < run->input_count; i++)
    for (uint32_t k = 0; run->inputs[i].column == column && k < run->stamp_count; k++)
      out[k] = run->inputs[i].values[k];
}

static void fill_channel(double *out, const tl_calibrate_run *run, uint32_t column)
{
  for (uint32_t i = 0; i < run->channel_count; i++) {
    const tl_calibrate_channel *channel = &run->channels[i];
    for (uint32_t k = 0; channel->column == column && k < channel->count; k++)
      if (channel->part[k] == TL_SAMPLE_TRAIN) out[channel->stamp[k]] = channel->value[k];
  }
}

static bool fill(table *t, const tl_border *border, const uint32_t *columns,
                 const tl_calibrate_problem *problem)
{
  for (uint32_t r = 0; r < problem->run_count; r++) t->row_count += problem->runs[r].stamp_count;
  for (uint32_t c = 0; c < border->channel_count; c++) {
    t->column[c] = malloc((t->row_count + 1) * sizeof(double));
    if (t->column[c] == NULL) return false;
    for (size_t i = 0; i < t->row_count; i++) t->column[c][i] = (double)NAN;
    double *at = t->column[c];
    for (uint32_t r = 0; r < problem->run_count; r++) {
      fill_input(at, &problem->runs[r], columns[c]);
      fill_channel(at, &problem->runs[r], columns[c]);
      at += problem->runs[r].stamp_count;
    }
  }
  return true;
}

bool calibration_border(tl_border *out, const tl_calibrate_problem *problem)
{
  uint32_t columns[TL_BORDER_CHANNELS_MAX];
  table t = {.row_count = 0};
  *out = (tl_border){.channel_count = 0};
  choose_columns(out, columns, &problem->runs[0]);
  const bool made =
      fill(&t, out, columns, problem) &&
      tl_border_learn(out, (const double *const *)t.column, t.row_count, NULL) == TL_OK;
  for (uint32_t c = 0; c < TL_BORDER_CHANNELS_MAX; c++) free(t.column[c]);
  return made;
}
