/* write_run FILE: a small run's telemetry.h5 for tests/telemetry/read_with_h5py.py, and beside it FILE.truth: what
 * the box and the heater duty of fleet a really were, as float64 [tick][device][2]. */
#include "recorder_support.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct truth {
  const run *watched;
  double *values;
  uint32_t devices;
} truth;

static void keep(void *self, const tl_tick_view *view)
{
  truth *t = self;
  if (view->fleet.index1 != 1) return;
  for (uint32_t s = 0; s < 2; s++)
    for (uint32_t i = 0; i < view->rows; i++)
      t->values[((size_t)view->tick * t->devices + view->block * TL_BLOCK_ROWS + i) * 2 + s] =
          view->column[t->watched->signals[0][s == 0 ? 0 : 2].column][i];
}

int main(int argc, char **argv)
{
  if (argc != 2) return fprintf(stderr, "usage: write_run FILE\n"), 2;
  run_def def = run_default(argv[1]);
  def.devices[1] = 70;
  def.events = 2;
  run r;
  tl_error err;
  run_open(&r, &def);
  truth t = {&r, calloc(200 * 600 * 2, sizeof(double)), 600};
  const tl_observer observer = {&t, keep, NULL, NULL, NULL};
  char name[1024];
  snprintf(name, sizeof name, "%s.truth", argv[1]);
  FILE *file = fopen(name, "wb");
  if (tl_world_observe(r.world, &observer, &err) != TL_OK || run_advance(&r, &def, &err) != TL_OK ||
      file == NULL)
    return 1;
  run_close(&r);
  const size_t written = fwrite(t.values, sizeof(double), 200 * 600 * 2, file);
  fclose(file);
  free(t.values);
  return written == 200 * 600 * 2 ? 0 : 1;
}
