/* readme.h: the error bounds that a twin's README states, so that the sentence and the test are
 * one thing. */
#ifndef TL_TESTS_TWINS_README_H
#define TL_TESTS_TWINS_README_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the table that begins with "| dt s |": step and greatest error. Returns their number. */
static inline uint32_t readme_bounds(const char *twin, double *dt_s, double *bound_K, uint32_t most)
{
  char path[1024], line[1024];
  snprintf(path, sizeof path, "%s/twins/%s/README.md", TL_SOURCE_DIR, twin);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  uint32_t count = 0;
  int inside = 0;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "| dt s |", 8) == 0)
      inside = 1;
    else if (inside && line[0] != '|')
      inside = 0;
    if (!inside || count == most) continue;
    char *rest = line + 1;
    const double dt = strtod(line + 1, &rest);
    if (rest == line + 1 || dt <= 0.0) continue; /* head of the table */
    while (*rest == ' ' || *rest == '|') rest++;
    dt_s[count] = dt;
    bound_K[count++] = strtod(rest, NULL);
  }
  fclose(file);
  return count;
}
#endif
