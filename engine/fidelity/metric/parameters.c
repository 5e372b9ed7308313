#include "fidelity/metrics.h"

#include "base/dmath.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum kind { REAL, ABOVE, BETWEEN, WHOLE, WORD } kind;
typedef struct row {
  const char *name;
  double fallback, low, high;
  kind kind;
  const char *words, *meaning;
} row;

static const row rows[TL_PARAMETER_COUNT] = {
#define PARAMETER(name, fallback, low, high, kind, words, meaning)                                 \
  {#name, (double)(fallback), (double)(low), (double)(high), kind, words, meaning},
#include "fidelity/metric/parameters.def"
#undef PARAMETER
};

tl_metric_parameters tl_metric_parameters_default(void)
{
  tl_metric_parameters out;
  for (int i = 0; i < TL_PARAMETER_COUNT; i++) out.value[i] = rows[i].fallback;
  return out;
}

const char *tl_parameter_name(tl_parameter parameter)
{
  assert(parameter < TL_PARAMETER_COUNT);
  return rows[parameter].name;
}

const char *tl_parameter_meaning(tl_parameter parameter)
{
  assert(parameter < TL_PARAMETER_COUNT);
  return rows[parameter].meaning;
}

bool tl_parameter_word(char out[TL_PARAMETER_WORD_BYTES], tl_parameter parameter,
                       const tl_metric_parameters *of)
{
  assert(parameter < TL_PARAMETER_COUNT);
  if (rows[parameter].kind != WORD) return false;
  const char *at = rows[parameter].words;
  for (int place = (int)of->value[parameter]; place > 0; place--) at = strchr(at, '|') + 1;
  snprintf(out, TL_PARAMETER_WORD_BYTES, "%.*s", (int)strcspn(at, "|"), at);
  return true;
}

static tl_code find(const row **out, const char *name, const char *where, tl_error *err)
{
  const char *names[TL_PARAMETER_COUNT];
  for (int i = 0; i < TL_PARAMETER_COUNT; i++) {
    names[i] = rows[i].name;
    if (strcmp(rows[i].name, name) != 0) continue;
    *out = &rows[i];
    return TL_OK;
  }
  tl_fail(err, TL_E_NAME, where, "no metric has a parameter '%.60s'", name);
  const char *near = tl_text_closest(name, names, TL_PARAMETER_COUNT);
  return near ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_NAME;
}

static bool fits(const row *r, double value)
{
  if (isnan(value)) return false;
  if (r->kind == WHOLE && (value != tl_math_floor(value) || isinf(value))) return false;
  if ((r->kind == ABOVE || r->kind == BETWEEN) && value <= r->low) return false;
  if (isinf(value) || (r->kind == BETWEEN && value >= r->high)) return false;
  return value >= r->low && value <= r->high;
}

static tl_code out_of_range(const row *r, double value, const char *where, tl_error *err)
{
  char text[3][TL_TEXT_DOUBLE_BYTES], range[3 * TL_TEXT_DOUBLE_BYTES];
  tl_text_format_double(text[0], value);
  tl_text_format_double(text[1], r->low);
  tl_text_format_double(text[2], r->high);
  if (isinf(r->low))
    snprintf(range, sizeof range, "a number");
  else if (isinf(r->high) || r->high >= 1e9)
    snprintf(range, sizeof range, "%s %s", r->kind == ABOVE ? "above" : "at least", text[1]);
  else
    snprintf(range, sizeof range, "from %s to %s%s", text[1], text[2],
             r->kind == BETWEEN ? ", without the ends" : "");
  return tl_fail(err, TL_E_ARG, where, "%s = %s: expected %s%s", r->name, text[0],
                 r->kind == WHOLE ? "a whole number " : "", range);
}

tl_code tl_metric_parameter_set(tl_metric_parameters *out, const char *name, double value,
                                const char *where, tl_error *err)
{
  const row *r = NULL;
  const tl_code code = find(&r, name, where, err);
  if (code != TL_OK) return code;
  if (r->kind == WORD)
    return tl_fail(err, TL_E_ARG, where, "%s takes a word: %s", r->name, r->words);
  if (!fits(r, value)) return out_of_range(r, value, where, err);
  out->value[r - rows] = value;
  return TL_OK;
}

tl_code tl_metric_parameter_set_word(tl_metric_parameters *out, const char *name, const char *word,
                                     const char *where, tl_error *err)
{
  const row *r = NULL;
  const tl_code code = find(&r, name, where, err);
  if (code != TL_OK) return code;
  if (r->kind != WORD)
    return tl_fail(err, TL_E_ARG, where, "%s takes a number, not '%.40s'", r->name, word);
  const char *at = r->words;
  for (int place = 0; at != NULL; place++) {
    const size_t length = strcspn(at, "|");
    if (strlen(word) == length && strncmp(at, word, length) == 0) {
      out->value[r - rows] = (double)place;
      return TL_OK;
    }
    at = at[length] == '|' ? at + length + 1 : NULL;
  }
  return tl_fail(err, TL_E_ARG, where, "%s = '%.40s': expected %s", r->name, word, r->words);
}
