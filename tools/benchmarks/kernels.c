#include "benchmarks/kernels.h"

#include "benchmarks/figures.h"
#include "base/cpu.h"
#include "benchmarks/peaks.h"
#include "benchmarks/peers.h"
#include "kernels/batch.h"
#include "kernels/survey.h"
#include "kernels/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 99, BATCH_MAX = 1024, SEED = 1 };
static const double round_s = 0.02, peer_round_s = 0.05;

typedef struct model_name {
  const char *label, *file; /* under the shared models, or the shipped ones */
  bool shared, window;      /* window: scored over sliding windows, as in a fleet */
} model_name;

static const model_name models[] = {{"ad", "ad01_int8", true, false},
                                    {"kws", "kws_ref_model", true, false},
                                    {"ic", "ic_pretrainedResnet_quant", true, false},
                                    {"vww", "vww_96_int8", true, false},
                                    {"sww", "sww_ref_model", true, false},
                                    {"w1", "w1-synthetic-int8", false, true},
                                    {"trained", "incubator-detector-int8", false, true}};

/* ---- one model, packed for one path ---- */

typedef struct subject {
  tl_model model;
  void *file, *memory;
  char path[1024];
  double macs;
} subject;

typedef struct packed {
  tl_kernel_path path;
  peak peak;
  tl_batch batch;
  tl_window window;
  void *memory, *arena, *state;
  size_t bytes;
} packed;

static void *take(size_t bytes)
{
  const size_t rounded = (bytes + 64) / 64 * 64;
  void *memory = aligned_alloc(64, rounded);
  if (memory) memset(memory, 0, rounded);
  return memory;
}

static void *read_whole(const char *path, size_t *bytes)
{
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  const off_t end = ftello(file);
  *bytes = end > 0 ? (size_t)end : 0;
  rewind(file);
  void *data = take(*bytes);
  if (data && fread(data, 1, *bytes, file) != *bytes) {
    free(data);
    data = NULL;
  }
  fclose(file);
  return data;
}

static void close_subject(subject *s)
{
  free(s->file);
  free(s->memory);
  *s = (subject){0};
}

static tl_code open_subject(subject *s, const model_name *name, const char *root, tl_error *err)
{
  size_t bytes = 0, memory_bytes = 0;
  tl_kernel_status status;
  *s = (subject){0};
  snprintf(s->path, sizeof s->path,
           name->shared ? "%s/../shared/kernels/models/%s.tflite" : "%s/assets/models/%s.tflite",
           root, name->file);
  s->file = read_whole(s->path, &bytes);
  if (!s->file) return tl_fail(err, TL_E_IO, NULL, "%s: cannot be read", s->path);
  tl_kernel_code code = tl_model_memory_bytes(&memory_bytes, s->file, bytes, &status);
  s->memory = take(memory_bytes);
  if (code == TL_KERNEL_OK)
    code = tl_model_open(&s->model, s->memory, memory_bytes, s->file, bytes, NULL, &status);
  if (code != TL_KERNEL_OK) return tl_fail(err, TL_E_MODEL, NULL, "%s: %s", s->path, status.reason);
  for (uint32_t op = 0; op < s->model.op_count; op++)
    s->macs += (double)tl_model_op_mac_count(&s->model, op);
  return TL_OK;
}

static void close_packed(packed *p)
{
  free(p->memory);
  free(p->arena);
  free(p->state);
  *p = (packed){0};
}

static tl_code pack(packed *p, const subject *s, const model_name *name, tl_error *err)
{
  tl_kernel_status status;
  const size_t bytes =
      name->window ? tl_window_pack_bytes(&s->model) : tl_batch_pack_bytes(&s->model);
  p->memory = take(bytes);
  if (!p->memory) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  const tl_kernel_code code =
      name->window ? tl_window_pack(&p->window, p->memory, bytes, &s->model, 1, p->path, &status)
                   : tl_batch_pack(&p->batch, p->memory, bytes, &s->model, p->path, &status);
  if (code != TL_KERNEL_OK)
    return tl_fail(err, TL_E_MODEL, NULL, "%s: path %s: %s", name->label,
                   tl_kernel_path_name(p->path), status.reason);
  p->bytes = name->window ? bytes : p->batch.packed_bytes;
  p->arena =
      take(name->window ? tl_window_ring_bytes(&p->window, BATCH_MAX) : p->batch.arena_bytes);
  p->state = take(BATCH_MAX * s->model.state_bytes);
  if (!p->arena || !p->state) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  if (name->window) tl_window_clear(&p->window, p->arena, BATCH_MAX);
  return TL_OK;
}

/* Inputs and outputs of the largest batch. */
typedef struct data {
  uint8_t *in, *out;
  int32_t *score;
} data;

static void fill(uint8_t *bytes, size_t count)
{
  uint64_t state = SEED;
  for (size_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(state >> 56);
  }
}

