/* cmd_diff.c: the first bit in which two runs differ.
 *
 * Digests alone give window, fleet and block; then both runs are made again up to that window, each proved by
 * digest to be the recorded one, and the block is compared tick by tick. A side that this program cannot reproduce
 * leaves device and column unknown: exit 2, with what the digests say.
 * A planted bit may vanish before the first digest after it. run.json tells where each run planted one, so a bit that
 * only one of them planted is looked at in the same way, and it is said when it vanished. */
#include "base/text.h"
#include "telemetry/compare.h"
#include "tools/cli/replay.h"
#include "tools/twinloop/commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_EQUAL = 0, EXIT_DIFFERENT = 1, EXIT_UNKNOWN = 2 };

typedef struct difference { /* the first one */
  bool is_found;
  int64_t at_ns;
  uint32_t device;
  const tl_column *column;
  double a, b;
  bool is_planted;     /* one run alone planted it */
  bool has_vanished;   /* nothing of it was left ... */
  int64_t vanished_ns; /* ... from here on */
} difference;

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* Doubles as integers in their order: neighbours differ by one. */
static int64_t order_of(double value)
{
  int64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >= 0 ? bits : INT64_MIN - bits;
}

static uint64_t ulps_between(double a, double b)
{
  const int64_t x = order_of(a), y = order_of(b);
  return x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
}

static difference found_at(const cli_replay *a, uint32_t row, uint32_t column, int64_t at_ns,
                           double x, double y)
{
  const tl_world *world = tl_scenario_world(a->session.scenario);
  return (difference){.is_found = true,
                      .at_ns = at_ns,
                      .device = a->block * TL_BLOCK_ROWS + row,
                      .column = tl_fleet_column(world, a->fleet, column),
                      .a = x,
                      .b = y};
}

static difference difference_now(const cli_replay *a, const cli_replay *b)
{
  const tl_world *world_a = tl_scenario_world(a->session.scenario),
                 *world_b = tl_scenario_world(b->session.scenario);
  const uint32_t devices = tl_fleet_device_count(world_a, a->fleet),
                 begin = a->block * TL_BLOCK_ROWS;
  for (uint32_t device = begin; device < devices && device < begin + TL_BLOCK_ROWS; device++)
    for (uint32_t c = 0; c < a->column_count; c++) {
      double x = 0.0, y = 0.0;
      tl_fleet_read(world_a, a->fleet, c, device, device + 1, &x);
      tl_fleet_read(world_b, b->fleet, c, device, device + 1, &y);
      if (!same_bits(x, y)) return found_at(a, device - begin, c, tl_world_now_ns(world_a), x, y);
    }
  return (difference){0};
}

/* The window's beginning, where a planted fault stands alone; then tick by tick; then the window's end. */
static difference first_difference(const cli_replay *a, const cli_replay *b)
{
  for (uint32_t row = 0; row < a->rows; row++)
    for (uint32_t c = 0; c < a->column_count; c++) {
      const double x = a->begin_values[c * TL_BLOCK_ROWS + row],
                   y = b->begin_values[c * TL_BLOCK_ROWS + row];
      if (!same_bits(x, y)) return found_at(a, row, c, a->begin_ns, x, y);
    }
  const bool has_ticks = !a->too_many_ticks && !b->too_many_ticks;
  for (uint32_t t = 0; has_ticks && t < a->tick_count && t < b->tick_count; t++)
    for (uint32_t row = 0; row < a->rows; row++)
      for (uint32_t c = 0; c < a->column_count; c++) {
        const double x = cli_replay_value(a, t, c, row), y = cli_replay_value(b, t, c, row);
        if (!same_bits(x, y)) return found_at(a, row, c, a->tick_ns[t], x, y);
      }
  return difference_now(a, b);
}

static tl_code replay_side(cli_replay *replay, const cli_run_record *record,
                           const cli_options *options, const tl_compare_result *where,
                           tl_error *err)
{
  tl_code code = cli_replay_open(replay, record, options, where->fleet, where->device_begin, err);
  if (code == TL_OK)
    code =
        cli_replay_run(replay, (cli_replay_stop){.window = where->window, .at_ns = INT64_MAX}, err);
  return code;
}

