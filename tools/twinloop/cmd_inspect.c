/* cmd_inspect.c: what a run was, and what any device of it was at any time, recorded or not; what a recording holds. */
#include "base/text.h"
#include "telemetry/recording.h"
#include "tools/cli/replay.h"
#include "tools/twinloop/commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_modelled_json(tl_text *out, tl_modelled from)
{
  if (from.board == NULL) {
    tl_text_add(out, "null");
    return;
  }
  tl_text_add(out, "{\"board\": ");
  tl_text_add_json(out, from.board);
  tl_text_add(out, ", \"error_ratio\": ");
  tl_text_add_json_double(out, from.error_ratio);
  tl_text_add_char(out, '}');
}

/* --- the run as a whole -------------------------------------------------------------------------- */
static void add_run_lines(tl_text *out, const cli_run_record *record, tl_recording *recording)
{
  tl_text_addf(out, "scenario   %s  seed %llu\nrun hash   %s\nended      ", record->scenario,
               (unsigned long long)record->seed,
               record->run_hash[0] ? record->run_hash : "none: no window came to its end");
  tl_text_add_duration(out, record->end_ns);
  tl_text_addf(out, "\nfolder     %s\n", record->folder);
  for (uint32_t i = 0; i < record->flip_count; i++)
    tl_text_addf(out, "planted    %s\n", record->flips[i].text);
  for (uint32_t f = 0; recording && f < tl_recording_fleet_count(recording); f++) {
    const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, f);
    tl_text_addf(out, "fleet      %s: %u devices recorded, %llu samples", fleet->name,
                 fleet->device_count, (unsigned long long)fleet->sample_count);
    if (fleet->sample_count > 0) {
      tl_text_add(out, " from ");
      tl_text_add_duration(out, fleet->times_ns[0]);
      tl_text_add(out, " to ");
      tl_text_add_duration(out, fleet->times_ns[fleet->sample_count - 1]);
    }
    tl_text_add_char(out, '\n');
    for (uint32_t s = 0; s < fleet->signal_count; s++) {
      char modelled[TL_MODELLED_TEXT_BYTES];
      const tl_modelled from = cli_run_record_modelled(record, fleet->name, fleet->signals[s].name);
      tl_text_addf(out, "  %-30s %-8s %s%s%s\n", fleet->signals[s].name, fleet->signals[s].unit,
                   tl_role_name(fleet->signals[s].role), from.board ? ", " : "",
                   tl_modelled_text(modelled, &from));
    }
  }
  tl_text_add(out, "any device at any time: twinloop inspect RUN --device N --at TIME\n");
}

static void add_run_json(tl_text *out, const cli_run_record *record, tl_recording *recording)
{
  tl_text_add(out, "{\"schema\": \"twinloop.inspect/1\", \"scenario\": ");
  tl_text_add_json(out, record->scenario);
  tl_text_addf(out, ", \"seed\": %llu, \"run_hash\": ", (unsigned long long)record->seed);
  tl_text_add_json(out, record->run_hash[0] ? record->run_hash : NULL);
  tl_text_add(out, ", \"end_s\": ");
  tl_text_add_json_double(out, (double)record->end_ns / 1e9);
  tl_text_add(out, ", \"fleets\": [");
  for (uint32_t f = 0; recording && f < tl_recording_fleet_count(recording); f++) {
    const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, f);
    tl_text_add(out, f ? ", {\"name\": " : "{\"name\": ");
    tl_text_add_json(out, fleet->name);
    tl_text_addf(out, ", \"devices\": %u, \"samples\": %llu, \"signals\": [", fleet->device_count,
                 (unsigned long long)fleet->sample_count);
    for (uint32_t s = 0; s < fleet->signal_count; s++) {
      if (s) tl_text_add(out, ", ");
      tl_text_add_json(out, fleet->signals[s].name);
    }
    tl_text_add(out, "], \"modelled\": {");
    bool is_first = true;
    for (uint32_t s = 0; s < fleet->signal_count; s++) {
      const tl_modelled from = cli_run_record_modelled(record, fleet->name, fleet->signals[s].name);
      if (from.board == NULL) continue;
      tl_text_add(out, is_first ? "" : ", ");
      tl_text_add_json(out, fleet->signals[s].name);
      tl_text_add(out, ": ");
      add_modelled_json(out, from);
      is_first = false;
    }
    tl_text_add(out, "}}");
  }
  tl_text_add(out, "]}\n");
}

