/* coil.c: equal-percentage valves and counter-flow coils. */
#include "twins/air_handler/coil.h"

#include "base/dmath.h"
#include "twins/air_handler/constants.h"

double valve_flow_ratio(double position, double rangeability, double authority)
{
  if (!(position > 0.0)) return 0.0;
  const double lowest = 0.05; /* below, the plug sits on its seat: linear to shut */
  const double at = position < lowest ? lowest : position < 1.0 ? position : 1.0;
  double opening = tl_math_exp((at - 1.0) * tl_math_log(rangeability));
  if (position < lowest) opening *= position / lowest;
  return opening / tl_math_sqrt((1.0 - authority) * opening * opening + authority);
}

static double effectiveness(double units, double capacity_ratio)
{
  const double left = 1.0 - capacity_ratio;
  if (left < 1e-9) return units / (1.0 + units);
  const double gone = -tl_math_expm1(-units * left);
  return gone / (left + capacity_ratio * gone);
}

double coil_W_per_K(const coil *c, double air_kg_per_s, double water_kg_per_s)
{
  const double air = air_kg_per_s / c->rated_air_kg_per_s;
  const double water = water_kg_per_s / c->rated_water_kg_per_s;
  if (air < 1e-6 || water < 1e-6) return 0.0;
  const double resistance = c->air_share * tl_math_pow(air, -AIR_EXPONENT) +
                            (1.0 - c->air_share) * tl_math_pow(water, -WATER_EXPONENT);
  const double UA = c->rated_UA_W_per_K / resistance;
  const double air_W_per_K = air_kg_per_s * AIR_J_PER_KGK;
  const double water_W_per_K = water_kg_per_s * WATER_J_PER_KGK;
  const double least = air_W_per_K < water_W_per_K ? air_W_per_K : water_W_per_K;
  const double most = air_W_per_K < water_W_per_K ? water_W_per_K : air_W_per_K;
  return least * effectiveness(UA / least, least / most);
}
