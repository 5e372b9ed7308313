#include "tests/report/sample.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

/* A box that a crude two-point control holds: enough life for plots. Alarms are written from
 * outside. */
enum { BOX, HEATER, LEAK, SETPOINT, ALARM, ALARMS, ALARM_S };
static const tl_column columns[] = {
    {"box_K", TL_STATE, TL_F64, "K", 308.0, 200.0, 600.0, 0.01, "box"},
    {"heater_on", TL_STATE, TL_F64, "1", 0.0, 0.0, 1.0, 1.0, "heater"},
    {"leak_per_s", TL_PARAM, TL_F64, "1/s", 0.002, 0.0, 1.0, 0.0, "loss"},
    {"control.setpoint", TL_PARAM, TL_F64, "K", 308.0, 200.0, 600.0, 0.0, "setpoint"},
    {"detector.alarm", TL_PARAM, TL_F64, "1", 0.0, 0.0, 1.0, 1.0, "alarm"},
    {"detector.alarms", TL_PARAM, TL_F64, "1", 0.0, 0.0, 1e9, 1.0, "onsets"},
    {"detector.alarm_s", TL_PARAM, TL_F64, "s", 0.0, 0.0, 1e9, 0.0, "last onset"},
};
static void step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                 tl_simd_path path)
{
  (void)path;
  for (uint32_t k = 0; k < step_count; k++)
    for (uint32_t i = rows.begin; i < rows.end; i++) {
      double *box_K = &column[BOX][i], *heater = &column[HEATER][i];
      *heater = *box_K < column[SETPOINT][i] - 0.4   ? 1.0
                : *box_K > column[SETPOINT][i] + 0.4 ? 0.0
                                                     : *heater;
      *box_K += dt_s * (*heater * 0.06 - column[LEAK][i] * (*box_K - 293.0));
    }
}
static const tl_twin_type probe = {
    TL_TWIN_ABI, 0,    "incubator", "a twin for tests", columns, sizeof columns / sizeof columns[0],
    step,        NULL, 10.0};
static const tl_twin_type *const twins[] = {&probe};

static void must(tl_code code, const tl_error *err)
{
  if (code != TL_OK) fprintf(stderr, "%s\n", err->text);
  assert(code == TL_OK);
}

static tl_fleet_id make_world(sample *s, uint32_t devices, uint32_t threads)
{
  tl_error err;
  tl_fleet_id fleet;
  tl_world_def world = tl_world_def_default();
  world.seed = 42;
  world.sync_ns = 10 * S;
  world.thread_count = threads;
  world.twins = twins;
  world.twin_count = 1;
  must(tl_world_create(&s->world, &world, &err), &err);
  tl_fleet_def def = tl_fleet_def_default();
  def.name = "hvac";
  def.twin = "incubator";
  def.count = devices;
  def.dt_ns = 5 * S;
  def.tick_ns = 5 * S;
  must(tl_fleet_create(s->world, &fleet, &def, &err), &err);
  must(tl_world_seal(s->world, &err), &err);
  for (uint32_t i = 0; i < devices; i++) {
    const double leak = 0.0012 + 0.0008 * tl_fleet_draw_uniform(s->world, fleet, "leak", i);
    const double box_K = 306.0 + 3.0 * tl_fleet_draw_uniform(s->world, fleet, "box", i);
    must(tl_fleet_write(s->world, fleet, LEAK, i, i + 1, &leak, &err), &err);
    must(tl_fleet_write(s->world, fleet, BOX, i, i + 1, &box_K, &err), &err);
  }
  return fleet;
}

