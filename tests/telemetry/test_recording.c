/* Recording files: written, read, exported, re-read; and every way in which a file can be wrong. */
#include "files.h"

#include "base/text.h"
#include "telemetry/export.h"
#include "telemetry/h5.h"
#include "telemetry/recording.h"

#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>

/* HDF5 1.10 leaks the object header whose checksum it refuses; under ASan only our own leaks count. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }

enum { SAMPLES = 500, DEVICES = 3 };

typedef struct fixture {
  int64_t times_ns[SAMPLES];
  double box[SAMPLES][DEVICES], heater[SAMPLES][DEVICES];
} fixture;

/* Irregular stamps, values of many magnitudes, gaps, -0 and infinities. */
static void fixture_fill(fixture *f)
{
  uint64_t state = 0x9e3779b97f4a7c15u;
  for (int i = 0; i < SAMPLES; i++) {
    f->times_ns[i] = (int64_t)i * 3029955100 + (i % 7) * 13;
    for (int d = 0; d < DEVICES; d++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      uint64_t bits = state;
      double value;
      memcpy(&value, &bits, sizeof value);
      if (!isfinite(value)) value = 0.1;
      f->box[i][d] = i % 17 == 3 ? (double)NAN : value;
      f->heater[i][d] = i == 9 ? -0.0 : i == 10 ? (double)INFINITY : (double)((i / 8 + d) % 2);
    }
  }
}

static void write_fixture(const char *path, const fixture *f, const uint32_t *devices,
                          uint32_t device_count)
{
  tl_recording_series series[2] = {{.values = &f->heater[0][0]}, {.values = &f->box[0][0]}};
  const double inf = (double)INFINITY;
  series[0].def =
      (tl_signal_def){.name = "heater", .unit = "1", .role = TL_INPUT, .low = -inf, .high = inf};
  series[1].def =
      (tl_signal_def){.name = "box", .unit = "degC", .role = TL_OUTPUT, .low = -inf, .high = inf};
  const tl_recording_fleet_def fleet = {.name = "incubator",
                                        .sample_count = SAMPLES,
                                        .times_ns = f->times_ns,
                                        .device_count = device_count,
                                        .devices = devices,
                                        .series_count = 2,
                                        .series = series};
  const tl_recording_def def = {.label = "synthetic", .fleet_count = 1, .fleets = &fleet};
  tl_error err;
  if (tl_recording_write(path, &def, &err) != TL_OK) fail_msg("%s", err.text);
}

static tl_recording *open_good(const char *path)
{
  tl_recording *recording = NULL;
  tl_error err;
  if (tl_recording_open(&recording, path, &err) != TL_OK) fail_msg("%s", err.text);
  return recording;
}

static bool same_bits(double a, double b)
{
  if (isnan(a) && isnan(b)) return true; /* a gap is a gap */
  return memcmp(&a, &b, sizeof a) == 0;
}

static void expect_fixture(const char *path, const fixture *f, const uint32_t *devices)
{
  tl_recording *recording = open_good(path);
  tl_error err;
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  assert_int_equal(fleet->sample_count, SAMPLES);
  assert_int_equal(fleet->device_count, DEVICES);
  assert_memory_equal(fleet->devices, devices, DEVICES * sizeof *devices);
  assert_memory_equal(fleet->times_ns, f->times_ns, sizeof f->times_ns);
  uint32_t box = 0, heater = 0;
  assert_int_equal(tl_recording_signal_find(recording, 0, "box", &box, &err), TL_OK);
  assert_int_equal(tl_recording_signal_find(recording, 0, "heater", &heater, &err), TL_OK);
  assert_string_equal(fleet->signals[box].unit, "degC");
  static double values[SAMPLES];
  for (uint32_t d = 0; d < DEVICES; d++) {
    assert_int_equal(tl_recording_read(recording, 0, box, d, 0, SAMPLES, values, &err), TL_OK);
    for (int i = 0; i < SAMPLES; i++) assert_true(same_bits(values[i], f->box[i][d]));
    assert_int_equal(tl_recording_read(recording, 0, heater, d, 0, SAMPLES, values, &err), TL_OK);
    for (int i = 0; i < SAMPLES; i++) assert_true(same_bits(values[i], f->heater[i][d]));
  }
  tl_recording_close(recording);
}

