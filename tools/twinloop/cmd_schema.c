/* cmd_schema.c: the versions of what signals mean: show, check, diff, add. */
#include "telemetry/governance/registry.h"
#include "tools/model/card.h"
#include "tools/twinloop/commands.h"
#include "twins/registry.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_SAME = 0, EXIT_DIFFERENT = 1, NAMES_MAX = 256 };

/* Everything a command needs; large, so on the heap. */
typedef struct desk {
  const cli_options *options;
  const cli_term *term;
  const char *root;
  tl_governed a, b;
  tl_resolution backward, forward;
  char names[NAMES_MAX][TL_SIGNAL_NAME_BYTES];
  tl_text text;
} desk;

static const tl_twin_type *twin_named(const char *name)
{
  for (uint32_t i = 0; i < tl_twin_count; i++)
    if (strcmp(tl_twins[i]->name, name) == 0) return tl_twins[i];
  return NULL;
}

static const char *argument(const desk *d, uint32_t at)
{
  return d->options->argument_count > at ? d->options->arguments[at] : NULL;
}

/* Text for people, or the document where --json says. */
static tl_code deliver(desk *d, tl_error *err)
{
  const char *json = cli_options_get(d->options, "json");
  if (json) return cli_write(json, &d->text, err);
  cli_print(d->term, &d->text);
  return TL_OK;
}

/* --- show --- */
static void add_list(desk *d)
{
  uint32_t count = 0;
  tl_registry_names(d->names, NAMES_MAX, &count, d->root);
  if (count == 0) tl_text_addf(&d->text, "no schema in %s\n", d->root);
  for (uint32_t i = 0; i < count; i++)
    tl_text_addf(&d->text, "%-24s %u version%s\n", d->names[i],
                 tl_registry_latest(d->root, d->names[i]),
                 tl_registry_latest(d->root, d->names[i]) == 1 ? "" : "s");
}

static void add_channel(tl_text *out, const tl_governed_channel *c)
{
  tl_text_addf(out, "  %-22s %-8s %-8s %-7s ", c->name, c->unit, tl_store_name(c->type),
               tl_role_name(c->role));
  tl_text_add_digits(out, c->low, 7);
  tl_text_add(out, " .. ");
  tl_text_add_digits(out, c->high, 7);
  if (c->has_default) {
    tl_text_add(out, ", default ");
    tl_text_add_digits(out, c->default_value, 7);
  }
  for (uint32_t i = 0; i < c->alias_count; i++)
    tl_text_addf(out, "%s%s", i ? ", " : ", was ", c->alias[i]);
  tl_text_add_char(out, '\n');
}

static tl_code show(desk *d, tl_error *err)
{
  if (argument(d, 1) == NULL) {
    add_list(d);
    return deliver(d, err);
  }
  const tl_code code = tl_registry_read(&d->a, d->root, argument(d, 1), err);
  if (code != TL_OK) return code;
  if (cli_options_has(d->options, "json-schema")) {
    tl_governed_write_json_schema(&d->a, &d->text);
  } else if (cli_options_has(d->options, "json")) {
    tl_governed_write(&d->a, &d->text);
  } else {
    tl_text_addf(&d->text, "%s@%u  hash %s  promises: %s  ", d->a.name, d->a.version, d->a.hash,
                 tl_compatibility_name(d->a.compatibility));
    if (d->a.period_s > 0.0) {
      tl_text_add(&d->text, "a sample every ");
      tl_text_add_double(&d->text, d->a.period_s);
      tl_text_add(&d->text, " s\n");
    } else {
      tl_text_add(&d->text, "samples by their stamps\n");
    }
    for (uint32_t i = 0; i < d->a.channel_count; i++) add_channel(&d->text, &d->a.channels[i]);
  }
  return deliver(d, err);
}

/* --- findings --- */
static void add_findings(tl_text *out, const tl_resolution *resolution)
{
  for (uint32_t i = 0; i < resolution->count; i++) {
    const tl_finding *f = &resolution->finding[i];
    tl_text_addf(out, "  %-8s  %s%s%s\n", tl_ruling_name(f->ruling), f->channel,
                 f->channel[0] ? ": " : "", f->text);
  }
}

static void add_findings_json(tl_text *out, const tl_resolution *resolution)
{
  tl_text_addf(out, "{\"refused\": %u, \"migrated\": %u, \"findings\": [", resolution->refused,
               resolution->migrated);
  for (uint32_t i = 0; i < resolution->count; i++) {
    const tl_finding *f = &resolution->finding[i];
    tl_text_addf(out,
                 "%s\n    {\"change\": \"%s\", \"ruling\": \"%s\", \"channel\": ", i ? "," : "",
                 tl_change_name(f->change), tl_ruling_name(f->ruling));
    tl_text_add_json(out, f->channel);
    tl_text_add(out, ", \"text\": ");
    tl_text_add_json(out, f->text);
    tl_text_add(out, "}");
  }
  tl_text_add(out, "]}");
}

