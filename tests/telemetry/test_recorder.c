/* What a recorder writes is what the world was, for every policy, size and stop. */
#include "recorder_support.h"

#include "telemetry/recording.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An observer that simply keeps everything, as the truth to compare with. */
typedef struct witness {
  double *value[FLEETS_MAX][SIGNALS_PER_FLEET]; /* [tick][device] */
  int64_t *time_ns[FLEETS_MAX];
  uint32_t devices[FLEETS_MAX];
  int64_t ticks[FLEETS_MAX], most;
  const run *watched;
} witness;

static void witness_tick(void *self, const tl_tick_view *view)
{
  witness *w = self;
  const uint32_t f = view->fleet.index1 - 1;
  assert_true(view->tick < w->most);
  if (view->block == 0)
    w->time_ns[f][view->tick] = view->at_ns; /* one writer: ThreadSanitizer watches */
  for (uint32_t s = 0; s < SIGNALS_PER_FLEET; s++)
    memcpy(w->value[f][s] + (size_t)view->tick * w->devices[f] +
               (size_t)view->block * TL_BLOCK_ROWS,
           view->column[w->watched->signals[f][s].column], view->rows * sizeof(double));
}
static tl_code witness_segment(void *self, tl_fleet_id fleet, int64_t tick_end, tl_error *err)
{
  (void)err;
  ((witness *)self)->ticks[fleet.index1 - 1] = tick_end;
  return TL_OK;
}

static void witness_open(witness *w, const run *r, const run_def *def)
{
  *w = (witness){.most = def->end_s + 2, .watched = r};
  for (uint32_t f = 0; f < FLEETS_MAX; f++) {
    w->devices[f] = def->devices[f];
    w->time_ns[f] = calloc((size_t)w->most, sizeof(int64_t));
    for (uint32_t s = 0; s < SIGNALS_PER_FLEET; s++)
      w->value[f][s] = calloc((size_t)w->most * (def->devices[f] + 1), sizeof(double));
  }
  tl_error err;
  const tl_observer observer = {w, witness_tick, NULL, witness_segment, NULL};
  assert_int_equal(tl_world_observe(r->world, &observer, &err), TL_OK);
}
static void witness_free(witness *w)
{
  for (uint32_t f = 0; f < FLEETS_MAX; f++) {
    free(w->time_ns[f]);
    for (uint32_t s = 0; s < SIGNALS_PER_FLEET; s++) free(w->value[f][s]);
  }
}

/* The stored value is within half a step (float32: within its rounding, float64: equal). */
static void assert_stored(const tl_signal_def *def, double stored, double truth)
{
  if (def->store == TL_STORE_F64)
    assert_true(stored == truth);
  else if (def->store == TL_STORE_F32)
    assert_true(stored == (double)(float)truth);
  else if (fabs(stored - truth) > 0.5000001 * def->scale + 1e-12 * fabs(truth))
    fail_msg("%s: stored %.17g, was %.17g", def->name, stored, truth);
}

static uint32_t original(const run_def *def, uint32_t fleet, uint64_t column)
{
  return def->policy == TL_RECORD_SAMPLE ? def->sample[fleet][column] : (uint32_t)column;
}

static void check_pyramid(hid_t file, const char *fleet, const char *signal, const double *values,
                          uint64_t rows, uint64_t columns)
{
  char name[128];
  for (int side = 0; side < 2; side++) {
    uint64_t pyramid_rows = 0, pyramid_columns = 0;
    snprintf(name, sizeof name, "/fleets/%s/pyramid/%s_%s", fleet, signal,
             side == 0 ? "min" : "max");
    double *pyramid = read_decoded(file, name, &pyramid_rows, &pyramid_columns);
    assert_int_equal(pyramid_rows, (rows + 15) / 16);
    assert_int_equal(pyramid_columns, columns);
    for (uint64_t p = 0; p < pyramid_rows; p++)
      for (uint64_t c = 0; c < columns; c++) {
        double best = values[p * 16 * columns + c];
        for (uint64_t r = p * 16; r < rows && r < p * 16 + 16; r++) {
          const double v = values[r * columns + c];
          if (side == 0 ? v < best : v > best) best = v;
        }
        assert_true(pyramid[p * columns + c] == best);
      }
    free(pyramid);
  }
}

