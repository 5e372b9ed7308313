/* access.c: everything a device has, by name: the door that setup, faults, Lua, judge and recorder
 * use. */
#include "sim/internal.h"

#include "base/dmath.h"
#include "base/hash.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t tl_world_fleet_count(const tl_world *world) { return world->fleet_count; }
const char *tl_fleet_name(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->name;
}
const char *tl_fleet_twin_name(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->twin->name;
}
uint32_t tl_fleet_device_count(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->store.device_count;
}
uint32_t tl_fleet_block_count(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->store.block_count;
}
int64_t tl_fleet_dt_ns(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->dt_ns;
}
int64_t tl_fleet_tick_ns(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->tick_ns;
}
uint32_t tl_fleet_column_count(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->store.column_count;
}

const tl_column *tl_fleet_column(const tl_world *world, tl_fleet_id fleet, uint32_t column)
{
  const tl_store *store = &tl_fleet_of(world, fleet)->store;
  return column < store->column_count ? &store->columns[column].info : NULL;
}

uint32_t tl_fleet_column_stride(const tl_world *world, tl_fleet_id fleet, uint32_t column)
{
  const tl_store *store = &tl_fleet_of(world, fleet)->store;
  assert(column < store->column_count);
  return store->columns[column].stride;
}

tl_modelled tl_fleet_modelled(const tl_world *world, tl_fleet_id id, uint32_t column)
{
  const tl_fleet *fleet = tl_fleet_of(world, id);
  const tl_detector *d = &fleet->detector;
  tl_modelled out = {0};
  if (!fleet->has_detector || !d->has_battery || d->board[0] == '\0') return out;
  const bool is_time = column == d->duty;
  if (!is_time && column != d->charge && column != d->state_of_charge && column != d->inference_J)
    return out;
  out.board = d->board;
  for (uint32_t v = 0; v < d->version_count; v++) {
    const double error_ratio =
        is_time ? d->versions[v].time_error_ratio : d->versions[v].energy_error_ratio;
    if (isnan(error_ratio) || error_ratio > out.error_ratio) out.error_ratio = error_ratio;
  }
  return out;
}

const char *tl_modelled_text(char out[TL_MODELLED_TEXT_BYTES], const tl_modelled *modelled)
{
  out[0] = '\0';
  if (modelled->board == NULL) return out;
  if (isnan(modelled->error_ratio))
    snprintf(out, TL_MODELLED_TEXT_BYTES, "modelled, power not published (%.95s)", modelled->board);
  else
    snprintf(out, TL_MODELLED_TEXT_BYTES, "modelled +-%.0f %% (%.95s)",
             100.0 * modelled->error_ratio, modelled->board);
  return out;
}

/* "room" for "room_K": the twin's column whose name is `name` and a unit; TL_NO_COLUMN when none
 * or several. */
static uint32_t find_without_unit(const tl_fleet *fleet, const char *name)
{
  const size_t length = strlen(name);
  uint32_t found = TL_NO_COLUMN;
  for (uint32_t i = 0; i < fleet->twin->column_count; i++) {
    const char *column = fleet->store.columns[i].name;
    if (strncmp(column, name, length) != 0 || column[length] != '_') continue;
    if (found != TL_NO_COLUMN) return TL_NO_COLUMN;
    found = i;
  }
  return found;
}

static tl_code unknown_column(const tl_fleet *fleet, const char *name, const char *where,
                              tl_error *err)
{
  const tl_code code =
      tl_fail(err, TL_E_NAME, where, "fleet '%s' has no column '%s'", fleet->name, name);
  const char **names = malloc(fleet->store.column_count * sizeof *names);
  uint32_t count = 0;
  for (uint32_t i = 0; names && i < fleet->store.column_count; i++)
    if (!strstr(fleet->store.columns[i].name, ".window_"))
      names[count++] = fleet->store.columns[i].name;
  const char *near = names ? tl_text_closest(name, names, count) : NULL;
  if (near) tl_fail_hint(err, "did you mean '%s'?", near);
  free(names);
  return code;
}

tl_code tl_fleet_column_find(const tl_world *world, tl_fleet_id fleet, const char *name,
                             const char *where, uint32_t *out, tl_error *err)
{
  const tl_fleet *f = tl_fleet_of(world, fleet);
  assert(f);
  *out = tl_store_find(&f->store, name);
  if (*out == UINT32_MAX) *out = find_without_unit(f, name);
  return *out == TL_NO_COLUMN ? unknown_column(f, name, where, err) : TL_OK;
}

void tl_fleet_read(const tl_world *world, tl_fleet_id fleet, uint32_t column, uint32_t begin,
                   uint32_t end, double *out)
{
  const tl_store *store = &tl_fleet_of(world, fleet)->store;
  assert(begin <= end && end <= store->device_count && store->block_memory);
  for (uint32_t device = begin; device < end; device++)
    out[device - begin] = tl_store_get(store, column, device);
}

