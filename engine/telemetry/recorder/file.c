/* file.c: the objects of a run's telemetry.h5 (docs/file-format.md), all made before the first tick, and the
 * chunks that go into them. A chunk is first written at a moment that the simulation decides, since that is when
 * HDF5 gives it its place in the file; what live readers need earlier only rewrites it in place. */
#include "telemetry/recorder/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- making objects --------------------------------------------------------------------------------- */
static bool set_fill(hid_t plist, tl_store store)
{
  const int32_t integer = store == TL_STORE_U8    ? TL_FILL_U8
                          : store == TL_STORE_I16 ? TL_FILL_I16
                                                  : TL_FILL_I32;
  const double missing = (double)NAN;
  if (store <= TL_STORE_U8) return H5Pset_fill_value(plist, H5T_NATIVE_INT32, &integer) >= 0;
  return H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &missing) >= 0;
}

static hid_t make_chunked(hid_t parent, const char *name, hid_t type, hid_t plist, int rank,
                          const hsize_t *chunk, hsize_t columns)
{
  const hsize_t size[2] = {0, columns}, largest[2] = {H5S_UNLIMITED, columns};
  const hid_t space = H5Screate_simple(rank, size, largest);
  H5Pset_chunk(plist, rank, chunk);
  const hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Sclose(space);
  return set;
}

static hid_t make_plain(hid_t parent, const char *name, hid_t type, const hsize_t chunk_rows,
                        hsize_t columns)
{
  const hsize_t chunk[2] = {chunk_rows, columns};
  const hid_t plist = tl_h5_dataset_plist();
  const hid_t set = make_chunked(parent, name, type, plist, columns > 0 ? 2 : 1, chunk, columns);
  H5Pclose(plist);
  return set;
}

/* A signal's chunked dataset, or one of its pyramid. */
static hid_t make_signal(hid_t parent, const char *name, const fleet_plan *fleet,
                         const signal_plan *s, uint32_t rows, bool deflated, int64_t period_ns)
{
  const hsize_t chunk[2] = {rows, fleet->columns};
  const hid_t plist = tl_h5_dataset_plist();
  bool ok = set_fill(plist, s->def.store);
  const hid_t type = tl_h5_store_type(s->def.store);
  if (s->packed) {
    H5Pset_chunk(plist, 2, chunk); /* the filter asks for a chunked layout */
    ok = ok && H5Pset_scaleoffset(plist, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT) >= 0;
  }
  if (deflated) ok = ok && H5Pset_shuffle(plist) >= 0 && H5Pset_deflate(plist, 1) >= 0;
  const hid_t set = ok ? make_chunked(parent, name, type, plist, 2, chunk, fleet->recorded_count)
                       : H5I_INVALID_HID;
  H5Pclose(plist);
  if (set >= 0 && tl_h5_signal_write(set, &s->def, period_ns)) return set;
  if (set >= 0) H5Dclose(set);
  return H5I_INVALID_HID;
}

/* One row that stays where it is: contiguous, its space taken now. */
static hid_t make_tail(hid_t parent, const char *name, hid_t type, const tl_store *store,
                       hsize_t columns)
{
  const hsize_t size[2] = {1, columns};
  const hid_t plist = tl_h5_dataset_plist(),
              space = H5Screate_simple(columns > 0 ? 2 : 1, size, NULL);
  H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
  if (store != NULL) set_fill(plist, *store);
  const hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Sclose(space);
  H5Pclose(plist);
  return set;
}

