/* overall.c: what compare() says beside its two channels, regimes, and the one score that they make. */
#include "base/units.h"
#include "fidelity/overall/tube.h"
#include "script/binding.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_REGIME "other"

/* A positive number, or text with a unit, of field `key`; fallback when it is not there. */
static double positive(lua_State *L, int index, const char *key, const char *unit, double fallback)
{
  double value = fallback;
  if (script_field(L, index, key) != LUA_TNIL) {
    value = script_quantity(L, -1, unit, true, key);
    if (!(value > 0.0)) return tl_script_raise(L, TL_E_ARG, NULL, "%s must be above 0", key);
  }
  lua_pop(L, 1);
  return value;
}

static void read_tube(lua_State *L, int index, const char *unit, script_compare *out)
{
  static const char *const keys[] = {"value", "time"};
  if (script_field(L, index, "tube") == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  if (!lua_istable(L, -1)) script_wrong_type(L, "tube", "{ value = 0.5*K, time = 5*min }", -1);
  const int table = lua_gettop(L);
  script_check_keys(L, table, "tube", keys, 2);
  if (script_field(L, table, "value") == LUA_TNIL)
    tl_script_raise(L, TL_E_ARG, NULL, "tube: value is missing: how far off is still inside?");
  out->tube.value = script_quantity(L, -1, unit, true, "value");
  out->tube.time_ns =
      script_field(L, table, "time") == LUA_TNIL ? 0 : script_duration_ns(L, -1, "time");
  if (!(out->tube.value >= 0.0) || out->tube.time_ns < 0)
    tl_script_raise(L, TL_E_ARG, NULL, "tube: value and time must not be negative");
  out->has_tube = true;
  lua_settop(L, table - 1);
}

static bool is_same(const script_recording_ref *a, const script_recording_ref *b)
{
  return a->recording == b->recording && a->fleet == b->fleet && a->device == b->device &&
         a->begin_ns == b->begin_ns && a->end_ns == b->end_ns;
}

/* A channel of the same recording: its stamps are those of the score. */
static void read_ambient(lua_State *L, int index, const char *unit, const script_channel *rec,
                         script_compare *out)
{
  const tl_scenario *s = script_scenario(L);
  tl_unit from, to;
  tl_error err;
  if (script_field(L, index, "ambient") != LUA_TNIL) {
    const script_channel *channel = luaL_testudata(L, -1, SCRIPT_CHANNEL);
    if (channel == NULL) script_wrong_type(L, "ambient", "a channel such as rec.room", -1);
    if (!is_same(&channel->rec, &rec->rec))
      tl_script_raise(L, TL_E_ARG, NULL, "ambient must be a channel of the same recording");
    const tl_signal_def *signal =
        &script_recording_fleet(s, &channel->rec)->signals[channel->signal];
    if (tl_unit_find(&from, signal->unit, NULL, &err) != TL_OK ||
        tl_unit_find(&to, unit, NULL, &err) != TL_OK)
      tl_script_raise_error(L, &err);
    if (!tl_unit_same_dimension(&from, &to))
      tl_script_raise(L, TL_E_UNIT, NULL, "ambient: channel %s is in %s, the compared one in %s",
                      signal->name, signal->unit, unit);
    out->has_ambient = true;
    out->ambient = channel->signal;
  }
  lua_pop(L, 1);
}

/* params = { mad = 0.5, stride = 2 }: parameters of metrics that thresholds name. */
static void read_params(lua_State *L, int index, script_compare *out)
{
  const char *names[TL_PARAMETER_COUNT];
  tl_error err;
  out->parameters = tl_metric_parameters_default();
  if (script_field(L, index, "params") == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  if (!lua_istable(L, -1)) script_wrong_type(L, "params", "{ mad = 0.5, stride = 2 }", -1);
  const int table = lua_gettop(L);
  for (int p = 0; p < TL_PARAMETER_COUNT; p++) names[p] = tl_parameter_name((tl_parameter)p);
  script_check_keys(L, table, "params", names, TL_PARAMETER_COUNT);
  for (int p = 0; p < TL_PARAMETER_COUNT; p++) {
    const int type = script_field(L, table, names[p]);
    tl_code code = TL_OK;
    if (type == LUA_TNUMBER)
      code = tl_metric_parameter_set(&out->parameters, names[p], lua_tonumber(L, -1), NULL, &err);
    else if (type == LUA_TSTRING)
      code =
          tl_metric_parameter_set_word(&out->parameters, names[p], lua_tostring(L, -1), NULL, &err);
    else if (type != LUA_TNIL)
      script_wrong_type(L, names[p], "a number or a word", -1);
    if (code != TL_OK) tl_script_raise(L, code, NULL, "params: %s", err.text);
    lua_pop(L, 1);
  }
  lua_settop(L, table - 1);
}

void script_compare_options(lua_State *L, int index, const char *unit, const script_channel *rec,
                            script_compare *out)
{
  static const char *const keys[] = {"weight", "scale", "tube", "ambient", "params"};
  out->weight = 1.0;
  out->parameters = tl_metric_parameters_default();
  if (lua_isnoneornil(L, index)) return;
  if (!lua_istable(L, index))
    script_wrong_type(L, "compare", "{ weight =, scale =, tube =, ambient =, params = }", index);
  script_check_keys(L, index, "compare", keys, 5);
  read_ambient(L, index, unit, rec, out);
  out->weight = positive(L, index, "weight", "1", 1.0);
  out->scale = positive(L, index, "scale", unit, 0.0);
  read_tube(L, index, unit, out);
  read_params(L, index, out);
}

static void add_regime(lua_State *L, tl_scenario *s, const char *name)
{
  script_regime *out = &s->regimes[s->regime_count];
  const int top = lua_gettop(L);
  if (s->regime_count + 1 == TL_OVERALL_REGIMES_MAX) /* one is kept for what is left over */
    tl_script_raise(L, TL_E_LIMIT, NULL, "regimes: more than %d", TL_OVERALL_REGIMES_MAX - 1);
  memset(out, 0, sizeof *out);
  out->weight = 1.0;
  script_where_word(L, name, out->where, sizeof out->where);
  if (lua_istable(L, top)) {
    out->weight = positive(L, top, "weight", "1", 1.0);
    lua_rawgeti(L, top, 1);
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    script_wrong_type(L, name, "a condition such as \"heater > 0.5\"", -1);
  const char *text = lua_tostring(L, -1);
  if (strlen(name) >= sizeof out->name || strlen(text) >= sizeof out->text)
    tl_script_raise(L, TL_E_LIMIT, NULL, "regimes: '%.40s' is too long", name);
  strcpy(out->name, name);
  strcpy(out->text, text);
  s->regime_count++;
  lua_settop(L, top);
}

int api_regimes(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (s->loaded) return tl_script_raise(L, TL_E_SCRIPT, NULL, "regimes belong to the main chunk");
  const char *last = NULL; /* a map's order is lost: by name */
  for (;;) {
    const char *next = NULL;
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
      if (lua_type(L, -2) != LUA_TSTRING)
        return tl_script_raise(L, TL_E_TYPE, NULL, "regimes: a key is a regime's name");
      const char *key = lua_tostring(L, -2);
      if ((last == NULL || strcmp(key, last) > 0) && (next == NULL || strcmp(key, next) < 0))
        next = key;
    }
    if (next == NULL) return 0;
    script_field(L, 1, next);
    add_regime(L, s, next);
    lua_settop(L, 1);
    last = next;
  }
}

/* --- conditions over a recording's channels, at the stamps of a score -------------------------------------- */
typedef struct channel_names {
  const tl_scenario *s;
  const script_recording_ref *ref;
  const double *const *value; /* by signal; NULL: not read */
} channel_names;

static tl_code find_channel(const void *self, const char *name, const char *where, uint32_t *out,
                            tl_error *err)
{
  const channel_names *names = self;
  const tl_recording_fleet *fleet = script_recording_fleet(names->s, names->ref);
  const char *known[64];
  uint32_t count = 0;
  for (uint32_t i = 0; i < fleet->signal_count; i++) {
    if (count < 64) known[count++] = fleet->signals[i].name;
    if (strcmp(fleet->signals[i].name, name) != 0) continue;
    *out = i;
    return TL_OK;
  }
  tl_fail(err, TL_E_NAME, where, "regime: recording %s has no channel '%s'",
          names->s->recordings[names->ref->recording].name, name);
  const char *closest = tl_text_closest(name, known, count);
  return closest != NULL ? tl_fail_hint(err, "did you mean '%s'?", closest) : TL_E_NAME;
}

static void read_channel(const void *self, uint32_t index, uint64_t begin, uint64_t end,
                         double *out)
{
  const channel_names *names = self;
  memcpy(out, names->value[index] + begin, (size_t)(end - begin) * sizeof *out);
}

tl_code script_check_regimes(tl_scenario *s, tl_error *err)
{
  if (s->regime_count > 0 && s->compare_count == 0)
    return tl_fail(err, TL_E_SCRIPT, s->regimes[0].where,
                   "regimes without compare(): there is no score to part");
  for (uint32_t c = 0; c < s->compare_count; c++)
    for (uint32_t r = 0; r < s->regime_count; r++) {
      const channel_names self = {s, &s->compares[c].channel.rec, NULL};
      const script_names names = {"regime", &self, find_channel, read_channel};
      script_expression expression;
      const tl_code code = script_expression_compile_over(&expression, &names, s->regimes[r].text,
                                                          s->regimes[r].where, err);
      if (code != TL_OK) return code;
    }
  return TL_OK;
}

/* Reads every channel that the conditions name, and says of each recorded row which regime it is in: the
 * first whose condition holds. mask: [end - begin]. */
static tl_code mask_rows(tl_scenario *s, const script_compare *compare, uint64_t begin,
                         uint64_t end, uint8_t *mask, tl_error *err)
{
  const script_recording_ref *ref = &compare->channel.rec;
  const uint32_t signal_count = script_recording_fleet(s, ref)->signal_count;
  const uint64_t rows = end - begin;
  double **value = calloc(signal_count + (size_t)1, sizeof *value);
  tl_code code = value != NULL ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "no memory for regimes");
  const channel_names self = {s, ref, (const double *const *)value};
  const script_names names = {"regime", &self, find_channel, read_channel};
  memset(mask, TL_OVERALL_NO_REGIME, rows);
  for (uint32_t r = 0; r < s->regime_count && code == TL_OK; r++) {
    script_expression expression;
    code = script_expression_compile_over(&expression, &names, s->regimes[r].text,
                                          s->regimes[r].where, err);
    for (uint32_t i = 0; i < expression.count && code == TL_OK; i++) {
      const uint32_t signal = expression.code[i].column;
      if (!script_expression_reads(&expression, i) || value[signal] != NULL) continue;
      value[signal] = malloc((rows + 1) * sizeof **value);
      code = value[signal] != NULL
                 ? tl_recording_read(s->recordings[ref->recording].file, ref->fleet, signal,
                                     ref->device, begin, rows, value[signal], err)
                 : tl_fail(err, TL_E_LIMIT, NULL, "no memory for regimes");
    }
    for (uint64_t at = 0; at < rows && code == TL_OK; at += 256) {
      bool keep[256];
      const uint64_t stop = at + 256 < rows ? at + 256 : rows;
      script_expression_evaluate_over(&expression, &names, at, stop, keep);
      for (uint64_t i = at; i < stop; i++)
        if (keep[i - at] && mask[i] == TL_OVERALL_NO_REGIME) mask[i] = (uint8_t)r;
    }
  }
  for (uint32_t i = 0; value != NULL && i < signal_count; i++) free(value[i]);
  free(value);
  return code;
}

/* Masks by recorded row become masks by stamp of the score; what no regime takes is "other". */
static tl_code regimes_of(tl_scenario *s, uint32_t index, uint8_t **out, bool *is_other,
                          tl_error *err)
{
  const script_compare *compare = &s->compares[index];
  const tl_score_channel *channel = &s->score.channels[index];
  const tl_recording_fleet *fleet = script_recording_fleet(s, &compare->channel.rec);
  uint64_t begin = 0, end = 0;
  script_range_of(s, &compare->channel.rec, &begin, &end);
  uint8_t *rows = malloc((size_t)(end - begin) + 1);
  uint8_t *stamps = malloc(channel->series_count + 1);
  tl_code code = rows != NULL && stamps != NULL
                     ? mask_rows(s, compare, begin, end, rows, err)
                     : tl_fail(err, TL_E_LIMIT, NULL, "no memory for regimes");
  uint64_t row = 0;
  for (size_t i = 0; i < channel->series_count && code == TL_OK; i++) {
    /* a repeated stamp: the later row wins, as it does in the score */
    while (row + 1 < end - begin &&
           fleet->times_ns[begin + row + 1] - compare->shift_ns <= channel->series_ns[i])
      row++;
    stamps[i] = rows[row];
    if (stamps[i] != TL_OVERALL_NO_REGIME) continue;
    stamps[i] = (uint8_t)s->regime_count;
    *is_other = true;
  }
  free(rows);
  *out = stamps;
  return code;
}

static tl_code overall_of(tl_scenario *s, tl_overall_channel *channels, bool is_other,
                          tl_error *err)
{
  static const char *const all = "all";
  double weights[TL_OVERALL_REGIMES_MAX];
  tl_overall_def def = tl_overall_def_default();
  def.channels = channels;
  def.channel_count = s->compare_count;
  def.regime_names = s->regime_names;
  def.regime_weights = weights;
  def.seed = s->seed;
  for (uint32_t r = 0; r < s->regime_count; r++) {
    s->regime_names[r] = s->regimes[r].name;
    weights[r] = s->regimes[r].weight;
  }
  def.regime_count = s->regime_count;
  if (is_other || s->regime_count == 0) {
    s->regime_names[def.regime_count] = s->regime_count == 0 ? all : OTHER_REGIME;
    weights[def.regime_count++] = 1.0;
  }
  s->overall = malloc(sizeof *s->overall);
  if (s->overall == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
  const tl_code code = tl_overall_compute(s->overall, &def, err);
  s->score.overall = s->overall;
  s->score.regime_names = s->regime_names;
  return code;
}

/* Recorded values of `signal` at the stamps of a score, in the compared channel's unit. */
static tl_code at_stamps(tl_scenario *s, uint32_t index, uint32_t signal, double *out,
                         tl_error *err)
{
  const script_compare *compare = &s->compares[index];
  const tl_score_channel *channel = &s->score.channels[index];
  const script_recording_ref *ref = &compare->channel.rec;
  const tl_recording_fleet *fleet = script_recording_fleet(s, ref);
  uint64_t begin = 0, end = 0, row = 0;
  tl_unit from, to;
  script_range_of(s, ref, &begin, &end);
  double *rows = malloc((size_t)(end - begin + 1) * sizeof *rows);
  tl_code code = rows != NULL ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
  if (code == TL_OK)
    code = tl_recording_read(s->recordings[ref->recording].file, ref->fleet, signal, ref->device,
                             begin, end - begin, rows, err);
  if (code == TL_OK) code = tl_unit_find(&from, fleet->signals[signal].unit, NULL, err);
  if (code == TL_OK) code = tl_unit_find(&to, channel->unit, NULL, err);
  for (size_t i = 0; i < channel->series_count && code == TL_OK; i++) {
    while (row + 1 < end - begin &&
           fleet->times_ns[begin + row + 1] - compare->shift_ns <= channel->series_ns[i])
      row++;
    out[i] = tl_unit_apply(rows[row], &from, &to);
  }
  free(rows);
  return code;
}

static bool is_absolute_temperature(const char *unit)
{
  return strcmp(unit, "K") == 0 || strcmp(unit, "degC") == 0 || strcmp(unit, "degF") == 0;
}

static tl_code make_deviations(tl_scenario *s, tl_error *err)
{
  tl_code code = TL_OK;
  for (uint32_t i = 0; i < s->compare_count && code == TL_OK; i++) {
    const script_compare *compare = &s->compares[i];
    tl_score_channel *channel = &s->score.channels[i];
    if (!compare->has_ambient) {
      if (is_absolute_temperature(channel->unit))
        code = tl_score_deviation(channel, NULL, "its first value", err);
      continue;
    }
    double *ambient = malloc((channel->series_count + 1) * sizeof *ambient);
    if (ambient == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
    code = at_stamps(s, i, compare->ambient, ambient, err);
    if (code == TL_OK)
      code = tl_score_deviation(
          channel, ambient,
          script_recording_fleet(s, &compare->channel.rec)->signals[compare->ambient].name, err);
    free(ambient);
  }
  return code;
}

static tl_code make_tubes(tl_scenario *s, tl_error *err)
{
  for (uint32_t i = 0; i < s->compare_count; i++) {
    tl_score_channel *channel = &s->score.channels[i];
    if (!s->compares[i].has_tube) continue;
    double *band = malloc((2 * channel->series_count + 1) * sizeof *band);
    if (band == NULL || !script_keep_block(s, band))
      return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a tube");
    channel->has_tube = true;
    channel->tube = s->compares[i].tube;
    channel->tube_low = band;
    channel->tube_high = band + channel->series_count;
    tl_tube_make(band, band + channel->series_count, channel, channel->tube);
    channel->in_tube = tl_tube_score(channel->tube_low, channel->tube_high, channel);
    const tl_code code = tl_judge_set_value(
        s->judge, "fidelity.in_tube", s->compares[i].sim, channel->in_tube.inside_ratio, "1",
        channel->in_tube.inside_ratio >= 0.0 ? "ok" : "undefined", err);
    if (code != TL_OK && code != TL_E_UNIT) return code;
  }
  return TL_OK;
}

tl_code script_score_overall(tl_scenario *s, tl_error *err)
{
  tl_overall_channel channels[TL_OVERALL_CHANNELS_MAX] = {0};
  uint8_t *masks[TL_OVERALL_CHANNELS_MAX] = {0};
  bool is_other = false;
  tl_code code = make_tubes(s, err);
  if (code == TL_OK) code = make_deviations(s, err);
  if (code != TL_OK || s->compare_count > TL_OVERALL_CHANNELS_MAX) return code;
  for (uint32_t i = 0; i < s->compare_count && code == TL_OK; i++) {
    if (s->regime_count > 0) code = regimes_of(s, i, &masks[i], &is_other, err);
    channels[i] = (tl_overall_channel){&s->score.channels[i], s->compares[i].weight,
                                       s->compares[i].scale, masks[i]};
  }
  if (code == TL_OK) code = overall_of(s, channels, is_other, err);
  for (uint32_t i = 0; i < s->compare_count; i++) free(masks[i]);
  if (code != TL_OK) return code;
  code = tl_judge_set_value(
      s->judge, "fidelity.score", "", s->overall->score, "1",
      s->overall->status == TL_METRIC_OK ? "ok" : tl_metric_status_name(s->overall->status), err);
  return code == TL_E_UNIT ? TL_OK : code; /* the judgement repeats a wrong unit */
}