static void check_signal(hid_t file, const run_def *def, const witness *w, uint32_t f, uint32_t s)
{
  static const char *const fleets[FLEETS_MAX] = {"a", "b"};
  const tl_signal_def *signal = &w->watched->signals[f][s].def;
  char name[128];
  uint64_t rows = 0, columns = 0, tail_rows = 0, tail_columns = 0;
  snprintf(name, sizeof name, "/fleets/%s/%s", fleets[f], signal->name);
  double *values = read_decoded(file, name, &rows, &columns);
  assert_int_equal(rows, w->ticks[f]);
  assert_int_equal(columns, def->policy == TL_RECORD_SAMPLE ? def->sample_count : def->devices[f]);
  for (uint64_t r = 0; r < rows; r++)
    for (uint64_t c = 0; c < columns; c++)
      assert_stored(signal, values[r * columns + c],
                    w->value[f][s][r * w->devices[f] + original(def, f, c)]);
  if (!def->no_pyramid) check_pyramid(file, fleets[f], signal->name, values, rows, columns);
  snprintf(name, sizeof name, "/fleets/%s/tail/%s", fleets[f], signal->name);
  double *tail = read_decoded(file, name, &tail_rows, &tail_columns);
  assert_int_equal(tail_rows, 1);
  assert_int_equal(tail_columns, columns);
  assert_memory_equal(tail, values + (rows - 1) * columns, columns * sizeof *tail);
  free(tail);
  free(values);
}

static void check_fleet(hid_t file, const run_def *def, const witness *w, uint32_t f)
{
  static const char *const fleets[FLEETS_MAX] = {"a", "b"};
  char name[128];
  uint64_t rows = 0;
  snprintf(name, sizeof name, "/fleets/%s/time_ns", fleets[f]);
  int64_t *times = read_set(file, name, H5T_NATIVE_INT64, sizeof *times, &rows, NULL);
  assert_int_equal(rows, w->ticks[f]);
  assert_memory_equal(times, w->time_ns[f], rows * sizeof *times);
  snprintf(name, sizeof name, "/fleets/%s/tail/time_ns", fleets[f]);
  int64_t *last = read_set(file, name, H5T_NATIVE_INT64, sizeof *last, NULL, NULL);
  assert_int_equal(last[0], times[rows - 1]);
  snprintf(name, sizeof name, "/fleets/%s/device", fleets[f]);
  uint32_t *devices = read_set(file, name, H5T_NATIVE_UINT32, sizeof *devices, &rows, NULL);
  for (uint64_t c = 0; c < rows; c++) assert_int_equal(devices[c], original(def, f, c));
  free(devices);
  free(last);
  free(times);
  for (uint32_t s = 0; s < SIGNALS_PER_FLEET; s++) check_signal(file, def, w, f, s);
}

static void check_run(const run_def *def)
{
  run r;
  witness w;
  tl_error err;
  run_open(&r, def);
  witness_open(&w, &r, def);
  const tl_code code = run_advance(&r, def, &err);
  if (code != TL_OK) fail_msg("%s", err.text);
  const char *name = NULL;
  assert_int_equal(tl_recorder_saturated(r.recorder, &name), 0);
  assert_null(name);
  run_close(&r);
  const hid_t file = open_file(def->file);
  for (uint32_t f = 0; f < FLEETS_MAX; f++)
    if (def->devices[f] > 0) check_fleet(file, def, &w, f);
  H5Fclose(file);
  witness_free(&w);
  unlink(def->file);
}

static void every_value_is_read_back_within_half_a_step(void **unused)
{
  (void)unused;
  run_def def = run_default("recorder_values.h5");
  def.devices[1] = 300;
  def.threads = 2;
  check_run(&def);
}

static void fleets_and_runs_of_odd_sizes_are_whole(void **unused)
{
  (void)unused;
  static const uint32_t devices[] = {1, 3, 255, 256, 257};
  static const int64_t seconds[] = {3,   189,     192,
                                    195, 3 * 256, 3 * 257}; /* 1, 63, 64, 65, 256, 257 ticks */
  for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
    for (size_t s = 0; s < sizeof seconds / sizeof *seconds; s++) {
      run_def def = run_default("recorder_sizes.h5");
      def.devices[0] = devices[d];
      def.end_s = seconds[s];
      def.sync_s = 21 + (int64_t)d * 60;
      check_run(&def);
    }
}

static void exact_and_lossless_signals_keep_every_bit(void **unused)
{
  (void)unused;
  run_def def = run_default("recorder_exact.h5");
  def.exact = true;
  check_run(&def);
  def.lossless = true;
  check_run(&def);
  def.deflate = true;
  def.threads = 3;
  check_run(&def);
}

