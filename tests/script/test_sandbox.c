/* What a scenario can't do, and what it can rely on. */
#include "base/text.h"
#include "script/sandbox.h"
#include "tests/script/attacks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct printed {
  char text[4096];
} printed;

static void keep_line(void *owner, const char *line)
{
  printed *p = owner;
  const size_t used = strlen(p->text);
  snprintf(p->text + used, sizeof p->text - used, "%s\n", line);
}

/* Runs a text in a fresh sandbox. */
static tl_code run_bytes(const char *text, size_t length, printed *out, tl_error *err,
                         size_t *lua_bytes)
{
  tl_sandbox_def def = tl_sandbox_def_default();
  printed local = {""};
  def.owner = out != NULL ? out : &local;
  ((printed *)def.owner)->text[0] = '\0';
  def.print = keep_line;
  def.folders[0] = TL_SOURCE_DIR "/tests/script/modules";
  def.folder_count = 1;
  tl_sandbox *sandbox = NULL;
  memset(err, 0, sizeof *err);
  assert_int_equal(tl_sandbox_create(&sandbox, &def, err), TL_OK);
  tl_sandbox_seed(sandbox, 42);
  lua_State *co = lua_newthread(tl_sandbox_state(sandbox));
  bool yielded = false;
  tl_code code = tl_sandbox_load_text(sandbox, co, "test.lua", text, length, err);
  if (code == TL_OK) code = tl_sandbox_resume(sandbox, co, 0, &yielded, err);
  if (lua_bytes != NULL) *lua_bytes = tl_sandbox_bytes_max(sandbox);
  tl_sandbox_destroy(sandbox);
  return code;
}

static tl_code run(const char *text, printed *out, tl_error *err)
{
  return run_bytes(text, strlen(text), out, err, NULL);
}

static void prints(const char *text, const char *expected)
{
  printed out;
  tl_error err;
  if (run(text, &out, &err) != TL_OK) fail_msg("%s\n  %s", text, err.text);
  if (strcmp(out.text, expected) != 0)
    fail_msg("%s\n  printed %s  expected %s", text, out.text, expected);
}

static void refuses(const char *text, tl_code code, const char *part)
{
  tl_error err;
  const tl_code got = run(text, NULL, &err);
  if (got != code) fail_msg("%s\n  gave %d (%s)", text, (int)got, err.text);
  char all[1024];
  snprintf(all, sizeof all, "%s | %s", err.text, err.hint);
  if (strstr(all, part) == NULL) fail_msg("%s\n  said %s, expected %s", text, all, part);
}