static fixture data;
static const uint32_t sparse_devices[DEVICES] = {2, 40, 37322};

static void what_is_written_is_read_bit_for_bit(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  expect_fixture(file_path("r.h5"), &data, sparse_devices);
  tl_recording *recording = open_good(file_path("r.h5"));
  assert_string_equal(tl_recording_kind(recording), "recording");
  assert_string_equal(tl_recording_label(recording), "synthetic");
  assert_int_equal(strlen(tl_recording_schema_hash(recording)), 16);
  tl_recording_close(recording);
}

static void csv_in_both_forms_holds_the_same_bits(void **unused)
{
  (void)unused;
  tl_error err;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  for (int form = TL_EXPORT_WIDE; form <= TL_EXPORT_LONG; form++) {
    tl_recording *recording = open_good(file_path("r.h5"));
    const tl_export_def def = {.form = (tl_export_form)form};
    assert_int_equal(tl_export_csv_file(recording, &def, file_path("r.csv"), &err), TL_OK);
    tl_recording_close(recording);
    expect_fixture(file_path("r.csv"), &data, sparse_devices);
  }
}

static void a_single_device_is_exported_as_people_expect(void **unused)
{
  (void)unused;
  tl_error err;
  const int64_t times_ns[] = {0, 3119963408, -0, 12000000000};
  const int64_t rising_ns[] = {times_ns[0], times_ns[1], times_ns[3]};
  const double values[] = {22.5935, (double)NAN, 0.1};
  const tl_recording_series series = {
      {.name = "box", .unit = "degC", .role = TL_OUTPUT, .low = 0, .high = 100}, values};
  const tl_recording_fleet_def fleet = {.name = "a",
                                        .sample_count = 3,
                                        .times_ns = rising_ns,
                                        .device_count = 1,
                                        .series_count = 1,
                                        .series = &series};
  const tl_recording_def def = {.fleet_count = 1, .fleets = &fleet};
  assert_int_equal(tl_recording_write(file_path("one.h5"), &def, &err), TL_OK);
  tl_recording *recording = open_good(file_path("one.h5"));
  const tl_export_def wide = {.form = TL_EXPORT_WIDE};
  assert_int_equal(tl_export_csv_file(recording, &wide, file_path("one.csv"), &err), TL_OK);
  tl_recording_close(recording);
  size_t count = 0;
  char *text = file_load(file_path("one.csv"), &count);
  assert_string_equal(text, "time_s,box[degC]\n0,22.5935\n3.119963408,\n12,0.1\n");
  free(text);
}

