/* cmd_doctor.c: what this program is made of, what this machine offers, and whether the bits hold here. */
#include "base/text.h"
#include "exec/parallel.h"
#include "tools/twinloop/commands.h"
#include "twinloop/twinloop.h"

#include <hdf5.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES = 1000, CASES_MAX = 32 };

typedef struct self_test { /* one way to run the same small world */
  tl_simd_path path;
  uint32_t threads;
  char hash[65];
} self_test;

/* A thousand controlled incubators with noise, a minute of them: every part of the step loop but the models. */
static tl_code fill_world(tl_world *world, tl_error *err)
{
  tl_fleet_def fleet = tl_fleet_def_default();
  fleet.name = "doctor";
  fleet.twin = "incubator";
  fleet.count = DEVICES;
  fleet.sensor_count = 1;
  fleet.sensors[0] = tl_sensor_def_default();
  fleet.sensors[0].name = "box";
  fleet.sensors[0].column = "box_K";
  fleet.sensors[0].noise = 0.1;
  fleet.actuator_count = 1;
  fleet.actuators[0] = tl_actuator_def_default();
  fleet.actuators[0].name = "heater";
  fleet.actuators[0].column = "heater_on";
  fleet.controller = tl_controller_def_default();
  fleet.controller.kind = TL_CONTROL_HYSTERESIS;
  fleet.controller.setpoint = 300.0;
  tl_fleet_id id;
  const tl_code code = tl_fleet_create(world, &id, &fleet, err);
  return code == TL_OK ? tl_world_seal(world, err) : code;
}

static tl_code run_case(self_test *test, tl_error *err)
{
  tl_world_def def = tl_world_def_default();
  def.seed = 1;
  def.sync_ns = INT64_C(10000000000);
  def.thread_count = test->threads;
  def.path = test->path;
  def.twins = tl_twins;
  def.twin_count = tl_twin_count;
  tl_world *world = NULL;
  tl_code code = tl_world_create(&world, &def, err);
  if (code != TL_OK) return code;
  code = fill_world(world, err);
  while (code == TL_OK && tl_world_now_ns(world) < INT64_C(60000000000))
    code = tl_world_advance(world, INT64_C(60000000000), err);
  if (code == TL_OK) tl_world_run_hash(world, test->hash);
  tl_world_destroy(world);
  return code;
}

/* All paths with one thread, and with two. */
static tl_code run_cases(self_test *tests, uint32_t *count, tl_error *err)
{
  *count = 0;
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    for (uint32_t threads = 1; threads <= 2; threads++) {
      self_test *test = &tests[(*count)++];
      *test = (self_test){.path = (tl_simd_path)path, .threads = threads};
      const tl_code code = run_case(test, err);
      if (code != TL_OK) return code;
    }
  }
  for (uint32_t i = 1; i < *count; i++)
    if (strcmp(tests[0].hash, tests[i].hash) != 0)
      return tl_fail(err, TL_E_DIVERGED, NULL,
                     "path %s with %u threads gives other bits than path %s with 1 thread",
                     tl_cpu_path_name(tests[i].path), tests[i].threads,
                     tl_cpu_path_name(tests[0].path));
  return TL_OK;
}

static void add_paths(tl_text *out, const char *separator, const char *quote)
{
  bool is_first = true;
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path)) continue;
    tl_text_addf(out, "%s%s%s%s", is_first ? "" : separator, quote,
                 tl_cpu_path_name((tl_simd_path)path), quote);
    is_first = false;
  }
}

static void add_lines(tl_text *out, const self_test *tests, uint32_t count, bool is_good)
{
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  tl_text_addf(out, "twinloop    %s, schema %s, twin interface %u\n", tl_version(), TL_SCHEMA_TEXT,
               TL_TWIN_ABI);
#if defined(__clang__)
  tl_text_addf(out, "compiler    %s\n", __VERSION__);
#else
  tl_text_addf(out, "compiler    gcc %s\n", __VERSION__);
#endif
  tl_text_addf(out, "HDF5        %u.%u.%u\nLua         %s\n", major, minor, release, LUA_RELEASE);
  tl_text_addf(out, "OpenMP      %s, %u threads on this machine\n", TL_OPENMP,
               tl_parallel_threads_available());
  tl_text_add(out, "paths       ");
  add_paths(out, ", ", "");
  tl_text_addf(out, "; best: %s\ntwins      ", tl_cpu_path_name(tl_cpu_best_path()));
  for (uint32_t i = 0; i < tl_twin_count; i++) tl_text_addf(out, " %s", tl_twins[i]->name);
  tl_text_addf(out, "\nself-test   %u ways to run %d devices: %s\n", count, (int)DEVICES,
               is_good ? "all the same bits" : "DIFFERENT BITS");
  if (is_good) tl_text_addf(out, "run hash    %s\n", tests[0].hash);
}

static void add_json(tl_text *out, const self_test *tests, uint32_t count, bool is_good)
{
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  tl_text_addf(
      out, "{\"schema\": \"twinloop.doctor/1\", \"version\": \"%s\", \"compiler\": ", tl_version());
  tl_text_add_json(out, __VERSION__);
  tl_text_addf(out,
               ", \"hdf5\": \"%u.%u.%u\", \"lua\": \"%s\", \"openmp\": \"%s\", \"threads\": %u, "
               "\"paths\": [",
               major, minor, release, LUA_RELEASE, TL_OPENMP, tl_parallel_threads_available());
  add_paths(out, ", ", "\"");
  tl_text_addf(out,
               "], \"best_path\": \"%s\", \"self_test\": {\"cases\": %u, \"equal\": %s, "
               "\"run_hash\": \"%s\"}}\n",
               tl_cpu_path_name(tl_cpu_best_path()), count, is_good ? "true" : "false",
               count ? tests[0].hash : "");
}

int cmd_doctor(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  self_test tests[CASES_MAX];
  uint32_t count = 0;
  const tl_code tested = run_cases(tests, &count, &err);
  tl_text text = {0};
  const char *json = cli_options_get(options, "json");
  tl_error write_error = {0};
  if (json) {
    add_json(&text, tests, count, tested == TL_OK);
    (void)cli_write(json, &text, &write_error);
  }
  if (!(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    add_lines(&text, tests, count, tested == TL_OK);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  if (tested != TL_OK) return cli_fail(term, &err, NULL);
  return write_error.code == TL_OK ? 0 : cli_fail(term, &write_error, NULL);
}
