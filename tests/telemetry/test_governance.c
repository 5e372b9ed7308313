/* The rules of schema changes, one by one, and the documents that hold them. */
#include "telemetry/governance/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static tl_governed old, new;
static tl_resolution found;

static const tl_column columns[] = {
    {"box_K", TL_STATE, TL_F64, "K", 295.15, 200.0, 400.0, 0.01, "air"},
    {"heater_on", TL_INPUT, TL_F64, "1", 0.0, 0.0, 1.0, 0.0, "duty"},
    {"power_W", TL_OUTPUT, TL_F64, "W", 0.0, 0.0, 500.0, 0.1, "drawn"},
};

static int fresh(void **unused)
{
  (void)unused;
  assert_int_equal(tl_governed_from_columns(&old, "box", columns, 3, NULL), TL_OK);
  old.version = 1;
  new = old;
  new.version = 2;
  return 0;
}

/* Resolves new reading old; returns the ruling of a change, -1 when it is not among the findings. */
static int backward(tl_change change, const char *channel)
{
  tl_governed_resolve(&found, &new, &old, &new, false);
  for (uint32_t i = 0; i < found.count; i++)
    if (found.finding[i].change == change && strcmp(found.finding[i].channel, channel) == 0)
      return (int)found.finding[i].ruling;
  return -1;
}
static int forward(tl_change change, const char *channel)
{
  tl_governed_resolve(&found, &old, &new, &new, false);
  for (uint32_t i = 0; i < found.count; i++)
    if (found.finding[i].change == change && strcmp(found.finding[i].channel, channel) == 0)
      return (int)found.finding[i].ruling;
  return -1;
}
static tl_governed_channel *add_channel(tl_governed *to, const char *name, const char *unit)
{
  tl_governed_channel *channel = &to->channels[to->channel_count++];
  *channel = (tl_governed_channel){
      .type = TL_STORE_F64, .role = TL_OUTPUT, .low = -1.0, .high = 1.0, .scale = 1.0};
  snprintf(channel->name, sizeof channel->name, "%s", name);
  snprintf(channel->unit, sizeof channel->unit, "%s", unit);
  return channel;
}

static void nothing_changed_gives_no_findings(void **unused)
{
  (void)unused;
  tl_governed_resolve(&found, &new, &old, &new, false);
  assert_int_equal(found.count, 0);
  assert_true(tl_governed_same(&old, &new));
}

static void an_added_channel_needs_a_default(void **unused)
{
  (void)unused;
  tl_governed_channel *channel = add_channel(&new, "lid", "1");
  assert_int_equal(backward(TL_CHANGE_ADDED, "lid"), TL_RULED_REFUSED);
  assert_string_equal(found.finding[0].text,
                      "added without a default: old data have no value for it");
  assert_int_equal(forward(TL_CHANGE_REMOVED, "lid"), TL_RULED_FINE); /* an old reader drops it */
  channel->has_default = true;
  assert_int_equal(backward(TL_CHANGE_ADDED, "lid"), TL_RULED_FINE);
}

static void a_removed_channel_leaves_old_readers_without_a_value(void **unused)
{
  (void)unused;
  new.channel_count = 2;
  assert_int_equal(backward(TL_CHANGE_REMOVED, "power_W"), TL_RULED_FINE);
  assert_int_equal(forward(TL_CHANGE_ADDED, "power_W"), TL_RULED_REFUSED);
}

static void a_renamed_channel_is_found_by_its_alias_both_ways(void **unused)
{
  (void)unused;
  snprintf(new.channels[0].name, sizeof new.channels[0].name, "air_K");
  assert_int_equal(backward(TL_CHANGE_ADDED, "air_K"), TL_RULED_REFUSED);
  snprintf(new.channels[0].alias[0], sizeof new.channels[0].alias[0], "box_K");
  new.channels[0].alias_count = 1;
  assert_int_equal(backward(TL_CHANGE_RENAMED, "air_K"), TL_RULED_MIGRATED);
  assert_int_equal(found.refused, 0);
  assert_int_equal(forward(TL_CHANGE_RENAMED, "box_K"), TL_RULED_MIGRATED);
  assert_int_equal(found.refused, 0);
}

static void a_type_may_widen_and_not_narrow(void **unused)
{
  (void)unused;
  old.channels[0].type = TL_STORE_I16;
  new.channels[0].type = TL_STORE_F32;
  assert_int_equal(backward(TL_CHANGE_TYPE, "box_K"), TL_RULED_FINE);
  assert_int_equal(forward(TL_CHANGE_TYPE, "box_K"), TL_RULED_REFUSED);
  assert_string_equal(found.finding[0].text, "type float32 becomes int16: values would be cut");
  old.channels[0].type = TL_STORE_I32; /* 32 bits do not fit a float's 24 */
  assert_int_equal(backward(TL_CHANGE_TYPE, "box_K"), TL_RULED_REFUSED);
  new.channels[0].type = TL_STORE_F64;
  assert_int_equal(backward(TL_CHANGE_TYPE, "box_K"), TL_RULED_FINE);
}

