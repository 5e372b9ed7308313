#include "tests/fidelity/calibrate/kit.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- plain twins ---------------------------------------------------------------------------------- */
static const tl_column line_columns[] = {
    {"x", TL_INPUT, TL_F64, "1", 0, -1e9, 1e9, 0, "given"},
    {"y", TL_OUTPUT, TL_F64, "1", 0, -1e9, 1e9, 0, "a x + b c"},
    {"a", TL_PARAM, TL_F64, "1", 1, -1e6, 1e6, 0, "slope"},
    {"b", TL_PARAM, TL_F64, "1", 1, -1e6, 1e6, 0, "factor"},
    {"c", TL_PARAM, TL_F64, "1", 1, -1e6, 1e6, 0, "factor"},
};

static void line_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                      tl_simd_path path)
{
  (void)column, (void)rows, (void)dt_s, (void)step_count, (void)path;
}

static void line_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++)
    column[LINE_y][i] =
        column[LINE_a][i] * column[LINE_x][i] + column[LINE_b][i] * column[LINE_c][i];
}

const tl_twin_type kit_line = {TL_TWIN_ABI, 0,         "line",      "a line", line_columns,
                               5,           line_step, line_output, 1e9};

static const tl_column growth_columns[] = {
    {"y", TL_STATE, TL_F64, "1", 1, -1e300, 1e300, 0, "grows"},
    {"rate", TL_PARAM, TL_F64, "1/s", -0.1, -1e3, 1e3, 0, "of growth"},
};

static void growth_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                        tl_simd_path path)
{
  (void)path;
  for (uint32_t i = rows.begin; i < rows.end; i++)
    for (uint32_t s = 0; s < step_count; s++)
      column[GROWTH_y][i] += dt_s * column[GROWTH_rate][i] * column[GROWTH_y][i];
}

const tl_twin_type kit_growth = {TL_TWIN_ABI, 0,           "growth", "growth", growth_columns,
                                 2,           growth_step, NULL,     1e9};

/* --- problems ---------------------------------------------------------------------------------------- */
tl_calibrate_run *kit_add_run(kit *k, const tl_twin_type *twin, uint32_t samples, double step_s,
                              const uint32_t *inputs, uint32_t input_count, uint32_t column)
{
  const uint32_t r = k->problem.run_count++;
  kit_run *m = &k->memory[r];
  assert_true(r < KIT_RUNS && samples <= KIT_SAMPLES && twin->column_count <= KIT_COLUMNS);
  for (uint32_t c = 0; c < twin->column_count; c++) m->base[c] = twin->columns[c].initial;
  for (uint32_t i = 0; i < samples; i++) {
    m->stamps_ns[i] = (int64_t)(1e9 * step_s * i) + (i % 3) * 1000000; /* as clocks do */
    m->stamp[0][i] = i;
  }
  for (uint32_t d = 0; d < input_count; d++)
    m->inputs[d] = (tl_calibrate_input){inputs[d], m->input[d]};
  m->channels[0] = (tl_calibrate_channel){.name = twin->columns[column].name,
                                          .unit = twin->columns[column].unit,
                                          .per_unit = 1.0,
                                          .column = column,
                                          .weight = 1.0,
                                          .count = samples,
                                          .stamp = m->stamp[0],
                                          .fraction = m->fraction[0],
                                          .value = m->value[0],
                                          .part = m->part[0]};
  k->runs[r] = (tl_calibrate_run){.name = r == 0   ? "first"
                                          : r == 1 ? "second"
                                                   : "third",
                                  .twin = twin,
                                  .dt_ns = 10000000000,
                                  .stamp_count = samples,
                                  .stamps_ns = m->stamps_ns,
                                  .input_count = input_count,
                                  .inputs = m->inputs,
                                  .base = m->base,
                                  .channel_count = 1,
                                  .channels = m->channels};
  k->problem.runs = k->runs;
  k->problem.free = k->free;
  return &k->runs[r];
}

tl_calibrate_free *kit_add_free(kit *k, uint32_t column, double start, double low, double high,
                                bool log)
{
  const uint32_t i = k->problem.free_count++;
  const tl_column *info = &k->runs[0].twin->columns[column];
  assert_true(i < KIT_FREE);
  k->free[i] = (tl_calibrate_free){.name = info->name,
                                   .unit = info->unit,
                                   .start = start,
                                   .low = low,
                                   .high = high,
                                   .log = log,
                                   .relative = strcmp(info->unit, "K") != 0,
                                   .target_count = k->problem.run_count,
                                   .targets = k->targets[i]};
  for (uint32_t r = 0; r < k->problem.run_count; r++)
    k->targets[i][r] = (tl_calibrate_target){r, column};
  return &k->free[i];
}

kit *kit_incubator(uint32_t samples, double step_s)
{
  static const uint32_t inputs[] = {INCUBATOR_heater_on, INCUBATOR_room_K};
  kit *k = calloc(1, sizeof *k);
  assert_non_null(k);
  kit_add_run(k, &incubator_twin, samples, step_s, inputs, 2, INCUBATOR_box_K);
  for (uint32_t i = 0; i < samples; i++) {
    const double t = step_s * i;
    k->memory[0].input[0][i] = fmod(t, 700.0) < 150.0 || fmod(t, 1900.0) < 60.0 ? 1.0 : 0.0;
    k->memory[0].input[1][i] = 294.0 + 2.0 * sin(t / 900.0);
  }
  return k;
}

/* C_air, G_box, C_heater, G_heater, heater_K */
const double kit_truth[5] = {180.0, 0.77, 240.0, 2.3, 301.0};

void kit_free_incubator(kit *k)
{
  kit_add_free(k, INCUBATOR_C_air_J_per_K, 300.0, 20.0, 2000.0, true);
  kit_add_free(k, INCUBATOR_G_box_W_per_K, 1.5, 0.1, 10.0, true);
  kit_add_free(k, INCUBATOR_C_heater_J_per_K, 150.0, 20.0, 2000.0, true);
  kit_add_free(k, INCUBATOR_G_heater_W_per_K, 1.0, 0.1, 20.0, true);
  kit_add_free(k, INCUBATOR_heater_K, 295.0, 280.0, 340.0, false);
}

void kit_plant(kit *k, const double *truth, double noise, double rho, uint64_t seed)
{
  tl_error err;
  for (uint32_t r = 0; r < k->problem.run_count; r++)
    for (uint32_t c = 0; c < k->runs[r].channel_count; c++) {
      double *value = k->memory[r].value[c], e = 0.0;
      const tl_rng_key key = tl_rng_key_make(seed, r, c);
      if (tl_calibrate_trace(&k->problem, truth, r, c, TL_PATH_SCALAR, value, &err) != TL_OK)
        fail_msg("%s", err.text);
      const double fresh = sqrt(1.0 - rho * rho);
      for (uint32_t i = 0; i < k->runs[r].channels[c].count; i++) {
        const double z = (double)tl_rng_normal(key, 0, i);
        e = i == 0 ? z : rho * e + fresh * z;
        value[i] += noise * e;
      }
    }
}

tl_calibrate_options kit_options(uint32_t starts)
{
  tl_calibrate_options options = tl_calibrate_options_default();
  options.starts = starts;
  options.thread_count = 1;
  return options;
}

void kit_free_all(kit *k) { free(k); }