/* --- a recording --------------------------------------------------------------------------------- */
typedef struct channel { /* of the first device */
  uint64_t missing;
  double low, high; /* NaN: no value */
} channel;

static int by_size(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The median interval, and how many are longer than 1.5 of it: the import's own rule. */
static tl_code find_gaps(const tl_recording_fleet *fleet, int64_t *period_ns, uint64_t *gaps,
                         tl_error *err)
{
  const size_t count = fleet->sample_count > 1 ? (size_t)fleet->sample_count - 1 : 0;
  *period_ns = 0;
  *gaps = 0;
  if (count == 0) return TL_OK;
  int64_t *steps = malloc(count * sizeof *steps);
  if (!steps) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (size_t i = 0; i < count; i++) steps[i] = fleet->times_ns[i + 1] - fleet->times_ns[i];
  qsort(steps, count, sizeof *steps, by_size); /* of equal keys no order shows */
  *period_ns = steps[count / 2];
  for (size_t i = 0; i < count; i++) *gaps += steps[i] > *period_ns + *period_ns / 2;
  free(steps);
  return TL_OK;
}

static tl_code look_at_channel(channel *out, tl_recording *recording, uint32_t fleet,
                               uint32_t signal, tl_error *err)
{
  const uint64_t count = tl_recording_fleet_at(recording, fleet)->sample_count;
  double *values = malloc((size_t)count * sizeof *values + 1);
  *out = (channel){.low = (double)NAN, .high = (double)NAN};
  if (!values) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  const tl_code code = tl_recording_read(recording, fleet, signal, 0, 0, count, values, err);
  for (uint64_t i = 0; code == TL_OK && i < count; i++) {
    if (isnan(values[i])) {
      out->missing++;
      continue;
    }
    if (!(out->low <= values[i])) out->low = values[i];
    if (!(out->high >= values[i])) out->high = values[i];
  }
  free(values);
  return code;
}

static tl_code add_recorded_fleet(tl_text *lines, tl_text *document, tl_recording *recording,
                                  uint32_t f, tl_error *err)
{
  const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, f);
  int64_t period_ns = 0;
  uint64_t gaps = 0;
  tl_code code = find_gaps(fleet, &period_ns, &gaps, err);
  const int64_t begin_ns = fleet->sample_count ? fleet->times_ns[0] : 0,
                end_ns = fleet->sample_count ? fleet->times_ns[fleet->sample_count - 1] : 0;
  tl_text_addf(lines, "fleet      %s: %u device%s, %llu samples from ", fleet->name,
               fleet->device_count, fleet->device_count == 1 ? "" : "s",
               (unsigned long long)fleet->sample_count);
  tl_text_add_duration(lines, begin_ns);
  tl_text_add(lines, " to ");
  tl_text_add_duration(lines, end_ns);
  tl_text_add(lines, "\nperiod     ");
  tl_text_add_digits(lines, (double)period_ns / 1e9, 6);
  tl_text_addf(lines, " s median, %llu gap%s (an interval above 1.5 medians)\n",
               (unsigned long long)gaps, gaps == 1 ? "" : "s");
  tl_text_addf(lines, "  %-30s %-8s %-9s %8s  range\n", "channel", "unit", "role", "missing");
  tl_text_add(document, f ? ", {\"name\": " : "{\"name\": ");
  tl_text_add_json(document, fleet->name);
  tl_text_addf(document, ", \"devices\": %u, \"samples\": %llu, \"begin_s\": ", fleet->device_count,
               (unsigned long long)fleet->sample_count);
  tl_text_add_json_double(document, (double)begin_ns / 1e9);
  tl_text_add(document, ", \"end_s\": ");
  tl_text_add_json_double(document, (double)end_ns / 1e9);
  tl_text_add(document, ", \"period_s\": ");
  tl_text_add_json_double(document, (double)period_ns / 1e9);
  tl_text_addf(document, ", \"gaps\": %llu, \"channels\": {", (unsigned long long)gaps);
  for (uint32_t s = 0; code == TL_OK && s < fleet->signal_count; s++) {
    const tl_signal_def *signal = &fleet->signals[s];
    channel seen;
    code = look_at_channel(&seen, recording, f, s, err);
    if (code != TL_OK) break;
    tl_text_addf(lines, "  %-30s %-8s %-9s %8llu  ", signal->name, signal->unit,
                 tl_role_name(signal->role), (unsigned long long)seen.missing);
    tl_text_add_digits(lines, seen.low, 6);
    tl_text_add(lines, " to ");
    tl_text_add_digits(lines, seen.high, 6);
    tl_text_add_char(lines, '\n');
    tl_text_add(document, s ? ",\n  " : "\n  ");
    tl_text_add_json(document, signal->name);
    tl_text_add(document, ": {\"unit\": ");
    tl_text_add_json(document, signal->unit);
    tl_text_addf(document,
                 ", \"role\": \"%s\", \"missing\": %llu, \"low\": ", tl_role_name(signal->role),
                 (unsigned long long)seen.missing);
    tl_text_add_json_double(document, seen.low);
    tl_text_add(document, ", \"high\": ");
    tl_text_add_json_double(document, seen.high);
    tl_text_add_char(document, '}');
  }
  tl_text_add(document, "}}");
  return code;
}

