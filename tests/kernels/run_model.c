/* run_model MODEL.tflite < inputs > outputs: our reference kernels as a filter, for scripts that
 * compare them with another runtime. Cases one after the other; the state lasts from one to the
 * next. */
#include "tests/kernels/support.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
  opened m;
  size_t bytes = 0;
  uint8_t *file = argc == 2 ? read_file(argv[1], &bytes) : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: run_model MODEL.tflite < inputs > outputs\n");
    return 2;
  }
  if (!open_model(&m, file, bytes)) {
    fprintf(stderr, "%s: node %d: %s\n", argv[1], m.status.node, m.status.reason);
    return 1;
  }
  const tl_model *model = &m.model;
  size_t in_bytes = 0, out_bytes = 0;
  for (uint32_t i = 0; i < model->input_count; i++) in_bytes += tl_model_input(model, i)->bytes;
  for (uint32_t o = 0; o < model->output_count; o++) out_bytes += tl_model_output(model, o)->bytes;
  uint8_t *in = take(in_bytes), *out = take(out_bytes);
  while (fread(in, 1, in_bytes, stdin) == in_bytes) {
    if (!run_case(&m, in, out)) return 1;
    fwrite(out, 1, out_bytes, stdout);
  }
  free(in);
  free(out);
  close_model(&m);
  return 0;
}
