#include "edge/personality.h"

#include "base/text.h"
#include "kernels/survey.h"

#include <stdio.h>
#include <string.h>

static tl_code unknown_operator(const char *name, tl_error *err)
{
  const char *names[TL_MODEL_BUILTINS];
  for (int32_t i = 0; i < TL_MODEL_BUILTINS; i++) names[i] = tl_builtin_name(i);
  tl_fail(err, TL_E_USAGE, NULL, "personality: '%s' is no operator", name);
  const char *closest = tl_text_closest(name, names, TL_MODEL_BUILTINS);
  return closest ? tl_fail_hint(err, "did you mean '%s'?", closest) : TL_E_USAGE;
}

/* Blanks around a word are the writer's affair. */
static void trim(const char **text, size_t *length)
{
  while (*length > 0 && **text == ' ') {
    (*text)++;
    (*length)--;
  }
  while (*length > 0 && (*text)[*length - 1] == ' ') (*length)--;
}

static tl_code parse_operators(tl_model_options *out, const char *list, tl_error *err)
{
  while (*list) {
    char name[64];
    const size_t length = strcspn(list, "+");
    const char *word = list;
    size_t word_length = length;
    trim(&word, &word_length);
    snprintf(name, sizeof name, "%.*s", (int)word_length, word);
    const int32_t builtin = tl_builtin_find(name);
    if (builtin < 0) return unknown_operator(name, err);
    out->differs[builtin / 8] |= (uint8_t)(1u << builtin % 8);
    list += length + (list[length] == '+');
  }
  return TL_OK;
}

tl_code tl_personality_parse(tl_model_options *out, const char *text, size_t length, tl_error *err)
{
  static const char prefix[] = "single:";
  char whole[512];
  *out = (tl_model_options){0};
  trim(&text, &length);
  if (length >= sizeof whole)
    return tl_fail(err, TL_E_USAGE, NULL, "personality: longer than 511 bytes");
  memcpy(whole, text, length);
  whole[length] = '\0';
  if (strcmp(whole, "tflm") == 0) return TL_OK;
  if (strcmp(whole, "single") == 0) {
    out->rounding = TL_ROUNDING_SINGLE;
    return TL_OK;
  }
  if (strncmp(whole, prefix, sizeof prefix - 1) == 0 && whole[sizeof prefix - 1])
    return parse_operators(out, whole + sizeof prefix - 1, err);
  return tl_fail(err, TL_E_USAGE, NULL,
                 "personality: '%s' is none of tflm, single, single:OPERATOR+OPERATOR", whole);
}