static void a_unit_changes_by_a_declared_rule_only(void **unused)
{
  (void)unused;
  tl_governed_channel *box = &new.channels[0];
  tl_error err;
  snprintf(box->unit, sizeof box->unit, "degC");
  box->low = -73.15;
  box->high = 126.85;
  assert_int_equal(backward(TL_CHANGE_UNIT, "box_K"), TL_RULED_REFUSED);
  assert_string_equal(
      found.finding[0].text,
      "unit K becomes degC: no rule is declared (\"migrate\": {\"unit\": \"K\"} converts)");
  assert_int_equal(tl_resolution_error(&found, "box.json", &err), TL_E_UNIT);
  assert_string_equal(err.text, "box.json: channel box_K: unit K becomes degC: no rule is declared "
                                "(\"migrate\": {\"unit\": \"K\"} converts)");
  box->migrates = true;
  box->offset = -273.15;
  snprintf(box->from, sizeof box->from, "box_K");
  assert_int_equal(backward(TL_CHANGE_UNIT, "box_K"), TL_RULED_MIGRATED);
  assert_int_equal(found.refused, 0); /* the range is the same one, in degC */
  assert_int_equal(forward(TL_CHANGE_UNIT, "box_K"), TL_RULED_MIGRATED);
  assert_int_equal(found.refused, 0); /* the rule backwards */
  assert_non_null(strstr(found.finding[0].text, "value * 1 + 273.15 by the declared rule"));
  box->migrates = false;
  snprintf(box->unit, sizeof box->unit, "W");
  assert_int_equal(backward(TL_CHANGE_UNIT, "box_K"), TL_RULED_REFUSED);
  assert_string_equal(found.finding[0].text,
                      "unit K becomes W: another dimension, and no rule is declared");
}

static void a_range_may_widen_and_narrows_by_a_clamp(void **unused)
{
  (void)unused;
  new.channels[0].high = 500.0;
  assert_int_equal(backward(TL_CHANGE_RANGE, "box_K"), TL_RULED_FINE);
  assert_int_equal(forward(TL_CHANGE_RANGE, "box_K"), TL_RULED_REFUSED);
  assert_string_equal(found.finding[0].text, "range 200 .. 500 becomes 200 .. 400: values that "
                                             "were allowed no longer are");
  new.channels[0].high = 350.0;
  assert_int_equal(backward(TL_CHANGE_RANGE, "box_K"), TL_RULED_REFUSED);
  new.channels[0].migrates = new.channels[0].clamps = true;
  snprintf(new.channels[0].from, sizeof new.channels[0].from, "box_K");
  assert_int_equal(backward(TL_CHANGE_RANGE, "box_K"), TL_RULED_MIGRATED);
  new.channels[0].low = (double)-INFINITY; /* not declared: anything */
  new.channels[0].high = (double)INFINITY;
  assert_int_equal(backward(TL_CHANGE_RANGE, "box_K"), TL_RULED_FINE);
}

static void a_rate_changes_by_a_declared_rule_only(void **unused)
{
  (void)unused;
  old.period_s = 3.0;
  new.period_s = 1.0;
  assert_int_equal(backward(TL_CHANGE_RATE, ""), TL_RULED_REFUSED);
  assert_string_equal(found.finding[0].text,
                      "a sample every 3 s becomes one every 1 s, and no rule is declared");
  new.resamples = true;
  assert_int_equal(backward(TL_CHANGE_RATE, ""), TL_RULED_MIGRATED);
  new.period_s = 0.0; /* by the stamps: any rate is fine to read */
  assert_int_equal(backward(TL_CHANGE_RATE, ""), -1);
}

