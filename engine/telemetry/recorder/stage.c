#include "telemetry/recorder/stage.h"

#include "base/simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#if TL_HAVE_X86
#include <immintrin.h>
#endif

tl_stage tl_stage_make(const tl_signal_def *def)
{
  tl_stage stage = {.store = def->store, .offset = def->offset, .steps_per_unit = 1.0 / def->scale};
  /* Clamped before rounding, so the ends reach almost half a step further: they round to the last integer. */
  switch (def->store) {
    case TL_STORE_U8: stage.low = -0.4999, stage.high = 254.4999; break;
    case TL_STORE_I16: stage.low = -32767.4999, stage.high = 32767.4999; break;
    case TL_STORE_I32: stage.low = -2147483647.4999, stage.high = 2147483647.4999; break;
    case TL_STORE_F32:
    case TL_STORE_F64: break;
  }
  return stage;
}

/* Adding and taking away 1.5 * 2^52 leaves the nearest integer, ties to even, for |x| < 2^51. */
TL_INLINE_BODY int32_t step_of(double value, const tl_stage *s, int32_t fill, uint32_t *saturated)
{
  const double step = (value - s->offset) * s->steps_per_unit;
  double held = step < s->low ? s->low : step;
  held = held > s->high ? s->high : held;
  *saturated += held != step && step == step;
  held = step == step ? held : 0.0;
  const int32_t rounded = (int32_t)((held + 6755399441055744.0) - 6755399441055744.0);
  return step == step ? rounded : fill;
}

/* A row in the hope that every value is in range: plain selects, which compilers vectorise. Values beyond, and NaN
 * (every comparison is false), are held just outside the good ones; then false, and the row is staged with care. */
TL_INLINE_BODY bool row_i16_inside_body(const tl_stage *s, int16_t *restrict dst,
                                        const double *restrict src, uint32_t rows)
{
  const double offset = s->offset, per = s->steps_per_unit;
  int32_t suspect = 0;
  for (uint32_t i = 0; i < rows; i++) {
    const double step = (src[i] - offset) * per;
    const double above = step > -32768.0 ? step : -32768.0,
                 held = above < 32767.0 ? above : 32767.0;
    const int32_t v = (int32_t)((held + 6755399441055744.0) - 6755399441055744.0);
    suspect |= (int32_t)(v == -32768) | (int32_t)(v == 32767);
    dst[i] = (int16_t)v;
  }
  return suspect == 0;
}
TL_INLINE_BODY bool row_u8_inside_body(const tl_stage *s, uint8_t *restrict dst,
                                       const double *restrict src, uint32_t rows)
{
  const double offset = s->offset, per = s->steps_per_unit;
  int32_t suspect = 0;
  for (uint32_t i = 0; i < rows; i++) {
    const double step = (src[i] - offset) * per;
    const double above = step > -1.0 ? step : -1.0, held = above < 255.0 ? above : 255.0;
    const int32_t v = (int32_t)((held + 6755399441055744.0) - 6755399441055744.0);
    suspect |= (int32_t)(v < 0) | (int32_t)(v == 255);
    dst[i] = (uint8_t)v;
  }
  return suspect == 0;
}

TL_INLINE_BODY uint32_t row_i16_body(const tl_stage *s, int16_t *restrict dst,
                                     const double *restrict src, uint32_t rows)
{
  uint32_t saturated = 0;
  if (row_i16_inside_body(s, dst, src, rows)) return 0;
  for (uint32_t i = 0; i < rows; i++) dst[i] = (int16_t)step_of(src[i], s, TL_FILL_I16, &saturated);
  return saturated;
}
TL_INLINE_BODY uint32_t row_u8_body(const tl_stage *s, uint8_t *restrict dst,
                                    const double *restrict src, uint32_t rows)
{
  uint32_t saturated = 0;
  if (row_u8_inside_body(s, dst, src, rows)) return 0;
  for (uint32_t i = 0; i < rows; i++) dst[i] = (uint8_t)step_of(src[i], s, TL_FILL_U8, &saturated);
  return saturated;
}
TL_INLINE_BODY uint32_t row_i32_body(const tl_stage *s, int32_t *restrict dst,
                                     const double *restrict src, uint32_t rows)
{
  uint32_t saturated = 0;
  for (uint32_t i = 0; i < rows; i++) dst[i] = step_of(src[i], s, TL_FILL_I32, &saturated);
  return saturated;
}
TL_INLINE_BODY void row_f32_body(float *restrict dst, const double *restrict src, uint32_t rows)
{
  for (uint32_t i = 0; i < rows; i++) dst[i] = (float)src[i];
}

