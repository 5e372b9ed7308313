#include "script/fit/fit.h"

#include "script/fit/problem.h"

#include <string.h>

bool tl_scenario_has_calibration(const tl_scenario *s) { return s->calibrate != NULL; }

static tl_code write_values(tl_scenario *s, const tl_fit_problem *p, const tl_calibration *fit,
                            tl_error *err)
{
  for (uint32_t k = 0; k < p->problem.free_count; k++)
    for (uint32_t t = 0; t < p->problem.free[k].target_count; t++) {
      const tl_calibrate_target to = p->problem.free[k].targets[t];
      const tl_code code = tl_fleet_write(s->world, s->fleets[p->fleet[to.run]].id, to.column, 0, 1,
                                          &fit->values[k].value, err);
      if (code != TL_OK) return code;
    }
  return TL_OK;
}

/* What the fitted devices share also holds for those of validation. */
static tl_code write_shared(tl_scenario *s, const tl_fit_problem *validation, tl_error *err)
{
  for (uint32_t r = 0; r < validation->problem.run_count; r++) {
    const tl_calibrate_run *run = &validation->problem.runs[r];
    for (uint32_t c = 0; c < run->twin->column_count; c++) {
      if (run->twin->columns[c].role == TL_OUTPUT) continue;
      const tl_code code =
          tl_fleet_write(s->world, s->fleets[validation->fleet[r]].id, c, 0, 1, &run->base[c], err);
      if (code != TL_OK) return code;
    }
  }
  return TL_OK;
}

static tl_code validate(tl_scenario *s, tl_scenario_fit *out, tl_error *err)
{
  tl_code code = fit_make_validation(&out->memory[1], s, out->memory[0], &out->fit, err);
  if (code != TL_OK) return code;
  tl_calibrate_options options = out->options;
  options.method = TL_CALIBRATE_LM;
  out->validation_problem = out->memory[1]->problem;
  code = tl_calibrate(&out->validation, &out->validation_problem, &options, err);
  if (code == TL_OK) code = write_shared(s, out->memory[1], err);
  if (code == TL_OK) code = write_values(s, out->memory[1], &out->validation, err);
  out->has_validation = code == TL_OK;
  return code;
}

static tl_code prepare(tl_scenario *s, tl_scenario_fit *out, tl_error *err)
{
  memset(out, 0, sizeof *out);
  const script_calibrate *c = s->calibrate;
  if (c == NULL) {
    tl_fail(err, TL_E_SCRIPT, NULL, "%s: has no calibrate { ... }", s->path);
    return tl_fail_hint(err, "add calibrate { free = { column = { low, high } } }");
  }
  out->options = tl_calibrate_options_default();
  out->options.method = c->method;
  out->options.intervals = c->intervals;
  out->options.starts = c->starts;
  out->options.iterations_max = c->iterations;
  out->options.seed = s->seed;
  out->options.thread_count = s->options.thread_count;
  out->options.path = s->options.path;
  out->settle_ratio = c->settle_ratio;
  out->twin = c->twin;
  const tl_code code = fit_make_training(&out->memory[0], s, err);
  if (code == TL_OK) out->problem = out->memory[0]->problem;
  return code;
}

static tl_code finish(tl_scenario *s, tl_scenario_fit *out, tl_code code, tl_error *err)
{
  if (code == TL_OK) return TL_OK;
  script_full_path(s, err);
  tl_scenario_fit_free(out);
  return code;
}

tl_code tl_scenario_plan_fit(tl_scenario *s, tl_scenario_fit *out, tl_error *err)
{
  tl_code code = prepare(s, out, err);
  if (code == TL_OK) code = tl_calibrate_check(&out->problem, &out->options, err);
  return finish(s, out, code, err);
}

tl_code tl_scenario_calibrate(tl_scenario *s, tl_scenario_fit *out, const tl_calibrate_hooks *hooks,
                              tl_error *err)
{
  tl_code code = prepare(s, out, err);
  if (hooks != NULL) out->options.hooks = *hooks;
  if (code == TL_OK) code = tl_calibrate(&out->fit, &out->problem, &out->options, err);
  if (code == TL_OK) code = write_values(s, out->memory[0], &out->fit, err);
  if (code == TL_OK && s->calibrate->validate_count > 0) code = validate(s, out, err);
  return finish(s, out, code, err);
}

const tl_column *tl_scenario_fit_column(const tl_scenario_fit *fit, tl_calibrate_target target)
{
  return &fit->problem.runs[target.run].twin->columns[target.column];
}

void tl_scenario_fit_free(tl_scenario_fit *fit)
{
  tl_calibration_free(&fit->fit);
  tl_calibration_free(&fit->validation);
  fit_free_problem(fit->memory[0]);
  fit_free_problem(fit->memory[1]);
  memset(fit, 0, sizeof *fit);
}
