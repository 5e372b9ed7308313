/* The region of a recording, as a value and watched over a fleet. */
#include "fidelity/border/border.h"
#include "fidelity/border/watch.h"
#include "twins/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)
enum { N = 1000 };
static double box[N], duty[N];

/* Box from 290 to 310 K; duty 1 only below 300 K. */
static tl_border learnt(void)
{
  tl_border border = {
      .channel_count = 2,
      .channels = {{.name = "box_K", .unit = "K"}, {.name = "heater_on", .unit = "1"}}};
  for (int i = 0; i < N; i++) {
    box[i] = 290.0 + 20.0 * i / (N - 1);
    duty[i] = i < N / 2 ? 1.0 : 0.0;
  }
  duty[3] = (double)NAN;
  const double *const value[2] = {box, duty};
  tl_error err;
  assert_int_equal(tl_border_learn(&border, value, N, &err), TL_OK);
  return border;
}

static void what_was_recorded_is_inside(void **unused)
{
  (void)unused;
  const tl_border border = learnt();
  assert_int_equal(border.sample_count, N - 1);
  for (int i = 0; i < N; i++) {
    if (i == 3) continue;
    assert_true(tl_border_inside(&border, (double[]){box[i], duty[i]}, NULL));
  }
}

static void explain(const tl_border *border, const double *value, const char *wanted)
{
  char memory[200];
  tl_text text = tl_text_over(memory, sizeof memory);
  tl_border_breach breach;
  assert_false(tl_border_inside(border, value, &breach));
  tl_border_explain(border, value, breach, &text);
  assert_string_equal(tl_text_string(&text), wanted);
}

static void breaches_are_told_in_words(void **unused)
{
  (void)unused;
  const tl_border border = learnt();
  explain(&border, (double[]){341.2, 0.0}, "box_K 341.2 K is above the 310 K recorded");
  explain(&border, (double[]){280.0, 0.0}, "box_K 280 K is below the 290 K recorded");
  explain(&border, (double[]){308.0, 1.0},
          "box_K 308 K together with heater_on 1 was never recorded");
  explain(&border, (double[]){(double)NAN, 1.0}, "box_K nan K is below the 290 K recorded");
  /* half a cell beyond the range is still the recording's own uncertainty: a cell is 1.25 K */
  assert_true(tl_border_inside(&border, (double[]){310.6, 0.0}, NULL));
  assert_false(tl_border_inside(&border, (double[]){310.7, 0.0}, NULL));
}

static void a_constant_channel_covers_its_value_and_its_resolution(void **unused)
{
  (void)unused;
  const double room[3] = {293.0, 293.0, 293.0};
  const double *const value[1] = {room};
  tl_border border = {.channel_count = 1,
                      .channels = {{.name = "room_K", .unit = "K", .slack = 0.01}}};
  assert_int_equal(tl_border_learn(&border, value, 3, NULL), TL_OK);
  assert_true(tl_border_inside(&border, (double[]){293.01}, NULL));
  assert_false(tl_border_inside(&border, (double[]){293.02}, NULL));
}

static void a_recording_without_whole_stamps_is_refused(void **unused)
{
  (void)unused;
  const double none[2] = {(double)NAN, 1.0}, other[2] = {1.0, (double)NAN};
  const double *const value[2] = {none, other};
  tl_error err;
  tl_border border = {.channel_count = 2};
  assert_int_equal(tl_border_learn(&border, value, 2, &err), TL_E_SAMPLES);
  assert_string_equal(err.text,
                      "no stamp of the recording has values of all 2 channels of the border");
  border.channel_count = 13;
  assert_int_equal(tl_border_learn(&border, value, 2, &err), TL_E_ARG);
}

static void json_and_back_is_the_same_region(void **unused)
{
  (void)unused;
  const tl_border border = learnt();
  tl_text text = {0};
  tl_border_write_json(&border, &text);
  tl_border back;
  tl_error err;
  assert_int_equal(tl_border_read_json(&back, tl_text_string(&text), "b.json", &err), TL_OK);
  assert_memory_equal(&back.covered, &border.covered, sizeof back.covered);
  assert_true(back.channels[0].high == border.channels[0].high &&
              back.channels[0].slack == border.channels[0].slack);
  assert_int_equal(back.sample_count, border.sample_count);
  assert_int_equal(tl_border_convert(&back, 0, "degC", NULL, &err), TL_OK);
  assert_true(fabs(back.channels[0].low - 16.85) < 1e-9);
  assert_true(tl_border_inside(&back, (double[]){20.0, 1.0}, NULL));
  assert_int_equal(tl_border_convert(&back, 0, "W", NULL, &err), TL_E_UNIT);
  tl_text_free(&text);
}

