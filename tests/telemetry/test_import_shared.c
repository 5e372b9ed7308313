/* Every recording of the shared data folder through its map: the counts are those of the folder's manifest. */
#include "files.h"

#include "script/map.h"
#include "telemetry/recording.h"

#include <math.h>

typedef struct expected {
  const char *map, *file;
  uint64_t rows, gaps, duplicates, steps_back, missing;
  double span_s, median_s;
} expected;

static const expected sets[] = {
    {"incubator", "incubator/exp2_ht20_hg30_2P_4P_Model.csv", 1121, 0, 0, 0, 0, 3360.479985, 3.03},
    {"incubator_trace", "incubator/2P_exp2_ht20_hg30_2P_Model.csv", 1121, 0, 0, 0, 0, 3361, 3},
    {"incubator_trace", "incubator/4P_exp2_ht20_hg30_4P_Model.csv", 1121, 0, 0, 0, 0, 3361, 3},
    {"incubator_trace", "incubator/exp2_ht20_hg30_Real.csv", 1121, 0, 0, 0, 0, 3361, 3},
    {"tclab_energy_balance", "tclab/energy_balance_600s.csv", 599, 0, 0, 0, 0, 598.9, 1},
    {"tclab_hybrid", "tclab/hybrid_600s_3s.csv", 201, 0, 0, 0, 0, 600.2987, 3},
    {"tclab_mhe", "tclab/mhe_linear_300s_2s.csv", 150, 0, 0, 0, 0, 297.56, 2},
    {"tclab_siso", "tclab/siso_step_degF.csv", 851, 0, 0, 0, 0, 850, 1},
    {"leaf_hppc_all", "nissan-leaf/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv.gz", 13248, 796, 0, 0,
     0, 58967.2, 1},
    {"leaf_discharge", "nissan-leaf/1C-Discharge-Bitrode-data.csv", 2287, 1086, 0, 0, 0, 66040.4,
     1},
    {"leaf_temperature", "nissan-leaf/Temperature-1C-discharge.lvm.gz", 22043, 0, 0, 0, 0, 66126,
     3},
    {"skab_anomaly_free", "skab/anomaly-free.csv.gz", 9405, 556, 0, 0, 0, 9960, 1},
    {"skab", "skab/valve1/0.csv", 1147, 53, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve1/2.csv", 1075, 51, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve1/4.csv", 1095, 53, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve1/6.csv", 1154, 46, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve1/8.csv", 1144, 55, 0, 0, 0, 1198, 1},
    {"skab", "skab/valve1/10.csv", 1146, 54, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve1/12.csv", 1140, 61, 0, 0, 0, 1200, 1},
    {"skab", "skab/valve1/14.csv", 1139, 61, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve2/0.csv", 1125, 75, 0, 0, 0, 1199, 1},
    {"skab", "skab/valve2/2.csv", 1129, 71, 0, 0, 0, 1199, 1},
    {"skab", "skab/other/1.csv", 745, 36, 0, 0, 0, 780, 1},
    {"skab", "skab/other/5.csv", 1155, 54, 0, 0, 0, 1208, 1},
    {"skab", "skab/other/9.csv", 1144, 56, 0, 0, 0, 1199, 1},
    {"skab", "skab/other/13.csv", 923, 88, 0, 0, 0, 1134, 1},
    {"crazypad_motor", "crazypad/motor_data/normal_flight/E8_log00", 2604, 0, 0, 0, 0, 25.736464,
     0.009887},
    {"crazypad_motor", "crazypad/motor_data/normal_flight/E8_log01", 2603, 0, 0, 0, 0, 25.725579,
     0.009887},
    {"crazypad_motor", "crazypad/motor_data/normal_flight/E8_log02", 2605, 0, 0, 0, 0, 25.743622,
     0.009886},
    {"crazypad_motor", "crazypad/motor_data/normal_flight/E8_log03", 2600, 0, 0, 0, 0, 25.695311,
     0.009887},
    {"crazypad_controller", "crazypad/controller_data/normal_flight/E8_log00", 2606, 0, 0, 0, 0,
     25.752672, 0.009886},
    {"crazypad_controller", "crazypad/controller_data/normal_flight/E8_log01", 2605, 0, 0, 0, 0,
     25.743317, 0.009886},
    {"crazypad_controller", "crazypad/controller_data/normal_flight/E8_log02", 2605, 0, 0, 0, 0,
     25.743371, 0.009886},
    {"franka", "franka/exciting_traj_first_half.csv.gz", 10272, 161, 0, 0, 0, 10.3897, 0.00098},
    {"braccio", "braccio/pick_drop_pt.csv", 999, 0, 0, 0, 0, 19.96, 0.02},
    {"braccio", "braccio/pick_drop_dt.csv", 998, 0, 0, 0, 0, 19.94, 0.02},
    {"elevator", "elevator/physical_Bajada_4_0_4_01.csv", 694, 1, 0, 0, 0, 68.505, 0.099},
    {"elevator", "elevator/physical_Bajada_4_0_4_02.csv", 694, 34, 1, 0, 0, 68.505, 0.099},
    {"elevator", "elevator/physical_Bajada_4_0_4_03.csv", 694, 10, 1, 0, 0, 68.479, 0.099},
    {"elevator", "elevator/physical_Bajada_4_0_4_04.csv", 694, 3, 0, 0, 0, 68.43, 0.099},
    {"elevator", "elevator/physical_Bajada_4_0_4_05.csv", 694, 0, 0, 0, 0, 68.444, 0.099},
    {"elevator", "elevator/twin_highfid_Bajada_4_0_4.csv", 694, 0, 0, 0, 0, 69.3, 0.1},
    {"elevator", "elevator/twin_lowfid_Bajada_4_0_4.csv", 694, 0, 0, 0, 0, 69.3, 0.1},
    {"elevator_imu", "elevator/raw_imu_Bajada_4_0_4_01.csv.gz", 694, 1, 0, 0, 0, 68.505, 0.099},
    {"nab", "nab/machine_temperature_system_failure.csv.gz", 22695, 0, 12, 1, 0, 6804600, 300},
    {"golden_series", "fidelity-golden/series/p15_short_12.csv", 12, 0, 0, 0, 0, 5.5, 0.5},
    {"golden_ensemble", "fidelity-golden/ensembles/e05_ties.csv", 40, 0, 0, 0, 0, 39, 1},
    {"hdf5_channels", "hdf5-foreign/incubator_exp2_channels.h5", 1121, 0, 0, 0, 0, 3360.479985,
     3.03},
    {"hdf5_compound", "hdf5-foreign/incubator_exp2_compound.h5", 1121, 0, 0, 0, 0, 3360.479985,
     3.03},
    {"hdf5_matrix", "hdf5-foreign/tclab_matrix_with_gaps.h5", 569, 1, 0, 0, 10, 598.9, 1},
};

static void import_set(const char *map_name, const char *file, const char *out,
                       tl_import_report *report)
{
  static tl_import_map map; /* large */
  char path[1024];
  tl_error err;
  snprintf(path, sizeof path, "%s/assets/maps/%s.lua", TL_SOURCE_DIR, map_name);
  if (tl_import_map_load(path, &map, &err) != TL_OK) fail_msg("%s", err.text);
  snprintf(path, sizeof path, "%s/data/%s", TL_SHARED_DIR, file);
  if (tl_import(path, &map, out, report, &err) != TL_OK) fail_msg("%s %s", err.text, err.hint);
}

static void skip_without_shared_data(void)
{
  if (TL_SHARED_DIR[0] != '\0') return;
  print_message("SKIP: the shared recordings are not here\n");
  skip();
}

static void every_set_imports_with_the_counts_of_the_manifest(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    const expected *want = &sets[i];
    tl_import_report report;
    import_set(want->map, want->file, file_path("set.h5"), &report);
    uint64_t missing = 0;
    for (uint32_t k = 0; k < report.channel_count; k++) missing += report.channels[k].missing;
    const double span_s = (double)(report.end_ns - report.begin_ns) * 1e-9;
    const bool as_expected = report.rows_read == want->rows && report.gap_count == want->gaps &&
                             report.duplicates == want->duplicates &&
                             report.steps_back == want->steps_back && missing == want->missing &&
                             fabs(span_s - want->span_s) < 1e-3 &&
                             fabs(report.period_s_median / want->median_s - 1.0) < 0.003;
    if (!as_expected) {
      tl_import_report_text(&report, stderr);
      fail_msg("%s: not the counts of the manifest", want->file);
    }
    tl_recording *recording = NULL;
    tl_error err;
    if (tl_recording_open(&recording, file_path("set.h5"), &err) != TL_OK) fail_msg("%s", err.text);
    const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
    assert_int_equal(fleet->sample_count, report.rows_kept);
    assert_int_equal(fleet->signal_count, report.channel_count);
    tl_recording_close(recording);
    tl_import_report_free(&report);
  }
}

static double *read_signal(const char *path, const char *signal, uint64_t *count)
{
  tl_recording *recording = NULL;
  tl_error err;
  double *values = NULL;
  if (tl_recording_open(&recording, path, &err) != TL_OK) fail_msg("%s", err.text);
  if (tl_recording_read_all(recording, NULL, signal, 0, &values, count, &err) != TL_OK)
    fail_msg("%s", err.text);
  tl_recording_close(recording);
  return values;
}

static void the_incubator_keeps_degrees_celsius_and_exact_stamps(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  tl_import_report report;
  const char *path = file_path("exp2.h5");
  import_set("incubator", "incubator/exp2_ht20_hg30_2P_4P_Model.csv", path, &report);
  tl_import_report_free(&report);
  tl_recording *recording = NULL;
  tl_error err;
  uint32_t signal = 0;
  double values[3];
  assert_int_equal(tl_recording_open(&recording, path, &err), TL_OK);
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  assert_string_equal(fleet->name, "incubator");
  assert_true(fleet->times_ns[1] == 3119963408);
  assert_true(fleet->times_ns[2] == 5999978304);
  assert_int_equal(tl_recording_signal_find(recording, 0, "box", &signal, &err), TL_OK);
  assert_string_equal(fleet->signals[signal].unit, "degC");
  assert_int_equal(tl_recording_read(recording, 0, signal, 0, 0, 3, values, &err), TL_OK);
  assert_true(values[0] == 22.5935 && values[1] == 22.656 && values[2] == 22.8745);
  assert_int_equal(tl_recording_signal_find(recording, 0, "heater", &signal, &err), TL_OK);
  assert_string_equal(fleet->signals[signal].unit, "1");
  assert_int_equal(tl_recording_read(recording, 0, signal, 0, 0, 3, values, &err), TL_OK);
  assert_true(values[0] == 0.0 && values[1] == 1.0);
  tl_recording_close(recording);
}

static void the_box_temperature_is_the_mean_of_its_two_sensors(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  tl_import_report report;
  const char *path = file_path("exp2.h5");
  import_set("incubator", "incubator/exp2_ht20_hg30_2P_4P_Model.csv", path, &report);
  tl_import_report_free(&report);
  uint64_t count = 0;
  double *box = read_signal(path, "box", &count), *t2 = read_signal(path, "box_t2", &count);
  double *t3 = read_signal(path, "box_t3", &count);
  for (uint64_t i = 0; i < count; i++) assert_true(fabs(box[i] - (t2[i] + t3[i]) / 2) < 1e-12);
  free(box);
  free(t2);
  free(t3);
}

static void three_foreign_hdf5_forms_hold_the_values_of_the_csv(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  static const char *const files[3][2] = {
      {"incubator", "incubator/exp2_ht20_hg30_2P_4P_Model.csv"},
      {"hdf5_channels", "hdf5-foreign/incubator_exp2_channels.h5"},
      {"hdf5_compound", "hdf5-foreign/incubator_exp2_compound.h5"},
  };
  double *box[3], *heater[3];
  uint64_t count[3];
  for (size_t i = 0; i < 3; i++) {
    tl_import_report report;
    import_set(files[i][0], files[i][1], file_path("form.h5"), &report);
    tl_import_report_free(&report);
    box[i] = read_signal(file_path("form.h5"), "box", &count[i]);
    heater[i] = read_signal(file_path("form.h5"), "heater", &count[i]);
  }
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(count[i], count[0]);
    for (uint64_t k = 0; k < count[0]; k++) {
      assert_true(fabs(box[i][k] - box[0][k]) < 2e-6); /* the compound table holds float32 */
      assert_true(heater[i][k] == heater[0][k]);
    }
  }
  for (size_t i = 0; i < 3; i++) {
    free(box[i]);
    free(heater[i]);
  }
}

