/* error.h: what a user, a file or a network can do wrong, as a code and a sentence.
 *
 * Why: every failure ends as one message that says what, where and what to do; the catalogue
 * codes.def is the only place that knows numbers, exit codes and explanations.
 * Owns: nothing; a tl_error is the caller's. Threads: every function is pure but for its arguments. */
#ifndef TL_BASE_ERROR_H
#define TL_BASE_ERROR_H
#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define TL_API __attribute__((visibility("default")))
#define TL_PRINTF(format_index, first_index)                                                       \
  __attribute__((format(printf, format_index, first_index)))
#else
#define TL_API
#define TL_PRINTF(format_index, first_index)
#endif

typedef enum tl_code {
  TL_OK = 0,
#define CODE(name, number, exit_code, title, help) name,
#include "base/codes.def"
#undef CODE
  TL_CODE_COUNT
} tl_code;

typedef struct tl_error {
  tl_code code;
  char where[160]; /* "file:line" or "" */
  char text[640]; /* the sentence, starting with where when there is one: "hvac.lua:3: t.h5: ..." */
  char hint[160]; /* "did you mean 'x'?" or "" */
} tl_error;

typedef struct tl_code_info {
  const char *name;  /* "TL_E_NAME" */
  int number;        /* 103 for TL0103 */
  int exit_code;     /* 0..130, interface.md section 4 */
  const char *title; /* a few words */
  const char *help;  /* one paragraph: cause and cure */
} tl_code_info;

/* Fills err (may be NULL) and returns code, so that a caller can write `return tl_fail(...)`.
 * where: "file:line" to put in front, or NULL. The text is cut, never overrun. */
TL_API tl_code tl_fail(tl_error *err, tl_code code, const char *where, const char *format, ...)
    TL_PRINTF(4, 5);
/* Adds a hint to an error that was just filled; returns its code. */
TL_API tl_code tl_fail_hint(tl_error *err, const char *format, ...) TL_PRINTF(2, 3);
/* Row of the catalogue; code must be a failure. */
TL_API const tl_code_info *tl_code_describe(tl_code code);
/* Row for a number as users write it: "TL0103", "tl103" or "103"; NULL when there is none. */
TL_API const tl_code_info *tl_code_lookup(const char *number);
#endif
