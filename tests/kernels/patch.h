/* patch.h: one number of a sound .tflite file changed, so that a test can say what is refused and how.
 * The files are those of tests/golden/ops. */
#ifndef TL_TESTS_KERNELS_PATCH_H
#define TL_TESTS_KERNELS_PATCH_H

#include "tests/kernels/support.h"

typedef enum patch_kind {
  PATCH_NONE = 0,
  PATCH_TYPE,      /* of a tensor */
  PATCH_DIM,       /* dimension `index` of a tensor */
  PATCH_SCALE,     /* number `index` of a tensor */
  PATCH_ZERO,      /* number `index` of a tensor */
  PATCH_BUFFER,    /* of a tensor; value 0: it has no constant data */
  PATCH_VARIABLE,  /* whether a tensor, which is one, is variable */
  PATCH_DATA_I32,  /* number `index` of a tensor's constant data */
  PATCH_INPUT,     /* operand `index` of operator 0 */
  PATCH_OPTION_U8, /* field `index` of the options of operator 0 */
  PATCH_OPTION_I32,
  PATCH_OPTION_F32
} patch_kind;

typedef struct patch {
  patch_kind kind;
  uint32_t tensor, index;
  double value;
} patch;

/* Ends the program where the file has no such number (an absent field cannot be changed). */
void apply_patch(uint8_t *file, size_t bytes, patch p);

/* A model of tests/golden/ops with some of its numbers changed; true when it opened. */
bool open_patched(opened *m, const char *name, const patch *patches, size_t count);

/* One row of a table of refusals: what is changed, and the sentence that one of its nodes must then say. */
typedef struct refusal {
  const char *model, *reason;
  patch patches[6];
} refusal;

/* Opens every row's model. True when each was refused so; else what happened is in `message`. */
bool refusals_hold(const refusal *rows, size_t count, char *message, size_t message_bytes);

#endif
