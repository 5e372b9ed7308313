/* cmd_plan.c: what would run, from a sealed world that never advances. */
#include "base/text.h"
#include "script/fit/fit.h"
#include "tools/cli/session.h"
#include "tools/twinloop/commands.h"

#include <math.h>
#include <string.h>

/* A middling core of this decade does this many plain device-steps a second; detectors and telemetry cost more.
 * It gives an order of magnitude, and says so. */
static const double STEPS_PER_S = 30e6;

typedef struct plan {
  tl_scenario_info info;
  const tl_world *world;
  double steps, samples; /* device-steps; device-ticks */
  double time_s;         /* estimate */
  tl_scenario_fit fit;   /* of a scenario with calibrate{}; else it has no free value */
} plan;

static double ticks_of(const plan *p, tl_fleet_id fleet)
{
  const int64_t tick_ns = tl_fleet_tick_ns(p->world, fleet);
  return tick_ns > 0 ? floor((double)p->info.duration_ns / (double)tick_ns) : 0.0;
}

static double steps_of(const plan *p, tl_fleet_id fleet)
{
  const int64_t dt_ns = tl_fleet_dt_ns(p->world, fleet);
  return dt_ns > 0 ? floor((double)p->info.duration_ns / (double)dt_ns) : 0.0;
}

static plan make_plan(cli_session *session)
{
  plan p = {.info = tl_scenario_describe(session->scenario),
            .world = tl_scenario_world(session->scenario)};
  for (uint32_t f = 1; f <= tl_world_fleet_count(p.world); f++) {
    const double devices = tl_fleet_device_count(p.world, (tl_fleet_id){f});
    p.steps += devices * steps_of(&p, (tl_fleet_id){f});
    p.samples += devices * ticks_of(&p, (tl_fleet_id){f});
  }
  p.time_s = p.steps / STEPS_PER_S / (double)tl_world_thread_count(p.world);
  return p;
}

/* 86400000 as "86 400 000" */
static void add_whole(tl_text *out, double value)
{
  char digits[32];
  const int length =
      snprintf(digits, sizeof digits, "%llu",
               (unsigned long long)(value < 1e18 ? value : 1e18)); /* beyond, nobody counts */
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) tl_text_add_char(out, ' ');
    tl_text_add_char(out, digits[i]);
  }
}

/* One digit is all that an order of magnitude has. */
static void add_time(tl_text *out, double time_s)
{
  static const struct {
    double below, unit;
    const char *name;
  } rows[] = {{100.0, 1.0, "s"}, {6000.0, 60.0, "min"}, {360000.0, 3600.0, "h"}};
  size_t row = 0;
  while (row < 2 && time_s >= rows[row].below) row++;
  const double value = time_s / rows[row].unit;
  if (value < 1.0)
    tl_text_add_digits(out, value, 1);
  else
    add_whole(out, value < 10.0 ? value + 0.5 : (double)(uint64_t)(value / 10.0 + 0.5) * 10.0);
  tl_text_addf(out, " %s", rows[row].name);
}

static void add_calibration(tl_text *out, const tl_scenario_fit *fit)
{
  if (fit->problem.free_count == 0) return;
  tl_text_addf(out, "calibrates (`twinloop calibrate`; a run does not): method %s, %u starts\n",
               tl_calibrate_method_name(fit->options.method), fit->options.starts);
  for (uint32_t k = 0; k < fit->problem.free_count; k++) {
    const tl_calibrate_free *free = &fit->problem.free[k];
    tl_text_addf(out, "  %-34s ", free->name);
    tl_text_add_digits(out, free->low, 6);
    tl_text_add(out, " .. ");
    tl_text_add_digits(out, free->high, 6);
    tl_text_addf(out, " %s, from ", free->unit);
    tl_text_add_digits(out, free->start, 6);
    tl_text_add(out, free->log ? ", by its logarithm\n" : "\n");
  }
}

static void add_table(tl_text *out, const plan *p)
{
  tl_text_addf(out, "%s: %s\n  seed %llu, ", p->info.name, p->info.title,
               (unsigned long long)p->info.seed);
  tl_text_add_duration(out, p->info.duration_ns);
  tl_text_add(out, " in windows of at most ");
  tl_text_add_duration(out, p->info.sync_ns);
  const uint32_t threads = tl_world_thread_count(p->world);
  tl_text_addf(out, ", %u thread%s\nfleets\n", threads, threads == 1 ? "" : "s");
  for (uint32_t f = 1; f <= tl_world_fleet_count(p->world); f++) {
    const tl_fleet_id fleet = {f};
    const uint32_t devices = tl_fleet_device_count(p->world, fleet);
    tl_text_addf(out, "  %-20s %10u device%s step ", tl_fleet_name(p->world, fleet), devices,
                 devices == 1 ? "  " : "s ");
    tl_text_add_double(out, (double)tl_fleet_dt_ns(p->world, fleet) / 1e9);
    tl_text_add(out, " s  tick ");
    if (tl_fleet_tick_ns(p->world, fleet) > 0) {
      tl_text_add_double(out, (double)tl_fleet_tick_ns(p->world, fleet) / 1e9);
      tl_text_add(out, " s");
    } else {
      tl_text_add(out, "at the recording's stamps");
    }
    tl_text_addf(out, "  %u columns\n", tl_fleet_column_count(p->world, fleet));
  }
  tl_text_add(out, "thresholds\n");
  for (uint32_t i = 0; i < p->info.threshold_count; i++)
    tl_text_addf(out, "  %-34s %-16s %s\n", p->info.thresholds[i].name, p->info.thresholds[i].text,
                 p->info.thresholds[i].where);
  add_calibration(out, &p->fit);
  tl_text_add(out, "files\n");
  for (uint32_t i = 0; i < p->info.file_count; i++)
    tl_text_addf(out, "  %-10s %-40s %.12s\n", p->info.files[i].kind, p->info.files[i].name,
                 p->info.files[i].sha256);
  tl_text_add(out, "size\n  memory ");
  tl_text_add_size(out, tl_world_bytes(p->world));
  tl_text_add(out, ", device-steps ");
  add_whole(out, p->steps);
  tl_text_add(out, ", a signal of every device on disk at most ");
  tl_text_add_size(out, (uint64_t)(2.0 * p->samples));
  tl_text_add(out, "\n  time: about ");
  add_time(out, p->time_s);
  tl_text_add(out, " (order of magnitude; detectors and telemetry add to it)\n");
}

