/* detector_card.c: a model's card beside its file, held against what a detector feeds it. */
#include "script/binding.h"
#include "telemetry/governance/registry.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARD_SCHEMA "twinloop.model_card/"

typedef struct card { /* what one check needs */
  const char *model;  /* its name, for messages */
  const char *where;  /* of the detector in the scenario */
  const tl_fleet_def *def;
  const tl_twin_type *twin;
  bool is_driven; /* it samples at a recording's stamps, not by the tick */
  tl_error *err;
} card;

typedef struct source { /* what a channel of the detector reads */
  const char *kind, *name, *column, *unit;
  double low, high; /* that it can deliver; infinite: not declared */
} source;

static source source_of(const card *c, const tl_feature_def *feature)
{
  const bool is_sensor = feature->source == TL_FEATURE_SENSOR;
  const tl_sensor_def *sensor = &c->def->sensors[is_sensor ? feature->index : 0];
  const tl_actuator_def *actuator = &c->def->actuators[is_sensor ? 0 : feature->index];
  source out = is_sensor
                   ? (source){"sensor", sensor->name, sensor->column, "", sensor->low, sensor->high}
                   : (source){"actuator", actuator->name, actuator->column,
                              "",         actuator->low,  actuator->high};
  for (uint32_t i = 0; i < c->twin->column_count; i++)
    if (strcmp(c->twin->columns[i].name, out.column) == 0) out.unit = c->twin->columns[i].unit;
  return out;
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-9 * (1.0 + fabs(a) + fabs(b)); }

static double number_or(const json_t *object, const char *key, double otherwise)
{
  const json_t *value = json_object_get(object, key);
  return json_is_number(value) ? json_number_value(value) : otherwise;
}

static tl_code check_values(const card *c, const json_t *input, const tl_feature_def *feature,
                            const source *from)
{
  const double low = number_or(input, "low", (double)-INFINITY);
  const double high = number_or(input, "high", (double)INFINITY);
  const double factor = number_or(input, "scale", 1.0), offset = number_or(input, "offset", 0.0);
  const bool is_difference = json_is_true(json_object_get(input, "difference"));
  if (is_difference != (feature->minus != NULL)) {
    tl_fail(c->err, TL_E_SCHEMA, c->where, "model '%s' takes %s %s, %s '%s' gives it %s", c->model,
            from->column, is_difference ? "less another column" : "as it is", from->kind,
            from->name, is_difference ? "as it is" : "less another column");
    return tl_fail_hint(c->err, is_difference ? "give the channel a minus = \"COLUMN\""
                                              : "leave out minus");
  }
  if (!near(feature->scale, factor) || !near(-feature->mean * feature->scale, offset)) {
    tl_fail(c->err, TL_E_SCHEMA, c->where,
            "model '%s' takes %s x %g + %g, %s '%s' gives it %s x %g + %g", c->model, from->column,
            factor, offset, from->kind, from->name, from->column, feature->scale,
            -feature->mean * feature->scale + 0.0);
    return tl_fail_hint(c->err, "mean = %g, scale = %g",
                        factor != 0.0 ? -offset / factor + 0.0 : 0.0, factor);
  }
  const bool is_wider =
      (isfinite(from->low) && from->low < low) || (isfinite(from->high) && from->high > high);
  if (is_difference || !is_wider) return TL_OK;
  tl_fail(c->err, TL_E_SCHEMA, c->where,
          "model '%s' takes %s from %g to %g %s, %s '%s' gives %g to %g", c->model, from->column,
          low, high, from->unit, from->kind, from->name, from->low, from->high);
  return tl_fail_hint(c->err, "set low and high of the %s, or train a model for that range",
                      from->kind);
}

static tl_code check_channel(const card *c, const json_t *input, const tl_feature_def *feature,
                             uint32_t index)
{
  const char *channel = json_string_value(json_object_get(input, "channel"));
  const char *unit = json_string_value(json_object_get(input, "unit"));
  const source from = source_of(c, feature);
  if (channel == NULL || unit == NULL)
    return tl_fail(c->err, TL_E_FORMAT, c->where,
                   "card of model '%s': input %u needs a channel and a unit", c->model, index + 1);
  if (strcmp(channel, from.column) != 0) {
    tl_fail(c->err, TL_E_SCHEMA, c->where, "channel %u of model '%s' is %s, %s '%s' is of %s",
            index + 1, c->model, channel, from.kind, from.name, from.column);
    return tl_fail_hint(c->err, "channels stand in the order of the model's card");
  }
  if (strcmp(unit, from.unit) != 0) {
    tl_fail(c->err, TL_E_UNIT, c->where, "model '%s' takes %s in %s, twin '%s' has it in %s",
            c->model, channel, unit, c->twin->name, from.unit);
    return tl_fail_hint(c->err, "train the model on %s in %s, or correct its card", channel,
                        from.unit);
  }
  return check_values(c, input, feature, &from);
}