static uint32_t row_scalar(const tl_stage *s, void *dst, const double *src, uint32_t rows)
{
  switch (s->store) {
    case TL_STORE_I16: return row_i16_body(s, dst, src, rows);
    case TL_STORE_U8: return row_u8_body(s, dst, src, rows);
    case TL_STORE_I32: return row_i32_body(s, dst, src, rows);
    case TL_STORE_F32: row_f32_body(dst, src, rows); return 0;
    case TL_STORE_F64: memcpy(dst, src, (size_t)rows * sizeof *src); return 0;
  }
  return 0;
}

#if TL_HAVE_X86
typedef struct four_stage {
  __m256d offset, per, low, high;
} four_stage;

/* Four values to integers. NaN passes through the clamp (the second operand of max and min) and converts to
 * INT32_MIN: the fill of int32, and of int16 after a saturating pack. */
TL_TARGET_AVX2 static inline __m128i four_avx2(const double *src, const four_stage *s,
                                               __m256i *saturated)
{
  const __m256d step = _mm256_mul_pd(_mm256_sub_pd(_mm256_loadu_pd(src), s->offset), s->per);
  const __m256d held = _mm256_min_pd(s->high, _mm256_max_pd(s->low, step));
  *saturated =
      _mm256_sub_epi64(*saturated, _mm256_castpd_si256(_mm256_cmp_pd(held, step, _CMP_NEQ_OQ)));
  return _mm256_cvtpd_epi32(held);
}

/* The same without the clamp, for values that are in range: others come out at an end of int16 or as INT32_MIN. */
TL_TARGET_AVX2 static inline __m128i four_inside_avx2(const double *src, const four_stage *s)
{
  return _mm256_cvtpd_epi32(_mm256_mul_pd(_mm256_sub_pd(_mm256_loadu_pd(src), s->offset), s->per));
}

/* Stages a row in the hope that all values are in range; false when one is at or beyond an end, or NaN: then the
 * row must be staged again with care. rows is a multiple of 16. */
TL_TARGET_AVX2 static bool row_i16_inside_avx2(const four_stage *s, int16_t *dst, const double *src,
                                               uint32_t rows)
{
  __m128i suspect = _mm_setzero_si128();
  const __m128i end = _mm_set1_epi16(INT16_MAX), fill = _mm_set1_epi16(INT16_MIN);
  for (uint32_t i = 0; i < rows; i += 8) {
    const __m128i v =
        _mm_packs_epi32(four_inside_avx2(src + i, s), four_inside_avx2(src + i + 4, s));
    suspect =
        _mm_or_si128(suspect, _mm_or_si128(_mm_cmpeq_epi16(v, end), _mm_cmpeq_epi16(v, fill)));
    _mm_storeu_si128((__m128i *)(void *)(dst + i), v);
  }
  return _mm_movemask_epi8(suspect) == 0;
}
TL_TARGET_AVX2 static bool row_u8_inside_avx2(const four_stage *s, uint8_t *dst, const double *src,
                                              uint32_t rows)
{
  __m128i suspect = _mm_setzero_si128();
  const __m128i last = _mm_set1_epi16(254);
  for (uint32_t i = 0; i < rows; i += 16) {
    const __m128i a =
        _mm_packs_epi32(four_inside_avx2(src + i, s), four_inside_avx2(src + i + 4, s));
    const __m128i b =
        _mm_packs_epi32(four_inside_avx2(src + i + 8, s), four_inside_avx2(src + i + 12, s));
    const __m128i beyond = _mm_or_si128(_mm_cmpgt_epi16(a, last), _mm_cmpgt_epi16(b, last));
    suspect = _mm_or_si128(suspect, _mm_or_si128(beyond, _mm_srai_epi16(_mm_or_si128(a, b), 15)));
    _mm_storeu_si128((__m128i *)(void *)(dst + i), _mm_packus_epi16(a, b));
  }
  return _mm_movemask_epi8(suspect) == 0;
}

