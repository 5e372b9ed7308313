/* fleet.c: turns a fleet's recipe into columns: the twin's, then those of its sensors, actuators,
 * controller, detector. */
#include "sim/internal.h"

#include "base/hash.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tl_fleet_def tl_fleet_def_default(void)
{
  return (tl_fleet_def){
      .count = 1, .dt_ns = 500000000, .tick_ns = 1000000000, .cookie_ = TL_FLEET_COOKIE};
}

tl_sensor_def tl_sensor_def_default(void) { return (tl_sensor_def){.low = -1e12, .high = 1e12}; }

tl_actuator_def tl_actuator_def_default(void) { return (tl_actuator_def){.low = 0.0, .high = 1.0}; }

tl_controller_def tl_controller_def_default(void)
{
  return (tl_controller_def){.kind = TL_CONTROL_NONE, .name = "control", .band = 0.5};
}

tl_detector_def tl_detector_def_default(void)
{
  return (tl_detector_def){.name = "detector",
                           .version_count = 1,
                           .input_count = 1,
                           .hop = 1,
                           .threshold = 1e12,
                           .persist = 1,
                           .inputs = {{.channel_count = 1, .channels = {{.scale = 1.0}}}}};
}

static const tl_twin_type *find_twin(const tl_world *world, const tl_fleet_def *def, tl_error *err)
{
  const char *names[64];
  uint32_t count = 0;
  for (uint32_t i = 0; i < world->def.twin_count; i++) {
    if (strcmp(world->def.twins[i]->name, def->twin) == 0) return world->def.twins[i];
    if (count < 64) names[count++] = world->def.twins[i]->name;
  }
  tl_fail(err, TL_E_NAME, def->where, "unknown twin '%s'", def->twin);
  const char *near = tl_text_closest(def->twin, names, count);
  if (near) tl_fail_hint(err, "did you mean '%s'?", near);
  return NULL;
}

static tl_code check_times(const tl_fleet_def *def, const tl_twin_type *twin, tl_error *err)
{
  if (def->dt_ns <= 0)
    return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': dt must be positive", def->name);
  if ((double)def->dt_ns / 1e9 > twin->dt_s_max) {
    char most[TL_TEXT_DOUBLE_BYTES];
    tl_text_format_double(most, twin->dt_s_max);
    return tl_fail(err, TL_E_ARG, def->where,
                   "fleet '%s': dt is larger than %s s, the most that twin '%s' allows", def->name,
                   most, twin->name);
  }
  if (!def->stamps_ns) {
    if (def->tick_ns <= 0 || def->tick_ns % def->dt_ns != 0)
      return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': tick must be a multiple of dt",
                     def->name);
    return def->tick_ns / def->dt_ns > 1000000
               ? tl_fail(err, TL_E_ARG, def->where, "fleet '%s': more than a million steps a tick",
                         def->name)
               : TL_OK;
  }
  if (def->stamp_count < 2)
    return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': a recording needs two stamps",
                   def->name);
  if (def->stamps_ns[0] < 0)
    return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': stamps begin before 0", def->name);
  for (uint32_t i = 1; i < def->stamp_count; i++) {
    if (def->stamps_ns[i] <= def->stamps_ns[i - 1])
      return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': stamp %u is not after the one before",
                     def->name, i);
    if ((def->stamps_ns[i] - def->stamps_ns[i - 1]) / def->dt_ns >= 100000000)
      return tl_fail(err, TL_E_ARG, def->where,
                     "fleet '%s': more than 100 million steps before stamp %u", def->name, i);
  }
  return TL_OK;
}

enum {
  COMPONENT_NAME_MAX = TL_NAME_BYTES - 1 - 13
}; /* its longest column, NAME.drift_from_s, must fit */

/* A sensor's, actuator's, controller's or detector's name: the part of its columns' names before
 * the dot. */
static tl_code check_name(const char *what, const char *name, const char *where, tl_error *err)
{
  if (name && name[0] && strlen(name) <= COMPONENT_NAME_MAX && !strpbrk(name, "/. ")) return TL_OK;
  return tl_fail(err, TL_E_ARG, where,
                 "%s's name '%s': it has 1 to %d characters and no '/', '.' or space", what,
                 name ? name : "", COMPONENT_NAME_MAX);
}

