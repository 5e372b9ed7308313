/* document.c: the JSON of a schema, in and out. */
#include "telemetry/governance/governed.h"

#include "base/hash.h"
#include "base/units.h"
#include "telemetry/governance/policy.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading { /* a document on its way in; the first failure stays */
  const char *path;
  char at[TL_SIGNAL_NAME_BYTES + 16]; /* "channel box_K" or "" */
  tl_error *err;
  tl_code code;
} reading;

static void refuse(reading *r, const char *key, const char *wanted)
{
  if (r->code == TL_OK)
    r->code = tl_fail(r->err, TL_E_FORMAT, r->path, "%s%s'%s' must be %s", r->at,
                      r->at[0] ? ": " : "", key, wanted);
}

static void known_keys(reading *r, const json_t *object, const char *const *keys, size_t count)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    bool known = false;
    for (size_t i = 0; i < count; i++) known = known || strcmp(keys[i], key) == 0;
    if (known || r->code != TL_OK) continue;
    r->code = tl_fail(r->err, TL_E_FORMAT, r->path, "%s%sunknown key '%s'", r->at,
                      r->at[0] ? ": " : "", key);
    const char *near = tl_text_closest(key, keys, count);
    if (near) (void)tl_fail_hint(r->err, "did you mean '%s'?", near);
  }
}
#define KNOWN(r, object, ...)                                                                      \
  do {                                                                                             \
    static const char *const known_[] = {__VA_ARGS__};                                             \
    known_keys(r, object, known_, sizeof known_ / sizeof *known_);                                 \
  } while (0)

static void read_text(reading *r, const json_t *object, const char *key, char *out, size_t bytes,
                      bool needed)
{
  const json_t *value = json_object_get(object, key);
  out[0] = '\0';
  if ((value == NULL || json_is_null(value)) && !needed) return;
  const char *text = json_string_value(value);
  if (text == NULL || (needed && text[0] == '\0') || strlen(text) >= bytes)
    refuse(r, key,
           needed ? "a text, not empty and not too long"
                  : "a text that is not too long, or left out");
  else
    snprintf(out, bytes, "%s", text);
}

static double read_number(reading *r, const json_t *object, const char *key, double otherwise)
{
  const json_t *value = json_object_get(object, key);
  if (value == NULL || json_is_null(value)) return otherwise;
  if (!json_is_number(value)) refuse(r, key, "a number, or left out");
  return json_number_value(value);
}

static bool read_switch(reading *r, const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  if (value && !json_is_boolean(value)) refuse(r, key, "true or false, or left out");
  return json_is_true(value);
}

static void read_rule(reading *r, const json_t *rule, tl_governed_channel *out)
{
  if (!json_is_object(rule)) {
    refuse(r, "migrate", "an object");
    return;
  }
  KNOWN(r, rule, "from", "unit", "scale", "offset", "clamp");
  char unit[TL_SIGNAL_UNIT_BYTES];
  out->migrates = true;
  read_text(r, rule, "from", out->from, sizeof out->from, false);
  if (out->from[0] == '\0') memcpy(out->from, out->name, sizeof out->from);
  out->clamps = read_switch(r, rule, "clamp");
  read_text(r, rule, "unit", unit, sizeof unit, false);
  out->scale = read_number(r, rule, "scale", 1.0);
  out->offset = read_number(r, rule, "offset", 0.0);
  if (out->scale == 0.0 || !isfinite(out->scale) || !isfinite(out->offset))
    refuse(r, "scale", "a number other than 0");
  if (unit[0] == '\0' || r->code != TL_OK) return;
  if (out->scale != 1.0 || out->offset != 0.0) {
    refuse(r, "migrate", "a unit, or scale and offset, not both");
    return;
  }
  tl_error inner;
  double at_zero = 0.0, at_one = 0.0;
  if (tl_unit_convert(&at_zero, 0.0, unit, out->unit, NULL, &inner) != TL_OK ||
      tl_unit_convert_difference(&at_one, 1.0, unit, out->unit, NULL, &inner) != TL_OK) {
    r->code = tl_fail(r->err, TL_E_UNIT, r->path, "%s: migrate: %s", r->at, inner.text);
    return;
  }
  out->scale = at_one;
  out->offset = at_zero;
}

