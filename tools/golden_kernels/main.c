/* golden_kernels MANIFEST.csv: every golden tensor of a folder, byte for byte; see usage below. */
#include "edge/personality.h"
#include "base/cpu.h"
#include "base/text.h"
#include "tools/golden_kernels/check.h"
#include "tools/model/file.h"
#include "tools/model/runner.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: golden-kernels [options] MANIFEST.csv\n\n"
    "Runs every model that the list names and compares all outputs, and intermediate tensors "
    "where\n"
    "there are any, with the golden files byte for byte. Prints what differs, then counts.\n\n"
    "  --path scalar|sse|avx2|vnni|neon  instruction set to use (default: the best here)\n"
    "  --batch N                         cases that run together (default 1)\n"
    "  --personality NAME                tflm (default), single, single:OPERATOR+OPERATOR\n"
    "  --model-filter TEXT               only models whose name has TEXT in it\n"
    "  --allow-refused                   a model that is refused is skipped, not failed\n"
    "  --verbose                         name what passes, too\n\n"
    "exit codes: 0 no miss, 1 a miss or a refused model, 2 wrong usage, 3 path not here, 4 bad "
    "list\n";

static tl_code parse_value(golden_options *out, const char *name, const char *value, tl_error *err)
{
  uint64_t number;
  tl_simd_path path;
  if (strcmp(name, "--path") == 0) {
    out->path = value;
    return tl_cpu_path_parse(&path, value, err);
  }
  if (strcmp(name, "--personality") == 0)
    return tl_personality_parse(&out->personality, value, strlen(value), err);
  if (strcmp(name, "--model-filter") == 0) {
    out->filter = value;
    return TL_OK;
  }
  if (strcmp(name, "--batch") != 0)
    return tl_fail(err, TL_E_USAGE, NULL, "unknown option '%s'", name);
  if (!tl_text_parse_uint64(&number, value) || number < 1 || number > MODEL_BATCH_MAX)
    return tl_fail(err, TL_E_USAGE, NULL, "--batch: '%s' is not a number from 1 to %d", value,
                   MODEL_BATCH_MAX);
  out->batch = (uint32_t)number;
  return TL_OK;
}

static tl_code parse(golden_options *out, const char **manifest, int argc, char **argv,
                     tl_error *err)
{
  for (int i = 1; i < argc; i++) {
    tl_code code = TL_OK;
    if (strcmp(argv[i], "--allow-refused") == 0)
      out->allows_refused = true;
    else if (strcmp(argv[i], "--verbose") == 0)
      out->is_verbose = true;
    else if (argv[i][0] == '-' && i + 1 < argc)
      code = parse_value(out, argv[i], argv[i + 1], err), i++;
    else if (argv[i][0] == '-')
      code =
          tl_fail(err, TL_E_USAGE, NULL, "unknown option '%s', or its value is missing", argv[i]);
    else if (*manifest)
      code = tl_fail(err, TL_E_USAGE, NULL, "one list is enough: '%s'", argv[i]);
    else
      *manifest = argv[i];
    if (code != TL_OK) return code;
  }
  return *manifest ? TL_OK : tl_fail(err, TL_E_USAGE, NULL, "MANIFEST.csv is missing");
}

static int fail(const tl_error *err)
{
  fprintf(stderr, "golden-kernels: %s\n", err->text);
  if (err->hint[0]) fprintf(stderr, "golden-kernels: %s\n", err->hint);
  if (err->code == TL_E_USAGE) fputs(usage, stderr);
  return tl_code_describe(err->code)->exit_code;
}

int main(int argc, char **argv)
{
  golden_options options = {.batch = 1};
  golden_manifest manifest = {0};
  golden_counts counts = {0};
  const char *path = NULL;
  tl_error err = {0};
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    fputs(usage, stdout);
    return 0;
  }
  if (parse(&options, &path, argc, argv, &err) != TL_OK) return fail(&err);
  const tl_code code = golden_manifest_read(&manifest, path, &err);
  if (code == TL_OK) golden_check(&counts, &manifest, &options);
  golden_manifest_free(&manifest);
  if (code != TL_OK) return fail(&err);
  printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
  if (fflush(stdout) != 0) return 4;
  if (counts.passed + counts.failed + counts.skipped == 0) {
    fputs("golden-kernels: nothing of the list was run\n", stderr);
    return 1;
  }
  return counts.failed > 0 ? 1 : 0;
}
