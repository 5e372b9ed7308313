/* features.c: the records of tests/golden/features.bin on a Cortex-M. Prints "hash XXXXXXXX", which the host's
 * run_features prints, too, when all features are the same, then what front ends need.
 * The argument is the file of records. */
#include "kernels/mcu/machine.h"

#include "tests/kernels/features_record.h"

enum { SAMPLES_A_CALL = 100 };

static void print_hash(uint32_t hash)
{
  char text[9] = {0};
  for (int32_t i = 0; i < 8; i++) text[i] = "0123456789abcdef"[hash >> (28 - 4 * i) & 15];
  tl_host_print("hash ");
  tl_host_print(text);
  tl_host_print("\n");
}

static void print_number(const char *before, size_t number, const char *after)
{
  char text[12];
  tl_host_print(before);
  tl_host_print(tl_kernel_number(text, (int32_t)number));
  tl_host_print(after);
}

static uint32_t hash_of(const features_record *record, const tl_frontend *frontend, void *state,
                        void *scratch)
{
  uint32_t hash = features_hash_start;
  int32_t features[TL_FRONTEND_CHANNELS_MAX];
  tl_frontend_reset(frontend, state);
  for (size_t at = 0, taken; at < (size_t)record->sample_count; at += taken) {
    const size_t left = (size_t)record->sample_count - at;
    if (tl_frontend_push(frontend, state, scratch, record->samples + at,
                         left < SAMPLES_A_CALL ? left : SAMPLES_A_CALL, &taken, features))
      hash = features_hash(hash, features, frontend->feature_count);
  }
  return hash;
}

/* Runs a record in what is left of the pool, which it gives back. */
static uint32_t run(const features_record *record, tl_memory pool)
{
  size_t bytes;
  tl_frontend frontend;
  tl_kernel_status status;
  if (tl_frontend_bytes(&bytes, &record->def, &status) != TL_KERNEL_OK) return 0;
  void *memory = tl_memory_take(&pool, bytes);
  if (tl_frontend_setup(&frontend, memory, bytes, &record->def, &status) != TL_KERNEL_OK) return 0;
  void *state = tl_memory_take(&pool, frontend.state_bytes),
       *scratch = tl_memory_take(&pool, frontend.scratch_bytes);
  if (state == NULL || scratch == NULL) return 0;
  print_number("tables ", bytes, ", ");
  print_number("state ", frontend.state_bytes, ", ");
  print_number("scratch ", frontend.scratch_bytes, " bytes\n");
  return hash_of(record, &frontend, state, scratch);
}

int main(void)
{
  char path[512];
  tl_memory pool = tl_machine_pool();
  const int32_t handle = tl_host_open(tl_host_arguments(path, sizeof path), TL_HOST_READ);
  const int32_t length = handle < 0 ? -1 : tl_host_length(handle);
  uint8_t *file = length < 0 ? NULL : tl_memory_take(&pool, (size_t)length);
  if (file == NULL || !tl_host_read(handle, file, (size_t)length)) {
    tl_host_print("the records cannot be read\n");
    return 2;
  }
  features_record record;
  uint32_t hash = 0;
  for (size_t at = 0; features_record_next(&record, file, (size_t)length, &at);)
    hash = hash * 31 + run(&record, pool);
  print_hash(hash);
  print_number("stack ", tl_machine_stack_used(), " bytes\n");
  return 0;
}
