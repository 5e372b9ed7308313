#include "kernels/features/fft.h"

#include "kernels/real.h"

#include <stdbool.h>

#define REAL int32_t
#define WIDE int64_t
#define COMPLEX tl_complex32
#define FRACTION 31
#define TRANSFORM tl_fft32
#define TWIDDLES tl_fft32_twiddles
#include "kernels/features/fft_body.h"
