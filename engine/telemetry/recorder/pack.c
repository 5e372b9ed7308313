#include "telemetry/recorder/pack.h"

#include "base/simd.h"

#include <assert.h>
#include <string.h>
#if TL_HAVE_X86
#include <immintrin.h>
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "chunks are packed for little-endian machines");

/* Eight values of b bits are exactly b bytes: every group of eight starts on a byte and stands alone. Groups are
 * stored with full words, so a group may write past its b bytes; in place this is safe because the header is
 * shorter than the headroom and a group's values were read before its bits are written. */
enum { GROUP = 8 };
_Static_assert(TL_PACK_HEADER <= TL_PACK_HEADROOM, "the output starts before the input");

typedef struct span {
  int64_t
      low; /* smallest value that is not the fill; 0 when nearly every value of the type is used */
  uint32_t bits; /* at least 1: the fill needs a code */
  bool has_fill; /* some value is the fill */
} span;

/* Bits that hold the codes 0 .. high - low and one more for the fill; `width` when they do not fit. */
static span span_of(int64_t low, int64_t high, bool has_fill, uint32_t width)
{
  const uint64_t codes = (uint64_t)(high - low) + 2;
  span s = {.low = low, .has_fill = has_fill};
  while (s.bits < width && ((uint64_t)1 << s.bits) < codes) s.bits++;
  if (codes >= (uint64_t)1 << width) s.low = 0; /* as the filter notes it */
  return s;
}

static void put_header(unsigned char *out, uint32_t bits, int64_t low)
{
  memset(out, 0, TL_PACK_HEADER);
  memcpy(out, &bits, sizeof bits);
  out[4] = 8;
  memcpy(out + 5, &low, sizeof low);
}

static inline void put_u64(unsigned char *out, uint64_t word)
{
  const uint64_t big = __builtin_bswap64(word);
  memcpy(out, &big, sizeof big);
}

/* --- int16 ------------------------------------------------------------------------------------------ */
/* The fill is the smallest int16: minus one it wraps to the largest, so plain minima and maxima pass it by. */
TL_INLINE_BODY void range_i16_body(const int16_t *values, uint32_t count, int16_t *low,
                                   int16_t *high, bool *fill)
{
  int16_t least = INT16_MAX, most = INT16_MIN, first = INT16_MAX;
  for (uint32_t i = 0; i < count; i++) {
    const int16_t v = values[i];
    const int16_t below = (int16_t)(uint16_t)((uint16_t)v - 1u);
    least = below < least ? below : least;
    most = v > most ? v : most;
    first = v < first ? v : first;
  }
  *low = (int16_t)(uint16_t)((uint16_t)least + 1u); /* all fill: wraps to the fill, as `most` is */
  *high = most;
  *fill = first == TL_FILL_I16;
}
static void range_i16_scalar(const int16_t *values, uint32_t count, int16_t *low, int16_t *high,
                             bool *fill)
{
  range_i16_body(values, count, low, high, fill);
}
TL_TARGET_AVX2 static void range_i16_avx2(const int16_t *values, uint32_t count, int16_t *low,
                                          int16_t *high, bool *fill)
{
  range_i16_body(values, count, low, high, fill);
}

static void codes_i16(uint16_t out[GROUP], const int16_t *values, uint32_t count, const span *s)
{
  const uint16_t ones = (uint16_t)((1u << s->bits) - 1u);
  for (uint32_t i = 0; i < GROUP; i++) out[i] = 0;
  for (uint32_t i = 0; i < count; i++)
    out[i] = values[i] == TL_FILL_I16 ? ones : (uint16_t)((uint16_t)values[i] - (uint16_t)s->low);
}

static void put_group_u16(unsigned char *out, const uint16_t code[GROUP], uint32_t bits)
{
  uint64_t head = 0, rest = 0; /* four codes each, at most 60 bits */
  for (int i = 0; i < 4; i++) head = head << bits | code[i];
  for (int i = 4; i < 8; i++) rest = rest << bits | code[i];
  const uint32_t four = 4u * bits;
  uint64_t word = head << (64u - four), next = 0;
  if (2u * four <= 64u) {
    word |= rest << (64u - 2u * four);
  } else {
    word |= rest >> (2u * four - 64u);
    next = rest << (128u - 2u * four);
  }
  put_u64(out, word);
  put_u64(out + 8, next);
}

static void pack_i16_scalar(unsigned char *out, const int16_t *values, uint32_t begin,
                            uint32_t count, const span *s)
{
  for (uint32_t i = begin; i < count; i += GROUP) {
    uint16_t code[GROUP];
    codes_i16(code, values + i, count - i < GROUP ? count - i : GROUP, s);
    put_group_u16(out + (size_t)(i / GROUP) * s->bits, code, s->bits);
  }
}

