/* parameters.c: a parameter file that calibrate wrote, as values of a device's columns. */
#include "base/hash.h"
#include "base/text.h"
#include "script/binding.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_SCHEMA "twinloop.parameters/1"

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static tl_code read_row(script_parameter *out, const json_t *row, const char *name, size_t index,
                        tl_error *err)
{
  const json_t *value = json_object_get(row, "value");
  const char *column = text_of(row, "name"), *unit = text_of(row, "unit");
  if (!json_is_number(value) || column[0] == '\0' || strlen(column) >= sizeof out->name ||
      unit[0] == '\0' || strlen(unit) >= sizeof out->unit ||
      strlen(text_of(row, "device")) >= sizeof out->device)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s: parameter %zu has no name, unit or value", name,
                   index + 1);
  snprintf(out->name, sizeof out->name, "%s", column);
  snprintf(out->unit, sizeof out->unit, "%s", unit);
  snprintf(out->device, sizeof out->device, "%s", text_of(row, "device"));
  out->value = json_number_value(value);
  out->is_fitted = json_is_true(json_object_get(row, "fitted"));
  out->at_bound = json_is_true(json_object_get(row, "at_bound"));
  out->low = number_of(row, "low");
  out->high = number_of(row, "high");
  return TL_OK;
}

static tl_code check_schema(const json_t *json, const char *name, tl_error *err)
{
  const char *schema = text_of(json, "schema");
  if (strcmp(schema, PARAMETERS_SCHEMA) == 0) return TL_OK;
  return tl_fail(err, strncmp(schema, "twinloop.parameters/", 20) == 0 ? TL_E_SCHEMA : TL_E_FORMAT,
                 NULL, "%s: schema is '%s', this program reads '" PARAMETERS_SCHEMA "'", name,
                 schema);
}

/* Everything out of the JSON; its tree is the caller's. */
static tl_code fill(script_parameters *out, const json_t *json, const char *name, tl_error *err)
{
  const json_t *list = json_object_get(json, "parameters");
  snprintf(out->file, sizeof out->file, "%s", name);
  snprintf(out->twin, sizeof out->twin, "%s", text_of(json, "twin"));
  for (size_t i = 0; i < json_array_size(list); i++) {
    const tl_code code = read_row(&out->row[i], json_array_get(list, i), name, i, err);
    if (code != TL_OK) return code;
    out->count++;
  }
  return TL_OK;
}

static tl_code load(json_t **out, const char *path, const char *name, tl_error *err)
{
  json_error_t problem;
  *out = json_load_file(path, 0, &problem);
  if (*out == NULL)
    return tl_fail(err, TL_E_FORMAT, NULL, "%s:%d: %s", name, problem.line, problem.text);
  return check_schema(*out, name, err);
}

int api_parameters(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const char *name = luaL_checkstring(L, 1);
  char where[160], path[1024], sha[TL_SHA256_HEX_BYTES];
  tl_error err;
  json_t *json = NULL;
  script_where_word(L, name, where, sizeof where);
  tl_code code = script_find_file(s, name, where, path, sizeof path, &err);
  if (code == TL_OK) code = tl_sha256_file(sha, path, &err);
  if (code == TL_OK) code = load(&json, path, name, &err);
  const size_t count = code == TL_OK ? json_array_size(json_object_get(json, "parameters")) : 0;
  script_parameters *out = NULL;
  if (code == TL_OK && count < 100000) { /* C memory: a Lua error would lose the tree */
    out = calloc(1, sizeof *out + count * sizeof out->row[0]);
    code = out != NULL ? fill(out, json, name, &err)
                       : tl_fail(&err, TL_E_LIMIT, where, "out of memory");
  }
  json_decref(json);
  if (out != NULL && !script_keep_block(s, out)) {
    free(out);
    return script_no_memory(L);
  }
  if (code != TL_OK || out == NULL) {
    const tl_error inner = err;
    if (inner.where[0] == '\0') {
      tl_fail(&err, inner.code, where, "%s", inner.text);
      if (inner.hint[0] != '\0') tl_fail_hint(&err, "%s", inner.hint);
    }
    return tl_script_raise_error(L, &err);
  }
  if (script_note_file(s, "parameters", name, path, sha) != TL_OK) return script_no_memory(L);
  script_parameters **held = lua_newuserdatauv(L, sizeof *held, 0);
  *held = out;
  luaL_setmetatable(L, SCRIPT_PARAMETERS);
  return 1;
}

