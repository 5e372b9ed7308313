/* files.h: small files for the tests of this folder, under the build folder. */
#ifndef TL_TESTS_TELEMETRY_FILES_H
#define TL_TESTS_TELEMETRY_FILES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* "BUILD/telemetry-PID/NAME": each process has its own folder, so that tests may run at once. */
static inline const char *file_path(const char *name)
{
  static _Thread_local char paths[8][512];
  static _Thread_local unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, 512, "%s/telemetry-%d", TL_BINARY_DIR, (int)getpid());
  mkdir(path, 0777);
  snprintf(path, 512, "%s/telemetry-%d/%s", TL_BINARY_DIR, (int)getpid(), name);
  return path;
}

static inline const char *file_bytes(const char *name, const void *bytes, size_t count)
{
  const char *path = file_path(name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
  return path;
}

static inline const char *file_text(const char *name, const char *text)
{
  return file_bytes(name, text, strlen(text));
}

static inline char *file_load(const char *path, size_t *count)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *bytes = calloc(1, (size_t)16 << 20);
  assert_non_null(bytes);
  *count = fread(bytes, 1, (size_t)16 << 20, file);
  fclose(file);
  return bytes;
}

static inline int file_cleanup(void **unused)
{
  (void)unused;
  char command[600];
  snprintf(command, sizeof command, "rm -rf '%s/telemetry-%d'", TL_BINARY_DIR, (int)getpid());
  return system(command);
}

/* The message ends with this (its folder differs from machine to machine). */
#define assert_message(err, tail)                                                                  \
  do {                                                                                             \
    const char *text_ = (err).text;                                                                \
    if (strstr(text_, tail) == NULL)                                                               \
      fail_msg("message is '%s', expected '...%s...'", text_, tail);                               \
  } while (0)
#endif
