/* board.h: what an inference costs on a microcontroller board: cycles, time, energy. *Modelled*.
 *
 * Why: a fleet's energy budget must be known before the roll-out. A profile (assets/boards/) holds
 * cycles per unit of work, fitted by tools/boards/fit_boards.py to published MLPerf Tiny results of
 * that board and its software; energy is the board's published mean power times the time. Every
 * figure carries the error that the fit makes on a network it has not seen, and every output that
 * shows one says "modelled". docs/boards.md has the method and its limits.
 *
 *     cycles = op * operators + sum over operators of  rate(kind) * MACs + element * elements
 *
 * Owns: nothing; a tl_board is plain data. Threads: loading from one thread, the rest is pure. */
#ifndef TL_EDGE_BOARD_H
#define TL_EDGE_BOARD_H
#include "base/error.h"
#include "kernels/model.h"

#include <stdbool.h>
#include <stdint.h>

/* What an operator's multiplications are, for the rate: they differ in how often data is used
 * again. */
typedef enum tl_work_kind {
  TL_WORK_CONV = 0,  /* CONV_2D and TRANSPOSE_CONV with a filter wider than one pixel */
  TL_WORK_POINTWISE, /* CONV_2D 1 x 1 */
  TL_WORK_DEPTHWISE, /* DEPTHWISE_CONV_2D */
  TL_WORK_DENSE,     /* FULLY_CONNECTED, BATCH_MATMUL, SVDF, the LSTM's gates */
  TL_WORK_ELEMENT,   /* no multiply-accumulate: one visit an element */
  TL_WORK_KIND_COUNT
} tl_work_kind;

/* "conv", "pointwise", "depthwise", "dense", "element". Never NULL. */
TL_API const char *tl_work_kind_name(tl_work_kind kind);

typedef struct tl_work {
  tl_work_kind kind;
  uint64_t macs;     /* multiply-accumulates of one inference */
  uint64_t elements; /* written, or read where that is more (pooling, reductions) */
} tl_work;

/* Work of operator `op`, from the shapes alone; it is the same for every board. */
TL_API tl_work tl_work_of(const tl_model *model, uint32_t op);

enum { TL_BOARD_TEXT_BYTES = 96, TL_BOARD_NETWORKS_MAX = 8, TL_BOARDS_MAX = 64 };

typedef struct tl_board_point { /* what was published, and what the fit says about it */
  char network[16];             /* "ad", "kws", "ic", "vww" */
  double cycles;                /* published */
  double fitted;                /* by the profile's rates */
  double unseen;                /* by rates fitted with this network left out everywhere */
} tl_board_point;

typedef struct tl_board {
  char id[TL_BOARD_TEXT_BYTES];       /* the file's name without .json, e.g. "nucleo-l4r5zi-tflm" */
  char title[TL_BOARD_TEXT_BYTES];    /* "NUCLEO-L4R5ZI" */
  char core[TL_BOARD_TEXT_BYTES];     /* "Cortex-M4" */
  char software[TL_BOARD_TEXT_BYTES]; /* the inference engine that the figures are of */
  char source[TL_BOARD_TEXT_BYTES];   /* where the figures were published */
  double clock_Hz;
  double mac_cycles[TL_WORK_KIND_COUNT]; /* per multiply-accumulate; [TL_WORK_ELEMENT] is 0 */
  double element_cycles;                 /* per element */
  double op_cycles;                      /* per operator */
  double cycles_error_ratio;             /* leave-one-out: root mean square over the networks of
                                         predicted / published - 1, the larger one of: network left out
                                         for every board, or left out for this board only */
  double power_W;                        /* mean while inferring; 0: no energy was published */
  double power_error_ratio;              /* largest relative deviation of a network from power_W */
  uint32_t point_count;
  tl_board_point points[TL_BOARD_NETWORKS_MAX];
} tl_board;

/* Reads one profile.
 * errors  TL_E_IO: cannot be read; TL_E_FORMAT: no profile, a key missing or out of range */
TL_API tl_code tl_board_load(tl_board *out, const char *path, tl_error *err);
/* The same from text; name stands in messages and gives the id. */
TL_API tl_code tl_board_parse(tl_board *out, const char *text, size_t text_bytes, const char *name,
                              tl_error *err);
/* Every *.json of a folder, in order of ids. out: room for TL_BOARDS_MAX.
 * errors  as tl_board_load, TL_E_LIMIT: more than TL_BOARDS_MAX */
TL_API tl_code tl_boards_load(tl_board *out, uint32_t *count, const char *folder, tl_error *err);

/* Fails with TL_E_NAME: "there is no board profile 'x'; there are: ...", all of a folder, the nearest
 * as hint. */
TL_API tl_code tl_board_unknown(const char *name, const char *folder, const char *where,
                                tl_error *err);

typedef struct tl_op_cost {
  tl_work work;
  double cycles; /* modelled */
} tl_op_cost;

/* All modelled. A band is value * (1 - error .. 1 + error). */
typedef struct tl_cost {
  uint64_t macs;
  double cycles, time_s;
  double cycles_error_ratio; /* of cycles and time_s */
  bool has_energy;           /* false: the board's power was not published, energy is 0 */
  double energy_J;
  double energy_error_ratio;
} tl_cost;

/* Cost of one inference. ops: NULL, or model->op_count rows. */
TL_API void tl_board_cost(const tl_board *board, tl_cost *out, tl_op_cost *ops,
                          const tl_model *model);
#endif
