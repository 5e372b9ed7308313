/* run.c: the loop of a scenario: a window of simulated time, then whatever is due at its end. */
#include "script/scenario.h"

#include "base/text.h"
#include "script/binding.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- alarms ---------------------------------------------------------------------------------------------------------- */
typedef struct alarm_event {
  tl_scenario *s;
  uint32_t fleet, device;
  double at_s, score;
} alarm_event;

static int push_alarm(lua_State *L)
{
  const alarm_event *alarm = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_createtable(L, 0, 6);
  lua_pushliteral(L, "alarm");
  lua_setfield(L, 1, "kind");
  lua_pushstring(L, alarm->s->fleets[alarm->fleet].name);
  lua_setfield(L, 1, "fleet");
  lua_pushinteger(L, alarm->device);
  lua_setfield(L, 1, "device");
  lua_pushnumber(L, alarm->at_s);
  lua_setfield(L, 1, "at");
  lua_pushnumber(L, alarm->score);
  lua_setfield(L, 1, "score");
  script_devices *devices = script_push_devices(L, alarm->fleet);
  uint32_t *list = lua_newuserdatauv(L, sizeof *list, 0);
  *list = alarm->device;
  lua_setiuservalue(L, -2, 1);
  devices->all = false;
  devices->list = list;
  devices->count = 1;
  lua_setfield(L, 1, "devices");
  return 1;
}

static tl_code tell_handlers(tl_scenario *s, alarm_event *alarm, tl_error *err)
{
  lua_State *L = tl_sandbox_state(s->sandbox);
  for (uint32_t i = 0; i < s->call_count; i++) {
    if (!s->calls[i].on_alarm) continue;
    const script_call call = s->calls[i];
    lua_pushcfunction(L, push_alarm);
    lua_pushlightuserdata(L, alarm);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
      tl_fail(err, TL_E_BUDGET, NULL, "%s", lua_tostring(L, -1));
      lua_pop(L, 1);
      return err->code;
    }
    const tl_code code = script_start(s, call.function, call.phase, 1, L, err);
    if (code != TL_OK) return code;
  }
  return TL_OK;
}

static uint32_t detector_column(const tl_scenario *s, const script_fleet *fleet, const char *suffix)
{
  char name[2 * TL_NAME_BYTES];
  uint32_t column = 0;
  snprintf(name, sizeof name, "%s.%s", fleet->detector, suffix);
  const tl_code code = tl_fleet_column_find(s->world, fleet->id, name, NULL, &column, NULL);
  assert(code == TL_OK);
  (void)code;
  return column;
}

static tl_code read_alarms(tl_scenario *s, uint32_t index, tl_error *err)
{
  script_fleet *fleet = &s->fleets[index];
  const uint32_t onsets = detector_column(s, fleet, "alarms"),
                 at = detector_column(s, fleet, "alarm_s");
  const uint32_t score = detector_column(s, fleet, "score");
  double now[TL_BLOCK_ROWS];
  for (uint32_t begin = 0; begin < fleet->count; begin += TL_BLOCK_ROWS) {
    const uint32_t end =
        begin + TL_BLOCK_ROWS < fleet->count ? begin + TL_BLOCK_ROWS : fleet->count;
    tl_fleet_read(s->world, fleet->id, onsets, begin, end, now);
    for (uint32_t device = begin; device < end; device++) {
      if (now[device - begin] <= fleet->alarms_seen[device]) continue;
      fleet->alarms_seen[device] = now[device - begin];
      alarm_event alarm = {s, index, device, 0.0, 0.0};
      tl_fleet_read(s->world, fleet->id, at, device, device + 1, &alarm.at_s);
      tl_fleet_read(s->world, fleet->id, score, device, device + 1, &alarm.score);
      script_event(s, "alarm", fleet->id, (int64_t)device, 1, alarm.score, "alarm");
      const tl_code code = tell_handlers(s, &alarm, err);
      if (code != TL_OK) return code;
    }
  }
  return TL_OK;
}

/* --- the loop ---------------------------------------------------------------------------------------------------------- */
static tl_code due(tl_scenario *s, tl_error *err)
{
  tl_code code = TL_OK;
  if (tl_world_now_ns(s->world) - s->wake_from_ns >= 1000000) {
    s->wake_from_ns = tl_world_now_ns(s->world);
    s->wake_cost = 0;
  }
  s->wake_cost += SCRIPT_WINDOW_COST;
  for (uint32_t i = 0; i < s->fleet_count && code == TL_OK; i++)
    if (s->fleets[i].has_detector && tl_world_now_ns(s->world) > 0) code = read_alarms(s, i, err);
  if (code == TL_OK) code = script_wake(s, err);
  if (code == TL_OK) code = script_poll(s, err);
  if (code == TL_OK) code = script_wake(s, err); /* what polls have spawned */
  return code;
}

