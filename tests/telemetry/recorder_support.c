#include "recorder_support.h"

#include "twins/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

run_def run_default(const char *file)
{
  return (run_def){.devices = {600, 0},
                   .sync_s = 30,
                   .end_s = 600,
                   .threads = 1,
                   .path = tl_cpu_best_path(),
                   .record = true,
                   .policy = TL_RECORD_ALL,
                   .flush_s = 1000.0,
                   .file = file};
}

static void must(tl_code code, const tl_error *err)
{
  if (code != TL_OK) fail_msg("%s", err->text);
}

static void add_fleet(tl_world *world, const char *name, uint32_t count, int64_t tick_s)
{
  tl_error err;
  tl_fleet_id id;
  tl_fleet_def def = tl_fleet_def_default();
  def.name = name;
  def.twin = "incubator";
  def.count = count;
  def.tick_ns = tick_s * 1000000000;
  def.sensors[0] = tl_sensor_def_default();
  def.sensors[0].name = "box";
  def.sensors[0].column = "box_K";
  def.sensors[0].noise = 0.1;
  def.sensors[0].resolution = 0.01;
  def.sensors[0].low = 250.0;
  def.sensors[0].high = 400.0;
  def.sensor_count = 1;
  def.actuators[0] = tl_actuator_def_default();
  def.actuators[0].name = "heater";
  def.actuators[0].column = "heater_on";
  def.actuator_count = 1;
  def.controller = tl_controller_def_default();
  def.controller.kind = TL_CONTROL_HYSTERESIS;
  def.controller.setpoint = 310.0;
  def.controller.band = 0.3;
  must(tl_fleet_create(world, &id, &def, &err), &err);
}

/* Heat capacities differ from device to device, so that no two columns are alike. */
static void vary(tl_world *world, tl_fleet_id fleet)
{
  tl_error err;
  uint32_t column = 0;
  must(tl_fleet_column_find(world, fleet, "C_heater_J_per_K", NULL, &column, &err), &err);
  for (uint32_t d = 0; d < tl_fleet_device_count(world, fleet); d++) {
    const double value = 200.0 + 80.0 * tl_fleet_draw_uniform(world, fleet, "vary", d);
    must(tl_fleet_write(world, fleet, column, d, d + 1, &value, &err), &err);
  }
}

static void choose_signals(run *r, const run_def *def, uint32_t fleet)
{
  static const char *const names[SIGNALS_PER_FLEET] = {"box", "heater_K", "heater_on", "box_K",
                                                       "power_W"};
  tl_error err;
  for (uint32_t s = 0; s < SIGNALS_PER_FLEET; s++) {
    tl_recorder_signal *signal = &r->signals[fleet][s];
    must(tl_fleet_column_find(r->world, (tl_fleet_id){fleet + 1}, names[s], NULL, &signal->column,
                              &err),
         &err);
    tl_column column = *tl_fleet_column(r->world, (tl_fleet_id){fleet + 1}, signal->column);
    if (s == 2) column.resolution = 0.01; /* duty in per cent: uint8 */
    if (s == 4) column.resolution = 0.0;  /* float32 */
    if (def->lossless) column.resolution = 0.0;
    signal->def = tl_signal_from_column(&column, def->exact && s == 3);
  }
}

void run_open(run *out, const run_def *def)
{
  tl_error err;
  *out = (run){0};
  tl_world_def world = tl_world_def_default();
  world.seed = 42;
  world.sync_ns = def->sync_s * 1000000000;
  world.thread_count = def->threads;
  world.path = def->path;
  world.twins = tl_twins;
  world.twin_count = tl_twin_count;
  must(tl_world_create(&out->world, &world, &err), &err);
  uint32_t fleet_count = 0;
  static const char *const names[FLEETS_MAX] = {"a", "b"};
  static const int64_t tick_s[FLEETS_MAX] = {3, 1};
  for (uint32_t f = 0; f < FLEETS_MAX; f++)
    if (def->devices[f] > 0) {
      add_fleet(out->world, names[f], def->devices[f], tick_s[f]);
      fleet_count++;
    }
  must(tl_world_seal(out->world, &err), &err);
  for (uint32_t f = 0; f < fleet_count && def->devices[f] <= 10000; f++)
    vary(out->world, (tl_fleet_id){f + 1});
  if (!def->record) return;

  tl_recorder_fleet fleets[FLEETS_MAX];
  for (uint32_t f = 0; f < fleet_count; f++) {
    choose_signals(out, def, f);
    fleets[f] = (tl_recorder_fleet){{f + 1},
                                    out->signals[f],
                                    def->signal_count ? def->signal_count : SIGNALS_PER_FLEET,
                                    def->sample[f],
                                    def->sample_count};
  }
  tl_recorder_def recorder = tl_recorder_def_default();
  recorder.path = def->file;
  recorder.label = "test";
  recorder.policy = def->policy;
  recorder.fleets = fleets;
  recorder.fleet_count = fleet_count;
  recorder.pyramid = !def->no_pyramid;
  recorder.deflate = def->deflate;
  if (def->budget_bytes > 0) recorder.budget_bytes = def->budget_bytes;
  recorder.flush_s = def->flush_s;
  recorder.path_simd = def->path;
  must(tl_recorder_create(&out->recorder, out->world, &recorder, &err), &err);
  const tl_observer observer = tl_recorder_observer(out->recorder);
  must(tl_world_observe(out->world, &observer, &err), &err);
}

