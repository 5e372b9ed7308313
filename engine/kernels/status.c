#include "kernels/status.h"

const char *tl_kernel_code_name(tl_kernel_code code)
{
  static const char *const names[TL_KERNEL_CODE_COUNT] = {
      [TL_KERNEL_OK] = "ok",
      [TL_KERNEL_E_FORMAT] = "format",
      [TL_KERNEL_E_UNSUPPORTED] = "unsupported",
      [TL_KERNEL_E_MEMORY] = "memory",
      [TL_KERNEL_E_ARG] = "argument",
  };
  return (unsigned)code < TL_KERNEL_CODE_COUNT ? names[code] : "unknown";
}

void tl_kernel_clear(tl_kernel_status *status)
{
  if (status == NULL) return;
  status->code = TL_KERNEL_OK;
  status->node = TL_KERNEL_NONE;
  status->op = TL_KERNEL_NONE;
  status->reason[0] = '\0';
}

tl_kernel_code tl_kernel_fail(tl_kernel_status *status, tl_kernel_code code,
                              const char *const *parts)
{
  if (status == NULL) return code;
  size_t at = 0;
  for (; *parts != NULL; parts++)
    for (const char *c = *parts; *c != '\0' && at + 1 < sizeof status->reason; c++)
      status->reason[at++] = *c;
  status->reason[at] = '\0';
  status->code = code;
  return code;
}

const char *tl_kernel_number(char text[12], int32_t number)
{
  uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
  char *at = text + 11;
  *at = '\0';
  do {
    *--at = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) *--at = '-';
  return at;
}
