#include "base/cpu.h"

#include "base/simd.h"

#include <assert.h>
#include <string.h>

static const char *const names[TL_PATH_COUNT] = {
    [TL_PATH_SCALAR] = "scalar", [TL_PATH_SSE] = "sse",   [TL_PATH_AVX2] = "avx2",
    [TL_PATH_VNNI] = "vnni",     [TL_PATH_NEON] = "neon",
};

/* The compiler's run-time checks ask the operating system too: registers that it does not save do
 * not count. */
bool tl_cpu_has_path(tl_simd_path path)
{
  assert((int)path >= 0 && path < TL_PATH_COUNT);
  switch (path) {
    case TL_PATH_SCALAR: return true;
#if TL_HAVE_X86
    case TL_PATH_SSE: return __builtin_cpu_supports("sse4.1") != 0;
    case TL_PATH_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TL_PATH_VNNI:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2");
#endif
    case TL_PATH_NEON: return TL_HAVE_NEON != 0;
    default: return false;
  }
}

tl_simd_path tl_cpu_best_path(void)
{
  for (int path = TL_PATH_COUNT - 1; path > TL_PATH_SCALAR; path--)
    if (tl_cpu_has_path((tl_simd_path)path)) return (tl_simd_path)path;
  return TL_PATH_SCALAR;
}

const char *tl_cpu_path_name(tl_simd_path path)
{
  assert((int)path >= 0 && path < TL_PATH_COUNT);
  return names[path];
}

tl_code tl_cpu_path_parse(tl_simd_path *out, const char *name, tl_error *err)
{
  for (int i = 0; i < TL_PATH_COUNT; i++) {
    if (strcmp(names[i], name) != 0) continue;
    const tl_simd_path path = (tl_simd_path)i;
    if (!tl_cpu_has_path(path))
      return tl_fail(err, TL_E_ARG, NULL, "this processor has no %s path; its best is %s", name,
                     names[tl_cpu_best_path()]);
    *out = path;
    return TL_OK;
  }
  return tl_fail(err, TL_E_ARG, NULL, "unknown path '%s': expected scalar, sse, avx2, vnni or neon",
                 name);
}
