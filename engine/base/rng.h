/* rng.h: random numbers as a pure function of (seed, fleet, stream, device, step): Philox 4x32-10.
 *
 * Why: no generator state means no order of draws: threads, blocks, ranks, resumes and an added
 * device or fleet change no number that another device sees. A value is looked up, not drawn.
 * The four kinds below (words, uniform, normal, below) and the keyed hash use disjoint counters:
 * the same (key, device, step) in two kinds gives independent values.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the
 * published Random123 known-answer vectors are a test. Same bits on every compiler, level and path.
 * Owns: nothing. Threads: every function is pure. */
#ifndef TL_BASE_RNG_H
#define TL_BASE_RNG_H
#include "base/cpu.h"

#include <stdint.h>

enum { TL_RNG_ROWS_MAX = 256 }; /* rows of a normal block */

/* One stream of one fleet of one seed. Make it once at setup; copy freely. */
typedef struct tl_rng_key {
  uint32_t word0, word1;
} tl_rng_key;

/* fleet_hash: tl_hash_text(fleet name), or 0 for the scenario's own draws
 * stream: what the numbers are for (a column, a noise source, a call site's hash); for one (seed,
 *         fleet_hash) different streams never share a key */
TL_API tl_rng_key tl_rng_key_make(uint64_t seed, uint64_t fleet_hash, uint32_t stream);

/* The bare block function, as published: counter and key to four words. */
TL_API void tl_rng_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* Four uniform 32-bit words. */
TL_API void tl_rng_u32x4(tl_rng_key key, uint32_t device, uint64_t step, uint32_t out[4]);
/* Uniform in [0, 1), a multiple of 2^-53. */
TL_API double tl_rng_uniform(tl_rng_key key, uint32_t device, uint64_t step);
/* Uniform integer in [0, count), unbiased (Lemire's method with rejection). count > 0. */
TL_API uint32_t tl_rng_below(tl_rng_key key, uint32_t device, uint64_t step, uint32_t count);
/* Uniform 64-bit word of a device: for "the k smallest keyed hashes are the sample". */
TL_API uint64_t tl_rng_hash64(tl_rng_key key, uint32_t device);

/* Standard normal (mean 0, deviation 1), |value| <= 5.768: Box-Muller on 24-bit radius and 32-bit
 * angle in float. Equals the value that the block function below gives for the same device, step. */
TL_API float tl_rng_normal(tl_rng_key key, uint32_t device, uint64_t step);

/* The hot leaf: out[j][i] = tl_rng_normal(key, device_begin + i, 4 * quad + j), bit for bit.
 * path   one that this CPU has (tl_cpu_has_path); a path without own code takes a slower one
 * rows   multiple of 16, at most TL_RNG_ROWS_MAX; only out[j][0 .. rows-1] is written
 * device_begin + rows must not pass 2^32; quad < 2^62
 * out    any alignment; 32 bytes is a little faster */
TL_API void tl_rng_normal_block(tl_simd_path path, tl_rng_key key, uint32_t device_begin,
                                uint32_t rows, uint64_t quad, float out[4][TL_RNG_ROWS_MAX]);
#endif
