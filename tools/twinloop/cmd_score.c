#include "fidelity/score.h"
#include "tools/cli/run_folder.h"
#include "tools/pair/parameters.h"
#include "tools/pair/score.h"
#include "tools/twinloop/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 32, NAME_BYTES = 64 };
typedef struct pair_list {
  tl_score_pair pairs[PAIRS_MAX];
  char names[PAIRS_MAX][NAME_BYTES];     /* the part before '=' */
  char rec_names[PAIRS_MAX][NAME_BYTES]; /* of pairs that a scenario named */
  uint32_t count;
} pair_list;

static tl_code read_pairs(pair_list *out, const cli_options *options, tl_error *err)
{
  const char *value;
  out->count = 0;
  for (uint32_t i = 0; (value = cli_options_nth(options, "pair", i)) != NULL; i++) {
    const size_t length = strcspn(value, "=");
    if (length == 0 || value[length] != '=' || !value[length + 1] || length >= NAME_BYTES)
      return tl_fail(err, TL_E_USAGE, NULL, "--pair: '%s' is not SIM=REC", value);
    if (i == PAIRS_MAX)
      return tl_fail(err, TL_E_USAGE, NULL, "more than %d times --pair", PAIRS_MAX);
    memcpy(out->names[i], value, length);
    out->names[i][length] = '\0';
    out->pairs[i] = (tl_score_pair){.sim = out->names[i], .rec = value + length + 1, .where = NULL};
    out->count++;
  }
  return TL_OK;
}

static tl_code add_pair(pair_list *out, const char *sim, const char *rec, tl_error *err)
{
  if (out->count == PAIRS_MAX || strlen(sim) >= NAME_BYTES || strlen(rec) >= NAME_BYTES)
    return tl_fail(err, TL_E_LIMIT, NULL,
                   "run.json compares more than %d channels, or longer names", PAIRS_MAX);
  snprintf(out->names[out->count], NAME_BYTES, "%s", sim);
  snprintf(out->rec_names[out->count], NAME_BYTES, "%s", rec);
  out->pairs[out->count] =
      (tl_score_pair){.sim = out->names[out->count], .rec = out->rec_names[out->count]};
  out->count++;
  return TL_OK;
}

static bool has_signal(const tl_recording *recording, const char *name)
{
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  for (uint32_t i = 0; i < fleet->signal_count; i++)
    if (strcmp(fleet->signals[i].name, name) == 0) return true;
  return false;
}

/* What the run's scenario said with compare(), as run.json keeps it: score.CHANNEL.recorded_as. A recording that has
 * the channel under the run's own name, as an export has, pairs by name. A run.json of another shape is an error:
 * to pair by likeness of names what the scenario paired on purpose gives other figures. */
static tl_code scenario_pairs(pair_list *out, const char *path, const tl_recording *sim,
                              const tl_recording *rec, tl_error *err)
{
  cli_run_record record;
  tl_code code = cli_run_record_read(&record, path, err);
  if (code != TL_OK) (void)tl_fail_hint(err, "without it, name the pairs: --pair SIM=REC");
  const json_t *score = code == TL_OK ? json_object_get(record.json_, "score") : NULL;
  const char *name;
  json_t *row;
  if (score && !json_is_object(score))
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s/run.json: 'score' is no object", path);
  json_object_foreach((json_t *)score, name, row)
  {
    const char *recorded = json_string_value(json_object_get(row, "recorded_as"));
    if (code == TL_OK && !recorded)
      code = tl_fail(err, TL_E_FORMAT, NULL, "%s/run.json: score of '%s' has no 'recorded_as'",
                     path, name);
    char column[2 * NAME_BYTES]; /* "box_K" of "box_K:t3": one column compared with two channels */
    const char *colon = strrchr(name, ':');
    const bool is_second = recorded && colon && strcmp(colon + 1, recorded) == 0;
    snprintf(column, sizeof column, "%.*s",
             (int)(is_second ? (size_t)(colon - name) : strlen(name)), name);
    if (code == TL_OK && !has_signal(rec, name) && has_signal(sim, column) &&
        has_signal(rec, recorded))
      code = add_pair(out, column, recorded, err);
  }
  cli_run_record_free(&record);
  return code;
}