#if TL_HAVE_X86
/* Sixteen values a turn: pairs, then fours, are merged inside their lane; two fours make the big-endian bytes of
 * a group. Returns the first value that it left. */
TL_TARGET_AVX2 static uint32_t pack_i16_avx2(unsigned char *out, const int16_t *values,
                                             uint32_t count, const span *s)
{
  const int32_t b = (int32_t)s->bits;
  const __m256i low = _mm256_set1_epi16((int16_t)s->low), fill = _mm256_set1_epi16(TL_FILL_I16);
  const __m256i ones = _mm256_set1_epi16((int16_t)((1 << b) - 1));
  const __m256i low_half = _mm256_set1_epi32(0xffff), low_word = _mm256_set1_epi64x(0xffffffff);
  const __m128i one = _mm_cvtsi32_si128(b), two = _mm_cvtsi32_si128(2 * b);
  /* lane pair (head, rest): word = head << 64-4b | rest << 64-8b or >> 8b-64, next = rest << 128-8b; a count of
   * 64 or more, or negative, gives zero */
  const __m256i up = _mm256_set_epi64x(2 * b > 16 ? 128 - 8 * b : 64, 64 - 4 * b,
                                       2 * b > 16 ? 128 - 8 * b : 64, 64 - 4 * b);
  const __m256i rest_up =
      _mm256_set_epi64x(64, 8 * b <= 64 ? 64 - 8 * b : 64, 64, 8 * b <= 64 ? 64 - 8 * b : 64);
  const __m256i rest_down =
      _mm256_set_epi64x(64, 8 * b > 64 ? 8 * b - 64 : 64, 64, 8 * b > 64 ? 8 * b - 64 : 64);
  const __m256i swap = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                       10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  uint32_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(values + i));
    __m256i x = _mm256_sub_epi16(v, low);
    if (s->has_fill) x = _mm256_blendv_epi8(x, ones, _mm256_cmpeq_epi16(v, fill));
    x = _mm256_or_si256(_mm256_sll_epi32(_mm256_and_si256(x, low_half), one),
                        _mm256_srli_epi32(x, 16));
    x = _mm256_or_si256(_mm256_sll_epi64(_mm256_and_si256(x, low_word), two),
                        _mm256_srli_epi64(x, 32));
    const __m256i rest = _mm256_shuffle_epi32(x, 0x4e);
    x = _mm256_or_si256(
        _mm256_sllv_epi64(x, up),
        _mm256_or_si256(_mm256_sllv_epi64(rest, rest_up), _mm256_srlv_epi64(rest, rest_down)));
    x = _mm256_shuffle_epi8(x, swap);
    unsigned char *to = out + (size_t)(i / GROUP) * s->bits;
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)(void *)(to + b), _mm256_extracti128_si256(x, 1));
  }
  return i;
}
#endif

static span span_i16(tl_simd_path path, const int16_t *values, uint32_t count)
{
  int16_t low = 0, high = 0;
  bool fill = false;
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    range_i16_avx2(values, count, &low, &high, &fill);
  else
    range_i16_scalar(values, count, &low, &high, &fill);
  if (high == TL_FILL_I16) low = high = 0; /* all fill */
  return span_of(low, high, fill, 16);
}

static void pack_i16(tl_simd_path path, unsigned char *out, const int16_t *values, uint32_t count,
                     const span *s)
{
  uint32_t done = 0;
#if TL_HAVE_X86
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI) done = pack_i16_avx2(out, values, count, s);
#endif
  (void)path;
  pack_i16_scalar(out, values, done, count, s);
}

/* --- uint8 ------------------------------------------------------------------------------------------ */
TL_INLINE_BODY void range_u8_body(const uint8_t *values, uint32_t count, uint8_t *low,
                                  uint8_t *high, bool *fill)
{
  uint8_t least = UINT8_MAX, most = 0, last = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t v = values[i];
    const uint8_t above = (uint8_t)(v + 1u); /* the fill, 255, wraps to 0 */
    least = v < least ? v : least;
    most = above > most ? above : most;
    last = v > last ? v : last;
  }
  *low = least;
  *high = (uint8_t)(most - 1u);
  *fill = last == TL_FILL_U8;
}
static void range_u8_scalar(const uint8_t *values, uint32_t count, uint8_t *low, uint8_t *high,
                            bool *fill)
{
  range_u8_body(values, count, low, high, fill);
}
TL_TARGET_AVX2 static void range_u8_avx2(const uint8_t *values, uint32_t count, uint8_t *low,
                                         uint8_t *high, bool *fill)
{
  range_u8_body(values, count, low, high, fill);
}

