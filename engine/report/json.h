/* json.h: writes JSON with keys in the order they are given, the same bytes everywhere.
 *
 * Why: run.json, score and plots are read by other programs and compared byte by byte. Numbers are
 * the shortest text that reads back to the same bits. JSON has no infinity and no NaN: infinities
 * are the strings "inf" and "-inf" (as Python's float() reads them), NaN is null.
 * Owns: nothing; the text is the caller's. Threads: one writer belongs to one thread. */
#ifndef TL_REPORT_JSON_H
#define TL_REPORT_JSON_H
#include "base/text.h"

enum { TL_JSON_DEPTH_MAX = 16 };

typedef struct tl_json {
  tl_text *out;
  uint32_t depth;
  bool some[TL_JSON_DEPTH_MAX];    /* something was written at this depth */
  bool inline_[TL_JSON_DEPTH_MAX]; /* this container stays on one line */
} tl_json;

TL_API tl_json tl_json_over(tl_text *out);
/* key: inside an object; NULL inside a list or at the top. one_line: members follow on the same
 * line. */
TL_API void tl_json_object_begin(tl_json *json, const char *key, bool one_line);
TL_API void tl_json_object_end(tl_json *json);
TL_API void tl_json_list_begin(tl_json *json, const char *key, bool one_line);
TL_API void tl_json_list_end(tl_json *json);
TL_API void tl_json_text(tl_json *json, const char *key, const char *value); /* NULL becomes null */
TL_API void tl_json_number(tl_json *json, const char *key, double value);
TL_API void tl_json_integer(tl_json *json, const char *key, int64_t value);
TL_API void tl_json_unsigned(tl_json *json, const char *key, uint64_t value);
TL_API void tl_json_bool(tl_json *json, const char *key, bool value);
/* value is a whole JSON document, put in as it is. */
TL_API void tl_json_raw(tl_json *json, const char *key, const char *value);
TL_API void tl_json_null(tl_json *json, const char *key);
#endif
