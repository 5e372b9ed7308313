/* What happens to the file when the run does not end well, and while it goes on. Parts run in child processes:
 * HDF5 shares open files inside one process, so a reader beside a writer must be another program. */
#include "recorder_support.h"

#include "telemetry/recording.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static int child(const char *mode, const char *file)
{
  char program[4096], first[32], second[512];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  assert_true(length > 0);
  program[length] = '\0';
  snprintf(first, sizeof first, "%s", mode);
  snprintf(second, sizeof second, "%s", file);
  char *arguments[] = {program, first, second, NULL};
  pid_t pid = 0;
  int status = -1;
  assert_int_equal(posix_spawn(&pid, program, NULL, NULL, arguments, environ), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

/* Rows that a stranger finds in a file right now; every signal must be readable to its end. */
static uint64_t readable_rows(const char *path)
{
  tl_recording *recording = NULL;
  tl_error err;
  if (tl_recording_open(&recording, path, &err) != TL_OK) {
    fprintf(stderr, "%s\n", err.text);
    return 0;
  }
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  const uint64_t rows = fleet->sample_count;
  bool ok = true;
  double *values = calloc(rows + 1, sizeof *values);
  for (uint32_t s = 0; s < fleet->signal_count; s++)
    for (uint32_t d = 0; ok && d < fleet->device_count; d += 50) {
      ok = tl_recording_read(recording, 0, s, d, 0, rows, values, &err) == TL_OK;
      for (uint64_t i = 0; ok && i < rows; i++) ok = values[i] == values[i]; /* none is missing */
    }
  free(values);
  tl_recording_close(recording);
  return ok ? rows : 0;
}

static void a_full_disk_ends_the_recording_and_keeps_the_file(void **unused)
{
  (void)unused;
  run_def def = run_default("fail_disk.h5");
  def.devices[0] = 2000;
  def.end_s = 60000;
  def.flush_s = 0.0;
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t usual = limit.rlim_cur;
  uint64_t rows_best = 0;
  run r;
  tl_error err, closing;
  run_open(&r, &def);
  const uint64_t start = tl_recorder_written_bytes(r.recorder);
  for (rlim_t room = 100000; room < 8000000; room = room * 2 + 12345) {
    limit.rlim_cur = (rlim_t)start + room;
    setrlimit(RLIMIT_FSIZE, &limit);
    const tl_code code = run_advance(&r, &def, &err);
    const int64_t stopped_ns = tl_world_now_ns(r.world);
    const tl_code closed = tl_recorder_close(r.recorder, &closing);
    limit.rlim_cur = usual;
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(code, TL_E_IO);
    assert_int_equal(closed, TL_E_IO);
    assert_int_equal(strncmp(err.text, "fail_disk.h5: ", 14), 0);
    assert_non_null(strstr(err.text, " bytes at offset "));
    assert_non_null(strstr(err.text, "could not be written: File too large"));
    /* Plain HDF5, no SWMR, opens it; all but the last chunks before the stop are there. */
    H5Fclose(open_file(def.file));
    const uint64_t rows = readable_rows(def.file), staged = (uint64_t)(stopped_ns / 3000000000);
    if (rows + 3 * 64 < staged || (rows == 0 && staged >= 64))
      fail_msg("%d rows of %d survive", (int)rows, (int)staged);
    tl_world_destroy(r.world);
    rows_best = rows > rows_best ? rows : rows_best;
    run_open(&r, &def);
  }
  assert_true(rows_best >= 128);
  run_close(&r);
  unlink(def.file);
}

/* With the usual flushes, once a second, which such a run never sees: all that was handed over is there. */
static void a_full_file_system_keeps_every_chunk_handed_over(void **unused)
{
  (void)unused;
  mkdir("fail_small", 0700);
  for (int size_MB = 6; size_MB <= 48; size_MB *= 2) {
    char options[32];
    snprintf(options, sizeof options, "size=%dm", size_MB);
    if (mount("tmpfs", "fail_small", "tmpfs", 0, options) != 0) {
      print_message("SKIP: no right to mount a small file system\n");
      break;
    }
    run_def def = run_default("fail_small/run.h5");
    def.devices[0] = 2000;
    def.end_s = 600000;
    run r;
    tl_error err, closing;
    run_open(&r, &def);
    assert_int_equal(run_advance(&r, &def, &err), TL_E_IO);
    assert_non_null(strstr(err.text, "No space left on device"));
    const int64_t staged = tl_world_now_ns(r.world) / 3000000000;
    const uint64_t windows = tl_world_window_count(r.world);
    assert_int_equal(tl_recorder_close(r.recorder, &closing), TL_E_IO);
    tl_world_destroy(r.world);
    const uint64_t rows = readable_rows(def.file);
    hid_t file = open_file(def.file);
    uint64_t roots = 0;
    free(read_set(file, "/digests/root", H5T_NATIVE_UINT64, 8, &roots, NULL));
    H5Fclose(file);
    umount("fail_small");
    print_message("%d MB: %d rows of %d, %d roots of %d\n", size_MB, (int)rows, (int)staged,
                  (int)roots, (int)windows);
    assert_true(rows >= 64 && rows + 2 * 64 >= (uint64_t)staged);
    assert_true(roots > 0 && roots <= windows && roots + 2 >= windows);
  }
  rmdir("fail_small");
}

static void a_disk_that_is_full_from_the_start_is_an_error_of_create(void **unused)
{
  (void)unused;
  run_def def = run_default("fail_start.h5");
  def.record = false;
  run r;
  run_open(&r, &def);
  tl_recorder_def recorder = tl_recorder_def_default();
  recorder.path = def.file;
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t usual = limit.rlim_cur;
  signal(SIGXFSZ, SIG_IGN);
  limit.rlim_cur = 600;
  setrlimit(RLIMIT_FSIZE, &limit);
  tl_error err;
  const tl_code code = tl_recorder_create(&r.recorder, r.world, &recorder, &err);
  limit.rlim_cur = usual;
  setrlimit(RLIMIT_FSIZE, &limit);
  assert_int_equal(code, TL_E_IO);
  assert_non_null(strstr(err.text, "could not be written: File too large"));
  assert_null(r.recorder);
  tl_world_destroy(r.world);
  unlink(def.file);
}

static void a_killed_run_is_readable_up_to_its_last_flush(void **unused)
{
  (void)unused;
  const int status = child("--record-and-die", "fail_kill.h5");
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  assert_int_equal(readable_rows("fail_kill.h5"),
                   128); /* 160 ticks were made, two chunks were whole */
  unlink("fail_kill.h5");
}

static void a_live_reader_sees_chunks_and_tail_while_the_run_goes_on(void **unused)
{
  (void)unused;
  run_def def = run_default("fail_live.h5");
  def.flush_s = 0.0;
  def.end_s = 3 * 160;
  run r;
  tl_error err;
  run_open(&r, &def);
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  const int status = child("--look", "fail_live.h5");
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  def.end_s = 3 * 200;
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  run_close(&r);
  assert_int_equal(readable_rows("fail_live.h5"), 200);
  unlink(def.file);
}

static void a_file_in_use_is_not_overwritten(void **unused)
{
  (void)unused;
  run_def def = run_default("fail_busy.h5");
  run r;
  tl_error err;
  run_open(&r, &def);
  tl_recorder_def recorder = tl_recorder_def_default();
  recorder.path = def.file;
  tl_recorder *second = NULL;
  assert_int_equal(tl_recorder_create(&second, r.world, &recorder, &err), TL_E_IO);
  assert_string_equal(
      err.text, "fail_busy.h5: cannot be replaced: another program, or another run, has it open");
  assert_int_equal(run_advance(&r, &def, &err), TL_OK);
  run_close(&r);
  assert_int_equal(readable_rows("fail_busy.h5"), 200);
  unlink(def.file);
}

/* --- children --------------------------------------------------------------------------------------- */
static int record_and_die(const char *file)
{
  run_def def = run_default(file);
  def.flush_s = 0.0;
  def.end_s = 3 * 160;
  run r;
  tl_error err;
  run_open(&r, &def);
  if (run_advance(&r, &def, &err) != TL_OK) return 1;
  raise(SIGKILL);
  return 2;
}

/* 160 ticks were staged: 128 in chunks, the 160th in the tail. */
static int look(const char *path)
{
  if (readable_rows(path) != 128) return 1;
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5P_DEFAULT);
  if (file < 0) return 2;
  uint64_t windows = 0;
  int64_t *last = read_set(file, "/fleets/a/tail/time_ns", H5T_NATIVE_INT64, 8, NULL, NULL);
  double *tail = read_decoded(file, "/fleets/a/tail/box_K", NULL, NULL);
  uint64_t *roots = read_set(file, "/digests/root", H5T_NATIVE_UINT64, 8, &windows, NULL);
  if (last[0] != 159 * (int64_t)3000000000) return 3;
  if (!(tail[599] > 295.0 && tail[599] < 400.0)) return 4;
  if (windows != 16 || roots[15] == 0) return 5;
  free(last);
  free(tail);
  free(roots);
  H5Fclose(file);
  return 0;
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "--record-and-die") == 0) return record_and_die(argv[2]);
  if (argc == 3 && strcmp(argv[1], "--look") == 0) return look(argv[2]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_full_disk_ends_the_recording_and_keeps_the_file),
      cmocka_unit_test(a_full_file_system_keeps_every_chunk_handed_over),
      cmocka_unit_test(a_disk_that_is_full_from_the_start_is_an_error_of_create),
      cmocka_unit_test(a_killed_run_is_readable_up_to_its_last_flush),
      cmocka_unit_test(a_live_reader_sees_chunks_and_tail_while_the_run_goes_on),
      cmocka_unit_test(a_file_in_use_is_not_overwritten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