/* Adds the column `prefix.suffix` (or `prefix`). */
static tl_code add(tl_fleet *fleet, const char *prefix, const char *suffix, const char *unit,
                   tl_role role, tl_region region, double initial, double low, double high,
                   double resolution, const char *meaning, uint32_t *out, tl_error *err)
{
  char name[2 * TL_NAME_BYTES];
  snprintf(name, sizeof name, suffix[0] ? "%s.%s" : "%s%s", prefix, suffix);
  const tl_column column = {name, role, TL_F64, unit, initial, low, high, resolution, meaning};
  return tl_store_add(&fleet->store, &column, region, out, err);
}

static tl_code twin_column(const tl_fleet *fleet, const char *name, const char *who,
                           const char *where, uint32_t *out, tl_error *err)
{
  const char *names[128];
  uint32_t count = 0;
  for (uint32_t i = 0; i < fleet->twin->column_count; i++) {
    if (strcmp(fleet->twin->columns[i].name, name) == 0) {
      *out = i;
      return TL_OK;
    }
    if (count < 128) names[count++] = fleet->twin->columns[i].name;
  }
  tl_fail(err, TL_E_NAME, where, "%s: twin '%s' has no column '%s'", who, fleet->twin->name, name);
  const char *near = tl_text_closest(name, names, count);
  if (near) tl_fail_hint(err, "did you mean '%s'?", near);
  return TL_E_NAME; /* whoever wants no sentence (err NULL) still gets the code */
}

#define PARAM TL_PARAM, TL_REGION_PARAM
#define STATE TL_STATE, TL_REGION_DYNAMIC

static tl_code add_sensor(const tl_world *world, tl_fleet *fleet, const tl_fleet_def *def,
                          uint32_t index, tl_error *err)
{
  tl_sensor *s = &fleet->sensors[index];
  s->def = def->sensors[index];
  tl_code code = check_name("sensor", s->def.name, def->where, err);
  if (code != TL_OK) return code;
  snprintf(s->name, sizeof s->name, "%s", s->def.name);
  if (!(s->def.low < s->def.high))
    return tl_fail(err, TL_E_ARG, def->where, "sensor '%s': low must be below high", s->name);
  code = twin_column(fleet, s->def.column, s->name, def->where, &s->truth, err);
  if (code != TL_OK) return code;
  const tl_column *truth = &fleet->twin->columns[s->truth];
  if (truth->role == TL_OUTPUT) fleet->outputs_sensed = true;
  const char *unit = truth->unit;
  char per_s[32];
  snprintf(per_s, sizeof per_s, "%s/s", unit);
  const double low = truth->low > s->def.low ? truth->low : s->def.low,
               high = truth->high < s->def.high ? truth->high : s->def.high;
  const double start = truth->initial < s->def.low    ? s->def.low
                       : truth->initial > s->def.high ? s->def.high
                                                      : truth->initial;
  const struct {
    const char *suffix, *unit;
    tl_role role;
    tl_region region;
    double initial, low, high, resolution;
    uint32_t *out;
    const char *meaning;
  } rows[] = {
      {"", unit, STATE, start, low, high, truth->resolution, &s->measured, "measured value"},
      {"missing", "1", TL_OUTPUT, TL_REGION_SCRATCH, 0, 0, 1, 1, &s->missing,
       "1 when this sample is missing"},
      {"noise", unit, PARAM, s->def.noise, 0, 1e9, 0, &s->noise, "standard deviation of the noise"},
      {"bias", unit, PARAM, s->def.bias, -1e9, 1e9, 0, &s->bias, "constant error"},
      {"drift_per_s", per_s, PARAM, 0, -1e9, 1e9, 0, &s->drift_per_s, "growth of the error"},
      {"drift_from_s", "s", PARAM, 0, 0, 1e12, 0, &s->drift_from_s,
       "time from which the drift grows"},
      {"resolution", unit, PARAM, s->def.resolution, 0, 1e9, 0, &s->resolution,
       "quantisation step"},
      {"dropout", "1", PARAM, s->def.dropout_ratio, 0, 1, 0, &s->dropout,
       "probability that a sample is missing"},
      {"stuck", "1", PARAM, 0, 0, 1, 0, &s->stuck, "1: keeps its last value"},
  };
  for (uint32_t i = 0; code == TL_OK && i < sizeof rows / sizeof rows[0]; i++) {
    if (!(rows[i].initial >= rows[i].low && rows[i].initial <= rows[i].high))
      return tl_fail(err, TL_E_ARG, def->where, "sensor '%s': %s is out of range", s->name,
                     rows[i].suffix);
    code = add(fleet, s->name, rows[i].suffix, rows[i].unit, rows[i].role, rows[i].region,
               rows[i].initial, rows[i].low, rows[i].high, rows[i].resolution, rows[i].meaning,
               rows[i].out, err);
  }
  char stream[TL_NAME_BYTES + 16];
  snprintf(stream, sizeof stream, "%s.noise", s->name);
  s->noise_key = tl_rng_key_make(world->def.seed, fleet->name_hash, (uint32_t)tl_hash_text(stream));
  snprintf(stream, sizeof stream, "%s.dropout", s->name);
  s->dropout_key =
      tl_rng_key_make(world->def.seed, fleet->name_hash, (uint32_t)tl_hash_text(stream));
  return code;
}