/* Bar L3; sanitizers slow C code down, not the watchdog. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const double attack_s = 12.0;
#else
static const double attack_s = 3.0;
#endif

static double wall_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void every_attack_ends_with_exit_3_in_3_s_below_the_cap(void **unused)
{
  (void)unused;
  const size_t count = sizeof attacks / sizeof *attacks;
  double slowest = 0.0;
  assert_true(count >= 30);
  for (size_t i = 0; i < count; i++) {
    tl_error err;
    size_t bytes = 0;
    const double start = wall_s();
    const size_t length = strcmp(attacks[i].name, "bytecode") == 0 ? 8 : strlen(attacks[i].text);
    const tl_code code = run_bytes(attacks[i].text, length, NULL, &err, &bytes);
    const double spent = wall_s() - start;
    if (spent > slowest) slowest = spent;
    if (code == TL_OK) fail_msg("%s: was not stopped", attacks[i].name);
    if (tl_code_describe(code)->exit_code != 3)
      fail_msg("%s: exit %d: %s", attacks[i].name, tl_code_describe(code)->exit_code, err.text);
    if (spent > attack_s) fail_msg("%s: took %.2f s: %s", attacks[i].name, spent, err.text);
    if (bytes > TL_SANDBOX_MEMORY_BYTES) fail_msg("%s: held %zu bytes", attacks[i].name, bytes);
    if (err.where[0] == '\0' && code != TL_E_SANDBOX)
      fail_msg("%s: no place in: %s", attacks[i].name, err.text);
    if (getenv("TL_SHOW") != NULL)
      printf("%-34s %5.2f s  TL%04d %s\n", attacks[i].name, spent, tl_code_describe(code)->number,
             err.text);
  }
  print_message("%zu attacks, slowest %.2f s\n", count, slowest);
}

static void pairs_goes_numbers_first_then_texts_by_bytes(void **unused)
{
  (void)unused;
  prints("for k, v in pairs { b = 1, a = 2, [10] = 3, [-1] = 4, [2.5] = 5, [1] = 6, ['B'] = 7, aa "
         "= 8 } do print(k, v) end",
         "-1\t4\n1\t6\n2.5\t5\n10\t3\nB\t7\na\t2\naa\t8\nb\t1\n");
  prints("local t = { 'x', 'y', z = 1 } for k in pairs(t) do print(k) t[k] = nil end", "1\n2\nz\n");
  prints("local t = { a = 1, b = 2, c = 3 } for k in pairs(t) do t.b = nil print(k) end", "a\nc\n");
  prints("for k in pairs {} do print(k) end", "");
}

static void sort_is_stable_and_needs_no_consistent_order(void **unused)
{
  (void)unused;
  prints("local t = {} for i = 1, 9 do t[i] = { i % 3, i } end table.sort(t, function(a, b) return "
         "a[1] < b[1] end) "
         "local s = '' for _, v in ipairs(t) do s = s .. v[1] .. v[2] .. ' ' end print(s)",
         "03 06 09 11 14 17 22 25 28 \n");
  prints("local t = { 3, 1, 2.5 } table.sort(t) print(table.concat(t, ' '))", "1 2.5 3\n");
  prints("local t = { 'b', 'a', 'B' } table.sort(t) print(table.concat(t))", "Bab\n");
}

static void random_numbers_are_a_function_of_seed_and_stream(void **unused)
{
  (void)unused;
  printed a, b;
  tl_error err;
  const char *text = "local r = rng 'faults' print(('%.17g %.17g'):format(r(), r:normal())) "
                     "print(math.random(1, 6), math.random(100)) "
                     "for i = 1, 1000 do local x = math.random(3, 5) assert(x >= 3 and x <= 5) end "
                     "assert(math.random() < 1)";
  assert_int_equal(run(text, &a, &err), TL_OK);
  assert_int_equal(run(text, &b, &err), TL_OK);
  assert_string_equal(a.text, b.text);
  prints(
      "local a, b = rng 'x', rng 'x' assert(a() == b()) assert(rng 'y'() ~= rng 'x'()) print 'ok'",
      "ok\n");
  refuses("math.random(5, 4)", TL_E_ARG, "interval is empty");
}

static void mathematics_is_ours(void **unused)
{
  (void)unused;
  prints("print(pow(2, 10), math.abs(math.sqrt(2) - pow(2, 0.5)) < 1e-15, math.log(8, 2), "
         "math.floor(-1.5), 7 // 2, -7 % 3)",
         "1024.0\ttrue\t3.0\t-2\t3\t2\n");
  prints("print(('%.14f'):format(math.exp(1)), ('%.15f'):format(math.atan(1, -1)))",
         "2.71828182845905\t2.356194490192345\n");
  refuses("local x = 3\nlocal y = x^2", TL_E_SANDBOX, "test.lua:2: the operator '^'");
  prints("-- x^2 in a comment\nlocal s = 'x^2' local t = [[ 2^3 ]] --[==[ 4^5 ]==] print(s)",
         "x^2\n");
}

static void unknown_names_get_a_hint(void **unused)
{
  (void)unused;
  refuses("local x = 1\nprnt(x)", TL_E_NAME,
          "test.lua:2: unknown name 'prnt' | did you mean 'print'?");
  refuses("x = 1", TL_E_GLOBAL, "assignment to undeclared global 'x' | write: local x = ...");
  refuses("print = 1", TL_E_GLOBAL, "'print' belongs to twinloop");
  refuses("function helper() end", TL_E_GLOBAL, "helper");
  refuses("local y = math.flor(1.5)", TL_E_NAME, "did you mean 'floor'?");
  refuses("os.time()", TL_E_SANDBOX, "there is no clock");
  refuses("('x'):uper()", TL_E_NAME, "did you mean 'upper'?");
}

static void syntax_errors_say_what_to_write(void **unused)
{
  (void)unused;
  refuses("local t = {\n  a = 1\n  b = 2,\n}", TL_E_SYNTAX,
          "test.lua:3: '}' expected (to close '{' at line 1) near 'b' | a comma may be missing "
          "before 'b'");
  refuses("if 1 != 2 then end", TL_E_SYNTAX, "write ~=");
  refuses("local x = 1 x += 1", TL_E_SYNTAX, "Lua has no '+='");
  refuses("local x = 1 if x = 2 then end", TL_E_SYNTAX, "write == to compare");
  refuses("if true && false then end", TL_E_SYNTAX, "write 'and'");
  refuses("for i = 1, 2 do", TL_E_SYNTAX, "needs its own 'end'");
  refuses("local s = 'abc", TL_E_SYNTAX, "closing quote");
  refuses("print('a' 'b'", TL_E_SYNTAX, "comma or ')'");
}

static void pcall_still_catches_what_a_script_may_handle(void **unused)
{
  (void)unused;
  prints("print(pcall(error, 'x'))", "false\tx\n");
  prints("print(select('#', pcall(function() return 1, nil, 3 end)))", "4\n");
  prints("print(xpcall(function() error('x', 0) end, function(e) return e .. '!' end))",
         "false\tx!\n");
  prints("print(xpcall(function(a, b) return a + b end, print, 1, 2))", "true\t3\n");
  prints("local ok, e = pcall(function() local t = nil; return t.x end) print(ok, e)",
         "false\ttest.lua:1: attempt to index a nil value (local 't')\n");
  prints("local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) error('e' .. b, "
         "0) end) print(co(1)) print(pcall(co, 5))",
         "2\nfalse\te5\n");
  prints("local co = coroutine.create(function() pcall(coroutine.yield, 1) return 2 end) "
         "print(coroutine.resume(co)) print(coroutine.resume(co)) print(coroutine.resume(co))",
         "true\t1\ntrue\t2\nfalse\tcannot resume dead coroutine\n");
}

static void modules_come_from_their_folders_only(void **unused)
{
  (void)unused;
  prints("local a = require 'counting' local b = require 'counting' print(a.twice(4), a == b)",
         "8\ttrue\n");
  refuses("require 'nothing_here'", TL_E_NAME, "there is no module 'nothing_here'");
  refuses("require 'endless'", TL_E_SCRIPT, "requires itself");
  refuses("require 'broken'", TL_E_SYNTAX, "broken.lua:2");
  refuses("require 'outside'", TL_E_NAME, "there is no module");
}

static void stops_a_loop(const char *loop, bool count_steps)
{
  tl_sandbox_def def = tl_sandbox_def_default();
  tl_error err;
  tl_sandbox *sandbox = NULL;
  def.resume_s = 0.2;
  def.count_steps = count_steps;
  assert_int_equal(tl_sandbox_create(&sandbox, &def, &err), TL_OK);
  lua_State *co = lua_newthread(tl_sandbox_state(sandbox));
  bool yielded = false;
  assert_int_equal(tl_sandbox_load_text(sandbox, co, "t.lua", loop, strlen(loop), &err), TL_OK);
  const double start = wall_s();
  assert_int_equal(tl_sandbox_resume(sandbox, co, 0, &yielded, &err), TL_E_BUDGET);
  assert_true(wall_s() - start < 1.0);
  assert_string_equal(err.text, "t.lua:1: the script ran too long without waiting");
  tl_sandbox_destroy(sandbox);
}

static void the_watchdog_works_with_a_timer_and_without(void **unused)
{
  (void)unused;
  static const char *const loops[] = {
      "while true do end", "while true do pcall(function() while true do end end) end",
      "coroutine.wrap(function() while true do pcall(string.rep, 'x', 9) end end)()"};
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    stops_a_loop(loops[i], false);
    stops_a_loop(loops[i], true);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_attack_ends_with_exit_3_in_3_s_below_the_cap),
      cmocka_unit_test(pairs_goes_numbers_first_then_texts_by_bytes),
      cmocka_unit_test(sort_is_stable_and_needs_no_consistent_order),
      cmocka_unit_test(random_numbers_are_a_function_of_seed_and_stream),
      cmocka_unit_test(mathematics_is_ours),
      cmocka_unit_test(unknown_names_get_a_hint),
      cmocka_unit_test(syntax_errors_say_what_to_write),
      cmocka_unit_test(pcall_still_catches_what_a_script_may_handle),
      cmocka_unit_test(modules_come_from_their_folders_only),
      cmocka_unit_test(the_watchdog_works_with_a_timer_and_without),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
