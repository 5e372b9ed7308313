/* units_words.h: what paths with units of two int16 share; included by the units_*.h that have them. No
 * header guard: included once a path. */

TL_TARGET static inline void u_stage(uint8_t *restrict out, const int8_t *restrict x, size_t count,
                                     int32_t zero)
{
  int16_t *restrict words = (int16_t *)(void *)out;
  for (size_t i = 0; i < count; i++) words[i] = (int16_t)(x[i] - zero);
}
TL_TARGET static inline void u_stage_zero(uint8_t *out, size_t count, int32_t zero)
{
  (void)zero;
  memset(out, 0, 2 * count);
}

/* The first `count` of the vectors' int32 as int8, saturated, in order. */
TL_TARGET static inline void u_narrow(int8_t *out, const V *v, int vectors, V low, V high,
                                      uint32_t count)
{
  if (count == (uint32_t)(vectors * V_LANES)) {
    u_narrow_all(out, v, vectors, low, high);
    return;
  }
  int8_t bytes[U_VECTORS * V_LANES];
  u_narrow_all(bytes, v, vectors, low, high);
  memcpy(out, bytes, count);
}