static void bad_files_are_refused_with_the_reason(void **unused)
{
  (void)unused;
  static const struct {
    const char *text, *wanted;
  } cases[] = {
      {"", "border: line 1: '[' or '{' expected near end of file"},
      {"{}", "border: its schema is not twinloop.border/1"},
      {"{\"schema\":\"twinloop.border/1\"}", "border: it must have 1 to 12 channels"},
      {"{\"schema\":\"twinloop.border/1\",\"channels\":[{}]}",
       "border: \"samples\" must be a count"},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{}]}",
       "border: each channel needs a \"column\""},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{\"column\":\"a\",\"unit\":"
       "\"K\"}]}",
       "border: each channel needs numbers \"low\", \"high\", \"slack\""},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{\"column\":\"a\",\"unit\":"
       "\"K\",\"low\":2,\"high\":1,\"slack\":0}]}",
       "border: a channel's low is above its high, or its slack is negative"},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{\"column\":\"a\",\"unit\":"
       "\"1\",\"low\":0,\"high\":1,\"slack\":0},{\"column\":\"b\",\"unit\":\"1\",\"low\":0,"
       "\"high\":1,\"slack\":0}]}",
       "border: a pair of channels is missing"},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{\"column\":\"a\",\"unit\":"
       "\"1\",\"low\":0,\"high\":1,\"slack\":0},{\"column\":\"b\",\"unit\":\"1\",\"low\":0,"
       "\"high\":1,\"slack\":0}],\"pairs\":[{\"of\":[1,0]}]}",
       "border: a pair's \"of\" must be two channels in ascending order"},
      {"{\"schema\":\"twinloop.border/1\",\"samples\":3,\"channels\":[{\"column\":\"a\",\"unit\":"
       "\"1\",\"low\":0,\"high\":1,\"slack\":0},{\"column\":\"b\",\"unit\":\"1\",\"low\":0,"
       "\"high\":1,\"slack\":0}],\"pairs\":[{\"of\":[0,1],\"covered\":[\"zz\"]}]}",
       "border: a pair's \"covered\" must be 16 rows of four hex digits"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    tl_border border;
    tl_error err;
    assert_int_equal(tl_border_read_json(&border, cases[i].text, "b.json", &err), TL_E_FORMAT);
    assert_memory_equal(err.text, "b.json: ", 8);
    assert_string_equal(err.text + 8, cases[i].wanted);
  }
}

/* 600 incubators, all warm up; the border ends at 310 K. */
static tl_border_result watched(uint32_t thread_count)
{
  const tl_border border = learnt();
  tl_world_def def = tl_world_def_default();
  def.twins = tl_twins;
  def.twin_count = tl_twin_count;
  def.seed = 3;
  def.thread_count = thread_count;
  def.sync_ns = 10 * S;
  tl_world *world = NULL;
  tl_error err;
  assert_int_equal(tl_world_create(&world, &def, &err), TL_OK);
  tl_fleet_def fleet = tl_fleet_def_default();
  fleet.name = "box";
  fleet.twin = "incubator";
  fleet.count = 600;
  fleet.dt_ns = S;
  fleet.tick_ns = S;
  tl_fleet_id id;
  assert_int_equal(tl_fleet_create(world, &id, &fleet, &err), TL_OK);
  tl_border_watch *watch = NULL;
  assert_int_equal(tl_border_watch_create(&watch, &border, world, id, "x.lua:3", &err), TL_OK);
  const tl_observer observer = tl_border_watch_observer(watch);
  assert_int_equal(tl_world_observe(world, &observer, &err), TL_OK);
  assert_int_equal(tl_world_seal(world, &err), TL_OK);
  uint32_t box_column = 0;
  assert_int_equal(tl_fleet_column_find(world, id, "box_K", NULL, &box_column, &err), TL_OK);
  for (uint32_t i = 0; i < 600; i++) {
    const double warm = i == 400 || i == 310 ? 320.0 : 305.0;
    assert_int_equal(tl_fleet_write(world, id, box_column, i, i + 1, &warm, &err), TL_OK);
  }
  assert_int_equal(tl_world_advance(world, 10 * S, &err), TL_OK);
  const tl_border_result out = tl_border_watch_result(watch);
  tl_world_destroy(world);
  tl_border_watch_destroy(watch);
  return out;
}

static void a_fleet_that_leaves_is_counted_and_the_first_named(void **unused)
{
  (void)unused;
  const tl_border_result got = watched(1);
  assert_int_equal(got.device_count, 600);
  assert_int_equal(got.device_ticks, 6000);
  assert_int_equal(got.outside_devices, 2);
  assert_int_equal(got.first_device, 310);
  assert_int_equal(got.first_ns, 0);
  assert_true(got.first_value[0] == 320.0);
  assert_int_equal(got.first.channel, 0);
  assert_true(got.outside_ticks >= 2 && got.range_ticks[0] == got.outside_ticks);
}

static void threads_do_not_change_what_is_found(void **unused)
{
  (void)unused;
  const tl_border_result one = watched(1), two = watched(2);
  assert_memory_equal(&one, &two, sizeof one);
}

static void an_unknown_column_is_refused_with_a_hint(void **unused)
{
  (void)unused;
  tl_border border = learnt();
  tl_world_def def = tl_world_def_default();
  tl_world *world = NULL;
  tl_error err;
  def.twins = tl_twins;
  def.twin_count = tl_twin_count;
  def.sync_ns = 10 * S;
  assert_int_equal(tl_world_create(&world, &def, &err), TL_OK);
  tl_fleet_def fleet = tl_fleet_def_default();
  fleet.name = "box";
  fleet.twin = "incubator";
  fleet.count = 1;
  fleet.dt_ns = fleet.tick_ns = S;
  tl_fleet_id id;
  assert_int_equal(tl_fleet_create(world, &id, &fleet, &err), TL_OK);
  strcpy(border.channels[0].name, "bx_K");
  tl_border_watch *watch = NULL;
  assert_int_equal(tl_border_watch_create(&watch, &border, world, id, "x.lua:3", &err), TL_E_NAME);
  assert_non_null(strstr(err.hint, "box_K"));
  assert_null(watch);
  tl_world_destroy(world);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_recorded_is_inside),
      cmocka_unit_test(breaches_are_told_in_words),
      cmocka_unit_test(a_constant_channel_covers_its_value_and_its_resolution),
      cmocka_unit_test(a_recording_without_whole_stamps_is_refused),
      cmocka_unit_test(json_and_back_is_the_same_region),
      cmocka_unit_test(bad_files_are_refused_with_the_reason),
      cmocka_unit_test(a_fleet_that_leaves_is_counted_and_the_first_named),
      cmocka_unit_test(threads_do_not_change_what_is_found),
      cmocka_unit_test(an_unknown_column_is_refused_with_a_hint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
