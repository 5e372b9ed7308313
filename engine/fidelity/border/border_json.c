/* border_json.c: the region as text that a parameter file or a file of its own holds. */
#include "fidelity/border/border.h"

#include "base/units.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_channel(tl_text *out, const tl_border_channel *channel)
{
  tl_text_add(out, "{\"column\": ");
  tl_text_add_json(out, channel->name);
  tl_text_add(out, ", \"unit\": ");
  tl_text_add_json(out, channel->unit);
  const double number[3] = {channel->low, channel->high, channel->slack};
  const char *const key[3] = {"low", "high", "slack"};
  for (int i = 0; i < 3; i++) {
    tl_text_addf(out, ", \"%s\": ", key[i]);
    tl_text_add_json_double(out, number[i]);
  }
  tl_text_add_char(out, '}');
}

static void add_pair(tl_text *out, const tl_border *border, uint32_t a, uint32_t b)
{
  tl_text_addf(out, "{\"of\": [%u, %u], \"covered\": [", a, b);
  for (int row = 0; row < TL_BORDER_CELLS; row++)
    tl_text_addf(out, "%s\"%04x\"", row > 0 ? ", " : "",
                 border->covered[tl_border_pair(a, b)][row]);
  tl_text_add(out, "]}");
}

void tl_border_write_json(const tl_border *border, tl_text *out)
{
  tl_text_addf(out, "{\"schema\": \"" TL_BORDER_SCHEMA "\", \"samples\": %llu, \"channels\": [",
               (unsigned long long)border->sample_count);
  for (uint32_t c = 0; c < border->channel_count; c++) {
    if (c > 0) tl_text_add(out, ", ");
    add_channel(out, &border->channels[c]);
  }
  tl_text_add(out, "], \"pairs\": [");
  for (uint32_t b = 1; b < border->channel_count; b++)
    for (uint32_t a = 0; a < b; a++) {
      if (b > 1) tl_text_add(out, ", ");
      add_pair(out, border, a, b);
    }
  tl_text_add(out, "]}");
}

typedef struct reading { /* the first failure stays */
  const char *path;
  tl_error *err;
  tl_code code;
} reading;

static void refuse(reading *r, const char *what)
{
  if (r->code == TL_OK) r->code = tl_fail(r->err, TL_E_FORMAT, r->path, "border: %s", what);
}

static void read_text(reading *r, const json_t *object, const char *key, char *out, size_t bytes)
{
  const char *text = json_string_value(json_object_get(object, key));
  char what[64];
  snprintf(what, sizeof what, "each channel needs a \"%s\"", key);
  if (text == NULL || text[0] == '\0' || strlen(text) >= bytes)
    refuse(r, what);
  else
    snprintf(out, bytes, "%s", text);
}

static void read_channel(reading *r, const json_t *object, tl_border_channel *out)
{
  tl_unit unit;
  read_text(r, object, "column", out->name, sizeof out->name);
  read_text(r, object, "unit", out->unit, sizeof out->unit);
  if (r->code == TL_OK) r->code = tl_unit_find(&unit, out->unit, r->path, r->err);
  double *const number[3] = {&out->low, &out->high, &out->slack};
  const char *const key[3] = {"low", "high", "slack"};
  for (int i = 0; i < 3; i++) {
    const json_t *value = json_object_get(object, key[i]);
    *number[i] = json_number_value(value);
    if (!json_is_number(value))
      refuse(r, "each channel needs numbers \"low\", \"high\", \"slack\"");
  }
  if (r->code == TL_OK && !(out->low <= out->high && out->slack >= 0.0))
    refuse(r, "a channel's low is above its high, or its slack is negative");
}

static bool read_row(const json_t *value, uint16_t *out)
{
  const char *text = json_string_value(value);
  if (text == NULL || strlen(text) != 4 || strspn(text, "0123456789abcdef") != 4) return false;
  uint32_t bits = 0;
  for (int i = 0; i < 4; i++)
    bits = bits << 4 | (uint32_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
  *out = (uint16_t)bits;
  return true;
}

static void read_pair(reading *r, const json_t *object, tl_border *out, bool *is_there)
{
  const json_t *of = json_object_get(object, "of"), *rows = json_object_get(object, "covered");
  const json_int_t a = json_integer_value(json_array_get(of, 0)),
                   b = json_integer_value(json_array_get(of, 1));
  if (json_array_size(of) != 2 || a < 0 || a >= b || b >= (json_int_t)out->channel_count) {
    refuse(r, "a pair's \"of\" must be two channels in ascending order");
    return;
  }
  const uint32_t pair = tl_border_pair((uint32_t)a, (uint32_t)b);
  is_there[pair] = true;
  bool fine = json_array_size(rows) == TL_BORDER_CELLS;
  for (size_t row = 0; fine && row < TL_BORDER_CELLS; row++)
    fine = read_row(json_array_get(rows, row), &out->covered[pair][row]);
  if (!fine) refuse(r, "a pair's \"covered\" must be 16 rows of four hex digits");
}

static void read_object(reading *r, const json_t *root, tl_border *out)
{
  const char *schema = json_string_value(json_object_get(root, "schema"));
  const json_t *channels = json_object_get(root, "channels"),
               *pairs = json_object_get(root, "pairs"), *samples = json_object_get(root, "samples");
  const size_t count = json_array_size(channels);
  if (schema == NULL || strcmp(schema, TL_BORDER_SCHEMA) != 0)
    refuse(r, "its schema is not " TL_BORDER_SCHEMA);
  else if (count == 0 || count > TL_BORDER_CHANNELS_MAX)
    refuse(r, "it must have 1 to 12 channels");
  else if (!json_is_integer(samples) || json_integer_value(samples) < 1)
    refuse(r, "\"samples\" must be a count");
  if (r->code != TL_OK) return;
  out->channel_count = (uint32_t)count;
  out->sample_count = (uint64_t)json_integer_value(samples);
  for (uint32_t c = 0; c < out->channel_count; c++)
    read_channel(r, json_array_get(channels, c), &out->channels[c]);
  bool is_there[TL_BORDER_PAIRS_MAX] = {false};
  for (size_t i = 0; i < json_array_size(pairs) && r->code == TL_OK; i++)
    read_pair(r, json_array_get(pairs, i), out, is_there);
  for (uint32_t i = 0; i < out->channel_count * (out->channel_count - 1) / 2; i++)
    if (!is_there[i]) refuse(r, "a pair of channels is missing");
}

tl_code tl_border_read_json(tl_border *out, const char *text, const char *path, tl_error *err)
{
  json_error_t where;
  memset(out, 0, sizeof *out);
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
  if (root == NULL)
    return tl_fail(err, TL_E_FORMAT, path, "border: line %d: %s", where.line, where.text);
  reading r = {.path = path, .err = err, .code = TL_OK};
  /* a parameter file holds it under "border"; a file of its own is it */
  const json_t *inner = json_object_get(root, "border");
  read_object(&r, json_is_object(inner) ? inner : root, out);
  json_decref(root);
  return r.code;
}