static void make_score(sample *s, uint32_t samples)
{
  tl_error err;
  s->stamps_ns = calloc(samples, sizeof *s->stamps_ns);
  s->sim = calloc(samples, sizeof *s->sim);
  s->rec = calloc(samples, sizeof *s->rec);
  for (uint32_t i = 0; i < samples; i++) {
    const double at = (double)i / (double)samples;
    s->stamps_ns[i] = (int64_t)((double)(7200 * S) * at);
    const double saw = fabs(fmod(at * 14.0, 2.0) - 1.0);
    s->rec[i] =
        22.0 + 15.0 * (1.0 - exp(-6.0 * at)) + saw + 0.08 * ((double)(i * 7919 % 13) - 6.0) / 6.0;
    s->sim[i] = 273.15 + 22.3 + 14.8 * (1.0 - exp(-6.2 * at)) + 1.05 * saw;
    if (at > 0.52 && at < 0.56) s->rec[i] = (double)NAN;
  }
  const tl_trace sim = {"box_K", "K", s->stamps_ns, s->sim, samples};
  const tl_trace rec = {"t2", "degC", s->stamps_ns, s->rec, samples};
  static const tl_score_pair pair = {"box_K", "t2", NULL};
  must(tl_score_sets(&s->score, &sim, 1, &rec, 1, &pair, 1, NULL, &err), &err);
}

static void write_one(sample *s, tl_fleet_id fleet, uint32_t column, uint32_t device, double value)
{
  tl_error err;
  must(tl_fleet_write(s->world, fleet, column, device, device + 1, &value, &err), &err);
}

static void live(sample *s, tl_fleet_id fleet)
{
  tl_error err;
  tl_fault_id fault;
  uint32_t sick[20];
  const uint32_t devices = tl_fleet_device_count(s->world, fleet), count = devices < 40 ? 1 : 20;
  tl_fleet_sample(s->world, fleet, "sick", count, sick);
  while (tl_world_now_ns(s->world) < 7200 * S) {
    const int64_t now_ns = tl_world_now_ns(s->world);
    if (now_ns == 2400 * S) {
      must(tl_judge_fault_begin(s->judge, &fault, fleet, sick, count, now_ns, "box.leak", &err),
           &err);
      for (uint32_t i = 0; i < count; i++) write_one(s, fleet, LEAK, sick[i], 0.0071 + 0.0001 * i);
    }
    for (uint32_t i = 0; i + 1 < count; i++)
      if (now_ns == (2500 + 20 * (int64_t)i) * S) {
        write_one(s, fleet, ALARM_S, sick[i], (double)now_ns / 1e9 + 5.0);
        write_one(s, fleet, ALARMS, sick[i], 1.0);
      }
    if (now_ns == 5000 * S) {
      tl_judge_fault_end(s->judge, fault, now_ns);
      for (uint32_t i = 0; i < count; i++) write_one(s, fleet, LEAK, sick[i], 0.0016);
    }
    if (now_ns == 900 * S) {
      write_one(s, fleet, ALARM_S, 0, 905.0);
      write_one(s, fleet, ALARMS, 0, 1.0);
    }
    must(tl_world_advance(s->world, 7200 * S, &err), &err);
  }
}

static void make_judge(sample *s, tl_fleet_id fleet)
{
  static const char *const rows[][2] = {{"comfort.error p95", "< 1.0 K"},
                                        {"comfort.error max", "< 2 K"},
                                        {"box_K max", "< 37 degC"},
                                        {"detect.delay p99", "< 20 min"},
                                        {"detect.false_alarms", "< 0.1 /device/day"},
                                        {"detect.missed", "== 0"},
                                        {"fidelity.rmse box_K", "< 0.7 K"},
                                        {"fidelity.nmbe_pct box_K", "within 1 %"}};
  tl_error err;
  tl_threshold thresholds[8];
  for (uint32_t i = 0; i < 8; i++) {
    char where[64];
    snprintf(where, sizeof where, "incubator_fleet.lua:%u", 21 + i);
    must(tl_threshold_parse(&thresholds[i], rows[i][0], rows[i][1], where, &err), &err);
  }
  thresholds[0].after_ns = thresholds[1].after_ns = 600 * S;
  const tl_judge_control control = {fleet, "box_K", "control.setpoint"};
  tl_judge_def def = tl_judge_def_default();
  def.thresholds = thresholds;
  def.threshold_count = 8;
  def.controls = &control;
  def.control_count = 1;
  must(tl_judge_create(&s->judge, s->world, &def, &err), &err);
  const tl_observer observer = tl_judge_observer(s->judge);
  must(tl_world_observe(s->world, &observer, &err), &err);
}