/* --- one device at a time ------------------------------------------------------------------------ */
typedef struct moment { /* what is shown */
  const cli_replay *replay;
  const tl_world *world;
  uint32_t device;
  int64_t at_ns;
  bool has_tick; /* false: the window's end */
  uint32_t tick;
} moment;

static double value_of(const moment *m, uint32_t column)
{
  if (m->has_tick) return cli_replay_value(m->replay, m->tick, column, m->device % TL_BLOCK_ROWS);
  double value = 0.0;
  tl_fleet_read(m->world, m->replay->fleet, column, m->device, m->device + 1, &value);
  return value;
}

/* The last tick that is not after the time asked for, else the window's end. */
static moment moment_of(cli_replay *replay, uint32_t device, int64_t at_ns)
{
  moment m = {
      .replay = replay, .world = tl_scenario_world(replay->session.scenario), .device = device};
  m.at_ns = tl_world_now_ns(m.world);
  if (m.at_ns <= at_ns || replay->too_many_ticks) return m;
  for (uint32_t t = 0; t < replay->tick_count; t++) {
    if (replay->tick_ns[t] > at_ns) break;
    m.has_tick = true;
    m.tick = t;
    m.at_ns = replay->tick_ns[t];
  }
  return m;
}

static void add_moment_lines(tl_text *out, const moment *m)
{
  tl_text_addf(out, "%s device %u at ", m->replay->fleet_name, m->device);
  tl_text_add_duration(out, m->at_ns);
  tl_text_addf(out, "  (simulated again, %llu windows proved by digest)\n",
               (unsigned long long)m->replay->last_window + 1);
  for (uint32_t c = 0; c < m->replay->column_count; c++) {
    const tl_column *column = tl_fleet_column(m->world, m->replay->fleet, c);
    char value[TL_TEXT_DOUBLE_BYTES];
    tl_text_format_double(value, value_of(m, c));
    char modelled[TL_MODELLED_TEXT_BYTES];
    const tl_modelled from = tl_fleet_modelled(m->world, m->replay->fleet, c);
    tl_text_addf(out, "  %-30s %24s %-8s %s%s%s\n", column->name, value, column->unit,
                 tl_role_name(column->role), from.board ? ", " : "",
                 tl_modelled_text(modelled, &from));
  }
}

static void add_moment_json(tl_text *out, const moment *m)
{
  tl_text_add(out, "{\"schema\": \"twinloop.inspect/1\", \"fleet\": ");
  tl_text_add_json(out, m->replay->fleet_name);
  tl_text_addf(out, ", \"device\": %u, \"time_s\": ", m->device);
  tl_text_add_json_double(out, (double)m->at_ns / 1e9);
  tl_text_addf(out, ", \"proved_windows\": %llu, \"columns\": {",
               (unsigned long long)m->replay->last_window + 1);
  for (uint32_t c = 0; c < m->replay->column_count; c++) {
    const tl_column *column = tl_fleet_column(m->world, m->replay->fleet, c);
    tl_text_add(out, c ? ",\n  " : "\n  ");
    tl_text_add_json(out, column->name);
    tl_text_add(out, ": {\"value\": ");
    tl_text_add_json_double(out, value_of(m, c));
    tl_text_add(out, ", \"unit\": ");
    tl_text_add_json(out, column->unit);
    tl_text_addf(out, ", \"role\": \"%s\", \"modelled\": ", tl_role_name(column->role));
    add_modelled_json(out, tl_fleet_modelled(m->world, m->replay->fleet, c));
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "\n}}\n");
}

/* --- both ---------------------------------------------------------------------------------------- */
static tl_code show(const cli_options *options, const cli_term *term, const tl_text *lines,
                    const tl_text *document, tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  if (!(json && strcmp(json, "-") == 0)) cli_print(term, lines);
  return json ? cli_write(json, document, err) : TL_OK;
}