static bool make_devices(hid_t group, const fleet_plan *fleet)
{
  const hsize_t count = fleet->recorded_count;
  uint32_t *devices = malloc(count * sizeof *devices);
  if (devices == NULL) return false;
  for (uint32_t i = 0; i < fleet->recorded_count; i++)
    devices[i] = fleet->sample == NULL ? i : fleet->sample[i];
  const hid_t plist = tl_h5_dataset_plist(), space = H5Screate_simple(1, &count, NULL);
  const hid_t set =
      H5Dcreate2(group, "device", H5T_STD_U32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  const bool ok =
      set >= 0 && H5Dwrite(set, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, devices) >= 0;
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
  H5Pclose(plist);
  free(devices);
  return ok;
}

static bool make_signals(const tl_recorder *r, fleet_plan *fleet, hid_t group, hid_t tail,
                         hid_t pyramid)
{
  static const char *const side_names[2] = {"min", "max"};
  const int64_t period_ns = tl_fleet_tick_ns(r->world, fleet->id);
  bool ok = true;
  for (uint32_t i = 0; ok && i < fleet->signal_count; i++) {
    signal_plan *s = &fleet->signals[i];
    s->set = make_signal(group, s->def.name, fleet, s, fleet->chunk_rows, s->deflated, period_ns);
    s->tail_set = make_tail(tail, s->def.name, tl_h5_store_type(s->def.store), &s->def.store,
                            fleet->recorded_count);
    ok = s->set >= 0 && s->tail_set >= 0 && tl_h5_signal_write(s->tail_set, &s->def, period_ns);
    for (int side = 0; ok && r->pyramid && side < 2; side++) {
      char name[TL_SIGNAL_NAME_BYTES + 8];
      snprintf(name, sizeof name, "%s_%s", s->def.name, side_names[side]);
      s->pyramid_set[side] = make_signal(pyramid, name, fleet, s, fleet->pyramid_rows, false,
                                         period_ns * PYRAMID_FACTOR);
      ok = s->pyramid_set[side] >= 0;
    }
  }
  return ok;
}

static bool make_fleet(const tl_recorder *r, fleet_plan *fleet, hid_t fleets)
{
  const hid_t group = tl_h5_group_create(fleets, tl_fleet_name(r->world, fleet->id));
  if (group < 0) return false;
  const hid_t tail = tl_h5_group_create(group, "tail");
  const hid_t pyramid = r->pyramid ? tl_h5_group_create(group, "pyramid") : H5I_INVALID_HID;
  fleet->time_set = make_plain(group, "time_ns", H5T_STD_I64LE, fleet->chunk_rows, 0);
  bool ok = tail >= 0 && (pyramid >= 0 || !r->pyramid) && fleet->time_set >= 0 &&
            tl_h5_attr_i64(group, "period_ns", tl_fleet_tick_ns(r->world, fleet->id)) &&
            tl_h5_attr_text(fleet->time_set, "unit", "ns") && make_devices(group, fleet);
  if (ok && r->pyramid) ok = tl_h5_attr_i64(pyramid, "factor", PYRAMID_FACTOR);
  if (ok) {
    fleet->tail_time_set = make_tail(tail, "time_ns", H5T_STD_I64LE, NULL, 0);
    ok = fleet->tail_time_set >= 0 && tl_h5_attr_text(fleet->tail_time_set, "unit", "ns") &&
         make_signals(r, fleet, group, tail, pyramid);
  }
  if (pyramid >= 0) H5Gclose(pyramid);
  if (tail >= 0) H5Gclose(tail);
  H5Gclose(group);
  return ok;
}

static bool make_fleets(tl_recorder *r)
{
  const hid_t fleets = tl_h5_group_create(r->file, "fleets");
  bool ok = fleets >= 0;
  for (uint32_t f = 0; ok && f < r->fleet_count; f++)
    if (r->fleets[f].recorded_count > 0) ok = make_fleet(r, &r->fleets[f], fleets);
  if (fleets >= 0) H5Gclose(fleets);
  return ok;
}

static bool make_events(tl_recorder *r)
{
  const hid_t type = H5Tcreate(H5T_COMPOUND, EVENT_BYTES), text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, TL_EVENT_TEXT_BYTES);
  H5Tset_strpad(text, H5T_STR_NULLPAD);
  H5Tset_cset(text, H5T_CSET_UTF8);
  H5Tinsert(type, "time_ns", 0, H5T_STD_I64LE);
  H5Tinsert(type, "fleet", 8, H5T_STD_U32LE);
  H5Tinsert(type, "device", 12, H5T_STD_U32LE);
  H5Tinsert(type, "kind", 16, H5T_STD_U32LE);
  H5Tinsert(type, "value", 20, H5T_IEEE_F64LE);
  H5Tinsert(type, "text", 28, text);
  r->event_set = make_plain(r->file, "events", type, EVENT_CHUNK_ROWS, 0);
  H5Tclose(text);
  H5Tclose(type);
  return r->event_set >= 0 &&
         tl_h5_attr_text(r->event_set, "kinds", "log,fault,alarm,phase,input") &&
         tl_h5_attr_text(r->event_set, "time_unit", "ns");
}

