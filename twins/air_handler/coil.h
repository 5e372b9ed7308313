/* coil.h: what a valve lets through, and what a coil exchanges, at steady state.
 *
 * Source: valve: equal percentage (IEC 60534-2-4) in a circuit with authority; coil: effectiveness by
 * number of transfer units for counter flow (F. P. Incropera, D. P. DeWitt, Fundamentals of Heat and
 * Mass Transfer, table 11.3), its UA falling with both flows (M. Wetter, LBNL-42355, 1999).
 * Owns: nothing. Threads: pure. */
#ifndef TL_TWINS_AIR_HANDLER_COIL_H
#define TL_TWINS_AIR_HANDLER_COIL_H

typedef struct coil {
  double rated_air_kg_per_s, rated_water_kg_per_s, rated_UA_W_per_K, air_share;
} coil;

/* Flow by that of an open valve, 0 .. 1, at a position 0 .. 1. */
double valve_flow_ratio(double position, double rangeability, double authority);
/* Heat by kelvin between the entering water and the entering air [W/K]; 0 without one of the flows. */
double coil_W_per_K(const coil *c, double air_kg_per_s, double water_kg_per_s);
#endif
