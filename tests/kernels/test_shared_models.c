/* The reader and the survey on the models that stand beside the project: whole, and cut anywhere. */
#include "tests/kernels/support.h"

#include "kernels/survey.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Counted by those who published the models, from FULLY_CONNECTED, CONV_2D and DEPTHWISE_CONV_2D; a survey needs no
 * operator to have a row for it. */
static void macs_of_the_published_models_are_those_published(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    uint64_t macs;
  } models[] = {{"ad01_int8", 264192},
                {"kws_ref_model", 2656768},
                {"ic_pretrainedResnet_quant", 12501632},
                {"vww_96_int8", 7489664},
                {"sww_ref_model", 826368}};
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no models beside the project\n");
    skip();
  }
  for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
    char path[512];
    size_t bytes, memory_bytes;
    tl_survey survey;
    uint64_t total = 0;
    snprintf(path, sizeof path, "%s/kernels/models/%s.tflite", TL_SHARED_DIR, models[i].name);
    uint8_t *file = read_file(path, &bytes);
    assert_non_null(file);
    assert_int_equal(tl_survey_memory_bytes(&memory_bytes, file, bytes, NULL), TL_KERNEL_OK);
    void *memory = take(memory_bytes);
    assert_int_equal(tl_survey_open(&survey, memory, memory_bytes, file, bytes, NULL),
                     TL_KERNEL_OK);
    for (uint32_t n = 0; n < survey.node_count; n++) total += survey.nodes[n].mac_count;
    assert_int_equal(total, models[i].macs);
    free(memory);
    free(file);
  }
}

typedef void file_check(const char *path);

static int each_shared_file(file_check *check)
{
  static const char *const folders[] = {"models", "ops"};
  int count = 0;
  for (int f = 0; f < 2; f++) {
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/kernels/%s", TL_SHARED_DIR, folders[f]);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
      const char *dot = strrchr(entry->d_name, '.');
      if (dot == NULL || strcmp(dot, ".tflite") != 0) continue;
      snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
      check(path);
      count++;
    }
    closedir(directory);
  }
  return count;
}

static void loads_or_says_why(const char *path)
{
  opened m;
  if (!open_model_file(&m, path)) {
    if (m.status.node < 0 || m.status.op < 0 || strlen(m.status.reason) < 10)
      fail_msg("%s: refused without operator or reason: '%s'", path, m.status.reason);
    print_message("refused: %s: node %d: %s\n", strrchr(path, '/') + 1, m.status.node,
                  m.status.reason);
  }
  close_model(&m);
}

/* Small files at every byte, larger ones at 200 places. */
static void truncates_safely(const char *path)
{
  size_t bytes;
  uint8_t *file = read_file(path, &bytes);
  const size_t step = bytes < 4096 ? 1 : bytes / 200;
  for (size_t cut = 0; cut < bytes; cut += step) {
    uint8_t *exact = malloc(cut + (cut == 0));
    memcpy(exact, file, cut);
    opened m;
    if (!open_model(&m, exact, cut)) assert_true(strlen(m.status.reason) > 5);
    close_model(&m);
  }
  free(file);
}

static void every_shared_model_loads_or_is_refused_by_operator_and_reason(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no models beside the project\n");
    skip();
  }
  assert_true(each_shared_file(loads_or_says_why) >= 147);
}

static void every_shared_model_may_be_cut_anywhere(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no models beside the project\n");
    skip();
  }
  assert_true(each_shared_file(truncates_safely) >= 147);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(macs_of_the_published_models_are_those_published),
      cmocka_unit_test(every_shared_model_loads_or_is_refused_by_operator_and_reason),
      cmocka_unit_test(every_shared_model_may_be_cut_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
