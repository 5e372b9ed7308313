/* resolve.c: the rules. One function a kind of change; each says what changed and what follows. */
#include "telemetry/governance/governed.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const changes[] = {"added", "removed", "renamed", "type",      "unit",
                                      "range", "rate",    "role",    "resolution"};
static const char *const rulings[] = {"fine", "migrated", "refused"};
static const char *const compatibilities[] = {"none", "backward", "forward", "full"};
const char *tl_change_name(tl_change change) { return changes[change]; }
const char *tl_ruling_name(tl_ruling ruling) { return rulings[ruling]; }
const char *tl_compatibility_name(tl_compatibility compatibility)
{
  return compatibilities[compatibility];
}

static void add(tl_resolution *out, tl_change change, tl_ruling ruling, const char *channel,
                const tl_text *text)
{
  out->refused += ruling == TL_RULED_REFUSED;
  out->migrated += ruling == TL_RULED_MIGRATED;
  if (out->count == TL_FINDINGS_MAX) return; /* counted above, so nothing passes unseen */
  tl_finding *finding = &out->finding[out->count++];
  finding->change = change;
  finding->ruling = ruling;
  snprintf(finding->channel, sizeof finding->channel, "%s", channel);
  snprintf(finding->text, sizeof finding->text, "%s", tl_text_string(text));
}

static const tl_governed_channel *find(const tl_governed *schema, const char *name)
{
  for (uint32_t i = 0; i < schema->channel_count; i++)
    if (strcmp(schema->channels[i].name, name) == 0) return &schema->channels[i];
  return NULL;
}

static bool has_alias(const tl_governed_channel *channel, const char *name)
{
  for (uint32_t i = 0; i < channel->alias_count; i++)
    if (strcmp(channel->alias[i], name) == 0) return true;
  return false;
}

/* The writer's channel that a reader's is: by name; by the reader's aliases and rule (the reader is newer); by the
 * writer's (the writer is). */
static const tl_governed_channel *partner(const tl_governed *writer,
                                          const tl_governed_channel *channel)
{
  const tl_governed_channel *same = find(writer, channel->name);
  if (channel->migrates && channel->from[0]) {
    const tl_governed_channel *from = find(writer, channel->from);
    if (from) return from;
  }
  if (same) return same;
  for (uint32_t i = 0; i < writer->channel_count; i++) {
    const tl_governed_channel *other = &writer->channels[i];
    if (has_alias(channel, other->name) || has_alias(other, channel->name) ||
        (other->migrates && strcmp(other->from, channel->name) == 0))
      return other;
  }
  return NULL;
}

/* Every value of `from` is one of `to`, exactly. */
static bool widens(tl_store from, tl_store to)
{
  if (from == to || to == TL_STORE_F64) return true;
  if (from == TL_STORE_U8) return to == TL_STORE_I16 || to == TL_STORE_I32 || to == TL_STORE_F32;
  return from == TL_STORE_I16 && (to == TL_STORE_I32 || to == TL_STORE_F32);
}

/* The rule of the newer's channel, in the direction writer to reader. */
typedef struct linear {
  bool given, clamps;
  double scale, offset;
} linear;

static linear rule_between(bool reader_is_newer, const tl_governed_channel *reader,
                           const tl_governed_channel *writer)
{
  const tl_governed_channel *newer = reader_is_newer ? reader : writer;
  const tl_governed_channel *older = reader_is_newer ? writer : reader;
  if (!newer->migrates || strcmp(newer->from, older->name) != 0) return (linear){.scale = 1.0};
  if (reader_is_newer) return (linear){true, newer->clamps, newer->scale, newer->offset};
  return (linear){true, newer->clamps, 1.0 / newer->scale, -newer->offset / newer->scale};
}

static void judge_type(tl_resolution *out, const tl_governed_channel *r,
                       const tl_governed_channel *w)
{
  if (r->type == w->type) return;
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  const bool fits = widens(w->type, r->type);
  tl_text_addf(&text, "type %s becomes %s: %s", tl_store_name(w->type), tl_store_name(r->type),
               fits ? "wider" : "values would be cut");
  add(out, TL_CHANGE_TYPE, fits ? TL_RULED_FINE : TL_RULED_REFUSED, r->name, &text);
}

