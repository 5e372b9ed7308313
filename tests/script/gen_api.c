/* gen_api: rewrites scripts/twinloop/twinloop.d.lua, .luacheckrc and the generated part of docs/scenario-api.md.
 *   gen_api SOURCE_FOLDER */
#include "script/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_file(const char *folder, const char *name, const char *text)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
    perror(path);
    return 1;
  }
  return 0;
}

int main(int argc, char **argv)
{
  static const char begin[] = "<!-- generated: begin -->\n", end[] = "<!-- generated: end -->\n";
  if (argc != 2) return fputs("usage: gen_api SOURCE_FOLDER\n", stderr), 2;
  tl_text types = {0}, page = {0}, luacheck = {0};
  tl_api_write_types(&types);
  tl_api_write_luacheck(&luacheck);
  char path[1024];
  snprintf(path, sizeof path, "%s/docs/scenario-api.md", argv[1]);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return perror(path), 1;
  char *old = calloc(1, 1 << 20);
  if (old == NULL) return 1;
  const size_t length = fread(old, 1, (1 << 20) - 1, file);
  fclose(file);
  old[length] = '\0';
  const char *from = strstr(old, begin), *to = strstr(old, end);
  if (from == NULL || to == NULL) return fprintf(stderr, "%s: no markers\n", path), 1;
  tl_text_add_bytes(&page, old, (size_t)(from - old));
  tl_text_add(&page, begin);
  tl_api_write_reference(&page);
  tl_text_add(&page, to);
  const int failed =
      write_file(argv[1], "scripts/twinloop/twinloop.d.lua", tl_text_string(&types)) +
      write_file(argv[1], ".luacheckrc", tl_text_string(&luacheck)) +
      write_file(argv[1], "docs/scenario-api.md", tl_text_string(&page));
  tl_text_free(&types);
  tl_text_free(&page);
  tl_text_free(&luacheck);
  free(old);
  return failed;
}