static tl_code add_actuator(tl_fleet *fleet, const tl_fleet_def *def, uint32_t index, tl_error *err)
{
  tl_actuator *a = &fleet->actuators[index];
  const tl_actuator_def *d = &def->actuators[index];
  tl_code code = check_name("actuator", d->name, def->where, err);
  if (code != TL_OK) return code;
  snprintf(a->name, sizeof a->name, "%s", d->name);
  if (!(d->low < d->high))
    return tl_fail(err, TL_E_ARG, def->where, "actuator '%s': low must be below high", a->name);
  if (!(d->rate_per_s >= 0 && d->dead_band >= 0 && d->min_on_s >= 0 &&
        d->min_off_s >= 0)) /* NaN too */
    return tl_fail(err, TL_E_ARG, def->where,
                   "actuator '%s': rate, dead band and minimum times can't be negative", a->name);
  code = twin_column(fleet, d->column, a->name, def->where, &a->applied, err);
  if (code != TL_OK) return code;
  const tl_column *input = &fleet->twin->columns[a->applied];
  for (uint32_t i = 0; i < index; i++)
    if (fleet->actuators[i].applied == a->applied)
      return tl_fail(err, TL_E_ARG, def->where, "actuator '%s': '%s' already has actuator '%s'",
                     a->name, d->column, fleet->actuators[i].name);
  if (input->role != TL_INPUT)
    return tl_fail(err, TL_E_ARG, def->where, "actuator '%s': '%s' is no input of the twin",
                   a->name, d->column);
  if (d->low < input->low || d->high > input->high)
    return tl_fail(err, TL_E_ARG, def->where, "actuator '%s': its range is wider than that of '%s'",
                   a->name, d->column);
  a->limits =
      (tl_actuator_limits){d->low, d->high, d->rate_per_s, d->dead_band, d->min_on_s, d->min_off_s};
  const tl_region memory =
      tl_actuator_has_memory(&a->limits) ? TL_REGION_DYNAMIC : TL_REGION_SCRATCH;
  const struct {
    const char *suffix, *unit;
    tl_role role;
    tl_region region;
    double initial, low, high;
    uint32_t *out;
    const char *meaning;
  } rows[] = {
      {"command", input->unit, STATE, d->low, -1e12, 1e12, &a->command,
       "what the controller asks for"},
      {"position", input->unit, TL_STATE, memory, d->low, -1e12, 1e12, &a->position,
       "value before faults"},
      {"since_s", "s", TL_STATE, memory, -1e9, -1e12, 1e12, &a->since_s, "time of the last switch"},
      {"stuck", "1", PARAM, 0, 0, 1, &a->stuck, "1: stays at stuck_at"},
      {"stuck_at", input->unit, PARAM, d->low, input->low, input->high, &a->stuck_at,
       "value when stuck"},
      {"efficiency", "1", PARAM, 1, 0, 1, &a->efficiency, "share of the value that arrives"},
  };
  for (uint32_t i = 0; code == TL_OK && i < sizeof rows / sizeof rows[0]; i++)
    code = add(fleet, a->name, rows[i].suffix, rows[i].unit, rows[i].role, rows[i].region,
               rows[i].initial, rows[i].low, rows[i].high, 0.0, rows[i].meaning, rows[i].out, err);
  return code;
}

