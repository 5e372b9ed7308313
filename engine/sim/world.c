/* world.c: life of a world, its clock and its windows. */
#include "sim/internal.h"

#include "base/hash.h"
#include "exec/parallel.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

tl_world_def tl_world_def_default(void)
{
  return (tl_world_def){
      .seed = 1, .sync_ns = 10000000000, .path = tl_cpu_best_path(), .cookie_ = TL_WORLD_COOKIE};
}

tl_code tl_world_create(tl_world **out, const tl_world_def *def, tl_error *err)
{
  assert(def->cookie_ == TL_WORLD_COOKIE && "start from tl_world_def_default()");
  *out = NULL;
  if (def->sync_ns <= 0) return tl_fail(err, TL_E_ARG, NULL, "sync must be positive");
  if (!tl_cpu_has_path(def->path))
    return tl_fail(err, TL_E_ARG, NULL, "this processor has no path '%s'",
                   tl_cpu_path_name(def->path));
  tl_world *world = calloc(1, sizeof *world);
  if (!world) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a world");
  world->def = *def;
  if (world->def.thread_count == 0) world->def.thread_count = tl_parallel_threads_available();
  if (world->def.thread_count > TL_THREADS_MAX) world->def.thread_count = TL_THREADS_MAX;
  void *roots = mmap(NULL, TL_WINDOWS_MAX * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (roots == MAP_FAILED) {
    free(world);
    return tl_fail(err, TL_E_LIMIT, NULL, "cannot reserve address space for window roots");
  }
  world->roots = roots;
  *out = world;
  return TL_OK;
}

static void free_scratch(tl_world *world)
{
  if (!world->scratch) return;
  for (uint32_t t = 0; t < world->def.thread_count; t++) {
    tl_scratch *s = &world->scratch[t];
    free(s->column);
    free(s->raw);
    free(s->twin_column);
    free(s->twin_rows);
    free(s->outputs);
    free(s->model.inputs);
    free(s->model.outputs);
    free(s->model.state);
    free(s->model.arena);
    free(s->model.spectrum);
  }
  free(world->scratch);
}

void tl_world_destroy(tl_world *world)
{
  if (!world) return;
  free_scratch(world);
  for (uint32_t i = 0; i < world->fleet_count; i++) tl_fleet_free(world->fleets[i]);
  munmap(world->roots, TL_WINDOWS_MAX * sizeof(uint64_t));
  free(world);
}

static void *reserve(tl_world *world, size_t bytes)
{
  const size_t rounded = (bytes + 63) & ~(size_t)63;
  void *memory = aligned_alloc(64, rounded ? rounded : 64);
  if (!memory) return NULL;
  memset(memory, 0, rounded ? rounded : 64);
  world->bytes += rounded;
  return memory;
}

static tl_code seal_scratch(tl_world *world, tl_error *err)
{
  uint32_t columns = 1, twin_columns = 1, outputs = 1;
  tl_detector_scratch model = {0};
  for (uint32_t i = 0; i < world->fleet_count; i++) {
    const tl_fleet *f = world->fleets[i];
    if (f->store.column_count > columns) columns = f->store.column_count;
    if (f->twin->column_count > twin_columns) twin_columns = f->twin->column_count;
    tl_detector_scratch_for(&model, f);
    for (uint32_t v = 0; f->has_detector && v < f->detector.version_count; v++)
      if (f->detector.versions[v].window.outputs > outputs)
        outputs = f->detector.versions[v].window.outputs;
  }
  world->scratch = reserve(world, world->def.thread_count * sizeof *world->scratch);
  bool ok = world->scratch != NULL;
  for (uint32_t t = 0; ok && t < world->def.thread_count; t++) {
    tl_scratch *s = &world->scratch[t];
    s->column = reserve(world, columns * sizeof *s->column);
    s->raw = reserve(world, columns * sizeof *s->raw);
    s->twin_column = reserve(world, twin_columns * sizeof *s->twin_column);
    s->twin_rows = reserve(world, (size_t)twin_columns * TL_BLOCK_ROWS * sizeof(double));
    s->outputs = reserve(world, (size_t)outputs * TL_BLOCK_ROWS);
    s->model = model;
    s->model.inputs = reserve(world, model.input_bytes);
    s->model.outputs = reserve(world, model.output_bytes);
    s->model.state = reserve(world, model.state_bytes);
    s->model.arena = reserve(world, model.arena_bytes);
    s->model.spectrum = reserve(world, model.spectrum_bytes);
    ok = s->column && s->raw && s->twin_column && s->twin_rows && s->outputs && s->model.inputs &&
         s->model.outputs && s->model.state && s->model.arena && s->model.spectrum;
    for (uint32_t c = 0; ok && c < twin_columns; c++)
      s->twin_column[c] = s->twin_rows + (size_t)c * TL_BLOCK_ROWS;
  }
  return ok ? TL_OK
            : tl_fail(err, TL_E_LIMIT, NULL, "no memory for %u workers", world->def.thread_count);
}

static tl_code seal_fleet(tl_world *world, tl_fleet *fleet, tl_error *err)
{
  tl_code code = tl_store_seal(&fleet->store, err);
  if (code != TL_OK) return code;
  const uint32_t blocks = fleet->store.block_count;
  world->bytes += fleet->store.bytes;
  fleet->features = reserve(world, (size_t)blocks * TL_SENSORS_MAX * sizeof *fleet->features);
  fleet->faulty = reserve(world, (size_t)blocks * TL_ACTUATORS_MAX);
  fleet->stale = reserve(world, blocks);
  fleet->digests = reserve(world, blocks * sizeof *fleet->digests);
  fleet->not_finite = reserve(world, blocks);
  if (!fleet->features || !fleet->faulty || !fleet->stale || !fleet->digests || !fleet->not_finite)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for the blocks of fleet '%s'", fleet->name);
  memset(fleet->stale, 1, blocks);
  tl_detector_reset(fleet);
  return tl_affine_setup(world, fleet, err);
}

tl_code tl_world_seal(tl_world *world, tl_error *err)
{
  assert(!world->sealed);
  for (uint32_t i = 0; i < world->fleet_count; i++) {
    const tl_code code = seal_fleet(world, world->fleets[i], err);
    if (code != TL_OK) return code;
  }
  const tl_code code = seal_scratch(world, err);
  uint32_t blocks = 0;
  for (uint32_t i = 0; i < world->fleet_count; i++)
    if (world->fleets[i]->store.block_count > blocks) blocks = world->fleets[i]->store.block_count;
  tl_parallel_spread(blocks < world->def.thread_count ? blocks : world->def.thread_count);
  world->sealed = code == TL_OK;
  return code;
}

size_t tl_world_bytes(const tl_world *world) { return world->bytes; }
int64_t tl_world_now_ns(const tl_world *world) { return world->now_ns; }
uint64_t tl_world_device_steps(const tl_world *world) { return world->device_steps; }
uint64_t tl_world_window_count(const tl_world *world) { return world->window_count; }
uint32_t tl_world_thread_count(const tl_world *world) { return world->def.thread_count; }

static tl_code name_the_device(const tl_world *world, const tl_fleet *fleet, uint32_t block,
                               tl_error *err)
{
  char time[TL_NAME_BYTES];
  snprintf(time, sizeof time, "%.3f", (double)world->now_ns / 1e9);
  const uint32_t first = block * TL_BLOCK_ROWS, rows = tl_store_block_rows(&fleet->store, block);
  for (uint32_t i = 0; i < rows; i++)
    for (uint32_t c = 0; c < fleet->twin->column_count; c++) {
      const double value = tl_store_get(&fleet->store, c, first + i);
      if (fleet->twin->columns[c].role == TL_STATE && !(value - value == 0.0))
        return tl_fail(err, TL_E_NAN, NULL,
                       "fleet '%s' device %u: %s is not a finite number at %s s", fleet->name,
                       first + i, fleet->twin->columns[c].name, time);
    }
  return tl_fail(err, TL_E_NAN, NULL, "fleet '%s': a padding row of block %u is not finite",
                 fleet->name, block);
}

tl_code tl_world_advance(tl_world *world, int64_t until_ns, tl_error *err)
{
  assert(world->sealed && until_ns > world->now_ns);
  if (world->window_count == TL_WINDOWS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "more than %llu windows: choose a longer sync",
                   (unsigned long long)TL_WINDOWS_MAX);
  const int64_t sync_end = (world->now_ns / world->def.sync_ns + 1) * world->def.sync_ns;
  const tl_code code = tl_world_run_window(world, until_ns < sync_end ? until_ns : sync_end, err);
  if (code != TL_OK) return code;
  for (uint32_t i = 0; i < world->fleet_count; i++)
    for (uint32_t block = 0; block < world->fleets[i]->store.block_count; block++)
      if (world->fleets[i]->not_finite[block])
        return name_the_device(world, world->fleets[i], block, err);
  return TL_OK;
}

tl_code tl_world_observe(tl_world *world, const tl_observer *observer, tl_error *err)
{
  if (world->observer_count == TL_OBSERVERS_MAX)
    return tl_fail(err, TL_E_LIMIT, NULL, "more than %u observers", TL_OBSERVERS_MAX);
  world->observers[world->observer_count++] = *observer;
  return TL_OK;
}

typedef struct block_call {
  void (*work)(void *context, uint32_t block, uint32_t thread);
  void *context;
} block_call;

static void call_block(void *context, uint32_t index, uint32_t thread)
{
  const block_call *call = context;
  call->work(call->context, index, thread);
}

void tl_world_for_blocks(const tl_world *world, tl_fleet_id fleet,
                         void (*work)(void *context, uint32_t block, uint32_t thread),
                         void *context)
{
  block_call call = {work, context};
  tl_parallel_for(tl_fleet_block_count(world, fleet), world->def.thread_count, call_block, &call);
}

uint64_t tl_block_digest(const tl_world *world, tl_fleet_id fleet, uint32_t block)
{
  return tl_fleet_of(world, fleet)->digests[block];
}

uint64_t tl_world_root(const tl_world *world)
{
  return world->window_count ? world->roots[world->window_count - 1] : 0;
}

void tl_world_run_hash(const tl_world *world, char out_hex[65])
{
  /* little-endian words; the engine refuses to build on big-endian machines (state/store.c) */
  tl_sha256_bytes(out_hex, world->roots, (size_t)world->window_count * sizeof *world->roots);
}

/* Snapshot: header, then per fleet its tick count, digests and regions. */
typedef struct snapshot_header {
  int64_t now_ns;
  uint64_t device_steps, window_count;
} snapshot_header;

size_t tl_world_snapshot_bytes(const tl_world *world)
{
  size_t bytes = sizeof(snapshot_header);
  for (uint32_t i = 0; i < world->fleet_count; i++)
    bytes += sizeof(int64_t) + world->fleets[i]->store.block_count * sizeof(uint64_t) +
             tl_store_snapshot_bytes(&world->fleets[i]->store);
  return bytes;
}

void tl_world_snapshot(const tl_world *world, void *out)
{
  unsigned char *to = out;
  const snapshot_header header = {world->now_ns, world->device_steps, world->window_count};
  memcpy(to, &header, sizeof header);
  to += sizeof header;
  for (uint32_t i = 0; i < world->fleet_count; i++) {
    const tl_fleet *fleet = world->fleets[i];
    const size_t digest_bytes = fleet->store.block_count * sizeof *fleet->digests;
    memcpy(to, &fleet->tick_count, sizeof(int64_t));
    to += sizeof(int64_t);
    memcpy(to, fleet->digests, digest_bytes);
    to += digest_bytes;
    tl_store_snapshot(&fleet->store, to);
    to += tl_store_snapshot_bytes(&fleet->store);
  }
}

/* Outputs are no state, but readers expect those of the states they see. */
static void output_again(tl_world *world, tl_fleet *fleet)
{
  if (!fleet->twin->output) return;
  double **column = world->scratch[0].column;
  for (uint32_t block = 0; block < fleet->store.block_count; block++) {
    for (uint32_t c = 0; c < fleet->twin->column_count; c++)
      column[c] = (double *)(void *)tl_store_rows(&fleet->store, block, c);
    fleet->twin->output(column,
                        (tl_slice){0, tl_rows_padded(tl_store_block_rows(&fleet->store, block))});
  }
}

void tl_world_restore(tl_world *world, const void *snapshot)
{
  const unsigned char *from = snapshot;
  snapshot_header header;
  memcpy(&header, from, sizeof header);
  from += sizeof header;
  world->now_ns = header.now_ns;
  world->device_steps = header.device_steps;
  world->window_count = header.window_count;
  for (uint32_t i = 0; i < world->fleet_count; i++) {
    tl_fleet *fleet = world->fleets[i];
    memcpy(&fleet->tick_count, from, sizeof(int64_t));
    from += sizeof(int64_t);
    memcpy(fleet->digests, from, fleet->store.block_count * sizeof *fleet->digests);
    from += fleet->store.block_count * sizeof *fleet->digests;
    tl_store_restore(&fleet->store, from);
    from += tl_store_snapshot_bytes(&fleet->store);
    memset(fleet->stale, 1, fleet->store.block_count);
    output_again(world, fleet);
  }
}
