/* reference.h: the API as text, from the same rows that register it: types for editors, and the docs' reference.
 *
 * Why: a name in the docs that does not exist, or one that exists and is not in the docs, is a bug; with one table
 * neither can happen, and tests compare the committed files with what this writes.
 * Owns: nothing. Threads: pure functions. */
#ifndef TL_SCRIPT_REFERENCE_H
#define TL_SCRIPT_REFERENCE_H
#include "base/text.h"

/* One row of api.def, for tests and completions. */
typedef struct tl_api_row {
  const char *class_name; /* NULL for globals */
  const char *name;
  const char *signature;  /* NULL for constants and fields */
  const char *annotation; /* LuaLS lines without "---@", "" for none */
  const char *doc;
  const char *example; /* NULL for constants and fields */
} tl_api_row;
TL_API size_t tl_api_count(void);
TL_API const tl_api_row *tl_api_at(size_t index);

/* scripts/twinloop/twinloop.d.lua: `---@meta` types for LuaLS. */
TL_API void tl_api_write_types(tl_text *out);
/* .luacheckrc: the globals of a scenario, for luacheck. */
TL_API void tl_api_write_luacheck(tl_text *out);
/* The generated part of docs/scenario-api.md: functions, methods, constants, faults, metrics. */
TL_API void tl_api_write_reference(tl_text *out);
#endif
