#include "tools/cli/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *name, const char *end)
{
  const size_t a = strlen(name), b = strlen(end);
  return a >= b && strcmp(name + a - b, end) == 0;
}

/* What a person would plot: the twin's own columns and what sensors, actuators and detectors say. The parts
 * inside a component (a sensor's noise, an actuator's last switch) can be had by `inspect`. */
static bool is_signal(const tl_column *column)
{
  if (column->type != TL_F64) return false;
  if (ends_with(column->name, ".setpoint"))
    return true; /* a measured value is read beside what was asked for */
  if (column->role == TL_PARAM) return false;
  if (!strchr(column->name, '.')) return true;
  return ends_with(column->name, ".score") || ends_with(column->name, ".alarm") ||
         ends_with(column->name, ".command");
}

static bool is_compared(const tl_scenario_info *info, tl_fleet_id fleet, uint32_t column)
{
  for (uint32_t i = 0; i < info->compare_count; i++)
    if (info->compares[i].fleet.index1 == fleet.index1 && info->compares[i].column == column)
      return true;
  return false;
}

static uint32_t choose_signals(tl_recorder_signal *out, const tl_world *world,
                               const tl_scenario_info *info, tl_fleet_id fleet)
{
  uint32_t count = 0;
  for (int pass = 0; pass < 2;
       pass++) /* the compared ones first: they must never fall past the limit */
    for (uint32_t c = 0; c < tl_fleet_column_count(world, fleet) && count < TL_RECORDER_SIGNALS_MAX;
         c++) {
      const tl_column *column = tl_fleet_column(world, fleet, c);
      const bool compared = is_compared(info, fleet, c);
      if (compared != (pass == 0) || (!compared && !is_signal(column))) continue;
      out[count++] =
          (tl_recorder_signal){.column = c, .def = tl_signal_from_column(column, compared)};
    }
  return count;
}

static int by_number(const void *a, const void *b)
{
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* A keyed random sample, and the devices that are compared; ascending, no repeats. */
static uint32_t choose_devices(uint32_t *out, const tl_world *world, const tl_scenario_info *info,
                               tl_fleet_id fleet)
{
  const uint32_t devices = tl_fleet_device_count(world, fleet);
  uint32_t count = devices < CLI_SAMPLE_DEVICES ? devices : CLI_SAMPLE_DEVICES;
  tl_fleet_sample(world, fleet, "record.sample", count, out);
  for (uint32_t i = 0; i < info->compare_count; i++)
    if (info->compares[i].fleet.index1 == fleet.index1) out[count++] = info->compares[i].device;
  qsort(out, count, sizeof *out, by_number);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++)
    if (kept == 0 || out[kept - 1] != out[i]) out[kept++] = out[i];
  return kept;
}

static tl_record_policy policy_of(const char *word)
{
  static const char *const words[] = {"all", "sample", "events", "none"};
  for (int i = 0; word && i < 4; i++)
    if (strcmp(word, words[i]) == 0) return (tl_record_policy)i;
  return TL_RECORD_SAMPLE;
}

tl_code cli_record_open(cli_record *record, tl_scenario *scenario, const char *path,
                        const char *policy, tl_simd_path simd, tl_error *err)
{
  const tl_scenario_info info = tl_scenario_describe(scenario);
  tl_world *world = tl_scenario_world(scenario);
  const uint32_t fleets = tl_world_fleet_count(world);
  const size_t room = CLI_SAMPLE_DEVICES + info.compare_count;
  *record = (cli_record){.world = world};
  tl_recorder_fleet *rows = calloc(fleets ? fleets : 1, sizeof *rows);
  tl_recorder_signal *signals =
      calloc(fleets ? fleets : 1, sizeof *signals * TL_RECORDER_SIGNALS_MAX);
  uint32_t *samples = calloc(fleets ? fleets : 1, sizeof *samples * room);
  tl_code code =
      rows && signals && samples ? TL_OK : tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  for (uint32_t f = 0; code == TL_OK && f < fleets; f++) {
    const tl_fleet_id fleet = {f + 1};
    rows[f].fleet = fleet;
    rows[f].signals = signals + (size_t)f * TL_RECORDER_SIGNALS_MAX;
    rows[f].signal_count =
        choose_signals(signals + (size_t)f * TL_RECORDER_SIGNALS_MAX, world, &info, fleet);
    rows[f].sample = samples + f * room;
    rows[f].sample_count = choose_devices(samples + f * room, world, &info, fleet);
  }
  tl_recorder_def def = tl_recorder_def_default();
  def.path = path;
  def.label = info.name;
  def.policy = policy_of(policy);
  def.fleets = rows;
  def.fleet_count = fleets;
  def.path_simd = simd;
  if (code == TL_OK) code = tl_recorder_create(&record->recorder, world, &def, err);
  if (code == TL_OK) {
    const tl_observer observer = tl_recorder_observer(record->recorder);
    code = tl_world_observe(world, &observer, err);
  }
  free(samples);
  free(signals);
  free(rows);
  return code;
}

static tl_event_kind kind_of(const char *kind)
{
  if (strncmp(kind, "fault", 5) == 0) return TL_EVENT_FAULT;
  if (strcmp(kind, "alarm") == 0) return TL_EVENT_ALARM;
  if (strcmp(kind, "set") == 0) return TL_EVENT_INPUT;
  return strcmp(kind, "log") == 0 ? TL_EVENT_LOG : TL_EVENT_PHASE;
}

void cli_record_event(cli_record *record, const tl_scenario_event *event)
{
  if (!record->recorder || record->failed.code != TL_OK) return;
  const uint32_t device = event->device >= 0 ? (uint32_t)event->device : TL_EVENT_NO_DEVICE;
  (void)tl_recorder_event(record->recorder, event->at_ns, event->fleet, device,
                          kind_of(event->kind), event->value, event->text ? event->text : "",
                          &record->failed);
}

tl_code cli_record_close(cli_record *record, tl_error *err)
{
  tl_code code = tl_recorder_close(record->recorder, err);
  record->recorder = NULL;
  if (code == TL_OK && record->failed.code != TL_OK) {
    *err = record->failed;
    code = err->code;
  }
  return code;
}