static void run(packed *p, const data *d, const model_name *name, uint32_t batch)
{
  if (name->window) {
    const uint32_t rows = (batch + TL_WINDOW_ROWS - 1) / TL_WINDOW_ROWS * TL_WINDOW_ROWS;
    tl_window_score(&p->window, p->arena, BATCH_MAX, rows, 1, d->score);
    return;
  }
  const void *const inputs[1] = {d->in};
  void *const outputs[1] = {d->out};
  tl_model_run_batch(&p->batch, p->arena, p->batch.arena_bytes, p->state, batch, inputs, outputs,
                     NULL);
}

/* Microseconds an inference: the least of a round of calls. */
static double time_round(packed *p, const data *d, const model_name *name, uint32_t batch)
{
  double least = 1e18;
  const double end = bench_now_s() + round_s;
  do {
    const double begin = bench_now_s();
    run(p, d, name, batch);
    const double used = bench_now_s() - begin;
    if (used < least) least = used;
  } while (bench_now_s() < end);
  return 1e6 * least / batch;
}

/* ---- rows ---- */

typedef struct row {
  double ours[ROUNDS_MAX], peer[PEER_COUNT][ROUNDS_MAX];
} row;

typedef struct bench {
  const kernels_options *options;
  tl_text *json;
  peers all, limited; /* as they are; and without AVX-512 */
  bool has_limited;
  packed paths[TL_KERNEL_PATH_COUNT];
  uint32_t path_count;
  row rows[TL_KERNEL_PATH_COUNT];
} bench;

/* AVX2 and SSE are compared with what peers do on such a processor. */
static peers *peers_of(bench *b, tl_kernel_path path)
{
  if (!b->options->peers) return NULL;
  return b->has_limited && (path == TL_KERNEL_AVX2 || path == TL_KERNEL_SSE) ? &b->limited
                                                                             : &b->all;
}

/* Plain code is compared with TFLite Micro's reference kernels, which are plain, too. */
static bool meets(tl_kernel_path path, int peer)
{
  return (path == TL_KERNEL_SCALAR) == (peer == PEER_TFLM);
}

static void add_number(tl_text *json, const char *key, double value)
{
  tl_text_addf(json, ", \"%s\": ", key);
  tl_text_add_json_double(json, value);
}

static void add_row(bench *b, const model_name *name, const subject *s, const packed *p,
                    uint32_t batch, row *r)
{
  const uint32_t rounds = b->options->rounds;
  const double us = bench_median(r->ours, rounds), gops = 2e-3 * s->macs / us;
  double peer_us = -1.0;
  int fastest = -1;
  for (int peer = 0; peer < PEER_COUNT && b->options->peers; peer++) {
    const double value = meets(p->path, peer) ? bench_median(r->peer[peer], rounds) : -1.0;
    if (value > 0.0 && (fastest < 0 || value < peer_us)) {
      peer_us = value;
      fastest = peer;
    }
  }
  char peer[64] = "none";
  const bool limited = b->options->peers && peers_of(b, p->path) == &b->limited;
  if (fastest >= 0)
    snprintf(peer, sizeof peer, "%s%s", peer_names[fastest], limited ? " (avx2)" : "");
  tl_text_addf(b->json, "%s\n  {\"model\": \"%s\", \"path\": \"%s\", \"batch\": %u",
               b->json->length == 1 ? "" : ",", name->label, tl_kernel_path_name(p->path), batch);
  add_number(b->json, "us_per_inference", us);
  add_number(b->json, "gops", gops);
  add_number(b->json, "peak_share", gops / p->peak.gops);
  tl_text_addf(b->json, ", \"peer\": \"%s\"", peer);
  if (fastest >= 0) {
    add_number(b->json, "peer_us", peer_us);
    add_number(b->json, "ratio", peer_us / us);
  } else {
    tl_text_add(b->json, ", \"peer_us\": null, \"ratio\": null");
  }
  add_number(b->json, "peak_gops", p->peak.gops);
  tl_text_addf(b->json, ", \"peak_loop\": \"%s\", \"packed_bytes\": %zu, \"rounds\": %u}",
               p->peak.loop, p->bytes, rounds);
  fprintf(stderr, "%-8s %-7s %5u  %9.3f us  %7.1f GOPS  %3.0f %% of peak", name->label,
          tl_kernel_path_name(p->path), batch, us, gops, 100.0 * gops / p->peak.gops);
  if (fastest >= 0) fprintf(stderr, "  %-18s %9.3f us  ratio %5.2f", peer, peer_us, peer_us / us);
  fputc('\n', stderr);
}

/* What a peer takes in this round; negative where no path that runs meets it, or it cannot. */
static double time_peer(bench *b, peers *from, int peer, uint32_t batch)
{
  bool wanted = false;
  for (uint32_t p = 0; p < b->path_count; p++) {
    const tl_kernel_path path = b->paths[p].path;
    wanted = wanted || (peers_of(b, path) == from && meets(path, peer));
  }
  return wanted ? peers_time(from, peer, peer == PEER_TFLM ? 1 : batch, peer_round_s) : -1.0;
}

