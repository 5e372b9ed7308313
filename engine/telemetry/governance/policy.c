/* policy.c: what a schema says of samples that come late, twice, out of order or by a wrong clock. */
#include "telemetry/governance/policy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const duplicates[] = {"refuse", "first", "last"};
static const char *const backwards[] = {"refuse", "drop", "sort"};

typedef struct policy_reading {
  const char *path;
  tl_error *err;
  tl_code code;
} policy_reading;

static void refuse(policy_reading *r, const char *key, const char *wanted)
{
  if (r->code == TL_OK)
    r->code = tl_fail(r->err, TL_E_FORMAT, r->path, "policy: '%s' must be %s", key, wanted);
}

static void known_keys(policy_reading *r, const json_t *object, const char *const *keys,
                       size_t count)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    bool known = false;
    for (size_t i = 0; i < count; i++) known = known || strcmp(keys[i], key) == 0;
    if (known || r->code != TL_OK) continue;
    r->code = tl_fail(r->err, TL_E_FORMAT, r->path, "policy: unknown key '%s'", key);
    const char *near = tl_text_closest(key, keys, count);
    if (near) (void)tl_fail_hint(r->err, "did you mean '%s'?", near);
  }
}

/* Is the key there? Then *out is which of three words it is. */
static bool choice(policy_reading *r, const json_t *object, const char *key,
                   const char *const words[3], int *out)
{
  const json_t *value = json_object_get(object, key);
  const char *word = json_string_value(value);
  char wanted[64];
  if (value == NULL) return false;
  for (int i = 0; i < 3 && word != NULL; i++)
    if (strcmp(words[i], word) == 0) {
      *out = i;
      return true;
    }
  snprintf(wanted, sizeof wanted, "%s, %s or %s", words[0], words[1], words[2]);
  refuse(r, key, wanted);
  return false;
}

static bool number(policy_reading *r, const json_t *object, const char *key, double low,
                   double *out)
{
  const json_t *value = json_object_get(object, key);
  if (value == NULL) return false;
  *out = json_number_value(value);
  if (!json_is_number(value) || !isfinite(*out) || !(*out >= low) || fabs(*out) > 1e9)
    refuse(r, key, low == 0.0 ? "a number of 0 or more" : "a number");
  return true;
}

tl_code tl_sample_policy_read(tl_sample_policy *out, const json_t *object, const char *path,
                              tl_error *err)
{
  static const char *const keys[] = {"duplicates", "backwards", "lateness_s", "clock"};
  static const char *const clock_keys[] = {"offset_s", "rate"};
  policy_reading r = {path, err, TL_OK};
  const json_t *clock = json_object_get(object, "clock");
  int which = 0;
  memset(out, 0, sizeof *out);
  if (!json_is_object(object)) return tl_fail(err, TL_E_FORMAT, path, "'policy' must be an object");
  known_keys(&r, object, keys, sizeof keys / sizeof *keys);
  out->has_duplicates = choice(&r, object, "duplicates", duplicates, &which);
  out->duplicates = (tl_import_duplicates)which;
  which = 0;
  out->has_backwards = choice(&r, object, "backwards", backwards, &which);
  out->backwards = (tl_import_backwards)which;
  out->has_lateness = number(&r, object, "lateness_s", 0.0, &out->lateness_s);
  if (out->has_lateness && out->backwards != TL_BACKWARDS_SORT)
    refuse(&r, "lateness_s", "beside backwards \"sort\"");
  out->has_clock = clock != NULL;
  if (clock != NULL && !json_is_object(clock)) refuse(&r, "clock", "an object");
  if (clock != NULL && r.code == TL_OK) {
    known_keys(&r, clock, clock_keys, 2);
    number(&r, clock, "offset_s", -1e9, &out->clock_offset_s);
    number(&r, clock, "rate", -1e9, &out->clock_rate);
  }
  return r.code;
}

bool tl_sample_policy_given(const tl_sample_policy *p)
{
  return p->has_duplicates || p->has_backwards || p->has_lateness || p->has_clock;
}

void tl_sample_policy_write(const tl_sample_policy *p, tl_text *out)
{
  const char *comma = "";
  tl_text_add_char(out, '{');
  if (p->has_duplicates) {
    tl_text_addf(out, "\"duplicates\": \"%s\"", duplicates[p->duplicates]);
    comma = ", ";
  }
  if (p->has_backwards) {
    tl_text_addf(out, "%s\"backwards\": \"%s\"", comma, backwards[p->backwards]);
    comma = ", ";
  }
  if (p->has_lateness) {
    tl_text_addf(out, "%s\"lateness_s\": ", comma);
    tl_text_add_json_double(out, p->lateness_s);
  }
  if (p->has_clock) {
    tl_text_addf(out, "%s\"clock\": {\"offset_s\": ", comma);
    tl_text_add_json_double(out, p->clock_offset_s);
    tl_text_add(out, ", \"rate\": ");
    tl_text_add_json_double(out, p->clock_rate);
    tl_text_add_char(out, '}');
  }
  tl_text_add_char(out, '}');
}

static tl_code contradicts(const tl_import_map *map, const char *schema, const char *key,
                           const char *said, const char *other, tl_error *err)
{
  tl_fail(err, TL_E_SCHEMA, map->path, "%s is %s here, schema %s says %s", key, said, schema,
          other);
  return tl_fail_hint(err, "leave %s to the schema, or make a new version of it", key);
}

static tl_code apply_clock(const tl_sample_policy *p, const char *schema, tl_import_map *map,
                           tl_error *err)
{
  tl_import_clock *clock = &map->clock;
  const bool has_reference = clock->reference.number > 0 || clock->reference.name[0] != '\0';
  if (clock->given &&
      (has_reference || clock->offset_s != p->clock_offset_s || clock->rate != p->clock_rate))
    return contradicts(map, schema, "clock", "another correction", "how it is put right", err);
  clock->given = true;
  clock->offset_s = p->clock_offset_s;
  clock->rate = p->clock_rate;
  return TL_OK;
}

tl_code tl_sample_policy_apply(const tl_sample_policy *p, const char *schema, tl_import_map *map,
                               bool says_duplicates, bool says_backwards, tl_error *err)
{
  const double lateness_s = 1e-9 * (double)map->lateness_ns;
  if (p->has_duplicates && says_duplicates && p->duplicates != map->duplicates)
    return contradicts(map, schema, "time.duplicates", duplicates[map->duplicates],
                       duplicates[p->duplicates], err);
  if (p->has_backwards && says_backwards && p->backwards != map->backwards)
    return contradicts(map, schema, "time.backwards", backwards[map->backwards],
                       backwards[p->backwards], err);
  if (p->has_lateness && map->has_lateness && fabs(lateness_s - p->lateness_s) > 1e-9)
    return contradicts(map, schema, "time.lateness", "another time", "how long to wait", err);
  if (p->has_duplicates) map->duplicates = p->duplicates;
  if (p->has_backwards) map->backwards = p->backwards;
  if (p->has_lateness) {
    map->has_lateness = true;
    if (!tl_time_from_double(&map->lateness_ns, p->lateness_s, TL_TIME_S))
      return tl_fail(err, TL_E_ARG, map->path, "schema %s: lateness_s is too long", schema);
  }
  return p->has_clock ? apply_clock(p, schema, map, err) : TL_OK;
}
