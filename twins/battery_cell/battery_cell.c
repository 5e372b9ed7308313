/* battery_cell.c: equivalent circuit with two RC branches and one temperature; equations, sources
 * and errors are in README.md beside this file. */
#include "twins/battery_cell/battery_cell.h"

#include "base/dmath.h"
#include "base/simd.h"

#include <assert.h>

static const tl_column columns[] = {
#define COL(name, role, type, unit, initial, low, high, resolution, meaning)                       \
  {#name, role, type, unit, initial, low, high, resolution, meaning},
#include "twins/battery_cell/columns.def"
#undef COL
};

enum { OPEN = BATTERY_CELL_OPEN_NODES, TABLE = BATTERY_CELL_TABLE_NODES };
_Static_assert(BATTERY_CELL_R0_00 - BATTERY_CELL_open_00_V == OPEN, "one voltage a node");
_Static_assert(BATTERY_CELL_R1_00 - BATTERY_CELL_R0_00 == TABLE &&
                   BATTERY_CELL_R2_00 - BATTERY_CELL_R1_00 == TABLE &&
                   BATTERY_CELL_tau1_00 - BATTERY_CELL_R2_00 == TABLE &&
                   BATTERY_CELL_tau2_00 - BATTERY_CELL_tau1_00 == TABLE &&
                   BATTERY_CELL_entropy_00_V_per_K - BATTERY_CELL_tau2_00 == TABLE &&
                   BATTERY_CELL_COUNT - BATTERY_CELL_entropy_00_V_per_K == TABLE,
               "tables over soc are rows in order");

static const double reference_K = 298.15; /* tables hold at 25 degC */
static const double seconds_per_hour = 3600.0;

/* One device's rows of all columns. */
typedef struct cell {
  double *const *column;
  uint32_t row;
} cell;

TL_INLINE_BODY double at(cell c, uint32_t column) { return c.column[column][c.row]; }

/* Where a state of charge stands in a table: between node and node + 1, share of the way. */
typedef struct place {
  uint32_t node;
  double share;
} place;

TL_INLINE_BODY place on_grid(double soc)
{
  const double x = soc <= 0.0 ? 0.0 : soc >= 1.0 ? TABLE - 1.0 : soc * (TABLE - 1.0);
  const uint32_t node = x >= TABLE - 2.0 ? TABLE - 2 : (uint32_t)x;
  return (place){node, x - (double)node};
}

TL_INLINE_BODY double table(cell c, uint32_t first, place p)
{
  const double a = at(c, first + p.node), b = at(c, first + p.node + 1);
  return a + (b - a) * p.share;
}

/* Beyond its ends the curve goes on straight: a cell that is charged too far shows it. */
static double open_V(cell c, double soc)
{
  uint32_t node = 0;
  while (node < OPEN - 2 && soc >= at(c, BATTERY_CELL_open_soc_00 + node + 1)) node++;
  const double z = at(c, BATTERY_CELL_open_soc_00 + node);
  const double width = at(c, BATTERY_CELL_open_soc_00 + node + 1) - z;
  const double V = at(c, BATTERY_CELL_open_00_V + node);
  if (!(width > 0.0)) return V; /* nodes out of order: no slope to speak of */
  return V + (at(c, BATTERY_CELL_open_00_V + node + 1) - V) * ((soc - z) / width);
}

/* The state of charge, within 0 .. 1, at which a rested cell shows this voltage: the lowest segment
 * of the curve that reaches it. */
static double soc_of(cell c, double rest_V)
{
  for (uint32_t node = 0; node + 1 < OPEN; node++) {
    const double z = at(c, BATTERY_CELL_open_soc_00 + node);
    const double width = at(c, BATTERY_CELL_open_soc_00 + node + 1) - z;
    const double V = at(c, BATTERY_CELL_open_00_V + node);
    const double rise = at(c, BATTERY_CELL_open_00_V + node + 1) - V;
    if (!(width > 0.0) || !(rise > 0.0) || rest_V > V + rise) continue;
    const double soc = z + width * ((rest_V - V) / rise);
    return soc < 0.0 ? 0.0 : soc > 1.0 ? 1.0 : soc;
  }
  return 1.0;
}

/* Arrhenius: 1 at 25 degC; exactly 1 without an activation energy. */
static double colder(double arrhenius_K, double temperature_K)
{
  if (arrhenius_K == 0.0) return 1.0;
  return tl_math_exp(arrhenius_K * (1.0 / temperature_K - 1.0 / reference_K));
}

/* C dT/dt = heat - G (T - ambient) for held heat, exactly; G = 0 is the limit of no loss. */
static double warmed_K(cell c, double temperature_K, double heat, double dt_s)
{
  const double capacity = at(c, BATTERY_CELL_mass_kg) * at(c, BATTERY_CELL_cp_J_per_kgK);
  const double loss = at(c, BATTERY_CELL_h_W_per_m2K) * at(c, BATTERY_CELL_area_m2);
  const double gain = heat - loss * (temperature_K - at(c, BATTERY_CELL_ambient_K));
  const double x = dt_s * loss / capacity;
  if (!(x > 0.0)) return temperature_K + dt_s * gain / capacity;
  return temperature_K - gain / loss * tl_math_expm1(-x);
}

/* One step under a held current. The charge first, then everything else at the charge reached: the
 * order of the published model, whose recordings log a current with the voltage that it led to. */
static void advance(cell c, double dt_s)
{
  double *const *col = c.column;
  const uint32_t i = c.row;
  const double current_A = at(c, BATTERY_CELL_current_A);
  const double efficiency = current_A > 0.0 ? at(c, BATTERY_CELL_charge_efficiency) : 1.0;
  const double conductance = at(c, BATTERY_CELL_short_S);
  double soc = at(c, BATTERY_CELL_soc);
  const double short_A = conductance > 0.0 ? conductance * open_V(c, soc) : 0.0;
  soc += (efficiency * current_A - short_A) * dt_s /
         (seconds_per_hour * at(c, BATTERY_CELL_capacity_Ah));

  const place p = on_grid(soc);
  const double temperature_K = at(c, BATTERY_CELL_temperature_K);
  const double R0 = at(c, BATTERY_CELL_R0_ohm) * table(c, BATTERY_CELL_R0_00, p);
  const double R1 = at(c, BATTERY_CELL_R1_ohm) * table(c, BATTERY_CELL_R1_00, p);
  const double R2 = at(c, BATTERY_CELL_R2_ohm) * table(c, BATTERY_CELL_R2_00, p);
  const double tau1_s = at(c, BATTERY_CELL_tau1_s) * table(c, BATTERY_CELL_tau1_00, p);
  const double tau2_s = at(c, BATTERY_CELL_tau2_s) * table(c, BATTERY_CELL_tau2_00, p);
  const double keep1 = tl_math_exp(-dt_s / tau1_s), keep2 = tl_math_exp(-dt_s / tau2_s);
  const double v1 = at(c, BATTERY_CELL_branch1_V) * keep1 + R1 * (1.0 - keep1) * current_A;
  const double v2 = at(c, BATTERY_CELL_branch2_V) * keep2 + R2 * (1.0 - keep2) * current_A;
  const double over_V =
      R0 * current_A * colder(at(c, BATTERY_CELL_ohmic_arrhenius_K), temperature_K) +
      (v1 + v2) * colder(at(c, BATTERY_CELL_polar_arrhenius_K), temperature_K);

  const double open = open_V(c, soc), entropy = table(c, BATTERY_CELL_entropy_00_V_per_K, p);
  const double heat = current_A * (over_V + temperature_K * entropy) + short_A * open;
  col[BATTERY_CELL_soc][i] = soc;
  col[BATTERY_CELL_branch1_V][i] = v1;
  col[BATTERY_CELL_branch2_V][i] = v2;
  col[BATTERY_CELL_voltage_V][i] = open + over_V;
  col[BATTERY_CELL_heat_W][i] = heat;
  col[BATTERY_CELL_temperature_K][i] = warmed_K(c, temperature_K, heat, dt_s);
}

/* A recording begins with a voltage, not with a state of charge. */
static void find_soc(cell c)
{
  const double R0 =
      at(c, BATTERY_CELL_R0_ohm) * table(c, BATTERY_CELL_R0_00, on_grid(at(c, BATTERY_CELL_soc)));
  c.column[BATTERY_CELL_soc][c.row] =
      soc_of(c, at(c, BATTERY_CELL_voltage_V) - R0 * at(c, BATTERY_CELL_current_A));
  c.column[BATTERY_CELL_soc_known][c.row] = 1.0;
}

static void battery_cell_step(double *const *column, tl_slice rows, double dt_s,
                              uint32_t step_count, tl_simd_path path)
{
  (void)path; /* tables and exponentials of few devices: the scalar code is the only one */
  assert(rows.begin <= rows.end);
  assert(dt_s > 0.0 && step_count > 0);
  for (uint32_t i = rows.begin; i < rows.end; i++) {
    const cell c = {column, i};
    if (column[BATTERY_CELL_soc_known][i] < 0.5) find_soc(c);
    for (uint32_t step = 0; step < step_count; step++) advance(c, dt_s);
  }
}

static void battery_cell_output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++)
    column[BATTERY_CELL_open_V][i] = open_V((cell){column, i}, column[BATTERY_CELL_soc][i]);
}

const tl_twin_type battery_cell_twin = {
    .abi = TL_TWIN_ABI,
    .flags = 0, /* tables over the state of charge: not affine */
    .name = "battery_cell",
    .meaning = "lithium-ion cell: open-circuit curve, two RC branches, one temperature",
    .columns = columns,
    .column_count = BATTERY_CELL_COUNT,
    .step = battery_cell_step,
    .output = battery_cell_output,
    .dt_s_max = 120.0,
};
