/* main.c: `tools/bench`: measures the product beside a naive version, in one run, and prints a table or JSON. */
#include "benchmarks/arm.h"
#include "benchmarks/fidelity.h"
#include "benchmarks/calibrate.h"
#include "benchmarks/kernels.h"
#include "benchmarks/w1.h"

#include "base/text.h"
#include "exec/parallel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TL_SOURCE_DIR
#define TL_SOURCE_DIR "."
#endif

typedef struct options {
  uint32_t rounds, devices[8], device_count;
  const char *json, *scratch;
  const char *path_name, *model;
  tl_simd_path path;
  bool quick, peers;
} options;

static const char *const telemetry_name[] = {
    [W1_ALL] = "all", [W1_EVENTS] = "events", [W1_NONE] = "none"};

static int usage(void)
{
  fputs(
      "usage: tools/bench w1 [--json FILE|-] [--rounds N] [--devices N]... [--path "
      "scalar|sse|avx2|vnni|neon]\n"
      "                      [--scratch DIR] [--quick]\n"
      "       tools/bench kernels [--json FILE|-] [--rounds N] [--batch N]... [--path PATH] "
      "[--model LABEL] [--peers]\n"
      "       tools/bench arm [--json FILE|-] [--rounds N] [--devices N] [--path PATH] [--peers]\n"
      "       tools/bench fidelity [--json FILE|-] [--rounds N]\n"
      "       tools/bench calibrate [--json FILE|-] [--rounds N] [--path PATH]\n"
      "  w1      fleet of incubators in closed loop (docs/performance.md), beside the naive "
      "version\n"
      "  --quick 10 000 devices only\n"
      "  kernels inferences of whole models (ad, kws, ic, vww, sww, w1, trained) on every path, "
      "and the share of this\n"
      "          core's integer peak; --peers: beside LiteRT and onnxruntime (scalar: TFLite "
      "Micro), in an environment "
      "under build/\n"
      "  arm     a fleet of robot arms with six joints; --peers: beside MuJoCo on the same model, "
      "in an "
      "environment under build/\n"
      "  fidelity metrics of two series of 1121 samples, one core, beside a version written from "
      "their definitions\n"
      "  calibrate  an incubator's parameters from 12 starts, beside the same simulation in plain "
      "C\n",
      stderr);
  return 2;
}

static bool parse(options *o, int argc, char **argv)
{
  for (int i = 0; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    uint64_t number = 0;
    tl_error err;
    if (strcmp(argv[i], "--quick") == 0) {
      o->quick = true;
      continue;
    }
    if (strcmp(argv[i], "--peers") == 0) {
      o->peers = true;
      continue;
    }
    if (!value) return false;
    if (strcmp(argv[i], "--json") == 0)
      o->json = value;
    else if (strcmp(argv[i], "--scratch") == 0)
      o->scratch = value;
    else if (strcmp(argv[i], "--model") == 0)
      o->model = value;
    else if (strcmp(argv[i], "--path") == 0) {
      o->path_name = value;
      if (tl_cpu_path_parse(&o->path, value, &err) != TL_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
      }
    } else if (!tl_text_parse_uint64(&number, value) || number < 1 || number > 4000000)
      return false;
    else if (strcmp(argv[i], "--rounds") == 0)
      o->rounds = (uint32_t)number;
    else if ((strcmp(argv[i], "--devices") == 0 || strcmp(argv[i], "--batch") == 0) &&
             o->device_count < 8)
      o->devices[o->device_count++] = (uint32_t)number;
    else
      return false;
    i++;
  }
  return true;
}

static void add_json(tl_text *json, const w1_case *c, const w1_result *r, bool first)
{
  tl_text_addf(json,
               "%s\n  {\"devices\": %u, \"threads\": %u, \"telemetry\": \"%s\", \"integrator\": "
               "\"%s\", \"device_steps_per_s\": ",
               first ? "" : ",", c->devices, c->threads, telemetry_name[c->telemetry],
               c->stepped ? "rk4" : "map");
  tl_text_add_json_double(json, r->device_steps_per_s);
  tl_text_add(json, ", \"naive_device_steps_per_s\": ");
  tl_text_add_json_double(json, r->naive_device_steps_per_s);
  tl_text_add(json, ", \"ratio\": ");
  tl_text_add_json_double(json, r->ratio);
  tl_text_add(json, ", \"ratio_low\": ");
  tl_text_add_json_double(json, r->ratio_low);
  tl_text_add(json, ", \"ratio_high\": ");
  tl_text_add_json_double(json, r->ratio_high);
  tl_text_addf(json,
               ", \"rounds\": %u, \"clock\": \"%s\", \"path\": \"%s\", \"bytes_per_device\": ",
               c->rounds, c->threads == 1 ? "process cpu" : "wall", tl_cpu_path_name(c->path));
  tl_text_add_json_double(json, r->bytes_per_device);
  tl_text_add(json, ", \"file_bytes_per_row\": ");
  tl_text_add_json_double(json, r->file_bytes_per_row);
  tl_text_add(json, ", \"digest_share_max\": ");
  tl_text_add_json_double(json, r->digest_share);
  tl_text_addf(json, ", \"run_hash\": \"%s\"}", r->run_hash);
}

