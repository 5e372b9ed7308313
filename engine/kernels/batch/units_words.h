/* units_words.h: what paths with units of two int16 share; included by the units_*.h that have them. No
 * header guard: included once a path. */

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

/* Stores the first `count` outputs of rows that together have U_TOGETHER vectors. */
enum { U_TOGETHER = 2 };
TL_TARGET static inline void u_narrow_rows(int8_t *const *out, const V *v, int vectors, V low,
                                           V high, uint32_t count)
{
  int8_t bytes[2 * V_LANES];
  if (vectors == 2 && count == 2 * V_LANES) {
    u_narrow_all(out[0], v, 2, low, high);
    return;
  }
  u_narrow_all(bytes, v, 2, low, high);
  if (vectors == 2) {
    memcpy(out[0], bytes, count);
  } else if (count == V_LANES) {
    memcpy(out[0], bytes, V_LANES);
    memcpy(out[1], bytes + V_LANES, V_LANES);
  } else {
    memcpy(out[0], bytes, count);
    memcpy(out[1], bytes + V_LANES, count);
  }
}

#if U_HAS_NARROW
/* Inputs as bytes 0 .. 255, in whole vectors: up to V_BYTES - 1 more are read and written. */
TL_TARGET static inline void u_stage_bytes(uint8_t *out, const int8_t *x, size_t count)
{
  const V sign = V_SET((int32_t)0x80808080u);
  for (size_t i = 0; i < count; i += V_BYTES) V_STORE(out + i, U_XOR(V_LOAD(x + i), sign));
}
#endif