/* Eight bytes are one word: the codes are squeezed together inside it, pairs, fours, eight. */
static inline uint64_t squeeze_u8(uint64_t x, uint32_t bits)
{
  const uint32_t gap = 8u - bits;
  x = (x & 0x00ff00ff00ff00ffu) | (x & 0xff00ff00ff00ff00u) >> gap;
  x = (x & 0x0000ffff0000ffffu) | (x & 0xffff0000ffff0000u) >> 2u * gap;
  x = (x & 0x00000000ffffffffu) | (x & 0xffffffff00000000u) >> 4u * gap;
  return x;
}

static void pack_u8_scalar(unsigned char *out, const uint8_t *values, uint32_t begin,
                           uint32_t count, const span *s)
{
  const uint8_t low = (uint8_t)s->low, ones = (uint8_t)((1u << s->bits) - 1u);
  for (uint32_t i = begin; i < count; i += GROUP) {
    uint8_t code[GROUP] = {0};
    const uint32_t group = count - i < GROUP ? count - i : GROUP;
    memcpy(code, values + i, group);
    for (uint32_t k = 0; k < GROUP; k++)
      code[k] = code[k] == TL_FILL_U8 ? ones : (uint8_t)(code[k] - low);
    for (uint32_t k = group; k < GROUP; k++) code[k] = 0;
    uint64_t word = 0;
    memcpy(&word, code, sizeof word);
    word = squeeze_u8(__builtin_bswap64(word), s->bits);
    put_u64(out + (size_t)(i / GROUP) * s->bits, word << (64u - 8u * s->bits));
  }
}

#if TL_HAVE_X86
/* Thirty-two values a turn: each 64-bit lane squeezes its eight. Returns the first value that it left. */
TL_TARGET_AVX2 static uint32_t pack_u8_avx2(unsigned char *out, const uint8_t *values,
                                            uint32_t count, const span *s)
{
  const int32_t b = (int32_t)s->bits;
  const __m256i low = _mm256_set1_epi8((char)s->low), fill = _mm256_set1_epi8((char)TL_FILL_U8);
  const __m256i ones = _mm256_set1_epi8((char)((1 << b) - 1));
  const __m256i low_byte = _mm256_set1_epi16(0xff), low_half = _mm256_set1_epi32(0xffff);
  const __m256i low_word = _mm256_set1_epi64x(0xffffffff);
  const __m128i one = _mm_cvtsi32_si128(b), two = _mm_cvtsi32_si128(2 * b),
                four = _mm_cvtsi32_si128(4 * b);
  const __m128i up = _mm_cvtsi32_si128(64 - 8 * b);
  const __m256i swap = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                       10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  uint32_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(values + i));
    __m256i x = _mm256_sub_epi8(v, low);
    if (s->has_fill) x = _mm256_blendv_epi8(x, ones, _mm256_cmpeq_epi8(v, fill));
    x = _mm256_or_si256(_mm256_sll_epi16(_mm256_and_si256(x, low_byte), one),
                        _mm256_srli_epi16(x, 8));
    x = _mm256_or_si256(_mm256_sll_epi32(_mm256_and_si256(x, low_half), two),
                        _mm256_srli_epi32(x, 16));
    x = _mm256_or_si256(_mm256_sll_epi64(_mm256_and_si256(x, low_word), four),
                        _mm256_srli_epi64(x, 32));
    x = _mm256_shuffle_epi8(_mm256_sll_epi64(x, up), swap);
    const __m128i first = _mm256_castsi256_si128(x), second = _mm256_extracti128_si256(x, 1);
    unsigned char *to = out + (size_t)(i / GROUP) * s->bits;
    _mm_storel_epi64((__m128i *)(void *)to, first);
    _mm_storel_epi64((__m128i *)(void *)(to + b), _mm_unpackhi_epi64(first, first));
    _mm_storel_epi64((__m128i *)(void *)(to + 2 * b), second);
    _mm_storel_epi64((__m128i *)(void *)(to + 3 * b), _mm_unpackhi_epi64(second, second));
  }
  return i;
}
#endif

static void pack_u8(tl_simd_path path, unsigned char *out, const uint8_t *values, uint32_t count,
                    const span *s)
{
  uint32_t done = 0;
#if TL_HAVE_X86
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI) done = pack_u8_avx2(out, values, count, s);
#endif
  (void)path;
  pack_u8_scalar(out, values, done, count, s);
}

static span span_u8(tl_simd_path path, const uint8_t *values, uint32_t count)
{
  uint8_t low = 0, high = 0;
  bool fill = false;
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    range_u8_avx2(values, count, &low, &high, &fill);
  else
    range_u8_scalar(values, count, &low, &high, &fill);
  if (low == TL_FILL_U8) low = high = 0; /* all fill */
  return span_of(low, high, fill, 8);
}