static void read_choices(reading *r, const json_t *object, tl_governed_channel *out)
{
  char word[TL_SIGNAL_UNIT_BYTES];
  bool found = false;
  read_text(r, object, "type", word, sizeof word, true);
  for (int i = TL_STORE_I16; i <= TL_STORE_F64; i++)
    if (strcmp(word, tl_store_name((tl_store)i)) == 0) {
      out->type = (tl_store)i;
      found = true;
    }
  if (!found) refuse(r, "type", "int16, int32, uint8, float32 or float64");
  read_text(r, object, "role", word, sizeof word, true);
  if (!tl_role_find(&out->role, word)) refuse(r, "role", "state, input, output or param");
}

static void read_channel(reading *r, const json_t *object, tl_governed_channel *out)
{
  if (!json_is_object(object)) {
    refuse(r, "channels", "a list of objects");
    return;
  }
  snprintf(r->at, sizeof r->at, "a channel");
  read_text(r, object, "name", out->name, sizeof out->name, true);
  snprintf(r->at, sizeof r->at, "channel %s", out->name);
  KNOWN(r, object, "name", "unit", "type", "role", "low", "high", "resolution", "default",
        "aliases", "meaning", "migrate");
  read_text(r, object, "unit", out->unit, sizeof out->unit, true);
  read_text(r, object, "meaning", out->meaning, sizeof out->meaning, false);
  read_choices(r, object, out);
  out->low = read_number(r, object, "low", (double)-INFINITY);
  out->high = read_number(r, object, "high", (double)INFINITY);
  out->resolution = read_number(r, object, "resolution", 0.0);
  out->has_default = json_is_number(json_object_get(object, "default"));
  out->default_value = read_number(r, object, "default", 0.0);
  const json_t *aliases = json_object_get(object, "aliases");
  if (aliases && (!json_is_array(aliases) || json_array_size(aliases) > TL_GOVERNED_ALIASES_MAX))
    refuse(r, "aliases", "a list of at most 4 names");
  for (size_t i = 0; r->code == TL_OK && i < json_array_size(aliases); i++) {
    const char *alias = json_string_value(json_array_get(aliases, i));
    if (!alias || strlen(alias) >= sizeof out->alias[0])
      refuse(r, "aliases", "a list of names");
    else
      snprintf(out->alias[out->alias_count++], sizeof out->alias[0], "%s", alias);
  }
  const json_t *rule = json_object_get(object, "migrate");
  out->scale = 1.0;
  if (rule) read_rule(r, rule, out);
  r->at[0] = '\0';
}

static tl_code check_channel(const tl_governed *schema, uint32_t at, tl_error *err)
{
  const tl_governed_channel *channel = &schema->channels[at];
  tl_signal_def def = {.role = channel->role,
                       .low = channel->low,
                       .high = channel->high,
                       .resolution = channel->resolution,
                       .store = TL_STORE_F64,
                       .scale = 1.0};
  memcpy(def.name, channel->name, sizeof def.name);
  memcpy(def.unit, channel->unit, sizeof def.unit);
  const tl_code code = tl_signal_check(&def, schema->path, err);
  if (code != TL_OK) return code;
  if (channel->has_default &&
      !(channel->default_value >= channel->low && channel->default_value <= channel->high))
    return tl_fail(err, TL_E_SCHEMA, schema->path,
                   "channel %s: its default %g is outside its range %g .. %g", channel->name,
                   channel->default_value, channel->low, channel->high);
  for (uint32_t i = 0; i < at; i++)
    if (strcmp(schema->channels[i].name, channel->name) == 0)
      return tl_fail(err, TL_E_SCHEMA, schema->path, "channel %s is there twice", channel->name);
  return TL_OK;
}

