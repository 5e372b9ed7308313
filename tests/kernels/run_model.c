/* run_model MODEL.tflite < inputs > outputs: our reference kernels as a filter, for scripts that
 * compare them with another runtime. */
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
  const size_t in_bytes = tl_model_input(&m.model, 0)->bytes;
  const size_t out_bytes = tl_model_output(&m.model, 0)->bytes;
  void *in = take(in_bytes), *out = take(out_bytes);
  while (fread(in, 1, in_bytes, stdin) == in_bytes) {
    const void *inputs[1] = {in};
    void *outputs[1] = {out};
    if (m.model.input_count != 1 || m.model.output_count != 1 ||
        tl_model_run(&m.model, m.arena, m.model.arena_bytes, m.state, inputs, outputs, &m.status))
      return 1;
    fwrite(out, 1, out_bytes, stdout);
  }
  free(in);
  free(out);
  close_model(&m);
  return 0;
}
