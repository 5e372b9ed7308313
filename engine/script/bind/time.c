/* time.c: stories: coroutines that wait, callbacks that react, one queue in exact order. */
#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- processes ---------------------------------------------------------------------------------------------------- */
static double cpu_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* reported, never seen by scripts */
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static script_process *process_numbered(tl_scenario *s, uint64_t number)
{
  uint32_t low = 0, high = s->process_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (s->processes[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < s->process_count && s->processes[low].number == number ? &s->processes[low] : NULL;
}

static tl_code resume(tl_scenario *s, script_process *process, int argument_count, tl_error *err)
{
  if (++s->wake_cost > SCRIPT_EVENTS_MAX) {
    char where[160];
    tl_script_where(process->co, where, sizeof where);
    snprintf(s->phase, sizeof s->phase, "%s", process->phase);
    return tl_fail(err, TL_E_BUDGET, where,
                   "stories wake too often within a millisecond of simulated time: does a loop "
                   "wait for no time?");
  }
  const uint64_t number = process->number;
  bool yielded = false;
  process->waiting = process->polling = false;
  s->current = process;
  snprintf(s->phase, sizeof s->phase, "%s", process->phase);
  const double start = cpu_s();
  const tl_code code = tl_sandbox_resume(s->sandbox, process->co, argument_count, &yielded, err);
  s->lua_s += cpu_s() - start;
  process = process_numbered(s, number); /* spawn() may have moved the array */
  assert(process != NULL);
  s->current = NULL;
  if (code != TL_OK) return code;
  s->phase[0] = '\0';
  if (!yielded) {
    luaL_unref(tl_sandbox_state(s->sandbox), LUA_REGISTRYINDEX, process->anchor);
    process->co = NULL;
    s->process_alive--;
  }
  return TL_OK;
}

/* Drops ended processes now and then; numbers stay ascending. */
static void compact(tl_scenario *s)
{
  if (s->process_count < 64 || s->process_alive * 2 > s->process_count) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < s->process_count; i++)
    if (s->processes[i].co != NULL) s->processes[kept++] = s->processes[i];
  s->process_count = kept;
}

/* A new process for the function at the top of L (below its arguments); wakes at at_ns. Errors are raised in L. */
static script_process *new_process(lua_State *L, tl_scenario *s, int argument_count,
                                   const char *phase)
{
  if (s->process_alive >= SCRIPT_PROCESSES_MAX)
    tl_script_raise_fatal(L, TL_E_BUDGET, "more than %d stories at one time",
                          (int)SCRIPT_PROCESSES_MAX);
  const bool inside = s->current != NULL;
  const uint64_t current = inside ? s->current->number : 0; /* growing moves it */
  if (!script_grow(&s->processes, &s->process_room, s->process_count, sizeof *s->processes))
    script_no_memory(L);
  if (inside) s->current = process_numbered(s, current);
  lua_State *co = lua_newthread(L);
  const int anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  luaL_checkstack(co, argument_count + 8, "spawn");
  lua_xmove(L, co, argument_count + 1);
  script_process *process = &s->processes[s->process_count++];
  *process = (script_process){
      .co = co, .anchor = anchor, .number = s->process_next++, .deadline_ns = INT64_MAX};
  snprintf(process->phase, sizeof process->phase, "%s", phase);
  s->process_alive++;
  return process;
}

static tl_code wake_at(tl_scenario *s, script_process *process, int64_t at_ns, tl_error *err)
{
  process->waiting = true;
  return tl_events_add(
      &s->queue, (tl_event){.at_ns = at_ns, .kind = SCRIPT_EVENT_WAKE, .what = process->number},
      SCRIPT_EVENTS_MAX, &process->wake_sequence, err);
}

static void phase_of(lua_State *L, int function, const char *what, char *out, size_t bytes)
{
  lua_Debug info;
  lua_pushvalue(L, function);
  lua_getinfo(L, ">S", &info);
  if (info.linedefined > 0)
    snprintf(out, bytes, "in %s of line %d", what, info.linedefined);
  else
    snprintf(out, bytes, "in %s", what);
}

static int start_story(lua_State *L, const char *what)
{
  tl_scenario *s = script_scenario(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (!s->declared)
    return tl_script_raise(L, TL_E_SCRIPT, "write scenario { duration = 1*h } first",
                           "%s() needs a scenario", what);
  char phase[96];
  tl_error err;
  phase_of(L, 1, what, phase, sizeof phase);
  script_process *process = new_process(L, s, lua_gettop(L) - 1, phase);
  if (!s->running) s->story_count++;
  if (wake_at(s, process, script_now_ns(s), &err) != TL_OK) return tl_script_raise_error(L, &err);
  return 0;
}

int api_run(lua_State *L)
{
  lua_settop(L, 1);
  return start_story(L, "run()");
}
int api_spawn(lua_State *L) { return start_story(L, "spawn()"); }

/* The process that L is; an error in the main chunk, in callbacks of C and in coroutines of the script's own. */
static script_process *this_process(lua_State *L, tl_scenario *s, const char *what)
{
  if (s->current == NULL || s->current->co != L) {
    if (s->current == NULL)
      tl_script_raise(L, TL_E_SCRIPT, "write run(function() ... end)",
                      "%s works inside a story only", what);
    tl_script_raise(L, TL_E_SCRIPT, "use spawn() instead of a coroutine",
                    "%s in a coroutine of your own", what);
  }
  if (!lua_isyieldable(L))
    tl_script_raise(L, TL_E_SCRIPT, NULL,
                    "%s can't be called from inside sort, gsub, a metamethod or a condition", what);
  return s->current;
}

static int64_t later(lua_State *L, const tl_scenario *s, int64_t ns, const char *what)
{
  if (ns < 0) tl_script_raise(L, TL_E_ARG, NULL, "%s: a time can't be negative", what);
  const int64_t now = script_now_ns(s);
  return ns > INT64_MAX - now ? INT64_MAX : now + ns;
}

int api_wait(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checkany(L, 1);
  const int64_t at_ns = later(L, s, script_duration_ns(L, 1, "wait"), "wait");
  script_process *process = this_process(L, s, "wait()");
  tl_error err;
  if (wake_at(s, process, at_ns, &err) != TL_OK) return tl_script_raise_error(L, &err);
  return lua_yield(L, 0);
}

/* Stack: function, options. Asked in the story's own coroutine, so errors have its lines. */
static int poll(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  tl_scenario *s = script_scenario(L);
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  lua_call(L, 0, 1);
  script_process *process = s->current;
  const bool holds = lua_toboolean(L, -1), late = script_now_ns(s) >= process->deadline_ns;
  lua_pop(L, 1);
  if (holds || late) {
    lua_pushboolean(L, holds);
    return 1;
  }
  process->polling = true;
  process->poll_next_ns = script_now_ns(s) + process->poll_ns;
  return lua_yieldk(L, 0, 0, poll);
}

int api_wait_until(lua_State *L)
{
  static const char *const keys[] = {"timeout", "every"};
  tl_scenario *s = script_scenario(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 2);
  script_process *process = this_process(L, s, "wait_until()");
  process->deadline_ns = INT64_MAX;
  process->poll_ns = 0;
  if (!lua_isnil(L, 2)) {
    tl_error err;
    luaL_checktype(L, 2, LUA_TTABLE);
    script_check_keys(L, 2, "wait_until", keys, 2);
    if (script_field(L, 2, "every") != LUA_TNIL)
      process->poll_ns = script_duration_ns(L, -1, "every");
    if (script_field(L, 2, "timeout") != LUA_TNIL) {
      process->deadline_ns =
          later(L, s, script_duration_ns(L, -1, "timeout"), "wait_until: timeout");
      if (wake_at(s, process, process->deadline_ns, &err) != TL_OK)
        return tl_script_raise_error(L, &err);
    }
    lua_settop(L, 2);
  }
  return poll(L, LUA_OK, 0);
}

/* --- callbacks ------------------------------------------------------------------------------------------------------- */
static script_call *new_call(lua_State *L, tl_scenario *s, int function, const char *what)
{
  luaL_checktype(L, function, LUA_TFUNCTION);
  if (!s->declared)
    tl_script_raise(L, TL_E_SCRIPT, "write scenario { duration = 1*h } first",
                    "%s needs a scenario", what);
  if (s->call_count >= SCRIPT_PROCESSES_MAX)
    tl_script_raise_fatal(L, TL_E_BUDGET, "more than %d callbacks", (int)SCRIPT_PROCESSES_MAX);
  if (!script_grow(&s->calls, &s->call_room, s->call_count, sizeof *s->calls)) script_no_memory(L);
  script_call *call = &s->calls[s->call_count];
  *call = (script_call){0};
  phase_of(L, function, what, call->phase, sizeof call->phase);
  lua_pushvalue(L, function);
  call->function = luaL_ref(L, LUA_REGISTRYINDEX);
  s->call_count++;
  if (!s->running) s->story_count++;
  return call;
}

static void call_at(lua_State *L, tl_scenario *s, int64_t at_ns)
{
  tl_error err;
  if (tl_events_add(
          &s->queue,
          (tl_event){.at_ns = at_ns, .kind = SCRIPT_EVENT_CALL, .what = s->call_count - 1},
          SCRIPT_EVENTS_MAX, NULL, &err) != TL_OK)
    tl_script_raise_error(L, &err);
}

int api_at(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checkany(L, 2);
  const int64_t at_ns = script_duration_ns(L, 1, "at");
  if (at_ns < script_now_ns(s)) return tl_script_raise(L, TL_E_ARG, NULL, "at: that time is over");
  new_call(L, s, 2, "at()");
  call_at(L, s, at_ns);
  return 0;
}

int api_every(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  luaL_checkany(L, 2);
  const int64_t period_ns = script_duration_ns(L, 1, "every");
  if (period_ns <= 0)
    return tl_script_raise(L, TL_E_ARG, NULL, "every: the period must be positive");
  new_call(L, s, 2, "every()")->period_ns = period_ns;
  call_at(L, s, later(L, s, period_ns, "every"));
  return 0;
}

int api_on(lua_State *L)
{
  tl_scenario *s = script_scenario(L);
  const char *event = luaL_checkstring(L, 1);
  luaL_checkany(L, 2);
  if (strcmp(event, "alarm") != 0)
    return script_unknown(L, "no event", event, (const char *const[]){"alarm"}, 1);
  new_call(L, s, 2, "on()")->on_alarm = true;
  return 0;
}

/* --- used by the run loop ----------------------------------------------------------------------------------------------- */
typedef struct start_request {
  tl_scenario *s;
  int function, argument_count;
  const char *phase;
  uint64_t number;
} start_request;

static int protected_start(lua_State *L)
{
  start_request *request = lua_touserdata(L, -1);
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, request->function);
  lua_insert(L, 1);
  request->number = new_process(L, request->s, request->argument_count, request->phase)->number;
  return 0;
}

tl_code script_start(tl_scenario *s, int function, const char *phase, int argument_count,
                     lua_State *from, tl_error *err)
{
  start_request request = {s, function, argument_count, phase, 0};
  compact(s);
  lua_pushcfunction(from, protected_start);
  lua_insert(from, -1 - argument_count);
  lua_pushlightuserdata(from, &request);
  if (lua_pcall(from, argument_count + 1, 0, 0) != LUA_OK) {
    tl_fail(err, TL_E_BUDGET, NULL, "%s", lua_tostring(from, -1));
    lua_pop(from, 1);
    return err->code;
  }
  return resume(s, &s->processes[s->process_count - 1], argument_count, err);
}

/* Takes one due event of the queue and acts on it. */
static tl_code handle(tl_scenario *s, const tl_event *event, tl_error *err)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  if (event->kind == SCRIPT_EVENT_FAULT_END) {
    script_fault_end(s, (int)event->what);
    return TL_OK;
  }
  if (event->kind == SCRIPT_EVENT_CALL) {
    const script_call call = s->calls[event->what];
    if (call.period_ns > 0) {
      const tl_event next = {
          .at_ns = event->at_ns + call.period_ns, .kind = SCRIPT_EVENT_CALL, .what = event->what};
      const tl_code code = tl_events_add(&s->queue, next, SCRIPT_EVENTS_MAX, NULL, err);
      if (code != TL_OK) return code;
    }
    return script_start(s, call.function, call.phase, 0, L, err);
  }
  script_process *process = process_numbered(s, event->what);
  if (process == NULL || process->co == NULL || process->wake_sequence != event->sequence)
    return TL_OK; /* stale */
  const bool fresh = lua_status(process->co) == LUA_OK;
  return resume(s, process, fresh ? lua_gettop(process->co) - 1 : 0, err);
}

tl_code script_wake(tl_scenario *s, tl_error *err)
{
  const int64_t now = script_now_ns(s);
  tl_event event;
  tl_code code = TL_OK;
  for (const tl_event *next = tl_events_peek(&s->queue);
       next != NULL && next->at_ns <= now && code == TL_OK; next = tl_events_peek(&s->queue)) {
    tl_events_pop(&s->queue, &event);
    code = handle(s, &event, err);
  }
  return code;
}

tl_code script_poll(tl_scenario *s, tl_error *err)
{
  tl_code code = TL_OK;
  const uint64_t last = s->process_next; /* those that begin now ask for themselves */
  compact(s);
  for (uint32_t i = 0; i < s->process_count && s->processes[i].number < last && code == TL_OK;
       i++) {
    script_process *process = &s->processes[i];
    if (process->co != NULL && process->polling && script_now_ns(s) >= process->poll_next_ns)
      code = resume(s, process, 0, err);
  }
  return code;
}