/* --- documents --- */
static void folder_of(char out[64])
{
  snprintf(out, 64, "schemas-test-XXXXXX");
  assert_non_null(mkdtemp(out));
}
static void drop(const char *root, const char *name, uint32_t versions)
{
  char path[200];
  for (uint32_t i = 1; i <= versions; i++) {
    snprintf(path, sizeof path, "%s/%s/%u.json", root, name, i);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s/%s", root, name);
  rmdir(path);
  rmdir(root);
}

static void versions_are_added_read_and_checked(void **unused)
{
  (void)unused;
  char root[64];
  bool added = false;
  tl_error err;
  folder_of(root);
  old.version = 0;
  old.compatibility = TL_COMPAT_FULL;
  assert_int_equal(tl_registry_add(root, &old, &added, &err), TL_OK);
  assert_true(added && old.version == 1);
  new = old;
  assert_int_equal(tl_registry_add(root, &new, &added, &err), TL_OK);
  assert_true(!added && new.version == 1); /* says the same */

  new.channels[0].high = 450.0; /* wider: old readers would see what they do not allow */
  assert_int_equal(tl_registry_add(root, &new, &added, &err), TL_E_SCHEMA);
  assert_string_equal(err.text, "box@1 cannot read box@2: channel box_K: range 200 .. 450 becomes "
                                "200 .. 400: values that were allowed no longer are");
  new.compatibility = TL_COMPAT_BACKWARD;
  assert_int_equal(tl_registry_add(root, &new, &added, &err), TL_OK);
  assert_true(added && new.version == 2);
  assert_string_equal(new.previous, old.hash);
  assert_int_equal(tl_registry_check(root, "box", &err), TL_OK);

  assert_int_equal(tl_registry_read(&old, root, "box", &err), TL_OK);
  assert_true(old.version == 2 && tl_governed_same(&old, &new));
  assert_int_equal(tl_registry_read(&old, root, "box@1", &err), TL_OK);
  assert_true(old.channels[0].high == 400.0 && old.channels[1].has_default);
  assert_int_equal(tl_registry_read(&old, root, "box@3", &err), TL_E_IO);
  assert_string_equal(err.text, "schema box has versions 1 to 2, not 3");
  assert_int_equal(tl_registry_read(&old, root, "crate", &err), TL_E_IO);
  assert_int_equal(tl_registry_read(&old, root, "../box", &err), TL_E_USAGE);
  drop(root, "box", 2);
}

static void write_document(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

#define HEAD                                                                                       \
  "{\"schema\":\"twinloop.schema/"                                                                 \
  "1\",\"name\":\"x\",\"version\":1,\"compatibility\":\"full\",\"hash\":\"draft\","
#define A_CHANNEL "{\"name\":\"a\",\"unit\":\"K\",\"type\":\"float64\",\"role\":\"state\""

static void a_broken_document_says_what_is_wrong(void **unused)
{
  (void)unused;
  static const struct {
    const char *text;
    tl_code code;
    const char *message;
  } cases[] = {
      {"{\"schema\": \"other/1\"}", TL_E_FORMAT,
       "d.json: its schema is 'other/1', expected twinloop.schema/1"},
      {HEAD "\"chanels\":[]}", TL_E_FORMAT, "d.json: unknown key 'chanels'"},
      {HEAD "\"channels\":[]}", TL_E_FORMAT,
       "d.json: 'channels' must be a list of 1 to 256 channels"},
      {HEAD "\"channels\":[" A_CHANNEL ",\"low\":3,\"high\":1}]}", TL_E_SCHEMA,
       "d.json: signal a: low 3 must be below high 1"},
      {HEAD "\"channels\":[" A_CHANNEL "}," A_CHANNEL "}]}", TL_E_SCHEMA,
       "d.json: channel a is there twice"},
      {HEAD "\"channels\":[" A_CHANNEL ",\"high\":1,\"default\":5}]}", TL_E_SCHEMA,
       "d.json: channel a: its default 5 is outside its range -inf .. 1"},
      {HEAD
       "\"channels\":[{\"name\":\"a\",\"unit\":\"K\",\"type\":\"double\",\"role\":\"state\"}]}",
       TL_E_FORMAT, "d.json: channel a: 'type' must be int16, int32, uint8, float32 or float64"},
      {HEAD "\"channels\":[" A_CHANNEL ",\"migrate\":{\"unit\":\"W\"}}]}", TL_E_UNIT,
       "d.json: channel a: migrate: "},
      {HEAD "\"channels\":[" A_CHANNEL ",\"migrate\":{\"unit\":\"degC\",\"scale\":2}}]}",
       TL_E_FORMAT, "d.json: channel a: 'migrate' must be a unit, or scale and offset, not both"},
      {HEAD "\"period_s\":-1,\"channels\":[" A_CHANNEL "}]}", TL_E_FORMAT,
       "d.json: 'period_s' must be 0 (by the stamps) or more"},
      {"{\"schema\":\n", TL_E_FORMAT, "d.json:"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tl_error err = {0};
    write_document("d.json", cases[i].text);
    assert_int_equal(tl_governed_read(&old, "d.json", &err), cases[i].code);
    if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
      fail_msg("'%s', expected '%s'", err.text, cases[i].message);
  }
  unlink("d.json");
}

static void an_edited_version_is_refused(void **unused)
{
  (void)unused;
  tl_text text = {0};
  tl_error err;
  tl_governed_hash(new.hash, &new);
  tl_governed_write(&new, &text);
  write_document("d.json", tl_text_string(&text));
  assert_int_equal(tl_governed_read(&old, "d.json", &err), TL_OK);
  char *limit = strstr(text.data, "\"high\": 400");
  assert_non_null(limit);
  limit[8] = '6';
  write_document("d.json", tl_text_string(&text));
  assert_int_equal(tl_governed_read(&old, "d.json", &err), TL_E_SCHEMA);
  assert_non_null(strstr(err.text, "a version never changes"));
  assert_string_equal(err.hint, "undo the edit; a change is a new version: twinloop schema add");
  unlink("d.json");
  tl_text_free(&text);
}

static void a_migration_by_unit_is_the_linear_rule(void **unused)
{
  (void)unused;
  write_document("d.json", HEAD "\"channels\":[" A_CHANNEL
                                ",\"migrate\":{\"unit\":\"degC\",\"from\":\"b\"}}]}");
  assert_int_equal(tl_governed_read(&old, "d.json", NULL), TL_OK);
  assert_true(old.channels[0].migrates && old.channels[0].scale == 1.0);
  assert_true(old.channels[0].offset == 273.15);
  assert_string_equal(old.channels[0].from, "b");
  unlink("d.json");
}

static void a_recording_is_held_against_the_schema(void **unused)
{
  (void)unused;
  static const double box[3] = {20.0, 21.0, 22.0}, extra[3] = {1.0, 2.0, 3.0};
  static const int64_t at[3] = {0, 1000000000, 2000000000};
  tl_recording_series series[2] = {{.values = box}, {.values = extra}};
  series[0].def = (tl_signal_def){
      .name = "box_K", .unit = "degC", .low = 0, .high = 900, .store = TL_STORE_F64, .scale = 1.0};
  series[1].def = (tl_signal_def){
      .name = "other", .unit = "1", .low = 0, .high = 9, .store = TL_STORE_F64, .scale = 1.0};
  const tl_recording_fleet_def fleet = {.name = "f",
                                        .sample_count = 3,
                                        .times_ns = at,
                                        .device_count = 1,
                                        .series_count = 2,
                                        .series = series};
  const tl_recording_def def = {.fleet_count = 1, .fleets = &fleet};
  tl_recording *recording = NULL;
  tl_error err;
  assert_int_equal(tl_recording_write("r.h5", &def, &err), TL_OK);
  assert_int_equal(tl_recording_open(&recording, "r.h5", &err), TL_OK);
  assert_int_equal(tl_governed_check_recording(&found, &old, recording, 0, &err), TL_OK);
  assert_int_equal(found.migrated, 1); /* degC is turned into K by every reader */
  tl_recording_close(recording);

  snprintf(series[0].def.unit, sizeof series[0].def.unit, "W");
  assert_int_equal(tl_recording_write("r.h5", &def, &err), TL_OK);
  assert_int_equal(tl_recording_open(&recording, "r.h5", &err), TL_OK);
  assert_int_equal(tl_governed_check_recording(&found, &old, recording, 0, &err), TL_E_UNIT);
  assert_string_equal(
      err.text,
      "r.h5: channel box_K: unit W becomes K: another dimension, and no rule is declared");
  tl_recording_close(recording);

  snprintf(series[0].def.name, sizeof series[0].def.name, "t2");
  assert_int_equal(tl_recording_write("r.h5", &def, &err), TL_OK);
  assert_int_equal(tl_recording_open(&recording, "r.h5", &err), TL_OK);
  assert_int_equal(tl_governed_check_recording(&found, &old, recording, 0, &err), TL_E_SCHEMA);
  assert_non_null(strstr(err.text, "r.h5: holds no channel of box@1"));
  tl_recording_close(recording);
  unlink("r.h5");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(nothing_changed_gives_no_findings, fresh),
      cmocka_unit_test_setup(an_added_channel_needs_a_default, fresh),
      cmocka_unit_test_setup(a_removed_channel_leaves_old_readers_without_a_value, fresh),
      cmocka_unit_test_setup(a_renamed_channel_is_found_by_its_alias_both_ways, fresh),
      cmocka_unit_test_setup(a_type_may_widen_and_not_narrow, fresh),
      cmocka_unit_test_setup(a_unit_changes_by_a_declared_rule_only, fresh),
      cmocka_unit_test_setup(a_range_may_widen_and_narrows_by_a_clamp, fresh),
      cmocka_unit_test_setup(a_rate_changes_by_a_declared_rule_only, fresh),
      cmocka_unit_test_setup(versions_are_added_read_and_checked, fresh),
      cmocka_unit_test_setup(a_broken_document_says_what_is_wrong, fresh),
      cmocka_unit_test_setup(an_edited_version_is_refused, fresh),
      cmocka_unit_test_setup(a_migration_by_unit_is_the_linear_rule, fresh),
      cmocka_unit_test_setup(a_recording_is_held_against_the_schema, fresh),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