static void fill(sample *s, tl_fleet_id fleet)
{
  static const tl_report_event events[] = {
      {INT64_C(0), "log", "", -1, 0, "warming up for 10 minutes"},
      {INT64_C(905000000000), "alarm", "hvac", 0, 1, "score 0.31"},
      {INT64_C(2400000000000), "fault.begin", "hvac", -1, 20, "box.leak <lid left ajar> & draught"},
      {INT64_C(5000000000000), "fault.end", "hvac", -1, 20, "box.leak"}};
  static const tl_report_file inputs[] = {
      {"scenario", "incubator_fleet.lua",
       "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
      {"model", "incubator-ae-int8.tflite",
       "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"}};
  static const tl_report_file files[] = {{"telemetry", "telemetry.h5", NULL},
                                         {"report", "report.html", NULL}};
  static const tl_report_setting settings[] = {{"recording", "exp2.h5"}};
  static tl_report_fleet fleets[1];
  tl_report *r = &s->report;
  tl_error err;
  fleets[0] = (tl_report_fleet){
      .name = "hvac", .twin = "incubator", .device_count = tl_fleet_device_count(s->world, fleet)};
  r->title = "Incubator fleet: does the detector notice a leak?";
  r->scenario = "incubator_fleet";
  r->version = "twinloop 0.1.0";
  r->command = "twinloop run scenarios/2_orchestration/incubator_fleet.lua --seed 42 --set "
               "recording=exp2.h5";
  r->seed = 42;
  tl_world_run_hash(s->world, r->run_hash);
  r->code = TL_OK;
  r->simulated_ns = r->duration_ns = tl_world_now_ns(s->world);
  r->device_steps = tl_world_device_steps(s->world);
  r->wall_s = 1.25;
  r->cpu_s = 2.5;
  r->thread_count = 2;
  r->path = "avx2";
  r->judgements = s->judgements;
  r->judgement_count = 8;
  r->fleets = fleets;
  r->fleet_count = 1;
  r->inputs = inputs;
  r->input_count = 2;
  r->files = files;
  r->file_count = 2;
  r->settings = settings;
  r->setting_count = 1;
  r->events = events;
  r->event_count = 4;
  r->score = &s->score;
  must(tl_report_plot_score(r, &err), &err);
  must(tl_report_plot_judge(r, s->judge, s->world, &err), &err);
}

void sample_open(sample *out, uint32_t devices, uint32_t samples, uint32_t threads)
{
  tl_error err;
  memset(out, 0, sizeof *out);
  out->report = tl_report_default();
  const tl_fleet_id fleet = make_world(out, devices, threads);
  make_judge(out, fleet);
  live(out, fleet);
  make_score(out, samples);
  const tl_score_channel *channel = &out->score.channels[0];
  for (uint32_t m = 0; m < TL_METRIC_COUNT; m++) {
    char metric[64];
    snprintf(metric, sizeof metric, "fidelity.%s", tl_metric_describe((tl_metric)m)->name);
    must(tl_judge_set_value(out->judge, metric, channel->name, channel->metric[m].value,
                            channel->metric[m].unit,
                            tl_metric_status_name(channel->metric[m].status), &err),
         &err);
  }
  tl_judge_finish(out->judge, out->judgements, &out->report.verdict);
  fill(out, fleet);
}

void sample_close(sample *s)
{
  tl_report_free(&s->report);
  tl_world_destroy(s->world);
  tl_judge_destroy(s->judge);
  tl_score_free(&s->score);
  free(s->stamps_ns);
  free(s->sim);
  free(s->rec);
}
