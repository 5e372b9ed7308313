/* gen_doc: rewrites the generated part of docs/fidelity.md.
 *   gen_doc SOURCE_FOLDER */
#include "doc_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
  char path[1024];
  static char page[1 << 20];
  if (argc != 2) return fputs("usage: gen_doc SOURCE_FOLDER\n", stderr), 2;
  snprintf(path, sizeof path, "%s/docs/fidelity.md", argv[1]);
  FILE *file = fopen(path, "r");
  if (!file) return perror(path), 1;
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  char *begin = strstr(page, DOC_BEGIN), *end = begin ? strstr(begin, DOC_END) : NULL;
  if (!end) return fprintf(stderr, "%s has not both marks\n", path), 1;
  tl_text text = {0};
  tl_text_add_bytes(&text, page, (size_t)(begin - page) + strlen(DOC_BEGIN));
  doc_table(&text);
  tl_text_add(&text, end);
  file = fopen(path, "w");
  if (!file) return perror(path), 1;
  fputs(tl_text_string(&text), file);
  tl_text_free(&text);
  return fclose(file) == 0 ? 0 : 1;
}
