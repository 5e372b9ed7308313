#include "base/rng.h"

#include "base/rng_normal.h"

#include <assert.h>

/* Which kind of value a counter is for; the last counter word, so kinds never share a block. */
enum {
  KIND_WORDS = 0,
  KIND_UNIFORM = 1,
  KIND_NORMAL = TL_RNG_KIND_NORMAL,
  KIND_HASH = 3,
  KIND_BELOW = 16
};

/* Bijective 64-bit finaliser ("Mix13" of Stafford, as in splitmix64). */
static uint64_t mix64(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* Each step is a bijection of its newest input, so one fleet's streams, and one seed's fleets,
 * differ. */
tl_rng_key tl_rng_key_make(uint64_t seed, uint64_t fleet_hash, uint32_t stream)
{
  uint64_t key = mix64(seed + UINT64_C(0x9e3779b97f4a7c15));
  key = mix64((key ^ fleet_hash) + UINT64_C(0x9e3779b97f4a7c15));
  key = mix64((key ^ stream) + UINT64_C(0x9e3779b97f4a7c15));
  return (tl_rng_key){(uint32_t)key, (uint32_t)(key >> 32)};
}

void tl_rng_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)TL_PHILOX_M0 * c0, p1 = (uint64_t)TL_PHILOX_M1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += TL_PHILOX_W0;
    k1 += TL_PHILOX_W1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

static void words(uint32_t out[4], tl_rng_key key, uint32_t device, uint64_t step, uint32_t kind)
{
  const uint32_t counter[4] = {(uint32_t)step, (uint32_t)(step >> 32), device, kind};
  const uint32_t key_words[2] = {key.word0, key.word1};
  tl_rng_philox(out, counter, key_words);
}

void tl_rng_u32x4(tl_rng_key key, uint32_t device, uint64_t step, uint32_t out[4])
{
  words(out, key, device, step, KIND_WORDS);
}

double tl_rng_uniform(tl_rng_key key, uint32_t device, uint64_t step)
{
  uint32_t w[4];
  words(w, key, device, step, KIND_UNIFORM);
  const uint64_t bits = ((uint64_t)w[1] << 32 | w[0]) >> 11;
  return (double)bits * 0x1p-53;
}

/* Lemire, "Fast random integer generation in an interval" (2019), with 64-bit words: a draw is
 * refused with chance below 2^-32, so 2 * 2^16 tries never run out (the last is then taken as it
 * is). */
uint32_t tl_rng_below(tl_rng_key key, uint32_t device, uint64_t step, uint32_t count)
{
  assert(count > 0);
  const uint64_t refused_below = (0 - (uint64_t)count) % count; /* 2^64 mod count */
  uint64_t high = 0;
  for (uint32_t attempt = 0; attempt < 1u << 16; attempt++) {
    uint32_t w[4];
    words(w, key, device, step, KIND_BELOW + attempt);
    for (int half = 0; half < 4; half += 2) { /* 96-bit product of a 64-bit word and count */
      const uint64_t low_product = (uint64_t)w[half] * count;
      const uint64_t high_product = (uint64_t)w[half + 1] * count + (low_product >> 32);
      const uint64_t low = high_product << 32 | (uint32_t)low_product;
      high = high_product >> 32;
      if (low >= refused_below) return (uint32_t)high;
    }
  }
  return (uint32_t)high;
}

uint64_t tl_rng_hash64(tl_rng_key key, uint32_t device)
{
  uint32_t w[4];
  words(w, key, device, 0, KIND_HASH);
  return (uint64_t)w[1] << 32 | w[0];
}

float tl_rng_normal(tl_rng_key key, uint32_t device, uint64_t step)
{
  uint32_t w[4];
  words(w, key, device, step >> 2, KIND_NORMAL);
  const int pair = (int)(step >> 1 & 1) * 2;
  float first, second;
  tl_rng_box_muller(&first, &second, w[pair], w[pair + 1]);
  return step & 1 ? second : first;
}

static void normal_rows_scalar(tl_rng_key key, uint32_t device_begin, uint32_t rows, uint64_t quad,
                               float out[4][TL_RNG_ROWS_MAX])
{
  for (uint32_t i = 0; i < rows; i++) {
    uint32_t w[4];
    words(w, key, device_begin + i, quad, KIND_NORMAL);
    tl_rng_box_muller(&out[0][i], &out[1][i], w[0], w[1]);
    tl_rng_box_muller(&out[2][i], &out[3][i], w[2], w[3]);
  }
}

void tl_rng_normal_block(tl_simd_path path, tl_rng_key key, uint32_t device_begin, uint32_t rows,
                         uint64_t quad, float out[4][TL_RNG_ROWS_MAX])
{
  assert(rows % 16 == 0 && rows <= TL_RNG_ROWS_MAX);
  assert(rows == 0 || device_begin <= UINT32_MAX - (rows - 1));
  assert(quad >> 62 == 0);
  assert(tl_cpu_has_path(path));
  switch (path) {
#if TL_HAVE_X86
    case TL_PATH_VNNI:
    case TL_PATH_AVX2: tl_rng_normal_rows_avx2(key, device_begin, rows, quad, out); return;
    case TL_PATH_SSE: tl_rng_normal_rows_sse(key, device_begin, rows, quad, out); return;
#endif
#if TL_HAVE_NEON
    case TL_PATH_NEON: tl_rng_normal_rows_neon(key, device_begin, rows, quad, out); return;
#endif
    default: normal_rows_scalar(key, device_begin, rows, quad, out); return;
  }
}