/* --- check --- */
/* The twin's table is the latest version, or says which column is not. */
static tl_code check_twin(desk *d, const char *name, tl_error *err)
{
  const tl_twin_type *twin = twin_named(name);
  if (twin == NULL) return TL_OK;
  tl_code code = tl_registry_read(&d->a, d->root, name, err);
  if (code == TL_OK)
    code = tl_governed_from_columns(&d->b, name, twin->columns, twin->column_count, err);
  if (code != TL_OK) return code;
  d->b.period_s = d->a.period_s;
  if (tl_governed_same(&d->a, &d->b)) return TL_OK;
  tl_governed_resolve(&d->backward, &d->b, &d->a, NULL, false);
  tl_fail(err, TL_E_SCHEMA, d->a.path, "twin %s has other columns than this version%s%s%s%s", name,
          d->backward.count ? ": " : "", d->backward.count ? d->backward.finding[0].channel : "",
          d->backward.count ? ": " : "", d->backward.count ? d->backward.finding[0].text : "");
  return tl_fail_hint(err, "a new version: twinloop schema add %s", name);
}

static tl_code check_name(desk *d, const char *name, tl_error *err)
{
  tl_code code = tl_registry_check(d->root, name, err);
  if (code == TL_OK) code = check_twin(d, name, err);
  if (code == TL_OK)
    tl_text_addf(&d->text, "%s: %u version%s, hashes and promises hold%s\n", name,
                 tl_registry_latest(d->root, name),
                 tl_registry_latest(d->root, name) == 1 ? "" : "s",
                 twin_named(name) ? ", the twin's columns are the latest" : "");
  return code;
}

static tl_code check_file(desk *d, const char *path, tl_error *err)
{
  tl_recording *recording = NULL;
  uint32_t fleet = 0;
  const char *name = cli_options_get(d->options, "fleet");
  tl_code code = tl_recording_open(&recording, path, err);
  if (code == TL_OK && name) code = tl_recording_fleet_find(recording, name, &fleet, err);
  if (code == TL_OK) {
    tl_error refusal = {0};
    code = tl_governed_check_recording(&d->backward, &d->a, recording, fleet, &refusal);
    tl_text_addf(&d->text, "%s against %s@%u: %s\n", path, d->a.name, d->a.version,
                 code == TL_OK ? "fits" : "does not fit");
    add_findings(&d->text, &d->backward);
    if (code != TL_OK) *err = refusal;
  }
  tl_recording_close(recording);
  return code;
}

static tl_code check_model(desk *d, const char *path, tl_error *err)
{
  model_card_report card;
  const tl_code code = model_card_check(&card, &d->a, path, err);
  if (code == TL_OK)
    tl_text_addf(&d->text, "%s: %u samples of %u inputs, as %s@%u says\n", path, card.window,
                 card.input_count, d->a.name, d->a.version);
  return code;
}

static tl_code check(desk *d, tl_error *err)
{
  const char *name = argument(d, 1), *file = argument(d, 2),
             *model = cli_options_get(d->options, "model");
  tl_code code = TL_OK;
  uint32_t count = 0;
  if (name == NULL) {
    if (model) return tl_fail(err, TL_E_USAGE, NULL, "schema check --model needs a NAME");
    tl_registry_names(d->names, NAMES_MAX, &count, d->root);
    if (count == 0) return tl_fail(err, TL_E_IO, NULL, "no schema in %s", d->root);
    for (uint32_t i = 0; code == TL_OK && i < count; i++) code = check_name(d, d->names[i], err);
  } else if (file || model) {
    code = tl_registry_read(&d->a, d->root, name, err);
    if (code == TL_OK && file) code = check_file(d, file, err);
    if (code == TL_OK && model) code = check_model(d, model, err);
  } else {
    if (strchr(name, '@'))
      return tl_fail(err, TL_E_USAGE, NULL,
                     "schema check %s: all versions are checked, or give a file", name);
    code = check_name(d, name, err);
  }
  cli_print(d->term, &d->text); /* what was found before a refusal too */
  return code;
}

/* --- diff --- */
static tl_code load_side(desk *d, tl_governed *out, const char *reference, tl_error *err)
{
  if (strncmp(reference, "twin:", 5) != 0) return tl_registry_read(out, d->root, reference, err);
  const tl_twin_type *twin = twin_named(reference + 5);
  if (twin == NULL) return tl_fail(err, TL_E_NAME, NULL, "no twin '%s'", reference + 5);
  return tl_governed_from_columns(out, twin->name, twin->columns, twin->column_count, err);
}

static const char *promise_kept(const desk *d)
{
  return d->backward.refused  ? d->forward.refused ? "none" : "forward"
         : d->forward.refused ? "backward"
                              : "full";
}

