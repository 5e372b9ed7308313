/* json.c: a calibration for programs, and the parameter file. */
#include "tools/calibrate/report.h"

#include "report/json.h"
#include "twinloop/twinloop.h"

#include <math.h>
#include <string.h>

static void add_square(tl_json *json, const char *key, const double *values, uint32_t n)
{
  tl_json_list_begin(json, key, false);
  for (uint32_t i = 0; i < n; i++) {
    tl_json_list_begin(json, NULL, true);
    for (uint32_t k = 0; k < n; k++) tl_json_number(json, NULL, values[(size_t)i * n + k]);
    tl_json_list_end(json);
  }
  tl_json_list_end(json);
}

static void add_interval(tl_json *json, const tl_calibrated *value, const tl_calibrate_free *free)
{
  tl_json_number(json, "low", value->low);
  tl_json_number(json, "high", value->high);
  tl_json_bool(json, "at_bound", value->at_bound);
  tl_json_text(json, "status", value->status);
  tl_json_number(json, "bound_low", free->low);
  tl_json_number(json, "bound_high", free->high);
  tl_json_text(json, "scale", free->log ? "log" : "linear");
}

static void add_values(tl_json *json, const char *key, const tl_calibration *fit,
                       const tl_calibrate_problem *problem)
{
  tl_json_list_begin(json, key, false);
  for (uint32_t k = 0; k < fit->free_count; k++) {
    const tl_calibrate_free *free = &problem->free[k];
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "name", free->name);
    tl_json_number(json, "value", fit->values[k].value);
    tl_json_text(json, "unit", free->unit);
    add_interval(json, &fit->values[k], free);
    tl_json_number(json, "start", free->start);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
}

static void add_part(tl_json *json, const char *key, const tl_calibrate_part *part)
{
  tl_json_object_begin(json, key, true);
  tl_json_unsigned(json, "samples", part->count);
  tl_json_number(json, "rmse", part->rmse);
  tl_json_number(json, "rmse_mean_of_training", part->rmse_mean);
  tl_json_number(json, "rmse_last_training_held", part->rmse_last);
  tl_json_object_end(json);
}

static void add_channels(tl_json *json, const tl_calibration *fit,
                         const tl_calibrate_problem *problem, bool validates)
{
  for (uint32_t i = 0; i < fit->channel_count; i++) {
    const tl_calibrate_channel_fit *row = &fit->channels[i];
    const tl_calibrate_run *run = &problem->runs[row->run];
    tl_json_object_begin(json, NULL, false);
    tl_json_text(json, "device", run->name);
    tl_json_text(json, "name", run->channels[row->channel].name);
    tl_json_text(json, "unit", run->channels[row->channel].unit);
    tl_json_number(json, "weight", run->channels[row->channel].weight);
    add_part(json, validates ? "settle" : "train", &row->train);
    add_part(json, "validate", &row->validate);
    tl_json_number(json, "residual_lag1", row->lag1);
    tl_json_number(json, "residual_correlation_s", row->correlation_s);
    tl_json_number(json, "effective_samples", row->effective_count);
    tl_json_object_end(json);
  }
}

void calibration_add_json(tl_text *out, const calibration_report *r)
{
  const tl_calibration *fit = &r->fit->fit;
  tl_json json = tl_json_over(out);
  tl_json_object_begin(&json, NULL, false);
  tl_json_text(&json, "schema", TL_CALIBRATION_SCHEMA);
  tl_json_text(&json, "scenario", r->info.name);
  tl_json_text(&json, "twin", r->fit->twin->name);
  tl_json_text(&json, "method", tl_calibrate_method_name(r->fit->options.method));
  tl_json_unsigned(&json, "seed", r->info.seed);
  add_values(&json, "parameters", fit, &r->fit->problem);
  tl_json_number(&json, "rmse", fit->rmse);
  tl_json_text(&json, "rmse_unit",
               fit->same_unit ? r->fit->problem.runs[0].channels[0].unit : "weighted");
  tl_json_number(&json, "rmse_validate",
                 r->fit->has_validation ? r->fit->validation.rmse_validate : fit->rmse_validate);
  tl_json_unsigned(&json, "simulations", fit->simulations);
  tl_json_unsigned(&json, "diverged", fit->diverged);
  tl_json_number(&json, "wall_s", r->wall_s);
  tl_json_list_begin(&json, "unidentifiable", fit->sentence_count == 0);
  for (uint32_t i = 0; i < fit->sentence_count; i++)
    tl_json_text(&json, NULL, fit->unidentifiable[i]);
  tl_json_list_end(&json);
  tl_json_text(&json, "run_hash", r->run_hash);
  tl_json_object_begin(&json, "starts", true);
  tl_json_unsigned(&json, "count", fit->starts);
  tl_json_unsigned(&json, "at_best", fit->starts_at_best);
  tl_json_unsigned(&json, "diverged", fit->starts_diverged);
  tl_json_bool(&json, "converged", fit->converged);
  tl_json_unsigned(&json, "iterations", fit->iterations);
  tl_json_object_end(&json);
  tl_json_list_begin(&json, "channels", false);
  add_channels(&json, fit, &r->fit->problem, false);
  if (r->fit->has_validation)
    add_channels(&json, &r->fit->validation, &r->fit->validation_problem, true);
  tl_json_list_end(&json);
  if (r->fit->has_validation)
    add_values(&json, "validation_states", &r->fit->validation, &r->fit->validation_problem);
  tl_json_number(&json, "condition", fit->condition);
  add_square(&json, "correlation", fit->correlation, fit->free_count);
  tl_json_object_end(&json);
}