/* --- telling it ---------------------------------------------------------------------------------- */
static void add_hex(tl_text *out, double value)
{
  tl_text_addf(out, "%a", value); /* hexadecimal: no locale's comma */
}

static void add_value_json(tl_text *out, const char *key, double value)
{
  tl_text_addf(out, ", \"%s\": ", key);
  if (isfinite(value))
    tl_text_add_double(out, value);
  else
    tl_text_addf(out, "\"%s\"", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
  tl_text_addf(out, ", \"%s_hex\": \"", key);
  add_hex(out, value);
  tl_text_add_char(out, '"');
}

static void add_json(tl_text *out, const tl_compare_result *where, const difference *first,
                     const char *unknown)
{
  static const char *const verdicts[] = {"equal", "different", "shorter", "shape"};
  tl_text_addf(out,
               "{\"schema\": \"twinloop.diff/1\", \"verdict\": \"%s\", \"windows_a\": %llu, "
               "\"windows_b\": %llu",
               verdicts[where->verdict], (unsigned long long)where->windows_a,
               (unsigned long long)where->windows_b);
  tl_text_add(out, ", \"text\": ");
  tl_text_add_json(out, where->text);
  if (where->verdict == TL_COMPARE_DIFFERENT) {
    tl_text_add(out, ",\n  \"first\": {\"time_s\": ");
    tl_text_add_json_double(out, (double)(first->is_found ? first->at_ns : where->end_ns) / 1e9);
    tl_text_addf(out, ", \"window\": %llu, \"fleet\": ", (unsigned long long)where->window);
    tl_text_add_json(out, where->fleet);
    if (first->is_found) {
      tl_text_addf(out, ", \"device\": %u, \"column\": ", first->device);
      tl_text_add_json(out, first->column->name);
      add_value_json(out, "a", first->a);
      add_value_json(out, "b", first->b);
      tl_text_addf(out, ", \"ulps\": %llu, \"unit\": ",
                   (unsigned long long)ulps_between(first->a, first->b));
      tl_text_add_json(out, first->column->unit);
    } else {
      tl_text_add(out, ", \"device\": null, \"column\": null, \"a\": null, \"b\": null");
    }
    if (first->is_planted) tl_text_add(out, ", \"planted\": true, \"vanished_s\": ");
    if (first->is_planted && first->has_vanished)
      tl_text_add_json_double(out, (double)first->vanished_ns / 1e9);
    else if (first->is_planted)
      tl_text_add(out, "null");
    tl_text_addf(out, ", \"block\": %u, \"devices\": [%u, %u], \"differing_blocks\": %u}",
                 where->block, where->device_begin, where->device_end, where->differing_blocks);
  } else {
    tl_text_add(out, ",\n  \"first\": null");
  }
  if (unknown) {
    tl_text_add(out, ",\n  \"unknown\": ");
    tl_text_add_json(out, unknown);
  }
  tl_text_add(out, "}\n");
}

static void add_side(tl_text *out, const char *name, double value, const char *unit)
{
  tl_text_addf(out, "  %s  ", name);
  tl_text_add_double(out, value);
  tl_text_addf(out, " %s%s(", strcmp(unit, "1") == 0 ? "" : unit,
               strcmp(unit, "1") == 0 ? " " : "  ");
  add_hex(out, value);
  tl_text_add(out, ")\n");
}

static void add_lines(tl_text *out, const tl_compare_result *where, const difference *first,
                      const char *unknown)
{
  if (where->verdict == TL_COMPARE_EQUAL) {
    tl_text_addf(out, "equal: all %llu windows have the same digests\n",
                 (unsigned long long)where->windows_a);
  } else if (where->verdict != TL_COMPARE_DIFFERENT) {
    tl_text_addf(out, "%s\n", where->text);
  } else if (first->is_found) {
    tl_text_add(out, "first difference at ");
    tl_text_add_duration(out, first->at_ns);
    tl_text_addf(out, " (window %llu): fleet %s, device %u, column %s\n",
                 (unsigned long long)where->window, where->fleet, first->device,
                 first->column->name);
    add_side(out, "a", first->a, first->column->unit);
    add_side(out, "b", first->b, first->column->unit);
    if (first->has_vanished) {
      tl_text_add(out, "  planted there by one run; it vanished by ");
      tl_text_add_duration(out, first->vanished_ns);
      tl_text_add(out, ", before the window's digest\n");
    }
    tl_text_addf(out, "  %llu ulps apart; both sides were simulated again and proved by digest\n",
                 (unsigned long long)ulps_between(first->a, first->b));
  } else {
    tl_text_addf(out, "different from window %llu on (", (unsigned long long)where->window);
    tl_text_add_duration(out, where->begin_ns);
    tl_text_add(out, " to ");
    tl_text_add_duration(out, where->end_ns);
    tl_text_addf(out, "): fleet %s, devices %u to %u; device and column unknown\n", where->fleet,
                 where->device_begin, where->device_end - 1);
  }
  if (unknown) tl_text_addf(out, "  unknown: %s\n", unknown);
}

/* --- the command --------------------------------------------------------------------------------- */
typedef struct sides {
  cli_run_record record_a, record_b;
  cli_replay a, b;
  tl_compare_result where;
  difference first;
  bool has_records;   /* both have a run.json */
  tl_error no_record; /* else why not */
  tl_error unknown;   /* why a side could not be made again */
} sides;

static bool same_flip(const cli_flip *a, const cli_flip *b)
{
  return a->window == b->window && a->device == b->device && a->bit == b->bit &&
         strcmp(a->fleet, b->fleet) == 0 && strcmp(a->column, b->column) == 0;
}

/* How often a run planted that bit; twice is never. */
static uint32_t times_planted(const cli_run_record *record, const cli_flip *flip)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < record->flip_count; i++)
    count += record->flips[i].is_done && same_flip(&record->flips[i], flip);
  return count;
}

