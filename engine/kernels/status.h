/* status.h: how the kernels room says that something went wrong.
 *
 * Why: the same sources run in the simulator and on a Cortex-M, so this room stands on nothing of
 * ours and nothing of the C library but mem*. A status names the node (operator) of the model and
 * says the reason in one sentence without a full stop; the caller puts its own place in front.
 * Owns: nothing; the reason is inside the struct.
 * Threads: a status belongs to one caller. */
#ifndef TL_KERNELS_STATUS_H
#define TL_KERNELS_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* What libtwinloop lets its users see (the same line as in base/error.h, which this room must not include). */
#ifndef TL_API
#if defined(__GNUC__)
#define TL_API __attribute__((visibility("default")))
#else
#define TL_API
#endif
#endif

typedef enum tl_kernel_code {
  TL_KERNEL_OK = 0,
  TL_KERNEL_E_FORMAT,      /* the file is not a sound .tflite: truncated, hostile, inconsistent */
  TL_KERNEL_E_UNSUPPORTED, /* a sound model that this room does not run (operator, type, shape) */
  TL_KERNEL_E_MEMORY,      /* the caller's memory is too small or badly aligned */
  TL_KERNEL_E_ARG,         /* an argument is out of its range */
  TL_KERNEL_CODE_COUNT
} tl_kernel_code;

enum { TL_KERNEL_REASON_BYTES = 160, TL_KERNEL_NONE = -1 };

typedef struct tl_kernel_status {
  tl_kernel_code code;
  int32_t node; /* index of the operator in the graph, TL_KERNEL_NONE outside of one */
  int32_t op;   /* builtin operator number of the schema, TL_KERNEL_NONE if unknown */
  char reason[TL_KERNEL_REASON_BYTES]; /* always terminated; cut if too long */
} tl_kernel_status;

/* "ok", "format", "unsupported", "memory", "argument". Never NULL. */
TL_API const char *tl_kernel_code_name(tl_kernel_code code);

/* Starts a status afresh: TL_KERNEL_OK, no node, no reason. */
TL_API void tl_kernel_clear(tl_kernel_status *status);

/* Fills a status and returns its code. The parts are joined as given; the list ends with NULL.
 * status may be NULL. Inside of this room and for kernels that users add. */
tl_kernel_code tl_kernel_fail(tl_kernel_status *status, tl_kernel_code code,
                              const char *const *parts);

/* tl_kernel_fail with the parts written in place: TL_KERNEL_FAIL(status, code, "a ", name). */
#define TL_KERNEL_FAIL(status, code, ...)                                                          \
  tl_kernel_fail((status), (code), (const char *const[]){__VA_ARGS__, NULL})

/* A number as text, for the parts above; lives in the given buffer of at least 12 bytes. */
const char *tl_kernel_number(char text[12], int32_t number);

#endif