static bool make_digests(tl_recorder *r)
{
  const hid_t group = tl_h5_group_create(r->file, "digests");
  if (group < 0) return false;
  r->root_set = make_plain(group, "root", H5T_STD_U64LE, DIGEST_CHUNK_ROWS, 0);
  r->window_end_set = make_plain(group, "window_end_ns", H5T_STD_I64LE, DIGEST_CHUNK_ROWS, 0);
  bool ok = r->root_set >= 0 && r->window_end_set >= 0 &&
            tl_h5_attr_text(group, "algorithm", "XXH3-64") &&
            tl_h5_attr_i64(group, "block_rows", TL_BLOCK_ROWS);
  for (uint32_t f = 0; ok && f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    fleet->digest_set = make_plain(group, tl_fleet_name(r->world, fleet->id), H5T_STD_U64LE,
                                   fleet->digest_rows, fleet->block_count);
    ok = fleet->digest_set >= 0 &&
         tl_h5_attr_i64(fleet->digest_set, "device_count", fleet->device_count) &&
         tl_h5_attr_i64(fleet->digest_set, "number", f);
  }
  H5Gclose(group);
  return ok;
}

static bool write_schema_hash(const tl_recorder *r)
{
  char hash[TL_SCHEMA_HASH_BYTES];
  tl_fleet_schema *schema = calloc(r->fleet_count + 1, sizeof *schema);
  tl_signal_def *signals =
      calloc((size_t)r->fleet_count * TL_RECORDER_SIGNALS_MAX + 1, sizeof *signals);
  bool ok = schema != NULL && signals != NULL;
  uint32_t count = 0;
  for (uint32_t f = 0; ok && f < r->fleet_count; f++) {
    const fleet_plan *fleet = &r->fleets[f];
    if (fleet->recorded_count == 0) continue;
    tl_signal_def *own = signals + (size_t)f * TL_RECORDER_SIGNALS_MAX;
    for (uint32_t s = 0; s < fleet->signal_count; s++) own[s] = fleet->signals[s].def;
    schema[count++] =
        (tl_fleet_schema){tl_fleet_name(r->world, fleet->id), tl_fleet_tick_ns(r->world, fleet->id),
                          own, fleet->signal_count};
  }
  if (ok) tl_schema_hash(hash, schema, count);
  free(signals);
  free(schema);
  return ok && tl_h5_attr_text(r->file, "schema_hash", hash);
}

tl_code recorder_file_create(tl_recorder *r, const tl_recorder_def *def, tl_error *err)
{
  tl_code code = tl_disk_create(&r->disk, &r->file, r->path, err);
  if (code != TL_OK) return code;
  const bool ok = tl_h5_attr_text(r->file, "twinloop_schema", TL_SCHEMA_TEXT) &&
                  write_schema_hash(r) && tl_h5_attr_text(r->file, "kind", "run") &&
                  tl_h5_attr_text(r->file, "label", def->label == NULL ? "" : def->label) &&
                  make_events(r) && make_digests(r) && make_fleets(r) &&
                  H5Fstart_swmr_write(r->file) >= 0;
  code = tl_disk_check(&r->disk, r->path, err);
  if (code == TL_OK && !ok)
    code = tl_fail(err, TL_E_IO, NULL, "%s: HDF5 could not lay out the file", r->path);
  return code;
}