TL_TARGET_AVX2 static uint32_t row_avx2(const tl_stage *s, void *dst, const double *src,
                                        uint32_t rows)
{
  const four_stage four = {_mm256_set1_pd(s->offset), _mm256_set1_pd(s->steps_per_unit),
                           _mm256_set1_pd(s->low), _mm256_set1_pd(s->high)};
  __m256i saturated = _mm256_setzero_si256();
  uint32_t i = 0;
  if (s->store == TL_STORE_F32) {
    row_f32_body(dst, src, rows);
    return 0;
  }
  const uint32_t whole = rows - rows % 16;
  if (s->store == TL_STORE_I16) {
    int16_t *out = dst;
    if (row_i16_inside_avx2(&four, out, src, whole)) i = whole;
    for (; i + 8 <= rows; i += 8)
      _mm_storeu_si128((__m128i *)(void *)(out + i),
                       _mm_packs_epi32(four_avx2(src + i, &four, &saturated),
                                       four_avx2(src + i + 4, &four, &saturated)));
  } else if (s->store == TL_STORE_U8) {
    uint8_t *out = dst;
    if (row_u8_inside_avx2(&four, out, src, whole)) i = whole;
    for (; i + 8 <= rows; i += 8) {
      const __m128i both = _mm_packs_epi32(four_avx2(src + i, &four, &saturated),
                                           four_avx2(src + i + 4, &four, &saturated));
      const __m128i value =
          _mm_or_si128(both, _mm_srai_epi16(both, 15)); /* NaN is negative: all ones */
      _mm_storel_epi64((__m128i *)(void *)(out + i),
                       _mm_packus_epi16(_mm_and_si128(value, _mm_set1_epi16(255)), both));
    }
  } else if (s->store == TL_STORE_I32) {
    int32_t *out = dst;
    for (; i + 4 <= rows; i += 4)
      _mm_storeu_si128((__m128i *)(void *)(out + i), four_avx2(src + i, &four, &saturated));
  }
  uint64_t lanes[4];
  _mm256_storeu_si256((__m256i *)(void *)lanes, saturated);
  const uint32_t counted = (uint32_t)(lanes[0] + lanes[1] + lanes[2] + lanes[3]);
  return counted + row_scalar(s, (unsigned char *)dst + (size_t)i * tl_store_bytes(s->store),
                              src + i, rows - i);
}
#endif

uint32_t tl_stage_row(tl_simd_path path, const tl_stage *stage, void *dst, const double *src,
                      uint32_t rows)
{
#if TL_HAVE_X86
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI) return row_avx2(stage, dst, src, rows);
#endif
  (void)path;
  return row_scalar(stage, dst, src, rows);
}

void tl_stage_fill(tl_store store, void *dst, uint32_t count)
{
  switch (store) {
    case TL_STORE_U8: memset(dst, TL_FILL_U8, count); break;
    case TL_STORE_I16:
      for (uint32_t i = 0; i < count; i++) ((int16_t *)dst)[i] = TL_FILL_I16;
      break;
    case TL_STORE_I32:
      for (uint32_t i = 0; i < count; i++) ((int32_t *)dst)[i] = TL_FILL_I32;
      break;
    case TL_STORE_F32:
      for (uint32_t i = 0; i < count; i++) ((float *)dst)[i] = (float)NAN;
      break;
    case TL_STORE_F64:
      for (uint32_t i = 0; i < count; i++) ((double *)dst)[i] = (double)NAN;
      break;
  }
}

/* --- minima and maxima ------------------------------------------------------------------------------ */
/* Integer fills are the end of their range: shifted by one they wrap to the other end, where a minimum (or, for
 * uint8, a maximum) passes them by. The running value is kept shifted until tl_stage_range_end. */
#define RANGE_I(name, type, wide)                                                                  \
  TL_INLINE_BODY void name(type *restrict low, type *restrict high, const type *restrict values,   \
                           uint32_t rows, uint32_t columns)                                        \
  {                                                                                                \
    for (uint32_t r = 0; r < rows; r++, values += columns)                                         \
      for (uint32_t i = 0; i < columns; i++) {                                                     \
        const type v = values[i], below = (type)(wide)((wide)v - 1u);                              \
        low[i] = below < low[i] ? below : low[i];                                                  \
        high[i] = v > high[i] ? v : high[i];                                                       \
      }                                                                                            \
  }
RANGE_I(range_i16_body, int16_t, uint16_t)
RANGE_I(range_i32_body, int32_t, uint32_t)
#undef RANGE_I