static tl_code inspect_run(const cli_run_record *record, const cli_options *options,
                           const cli_term *term, tl_error *err)
{
  tl_recording *recording = NULL;
  tl_error no_signals = {0};
  (void)tl_recording_open(&recording, record->folder,
                          &no_signals); /* --record events keeps no signals */
  tl_text lines = {0}, document = {0};
  add_run_lines(&lines, record, recording);
  add_run_json(&document, record, recording);
  const tl_code code = show(options, term, &lines, &document, err);
  tl_text_free(&document);
  tl_text_free(&lines);
  tl_recording_close(recording);
  return code;
}

static tl_code inspect_recording(const cli_options *options, const cli_term *term, tl_error *err)
{
  tl_recording *recording = NULL;
  tl_text lines = {0}, document = {0};
  if (cli_options_has(options, "device") || cli_options_has(options, "at")) {
    tl_fail(err, TL_E_USAGE, NULL, "%s: a recording can't be simulated again, a run can",
            options->arguments[0]);
    return tl_fail_hint(err, "its values: twinloop export %.80s --csv", options->arguments[0]);
  }
  tl_code code = tl_recording_open(&recording, options->arguments[0], err);
  if (code != TL_OK) return code;
  const char *label = tl_recording_label(recording), *kind = tl_recording_kind(recording);
  tl_text_addf(&lines, "%-10s %s%s%s\n", "recording", kind, label[0] ? ": " : "", label);
  tl_text_addf(&document,
               "{\"schema\": \"twinloop.inspect/1\", \"kind\": \"%s\", \"label\": ", kind);
  tl_text_add_json(&document, label);
  tl_text_add(&document, ", \"fleets\": [");
  for (uint32_t f = 0; code == TL_OK && f < tl_recording_fleet_count(recording); f++)
    code = add_recorded_fleet(&lines, &document, recording, f, err);
  tl_text_add(&document, "]}\n");
  if (code == TL_OK) code = show(options, term, &lines, &document, err);
  tl_text_free(&document);
  tl_text_free(&lines);
  tl_recording_close(recording);
  return code;
}

static tl_code inspect_device(const cli_run_record *record, const cli_options *options,
                              const cli_term *term, tl_error *err)
{
  uint64_t device = 0;
  int64_t at_ns = INT64_MAX;
  tl_code code = cli_options_number(options, "device", 0, UINT32_MAX, &device, err);
  const char *at = cli_options_get(options, "at");
  if (code == TL_OK && at && tl_text_parse_duration(&at_ns, at, NULL, err) != TL_OK)
    code =
        tl_fail(err, TL_E_USAGE, NULL, "--at: '%s' is no time such as 07:12:40, 90s or 1.5h", at);
  if (code == TL_OK && at && at_ns > record->end_ns) {
    char end[TL_TEXT_DURATION_BYTES];
    tl_text_format_duration(end, record->end_ns);
    code = tl_fail(err, TL_E_USAGE, NULL, "--at %s: the run ended at %s", at, end);
  }
  if (code != TL_OK) return code;
  cli_replay *replay = malloc(sizeof *replay);
  if (!replay) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  code = cli_replay_open(replay, record, options, cli_options_get(options, "fleet"),
                         (uint32_t)device, err);
  if (code == TL_OK)
    code = cli_replay_run(replay, (cli_replay_stop){.window = UINT64_MAX, .at_ns = at_ns}, err);
  if (code == TL_OK) {
    const moment m = moment_of(replay, (uint32_t)device, at_ns);
    tl_text lines = {0}, document = {0};
    add_moment_lines(&lines, &m);
    add_moment_json(&document, &m);
    code = show(options, term, &lines, &document, err);
    tl_text_free(&document);
    tl_text_free(&lines);
  }
  cli_replay_close(replay);
  free(replay);
  return code;
}

int cmd_inspect(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  cli_run_record record = {0};
  const bool is_run = cli_names_run(options->arguments[0]);
  tl_code code = is_run ? cli_run_record_read(&record, options->arguments[0], &err)
                        : inspect_recording(options, term, &err);
  if (code == TL_OK && is_run)
    code = cli_options_has(options, "device") || cli_options_has(options, "at")
               ? inspect_device(&record, options, term, &err)
               : inspect_run(&record, options, term, &err);
  cli_run_record_free(&record);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