static void seconds_are_exact_decimals(void **unused)
{
  (void)unused;
  static const struct {
    int64_t ns;
    const char *text;
  } cases[] = {{0, "0"},
               {1, "0.000000001"},
               {-1, "-0.000000001"},
               {1500000000, "1.5"},
               {-12000000000, "-12"},
               {INT64_MAX, "9223372036.854775807"},
               {INT64_MIN, "-9223372036.854775808"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[24];
    assert_int_equal(tl_export_format_seconds(text, cases[i].ns), strlen(cases[i].text));
    assert_string_equal(text, cases[i].text);
  }
}

static void names_are_found_with_a_hint(void **unused)
{
  (void)unused;
  tl_error err;
  uint32_t index = 0;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  tl_recording *recording = open_good(file_path("r.h5"));
  assert_int_equal(tl_recording_signal_find(recording, 0, "boxx", &index, &err), TL_E_COLUMN);
  assert_message(err, "r.h5: fleet incubator has no signal 'boxx'");
  assert_string_equal(err.hint, "did you mean 'box'?");
  assert_int_equal(tl_recording_fleet_find(recording, "pump", &index, &err), TL_E_COLUMN);
  assert_message(err, "r.h5: has no fleet 'pump', only: incubator");
  assert_int_equal(tl_recording_device_find(recording, 0, 40, &index, &err), TL_OK);
  assert_int_equal(index, 1);
  assert_int_equal(tl_recording_device_find(recording, 0, 41, &index, &err), TL_E_COLUMN);
  assert_message(
      err, "r.h5: device 41 of fleet incubator was not recorded; 3 devices are: 2, 40, 37322");
  tl_recording_close(recording);
}

/* --- wrong files ----------------------------------------------------------------------------------- */
static void open_fails(const char *path, tl_code code, const char *message)
{
  tl_recording *recording = NULL;
  tl_error err;
  const tl_code got = tl_recording_open(&recording, path, &err);
  if (got != code) fail_msg("code %d, expected %d: %s", got, code, got == TL_OK ? "" : err.text);
  assert_null(recording);
  assert_message(err, message);
}

static void a_missing_file_or_folder_is_an_io_error(void **unused)
{
  (void)unused;
  open_fails(file_path("none.h5"), TL_E_IO, "none.h5: No such file or directory");
  mkdir(file_path("folder"), 0777);
  open_fails(file_path("folder"), TL_E_IO, "folder: a folder without telemetry.h5");
}

static void a_run_may_be_named_by_its_folder(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  mkdir(file_path("run"), 0777);
  write_fixture(file_path("run/telemetry.h5"), &data, sparse_devices, DEVICES);
  expect_fixture(file_path("run"), &data, sparse_devices);
}

static void a_file_cut_anywhere_is_refused_and_never_crashes(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  size_t count = 0;
  char *bytes = file_load(file_path("r.h5"), &count);
  for (size_t kept = 0; kept < count; kept += kept < 4096 ? 61 : 1009) {
    char message[64];
    snprintf(message, sizeof message,
             kept < 48 ? "not an HDF5 file" : "truncated: it has %zu bytes", kept);
    open_fails(file_bytes("cut.h5", bytes, kept), TL_E_FORMAT, message);
  }
  free(bytes);
}

static void a_file_with_any_byte_flipped_is_refused_or_read(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  size_t count = 0, refused = 0, read = 0;
  char *bytes = file_load(file_path("r.h5"), &count);
  static double values[SAMPLES];
  for (size_t at = 0; at < count; at += at < 4096 ? 3 : 101) {
    bytes[at] = (char)(bytes[at] ^ 0x41);
    tl_recording *recording = NULL;
    tl_error err;
    const tl_code code = tl_recording_open(&recording, file_bytes("flip.h5", bytes, count), &err);
    if (code == TL_OK) {
      const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
      for (uint32_t s = 0; s < fleet->signal_count; s++)
        if (fleet->sample_count <= SAMPLES)
          (void)tl_recording_read(recording, 0, s, 0, 0, fleet->sample_count, values, &err);
      tl_recording_close(recording);
      read++;
    } else {
      assert_true(code == TL_E_FORMAT || code == TL_E_SCHEMA || code == TL_E_IO ||
                  code == TL_E_LIMIT);
      assert_true(strlen(err.text) > 10);
      refused++;
    }
    bytes[at] = (char)(bytes[at] ^ 0x41);
  }
  assert_true(refused > 100 && read > 100); /* metadata is checksummed, values are not */
  free(bytes);
}

/* A copy of the fixture whose root attribute `name` is `value`. */
static const char *with_attribute(const char *name, const char *value)
{
  const char *path = file_path("changed.h5");
  fixture_fill(&data);
  write_fixture(path, &data, sparse_devices, DEVICES);
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  H5Adelete(file, name);
  if (value != NULL) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(value));
    const hid_t attr = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attr, type, value);
    H5Aclose(attr);
    H5Sclose(space);
    H5Tclose(type);
  }
  H5Fclose(file);
  return path;
}

static void another_schema_version_is_refused_with_both_named(void **unused)
{
  (void)unused;
  open_fails(with_attribute("twinloop_schema", "twinloop.telemetry/9"), TL_E_SCHEMA,
             "changed.h5: was written with schema twinloop.telemetry/9, this build reads "
             "twinloop.telemetry/1");
  open_fails(with_attribute("twinloop_schema", NULL), TL_E_FORMAT,
             "changed.h5: an HDF5 file without the attribute twinloop_schema");
}