static void add_json(tl_text *out, const plan *p)
{
  tl_text_add(out, "{\"schema\": \"twinloop.plan/1\", \"scenario\": ");
  tl_text_add_json(out, p->info.name);
  tl_text_addf(out, ", \"seed\": %llu, \"simulated_s\": ", (unsigned long long)p->info.seed);
  tl_text_add_json_double(out, (double)p->info.duration_ns / 1e9);
  tl_text_addf(out, ", \"threads\": %u, \"memory_bytes\": %zu, \"device_steps\": ",
               tl_world_thread_count(p->world), tl_world_bytes(p->world));
  tl_text_add_json_double(out, p->steps);
  tl_text_add(out, ", \"estimated_s\": ");
  tl_text_add_json_double(out, p->time_s);
  tl_text_add(out, ", \"fleets\": [");
  for (uint32_t f = 1; f <= tl_world_fleet_count(p->world); f++) {
    const tl_fleet_id fleet = {f};
    tl_text_add(out, f > 1 ? ", {\"name\": " : "{\"name\": ");
    tl_text_add_json(out, tl_fleet_name(p->world, fleet));
    tl_text_addf(out, ", \"devices\": %u, \"dt_s\": ", tl_fleet_device_count(p->world, fleet));
    tl_text_add_json_double(out, (double)tl_fleet_dt_ns(p->world, fleet) / 1e9);
    tl_text_addf(out, ", \"columns\": %u}", tl_fleet_column_count(p->world, fleet));
  }
  tl_text_add(out, "], \"thresholds\": [");
  for (uint32_t i = 0; i < p->info.threshold_count; i++) {
    tl_text_add(out, i ? ", {\"name\": " : "{\"name\": ");
    tl_text_add_json(out, p->info.thresholds[i].name);
    tl_text_add(out, ", \"text\": ");
    tl_text_add_json(out, p->info.thresholds[i].text);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "], \"calibrates\": [");
  for (uint32_t k = 0; k < p->fit.problem.free_count; k++) {
    const tl_calibrate_free *free = &p->fit.problem.free[k];
    tl_text_add(out, k ? ", {\"name\": " : "{\"name\": ");
    tl_text_add_json(out, free->name);
    tl_text_add(out, ", \"low\": ");
    tl_text_add_json_double(out, free->low);
    tl_text_add(out, ", \"high\": ");
    tl_text_add_json_double(out, free->high);
    tl_text_add(out, ", \"start\": ");
    tl_text_add_json_double(out, free->start);
    tl_text_add_char(out, '}');
  }
  tl_text_add(out, "], \"inputs\": [");
  for (uint32_t i = 0; i < p->info.file_count; i++) {
    tl_text_addf(out, "%s{\"kind\": \"%s\", \"name\": ", i ? ", " : "", p->info.files[i].kind);
    tl_text_add_json(out, p->info.files[i].name);
    tl_text_addf(out, ", \"sha256\": \"%s\"}", p->info.files[i].sha256);
  }
  tl_text_add(out, "]}\n");
}

static int plan_scenario(cli_session *session, const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  const tl_message_context context = {.at_ns = 0, .phase = "in the main chunk"};
  tl_code code = cli_session_prepare(session, options, &err);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  code = cli_session_load(session, options->arguments[0], &err);
  if (code == TL_OK) code = tl_scenario_seal(session->scenario, &err);
  if (code != TL_OK) return cli_fail(term, &err, strchr(err.where, ':') ? &context : NULL);
  plan p = make_plan(session);
  if (tl_scenario_has_calibration(session->scenario))
    code = tl_scenario_plan_fit(session->scenario, &p.fit, &err);
  if (code != TL_OK) return cli_fail(term, &err, &context);
  tl_text text = {0};
  const char *json = cli_options_get(options, "json");
  if (json) {
    add_json(&text, &p);
    code = cli_write(json, &text, &err);
  }
  if (!(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    add_table(&text, &p);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  tl_scenario_fit_free(&p.fit);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}

int cmd_plan(const cli_options *options, const cli_term *term)
{
  cli_session session;
  const int status = plan_scenario(&session, options, term);
  cli_session_close(&session);
  return status;
}