static void made_gaps_of_the_matrix_are_found_where_they_are(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  tl_import_report report;
  import_set("hdf5_matrix", "hdf5-foreign/tclab_matrix_with_gaps.h5", file_path("matrix.h5"),
             &report);
  assert_int_equal(report.gaps[0].row, 401); /* rows 400..429 (from 0) were removed */
  assert_true(fabs((double)(report.gaps[0].end_ns - report.gaps[0].begin_ns) * 1e-9 - 31.0) < 0.1);
  uint64_t count = 0;
  double *t1 = read_signal(file_path("matrix.h5"), "T1", &count);
  for (uint64_t i = 0; i < count; i++) assert_true(isnan(t1[i]) == (i >= 200 && i <= 209));
  free(t1);
  tl_import_report_free(&report);
}

static void the_pulse_test_begins_at_the_second_mark_with_time_zero(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  tl_import_report report;
  import_set("leaf_hppc", "nissan-leaf/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv.gz",
             file_path("hppc.h5"), &report);
  assert_int_equal(report.rows_kept, 12873);
  assert_int_equal(report.begin_ns, 0);
  assert_true(report.end_ns == 43523600000000);
  tl_import_report_free(&report);
}

static void fahrenheit_and_pwm_become_celsius_and_percent(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  tl_import_report report;
  uint64_t count = 0;
  import_set("tclab_siso", "tclab/siso_step_degF.csv", file_path("siso.h5"), &report);
  double *t1 = read_signal(file_path("siso.h5"), "T1", &count),
         *q1 = read_signal(file_path("siso.h5"), "Q1", &count);
  assert_true(fabs(t1[0] - (73.09766 - 32.0) * 5.0 / 9.0) < 1e-9);
  assert_true(q1[0] == 0.0 && fabs(q1[count / 2] - 100.0) < 1e-9);
  free(t1);
  free(q1);
  tl_import_report_free(&report);
}