/* The earliest bit of `one` that `other` did not plant, if it is earlier than what is known. */
static void look_for_flip(const cli_run_record *one, const cli_run_record *other,
                          const cli_flip **found)
{
  for (uint32_t i = 0; i < one->flip_count; i++) {
    const cli_flip *flip = &one->flips[i];
    if (!flip->is_done || times_planted(one, flip) % 2 == times_planted(other, flip) % 2) continue;
    if (!*found || flip->window < (*found)->window) *found = flip;
  }
}

/* Puts a bit that one run alone planted in the place of what the digests say, when it comes first. */
static bool is_a_flip_first(sides *s)
{
  const cli_flip *flip = NULL;
  tl_compare_result *where = &s->where;
  if (where->verdict == TL_COMPARE_SHAPE) return false;
  look_for_flip(&s->record_a, &s->record_b, &flip);
  look_for_flip(&s->record_b, &s->record_a, &flip);
  if (!flip || flip->window >= where->windows_a || flip->window >= where->windows_b) return false;
  if (where->verdict == TL_COMPARE_DIFFERENT && flip->window > where->window) return false;
  *where = (tl_compare_result){.verdict = TL_COMPARE_DIFFERENT,
                               .windows_a = where->windows_a,
                               .windows_b = where->windows_b,
                               .window = flip->window,
                               .begin_ns = flip->planted_ns,
                               .end_ns = flip->planted_ns,
                               .block = flip->device / TL_BLOCK_ROWS,
                               .device_begin = flip->device,
                               .device_end = flip->device + 1};
  memcpy(where->fleet, flip->fleet, sizeof where->fleet);
  snprintf(where->text, sizeof where->text, "one run alone planted %.200s", flip->text);
  return true;
}

