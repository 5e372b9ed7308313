/* support.h: runs a scenario from a text or file and keeps what came out.
 *
 * Owns: an outcome is a plain value. Threads: one. */
#ifndef TL_TESTS_SCRIPT_SUPPORT_H
#define TL_TESTS_SCRIPT_SUPPORT_H
#include "script/message.h"
#include "script/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct outcome {
  tl_code code;
  tl_error err;
  char message[4096]; /* rendered; "" when it ran */
  char log[16384]; /* "  10.000 text\n" for logs, "  10.000 kind fleet n text\n" for other events */
  char hash[65];
  tl_verdict verdict;
  uint32_t judgement_count;
  tl_judgement judgements[16];
  bool aborted;
  int64_t end_ns;
  uint32_t channel_count;
  tl_score_channel channels[4]; /* series pointers are stale */
  uint64_t lua_bytes;
  double lua_s, wall_s;
} outcome;

typedef struct run_options {
  const char *settings[8]; /* name, value, name, value ... */
  uint32_t thread_count;
  bool has_seed;
  uint64_t seed;
  bool check_only;
  const volatile sig_atomic_t *interrupted;
} run_options;

/* Working folder of the tests: scenarios of run_text lie in it as "scenario.lua". */
void enter_test_folder(void);
outcome *run_file(const char *path, const run_options *options);
/* options may be NULL */
outcome *run_text(const char *text, const run_options *options);
void expect_ok(const outcome *o, const char *what);
/* Compares with tests/golden/errors/NAME; rewrites it when TL_UPDATE_GOLDEN is set. */
void expect_golden(const char *name, const char *text);
extern const char preamble[]; /* a fleet of 20 boxes: docs/scenario-api.md shows the same */
#endif