/* --- int32 ------------------------------------------------------------------------------------------ */
TL_INLINE_BODY void range_i32_body(const int32_t *values, uint32_t count, int32_t *low,
                                   int32_t *high, bool *fill)
{
  int32_t least = INT32_MAX, most = INT32_MIN, first = INT32_MAX;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t v = values[i];
    const int32_t below = (int32_t)((uint32_t)v - 1u);
    least = below < least ? below : least;
    most = v > most ? v : most;
    first = v < first ? v : first;
  }
  *low = (int32_t)((uint32_t)least + 1u);
  *high = most;
  *fill = first == TL_FILL_I32;
}
static void range_i32_scalar(const int32_t *values, uint32_t count, int32_t *low, int32_t *high,
                             bool *fill)
{
  range_i32_body(values, count, low, high, fill);
}
TL_TARGET_AVX2 static void range_i32_avx2(const int32_t *values, uint32_t count, int32_t *low,
                                          int32_t *high, bool *fill)
{
  range_i32_body(values, count, low, high, fill);
}

/* Two codes are at most 62 bits: four such words fill the b bytes through a small bit reservoir. */
static void put_group_u32(unsigned char *out, const uint32_t code[GROUP], uint32_t bits)
{
  const uint32_t two = 2u * bits;
  uint64_t word = 0;
  uint32_t used = 0; /* bits of word, from the top */
  for (uint32_t k = 0; k < GROUP; k += 2) {
    const uint64_t pair = ((uint64_t)code[k] << bits | code[k + 1]) << (64u - two);
    word |= pair >> used; /* used < 64 */
    if (used + two >= 64u) {
      put_u64(out, word);
      out += 8;
      word = used == 0 ? 0 : pair << (64u - used);
      used = used + two - 64u;
    } else {
      used += two;
    }
  }
  if (used > 0) put_u64(out, word);
}

static void pack_i32(unsigned char *out, const int32_t *values, uint32_t count, const span *s)
{
  const uint32_t low = (uint32_t)s->low, ones = (uint32_t)(((uint64_t)1 << s->bits) - 1u);
  for (uint32_t i = 0; i < count; i += GROUP) {
    uint32_t code[GROUP] = {0};
    const uint32_t group = count - i < GROUP ? count - i : GROUP;
    for (uint32_t k = 0; k < group; k++)
      code[k] = values[i + k] == TL_FILL_I32 ? ones : (uint32_t)values[i + k] - low;
    put_group_u32(out + (size_t)(i / GROUP) * s->bits, code, s->bits);
  }
}

static span span_i32(tl_simd_path path, const int32_t *values, uint32_t count)
{
  int32_t low = 0, high = 0;
  bool fill = false;
  if (path == TL_PATH_AVX2 || path == TL_PATH_VNNI)
    range_i32_avx2(values, count, &low, &high, &fill);
  else
    range_i32_scalar(values, count, &low, &high, &fill);
  if (high == TL_FILL_I32) low = high = 0; /* all fill */
  return span_of(low, high, fill, 32);
}

/* --- the chunk -------------------------------------------------------------------------------------- */
size_t tl_pack_buffer_bytes(tl_store store, uint32_t count)
{
  return TL_PACK_HEADROOM + (size_t)count * tl_store_bytes(store) + TL_PACK_SLACK;
}

size_t tl_pack_chunk(tl_simd_path path, tl_store store, unsigned char *buffer, uint32_t count)
{
  assert(store == TL_STORE_I16 || store == TL_STORE_I32 || store == TL_STORE_U8);
  assert(count >= 1);
  void *values = buffer + TL_PACK_HEADROOM;
  const uint32_t width = store == TL_STORE_U8 ? 8 : store == TL_STORE_I16 ? 16 : 32;
  const span s = store == TL_STORE_U8    ? span_u8(path, values, count)
                 : store == TL_STORE_I16 ? span_i16(path, values, count)
                                         : span_i32(path, values, count);
  assert(s.bits >= 1 && s.bits <= width);
  unsigned char *out = buffer + TL_PACK_HEADER;
  const size_t bytes = (size_t)((uint64_t)count * s.bits / 8u);
  put_header(buffer, s.bits, s.low);
  if (s.bits == width) { /* nothing to gain: the values as they are, no byte more */
    memmove(out, values, bytes);
    return TL_PACK_HEADER + bytes;
  }
  if (store == TL_STORE_U8)
    pack_u8(path, out, values, count, &s);
  else if (store == TL_STORE_I16)
    pack_i16(path, out, values, count, &s);
  else
    pack_i32(out, values, count, &s);
  if ((uint64_t)count * s.bits % 8u == 0)
    out[bytes] = 0; /* else the last group's unused bits are there */
  return TL_PACK_HEADER + bytes + 1;
}