static void importing_twice_gives_the_same_bytes(void **unused)
{
  (void)unused;
  skip_without_shared_data();
  size_t count[2];
  char *bytes[2];
  const char *names[2] = {"one.h5", "two.h5"};
  for (int i = 0; i < 2; i++) {
    import_set("incubator", "incubator/exp2_ht20_hg30_2P_4P_Model.csv", file_path(names[i]), NULL);
    bytes[i] = file_load(file_path(names[i]), &count[i]);
    if (i == 0) sleep(1); /* object times have seconds */
  }
  assert_int_equal(count[0], count[1]);
  assert_memory_equal(bytes[0], bytes[1], count[0]);
  free(bytes[0]);
  free(bytes[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_set_imports_with_the_counts_of_the_manifest),
      cmocka_unit_test(the_incubator_keeps_degrees_celsius_and_exact_stamps),
      cmocka_unit_test(the_box_temperature_is_the_mean_of_its_two_sensors),
      cmocka_unit_test(three_foreign_hdf5_forms_hold_the_values_of_the_csv),
      cmocka_unit_test(made_gaps_of_the_matrix_are_found_where_they_are),
      cmocka_unit_test(the_pulse_test_begins_at_the_second_mark_with_time_zero),
      cmocka_unit_test(fahrenheit_and_pwm_become_celsius_and_percent),
      cmocka_unit_test(importing_twice_gives_the_same_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, file_cleanup);
}
