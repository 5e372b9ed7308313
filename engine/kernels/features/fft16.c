#include "kernels/features/fft.h"

#include "kernels/real.h"

#include <stdbool.h>

#define REAL int16_t
#define WIDE int32_t
#define COMPLEX tl_complex16
#define FRACTION 15
#define TRANSFORM tl_fft16
#define TWIDDLES tl_fft16_twiddles
#include "kernels/features/fft_body.h"