tl_code tl_fleet_write(tl_world *world, tl_fleet_id fleet, uint32_t column, uint32_t begin,
                       uint32_t end, const double *values, tl_error *err)
{
  tl_fleet *f = tl_fleet_of(world, fleet);
  assert(f && begin <= end && end <= f->store.device_count && f->store.block_memory);
  assert(column < f->store.column_count);
  const tl_column *info = &f->store.columns[column].info;
  for (uint32_t i = 0; i < end - begin; i++)
    if (!(values[i] >= info->low && values[i] <= info->high)) {
      char value[TL_TEXT_DOUBLE_BYTES], low[TL_TEXT_DOUBLE_BYTES], high[TL_TEXT_DOUBLE_BYTES];
      tl_text_format_double(value, values[i]);
      tl_text_format_double(low, info->low);
      tl_text_format_double(high, info->high);
      return tl_fail(err, TL_E_ARG, NULL,
                     "%s of device %u in fleet '%s': %s is outside %s .. %s %s", info->name,
                     begin + i, f->name, value, low, high, info->unit);
    }
  if (f->has_detector && f->detector.version_count > 1 && column == f->detector.version)
    for (uint32_t i = 0; i < end - begin; i++)
      if (values[i] != tl_math_floor(values[i])) {
        char value[TL_TEXT_DOUBLE_BYTES];
        tl_text_format_double(value, values[i]);
        return tl_fail(err, TL_E_ARG, NULL,
                       "%s of device %u in fleet '%s': %s is no version: a whole number from 0 to "
                       "%u is",
                       info->name, begin + i, f->name, value, f->detector.version_count - 1);
      }
  for (uint32_t device = begin; device < end; device++) {
    tl_store_set(&f->store, column, device, values[device - begin]);
    if (f->store.columns[column].region == TL_REGION_PARAM) f->stale[device / TL_BLOCK_ROWS] = 1;
  }
  if (end == f->store.device_count) tl_store_pad(&f->store, column);
  return TL_OK;
}

const double *tl_block_column(const tl_world *world, tl_fleet_id fleet, uint32_t block,
                              uint32_t column)
{
  const tl_store *store = &tl_fleet_of(world, fleet)->store;
  if (store->columns[column].info.type != TL_F64) return NULL;
  return (const double *)(const void *)tl_store_rows(store, block, column);
}

tl_code tl_fleet_drive(tl_world *world, tl_fleet_id fleet, const char *column,
                       const int64_t *stamps_ns, const double *values, uint32_t count,
                       const char *where, tl_error *err)
{
  tl_fleet *f = tl_fleet_of(world, fleet);
  assert(f && !world->sealed && count > 0);
  uint32_t index = 0;
  tl_code code = tl_fleet_column_find(world, fleet, column, where, &index, err);
  if (code != TL_OK) return code;
  const tl_column *info = &f->store.columns[index].info;
  if (index >= f->twin->column_count || info->role != TL_INPUT)
    return tl_fail(err, TL_E_ARG, where, "'%s' is no input of twin '%s' and can't be driven",
                   column, f->twin->name);
  for (uint32_t i = 0; i < f->actuator_count; i++)
    if (f->actuators[i].applied == index)
      return tl_fail(err, TL_E_ARG, where, "%s is set by actuator '%s' and can't be driven too",
                     info->name, f->actuators[i].name);
  for (uint32_t i = 0; i < f->drive_count; i++)
    if (f->drives[i].column == index)
      return tl_fail(err, TL_E_ARG, where, "%s is driven twice", info->name);
  if (f->drive_count == TL_DRIVES_MAX)
    return tl_fail(err, TL_E_LIMIT, where, "more than %u driven inputs", TL_DRIVES_MAX);
  for (uint32_t i = 0; i < count; i++) {
    if (i && stamps_ns[i] <= stamps_ns[i - 1])
      return tl_fail(err, TL_E_ARG, where, "%s: stamps must ascend", column);
    if (!(values[i] >= info->low && values[i] <= info->high)) {
      char value[TL_TEXT_DOUBLE_BYTES];
      tl_text_format_double(value, values[i]);
      return tl_fail(err, TL_E_ARG, where,
                     "sample %u for input %s is %s, outside its range or missing: a driven input "
                     "needs every value",
                     i, column, value);
    }
  }
  tl_drive *drive = &f->drives[f->drive_count];
  *drive =
      (tl_drive){index, count, malloc(count * sizeof(int64_t)), malloc(count * sizeof(double))};
  f->drive_count++;
  if (!drive->stamps_ns || !drive->values)
    return tl_fail(err, TL_E_LIMIT, where, "no memory for %u samples", count);
  memcpy(drive->stamps_ns, stamps_ns, count * sizeof *stamps_ns);
  memcpy(drive->values, values, count * sizeof *values);
  return TL_OK;
}

const int64_t *tl_fleet_stamps(const tl_world *world, tl_fleet_id fleet, uint32_t *count)
{
  const tl_fleet *f = tl_fleet_of(world, fleet);
  *count = f->stamp_count;
  return f->stamps_ns;
}

