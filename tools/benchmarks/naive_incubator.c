#include "benchmarks/naive_incubator.h"

static void slope(const naive_incubator *p, double on, double room_K, const double x[2],
                  double d[2])
{
  const double through_W = p->G_heater * (x[0] - x[1]);
  d[0] = (p->power_W * on - through_W) / p->C_heater;
  d[1] = (through_W - p->G_box * (x[1] - room_K)) / p->C_air;
}

static void step(const naive_incubator *p, double on, double room_K, double x[2], double dt_s)
{
  double k[4][2], at[2];
  slope(p, on, room_K, x, k[0]);
  for (int stage = 1; stage < 4; stage++) {
    const double h = stage < 3 ? 0.5 * dt_s : dt_s;
    for (int i = 0; i < 2; i++) at[i] = x[i] + h * k[stage - 1][i];
    slope(p, on, room_K, at, k[stage]);
  }
  for (int i = 0; i < 2; i++) x[i] += dt_s / 6.0 * (k[0][i] + 2.0 * (k[1][i] + k[2][i]) + k[3][i]);
}

double naive_incubator_cost(const naive_incubator *p, double heater_K, double box_K,
                            const double *time_s, const double *heater_on, const double *room_K,
                            const double *recorded_K, uint32_t count)
{
  double x[2] = {heater_K, box_K}, sum = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    const double e = x[1] - recorded_K[i];
    sum += e * e;
    if (i + 1 < count) step(p, heater_on[i], room_K[i], x, time_s[i + 1] - time_s[i]);
  }
  return sum;
}
