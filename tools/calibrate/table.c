/* table.c: a calibration for people. */
#include "tools/calibrate/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void pad(tl_text *out, size_t begin, size_t width)
{
  while (out->length < begin + width) tl_text_add_char(out, ' ');
}

static void number(tl_text *out, double value, int digits, size_t width)
{
  const size_t begin = out->length;
  if (isnan(value))
    tl_text_add(out, "-");
  else
    tl_text_add_digits(out, value, digits);
  pad(out, begin, width);
}

static void word(tl_text *out, const char *text, size_t width)
{
  const size_t begin = out->length;
  tl_text_add(out, text);
  pad(out, begin, width);
}

static size_t longest_name(const tl_calibrate_problem *problem)
{
  size_t most = 9;
  for (uint32_t k = 0; k < problem->free_count; k++)
    if (strlen(problem->free[k].name) > most) most = strlen(problem->free[k].name);
  return most;
}

static void add_value(tl_text *out, const tl_calibrated *value, const tl_calibrate_free *free,
                      size_t width)
{
  tl_text_add(out, "  ");
  word(out, free->name, width + 2);
  number(out, value->value, 7, 14);
  number(out, value->low, 6, 13);
  number(out, value->high, 6, 13);
  word(out, free->unit, 9);
  if (value->at_bound) {
    tl_text_add(out, "! at its bound ");
    tl_text_add_digits(
        out, value->value - free->low < free->high - value->value ? free->low : free->high, 6);
  } else if (strcmp(value->status, "ok") != 0) {
    tl_text_addf(out, "! %s", value->status);
  }
  tl_text_add_char(out, '\n');
}

static void add_values(tl_text *out, const tl_calibration *fit, const tl_calibrate_problem *problem)
{
  if (fit->free_count == 0) return; /* validation devices without a free initial state */
  const size_t width = longest_name(problem);
  tl_text_add(out, "  ");
  word(out, "parameter", width + 2);
  word(out, "value", 14);
  word(out, "95 % from", 13);
  word(out, "to", 13);
  tl_text_add(out, "unit\n");
  for (uint32_t k = 0; k < fit->free_count; k++)
    add_value(out, &fit->values[k], &problem->free[k], width);
}

static void add_correlations(tl_text *out, const tl_calibration *fit,
                             const tl_calibrate_problem *problem)
{
  const uint32_t n = fit->free_count;
  uint32_t said = 0;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = i + 1; k < n; k++) {
      const double c = fit->correlation[(size_t)i * n + k];
      if (!(fabs(c) > 0.95) || ++said > 6) continue;
      tl_text_addf(out, "  %s and %s are known together only: correlation ", problem->free[i].name,
                   problem->free[k].name);
      tl_text_add_digits(out, c, 4);
      tl_text_add_char(out, '\n');
    }
  if (said > 6) tl_text_addf(out, "  and %u pairs more with a correlation above 0.95\n", said - 6);
}

/* Its device and column: a compare's own name tells of its device only where it must, and shortens it. */
static void channel_name(char *out, size_t bytes, const tl_calibrate_run *run,
                         const tl_calibrate_channel *channel)
{
  snprintf(out, bytes, "%s.%s", run->name, run->twin->columns[channel->column].name);
}

/* The most that a name of this fit's channels takes. */
static size_t widest_channel(const tl_calibration *fit, const tl_calibrate_problem *problem,
                             size_t most)
{
  char name[160];
  for (uint32_t i = 0; i < fit->channel_count; i++) {
    const tl_calibrate_run *run = &problem->runs[fit->channels[i].run];
    channel_name(name, sizeof name, run, &run->channels[fit->channels[i].channel]);
    if (strlen(name) > most) most = strlen(name);
  }
  return most;
}