static void judge_unit(tl_resolution *out, const tl_governed_channel *r,
                       const tl_governed_channel *w, const linear *rule, bool partial)
{
  if (strcmp(r->unit, w->unit) == 0 && rule->scale == 1.0 && rule->offset == 0.0) return;
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  tl_unit a, b;
  const bool alike = tl_unit_find(&a, w->unit, NULL, NULL) == TL_OK &&
                     tl_unit_find(&b, r->unit, NULL, NULL) == TL_OK &&
                     tl_unit_same_dimension(&a, &b);
  tl_ruling ruling = TL_RULED_REFUSED;
  tl_text_addf(&text, "unit %s becomes %s: ", w->unit, r->unit);
  if (rule->given) {
    tl_text_add(&text, "value * ");
    tl_text_add_double(&text, rule->scale);
    tl_text_add(&text, " + ");
    tl_text_add_double(&text, rule->offset);
    tl_text_add(&text, " by the declared rule");
    ruling = TL_RULED_MIGRATED;
  } else if (alike && partial) {
    tl_text_add(&text, "converted, as every reader of the file does");
    ruling = TL_RULED_MIGRATED;
  } else if (alike) {
    tl_text_addf(&text, "no rule is declared (\"migrate\": {\"unit\": \"%s\"} converts)", w->unit);
  } else {
    tl_text_add(&text, "another dimension, and no rule is declared");
  }
  add(out, TL_CHANGE_UNIT, ruling, r->name, &text);
}

static void add_range(tl_text *text, double low, double high)
{
  tl_text_add_digits(text, low, 7);
  tl_text_add(text, " .. ");
  tl_text_add_digits(text, high, 7);
}

/* The writer's range in the reader's unit must lie in the reader's. */
static void judge_range(tl_resolution *out, const tl_governed_channel *r,
                        const tl_governed_channel *w, const linear *rule)
{
  double low = w->low * rule->scale + rule->offset, high = w->high * rule->scale + rule->offset;
  if (rule->scale < 0.0) {
    const double kept = low;
    low = high;
    high = kept;
  }
  double slack = 1e-12 * (fabs(r->high) + fabs(r->low)); /* of the conversion */
  if (!isfinite(slack)) slack = 0.0;
  const bool same = fabs(low - r->low) <= slack && fabs(high - r->high) <= slack;
  if (same || (low == r->low && high == r->high)) return;
  const bool fits = low >= r->low - slack && high <= r->high + slack;
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  tl_text_add(&text, "range ");
  add_range(&text, low, high);
  tl_text_add(&text, " becomes ");
  add_range(&text, r->low, r->high);
  tl_text_add(&text, fits           ? ": wider"
                     : rule->clamps ? ": values beyond are set to its end, by the declared rule"
                                    : ": values that were allowed no longer are");
  add(out, TL_CHANGE_RANGE,
      fits           ? TL_RULED_FINE
      : rule->clamps ? TL_RULED_MIGRATED
                     : TL_RULED_REFUSED,
      r->name, &text);
}

static void judge_rest(tl_resolution *out, const tl_governed_channel *r,
                       const tl_governed_channel *w)
{
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  if (r->role != w->role) {
    tl_text_addf(&text, "%s becomes %s", tl_role_name(w->role), tl_role_name(r->role));
    add(out, TL_CHANGE_ROLE, TL_RULED_FINE, r->name, &text);
  }
  if (r->resolution == w->resolution) return;
  tl_text_clear(&text);
  tl_text_add(&text, "resolution ");
  tl_text_add_digits(&text, w->resolution, 6);
  tl_text_add(&text, " becomes ");
  tl_text_add_digits(&text, r->resolution, 6);
  add(out, TL_CHANGE_RESOLUTION, TL_RULED_FINE, r->name, &text);
}

static void judge_missing(tl_resolution *out, const tl_governed_channel *r, bool partial)
{
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  if (partial) {
    tl_text_add(&text, "not recorded");
  } else if (r->has_default) {
    tl_text_add(&text, "added, ");
    tl_text_add_double(&text, r->default_value);
    tl_text_addf(&text, " %s where the writer has none", r->unit);
  } else {
    tl_text_add(&text, "added without a default: old data have no value for it");
  }
  add(out, TL_CHANGE_ADDED, partial || r->has_default ? TL_RULED_FINE : TL_RULED_REFUSED, r->name,
      &text);
}