static tl_code diff(desk *d, bool *same, tl_error *err)
{
  if (argument(d, 1) == NULL || argument(d, 2) == NULL)
    return tl_fail(err, TL_E_USAGE, NULL,
                   "schema diff needs two: NAME@1 NAME@2, or NAME twin:NAME");
  tl_code code = load_side(d, &d->a, argument(d, 1), err);
  if (code == TL_OK) code = load_side(d, &d->b, argument(d, 2), err);
  if (code != TL_OK) return code;
  if (strncmp(argument(d, 2), "twin:", 5) == 0)
    d->b.period_s = d->a.period_s; /* a twin runs at any step */
  const tl_governed *rules = d->b.version >= d->a.version ? &d->b : &d->a;
  tl_governed_resolve(&d->backward, &d->b, &d->a, rules, false);
  tl_governed_resolve(&d->forward, &d->a, &d->b, rules, false);
  *same = tl_governed_same(&d->a, &d->b);
  if (cli_options_has(d->options, "json")) {
    tl_text_addf(&d->text,
                 "{\n  \"schema\": \"twinloop.schema_diff/1\",\n  \"same\": %s,\n  \"compatible\": "
                 "\"%s\",\n  \"backward\": ",
                 *same ? "true" : "false", promise_kept(d));
    add_findings_json(&d->text, &d->backward);
    tl_text_add(&d->text, ",\n  \"forward\": ");
    add_findings_json(&d->text, &d->forward);
    tl_text_add(&d->text, "\n}\n");
  } else if (*same) {
    tl_text_add(&d->text, "the same channels, units, ranges, types and rate\n");
  } else {
    tl_text_addf(&d->text, "compatible: %s\n%s reads %s:\n", promise_kept(d), argument(d, 2),
                 argument(d, 1));
    add_findings(&d->text, &d->backward);
    tl_text_addf(&d->text, "%s reads %s:\n", argument(d, 1), argument(d, 2));
    add_findings(&d->text, &d->forward);
  }
  return deliver(d, err);
}

/* --- add --- */
static tl_code next_version(desk *d, const char *name, const char *draft, tl_error *err)
{
  if (draft) {
    const tl_code code = tl_governed_read(&d->b, draft, err);
    if (code != TL_OK || strcmp(d->b.name, name) == 0) return code;
    return tl_fail(err, TL_E_SCHEMA, draft, "is a draft of %s, not of %s", d->b.name, name);
  }
  const tl_twin_type *twin = twin_named(name);
  if (twin == NULL) {
    tl_fail(err, TL_E_NAME, NULL, "no twin '%s' to take the columns from", name);
    return tl_fail_hint(
        err, "a schema of something else is added from a draft: twinloop schema add %s DRAFT.json",
        name);
  }
  tl_code code = tl_governed_from_columns(&d->b, name, twin->columns, twin->column_count, err);
  if (code == TL_OK && tl_registry_latest(d->root, name) > 0) {
    code = tl_registry_read(&d->a, d->root, name, err);
    d->b.period_s = d->a.period_s;
  }
  return code;
}

static tl_code add_version(desk *d, tl_error *err)
{
  const char *name = argument(d, 1), *period = cli_options_get(d->options, "period");
  const char *word = cli_options_get(d->options, "compatibility");
  if (name == NULL) return tl_fail(err, TL_E_USAGE, NULL, "schema add needs a NAME");
  tl_code code = next_version(d, name, argument(d, 2), err);
  if (code == TL_OK && period) {
    int64_t ns = 0;
    code = tl_text_parse_duration(&ns, period, NULL, err);
    if (code == TL_OK && ns < 0)
      code = tl_fail(err, TL_E_USAGE, NULL, "--period must not be negative");
    d->b.period_s = (double)ns / 1e9;
  }
  for (int i = TL_COMPAT_NONE; word && i <= TL_COMPAT_FULL; i++)
    if (strcmp(word, tl_compatibility_name((tl_compatibility)i)) == 0)
      d->b.compatibility = (tl_compatibility)i;
  bool added = false;
  if (code == TL_OK) code = tl_registry_add(d->root, &d->b, &added, err);
  if (code != TL_OK) return code;
  tl_text_addf(&d->text, added ? "%s@%u added, hash %s\n" : "%s@%u already says this, hash %s\n",
               d->b.name, d->b.version, d->b.hash);
  cli_print(d->term, &d->text);
  return TL_OK;
}

int cmd_schema(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  bool same = true;
  const char *action = options->arguments[0];
  desk *d = calloc(1, sizeof *d);
  tl_code code = d ? TL_OK : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) {
    d->options = options;
    d->term = term;
    d->root = cli_options_get(options, "registry");
    if (!d->root) d->root = "schemas";
    if (strcmp(action, "show") == 0)
      code = show(d, &err);
    else if (strcmp(action, "check") == 0)
      code = check(d, &err);
    else if (strcmp(action, "diff") == 0)
      code = diff(d, &same, &err);
    else if (strcmp(action, "add") == 0)
      code = add_version(d, &err);
    else
      code =
          tl_fail(&err, TL_E_USAGE, NULL, "schema: '%s' is not show, check, diff or add", action);
  }
  if (d) tl_text_free(&d->text);
  free(d);
  return code == TL_OK ? same ? EXIT_SAME : EXIT_DIFFERENT : cli_fail(term, &err, NULL);
}
