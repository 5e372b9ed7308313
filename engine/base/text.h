/* text.h: numbers, times and names as text, the same text everywhere; and a string that grows.
 *
 * Why: printf and strtod follow the locale and strtod accepts hex, "infinity" and trailing rubbish;
 * files, reports and hashes must not.
 * Owns: a tl_text owns its memory unless it was made over the caller's. Threads: pure functions;
 * one tl_text belongs to one thread. */
#ifndef TL_BASE_TEXT_H
#define TL_BASE_TEXT_H
#include "base/error.h"

#include <stdint.h>

enum {
  TL_TEXT_DOUBLE_BYTES = 32,  /* room for any double and the end */
  TL_TEXT_DURATION_BYTES = 40 /* room for any duration and the end */
};

/* --- numbers --- */
/* The whole text as a decimal number: [+-]digits[.digits][e[+-]digits], or nan, inf, infinity in
 * any case. Nothing before or after, point only. Correctly rounded; too large gives infinity, too
 * small zero. Returns false, and leaves *out alone, when the text is anything else or longer than
 * 1000 bytes. */
TL_API bool tl_text_parse_double(double *out, const char *text);
/* The same for the first `length` bytes (no end mark needed): the cell of a CSV line. */
TL_API bool tl_text_parse_double_n(double *out, const char *text, size_t length);
/* The whole text as an integer, decimal, [+-]digits; false when it is anything else or out of
 * range. */
TL_API bool tl_text_parse_int64(int64_t *out, const char *text);
TL_API bool tl_text_parse_uint64(uint64_t *out, const char *text); /* also 0x and hex digits */
/* Shortest text (15 to 17 digits as %g writes them) that parses back to the same bits: 0.1, 1e-07,
 * 300, -0, nan, inf, -inf. Returns the length. */
TL_API size_t tl_text_format_double(char out[TL_TEXT_DOUBLE_BYTES], double value);
/* At most `digits` (1..17) significant digits, as %.*g writes them: for people. */
TL_API size_t tl_text_format_digits(char out[TL_TEXT_DOUBLE_BYTES], double value, int digits);

/* --- time --- */
/* "07:12:40", "07:12:40.250" (3, 6 or 9 decimals, only when needed), "-00:00:01", "100:00:00". */
TL_API size_t tl_text_format_duration(char out[TL_TEXT_DURATION_BYTES], int64_t ns);
/* "07:12:40[.5]" (h:min:s), "07:12" (h:min), "90" (seconds), "5min", "1.5h", "1h 30min", "250ms";
 * units d day h min s ms us ns; a leading minus. Exact: what is not a whole number of ns is
 * refused.
 * errors  TL_E_ARG: says what was read and what is expected; out of the 64-bit range (292 years) */
TL_API tl_code tl_text_parse_duration(int64_t *out_ns, const char *text, const char *where,
                                      tl_error *err);

/* --- names --- */
/* Edits (insert, delete, replace, swap neighbours) from a to b. Texts longer than 63 bytes are
 * compared by their first 63. */
TL_API uint32_t tl_text_distance(const char *a, const char *b);
/* The candidate that a person most likely meant, for "did you mean 'x'?"; NULL when none is near.
 * Near: at most a third of the name's letters edited (one at least, never all), upper and lower
 * case alike. Ties go to the candidate that only has letters more, then to the longest common start
 * and end, then to the first. */
TL_API const char *tl_text_closest(const char *name, const char *const *candidates, size_t count);

/* --- a string that grows --- */
/* {0} is an empty growing string. Every function is safe after a failure: text that finds no room
 * or no memory is dropped, `failed` stays set, and what is there stays ended and readable. */
typedef struct tl_text {
  char *data;      /* ended by '\0' once anything was added; use tl_text_string() */
  size_t length;   /* bytes without the end */
  size_t capacity; /* bytes of data, the end included */
  bool fixed;      /* data is the caller's: never grows, never freed */
  bool failed;     /* something was dropped */
} tl_text;

/* An empty string over the caller's memory (bytes >= 1). */
TL_API tl_text tl_text_over(char *memory, size_t bytes);
TL_API void tl_text_free(tl_text *text);
/* Empties the string, keeps its memory, clears `failed`. */
TL_API void tl_text_clear(tl_text *text);
/* Never NULL; valid until the next call on text. */
TL_API const char *tl_text_string(const tl_text *text);

TL_API void tl_text_add(tl_text *text, const char *string); /* NULL adds nothing */
TL_API void tl_text_add_bytes(tl_text *text, const char *bytes, size_t count);
TL_API void tl_text_add_char(tl_text *text, char c);
/* printf; do not print doubles with it (the locale's comma): tl_text_add_double. */
TL_API void tl_text_addf(tl_text *text, const char *format, ...) TL_PRINTF(2, 3);
TL_API void tl_text_add_double(tl_text *text, double value);             /* tl_text_format_double */
TL_API void tl_text_add_digits(tl_text *text, double value, int digits); /* tl_text_format_digits */
TL_API void tl_text_add_duration(tl_text *text, int64_t ns);
/* "37 322", "-1 000 000": groups of three, for people. */
TL_API void tl_text_add_count(tl_text *text, int64_t count);
/* "15.3 MB", "812 B": powers of 1000, three digits. */
TL_API void tl_text_add_size(tl_text *text, uint64_t bytes);
/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; NULL becomes null. */
TL_API void tl_text_add_json(tl_text *text, const char *string);
/* A JSON number; NaN and infinities, which JSON has not, become null. */
TL_API void tl_text_add_json_double(tl_text *text, double value);
/* Text safe inside HTML/XML content and quoted attributes; control characters that XML forbids are
 * dropped. */
TL_API void tl_text_add_html(tl_text *text, const char *string);
#endif