static void judge_channel(tl_resolution *out, const tl_governed *rules, bool rules_of_reader,
                          const tl_governed_channel *r, const tl_governed_channel *w, bool partial)
{
  const linear rule = rules ? rule_between(rules_of_reader, r, w) : (linear){.scale = 1.0};
  if (strcmp(r->name, w->name) != 0) {
    char memory[240];
    tl_text text = tl_text_over(memory, sizeof memory);
    tl_text_addf(&text, "was %s in the writer", w->name);
    add(out, TL_CHANGE_RENAMED, TL_RULED_MIGRATED, r->name, &text);
  }
  judge_unit(out, r, w, &rule, partial);
  judge_type(out, r, w);
  /* a recording's declared range is its logger's: its values are judged, not its declaration */
  if (!partial && (strcmp(r->unit, w->unit) == 0 || rule.given)) judge_range(out, r, w, &rule);
  if (!partial) judge_rest(out, r, w);
}

static void judge_rate(tl_resolution *out, const tl_governed *reader, const tl_governed *writer,
                       const tl_governed *rules)
{
  if (reader->period_s == writer->period_s || reader->period_s == 0.0) return;
  char memory[240];
  tl_text text = tl_text_over(memory, sizeof memory);
  tl_text_add(&text, "a sample every ");
  if (writer->period_s == 0.0)
    tl_text_add(&text, "so often");
  else
    tl_text_add_double(&text, writer->period_s), tl_text_add(&text, " s");
  tl_text_add(&text, " becomes one every ");
  tl_text_add_double(&text, reader->period_s);
  const bool allowed = rules && rules->resamples;
  tl_text_add(&text, allowed ? " s: held from sample to sample by the declared rule"
                             : " s, and no rule is declared");
  add(out, TL_CHANGE_RATE, allowed ? TL_RULED_MIGRATED : TL_RULED_REFUSED, "", &text);
}

void tl_governed_resolve(tl_resolution *out, const tl_governed *reader, const tl_governed *writer,
                         const tl_governed *rules, bool partial)
{
  bool taken[TL_GOVERNED_CHANNELS_MAX] = {false};
  memset(out, 0, sizeof *out);
  judge_rate(out, reader, writer, rules);
  for (uint32_t i = 0; i < reader->channel_count; i++) {
    const tl_governed_channel *r = &reader->channels[i], *w = partner(writer, r);
    if (w == NULL) {
      judge_missing(out, r, partial);
    } else {
      taken[w - writer->channels] = true;
      judge_channel(out, rules, rules == reader, r, w, partial);
    }
  }
  for (uint32_t i = 0; i < writer->channel_count; i++) {
    if (taken[i]) continue;
    tl_text text = {0};
    tl_text_add(&text, partial ? "more than the schema says" : "removed: its values are dropped");
    add(out, TL_CHANGE_REMOVED, TL_RULED_FINE, writer->channels[i].name, &text);
    tl_text_free(&text);
  }
}

tl_code tl_resolution_error(const tl_resolution *resolution, const char *where, tl_error *err)
{
  for (uint32_t i = 0; i < resolution->count; i++) {
    const tl_finding *finding = &resolution->finding[i];
    if (finding->ruling != TL_RULED_REFUSED) continue;
    const tl_code code = finding->change == TL_CHANGE_UNIT ? TL_E_UNIT : TL_E_SCHEMA;
    tl_fail(err, code, where, "%s%s%s%s", finding->channel[0] ? "channel " : "", finding->channel,
            finding->channel[0] ? ": " : "", finding->text);
    if (resolution->refused > 1)
      (void)tl_fail_hint(err, "and %u more: twinloop schema check lists them",
                         resolution->refused - 1);
    return code;
  }
  return resolution->refused
             ? tl_fail(err, TL_E_SCHEMA, where, "%u changes are refused", resolution->refused)
             : TL_OK;
}

tl_code tl_governed_check_recording(tl_resolution *out, const tl_governed *schema,
                                    const tl_recording *recording, uint32_t fleet, tl_error *err)
{
  tl_governed *held = calloc(1, sizeof *held);
  if (held == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "schema: out of memory");
  tl_code code = tl_governed_from_recording(held, recording, fleet, err);
  if (code == TL_OK) {
    tl_governed_resolve(out, schema, held, schema, true);
    uint32_t absent = 0;
    for (uint32_t i = 0; i < out->count; i++) absent += out->finding[i].change == TL_CHANGE_ADDED;
    if (absent == schema->channel_count) {
      tl_fail(err, TL_E_SCHEMA, tl_recording_path(recording),
              "holds no channel of %s@%u: it has %s, ...", schema->name, schema->version,
              held->channels[0].name);
      free(held);
      return tl_fail_hint(
          err,
          "a map may name channels as the schema does, or the schema may list them as aliases");
    }
    code = tl_resolution_error(out, tl_recording_path(recording), err);
  }
  free(held);
  return code;
}