TL_INLINE_BODY void range_u8_body(uint8_t *restrict low, uint8_t *restrict high,
                                  const uint8_t *restrict values, uint32_t rows, uint32_t columns)
{
  for (uint32_t r = 0; r < rows; r++, values += columns)
    for (uint32_t i = 0; i < columns; i++) {
      const uint8_t v = values[i], above = (uint8_t)(v + 1u);
      low[i] = v < low[i] ? v : low[i];
      high[i] = above > high[i] ? above : high[i];
    }
}

#define RANGE_F(name, type)                                                                        \
  TL_INLINE_BODY void name(type *restrict low, type *restrict high, const type *restrict values,   \
                           uint32_t rows, uint32_t columns)                                        \
  {                                                                                                \
    for (uint32_t r = 0; r < rows; r++, values += columns)                                         \
      for (uint32_t i = 0; i < columns; i++) {                                                     \
        const type v = values[i];                                                                  \
        low[i] = v < low[i] ? v : low[i]; /* false for NaN */                                      \
        high[i] = v > high[i] ? v : high[i];                                                       \
      }                                                                                            \
  }
RANGE_F(range_f32_body, float)
RANGE_F(range_f64_body, double)
#undef RANGE_F

TL_INLINE_BODY void range_body(tl_store store, void *low, void *high, const void *values,
                               uint32_t rows, uint32_t columns)
{
  switch (store) {
    case TL_STORE_U8: range_u8_body(low, high, values, rows, columns); break;
    case TL_STORE_I16: range_i16_body(low, high, values, rows, columns); break;
    case TL_STORE_I32: range_i32_body(low, high, values, rows, columns); break;
    case TL_STORE_F32: range_f32_body(low, high, values, rows, columns); break;
    case TL_STORE_F64: range_f64_body(low, high, values, rows, columns); break;
  }
}
static void range_scalar(tl_store store, void *low, void *high, const void *values, uint32_t rows,
                         uint32_t columns)
{
  range_body(store, low, high, values, rows, columns);
}
TL_TARGET_AVX2 static void range_avx2(tl_store store, void *low, void *high, const void *values,
                                      uint32_t rows, uint32_t columns)
{
  range_body(store, low, high, values, rows, columns);
}

void tl_stage_range_begin(tl_store store, void *low, void *high, uint32_t columns)
{
  switch (store) {
    case TL_STORE_U8: memset(low, UINT8_MAX, columns), memset(high, 0, columns); break;
    case TL_STORE_I16:
      for (uint32_t i = 0; i < columns; i++)
        ((int16_t *)low)[i] = INT16_MAX, ((int16_t *)high)[i] = INT16_MIN;
      break;
    case TL_STORE_I32:
      for (uint32_t i = 0; i < columns; i++)
        ((int32_t *)low)[i] = INT32_MAX, ((int32_t *)high)[i] = INT32_MIN;
      break;
    case TL_STORE_F32:
      for (uint32_t i = 0; i < columns; i++)
        ((float *)low)[i] = INFINITY, ((float *)high)[i] = -INFINITY;
      break;
    case TL_STORE_F64:
      for (uint32_t i = 0; i < columns; i++)
        ((double *)low)[i] = INFINITY, ((double *)high)[i] = -INFINITY;
      break;
  }
}

void tl_stage_range(tl_simd_path path, tl_store store, void *low, void *high, const void *values,
                    uint32_t rows, uint32_t columns)
{
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    range_avx2(store, low, high, values, rows, columns);
  else
    range_scalar(store, low, high, values, rows, columns);
}

void tl_stage_range_end(tl_store store, void *low, void *high, uint32_t columns)
{
  switch (store) {
    case TL_STORE_U8:
      for (uint32_t i = 0; i < columns; i++)
        ((uint8_t *)high)[i] = (uint8_t)(((uint8_t *)high)[i] - 1u);
      break;
    case TL_STORE_I16:
      for (uint32_t i = 0; i < columns; i++)
        ((uint16_t *)low)[i] = (uint16_t)(((uint16_t *)low)[i] + 1u);
      break;
    case TL_STORE_I32:
      for (uint32_t i = 0; i < columns; i++) ((uint32_t *)low)[i]++;
      break;
    case TL_STORE_F32:
      for (uint32_t i = 0; i < columns; i++)
        if (((float *)low)[i] > ((float *)high)[i])
          ((float *)low)[i] = ((float *)high)[i] = (float)NAN;
      break;
    case TL_STORE_F64:
      for (uint32_t i = 0; i < columns; i++)
        if (((double *)low)[i] > ((double *)high)[i])
          ((double *)low)[i] = ((double *)high)[i] = (double)NAN;
      break;
  }
}
