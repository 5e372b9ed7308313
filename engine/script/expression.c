#include "script/expression.h"

#include "base/text.h"
#include "judge/judge.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
  OP_NUMBER,
  OP_COLUMN,
  OP_OR,
  OP_AND,
  OP_NOT,
  OP_LT,
  OP_LE,
  OP_GT,
  OP_GE,
  OP_EQ,
  OP_NE,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_NEG
};
enum { CHUNK = 256 };

typedef struct parser {
  const script_names *names;
  const char *text, *at, *where;
  script_expression *out;
  uint32_t depth, nesting; /* values on the stack when evaluated; open calls */
  tl_code code;
  tl_error *err;
} parser;

static void fail_at(parser *p, tl_code code, const char *expected)
{
  if (p->code != TL_OK) return;
  p->code = tl_fail(p->err, code, p->where, "%s: expected %s at '%.24s' in \"%s\"", p->names->what,
                    expected, *p->at != '\0' ? p->at : "the end", p->text);
}

static void emit(parser *p, int op, uint32_t column, double number)
{
  if (p->code != TL_OK) return;
  if (op == OP_NUMBER || op == OP_COLUMN)
    p->depth++;
  else if (op != OP_NOT && op != OP_NEG)
    p->depth--;
  if (p->out->count == SCRIPT_EXPRESSION_OPS || p->depth > SCRIPT_EXPRESSION_DEPTH) {
    p->code = tl_fail(p->err, TL_E_LIMIT, p->where, "%s: \"%.60s...\" is too long", p->names->what,
                      p->text);
    return;
  }
  p->out->code[p->out->count].op = (uint8_t)op;
  p->out->code[p->out->count].column = column;
  p->out->code[p->out->count].number = number;
  p->out->count++;
}

static void skip_space(parser *p)
{
  while (isspace((unsigned char)*p->at)) p->at++;
}

static bool is_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool take(parser *p, const char *token)
{
  skip_space(p);
  const size_t length = strlen(token);
  if (strncmp(p->at, token, length) != 0) return false;
  if (is_name(token[0]) && (is_name(p->at[length]) || p->at[length] == '.')) return false;
  p->at += length;
  return true;
}

static void parse_or(parser *p);

static void parse_name(parser *p)
{
  char name[2 * TL_NAME_BYTES];
  size_t length = 0;
  while ((is_name(*p->at) || *p->at == '.') && length + 1 < sizeof name) name[length++] = *p->at++;
  name[length] = '\0';
  uint32_t column = 0;
  if (p->code == TL_OK) p->code = p->names->find(p->names->self, name, p->where, &column, p->err);
  emit(p, OP_COLUMN, column, 0.0);
}

static void parse_number(parser *p)
{
  const char *start = p->at;
  while (isdigit((unsigned char)*p->at) || *p->at == '.' || *p->at == 'e' || *p->at == 'E' ||
         ((*p->at == '-' || *p->at == '+') && (p->at[-1] == 'e' || p->at[-1] == 'E')))
    p->at++;
  double number = 0.0;
  if (!tl_text_parse_double_n(&number, start, (size_t)(p->at - start))) {
    p->at = start;
    fail_at(p, TL_E_SYNTAX, "a number");
  }
  if (is_name(*p->at))
    fail_at(p, TL_E_SYNTAX, "an operator (numbers are in the column's own unit)");
  emit(p, OP_NUMBER, 0, number);
}

static void parse_primary(parser *p)
{
  skip_space(p);
  if (p->code != TL_OK) return;
  if (++p->nesting > 32) {
    p->code = tl_fail(p->err, TL_E_LIMIT, p->where, "%s: too many brackets in \"%.60s\"",
                      p->names->what, p->text);
  } else if (take(p, "(")) {
    parse_or(p);
    if (!take(p, ")")) fail_at(p, TL_E_SYNTAX, "')'");
  } else if (take(p, "-")) {
    parse_primary(p);
    emit(p, OP_NEG, 0, 0.0);
  } else if (isdigit((unsigned char)*p->at) ||
             (*p->at == '.' && isdigit((unsigned char)p->at[1]))) {
    parse_number(p);
  } else if (is_name(*p->at)) {
    parse_name(p);
  } else {
    fail_at(p, TL_E_SYNTAX, "a column or a number");
  }
  p->nesting--;
}

static void parse_product(parser *p)
{
  parse_primary(p);
  while (p->code == TL_OK) {
    const int op = take(p, "*") ? OP_MUL : take(p, "/") ? OP_DIV : -1;
    if (op < 0) return;
    parse_primary(p);
    emit(p, op, 0, 0.0);
  }
}

static void parse_sum(parser *p)
{
  parse_product(p);
  while (p->code == TL_OK) {
    const int op = take(p, "+") ? OP_ADD : take(p, "-") ? OP_SUB : -1;
    if (op < 0) return;
    parse_product(p);
    emit(p, op, 0, 0.0);
  }
}

