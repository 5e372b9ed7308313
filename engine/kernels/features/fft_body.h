/* fft_body.h: the transform of fft.h, written once for both widths. The includer defines
 *   REAL, WIDE    a number, and one that holds twice its bits
 *   COMPLEX       a pair of REAL
 *   FRACTION      fraction bits of REAL (15 or 31)
 *   TRANSFORM, TWIDDLES  names of the public functions */

/* Sums wrap as they do when stored in a short; the wider type makes that defined. */
static REAL wrap(WIDE x) { return (REAL)x; }

static REAL round_product(WIDE x) { return (REAL)((x + ((WIDE)1 << (FRACTION - 1))) >> FRACTION); }

static COMPLEX times(COMPLEX a, COMPLEX b)
{
  return (COMPLEX){round_product((WIDE)a.re * b.re - (WIDE)a.im * b.im),
                   round_product((WIDE)a.re * b.im + (WIDE)a.im * b.re)};
}

static COMPLEX plus(COMPLEX a, COMPLEX b)
{
  return (COMPLEX){wrap((WIDE)a.re + b.re), wrap((WIDE)a.im + b.im)};
}

static COMPLEX minus(COMPLEX a, COMPLEX b)
{
  return (COMPLEX){wrap((WIDE)a.re - b.re), wrap((WIDE)a.im - b.im)};
}

/* part = (2^FRACTION - 1) / radix */
static COMPLEX shrink(COMPLEX a, WIDE part)
{
  return (COMPLEX){round_product(a.re * part), round_product(a.im * part)};
}

static const WIDE whole = ((WIDE)1 << FRACTION) - 1;

static COMPLEX turn(double phase)
{
  return (COMPLEX){(REAL)tl_real_floor(0.5 + (double)whole * tl_real_cos(phase)),
                   (REAL)tl_real_floor(0.5 + (double)whole * tl_real_sin(phase))};
}

void TWIDDLES(COMPLEX *twiddles, int32_t bits)
{
  const int32_t count = 1 << (bits - 1);
  for (int32_t i = 0; i < count; i++) twiddles[i] = turn(-2.0 * TL_REAL_PI * i / count);
  for (int32_t i = 0; i < count / 2; i++)
    twiddles[count + i] = turn(-TL_REAL_PI * ((double)(i + 1) / count + 0.5));
}

/* The input that ends at a position: digits of base 4 (the last one of base 2 if bits is odd),
 * their order reversed. */
static uint32_t source_of(uint32_t position, int32_t bits)
{
  uint32_t source = 0;
  int32_t at = 0;
  for (; bits - at >= 2; at += 2) source |= (position >> (bits - at - 2) & 3) << at;
  return at < bits ? source | (position & 1) << at : source;
}

static void pairs(COMPLEX *z, COMPLEX one, int32_t count)
{
  for (int32_t i = 0; i < count; i += 2) {
    const COMPLEX a = shrink(z[i], whole / 2), b = times(shrink(z[i + 1], whole / 2), one);
    z[i] = plus(a, b);
    z[i + 1] = minus(a, b);
  }
}

/* Butterflies of four points, m apart; k is the place inside of a group. */
static void fours(COMPLEX *z, const COMPLEX *twiddles, int32_t m, int32_t k, int32_t count)
{
  const int32_t stride = count / (4 * m) * k;
  const COMPLEX turn1 = twiddles[stride], turn2 = twiddles[2 * stride],
                turn3 = twiddles[3 * stride];
  for (int32_t i = k; i < count; i += 4 * m) {
    const COMPLEX a = shrink(z[i], whole / 4);
    const COMPLEX b = times(shrink(z[i + m], whole / 4), turn1);
    const COMPLEX c = times(shrink(z[i + 2 * m], whole / 4), turn2);
    const COMPLEX d = times(shrink(z[i + 3 * m], whole / 4), turn3);
    const COMPLEX even = plus(a, c), odd = minus(a, c), sum = plus(b, d), gap = minus(b, d);
    z[i] = plus(even, sum);
    z[i + 2 * m] = minus(even, sum);
    z[i + m] = (COMPLEX){wrap((WIDE)odd.re + gap.im), wrap((WIDE)odd.im - gap.re)};
    z[i + 3 * m] = (COMPLEX){wrap((WIDE)odd.re - gap.im), wrap((WIDE)odd.im + gap.re)};
  }
}

/* The even samples were the real parts, the odd ones the imaginary: bin k of both, then of all. */
static void part(COMPLEX *z, const COMPLEX *turns, int32_t count)
{
  const COMPLEX zero = shrink(z[0], whole / 2);
  z[0] = (COMPLEX){wrap((WIDE)zero.re + zero.im), 0};
  z[count] = (COMPLEX){wrap((WIDE)zero.re - zero.im), 0};
  for (int32_t k = 1; k <= count / 2; k++) {
    const COMPLEX mirror = {z[count - k].re, wrap(-(WIDE)z[count - k].im)};
    const COMPLEX low = shrink(z[k], whole / 2), high = shrink(mirror, whole / 2);
    const COMPLEX sum = plus(low, high), gap = times(minus(low, high), turns[k - 1]);
    z[k] = (COMPLEX){wrap(((WIDE)sum.re + gap.re) >> 1), wrap(((WIDE)sum.im + gap.im) >> 1)};
    z[count - k] =
        (COMPLEX){wrap(((WIDE)sum.re - gap.re) >> 1), wrap(((WIDE)gap.im - sum.im) >> 1)};
  }
}

void TRANSFORM(COMPLEX *out, const REAL *in, const COMPLEX *twiddles, int32_t bits)
{
  const int32_t count = 1 << (bits - 1);
  for (int32_t i = 0; i < count; i++) {
    const uint32_t source = source_of((uint32_t)i, bits - 1);
    out[i] = (COMPLEX){in[2 * source], in[2 * source + 1]};
  }
  const bool odd = bits % 2 == 0; /* of the complex points' bits */
  if (odd) pairs(out, twiddles[0], count);
  for (int32_t m = odd ? 2 : 1; m < count; m *= 4)
    for (int32_t k = 0; k < m; k++) fours(out, twiddles, m, k, count);
  part(out, twiddles + count, count);
}
