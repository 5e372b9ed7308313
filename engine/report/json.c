#include "report/json.h"

#include <assert.h>
#include <math.h>

tl_json tl_json_over(tl_text *out) { return (tl_json){.out = out}; }

static void next(tl_json *json, const char *key)
{
  const bool one_line = json->inline_[json->depth];
  if (json->some[json->depth]) tl_text_add(json->out, one_line ? ", " : ",");
  if (!one_line && json->depth > 0) {
    tl_text_add_char(json->out, '\n');
    for (uint32_t i = 0; i < json->depth; i++) tl_text_add(json->out, "  ");
  }
  json->some[json->depth] = true;
  if (key == NULL) return;
  tl_text_add_json(json->out, key);
  tl_text_add(json->out, ": ");
}

static void begin(tl_json *json, const char *key, char bracket, bool one_line)
{
  next(json, key);
  tl_text_add_char(json->out, bracket);
  assert(json->depth + 1 < TL_JSON_DEPTH_MAX);
  const bool within = json->inline_[json->depth]; /* a container on one line has no lines inside */
  json->depth++;
  json->some[json->depth] = false;
  json->inline_[json->depth] = one_line || within;
}

static void end(tl_json *json, char bracket)
{
  assert(json->depth > 0);
  const bool line = json->some[json->depth] && !json->inline_[json->depth];
  json->depth--;
  if (line) {
    tl_text_add_char(json->out, '\n');
    for (uint32_t i = 0; i < json->depth; i++) tl_text_add(json->out, "  ");
  }
  tl_text_add_char(json->out, bracket);
  if (json->depth == 0) tl_text_add_char(json->out, '\n');
}

void tl_json_object_begin(tl_json *json, const char *key, bool one_line)
{
  begin(json, key, '{', one_line);
}
void tl_json_object_end(tl_json *json) { end(json, '}'); }
void tl_json_list_begin(tl_json *json, const char *key, bool one_line)
{
  begin(json, key, '[', one_line);
}
void tl_json_list_end(tl_json *json) { end(json, ']'); }

void tl_json_text(tl_json *json, const char *key, const char *value)
{
  next(json, key);
  tl_text_add_json(json->out, value);
}

void tl_json_number(tl_json *json, const char *key, double value)
{
  next(json, key);
  if (isinf(value))
    tl_text_add(json->out, value > 0.0 ? "\"inf\"" : "\"-inf\"");
  else
    tl_text_add_json_double(json->out, value);
}

void tl_json_integer(tl_json *json, const char *key, int64_t value)
{
  next(json, key);
  tl_text_addf(json->out, "%lld", (long long)value);
}

void tl_json_unsigned(tl_json *json, const char *key, uint64_t value)
{
  next(json, key);
  tl_text_addf(json->out, "%llu", (unsigned long long)value);
}

void tl_json_bool(tl_json *json, const char *key, bool value)
{
  next(json, key);
  tl_text_add(json->out, value ? "true" : "false");
}

void tl_json_null(tl_json *json, const char *key)
{
  next(json, key);
  tl_text_add(json->out, "null");
}

void tl_json_raw(tl_json *json, const char *key, const char *value)
{
  next(json, key);
  tl_text_add(json->out, value);
}