static void read_root(reading *r, const json_t *root, tl_governed *out)
{
  char word[TL_SIGNAL_NAME_BYTES];
  KNOWN(r, root, "schema", "name", "version", "compatibility", "hash", "previous", "period_s",
        "resample", "policy", "channels");
  read_text(r, root, "name", out->name, sizeof out->name, true);
  const json_t *version = json_object_get(root, "version");
  if (!json_is_integer(version) || json_integer_value(version) < 1 ||
      json_integer_value(version) > 1000000)
    refuse(r, "version", "a whole number from 1");
  else
    out->version = (uint32_t)json_integer_value(version);
  read_text(r, root, "compatibility", word, sizeof word, true);
  bool found = false;
  for (int i = TL_COMPAT_NONE; i <= TL_COMPAT_FULL; i++)
    if (strcmp(word, tl_compatibility_name((tl_compatibility)i)) == 0) {
      out->compatibility = (tl_compatibility)i;
      found = true;
    }
  if (!found) refuse(r, "compatibility", "none, backward, forward or full");
  read_text(r, root, "hash", out->hash, sizeof out->hash, true);
  read_text(r, root, "previous", out->previous, sizeof out->previous, false);
  out->period_s = read_number(r, root, "period_s", 0.0);
  if (!(out->period_s >= 0.0)) refuse(r, "period_s", "0 (by the stamps) or more");
  out->resamples = read_switch(r, root, "resample");
  const json_t *policy = json_object_get(root, "policy");
  if (policy != NULL && r->code == TL_OK)
    r->code = tl_sample_policy_read(&out->policy, policy, r->path, r->err);
  const json_t *channels = json_object_get(root, "channels");
  if (!json_is_array(channels) || json_array_size(channels) == 0 ||
      json_array_size(channels) > TL_GOVERNED_CHANNELS_MAX)
    refuse(r, "channels", "a list of 1 to 256 channels");
  for (size_t i = 0; r->code == TL_OK && i < json_array_size(channels); i++)
    read_channel(r, json_array_get(channels, i), &out->channels[out->channel_count++]);
}

tl_code tl_governed_read(tl_governed *out, const char *path, tl_error *err)
{
  json_error_t problem;
  memset(out, 0, sizeof *out);
  snprintf(out->path, sizeof out->path, "%s", path);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return tl_fail(err, TL_E_IO, NULL, "%s: cannot be read", path);
  json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
  fclose(file);
  if (root == NULL) {
    char where[300];
    snprintf(where, sizeof where, "%s:%d", path, problem.line);
    return tl_fail(err, TL_E_FORMAT, where, "no JSON: %s", problem.text);
  }
  reading r = {.path = path, .err = err};
  const char *schema = json_string_value(json_object_get(root, "schema"));
  if (schema == NULL || strcmp(schema, TL_GOVERNED_SCHEMA) != 0)
    r.code = tl_fail(err, TL_E_FORMAT, path, "its schema is '%s', expected %s",
                     schema ? schema : "", TL_GOVERNED_SCHEMA);
  if (r.code == TL_OK) read_root(&r, root, out);
  for (uint32_t i = 0; r.code == TL_OK && i < out->channel_count; i++)
    r.code = check_channel(out, i, err);
  char hash[TL_SCHEMA_HASH_BYTES];
  if (r.code == TL_OK) tl_governed_hash(hash, out);
  if (r.code == TL_OK && strcmp(out->hash, "draft") != 0 && strcmp(hash, out->hash) != 0) {
    r.code =
        tl_fail(err, TL_E_SCHEMA, path,
                "its hash is %s, its content's is %s: a version never changes", out->hash, hash);
    (void)tl_fail_hint(err, "undo the edit; a change is a new version: twinloop schema add");
  }
  json_decref(root);
  return r.code;
}