static void close_set(hid_t *set)
{
  if (*set >= 0) H5Dclose(*set);
  *set = H5I_INVALID_HID;
}

void recorder_file_close(tl_recorder *r)
{
  if (r->file < 0) return;
  for (uint32_t f = 0; r->fleets != NULL && f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    for (uint32_t s = 0; s < fleet->signal_count; s++) {
      close_set(&fleet->signals[s].set);
      close_set(&fleet->signals[s].tail_set);
      for (int side = 0; side < 2; side++) close_set(&fleet->signals[s].pyramid_set[side]);
    }
    close_set(&fleet->time_set);
    close_set(&fleet->tail_time_set);
    close_set(&fleet->digest_set);
  }
  close_set(&r->event_set);
  close_set(&r->root_set);
  close_set(&r->window_end_set);
  H5Fclose(r->file);
  r->file = H5I_INVALID_HID;
  tl_disk_release(&r->disk);
}

/* --- writing chunks --------------------------------------------------------------------------------- */
static bool extend(hid_t set, hsize_t rows, hsize_t columns)
{
  const hsize_t size[2] = {rows, columns};
  return H5Dset_extent(set, size) >= 0;
}

static bool put_chunk(hid_t set, hsize_t row, hsize_t column, size_t bytes, const void *data)
{
  const hsize_t offset[2] = {row, column};
  return H5Dwrite_chunk(set, H5P_DEFAULT, 0, offset, bytes, data) >= 0;
}

bool recorder_file_chunks(tl_recorder *r, fleet_plan *fleet, uint32_t rows)
{
  const hsize_t begin = (hsize_t)fleet->chunk_begin, end = begin + rows;
  bool ok = extend(fleet->time_set, end, 0);
  for (uint32_t row = rows; row < fleet->chunk_rows; row++) fleet->time_ns[row] = 0;
  ok = ok && put_chunk(fleet->time_set, begin, 0, fleet->chunk_rows * sizeof *fleet->time_ns,
                       fleet->time_ns);
  for (uint32_t s = 0; ok && s < fleet->signal_count; s++)
    ok = extend(fleet->signals[s].set, end, fleet->recorded_count);
  for (uint32_t strip = 0; strip < fleet->strip_count; strip++)
    for (uint32_t i = 0; ok && i < fleet->signal_count && !r->disk.lost; i++) {
      const signal_plan *s = &fleet->signals[i];
      ok = put_chunk(s->set, begin, (hsize_t)strip * fleet->columns,
                     cell_of(fleet, strip, i)->chunk_bytes,
                     cell_part(fleet, strip, s->chunk_at) + (s->packed ? 0 : TL_PACK_HEADROOM));
    }
  return ok;
}

bool recorder_file_pyramid(tl_recorder *r, fleet_plan *fleet, int64_t pyramid_end)
{
  const hsize_t begin = (hsize_t)(pyramid_end - 1) / fleet->pyramid_rows * fleet->pyramid_rows;
  bool ok = true;
  for (uint32_t s = 0; ok && s < fleet->signal_count; s++)
    for (int side = 0; ok && side < 2; side++)
      ok = extend(fleet->signals[s].pyramid_set[side], (hsize_t)pyramid_end, fleet->recorded_count);
  for (uint32_t strip = 0; strip < fleet->strip_count; strip++)
    for (uint32_t i = 0; i < fleet->signal_count; i++)
      for (int side = 0; ok && side < 2 && !r->disk.lost; side++) {
        const signal_plan *s = &fleet->signals[i];
        ok = put_chunk(s->pyramid_set[side], begin, (hsize_t)strip * fleet->columns,
                       cell_of(fleet, strip, i)->pyramid_bytes[side],
                       cell_part(fleet, strip, s->pyramid_at[side]) +
                           (s->packed ? 0 : TL_PACK_HEADROOM));
      }
  return ok;
}

