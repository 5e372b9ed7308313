/* Scores read from files: devices, fleets, pairs and what is said when they are not there. */
#include "fidelity/score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAMPLES = 50 };
#define SIM_PATH TL_BINARY_DIR "/score-sim.h5"
#define REC_PATH TL_BINARY_DIR "/score-rec.h5"

static tl_signal_def signal_def(const char *name, const char *unit, tl_role role)
{
  tl_signal_def def = {.role = role, .low = -1000, .high = 1000};
  snprintf(def.name, sizeof def.name, "%s", name);
  snprintf(def.unit, sizeof def.unit, "%s", unit);
  tl_signal_choose(&def, true);
  return def;
}

static void write_file(const char *path, const tl_recording_fleet_def *fleet)
{
  tl_error err;
  const tl_recording_def def = {.fleet_count = 1, .fleets = fleet};
  if (tl_recording_write(path, &def, &err) != TL_OK) fail_msg("%s", err.text);
}

/* Simulation: devices 4 and 7 of fleet hvac, box_K and room_K; recording: one device, box_degC and
 * other_W. */
static int write_files(void **unused)
{
  (void)unused;
  static int64_t sim_ns[SAMPLES], rec_ns[SAMPLES];
  static double box[SAMPLES][2], room[SAMPLES][2], rec[SAMPLES], other[SAMPLES];
  static const uint32_t devices[2] = {4, 7};
  for (int i = 0; i < SAMPLES; i++) {
    sim_ns[i] = i * INT64_C(2000000000);
    rec_ns[i] = i * INT64_C(1000000000); /* every other stamp lies between two of the simulation */
    box[i][0] = 273.15 + 20.0 + 2.0 * i;
    box[i][1] = box[i][0] + 0.5;
    room[i][0] = room[i][1] = 290.0;
    rec[i] = 20.0 + 1.0 * i;
    other[i] = 1.0;
  }
  rec[10] = (double)NAN;
  tl_recording_series sim_series[2] = {{signal_def("box_K", "K", TL_STATE), &box[0][0]},
                                       {signal_def("room_K", "K", TL_STATE), &room[0][0]}};
  tl_recording_series rec_series[2] = {{signal_def("box_degC", "degC", TL_STATE), rec},
                                       {signal_def("other_W", "W", TL_STATE), other}};
  const tl_recording_fleet_def sim = {"hvac", 0, SAMPLES, sim_ns, 2, devices, 2, sim_series};
  const tl_recording_fleet_def real = {"real", 0, SAMPLES, rec_ns, 1, NULL, 2, rec_series};
  write_file(SIM_PATH, &sim);
  write_file(REC_PATH, &real);
  return 0;
}

static int remove_files(void **unused)
{
  (void)unused;
  unlink(SIM_PATH);
  unlink(REC_PATH);
  return 0;
}

typedef struct files {
  tl_score_side sim, rec;
} files;

static files open_files(uint32_t device)
{
  files f = {.sim = {.fleet = "hvac", .device = device}, .rec = {.device = 99}};
  tl_error err;
  if (tl_recording_open(&f.sim.recording, SIM_PATH, &err) != TL_OK) fail_msg("%s", err.text);
  if (tl_recording_open(&f.rec.recording, REC_PATH, &err) != TL_OK) fail_msg("%s", err.text);
  return f;
}

static void close_files(files *f)
{
  tl_recording_close(f->sim.recording);
  tl_recording_close(f->rec.recording);
}

static void a_device_of_a_fleet_is_scored_in_the_recordings_unit(void **unused)
{
  (void)unused;
  files f = open_files(7);
  tl_score score;
  tl_error err;
  if (tl_score_run(&score, &f.sim, &f.rec, NULL, 0, NULL, &err) != TL_OK) fail_msg("%s", err.text);
  assert_int_equal(score.channel_count, 1);
  const tl_score_channel *box = &score.channels[0];
  assert_string_equal(box->name, "box_K");
  assert_string_equal(box->rec_name, "box_degC");
  assert_int_equal(box->used_count, SAMPLES - 1); /* the recording ends first; one gap */
  assert_int_equal(box->rec_gap_count, 1);
  assert_int_equal(box->interpolated_count, 25); /* the odd seconds */
  assert_true(fabs(box->metric[TL_METRIC_bias].value - 0.5) < 1e-9);
  tl_score_free(&score);
  close_files(&f);
}

static void given_pairs_are_read_and_compared(void **unused)
{
  (void)unused;
  files f = open_files(4);
  static const tl_score_pair pair = {"room_K", "box_degC", "x.lua:9"};
  tl_score score;
  assert_int_equal(tl_score_run(&score, &f.sim, &f.rec, &pair, 1, NULL, NULL), TL_OK);
  assert_int_equal(score.channel_count, 1);
  assert_string_equal(score.channels[0].name, "room_K");
  tl_score_free(&score);
  close_files(&f);
}

static void what_is_not_in_the_files_is_named(void **unused)
{
  (void)unused;
  files f = open_files(5);
  tl_score score;
  tl_error err;
  assert_int_equal(tl_score_run(&score, &f.sim, &f.rec, NULL, 0, NULL, &err), TL_E_COLUMN);
  assert_non_null(strstr(err.text, "5")); /* the device */
  f.sim.device = 4;
  f.sim.fleet = "pumps";
  assert_int_equal(tl_score_run(&score, &f.sim, &f.rec, NULL, 0, NULL, &err), TL_E_COLUMN);
  assert_non_null(strstr(err.text, "pumps"));
  f.sim.fleet = "hvac";
  static const tl_score_pair pair = {"box_K", "bax_degC", "x.lua:9"};
  assert_int_equal(tl_score_run(&score, &f.sim, &f.rec, &pair, 1, NULL, &err), TL_E_COLUMN);
  assert_string_equal(err.text,
                      "x.lua:9: the recording has no channel 'bax_degC'; it has box_degC, other_W");
  assert_string_equal(err.hint, "did you mean 'box_degC'?");
  static const tl_score_pair units = {"box_K", "other_W", "x.lua:9"};
  assert_int_equal(tl_score_run(&score, &f.sim, &f.rec, &units, 1, NULL, &err), TL_E_UNIT);
  assert_string_equal(err.text,
                      "x.lua:9: channel box_K is simulated in K, but other_W is recorded in W");
  close_files(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_device_of_a_fleet_is_scored_in_the_recordings_unit),
      cmocka_unit_test(given_pairs_are_read_and_compared),
      cmocka_unit_test(what_is_not_in_the_files_is_named),
  };
  return cmocka_run_group_tests(tests, write_files, remove_files);
}