tl_code run_advance(run *r, const run_def *def, tl_error *err)
{
  const int64_t end_ns = def->end_s * 1000000000;
  tl_code code = TL_OK;
  while (code == TL_OK && tl_world_now_ns(r->world) < end_ns) {
    code = tl_world_advance(r->world, end_ns, err);
    for (uint32_t i = 0; code == TL_OK && i < def->events; i++) {
      const uint32_t device = (uint32_t)(tl_world_window_count(r->world) % 7);
      code = tl_recorder_event(r->recorder, tl_world_now_ns(r->world), (tl_fleet_id){1}, device,
                               i % 2 == 0 ? TL_EVENT_FAULT : TL_EVENT_ALARM, 0.5 * i,
                               "stuck sensor", err);
    }
  }
  return code;
}

void run_close(run *r)
{
  tl_error err;
  must(tl_recorder_close(r->recorder, &err), &err);
  tl_world_destroy(r->world);
}

void run_whole(const run_def *def, char hash[65])
{
  run r;
  tl_error err;
  run_open(&r, def);
  must(run_advance(&r, def, &err), &err);
  if (hash != NULL) tl_world_run_hash(r.world, hash);
  run_close(&r);
}

unsigned char *file_bytes(const char *path, size_t *count)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*count + 1);
  assert_int_equal(fread(bytes, 1, *count, file), *count);
  fclose(file);
  return bytes;
}

void assert_same_file(const char *a, const char *b)
{
  size_t count_a = 0, count_b = 0;
  unsigned char *bytes_a = file_bytes(a, &count_a), *bytes_b = file_bytes(b, &count_b);
  assert_int_equal(count_a, count_b);
  assert_memory_equal(bytes_a, bytes_b, count_a);
  free(bytes_a);
  free(bytes_b);
}

hid_t open_file(const char *path)
{
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) fail_msg("%s cannot be opened by plain HDF5", path);
  return file;
}

void *read_set(hid_t file, const char *name, hid_t type, size_t value_bytes, uint64_t *rows,
               uint64_t *columns)
{
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0) fail_msg("no dataset %s", name);
  const hid_t space = H5Dget_space(set);
  hsize_t dims[2] = {0, 1};
  H5Sget_simple_extent_dims(space, dims, NULL);
  void *values = malloc(dims[0] * dims[1] * value_bytes + 1);
  if (dims[0] > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    fail_msg("%s unreadable", name);
  if (rows != NULL) *rows = dims[0];
  if (columns != NULL) *columns = dims[1];
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

static double attribute(hid_t set, const char *name, double missing)
{
  double value = missing;
  if (H5Aexists(set, name) <= 0) return value;
  const hid_t attr = H5Aopen(set, name, H5P_DEFAULT);
  assert_true(H5Aread(attr, H5T_NATIVE_DOUBLE, &value) >= 0);
  H5Aclose(attr);
  return value;
}

double *read_decoded(hid_t file, const char *name, uint64_t *rows, uint64_t *columns)
{
  uint64_t row_count = 0, column_count = 0;
  double *values =
      read_set(file, name, H5T_NATIVE_DOUBLE, sizeof *values, &row_count, &column_count);
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const double scale = attribute(set, "scale_factor", 1.0),
               offset = attribute(set, "add_offset", 0.0);
  const double fill = attribute(set, "_FillValue", (double)NAN);
  H5Dclose(set);
  for (uint64_t i = 0; i < row_count * column_count; i++)
    values[i] = values[i] == fill ? (double)NAN : values[i] * scale + offset;
  if (rows != NULL) *rows = row_count;
  if (columns != NULL) *columns = column_count;
  return values;
}