/* The chunk that holds row `end - 1`, all of its rows; those from `end` on are zero and outside the dataset. */
static bool put_rows(hid_t set, uint64_t end, uint32_t chunk_rows, hsize_t columns,
                     size_t row_bytes, void *rows)
{
  const uint64_t begin = (end - 1) / chunk_rows * chunk_rows;
  memset((unsigned char *)rows + (end - begin) * row_bytes, 0,
         (chunk_rows - (end - begin)) * row_bytes);
  return extend(set, end, columns) && put_chunk(set, begin, 0, chunk_rows * row_bytes, rows);
}

bool recorder_file_digests(tl_recorder *r)
{
  const uint64_t end = r->window_count;
  bool ok = put_rows(r->root_set, end, DIGEST_CHUNK_ROWS, 0, sizeof *r->roots, r->roots) &&
            put_rows(r->window_end_set, end, DIGEST_CHUNK_ROWS, 0, sizeof *r->window_ends,
                     r->window_ends);
  for (uint32_t f = 0; ok && f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    ok = put_rows(fleet->digest_set, end, fleet->digest_rows, fleet->block_count,
                  fleet->block_count * sizeof *fleet->digests, fleet->digests);
  }
  r->digests_dirty = false;
  return ok;
}

bool recorder_file_events(tl_recorder *r)
{
  r->events_dirty = false;
  return put_rows(r->event_set, r->event_count, EVENT_CHUNK_ROWS, 0, EVENT_BYTES, r->events);
}

static bool put_tail_part(const signal_plan *s, hsize_t begin, hsize_t count, const void *row)
{
  const hsize_t start[2] = {0, begin}, size[2] = {1, count};
  const hid_t file = H5Dget_space(s->tail_set), memory = H5Screate_simple(2, size, NULL);
  const bool ok =
      H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL) >= 0 &&
      H5Dwrite(s->tail_set, tl_h5_store_type(s->def.store), memory, file, H5P_DEFAULT, row) >= 0;
  H5Sclose(memory);
  H5Sclose(file);
  return ok;
}

static bool put_tail(const tl_recorder *r, const fleet_plan *fleet, const signal_plan *s)
{
  const int64_t staged =
      fleet->tick_end - fleet->chunk_begin; /* 0: the chunk was finished and kept its last row */
  const size_t row_bytes = fleet->columns * s->value_bytes;
  const size_t at =
      staged == 0 ? s->tail_at : s->chunk_at + TL_PACK_HEADROOM + (size_t)(staged - 1) * row_bytes;
  uint32_t begin = 0, count = 0;
  bool ok = true;
  for (uint32_t strip = 0; ok && strip < fleet->strip_count; strip++) {
    const uint32_t width = strip_width(fleet, strip);
    memcpy(r->tail_row + count * s->value_bytes, cell_part(fleet, strip, at),
           width * s->value_bytes);
    count += width;
    if (count + fleet->columns <= TAIL_COLUMNS && strip + 1 < fleet->strip_count) continue;
    ok = put_tail_part(s, begin, count, r->tail_row);
    begin += count;
    count = 0;
  }
  return ok;
}

bool recorder_file_tails(tl_recorder *r)
{
  bool ok = true;
  for (uint32_t f = 0; ok && f < r->fleet_count; f++) {
    fleet_plan *fleet = &r->fleets[f];
    if (fleet->recorded_count == 0 || fleet->tick_end == 0) continue;
    if (fleet->tick_end > fleet->chunk_begin)
      fleet->tail_time_ns = fleet->time_ns[fleet->tick_end - fleet->chunk_begin - 1];
    ok = H5Dwrite(fleet->tail_time_set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                  &fleet->tail_time_ns) >= 0;
    for (uint32_t s = 0; ok && s < fleet->signal_count; s++)
      ok = put_tail(r, fleet, &fleet->signals[s]);
  }
  return ok;
}