static tl_code loop(tl_scenario *s, const tl_scenario_hooks *hooks, tl_error *err)
{
  tl_code code = script_seal_faults(s, err);
  if (code == TL_OK) code = due(s, err);
  while (code == TL_OK && tl_world_now_ns(s->world) < s->duration_ns) {
    const tl_event *next = tl_events_peek(&s->queue);
    const int64_t until =
        next != NULL && next->at_ns < s->duration_ns ? next->at_ns : s->duration_ns;
    code = tl_world_advance(s->world, until, err);
    if (code == TL_OK) code = due(s, err);
    if (code == TL_OK && tl_judge_aborted(s->judge) >= 0) {
      s->result.aborted = true;
      script_event(s, "abort", (tl_fleet_id){0}, -1, 0, 0.0,
                   s->thresholds[tl_judge_aborted(s->judge)].name);
      return TL_OK;
    }
    if (hooks != NULL && hooks->progress != NULL)
      hooks->progress(hooks->self, tl_world_now_ns(s->world), s->duration_ns);
    if (code == TL_OK && hooks != NULL && hooks->interrupted != NULL && *hooks->interrupted != 0)
      code = tl_fail(err, TL_E_INTERRUPTED, NULL, "interrupted");
  }
  return code;
}

static void note_unfinished(tl_scenario *s)
{
  for (uint32_t i = 0; i < s->process_count; i++)
    if (s->processes[i].co != NULL) {
      char text[160];
      snprintf(text, sizeof text, "the story %s had not ended", s->processes[i].phase);
      script_event(s, "log", (tl_fleet_id){0}, -1, 0, 0.0, text);
    }
}

/* Thresholds that a run which ended early had no samples for say so, not that something is wrong with them: the cause
 * is the run's. They don't spoil the verdict of an abort either. */
static tl_verdict not_judged(tl_scenario *s)
{
  tl_verdict verdict = TL_PASSED;
  char end[TL_TEXT_DURATION_BYTES];
  tl_text_format_duration(end, s->result.end_ns);
  for (uint32_t i = 0; i < s->threshold_count; i++) {
    tl_judgement *j = &s->judgements[i];
    j->not_judged = j->verdict == TL_ERRORED && j->code == TL_E_SAMPLES && j->sample_count == 0;
    if (j->not_judged)
      snprintf(j->message, sizeof j->message, "not judged: the run ended at %s", end);
    else if (j->verdict > verdict)
      verdict = j->verdict; /* passed < failed < error */
  }
  return verdict;
}

static tl_code first_errored(const tl_scenario *s, tl_error *err)
{
  for (uint32_t i = 0; i < s->threshold_count; i++) {
    const tl_judgement *j = &s->judgements[i];
    if (j->verdict != TL_ERRORED) continue;
    const char *where = j->threshold.where;
    const size_t length = strlen(where);
    const char *text =
        length > 0 && strncmp(j->message, where, length) == 0 && j->message[length] == ':'
            ? j->message + length + 2
            : j->message;
    return tl_fail(err, j->code != TL_OK ? j->code : TL_E_SAMPLES, where, "%s", text);
  }
  return TL_OK;
}

tl_code tl_scenario_run(tl_scenario *s, const tl_scenario_hooks *hooks, tl_error *err)
{
  tl_error local;
  if (err == NULL) err = &local;
  tl_code code = s->sealed ? TL_OK : tl_scenario_seal(s, err);
  s->result.verdict = TL_ERRORED;
  if (code != TL_OK) return code;
  code = loop(s, hooks, err);
  s->result.end_ns = tl_world_now_ns(s->world);
  if (code == TL_OK && !s->result.aborted) note_unfinished(s);
  if (code == TL_OK) code = script_score(s, err);
  if (s->border_count > 0) { /* also of a run that ended early: what it did see counts */
    const tl_code border = script_judge_borders(s, code == TL_OK ? err : NULL);
    if (code == TL_OK) code = border;
  }
  tl_verdict verdict = TL_PASSED;
  tl_judge_finish(s->judge, s->judgements, &verdict);
  for (uint32_t i = 0; i < s->threshold_count; i++)
    script_full_where(s, s->judgements[i].threshold.where, sizeof s->judgements[i].threshold.where);
  if (code != TL_OK || s->result.aborted) verdict = not_judged(s);
  s->result.judgements = s->judgements;
  s->result.judgement_count = s->threshold_count;
  s->result.score = s->has_score ? &s->score : NULL;
  s->result.parameters = s->fitted;
  s->result.parameter_count = s->fitted_count;
  s->result.borders = s->border_results;
  s->result.border_count = s->border_count;
  s->result.events = s->history;
  s->result.event_count = s->history_count;
  s->result.lua_s = s->lua_s;
  if (code == TL_OK && verdict == TL_ERRORED) code = first_errored(s, err);
  s->result.verdict = code == TL_OK ? verdict : code == TL_E_FAIL ? TL_FAILED : TL_ERRORED;
  if (code != TL_OK) script_full_path(s, err);
  return code;
}