static tl_code check_inputs(const card *c, const json_t *root)
{
  const json_t *inputs = json_object_get(root, "inputs");
  const tl_detector_input *taken = &c->def->detector.inputs[0];
  const double period_s = number_or(root, "period_s", 0.0), tick_s = 1e-9 * (double)c->def->tick_ns;
  if (json_array_size(inputs) != taken->channel_count) {
    tl_fail(c->err, TL_E_SCHEMA, c->where,
            "model '%s' takes %zu channels, the detector gives it %u", c->model,
            json_array_size(inputs), taken->channel_count);
    return tl_fail_hint(c->err, "twinloop schema check %s --model FILE says what is in its card",
                        c->twin->name);
  }
  if (!c->is_driven && !near(period_s, tick_s)) {
    tl_fail(c->err, TL_E_SCHEMA, c->where,
            "model '%s' takes a sample every %g s, the fleet has one every %g s", c->model,
            period_s, tick_s);
    return tl_fail_hint(c->err, "tick = %g*s", period_s);
  }
  for (uint32_t i = 0; i < taken->channel_count; i++) {
    const tl_code code = check_channel(c, json_array_get(inputs, i), &taken->channels[i], i);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

/* The card's channels are the schema's. */
static tl_code check_registered(const card *c, const tl_governed *schema, const json_t *root)
{
  size_t index;
  const json_t *input;
  json_array_foreach(json_object_get(root, "inputs"), index, input)
  {
    const char *name = json_string_value(json_object_get(input, "channel"));
    const char *unit = json_string_value(json_object_get(input, "unit"));
    const tl_governed_channel *channel = NULL;
    for (uint32_t i = 0; name != NULL && i < schema->channel_count; i++)
      if (strcmp(schema->channels[i].name, name) == 0) channel = &schema->channels[i];
    if (channel == NULL)
      return tl_fail(c->err, TL_E_SCHEMA, c->where,
                     "card of model '%s': schema %s@%u has no channel '%s'", c->model, schema->name,
                     schema->version, name != NULL ? name : "");
    if (unit == NULL || strcmp(unit, channel->unit) != 0)
      return tl_fail(c->err, TL_E_UNIT, c->where,
                     "card of model '%s': %s is in %s, in schema %s@%u in %s", c->model, name,
                     unit != NULL ? unit : "no unit", schema->name, schema->version, channel->unit);
  }
  return TL_OK;
}

/* The card's own schema is that of the twin, and where a registry stands beside the program's assets it is read: a card of
 * a version that was never registered, or whose file was edited, is refused. */
static tl_code check_governed(const card *c, tl_scenario *s, const json_t *root)
{
  const char *governed = json_string_value(json_object_get(root, "governed_by"));
  const size_t length = governed != NULL ? strcspn(governed, "@") : 0;
  if (governed == NULL || governed[length] != '@' || length == 0)
    return tl_fail(c->err, TL_E_FORMAT, c->where, "card of model '%s': governed_by must be NAME@N",
                   c->model);
  if (strlen(c->twin->name) != length || strncmp(governed, c->twin->name, length) != 0)
    return tl_fail(c->err, TL_E_SCHEMA, c->where,
                   "model '%s' is governed by schema %s, the fleet is of twin '%s'", c->model,
                   governed, c->twin->name);
  char name[256], path[1024];
  tl_error none;
  snprintf(name, sizeof name, "schemas/%.*s/%.20s.json", (int)length, governed,
           governed + length + 1);
  if (script_find_file(s, name, c->where, path, sizeof path, &none) != TL_OK) return TL_OK;
  tl_governed *schema = malloc(sizeof *schema);
  tl_code code = schema != NULL ? tl_governed_read(schema, path, c->err)
                                : tl_fail(c->err, TL_E_LIMIT, c->where, "out of memory");
  if (code == TL_OK) code = check_registered(c, schema, root);
  free(schema);
  return code;
}

/* A JSON beside a model that is no card (a converter's, say) is nobody's business here. */
static tl_code check_card(const card *c, tl_scenario *s, const char *path)
{
  json_error_t problem;
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
  if (root == NULL)
    return tl_fail(c->err, TL_E_FORMAT, c->where, "%s:%d: card of model '%s' is no JSON: %s", path,
                   problem.line, c->model, problem.text);
  const char *kind = json_string_value(json_object_get(root, "schema"));
  tl_code code = TL_OK;
  if (kind != NULL && strncmp(kind, CARD_SCHEMA, strlen(CARD_SCHEMA)) == 0) {
    code = strcmp(kind, CARD_SCHEMA "1") == 0
               ? check_governed(c, s, root)
               : tl_fail(c->err, TL_E_SCHEMA, c->where,
                         "card of model '%s': schema is '%s', expected '" CARD_SCHEMA "1'",
                         c->model, kind);
    if (code == TL_OK) code = check_inputs(c, root);
  }
  json_decref(root);
  return code;
}

void script_check_model_card(lua_State *L, tl_scenario *s, const tl_fleet_def *def,
                             const tl_twin_type *twin, bool is_driven, const char *model,
                             const char *model_path)
{
  char where[160], path[1024];
  tl_error err;
  const char *dot = strrchr(model_path, '.');
  const size_t stem =
      dot != NULL && strchr(dot, '/') == NULL ? (size_t)(dot - model_path) : strlen(model_path);
  if (stem + sizeof ".json" > sizeof path) return;
  snprintf(path, sizeof path, "%.*s.json", (int)stem, model_path);
  if (access(path, F_OK) != 0) return;
  script_where_word(L, model, where, sizeof where);
  const card c = {.model = model,
                  .where = where,
                  .def = def,
                  .twin = twin,
                  .is_driven = is_driven,
                  .err = &err};
  tl_sandbox_pause(s->sandbox);
  const tl_code code = check_card(&c, s, path);
  tl_sandbox_continue(s->sandbox);
  if (code != TL_OK) tl_script_raise_error(L, &err);
}
