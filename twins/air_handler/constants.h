/* constants.h: properties of air and water, and how a coil's two sides conduct with their flows. */
#ifndef TL_TWINS_AIR_HANDLER_CONSTANTS_H
#define TL_TWINS_AIR_HANDLER_CONSTANTS_H
#define AIR_J_PER_KGK 1006.0
#define WATER_J_PER_KGK 4186.0
#define AIR_EXPONENT 0.8 /* Wetter 1999 */
#define WATER_EXPONENT 0.85
#endif