static bool is_written(const tl_scenario *s, uint32_t fleet, uint32_t column)
{
  for (uint32_t i = 0; i < s->write_count; i++)
    if (s->writes[i].fleet == fleet && s->writes[i].column == column) return true;
  return false;
}

static tl_code check_row(const script_parameters *p, const script_parameter *row,
                         const script_fleet *fleet, const tl_column *column, double *value,
                         tl_error *err)
{
  tl_unit from, to;
  *value = row->value;
  if (strcmp(row->unit, column->unit) != 0) {
    if (tl_unit_find(&from, row->unit, fleet->where, err) != TL_OK) return err->code;
    if (tl_unit_find(&to, column->unit, fleet->where, err) != TL_OK) return err->code;
    if (!tl_unit_same_dimension(&from, &to))
      return tl_fail(err, TL_E_UNIT, fleet->where, "%s: '%s' is in %s, the twin has it in %s",
                     p->file, row->name, row->unit, column->unit);
    *value = tl_unit_apply(row->value, &from, &to);
  }
  if (*value >= column->low && *value <= column->high) return TL_OK;
  return tl_fail(err, TL_E_ARG, fleet->where, "%s: '%s' is outside of its range", p->file,
                 row->name);
}

/* For the report, once a file: several devices may share it. */
static bool note_fitted(tl_scenario *s, const script_parameters *p, const script_parameter *row)
{
  for (uint32_t i = 0; i < s->fitted_count; i++)
    if (strcmp(s->fitted[i].file, p->file) == 0 && strcmp(s->fitted[i].name, row->name) == 0)
      return true;
  if (!script_grow(&s->fitted, &s->fitted_room, s->fitted_count, sizeof *s->fitted)) return false;
  s->fitted[s->fitted_count++] = (tl_scenario_parameter){.file = p->file,
                                                         .name = row->name,
                                                         .unit = row->unit,
                                                         .value = row->value,
                                                         .low = row->low,
                                                         .high = row->high,
                                                         .at_bound = row->at_bound};
  return true;
}

const script_parameters *script_test_parameters(lua_State *L, int index)
{
  script_parameters *const *held = luaL_testudata(L, index, SCRIPT_PARAMETERS);
  return held != NULL ? *held : NULL;
}

void script_write_parameters(lua_State *L, tl_scenario *s, const script_parameters *p,
                             uint32_t index)
{
  const script_fleet *fleet = &s->fleets[index];
  tl_error err;
  if (strcmp(p->twin, fleet->twin->name) != 0) {
    tl_fail(&err, TL_E_ARG, fleet->where, "%s is for twin '%s', '%s' is a '%s'", p->file, p->twin,
            fleet->name, fleet->twin->name);
    tl_script_raise_error(L, &err);
  }
  for (uint32_t i = 0; i < p->count; i++) {
    const script_parameter *row = &p->row[i];
    if (row->device[0] != '\0' && strcmp(row->device, fleet->name) != 0) continue;
    uint32_t column = 0;
    while (column < fleet->twin->column_count &&
           strcmp(fleet->twin->columns[column].name, row->name) != 0)
      column++;
    if (column == fleet->twin->column_count) {
      const char *names[128];
      uint32_t count = 0;
      for (; count < fleet->twin->column_count && count < 128; count++)
        names[count] = fleet->twin->columns[count].name;
      const char *near = tl_text_closest(row->name, names, count);
      tl_fail(&err, TL_E_NAME, fleet->where, "%s: twin '%s' has no column '%s'", p->file,
              fleet->twin->name, row->name);
      if (near != NULL) tl_fail_hint(&err, "did you mean '%s'?", near);
      tl_script_raise_error(L, &err);
    }
    if (is_written(s, index, column)) continue; /* the scenario's own word wins */
    script_write w = {.fleet = index, .column = column, .spread = {.kind = SPREAD_CONSTANT}};
    if (check_row(p, row, fleet, &fleet->twin->columns[column], &w.spread.a, &err) != TL_OK)
      tl_script_raise_error(L, &err);
    snprintf(w.where, sizeof w.where, "%s", fleet->where);
    if (!script_grow(&s->writes, &s->write_room, s->write_count, sizeof *s->writes))
      script_no_memory(L);
    s->writes[s->write_count++] = w;
    if (row->is_fitted && !note_fitted(s, p, row)) script_no_memory(L);
  }
}