/* --- out --- */
void tl_governed_hash(char hex[TL_SCHEMA_HASH_BYTES], const tl_governed *schema)
{
  tl_text text = {0};
  tl_text_addf(&text, TL_GOVERNED_SCHEMA "\n%s|%u|%s|%d|", schema->name, schema->version,
               tl_compatibility_name(schema->compatibility), schema->resamples);
  tl_text_add_double(&text, schema->period_s);
  for (uint32_t i = 0; i < schema->channel_count; i++) {
    const tl_governed_channel *c = &schema->channels[i];
    tl_text_addf(&text, "\n%s|%s|%s|%s|%d|%d|%s|%d", c->name, c->unit, tl_store_name(c->type),
                 tl_role_name(c->role), c->has_default, c->migrates, c->from, c->clamps);
    const double numbers[] = {c->low,           c->high,  c->resolution,
                              c->default_value, c->scale, c->offset};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
      tl_text_add_char(&text, '|');
      tl_text_add_double(&text, numbers[k]);
    }
    for (uint32_t k = 0; k < c->alias_count; k++) tl_text_addf(&text, "|%s", c->alias[k]);
  }
  if (tl_sample_policy_given(&schema->policy)) tl_sample_policy_write(&schema->policy, &text);
  snprintf(hex, TL_SCHEMA_HASH_BYTES, "%016llx",
           (unsigned long long)tl_hash64(tl_text_string(&text), text.length, 0));
  tl_text_free(&text);
}

static void add_key(tl_text *out, const char *key, const char *value)
{
  tl_text_addf(out, ", \"%s\": ", key);
  tl_text_add_json(out, value);
}
static void add_number(tl_text *out, const char *key, double value)
{
  if (!isfinite(value)) return;
  tl_text_addf(out, ", \"%s\": ", key);
  tl_text_add_json_double(out, value);
}

static void write_channel(const tl_governed_channel *c, tl_text *out)
{
  tl_text_add(out, "    {\"name\": ");
  tl_text_add_json(out, c->name);
  add_key(out, "unit", c->unit);
  add_key(out, "type", tl_store_name(c->type));
  add_key(out, "role", tl_role_name(c->role));
  add_number(out, "low", c->low);
  add_number(out, "high", c->high);
  if (c->resolution > 0.0) add_number(out, "resolution", c->resolution);
  if (c->has_default) add_number(out, "default", c->default_value);
  for (uint32_t i = 0; i < c->alias_count; i++) {
    tl_text_add(out, i ? ", " : ", \"aliases\": [");
    tl_text_add_json(out, c->alias[i]);
    if (i + 1 == c->alias_count) tl_text_add(out, "]");
  }
  if (c->meaning[0]) add_key(out, "meaning", c->meaning);
  if (c->migrates) {
    tl_text_add(out, ", \"migrate\": {\"from\": ");
    tl_text_add_json(out, c->from);
    add_number(out, "scale", c->scale);
    add_number(out, "offset", c->offset);
    tl_text_addf(out, "%s}", c->clamps ? ", \"clamp\": true" : "");
  }
  tl_text_add(out, "}");
}

void tl_governed_write(const tl_governed *schema, tl_text *out)
{
  tl_text_add(out, "{\n  \"schema\": \"" TL_GOVERNED_SCHEMA "\",\n  \"name\": ");
  tl_text_add_json(out, schema->name);
  tl_text_addf(
      out,
      ",\n  \"version\": %u,\n  \"compatibility\": \"%s\",\n  \"hash\": \"%s\",\n  \"previous\": ",
      schema->version, tl_compatibility_name(schema->compatibility), schema->hash);
  tl_text_add_json(out, schema->previous[0] ? schema->previous : NULL);
  tl_text_add(out, ",\n  \"period_s\": ");
  tl_text_add_json_double(out, schema->period_s);
  if (schema->resamples) tl_text_add(out, ",\n  \"resample\": true");
  if (tl_sample_policy_given(&schema->policy)) {
    tl_text_add(out, ",\n  \"policy\": ");
    tl_sample_policy_write(&schema->policy, out);
  }
  tl_text_add(out, ",\n  \"channels\": [\n");
  for (uint32_t i = 0; i < schema->channel_count; i++) {
    if (i) tl_text_add(out, ",\n");
    write_channel(&schema->channels[i], out);
  }
  tl_text_add(out, "\n  ]\n}\n");
}