static void add_part(tl_text *out, const tl_calibrate_run *run, const tl_calibrate_channel *channel,
                     const char *part, const tl_calibrate_part *p, size_t width)
{
  char name[160];
  if (p->count == 0) return;
  channel_name(name, sizeof name, run, channel);
  tl_text_add(out, "  ");
  word(out, name, width);
  word(out, part, 10);
  const size_t begin = out->length;
  tl_text_addf(out, "%u", p->count);
  pad(out, begin, 9);
  number(out, p->rmse, 4, 11);
  word(out, channel->unit, 7);
  number(out, p->rmse_mean, 4, 18);
  number(out, p->rmse_last, 4, 1);
  tl_text_add_char(out, '\n');
}

static void add_channels(tl_text *out, const tl_calibration *fit,
                         const tl_calibrate_problem *problem, const char *trained, size_t width)
{
  for (uint32_t i = 0; i < fit->channel_count; i++) {
    const tl_calibrate_run *run = &problem->runs[fit->channels[i].run];
    const tl_calibrate_channel *channel = &run->channels[fit->channels[i].channel];
    add_part(out, run, channel, trained, &fit->channels[i].train, width);
    add_part(out, run, channel, "validate", &fit->channels[i].validate, width);
  }
}

static void add_all_channels(tl_text *out, const calibration_report *r)
{
  const tl_calibration *fit = &r->fit->fit, *validation = &r->fit->validation;
  size_t width = widest_channel(fit, &r->fit->problem, 30);
  if (r->fit->has_validation)
    width = widest_channel(validation, &r->fit->validation_problem, width);
  width += 2;
  tl_text_add(out, "  ");
  word(out, "channel", width);
  word(out, "part", 10);
  word(out, "samples", 9);
  word(out, "rmse", 18);
  word(out, "mean of training", 18);
  tl_text_add(out, "last training held\n");
  add_channels(out, fit, &r->fit->problem, "train", width);
  if (r->fit->has_validation)
    add_channels(out, validation, &r->fit->validation_problem, "settle", width);
}

static void add_noise(tl_text *out, const tl_calibration *fit, const tl_calibrate_problem *problem)
{
  for (uint32_t i = 0; i < fit->channel_count; i++) {
    const tl_calibrate_channel_fit *row = &fit->channels[i];
    if (row->train.count == 0 || !(row->lag1 > 0.05)) continue;
    const tl_calibrate_run *run = &problem->runs[row->run];
    char name[160];
    channel_name(name, sizeof name, run, &run->channels[row->channel]);
    tl_text_addf(out, "  residuals of %s hang together (", name);
    tl_text_add_digits(out, row->lag1, 3);
    tl_text_add(out, " from one to the next): they count as ");
    tl_text_add_digits(out, row->effective_count, 3);
    tl_text_addf(out, " of %u samples\n", row->train.count);
  }
}

void calibration_add_table(tl_text *out, const calibration_report *r)
{
  const tl_calibration *fit = &r->fit->fit;
  const tl_calibrate_problem *problem = &r->fit->problem;
  tl_text_addf(out, "%s: twin %s, %u free value%s, method %s\n", r->info.name, r->fit->twin->name,
               fit->free_count, fit->free_count == 1 ? "" : "s",
               tl_calibrate_method_name(r->fit->options.method));
  add_values(out, fit, problem);
  add_correlations(out, fit, problem);
  for (uint32_t i = 0; i < fit->sentence_count; i++)
    tl_text_addf(out, "  ! not identifiable: %s\n", fit->unidentifiable[i]);
  add_all_channels(out, r);
  if (r->fit->has_validation) add_values(out, &r->fit->validation, &r->fit->validation_problem);
  add_noise(out, fit, problem);
  tl_text_addf(out, "  %llu simulations", (unsigned long long)fit->simulations);
  if (fit->diverged > 0) tl_text_addf(out, " (%llu diverged)", (unsigned long long)fit->diverged);
  tl_text_add(out, " in ");
  tl_text_add_digits(out, r->wall_s, 3);
  tl_text_addf(out, " s; %u of %u start%s ended at the best, which %s\n", fit->starts_at_best,
               fit->starts, fit->starts == 1 ? "" : "s",
               fit->converged ? "converged" : "used up its iterations");
  tl_text_addf(out, "run hash %s\n", r->run_hash);
}
