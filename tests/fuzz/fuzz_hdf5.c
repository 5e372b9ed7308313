/* HDF5 from strangers, as a recording and as the three foreign forms: an error or values, never a crash. */
#include "memory_file.h"

#include "telemetry/import.h"
#include "telemetry/recording.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libhdf5";
} /* it leaks what it refuses */

static void read_recording(const char *path)
{
  tl_recording *recording = NULL;
  tl_error err;
  if (tl_recording_open(&recording, path, &err) != TL_OK) return;
  for (uint32_t f = 0; f < tl_recording_fleet_count(recording); f++) {
    const tl_recording_fleet *fleet = tl_recording_fleet_at(recording, f);
    const uint64_t rows = fleet->sample_count < 4096 ? fleet->sample_count : 4096;
    double *values = malloc((rows + 1) * sizeof *values);
    for (uint32_t s = 0; values != NULL && s < fleet->signal_count; s++)
      (void)tl_recording_read(recording, f, s, fleet->device_count - 1, fleet->sample_count - rows,
                              rows, values, &err);
    free(values);
  }
  tl_recording_close(recording);
}

static void import(const char *path, const char *object, const char *time, const char *channel)
{
  static tl_import_map map;
  const memory_file out = memory_file_of("out", NULL, 0);
  tl_error err;
  map = tl_import_map_default();
  map.format = TL_IMPORT_HDF5;
  snprintf(map.object, sizeof map.object, "%s", object);
  snprintf(map.time.name, sizeof map.time.name, "%s", time);
  map.duplicates = TL_DUPLICATES_FIRST;
  map.backwards = TL_BACKWARDS_SORT;
  map.channel_count = 1;
  map.channels[0] = tl_import_channel_default();
  snprintf(map.channels[0].name, sizeof map.channels[0].name, "c");
  snprintf(map.channels[0].from[0].name, sizeof map.channels[0].from[0].name, "%s", channel);
  map.channels[0].from_count = 1;
  (void)tl_import(path, &map, out.path, NULL, &err);
  memory_file_remove(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const memory_file file = memory_file_of("in", data, size);
  read_recording(file.path);
  import(file.path, "/group", "time", "box");
  import(file.path, "/table", "time_ns", "on");
  import(file.path, "/data", "time", "T1");
  memory_file_remove(&file);
  return 0;
}

/* --- forged checksums: the newer format refuses a changed byte at once. With TL_FUZZ_FORGE set they are put right after
 * each mutation, which finds HDF5's own crashes: docs/file-format.md says what we promise and what not. */
static uint32_t turn(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }

/* Bob Jenkins' lookup3 (public domain algorithm), as HDF5 uses it: over bytes, initial value 0. */
static uint32_t lookup3(const uint8_t *bytes, size_t count)
{
  uint32_t a = 0xdeadbeefu + (uint32_t)count, b = a, c = a;
  uint32_t word[3];
  while (count > 12) {
    memcpy(word, bytes, sizeof word);
    a += word[0];
    b += word[1];
    c += word[2];
    a -= c;
    a ^= turn(c, 4);
    c += b;
    b -= a;
    b ^= turn(a, 6);
    a += c;
    c -= b;
    c ^= turn(b, 8);
    b += a;
    a -= c;
    a ^= turn(c, 16);
    c += b;
    b -= a;
    b ^= turn(a, 19);
    a += c;
    c -= b;
    c ^= turn(b, 4);
    b += a;
    bytes += 12;
    count -= 12;
  }
  if (count == 0) return c;
  memset(word, 0, sizeof word);
  memcpy(word, bytes, count);
  a += word[0];
  b += word[1];
  c += word[2];
  c ^= b;
  c -= turn(b, 14);
  a ^= c;
  a -= turn(c, 11);
  b ^= a;
  b -= turn(a, 25);
  c ^= b;
  c -= turn(b, 16);
  a ^= c;
  a -= turn(c, 4);
  b ^= a;
  b -= turn(a, 14);
  c ^= b;
  c -= turn(b, 24);
  return c;
}

static void repair_object_header(uint8_t *data, size_t size)
{
  const uint8_t flags = data[5];
  size_t at = 6u + ((flags & 0x20) != 0 ? 16u : 0u) + ((flags & 0x10) != 0 ? 4u : 0u);
  const size_t width = (size_t)1 << (flags & 3);
  uint64_t bytes = 0;
  if (at + width > size) return;
  memcpy(&bytes, data + at, width);
  at += width;
  if (bytes > size || at + bytes + 4 > size) return;
  const uint32_t sum = lookup3(data, at + bytes);
  memcpy(data + at + bytes, &sum, sizeof sum);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  size = LLVMFuzzerMutate(data, size, max_size);
  (void)seed;
  if (getenv("TL_FUZZ_FORGE") == NULL) return size;
  for (size_t i = 0; i + 16 < size; i++)
    if (memcmp(data + i, "OHDR", 4) == 0) repair_object_header(data + i, size - i);
  if (size >= 48 && memcmp(data, "\x89HDF", 4) == 0 && data[8] >= 2) {
    const uint32_t sum = lookup3(data, 44);
    memcpy(data + 44, &sum, sizeof sum);
  }
  return size;
}