static tl_code add_controller(tl_fleet *fleet, const tl_fleet_def *def, tl_error *err)
{
  tl_controller *c = &fleet->controller;
  const tl_controller_def *d = &def->controller;
  c->kind = d->kind;
  if (d->kind == TL_CONTROL_NONE) return TL_OK;
  const tl_code named = check_name("controller", d->name, def->where, err);
  if (named != TL_OK) return named;
  if (d->sensor >= fleet->sensor_count || d->actuator >= fleet->actuator_count)
    return tl_fail(err, TL_E_ARG, def->where, "controller '%s' needs a sensor and an actuator",
                   d->name);
  snprintf(c->name, sizeof c->name, "%s", d->name);
  c->sensor = d->sensor;
  c->actuator = d->actuator;
  const char *unit = fleet->twin->columns[fleet->sensors[d->sensor].truth].unit;
  const bool pid = d->kind == TL_CONTROL_PID;
  const struct {
    bool used;
    const char *suffix, *unit;
    tl_role role;
    tl_region region;
    double initial, low;
    uint32_t *out;
    const char *meaning;
  } rows[] = {
      {true, "setpoint", unit, PARAM, d->setpoint, -1e9, &c->setpoint, "value to hold"},
      {!pid, "band", unit, PARAM, d->band, 0, &c->band, "half width of the hysteresis"},
      {pid, "kp", "1", PARAM, d->kp, -1e9, &c->kp, "proportional gain"},
      {pid, "ki", "1/s", PARAM, d->ki, -1e9, &c->ki, "integral gain"},
      {pid, "kd", "s", PARAM, d->kd, -1e9, &c->kd, "derivative gain"},
      {pid, "integral", "1", STATE, 0, -1e12, &c->integral, "integral part"},
      {pid, "last", unit, STATE, 0, -1e12, &c->last_measured, "measured value of the last sample"},
      {pid, "started", "1", STATE, 0, 0, &c->started, "1 after the first sample"},
  };
  for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (!rows[i].used) continue;
    if (!(rows[i].initial >= rows[i].low && rows[i].initial <= 1e12))
      return tl_fail(err, TL_E_ARG, def->where, "controller '%s': %s is out of range", c->name,
                     rows[i].suffix);
    const tl_code code =
        add(fleet, c->name, rows[i].suffix, rows[i].unit, rows[i].role, rows[i].region,
            rows[i].initial, rows[i].low, 1e12, 0.0, rows[i].meaning, rows[i].out, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

/* States and driven or actuated inputs change as the run goes on; other inputs and parameters only
 * when written. */
static tl_region region_of(const tl_fleet_def *def, const tl_column *column)
{
  if (column->role == TL_OUTPUT) return TL_REGION_SCRATCH;
  if (column->role == TL_STATE) return TL_REGION_DYNAMIC;
  if (column->role == TL_PARAM) return TL_REGION_PARAM;
  for (uint32_t i = 0; i < def->actuator_count; i++)
    if (strcmp(def->actuators[i].column, column->name) == 0) return TL_REGION_DYNAMIC;
  return def->stamps_ns ? TL_REGION_DYNAMIC : TL_REGION_PARAM;
}

static tl_code compile(const tl_world *world, tl_fleet *fleet, const tl_fleet_def *def,
                       tl_error *err)
{
  tl_code code = tl_store_create(&fleet->store, def->count, err);
  for (uint32_t i = 0; code == TL_OK && i < fleet->twin->column_count; i++)
    code = tl_store_add(&fleet->store, &fleet->twin->columns[i],
                        region_of(def, &fleet->twin->columns[i]), NULL, err);
  for (uint32_t i = 0; code == TL_OK && i < def->sensor_count; i++) {
    code = add_sensor(world, fleet, def, i, err);
    fleet->sensor_count = i + 1;
  }
  for (uint32_t i = 0; code == TL_OK && i < def->actuator_count; i++) {
    code = add_actuator(fleet, def, i, err);
    fleet->actuator_count = i + 1;
  }
  if (code == TL_OK) code = add_controller(fleet, def, err);
  if (code == TL_OK && def->has_detector)
    code = check_name("detector", def->detector.name, def->where, err);
  if (code == TL_OK && def->has_detector)
    code = tl_detector_create(fleet, def, world->def.path, err);
  if (code == TL_OK && def->stamps_ns) {
    fleet->stamps_ns = malloc(def->stamp_count * sizeof *fleet->stamps_ns);
    if (!fleet->stamps_ns)
      return tl_fail(err, TL_E_LIMIT, def->where, "no memory for %u stamps", def->stamp_count);
    memcpy(fleet->stamps_ns, def->stamps_ns, def->stamp_count * sizeof *fleet->stamps_ns);
    fleet->stamp_count = def->stamp_count;
  }
  return code;
}

/* The store does not know the scenario's line. */
static tl_code say_where(tl_code code, const tl_fleet_def *def, tl_error *err)
{
  if (!err || !def->where || err->where[0]) return code;
  const tl_error said = *err;
  return tl_fail(err, code, def->where, "fleet '%s': %s", def->name, said.text);
}

static tl_code check(const tl_world *world, const tl_fleet_def *def, tl_error *err)
{
  assert(def->cookie_ == TL_FLEET_COOKIE && "start from tl_fleet_def_default()");
  if (world->sealed)
    return tl_fail(err, TL_E_ARG, def->where, "fleets can't be added to a running world");
  if (world->fleet_count == TL_FLEETS_MAX)
    return tl_fail(err, TL_E_LIMIT, def->where, "more than %u fleets", TL_FLEETS_MAX);
  if (!def->name || !def->name[0] || strlen(def->name) >= TL_NAME_BYTES ||
      strpbrk(def->name, "/. "))
    return tl_fail(err, TL_E_ARG, def->where,
                   "a fleet's name has 1 to %d characters and no '/', '.' or space",
                   TL_NAME_BYTES - 1);
  for (uint32_t i = 0; i < world->fleet_count; i++)
    if (strcmp(world->fleets[i]->name, def->name) == 0)
      return tl_fail(err, TL_E_ARG, def->where, "there is already a fleet '%s'", def->name);
  if (!def->twin) return tl_fail(err, TL_E_ARG, def->where, "fleet '%s' needs a twin", def->name);
  if (def->count < 1 || def->count > TL_FLEET_COUNT_MAX)
    return tl_fail(err, TL_E_ARG, def->where, "fleet '%s': count must be 1 to %u", def->name,
                   TL_FLEET_COUNT_MAX);
  if (def->sensor_count > TL_SENSORS_MAX || def->actuator_count > TL_ACTUATORS_MAX)
    return tl_fail(err, TL_E_LIMIT, def->where, "fleet '%s': at most %u sensors and %u actuators",
                   def->name, TL_SENSORS_MAX, TL_ACTUATORS_MAX);
  return TL_OK;
}

tl_code tl_fleet_create(tl_world *world, tl_fleet_id *out, const tl_fleet_def *def, tl_error *err)
{
  *out = (tl_fleet_id){0};
  tl_code code = check(world, def, err);
  if (code != TL_OK) return code;
  const tl_twin_type *twin = find_twin(world, def, err);
  if (!twin) return TL_E_NAME;
  code = check_times(def, twin, err);
  if (code != TL_OK) return code;
  tl_fleet *fleet = calloc(1, sizeof *fleet);
  if (!fleet) return tl_fail(err, TL_E_LIMIT, def->where, "no memory for fleet '%s'", def->name);
  snprintf(fleet->name, sizeof fleet->name, "%s", def->name);
  fleet->name_hash = tl_hash_text(def->name);
  fleet->twin = twin;
  fleet->dt_ns = def->dt_ns;
  fleet->tick_ns = def->stamps_ns ? 0 : def->tick_ns;
  fleet->steps_per_tick = def->stamps_ns ? 1 : (uint32_t)(def->tick_ns / def->dt_ns);
  code = compile(world, fleet, def, err);
  if (code != TL_OK) {
    tl_fleet_free(fleet);
    return say_where(code, def, err);
  }
  world->fleets[world->fleet_count++] = fleet;
  *out = (tl_fleet_id){world->fleet_count};
  return TL_OK;
}

void tl_fleet_free(tl_fleet *fleet)
{
  for (uint32_t i = 0; i < fleet->drive_count; i++) {
    free(fleet->drives[i].stamps_ns);
    free(fleet->drives[i].values);
  }
  tl_detector_free(fleet);
  free(fleet->stamps_ns);
  free(fleet->affine.map);
  free(fleet->features);
  free(fleet->faulty);
  free(fleet->stale);
  free(fleet->digests);
  free(fleet->not_finite);
  tl_store_free(&fleet->store);
  free(fleet);
}

int64_t tl_fleet_time_of_tick(const tl_fleet *fleet, int64_t tick)
{
  if (!fleet->stamps_ns) return tick * fleet->tick_ns;
  return fleet
      ->stamps_ns[tick < (int64_t)fleet->stamp_count ? tick : (int64_t)fleet->stamp_count - 1];
}

int64_t tl_fleet_ticks_until(const tl_fleet *fleet, int64_t end_ns)
{
  if (!fleet->stamps_ns) return (end_ns + fleet->tick_ns - 1) / fleet->tick_ns;
  int64_t tick = fleet->tick_count;
  const int64_t last = (int64_t)fleet->stamp_count - 1;
  while (tick <= last && fleet->stamps_ns[tick] < end_ns) tick++;
  return tick == last && fleet->stamps_ns[last] == end_ns
             ? last + 1
             : tick; /* the closing row of a recording */
}