/* --- the parameter file ----------------------------------------------------------------------------- */
/* Number of the free value that the first device's column takes, or UINT32_MAX. */
static uint32_t free_of(const tl_calibrate_problem *problem, uint32_t column)
{
  for (uint32_t k = 0; k < problem->free_count; k++)
    for (uint32_t t = 0; t < problem->free[k].target_count; t++)
      if (problem->free[k].targets[t].run == 0 && problem->free[k].targets[t].column == column)
        return k;
  return UINT32_MAX;
}

static void add_column(tl_json *json, const calibration_report *r, uint32_t column)
{
  const tl_calibrate_problem *problem = &r->fit->problem;
  const tl_column *info = &r->fit->twin->columns[column];
  const uint32_t k = free_of(problem, column);
  const bool shared = problem->run_count == 1 ||
                      (k != UINT32_MAX && problem->free[k].target_count >= problem->run_count);
  if (k == UINT32_MAX && info->role != TL_PARAM) return;
  tl_json_object_begin(json, NULL, true);
  tl_json_text(json, "name", info->name);
  tl_json_number(json, "value",
                 k == UINT32_MAX ? problem->runs[0].base[column] : r->fit->fit.values[k].value);
  tl_json_text(json, "unit", info->unit);
  tl_json_text(json, "role",
               info->role == TL_PARAM   ? "parameter"
               : info->role == TL_STATE ? "initial state"
                                        : "input");
  tl_json_bool(json, "fitted", k != UINT32_MAX);
  if (k != UINT32_MAX) {
    add_interval(json, &r->fit->fit.values[k], &problem->free[k]);
    if (!shared) tl_json_text(json, "device", problem->runs[0].name);
    if (strcmp(problem->free[k].name, info->name) != 0)
      tl_json_text(json, "free", problem->free[k].name);
  }
  tl_json_object_end(json);
}

static void add_lineage(tl_json *json, const calibration_report *r)
{
  tl_json_object_begin(json, "lineage", false);
  tl_json_text(json, "scenario", r->info.name);
  tl_json_list_begin(json, "inputs", false);
  for (uint32_t i = 0; i < r->info.file_count; i++) {
    tl_json_object_begin(json, NULL, true);
    tl_json_text(json, "kind", r->info.files[i].kind);
    const char *slash = strrchr(r->info.files[i].name, '/'); /* no machine's path */
    tl_json_text(json, "name", slash != NULL ? slash + 1 : r->info.files[i].name);
    tl_json_text(json, "sha256", r->info.files[i].sha256);
    tl_json_object_end(json);
  }
  tl_json_list_end(json);
  tl_json_unsigned(json, "seed", r->info.seed);
  tl_json_text(json, "method", tl_calibrate_method_name(r->fit->options.method));
  tl_json_unsigned(json, "starts", r->fit->fit.starts);
  tl_json_text(json, "engine", tl_version());
  tl_json_text(json, "run_hash", r->run_hash);
  tl_json_object_end(json);
}

static void add_border(tl_json *json, const tl_calibrate_problem *problem)
{
  tl_border border;
  tl_text text = {0};
  if (!calibration_border(&border, problem)) return;
  tl_border_write_json(&border, &text);
  tl_json_raw(json, "border", tl_text_string(&text));
  tl_text_free(&text);
}

void calibration_add_parameters(tl_text *out, const calibration_report *r)
{
  const tl_calibration *fit = &r->fit->fit;
  tl_json json = tl_json_over(out);
  tl_json_object_begin(&json, NULL, false);
  tl_json_text(&json, "schema", TL_PARAMETERS_SCHEMA);
  tl_json_text(&json, "twin", r->fit->twin->name);
  tl_json_list_begin(&json, "parameters", false);
  for (uint32_t c = 0; c < r->fit->twin->column_count; c++)
    if (r->fit->twin->columns[c].role != TL_OUTPUT) add_column(&json, r, c);
  tl_json_list_end(&json);
  tl_json_list_begin(&json, "free", true);
  for (uint32_t k = 0; k < fit->free_count; k++)
    tl_json_text(&json, NULL, r->fit->problem.free[k].name);
  tl_json_list_end(&json);
  add_square(&json, "covariance", fit->covariance, fit->free_count);
  tl_json_number(&json, "rmse", fit->rmse);
  tl_json_text(&json, "rmse_unit",
               fit->same_unit ? r->fit->problem.runs[0].channels[0].unit : "weighted");
  tl_json_number(&json, "rmse_validate",
                 r->fit->has_validation ? r->fit->validation.rmse_validate : fit->rmse_validate);
  tl_json_list_begin(&json, "unidentifiable", fit->sentence_count == 0);
  for (uint32_t i = 0; i < fit->sentence_count; i++)
    tl_json_text(&json, NULL, fit->unidentifiable[i]);
  tl_json_list_end(&json);
  add_border(&json, &r->fit->problem);
  add_lineage(&json, r);
  tl_json_object_end(&json);
}
