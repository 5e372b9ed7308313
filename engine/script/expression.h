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

/* errors  TL_E_NAME: unknown column (hint); TL_E_SYNTAX: says what was expected and where; TL_E_LIMIT: too long */
tl_code script_expression_compile(script_expression *out, const tl_world *world, tl_fleet_id fleet,
                                  const char *text, const char *where, tl_error *err);
/* Devices of [begin, end) (at most 256) for which it is not zero: keep[i] for device begin + i. World sealed. */
void script_expression_evaluate(const script_expression *expression, const tl_world *world,
                                tl_fleet_id fleet, uint32_t begin, uint32_t end, bool *keep);
#endif
