#include "fidelity/score.h"
#include "tools/cli/run_folder.h"
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

static void add_pair(pair_list *out, const char *sim, const char *rec)
{
  if (out->count == PAIRS_MAX || strlen(sim) >= NAME_BYTES || strlen(rec) >= NAME_BYTES) return;
  snprintf(out->names[out->count], NAME_BYTES, "%s", sim);
  snprintf(out->rec_names[out->count], NAME_BYTES, "%s", rec);
  out->pairs[out->count] =
      (tl_score_pair){.sim = out->names[out->count], .rec = out->rec_names[out->count]};
  out->count++;
}

static bool has_signal(const tl_recording *recording, const char *name)
{
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, 0);
  for (uint32_t i = 0; i < fleet->signal_count; i++)
    if (strcmp(fleet->signals[i].name, name) == 0) return true;
  return false;
}

/* What the run's scenario said with compare(), when the run and this recording have those channels and no two
 * channels have one name. */
static void scenario_pairs(pair_list *out, const char *path, const tl_recording *sim,
                           const tl_recording *rec)
{
  cli_run_record record;
  if (cli_run_record_read(&record, path, NULL) != TL_OK)
    return; /* a recording or a CSV file: names alone */
  const char *name;
  json_t *row;
  json_object_foreach(json_object_get(json_object_get(record.json_, "score"), "samples"), name, row)
  {
    const char *recorded = json_string_value(json_object_get(row, "recorded_as"));
    if (recorded && !has_signal(rec, name) && has_signal(sim, name) && has_signal(rec, recorded))
      add_pair(out, name, recorded);
  }
  cli_run_record_free(&record);
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

/* A file with several fleets is asked for its first. */
static tl_score_side side_of(tl_recording *recording, uint64_t device)
{
  return (tl_score_side){.recording = recording,
                         .fleet = tl_recording_fleet_at(recording, 0)->name,
                         .device = (uint32_t)device};
}

int cmd_score(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_recording *sim = NULL, *rec = NULL;
  tl_score score = {0};
  uint64_t device = 0;
  pair_list *list = malloc(sizeof *list);
  tl_code code = list ? TL_OK : tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
  if (code == TL_OK) code = read_pairs(list, options, &err);
  if (code == TL_OK) code = cli_options_number(options, "device", 0, UINT32_MAX, &device, &err);
  if (code == TL_OK) code = tl_recording_open(&sim, options->arguments[0], &err);
  if (code == TL_OK) code = tl_recording_open(&rec, options->arguments[1], &err);
  if (code == TL_OK && list->count == 0) scenario_pairs(list, options->arguments[0], sim, rec);
  if (code == TL_OK) {
    const tl_score_side a = side_of(sim, device), b = side_of(rec, 0);
    code = tl_score_run(&score, &a, &b, list->count ? list->pairs : NULL, list->count, NULL, &err);
  }
  if (code == TL_OK) code = print_score(&score, options, term, &err);
  tl_score_free(&score);
  tl_recording_close(rec);
  tl_recording_close(sim);
  free(list);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
