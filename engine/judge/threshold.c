#include "judge/threshold.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { ALL, RATE, ONE }; /* statistics that a quantity has */

typedef struct row {
  tl_quantity quantity;
  int statistics;
} row;
static const row rows[TL_QUANTITY_COUNT] = {
#define QUANTITY(id, name, unit, statistics, is_signed, meaning)                                   \
  [TL_QUANTITY_##id] = {{name, unit, is_signed, meaning}, statistics},
#include "judge/quantities.def"
#undef QUANTITY
};
static const char *const statistic_names[TL_STATISTIC_COUNT] = {"",    "mean", "p50", "p90",  "p95",
                                                                "p99", "max",  "min", "count"};
static const char *const operator_names[TL_OPERATOR_COUNT] = {"<", "<=", ">", ">=", "==", "within"};

uint32_t tl_quantity_count(void) { return TL_QUANTITY_COUNT; }

const tl_quantity *tl_quantity_at(uint32_t index)
{
  assert(index < TL_QUANTITY_COUNT);
  return &rows[index].quantity;
}

const tl_quantity *tl_quantity_find(const char *name)
{
  for (uint32_t i = 0; i < TL_QUANTITY_COUNT; i++)
    if (strcmp(rows[i].quantity.name, name) == 0) return &rows[i].quantity;
  return NULL;
}

const char *tl_statistic_name(tl_statistic statistic)
{
  assert(statistic < TL_STATISTIC_COUNT);
  return statistic_names[statistic];
}

bool tl_statistic_find(tl_statistic *out, const char *name)
{
  for (uint32_t i = 1; i < TL_STATISTIC_COUNT; i++)
    if (strcmp(statistic_names[i], name) == 0) {
      *out = (tl_statistic)i;
      return true;
    }
  return false;
}

const char *tl_operator_name(tl_operator op)
{
  assert(op < TL_OPERATOR_COUNT);
  return operator_names[op];
}

/* --- the key: METRIC [CHANNEL] [STATISTIC] --- */

static const char *skip_spaces(const char *at)
{
  while (*at == ' ' || *at == '\t') at++;
  return at;
}

/* Copies the next word; false when there is none or it is too long. */
static bool next_word(char *out, size_t bytes, const char **at)
{
  *at = skip_spaces(*at);
  size_t length = 0;
  while ((*at)[length] != '\0' && (*at)[length] != ' ' && (*at)[length] != '\t') length++;
  if (length == 0 || length >= bytes) return false;
  memcpy(out, *at, length);
  out[length] = '\0';
  *at += length;
  return true;
}

static tl_quantity_id quantity_id(const char *name)
{
  const tl_quantity *found = tl_quantity_find(name);
  for (uint32_t i = 0; found && i < TL_QUANTITY_COUNT; i++)
    if (&rows[i].quantity == found) return (tl_quantity_id)i;
  return TL_QUANTITY_COUNT;
}

/* "detect.delai" names a family of ours, so it can't be a column. */
static bool has_family(const char *metric)
{
  static const char *const families[] = {"border.", "comfort.", "detect.", "fidelity."};
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
    if (strncmp(metric, families[i], strlen(families[i])) == 0) return true;
  return false;
}

static tl_code unknown_metric(const char *metric, const char *where, tl_error *err)
{
  const char *names[TL_QUANTITY_COUNT];
  for (uint32_t i = 0; i < TL_QUANTITY_COUNT; i++) names[i] = rows[i].quantity.name;
  tl_fail(err, TL_E_NAME, where, "unknown metric '%s'", metric);
  const char *near = tl_text_closest(metric, names, TL_QUANTITY_COUNT);
  if (near) return tl_fail_hint(err, "did you mean '%s'?", near);
  return TL_E_NAME;
}

static tl_code parse_metric(tl_threshold *out, const char *where, tl_error *err)
{
  const char *dot = strchr(out->metric, '.');
  out->quantity = quantity_id(out->metric);
  if (out->quantity != TL_QUANTITY_COUNT) return TL_OK;
  if (has_family(out->metric)) return unknown_metric(out->metric, where, err);
  if (dot == NULL || (size_t)(dot - out->metric) >= sizeof out->fleet) return TL_OK;
  out->quantity = quantity_id(dot + 1);
  if (out->quantity == TL_QUANTITY_COUNT)
    return has_family(dot + 1) ? unknown_metric(dot + 1, where, err) : TL_OK;
  if (rows[out->quantity].quantity.name[0] == 'f')
    return tl_fail(err, TL_E_ARG, where,
                   "%s belongs to a compared channel, not to a fleet: write '%s CHANNEL'", dot + 1,
                   dot + 1);
  memcpy(out->fleet, out->metric, (size_t)(dot - out->metric));
  out->fleet[dot - out->metric] = '\0';
  memmove(out->metric, dot + 1, strlen(dot + 1) + 1);
  return TL_OK;
}

static bool is_fidelity(const tl_threshold *t)
{
  return t->quantity >= TL_QUANTITY_FIDELITY_RMSE && t->quantity <= TL_QUANTITY_FIDELITY_IN_TUBE;
}

static tl_code parse_statistic(tl_threshold *out, const char *word, const char *where,
                               tl_error *err)
{
  if (!tl_statistic_find(&out->statistic, word)) {
    tl_fail(err, TL_E_NAME, where,
            "unknown statistic '%s' of %s; known: mean p50 p90 p95 p99 max min count", word,
            out->metric);
    const char *near = tl_text_closest(word, statistic_names + 1, TL_STATISTIC_COUNT - 1);
    return near ? tl_fail_hint(err, "did you mean '%s'?", near) : TL_E_NAME;
  }
  if (out->quantity == TL_QUANTITY_COUNT || rows[out->quantity].statistics == ALL) return TL_OK;
  if (rows[out->quantity].statistics == RATE && out->statistic == TL_STAT_COUNT) return TL_OK;
  return tl_fail(err, TL_E_ARG, where, "%s is one number: it has no '%s'", out->metric, word);
}

static tl_code parse_key(tl_threshold *out, const char *key, const char *where, tl_error *err)
{
  char word[TL_NAME_BYTES];
  const char *at = key;
  if (strlen(key) >= sizeof out->name || !next_word(out->metric, sizeof out->metric, &at))
    return tl_fail(
        err, TL_E_ARG, where,
        "'%.80s' is no threshold: expected \"METRIC [STATISTIC]\", e.g. \"comfort.error p95\"",
        key);
  tl_code code = parse_metric(out, where, err);
  if (code == TL_OK && is_fidelity(out) && !next_word(out->channel, sizeof out->channel, &at))
    code = tl_fail(err, TL_E_ARG, where, "%s needs the compared channel: \"%s box_K\"", out->metric,
                   out->metric);
  if (code == TL_OK && next_word(word, sizeof word, &at))
    code = parse_statistic(out, word, where, err);
  if (code == TL_OK && *skip_spaces(at) != '\0')
    code = tl_fail(err, TL_E_ARG, where, "'%s' has more words than METRIC and STATISTIC: '%s'", key,
                   skip_spaces(at));
  return code;
}

/* --- the limit: OPERATOR NUMBER [UNIT] --- */

static tl_code parse_operator(tl_operator *out, const char **at, const char *text,
                              const char *where, tl_error *err)
{
  /* longer ones first: "<=" starts with "<" */
  static const tl_operator order[TL_OPERATOR_COUNT] = {TL_OP_AT_MOST, TL_OP_AT_LEAST, TL_OP_EQUAL,
                                                       TL_OP_WITHIN,  TL_OP_LESS,     TL_OP_MORE};
  *at = skip_spaces(text);
  for (size_t i = 0; i < TL_OPERATOR_COUNT; i++) {
    const char *name = operator_names[order[i]];
    if (strncmp(*at, name, strlen(name)) != 0) continue;
    *out = order[i];
    *at = skip_spaces(*at + strlen(name));
    return TL_OK;
  }
  tl_fail(err, TL_E_ARG, where,
          "'%.40s' is no limit: expected < <= > >= == or within, then a number and a unit", text);
  return tl_fail_hint(err, (*at)[0] == '=' ? "equality is written '=='" : "e.g. \"< 1.0 K\"");
}

static tl_code parse_limit(tl_threshold *out, const char *text, const char *where, tl_error *err)
{
  const char *at = NULL;
  if (strlen(text) >= sizeof out->text)
    return tl_fail(err, TL_E_ARG, where, "'%.40s...' is too long for a limit", text);
  tl_code code = parse_operator(&out->op, &at, text, where, err);
  if (code == TL_OK) code = tl_unit_parse_quantity(&out->limit, &out->unit, at, where, err);
  if (code != TL_OK) return code;
  if (!isfinite(out->limit))
    return tl_fail(err, TL_E_ARG, where, "'%s': the limit is not a finite number", text);
  if (out->op == TL_OP_WITHIN && out->limit < 0.0)
    return tl_fail(err, TL_E_ARG, where, "'%s': within takes a magnitude, 0 or more", text);
  out->unit_written = strcmp(out->unit.name, "1") != 0;
  return TL_OK;
}

/* --- both together --- */

static tl_code check_unit(const tl_threshold *t, const char *where, tl_error *err)
{
  const char *native = t->statistic == TL_STAT_COUNT ? "1" : rows[t->quantity].quantity.unit;
  tl_unit unit;
  if (strcmp(native, "column") == 0) return TL_OK; /* known when the world is */
  const tl_code code = tl_unit_find(&unit, native, NULL, err);
  assert(code == TL_OK);
  (void)code;
  if (tl_unit_same_dimension(&unit, &t->unit) || (t->limit == 0.0 && !t->unit_written))
    return TL_OK;
  if (t->unit_written)
    tl_fail(err, TL_E_UNIT, where, "%s: '%s' has another dimension; %s is measured in %s", t->name,
            t->unit.name, t->metric, native);
  else
    tl_fail(err, TL_E_UNIT, where, "%s: '%s' lacks a unit; %s is measured in %s", t->name, t->text,
            t->metric, native);
  return tl_fail_hint(err, "write e.g. \"%s 1 %s\"", operator_names[t->op],
                      t->quantity == TL_QUANTITY_FALSE_ALARMS ? "/device/day" : native);
}

static tl_code check_sense(const tl_threshold *t, const char *where, tl_error *err)
{
  const bool one_sided = t->op != TL_OP_WITHIN && t->op != TL_OP_EQUAL;
  if (t->quantity == TL_QUANTITY_COUNT) {
    if (t->op == TL_OP_EQUAL && t->statistic == TL_STAT_NONE)
      return tl_fail(err, TL_E_ARG, where, "%s: '==' needs a statistic, e.g. \"%s max\"", t->name,
                     t->metric);
    return TL_OK;
  }
  if (rows[t->quantity].quantity.is_signed && one_sided) {
    char limit[TL_TEXT_DOUBLE_BYTES];
    tl_text_format_double(limit, fabs(t->limit));
    tl_fail(err, TL_E_ARG, where, "%s is signed: '%s' would accept any error of the other sign",
            t->metric, t->text);
    return tl_fail_hint(err, "write \"within %s %s\"", limit, t->unit_written ? t->unit.name : "");
  }
  return check_unit(t, where, err);
}

tl_code tl_threshold_parse(tl_threshold *out, const char *key, const char *text, const char *where,
                           tl_error *err)
{
  memset(out, 0, sizeof *out);
  out->band = 1.0;
  out->quantity = TL_QUANTITY_COUNT;
  tl_code code = parse_key(out, key, where, err);
  if (code != TL_OK) return code;
  snprintf(out->name, sizeof out->name, "%s", key);
  snprintf(out->where, sizeof out->where, "%s", where ? where : "");
  code = parse_limit(out, text, where, err);
  if (code != TL_OK) return code;
  snprintf(out->text, sizeof out->text, "%s", text);
  return check_sense(out, where, err);
}

bool tl_threshold_holds(const tl_threshold *threshold, double observed)
{
  switch (threshold->op) {
    case TL_OP_LESS: return observed < threshold->limit;
    case TL_OP_AT_MOST: return observed <= threshold->limit;
    case TL_OP_MORE: return observed > threshold->limit;
    case TL_OP_AT_LEAST: return observed >= threshold->limit;
    case TL_OP_EQUAL: return observed == threshold->limit;
    case TL_OP_WITHIN: return fabs(observed) <= threshold->limit;
    case TL_OPERATOR_COUNT: break;
  }
  assert(false && "unknown operator");
  return false;
}

double tl_threshold_margin(const tl_threshold *threshold, double observed)
{
  switch (threshold->op) {
    case TL_OP_LESS:
    case TL_OP_AT_MOST: return threshold->limit - observed;
    case TL_OP_MORE:
    case TL_OP_AT_LEAST: return observed - threshold->limit;
    case TL_OP_EQUAL:
      return observed == threshold->limit ? 0.0 : -fabs(observed - threshold->limit);
    case TL_OP_WITHIN: return threshold->limit - fabs(observed);
    case TL_OPERATOR_COUNT: break;
  }
  assert(false && "unknown operator");
  return 0.0;
}