static void parse_comparison(parser *p)
{
  parse_sum(p);
  const int op = take(p, "<=")   ? OP_LE
                 : take(p, ">=") ? OP_GE
                 : take(p, "==") ? OP_EQ
                 : take(p, "~=") ? OP_NE
                 : take(p, "!=") ? OP_NE
                 : take(p, "<")  ? OP_LT
                 : take(p, ">")  ? OP_GT
                                 : -1;
  if (op < 0) return;
  parse_sum(p);
  emit(p, op, 0, 0.0);
}

static void parse_not(parser *p)
{
  bool negated = false;
  while (take(p, "not")) negated = !negated;
  parse_comparison(p);
  if (negated) emit(p, OP_NOT, 0, 0.0);
}

static void parse_and(parser *p)
{
  parse_not(p);
  while (p->code == TL_OK && take(p, "and")) {
    parse_not(p);
    emit(p, OP_AND, 0, 0.0);
  }
}

static void parse_or(parser *p)
{
  parse_and(p);
  while (p->code == TL_OK && take(p, "or")) {
    parse_and(p);
    emit(p, OP_OR, 0, 0.0);
  }
}

tl_code script_expression_compile_over(script_expression *out, const script_names *names,
                                       const char *text, const char *where, tl_error *err)
{
  memset(out, 0, sizeof *out);
  parser p = {.names = names, .text = text, .at = text, .where = where, .out = out, .err = err};
  parse_or(&p);
  skip_space(&p);
  if (p.code == TL_OK && *p.at != '\0') fail_at(&p, TL_E_SYNTAX, "an operator");
  return p.code;
}

typedef struct fleet_names {
  const tl_world *world;
  tl_fleet_id fleet;
} fleet_names;

static tl_code find_column(const void *self, const char *name, const char *where, uint32_t *out,
                           tl_error *err)
{
  const fleet_names *names = self;
  return tl_judge_column_find(names->world, names->fleet, name, where, out, err);
}

static void read_column(const void *self, uint32_t index, uint64_t begin, uint64_t end, double *out)
{
  const fleet_names *names = self;
  tl_fleet_read(names->world, names->fleet, index, (uint32_t)begin, (uint32_t)end, out);
}

tl_code script_expression_compile(script_expression *out, const tl_world *world, tl_fleet_id fleet,
                                  const char *text, const char *where, tl_error *err)
{
  const fleet_names self = {world, fleet};
  const script_names names = {"where", &self, find_column, read_column};
  return script_expression_compile_over(out, &names, text, where, err);
}

static double apply(int op, double a, double b)
{
  switch (op) {
    case OP_OR: return a != 0.0 || b != 0.0;
    case OP_AND: return a != 0.0 && b != 0.0;
    case OP_LT: return a < b;
    case OP_LE: return a <= b;
    case OP_GT: return a > b;
    case OP_GE: return a >= b;
    case OP_EQ: return a == b;
    case OP_NE: return a != b;
    case OP_ADD: return a + b;
    case OP_SUB: return a - b;
    case OP_MUL: return a * b;
    default: return a / b;
  }
}

void script_expression_evaluate_over(const script_expression *e, const script_names *names,
                                     uint64_t begin, uint64_t end, bool *keep)
{
  double stack[SCRIPT_EXPRESSION_DEPTH][CHUNK];
  const uint32_t rows = (uint32_t)(end - begin);
  uint32_t depth = 0;
  assert(rows <= CHUNK);
  for (uint32_t i = 0; i < e->count; i++) {
    const int op = e->code[i].op;
    if (op == OP_NUMBER) {
      for (uint32_t r = 0; r < rows; r++) stack[depth][r] = e->code[i].number;
      depth++;
    } else if (op == OP_COLUMN) {
      names->read(names->self, e->code[i].column, begin, end, stack[depth++]);
    } else if (op == OP_NOT) {
      for (uint32_t r = 0; r < rows; r++) stack[depth - 1][r] = stack[depth - 1][r] == 0.0;
    } else if (op == OP_NEG) {
      for (uint32_t r = 0; r < rows; r++) stack[depth - 1][r] = -stack[depth - 1][r];
    } else {
      depth--;
      for (uint32_t r = 0; r < rows; r++)
        stack[depth - 1][r] = apply(op, stack[depth - 1][r], stack[depth][r]);
    }
  }
  assert(depth == 1);
  for (uint32_t r = 0; r < rows; r++) keep[r] = stack[0][r] != 0.0 && stack[0][r] == stack[0][r];
}

void script_expression_evaluate(const script_expression *e, const tl_world *world,
                                tl_fleet_id fleet, uint32_t begin, uint32_t end, bool *keep)
{
  const fleet_names self = {world, fleet};
  const script_names names = {"where", &self, find_column, read_column};
  script_expression_evaluate_over(e, &names, begin, end, keep);
}

bool script_expression_reads(const script_expression *e, uint32_t i)
{
  assert(i < e->count);
  return e->code[i].op == OP_COLUMN;
}
