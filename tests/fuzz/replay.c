/* replay FOLDER: every file of a kept corpus through a fuzz target once, without the fuzzer: what was found stays found.
 * The target aborts on a finding; a sanitizer build sees more. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL) return 1;
  uint8_t *data = malloc(1 << 20);
  const size_t bytes = data != NULL ? fread(data, 1, 1 << 20, file) : 0;
  fclose(file);
  if (bytes > 0) LLVMFuzzerTestOneInput(data, bytes);
  free(data);
  return bytes == 0;
}

int main(int argc, char **argv)
{
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  int count = 0, unread = 0;
  if (folder == NULL) {
    fprintf(stderr, "usage: replay FOLDER\n");
    return 2;
  }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    printf("%s\n", entry->d_name); /* the last line names the file that aborts */
    fflush(stdout);
    unread += replay(path);
    count++;
  }
  closedir(folder);
  printf("%d files replayed, %d could not be read\n", count, unread);
  return count == 0 || unread > 0;
}