static bool same_at_tick(const cli_replay *a, const cli_replay *b, uint32_t tick)
{
  for (uint32_t row = 0; row < a->rows; row++)
    for (uint32_t c = 0; c < a->column_count; c++)
      if (!same_bits(cli_replay_value(a, tick, c, row), cli_replay_value(b, tick, c, row)))
        return false;
  return true;
}

/* Is the block the same again at the window's end, and since which tick? */
static void look_for_the_end(difference *first, const cli_replay *a, const cli_replay *b)
{
  first->has_vanished = !difference_now(a, b).is_found;
  if (!first->has_vanished) return;
  first->vanished_ns = tl_world_now_ns(tl_scenario_world(a->session.scenario));
  if (a->too_many_ticks || b->too_many_ticks || a->tick_count != b->tick_count) return;
  for (uint32_t t = a->tick_count; t-- > 0 && same_at_tick(a, b, t);)
    first->vanished_ns = a->tick_ns[t];
}

static void read_records(sides *s, const cli_options *options)
{
  tl_error err;
  s->has_records = cli_run_record_read(&s->record_a, options->arguments[0], &s->no_record) == TL_OK;
  if (cli_run_record_read(&s->record_b, options->arguments[1], &err) == TL_OK) return;
  if (s->has_records) s->no_record = err;
  s->has_records = false;
}

static void name_it(sides *s, const cli_options *options, bool is_planted)
{
  if (!s->has_records) {
    s->unknown = s->no_record;
    return;
  }
  tl_code code = replay_side(&s->a, &s->record_a, options, &s->where, &s->unknown);
  if (code == TL_OK) code = replay_side(&s->b, &s->record_b, options, &s->where, &s->unknown);
  if (code != TL_OK) return;
  if (s->a.column_count != s->b.column_count || s->a.rows != s->b.rows) {
    tl_fail(&s->unknown, TL_E_COLUMN, NULL, "the fleets have other columns or devices");
    return;
  }
  s->first = first_difference(&s->a, &s->b);
  if (!s->first.is_found)
    tl_fail(&s->unknown, TL_E_INTERNAL, NULL,
            "the digests differ, but no column of the block does");
  s->first.is_planted = is_planted && s->first.is_found;
  if (s->first.is_planted) look_for_the_end(&s->first, &s->a, &s->b);
}

static int compare(sides *s, const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  if (tl_compare_digests(options->arguments[0], options->arguments[1], &s->where, &err) != TL_OK) {
    (void)cli_fail(term, &err, NULL);
    return EXIT_UNKNOWN;
  }
  read_records(s, options);
  const bool is_planted = s->has_records && is_a_flip_first(s);
  if (s->where.verdict == TL_COMPARE_DIFFERENT) name_it(s, options, is_planted);
  const char *unknown = s->unknown.code != TL_OK ? s->unknown.text : NULL;
  tl_text text = {0};
  const char *json = cli_options_get(options, "json");
  tl_code code = TL_OK;
  if (json) {
    add_json(&text, &s->where, &s->first, unknown);
    code = cli_write(json, &text, &err);
  }
  if (!(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    add_lines(&text, &s->where, &s->first, unknown);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  if (code != TL_OK) {
    (void)cli_fail(term, &err, NULL);
    return EXIT_UNKNOWN;
  }
  if (unknown || s->where.verdict == TL_COMPARE_SHAPE) return EXIT_UNKNOWN;
  return s->where.verdict == TL_COMPARE_EQUAL ? EXIT_EQUAL : EXIT_DIFFERENT;
}

int cmd_diff(const cli_options *options, const cli_term *term)
{
  sides *s = calloc(1, sizeof *s);
  if (!s) {
    tl_error err = {0};
    tl_fail(&err, TL_E_LIMIT, NULL, "out of memory");
    (void)cli_fail(term, &err, NULL);
    return EXIT_UNKNOWN;
  }
  const int status = compare(s, options, term);
  cli_replay_close(&s->a);
  cli_replay_close(&s->b);
  cli_run_record_free(&s->record_a);
  cli_run_record_free(&s->record_b);
  free(s);
  return status;
}
