/* patch.h: one number of a sound .tflite file changed, so that a test can say what is refused and how. */
#ifndef TL_TESTS_KERNELS_PATCH_H
#define TL_TESTS_KERNELS_PATCH_H

#include <stddef.h>
#include <stdint.h>

typedef enum patch_kind {
  PATCH_NONE = 0,
  PATCH_TYPE,      /* of a tensor */
  PATCH_DIM,       /* dimension `index` of a tensor */
  PATCH_SCALE,     /* number `index` of a tensor */
  PATCH_ZERO,      /* number `index` of a tensor */
  PATCH_CONSTANT,  /* of a tensor: value 0: without data */
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

/* Fails the test where the file has no such number (an absent field cannot be changed). */
void apply_patch(uint8_t *file, size_t bytes, patch p);

#endif