static void measure_batch(bench *b, const model_name *name, const subject *s, const data *d,
                          uint32_t batch)
{
  row *const rows = b->rows;
  const bool asked = b->options->peers && !name->window;
  for (uint32_t round = 0; round < b->options->rounds; round++) {
    double times[2][PEER_COUNT];
    for (int peer = 0; peer < PEER_COUNT; peer++) {
      times[0][peer] = asked ? time_peer(b, &b->all, peer, batch) : -1.0;
      times[1][peer] = asked ? time_peer(b, &b->limited, peer, batch) : -1.0;
    }
    for (uint32_t p = 0; p < b->path_count; p++) {
      const bool limited = b->options->peers && peers_of(b, b->paths[p].path) == &b->limited;
      rows[p].ours[round] = time_round(&b->paths[p], d, name, batch);
      for (int peer = 0; peer < PEER_COUNT; peer++)
        rows[p].peer[peer][round] = times[limited][peer];
    }
  }
  for (uint32_t p = 0; p < b->path_count; p++) add_row(b, name, s, &b->paths[p], batch, &rows[p]);
}

static tl_code pack_paths(bench *b, const model_name *name, const subject *s, tl_error *err)
{
  for (uint32_t p = 0; p < b->path_count; p++) {
    const tl_code code = pack(&b->paths[p], s, name, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

static tl_code measure_model(bench *b, const model_name *name, tl_error *err)
{
  static const uint32_t standard[] = {1, 8, 64, 256};
  const kernels_options *o = b->options;
  subject s;
  tl_code code = open_subject(&s, name, o->root, err);
  if (code == TL_OK) code = pack_paths(b, name, &s, err);
  if (code == TL_OK && o->peers && !name->window) {
    code = peers_open(&b->all, name->label, s.path, err);
    if (code == TL_OK && b->has_limited) code = peers_open(&b->limited, name->label, s.path, err);
  }
  if (code == TL_OK) {
    const size_t in_bytes = tl_model_input(&s.model, 0)->bytes * (size_t)BATCH_MAX;
    const data d = {take(in_bytes), take(tl_model_output(&s.model, 0)->bytes * (size_t)BATCH_MAX),
                    take(BATCH_MAX * sizeof(int32_t))};
    fill(d.in, in_bytes);
    const uint32_t *batches = o->batch_count ? o->batches : standard;
    const uint32_t count = o->batch_count ? o->batch_count : 4;
    for (uint32_t i = 0; i < count; i++)
      if (!name->window || batches[i] >= TL_WINDOW_ROWS) measure_batch(b, name, &s, &d, batches[i]);
    free(d.in);
    free(d.out);
    free(d.score);
  }
  for (uint32_t p = 0; p < b->path_count; p++) {
    const packed keep = {.path = b->paths[p].path, .peak = b->paths[p].peak};
    close_packed(&b->paths[p]);
    b->paths[p] = keep;
  }
  close_subject(&s);
  return code;
}

/* Every path that the CPU has and the build too, or the one asked for; with its peak. */
static void find_paths(bench *b)
{
  for (int cpu = 0; cpu < TL_PATH_COUNT; cpu++) {
    const char *name = tl_cpu_path_name((tl_simd_path)cpu);
    if (!tl_cpu_has_path((tl_simd_path)cpu)) {
      fprintf(stderr, "path %-7s not run: this CPU lacks it\n", name);
      continue;
    }
    if (b->options->path && strcmp(b->options->path, name) != 0) continue;
    for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++) {
      const tl_kernel_path path = (tl_kernel_path)p;
      if (strcmp(tl_kernel_path_name(path), name) != 0 || !tl_kernel_path_built(path)) continue;
      packed *out = &b->paths[b->path_count++];
      *out = (packed){.path = path, .peak = peak_measure(path)};
      fprintf(stderr, "path %-7s peak %6.1f GOPS (%s)\n", name, out->peak.gops, out->peak.loop);
    }
  }
}

static bool is_there(const model_name *name, const char *root)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/../shared/kernels/models/%s.tflite", root, name->file);
  FILE *file = name->shared ? fopen(path, "rb") : NULL;
  if (file) fclose(file);
  return !name->shared || file;
}

tl_code kernels_measure(tl_text *json, const kernels_options *options, tl_error *err)
{
  bench b = {.options = options, .json = json};
  tl_code code = TL_OK;
  find_paths(&b);
  if (options->peers) {
    code = peers_start(&b.all, options->root, "peers", "peers.py", false, err);
    b.has_limited = tl_cpu_has_path(TL_PATH_VNNI);
    if (code == TL_OK && b.has_limited)
      code = peers_start(&b.limited, options->root, "peers", "peers.py", true, err);
  }
  for (size_t m = 0; m < sizeof models / sizeof models[0] && code == TL_OK; m++) {
    if (options->only && strcmp(options->only, models[m].label) != 0) continue;
    if (is_there(&models[m], options->root))
      code = measure_model(&b, &models[m], err);
    else
      fprintf(stderr, "%-8s not run: %s.tflite is not beside the project\n", models[m].label,
              models[m].file);
  }
  peers_stop(&b.all);
  peers_stop(&b.limited);
  return code;
}
