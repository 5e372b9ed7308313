/* pump.c: a twin written by somebody who has only an installed twinloop: a tank that a pump fills. */
#include <twinloop/twinloop.h>

#define COLUMNS(COL)                                                                               \
  COL(level_m, TL_STATE, "m", 1.0, 0.0, 10.0, 0.001, "water level")                                \
  COL(pump_on, TL_INPUT, "1", 0.0, 0.0, 1.0, 0.001, "pump duty, 1 = on")                           \
  COL(flow_m_per_s, TL_PARAM, "m/s", 0.002, 0.0, 1.0, 0.0, "rise of the level at full duty")       \
  COL(leak_per_s, TL_PARAM, "1/s", 0.0005, 0.0, 1.0, 0.0, "share of the level that is lost")

enum {
#define COL(name, ...) COL_##name,
  COLUMNS(COL)
#undef COL
      COL_COUNT
};

static const tl_column columns[] = {
#define COL(name, role, unit, initial, low, high, resolution, meaning)                             \
  {#name, role, TL_F64, unit, initial, low, high, resolution, meaning},
    COLUMNS(COL)
#undef COL
};

static void pump_step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                      tl_simd_path path)
{
  (void)path;
  double *restrict level_m = column[COL_level_m];
  for (uint32_t step = 0; step < step_count; step++)
    for (uint32_t i = rows.begin; i < rows.end; i++)
      level_m[i] += dt_s * (column[COL_pump_on][i] * column[COL_flow_m_per_s][i] -
                            column[COL_leak_per_s][i] * level_m[i]);
}

static const tl_twin_type pump = {.abi = TL_TWIN_ABI,
                                  .name = "pump",
                                  .meaning = "tank filled by a pump",
                                  .columns = columns,
                                  .column_count = COL_COUNT,
                                  .step = pump_step,
                                  .dt_s_max = 10.0};

TL_API const tl_twin_type *tl_twin_plugin(void);
const tl_twin_type *tl_twin_plugin(void) { return &pump; }