static void change_dataset(const char *path, const char *name, const char *replacement)
{
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
  if (replacement != NULL)
    assert_true(H5Lcreate_hard(file, replacement, file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
  H5Fclose(file);
}

static void missing_or_misshapen_parts_are_named(void **unused)
{
  (void)unused;
  const char *path = file_path("parts.h5");
  fixture_fill(&data);
  write_fixture(path, &data, sparse_devices, DEVICES);
  change_dataset(path, "/fleets/incubator/time_ns", NULL);
  open_fails(path, TL_E_FORMAT, "dataset time_ns is missing or corrupt");
  write_fixture(path, &data, sparse_devices, DEVICES);
  change_dataset(path, "/fleets/incubator/device", "/fleets/incubator/box");
  open_fails(path, TL_E_FORMAT, "dataset device has not 1 dimension");
  write_fixture(path, &data, sparse_devices, DEVICES);
  change_dataset(path, "/fleets/incubator/box", "/fleets/incubator/time_ns");
  open_fails(path, TL_E_FORMAT, "dataset box has not 2 dimensions");
  write_fixture(path, &data, sparse_devices, DEVICES);
  change_dataset(path, "/fleets/incubator", NULL);
  open_fails(path, TL_E_FORMAT, "group /fleets is empty");
}

static void writing_to_a_place_that_is_none_is_an_io_error(void **unused)
{
  (void)unused;
  tl_error err;
  const int64_t times_ns[] = {5, 3};
  const tl_recording_fleet_def fleet = {
      .name = "a", .sample_count = 1, .times_ns = times_ns, .device_count = 1};
  tl_recording_def def = {.fleet_count = 1, .fleets = &fleet};
  assert_int_equal(tl_recording_write(file_path("no/where.h5"), &def, &err), TL_E_IO);
  assert_message(err, "where.h5.part: No such file or directory");
  const tl_recording_fleet_def falling = {
      .name = "a", .sample_count = 2, .times_ns = times_ns, .device_count = 1};
  def.fleets = &falling;
  assert_int_equal(tl_recording_write(file_path("f.h5"), &def, &err), TL_E_ARG);
  assert_message(err, "fleet a: time falls at row 1");
}

static void csv_mistakes_are_named(void **unused)
{
  (void)unused;
  open_fails(file_text("a.csv", "timestamp,box\n0,1\n"), TL_E_FORMAT,
             "a.csv: not a twinloop CSV: its first column is 'timestamp', expected 'time_s' "
             "(or 'time' or 't', in seconds)");
  open_fails(file_text("a.csv", "time_s,box[furlong]\n0,1\n"), TL_E_SCHEMA, "a.csv: signal box: ");
  open_fails(file_text("a.csv", "time_s,box[K]\n0,1\n0.5,x\n"), TL_E_FORMAT,
             "a.csv:3: column box[K]: 'x' is not a number");
  open_fails(file_text("a.csv", "time_s,box[K]\nx,1\n"), TL_E_FORMAT,
             "a.csv:2: first column: 'x' is not a time in seconds");
  open_fails(file_text("a.csv", "time_s,box[K]\n1,1\n0,1\n"), TL_E_FORMAT,
             "a.csv: time falls at row 2 of the data");
  open_fails(file_text("a.csv", "time_s,box[K],box[K]\n1,1,1\n"), TL_E_FORMAT,
             "a.csv: column 'box[K]' occurs twice");
  open_fails(file_text("a.csv", "time_s,device,box[K]\n1,-1,1\n"), TL_E_FORMAT,
             "a.csv:2: column device: '-1' is not a device index");
}

/* --- files that a writer left open ----------------------------------------------------------------- */
/* A child opens the file for writing (SWMR or not), says so, and is killed. */
static void kill_a_writer(const char *path, bool swmr)
{
  int pipe_ends[2];
  assert_int_equal(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(plist, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, plist);
    if (file < 0 || (swmr && H5Fstart_swmr_write(file) < 0)) _exit(1);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    if (write(pipe_ends[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  close(pipe_ends[1]);
  assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
  close(pipe_ends[0]);
  if (!swmr) { /* while it lives, nobody else may read */
    tl_recording *recording = NULL;
    tl_error err;
    assert_int_equal(tl_recording_open(&recording, path, &err), TL_E_IO);
    assert_message(err, "is being written by another program");
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

static void a_file_left_open_by_a_killed_writer_is_read(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  for (int swmr = 0; swmr < 2; swmr++) {
    write_fixture(file_path("left.h5"), &data, sparse_devices, DEVICES);
    kill_a_writer(file_path("left.h5"), swmr == 1);
    expect_fixture(file_path("left.h5"), &data, sparse_devices);
  }
}

/* --- files that crash or hang HDF5 itself ---------------------------------------------------------- */
static void crash(void *context)
{
  (void)context;
  raise(SIGSEGV);
}

static void hang(void *context)
{
  (void)context;
  raise(SIGXCPU); /* as the limit on CPU time does */
}

static void note(void *context) { *(int *)context = 1; }

static void a_crash_of_the_library_is_an_error_and_not_ours(void **unused)
{
  (void)unused;
  tl_error err;
  int touched = 0;
  assert_int_equal(tl_h5_probe("a.h5", crash, NULL, &err), TL_E_FORMAT);
  assert_string_equal(err.text, "a.h5: corrupt: the HDF5 library crashes while reading it");
  assert_int_equal(tl_h5_probe("a.h5", hang, NULL, &err), TL_E_FORMAT);
  assert_string_equal(err.text, "a.h5: corrupt: the HDF5 library hangs while reading it");
  assert_int_equal(tl_h5_probe("a.h5", note, &touched, &err), TL_OK);
  assert_int_equal(touched, 0); /* the child has its own memory */
}

static void a_heap_that_never_ends_is_refused(void **unused)
{
  (void)unused;
  tl_error err;
  char heap[64] = "GCOL\1\0\0\0\x40"; /* 64 bytes, then an object of index 0 and size 0 */
  assert_int_equal(tl_h5_check_heaps(file_bytes("heap.h5", heap, sizeof heap), &err), TL_E_FORMAT);
  assert_message(err, "heap.h5: the heap of texts at byte 0 is corrupt");
  heap[24] = 48; /* free space to the end */
  assert_int_equal(tl_h5_check_heaps(file_bytes("heap.h5", heap, sizeof heap), &err), TL_OK);
}

static void a_copy_without_checksums_is_read_like_the_original(void **unused)
{
  (void)unused;
  fixture_fill(&data);
  write_fixture(file_path("r.h5"), &data, sparse_devices, DEVICES);
  const hid_t from = H5Fopen(file_path("r.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t to = H5Fcreate(file_path("old.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Ocopy(from, "fleets", to, "fleets", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  tl_h5_attr_text(to, "twinloop_schema", TL_SCHEMA_TEXT);
  tl_h5_attr_text(to, "kind", "recording");
  H5Fclose(to);
  H5Fclose(from);
  assert_true(tl_h5_checksummed(file_path("r.h5")));
  assert_false(tl_h5_checksummed(file_path("old.h5")));
  expect_fixture(file_path("old.h5"), &data, sparse_devices);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read_bit_for_bit),
      cmocka_unit_test(csv_in_both_forms_holds_the_same_bits),
      cmocka_unit_test(a_single_device_is_exported_as_people_expect),
      cmocka_unit_test(seconds_are_exact_decimals),
      cmocka_unit_test(names_are_found_with_a_hint),
      cmocka_unit_test(a_missing_file_or_folder_is_an_io_error),
      cmocka_unit_test(a_run_may_be_named_by_its_folder),
      cmocka_unit_test(a_file_cut_anywhere_is_refused_and_never_crashes),
      cmocka_unit_test(a_file_with_any_byte_flipped_is_refused_or_read),
      cmocka_unit_test(another_schema_version_is_refused_with_both_named),
      cmocka_unit_test(missing_or_misshapen_parts_are_named),
      cmocka_unit_test(writing_to_a_place_that_is_none_is_an_io_error),
      cmocka_unit_test(csv_mistakes_are_named),
      cmocka_unit_test(a_file_left_open_by_a_killed_writer_is_read),
      cmocka_unit_test(a_crash_of_the_library_is_an_error_and_not_ours),
      cmocka_unit_test(a_heap_that_never_ends_is_refused),
      cmocka_unit_test(a_copy_without_checksums_is_read_like_the_original),
  };
  return cmocka_run_group_tests(tests, NULL, file_cleanup);
}