void tl_governed_write_json_schema(const tl_governed *schema, tl_text *out)
{
  tl_text_addf(out,
               "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": "
               "\"urn:twinloop:%s:%u:%s\",\n  \"title\": ",
               schema->name, schema->version, schema->hash);
  tl_text_add_json(out, schema->name);
  tl_text_add(out, ",\n  \"type\": \"object\",\n  \"additionalProperties\": false,\n  "
                   "\"required\": [\"time_ns\"");
  for (uint32_t i = 0; i < schema->channel_count; i++) {
    if (schema->channels[i].has_default) continue;
    tl_text_add(out, ", ");
    tl_text_add_json(out, schema->channels[i].name);
  }
  tl_text_add(out, "],\n  \"properties\": {\n    \"time_ns\": {\"type\": \"integer\"}");
  for (uint32_t i = 0; i < schema->channel_count; i++) {
    const tl_governed_channel *c = &schema->channels[i];
    tl_text_add(out, ",\n    ");
    tl_text_add_json(out, c->name);
    tl_text_addf(out, ": {\"type\": [\"%s\", \"null\"]",
                 c->type <= TL_STORE_U8 ? "integer" : "number");
    add_number(out, "minimum", c->low);
    add_number(out, "maximum", c->high);
    if (c->has_default) add_number(out, "default", c->default_value);
    add_key(out, "x-unit", c->unit);
    if (c->meaning[0]) add_key(out, "description", c->meaning);
    tl_text_add(out, "}");
  }
  tl_text_add(out, "\n  }\n}\n");
}

/* --- from elsewhere --- */
tl_code tl_governed_from_columns(tl_governed *out, const char *name, const tl_column *columns,
                                 uint32_t count, tl_error *err)
{
  memset(out, 0, sizeof *out);
  if (count > TL_GOVERNED_CHANNELS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s has %u columns, a schema at most %d", name, count,
                   TL_GOVERNED_CHANNELS_MAX);
  snprintf(out->name, sizeof out->name, "%s", name);
  out->compatibility = TL_COMPAT_BACKWARD;
  out->channel_count = count;
  for (uint32_t i = 0; i < count; i++) {
    const tl_column *from = &columns[i];
    tl_governed_channel *to = &out->channels[i];
    snprintf(to->name, sizeof to->name, "%s", from->name);
    snprintf(to->unit, sizeof to->unit, "%s", from->unit);
    snprintf(to->meaning, sizeof to->meaning, "%s", from->meaning ? from->meaning : "");
    to->type = from->type == TL_F64   ? TL_STORE_F64
               : from->type == TL_F32 ? TL_STORE_F32
               : from->type == TL_I32 ? TL_STORE_I32
                                      : TL_STORE_U8;
    to->role = from->role;
    to->low = from->low;
    to->high = from->high;
    to->resolution = from->resolution;
    to->has_default = from->role == TL_INPUT || from->role == TL_PARAM;
    if (to->has_default) to->default_value = from->initial;
    to->scale = 1.0;
  }
  return TL_OK;
}

tl_code tl_governed_from_recording(tl_governed *out, const tl_recording *recording, uint32_t fleet,
                                   tl_error *err)
{
  const tl_recording_fleet *held = tl_recording_fleet_at(recording, fleet);
  memset(out, 0, sizeof *out);
  if (held->signal_count > TL_GOVERNED_CHANNELS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: %u signals, a schema has at most %d",
                   tl_recording_path(recording), held->signal_count, TL_GOVERNED_CHANNELS_MAX);
  snprintf(out->name, sizeof out->name, "%s", held->name);
  out->period_s = (double)held->period_ns * 1e-9;
  out->channel_count = held->signal_count;
  for (uint32_t i = 0; i < held->signal_count; i++) {
    const tl_signal_def *from = &held->signals[i];
    tl_governed_channel *to = &out->channels[i];
    memcpy(to->name, from->name, sizeof to->name);
    memcpy(to->unit, from->unit, sizeof to->unit);
    to->type = from->store;
    to->role = from->role;
    to->low = from->low;
    to->high = from->high;
    to->resolution = from->resolution;
    to->scale = 1.0;
  }
  return TL_OK;
}
