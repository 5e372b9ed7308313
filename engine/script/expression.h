/* expression.h: the conditions of fleet:where("box_K > 300 and not control.setpoint < 290").
 *
 * Why: a selection over 100 000 devices is one pass in C, never a Lua call per device.
 * Grammar, loosest first: or | and | not | < <= > >= == ~= != | + - | * / | unary - | number, column, (expression).
 * Columns are the fleet's, by name or alias. Comparisons give 1 or 0; NaN compares false.
 * Owns: nothing; a compiled expression is a plain block of the caller's memory. Threads: pure functions. */
#ifndef TL_SCRIPT_EXPRESSION_H
#define TL_SCRIPT_EXPRESSION_H
#include "sim/world.h"

enum { SCRIPT_EXPRESSION_OPS = 64, SCRIPT_EXPRESSION_DEPTH = 16 };

typedef struct script_expression {
  uint32_t count;
  struct {
    uint8_t op;
    uint32_t column;
    double number;
  } code[SCRIPT_EXPRESSION_OPS]; /* postfix */
} script_expression;

/* Where names and values come from: a fleet's columns, a recording's channels. */
typedef struct script_names {
  const char *what; /* for messages: "where", "regime" */
  const void *self;
  /* errors  TL_E_NAME with a hint */
  tl_code (*find)(const void *self, const char *name, const char *where, uint32_t *out,
                  tl_error *err);
  void (*read)(const void *self, uint32_t index, uint64_t begin, uint64_t end, double *out);
} script_names;

/* errors  those of find; TL_E_SYNTAX: says what was expected and where; TL_E_LIMIT: too long */
tl_code script_expression_compile_over(script_expression *out, const script_names *names,
                                       const char *text, const char *where, tl_error *err);
/* Rows [begin, end), at most 256: keep[i] for row begin + i. */
void script_expression_evaluate_over(const script_expression *expression, const script_names *names,
                                     uint64_t begin, uint64_t end, bool *keep);

/* Whether instruction i reads a name; its index is code[i].column. */
bool script_expression_reads(const script_expression *expression, uint32_t i);

/* The same over a fleet's columns.
 * errors  TL_E_NAME: unknown column (hint); TL_E_SYNTAX: says what was expected and where; TL_E_LIMIT: too long */
tl_code script_expression_compile(script_expression *out, const tl_world *world, tl_fleet_id fleet,
                                  const char *text, const char *where, tl_error *err);
/* Devices of [begin, end) (at most 256) for which it is not zero: keep[i] for device begin + i. World sealed. */
void script_expression_evaluate(const script_expression *expression, const tl_world *world,
                                tl_fleet_id fleet, uint32_t begin, uint32_t end, bool *keep);
#endif