static void small_budgets_shorten_chunks_and_lose_nothing(void **unused)
{
  (void)unused;
  uint32_t rows_before = 65;
  for (size_t budget = 1500000; budget > 90000; budget /= 2) {
    run_def def = run_default("recorder_budget.h5");
    def.budget_bytes = budget + 400000; /* what does not shrink: tail row, digests, events */
    run r;
    run_open(&r, &def);
    const uint32_t rows = tl_recorder_chunk_rows(r.recorder, (tl_fleet_id){1});
    assert_true(rows <= rows_before && rows >= 1);
    assert_true(tl_recorder_bytes(r.recorder) <= def.budget_bytes);
    rows_before = rows;
    run_close(&r);
    check_run(&def);
  }
  assert_true(rows_before <= 8);
}

static void a_sample_has_the_chosen_devices_and_no_others(void **unused)
{
  (void)unused;
  static const uint32_t counts[] = {1, 7, 256, 300};
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
    run_def def = run_default("recorder_sample.h5");
    def.devices[0] = 1000;
    def.devices[1] = 700;
    def.policy = TL_RECORD_SAMPLE;
    def.sample_count = counts[k];
    for (uint32_t i = 0; i < counts[k]; i++) {
      def.sample[0][i] = i * 3 + (i > 100 ? 99 : 0);
      def.sample[1][i] = 700 - counts[k] + i;
    }
    def.threads = 3;
    check_run(&def);
    def.no_pyramid = true;
    def.threads = 1;
    check_run(&def);
  }
}

static void events_and_none_write_digests_and_events_only(void **unused)
{
  (void)unused;
  for (int policy = TL_RECORD_EVENTS; policy <= TL_RECORD_NONE; policy++) {
    run_def def = run_default("recorder_events.h5");
    def.policy = (tl_record_policy)policy;
    def.events = 4; /* 2 faults, 2 alarms a window */
    run_whole(&def, NULL);
    const hid_t file = open_file(def.file);
    H5G_info_t info;
    assert_true(H5Gget_info_by_name(file, "/fleets", &info, H5P_DEFAULT) >= 0);
    assert_int_equal(info.nlinks, 0);
    uint64_t rows = 0, blocks = 0, events = 0;
    free(read_set(file, "/digests/a", H5T_NATIVE_UINT64, 8, &rows, &blocks));
    assert_int_equal(rows, 20);
    assert_int_equal(blocks, 3);
    const hid_t set = H5Dopen2(file, "/events", H5P_DEFAULT), type = H5Dget_type(set);
    unsigned char *row = read_set(file, "/events", type, H5Tget_size(type), &events, NULL);
    assert_int_equal(events, policy == TL_RECORD_EVENTS ? 80 : 40);
    assert_int_equal(H5Tget_size(type), 76);
    int64_t at_ns = 0;
    uint32_t numbers[3];
    double value = 0.0;
    const size_t last = (size_t)(events - 1) * 76;
    memcpy(&at_ns, row + last, 8);
    memcpy(numbers, row + last + 8, 12);
    memcpy(&value, row + last + 20, 8);
    assert_true(at_ns == 600000000000);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(numbers[1], 20 % 7);
    assert_int_equal(numbers[2], policy == TL_RECORD_EVENTS ? TL_EVENT_ALARM : TL_EVENT_FAULT);
    assert_true(value == (policy == TL_RECORD_EVENTS ? 1.5 : 1.0));
    assert_string_equal((const char *)row + last + 28, "stuck sensor");
    free(row);
    H5Tclose(type);
    H5Dclose(set);
    H5Fclose(file);
    unlink(def.file);
  }
}