/* --metric and --params; without both the score stays as it is. */
static tl_code ask(tl_score *score, const cli_options *options, tl_error *err)
{
  const char *list = cli_options_get(options, "metric"), *json = cli_options_get(options, "params");
  bool wanted[TL_METRIC_ALL_COUNT];
  tl_metric_parameters parameters = tl_metric_parameters_default();
  if (!list && !json) return TL_OK;
  tl_code code = json ? pair_parameters_parse(&parameters, json, "--params", err) : TL_OK;
  if (code == TL_OK) code = tl_metric_choose(wanted, list, true, false, err);
  return code == TL_OK ? tl_score_ask(score, wanted, &parameters, err) : code;
}

static tl_code print_score(const tl_score *score, const cli_options *options, const cli_term *term,
                           tl_error *err)
{
  tl_text text = {0};
  tl_code code = TL_OK;
  const char *json = cli_options_get(options, "json");
  if (json) {
    tl_score_write_json(score, &text);
    code = cli_write(json, &text, err);
  }
  if (code == TL_OK && !(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    tl_score_write_table(score, &text);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  return code;
}

/* A file with several fleets is asked for its first; without --device, for the first device that was recorded. */
static tl_code side_of(tl_score_side *out, tl_recording *recording, const cli_options *options,
                       tl_error *err)
{
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  uint64_t device = fleet->devices[0];
  uint32_t place = 0;
  tl_code code = TL_OK;
  if (options) code = cli_options_number(options, "device", 0, UINT32_MAX, &device, err);
  if (code == TL_OK && options && fleet->device_count > 1 &&
      (code = tl_recording_device_find(recording, 0, (uint32_t)device, &place, err)) != TL_OK)
    (void)tl_fail_hint(err, "choose one: --device %u", fleet->devices[0]);
  *out = (tl_score_side){.recording = recording, .fleet = fleet->name, .device = (uint32_t)device};
  return code;
}

static void say_device(const tl_score_side *sim, const cli_options *options, const cli_term *term)
{
  const tl_recording_fleet *fleet = tl_recording_fleet_at(sim->recording, 0);
  if (fleet->device_count < 2 || cli_options_has(options, "device") || term->quiet) return;
  fprintf(stderr, "device %u of fleet %s, the first of %u recorded; another: --device N\n",
          sim->device, fleet->name, fleet->device_count);
}

int cmd_score(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_recording *sim = NULL, *rec = NULL;
  tl_score_side a = {0}, b = {0};
  tl_score score = {0};
  if (options->argument_count == 1) return pair_score(options, term);
  pair_list *list = malloc(sizeof *list);
  tl_code code = list ? TL_OK : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) code = read_pairs(list, options, &err);
  if (code == TL_OK) code = tl_recording_open(&sim, options->arguments[0], &err);
  if (code == TL_OK) code = tl_recording_open(&rec, options->arguments[1], &err);
  if (code == TL_OK) code = side_of(&a, sim, options, &err);
  if (code == TL_OK) code = side_of(&b, rec, NULL, &err);
  if (code == TL_OK && list->count == 0 && cli_names_run(options->arguments[0]) &&
      strcmp(tl_recording_kind(sim), "run") == 0)
    code = scenario_pairs(list, options->arguments[0], sim, rec, &err);
  if (code == TL_OK) {
    say_device(&a, options, term);
    code = tl_score_run(&score, &a, &b, list->count ? list->pairs : NULL, list->count, NULL, &err);
  }
  if (code == TL_OK) code = ask(&score, options, &err);
  if (code == TL_OK) code = print_score(&score, options, term, &err);
  tl_score_free(&score);
  tl_recording_close(rec);
  tl_recording_close(sim);
  free(list);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
