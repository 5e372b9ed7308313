/* border.h: the region of inputs and states that a recording covers, and who leaves it.
 *
 * Why: a twin that was fitted and scored between 15 and 40 degC says nothing about 80. A score is worth
 * what it says only inside the conditions that were recorded, so the region goes with the twin and a
 * run that leaves it is told so: where, by whom, how far.
 * The region: each channel's recorded range, and for every two channels a grid of 16 x 16 cells, a cell
 * being covered when the recording was in it or in one of its eight neighbours ("heater on" and "room
 * below 10 degC" may both be recorded, but never together). A value up to half a cell beyond the range
 * still counts as inside: a recording of finite length does not touch its own border. What pairs cannot
 * show (three channels together) this region does not show either.
 * Owns: a tl_border is a plain value. Threads: pure functions. */
#ifndef TL_FIDELITY_BORDER_H
#define TL_FIDELITY_BORDER_H
#include "base/text.h"

#include <stdint.h>

#define TL_BORDER_SCHEMA "twinloop.border/1"
enum {
  TL_BORDER_CHANNELS_MAX = 12,
  TL_BORDER_PAIRS_MAX = TL_BORDER_CHANNELS_MAX * (TL_BORDER_CHANNELS_MAX - 1) / 2,
  TL_BORDER_CELLS = 16, /* a side */
  TL_BORDER_NAME_BYTES = 64,
  TL_BORDER_UNIT_BYTES = 32
};

typedef struct tl_border_channel {
  char name[TL_BORDER_NAME_BYTES]; /* the twin's column */
  char unit[TL_BORDER_UNIT_BYTES]; /* of low and high */
  double low, high;                /* recorded range, low <= high */
  double slack;                    /* still inside this far beyond the range; made by learn: half a
                                      cell, at least the column's resolution, which stands here before */
} tl_border_channel;

typedef struct tl_border {
  uint32_t channel_count;
  uint64_t sample_count; /* stamps at which all channels had values */
  tl_border_channel channels[TL_BORDER_CHANNELS_MAX];
  /* covered cells of channels (a, b), a < b, at tl_border_pair(a, b): bit j of row i is cell i of a, j of b */
  uint16_t covered[TL_BORDER_PAIRS_MAX][TL_BORDER_CELLS];
} tl_border;

/* Place of the pair a < b. */
TL_API uint32_t tl_border_pair(uint32_t a, uint32_t b);

/* Learns from value[channel][sample_count]; stamps where a channel has no value are left out. out's
 * channels have name and unit; ranges and cells are made here. Call once.
 * errors  TL_E_SAMPLES: no stamp at which all channels have values; TL_E_ARG: channel_count */
TL_API tl_code tl_border_learn(tl_border *out, const double *const *value, size_t sample_count,
                               tl_error *err);
/* Converts a channel to another unit of its dimension; cells stay (units are affine and ascending).
 * errors  TL_E_UNIT */
TL_API tl_code tl_border_convert(tl_border *border, uint32_t channel, const char *unit,
                                 const char *where, tl_error *err);

typedef struct tl_border_breach {
  uint32_t channel; /* first channel outside its range, else the first of a pair */
  uint32_t other;   /* the second of a pair never seen together; == channel: outside its range */
} tl_border_breach;
/* Is value[channel_count] inside? NaN is outside. breach may be NULL. */
TL_API bool tl_border_inside(const tl_border *border, const double *value,
                             tl_border_breach *breach);
/* "box_K 341.2 K is above the 313.2 K recorded", "heater_on 1 with room_K 271 K was never recorded". */
TL_API void tl_border_explain(const tl_border *border, const double *value, tl_border_breach breach,
                              tl_text *out);

/* {"schema": "twinloop.border/1", "samples": n, "channels": [{"column","unit","low","high","slack"}],
 *  "pairs": [{"of": [a, b], "covered": ["ffff", ... 16 rows]}]}; no newline at the end. */
TL_API void tl_border_write_json(const tl_border *border, tl_text *out);
/* Reads that object from the text; path is for messages.
 * errors  TL_E_FORMAT: what is wrong with it; TL_E_UNIT */
TL_API tl_code tl_border_read_json(tl_border *out, const char *text, const char *path,
                                   tl_error *err);
#endif