static void digests_are_those_of_the_world(void **unused)
{
  (void)unused;
  run_def def = run_default("recorder_digests.h5");
  def.devices[1] = 300;
  def.sync_s = 5;
  def.end_s = 1001; /* 201 windows, the last one short */
  run r;
  tl_error err;
  run_open(&r, &def);
  uint64_t roots[201], blocks[201][2];
  for (uint32_t w = 0; w < 201; w++) {
    assert_int_equal(tl_world_advance(r.world, def.end_s * 1000000000, &err), TL_OK);
    roots[w] = tl_world_root(r.world);
    for (uint32_t b = 0; b < 2; b++) blocks[w][b] = tl_block_digest(r.world, (tl_fleet_id){2}, b);
  }
  run_close(&r);
  const hid_t file = open_file(def.file);
  uint64_t rows = 0, columns = 0;
  uint64_t *stored = read_set(file, "/digests/root", H5T_NATIVE_UINT64, 8, &rows, NULL);
  assert_int_equal(rows, 201);
  assert_memory_equal(stored, roots, sizeof roots);
  free(stored);
  stored = read_set(file, "/digests/b", H5T_NATIVE_UINT64, 8, &rows, &columns);
  assert_int_equal(rows, 201);
  assert_int_equal(columns, 2);
  assert_memory_equal(stored, blocks, sizeof blocks);
  free(stored);
  int64_t *ends = read_set(file, "/digests/window_end_ns", H5T_NATIVE_INT64, 8, &rows, NULL);
  assert_int_equal(rows, 201);
  assert_true(ends[0] == 5000000000 && ends[199] == 1000000000000 && ends[200] == 1001000000000);
  free(ends);
  H5Fclose(file);
  unlink(def.file);
}

static void the_rooms_own_reader_reads_a_run(void **unused)
{
  (void)unused;
  run_def def = run_default("recorder_reader.h5");
  def.exact = true;
  run r;
  witness w;
  tl_error err;
  run_open(&r, &def);
  witness_open(&w, &r, &def);
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  run_close(&r);
  tl_recording *recording = NULL;
  if (tl_recording_open(&recording, def.file, &err) != TL_OK) fail_msg("%s", err.text);
  assert_string_equal(tl_recording_kind(recording), "run");
  assert_string_equal(tl_recording_label(recording), "test");
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  assert_int_equal(fleet->device_count, 600);
  assert_int_equal(fleet->sample_count, 200);
  assert_int_equal(fleet->signal_count, SIGNALS_PER_FLEET);
  assert_true(fleet->period_ns == 3000000000);
  double *values = NULL;
  uint64_t count = 0;
  if (tl_recording_read_all(recording, "a", "box_K", 599, &values, &count, &err) != TL_OK)
    fail_msg("%s", err.text);
  assert_int_equal(count, 200);
  for (uint64_t i = 0; i < count; i++) assert_true(values[i] == w.value[0][3][i * 600 + 599]);
  free(values);
  tl_recording_close(recording);
  witness_free(&w);
  unlink(def.file);
}

static void values_outside_the_integers_are_saturated_and_counted(void **unused)
{
  (void)unused;
  run_def def = run_default("recorder_saturated.h5");
  def.record = false;
  run r;
  run_open(&r, &def);
  tl_error err;
  uint32_t column = 0;
  assert_int_equal(tl_fleet_column_find(r.world, (tl_fleet_id){1}, "box_K", NULL, &column, &err),
                   TL_OK);
  tl_recorder_signal signal = {
      column, tl_signal_from_column(tl_fleet_column(r.world, (tl_fleet_id){1}, column), false)};
  signal.def.offset =
      0.0; /* 32767 steps of 0.01 K end at 327.67 K: still above; of 0.009 K at 294.9 K: below */
  signal.def.scale = signal.def.resolution = 0.009;
  const tl_recorder_fleet fleet = {{1}, &signal, 1, NULL, 0};
  tl_recorder_def recorder = tl_recorder_def_default();
  recorder.path = def.file;
  recorder.fleets = &fleet;
  recorder.fleet_count = 1;
  assert_int_equal(tl_recorder_create(&r.recorder, r.world, &recorder, &err), TL_OK);
  const tl_observer observer = tl_recorder_observer(r.recorder);
  assert_int_equal(tl_world_observe(r.world, &observer, &err), TL_OK);
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  const char *name = NULL;
  assert_int_equal(tl_recorder_saturated(r.recorder, &name), 600 * 200);
  assert_string_equal(name, "box_K");
  run_close(&r);
  unlink(def.file);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_value_is_read_back_within_half_a_step),
      cmocka_unit_test(fleets_and_runs_of_odd_sizes_are_whole),
      cmocka_unit_test(exact_and_lossless_signals_keep_every_bit),
      cmocka_unit_test(small_budgets_shorten_chunks_and_lose_nothing),
      cmocka_unit_test(a_sample_has_the_chosen_devices_and_no_others),
      cmocka_unit_test(events_and_none_write_digests_and_events_only),
      cmocka_unit_test(digests_are_those_of_the_world),
      cmocka_unit_test(the_rooms_own_reader_reads_a_run),
      cmocka_unit_test(values_outside_the_integers_are_saturated_and_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