uint32_t tl_fleet_drive_count(const tl_world *world, tl_fleet_id fleet)
{
  return tl_fleet_of(world, fleet)->drive_count;
}

const double *tl_fleet_drive_at(const tl_world *world, tl_fleet_id fleet, uint32_t index,
                                uint32_t *column, uint32_t *count)
{
  const tl_fleet *f = tl_fleet_of(world, fleet);
  assert(index < f->drive_count);
  *column = f->drives[index].column;
  *count = f->drives[index].count;
  return f->drives[index].values;
}

tl_code tl_world_flip_check(const tl_world *world, tl_fleet_id fleet, uint32_t device,
                            uint32_t column, uint32_t bit, tl_error *err)
{
  const tl_fleet *f = tl_fleet_of(world, fleet);
  if (!f || device >= f->store.device_count || column >= f->store.column_count)
    return tl_fail(err, TL_E_ARG, NULL, "flip: no such fleet, device or column");
  static const uint32_t bits[] = {[TL_F64] = 64, [TL_F32] = 32, [TL_I32] = 32, [TL_U8] = 8};
  const tl_store_column *c = &f->store.columns[column];
  if (bit >= bits[c->info.type])
    return tl_fail(err, TL_E_ARG, NULL, "flip: %s has %u bits", c->name, bits[c->info.type]);
  if (c->region == TL_REGION_SCRATCH)
    return tl_fail(err, TL_E_ARG, NULL,
                   "flip: %s is computed from the others; flip a state, an input or a parameter",
                   c->name);
  return TL_OK;
}

tl_code tl_world_flip_bit(tl_world *world, tl_fleet_id fleet, uint32_t device, uint32_t column,
                          uint32_t bit, tl_error *err)
{
  const tl_code code = tl_world_flip_check(world, fleet, device, column, bit, err);
  if (code != TL_OK) return code;
  tl_fleet *f = tl_fleet_of(world, fleet);
  const tl_store_column *c = &f->store.columns[column];
  unsigned char *at = tl_store_rows(&f->store, device / TL_BLOCK_ROWS, column) +
                      (size_t)(device % TL_BLOCK_ROWS) * c->stride;
  at[bit / 8] ^= (unsigned char)(1u << bit % 8);
  if (c->region == TL_REGION_PARAM)
    f->stale[device / TL_BLOCK_ROWS] = f->store.param_stale[device / TL_BLOCK_ROWS] = 1;
  return TL_OK;
}

static tl_rng_key draw_key(const tl_world *world, const tl_fleet *fleet, const char *stream)
{
  return tl_rng_key_make(world->def.seed, fleet->name_hash, (uint32_t)tl_hash_text(stream));
}

double tl_fleet_draw_uniform(const tl_world *world, tl_fleet_id fleet, const char *stream,
                             uint32_t device)
{
  return tl_rng_uniform(draw_key(world, tl_fleet_of(world, fleet), stream), device, 0);
}

double tl_fleet_draw_normal(const tl_world *world, tl_fleet_id fleet, const char *stream,
                            uint32_t device)
{
  return (double)tl_rng_normal(draw_key(world, tl_fleet_of(world, fleet), stream), device, 0);
}

/* A heap of the k smallest (hash, device) keeps the sample; ties go to the smaller device. */
typedef struct pick {
  uint64_t hash;
  uint32_t device;
} pick;

static int after(pick a, pick b)
{
  return a.hash != b.hash ? a.hash > b.hash : a.device > b.device;
}

static void sift_down(pick *heap, uint32_t count, uint32_t at)
{
  for (;;) {
    uint32_t top = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
      if (after(heap[child], heap[top])) top = child;
    if (top == at) return;
    const pick swap = heap[at];
    heap[at] = heap[top];
    heap[top] = swap;
    at = top;
  }
}

static int by_device(const void *a, const void *b)
{
  const uint32_t x = *(const uint32_t *)a,
                 y = *(const uint32_t *)b; /* devices are distinct: no ties */
  return x < y ? -1 : x > y;
}

void tl_fleet_sample(const tl_world *world, tl_fleet_id fleet, const char *stream, uint32_t k,
                     uint32_t *out)
{
  const tl_fleet *f = tl_fleet_of(world, fleet);
  const uint32_t count = f->store.device_count;
  assert(k <= count);
  if (k == 0) return;
  pick *heap = malloc(k * sizeof *heap);
  assert(heap);
  const tl_rng_key key = draw_key(world, f, stream);
  for (uint32_t device = 0; device < count; device++) {
    const pick p = {tl_rng_hash64(key, device), device};
    if (device < k) {
      heap[device] = p;
      if (device == k - 1)
        for (uint32_t at = k; at-- > 0;) sift_down(heap, k, at);
    } else if (after(heap[0], p)) {
      heap[0] = p;
      sift_down(heap, k, 0);
    }
  }
  for (uint32_t i = 0; i < k; i++) out[i] = heap[i].device;
  free(heap);
  qsort(out, k, sizeof *out, by_device);
}
