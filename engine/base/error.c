#include "base/error.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tl_code_info catalogue[TL_CODE_COUNT] = {
    [TL_OK] = {"TL_OK", 0, 0, "ok", ""},
#define CODE(name, number, exit_code, title, help) [name] = {#name, number, exit_code, title, help},
#include "base/codes.def"
#undef CODE
};

tl_code tl_fail(tl_error *err, tl_code code, const char *where, const char *format, ...)
{
  assert(code > TL_OK && code < TL_CODE_COUNT);
  if (err == NULL) return code;
  err->code = code;
  err->hint[0] = '\0';
  snprintf(err->where, sizeof err->where, "%s", where ? where : "");
  int used = 0;
  if (err->where[0]) used = snprintf(err->text, sizeof err->text, "%s: ", err->where);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->text + used, sizeof err->text - (size_t)used, format, arguments);
  va_end(arguments);
  return code;
}

tl_code tl_fail_hint(tl_error *err, const char *format, ...)
{
  if (err == NULL) return TL_E_INTERNAL;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->hint, sizeof err->hint, format, arguments);
  va_end(arguments);
  return err->code;
}

const tl_code_info *tl_code_describe(tl_code code)
{
  assert(code >= TL_OK && code < TL_CODE_COUNT);
  return &catalogue[code];
}

const tl_code_info *tl_code_lookup(const char *number)
{
  if ((number[0] == 'T' || number[0] == 't') && (number[1] == 'L' || number[1] == 'l')) number += 2;
  if (!isdigit((unsigned char)number[0])) return NULL;
  char *end = NULL;
  const unsigned long long wanted = strtoull(number, &end, 10);
  if (*end != '\0') return NULL;
  for (int i = 1; i < TL_CODE_COUNT; i++)
    if ((unsigned long long)catalogue[i].number == wanted) return &catalogue[i];
  return NULL;
}
