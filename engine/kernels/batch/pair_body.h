/* pair_body.h: ADD and SUB as pair_pack.c has them, once for all vector widths. No header guard:
 * included once a path. */

TL_INLINE V pair_vector(const tl_fast_pair *p, const int8_t *x1, const int8_t *x2)
{
  const V x = u_pairs(x1, x2);
  const V high = u_madd(x, u_coefficients(p->high[0], p->high[1]));
  const V low = u_madd(x, u_coefficients(p->low[0], p->low[1]));
  const V sum = V_ADD(V_SHIFT_LEFT(high, 6), V_SHIFT_RIGHT(low, 9));
  return V_SHIFT_RIGHT(V_ADD(sum, V_SET(p->constant)), p->shift);
}

TL_TARGET static void TL_PATH_NAME(pair)(const void *packed, const tl_fast_job *job)
{
  enum { PASS = U_VECTORS * V_LANES };
  const tl_fast_pair *p = packed;
  const limits limit = limits_of(p->low_clamp, p->high_clamp);
  for (uint32_t device = 0; device < job->count; device++) {
    int8_t *arena = (int8_t *)job->arena + device * job->device_bytes;
    const int8_t *x1 = arena + p->in_offset[0], *x2 = arena + p->in_offset[1];
    int8_t *y = arena + p->out_offset;
    for (uint32_t i = 0; i < p->count; i += PASS) {
      V out[U_VECTORS];
      TL_EACH
      for (uint32_t v = 0; v < U_VECTORS; v++)
        out[v] = pair_vector(p, x1 + i + v * V_LANES, x2 + i + v * V_LANES);
      u_narrow(y + i, out, U_VECTORS, limit.low, limit.high,
               p->count - i < PASS ? p->count - i : PASS);
    }
  }
}