static tl_code measure(tl_text *json, const w1_case *c, const options *o, tl_error *err)
{
  w1_result r;
  const tl_code code = w1_measure(&r, c, TL_SOURCE_DIR, o->scratch, err);
  if (code != TL_OK) return code;
  fprintf(stderr,
          "%8u devices  %u thread%s  %-6s %-3s  %7.2fM steps/s  naive %5.2fM  ratio %5.2f (%.2f .. "
          "%.2f)  %.0f B/device  digests <= %.1f %%\n",
          c->devices, c->threads, c->threads == 1 ? " " : "s", telemetry_name[c->telemetry],
          c->stepped ? "rk4" : "map", r.device_steps_per_s * 1e-6,
          r.naive_device_steps_per_s * 1e-6, r.ratio, r.ratio_low, r.ratio_high, r.bytes_per_device,
          100.0 * r.digest_share);
  add_json(json, c, &r, json->length == 1);
  return TL_OK;
}

static tl_code measure_all(tl_text *json, const options *o, tl_error *err)
{
  static const uint32_t standard[] = {1, 100, 10000, 100000}, quick[] = {10000};
  const uint32_t *devices = o->device_count ? o->devices : o->quick ? quick : standard;
  const uint32_t count = o->device_count ? o->device_count : o->quick ? 1 : 4;
  tl_code code = TL_OK;
  for (uint32_t d = 0; d < count; d++)
    for (uint32_t threads = 1; threads <= 2; threads++)
      for (int telemetry = W1_NONE; telemetry >= W1_ALL && code == TL_OK; telemetry--) {
        const w1_case c = {devices[d], threads, o->rounds, (w1_telemetry)telemetry, false, o->path};
        code = measure(json, &c, o, err);
      }
  for (uint32_t d = 0; d < count && code == TL_OK; d++) {
    const w1_case c = {devices[d], 1, o->rounds, W1_NONE, true, o->path};
    code = measure(json, &c, o, err);
  }
  return code;
}

static tl_code measure_kernels(tl_text *json, const options *o, tl_error *err)
{
  kernels_options k = {.root = TL_SOURCE_DIR,
                       .only = o->model,
                       .path = o->path_name,
                       .rounds = o->rounds > 99 ? 99 : o->rounds,
                       .batch_count = o->device_count,
                       .peers = o->peers};
  for (uint32_t i = 0; i < o->device_count; i++)
    k.batches[i] = o->devices[i] > 1024 ? 1024 : o->devices[i];
  return kernels_measure(json, &k, err);
}

static tl_code measure_arms(tl_text *json, const options *o, tl_error *err)
{
  const arm_options a = {.root = TL_SOURCE_DIR,
                         .path = o->path_name,
                         .devices = o->device_count ? o->devices[0] : 0,
                         .rounds = o->rounds,
                         .peers = o->peers};
  return arm_measure(json, &a, err);
}

static tl_code measure_calibration(tl_text *json, const options *o, tl_error *err)
{
  return calibrate_measure(json, o->rounds, o->path, err);
}

static tl_code measure_fidelity(tl_text *json, const options *o, tl_error *err)
{
  return fidelity_measure(json, o->rounds, err);
}

static const struct {
  const char *name;
  tl_code (*measure)(tl_text *json, const options *o, tl_error *err);
} sections[] = {{"arm", measure_arms},
                {"calibrate", measure_calibration},
                {"fidelity", measure_fidelity},
                {"kernels", measure_kernels},
                {"w1", measure_all}};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

int main(int argc, char **argv)
{
  tl_parallel_restart_patient(argv);
  options o = {.rounds = 7,
               .scratch = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
               .path = tl_cpu_best_path()};
  int section = 0;
  while (argc >= 2 && section < SECTION_COUNT && strcmp(argv[1], sections[section].name) != 0)
    section++;
  if (argc < 2 || section == SECTION_COUNT || !parse(&o, argc - 2, argv + 2)) return usage();
  tl_text json = {0};
  tl_text_add_char(&json, '[');
  tl_error err;
  const tl_code code = sections[section].measure(&json, &o, &err);
  tl_text_add(&json, "\n]\n");
  if (code != TL_OK) {
    fprintf(stderr, "bench: %s\n", err.text);
  } else if (o.json) {
    FILE *file = strcmp(o.json, "-") == 0 ? stdout : fopen(o.json, "w");
    if (!file)
      fprintf(stderr, "bench: %s: %s\n", o.json, strerror(errno));
    else
      fputs(tl_text_string(&json), file);
    if (file && file != stdout) fclose(file);
  }
  tl_text_free(&json);
  return code == TL_OK ? 0 : tl_code_describe(code)->exit_code;
}
