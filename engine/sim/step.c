/* step.c: the page that runs the world. A window is advanced fleet by fleet; within it each block
 * runs all its ticks alone, hot in cache, on any thread; at its end everything is in order again.
 * Nothing here depends on who ran what. */
#include "sim/internal.h"

#include "base/hash.h"
#include "exec/parallel.h"

#include <assert.h>

/* Ticks [begin, end) of one fleet; cut where an observer must drain, never by a window. */
typedef struct segment {
  tl_world *world;
  tl_fleet *fleet;
  int64_t begin, end;
  bool last; /* of this window */
} segment;

static void run_block(void *context, uint32_t block, uint32_t thread)
{
  const segment *s = context;
  tl_frame frame = {.world = s->world,
                    .fleet = s->fleet,
                    .scratch = &s->world->scratch[thread],
                    .block = block,
                    .path = s->world->def.path,
                    .first_tick = s->begin};
  tl_frame_bind(&frame);
  for (int64_t tick = s->begin; tick < s->end; tick++) {
    frame.tick = tick;
    tl_frame_inputs(&frame); /* of recordings; events and faults were applied between windows */
    tl_frame_sense(&frame);
    tl_frame_infer(&frame);
    tl_frame_act(&frame);
    tl_frame_record(&frame);
    tl_frame_step(&frame);
  }
  if (s->last) tl_frame_finish(&frame);
}

static int64_t segment_end(const tl_world *world, uint32_t fleet, int64_t begin, int64_t end)
{
  for (uint32_t i = 0; i < world->observer_count; i++) {
    const tl_observer *o = &world->observers[i];
    const uint32_t room =
        o->segment_ticks ? o->segment_ticks(o->self, (tl_fleet_id){fleet + 1}) : UINT32_MAX;
    assert(room > 0);
    if (end - begin > (int64_t)room) end = begin + (int64_t)room;
  }
  return end;
}

static void count_steps(tl_world *world, const tl_fleet *fleet, int64_t begin, int64_t end)
{
  for (int64_t tick = begin; tick < end; tick++) {
    uint64_t steps = fleet->steps_per_tick;
    if (fleet->stamps_ns) {
      const int64_t dt_ns =
          tl_fleet_time_of_tick(fleet, tick + 1) - tl_fleet_time_of_tick(fleet, tick);
      steps = (uint64_t)((dt_ns + fleet->dt_ns - 1) / fleet->dt_ns);
    }
    world->device_steps += steps * fleet->store.device_count;
  }
}

static tl_code run_fleet(tl_world *world, uint32_t index, int64_t end_ns, tl_error *err)
{
  tl_fleet *fleet = world->fleets[index];
  const int64_t end = tl_fleet_ticks_until(fleet, end_ns);
  int64_t begin = fleet->tick_count;
  do {
    segment s = {world, fleet, begin, segment_end(world, index, begin, end), false};
    s.last = s.end == end;
    tl_parallel_for(fleet->store.block_count, world->def.thread_count, run_block, &s);
    count_steps(world, fleet, s.begin, s.end);
    fleet->tick_count = s.end;
    for (uint32_t i = 0; i < world->observer_count; i++) {
      const tl_observer *o = &world->observers[i];
      const tl_code code =
          o->segment_end ? o->segment_end(o->self, (tl_fleet_id){index + 1}, s.end, err) : TL_OK;
      if (code != TL_OK) return code;
    }
    begin = s.end;
  } while (begin < end);
  return TL_OK;
}

tl_code tl_world_run_window(tl_world *world, int64_t end_ns, tl_error *err)
{
  const int64_t begin_ns = world->now_ns;
  for (uint32_t i = 0; i < world->fleet_count; i++) {
    const tl_code code = run_fleet(world, i, end_ns, err);
    if (code != TL_OK) return code;
  }
  world->now_ns = end_ns;
  uint64_t root = (uint64_t)end_ns;
  for (uint32_t i = 0; i < world->fleet_count; i++)
    root = tl_hash64(world->fleets[i]->digests,
                     world->fleets[i]->store.block_count * sizeof(uint64_t), root);
  world->roots[world->window_count++] = root;
  const tl_window_view view = {world->window_count - 1, begin_ns, end_ns, world};
  for (uint32_t i = 0; i < world->observer_count; i++) {
    const tl_observer *o = &world->observers[i];
    const tl_code code = o->window_end ? o->window_end(o->self, &view, err) : TL_OK;
    if (code != TL_OK) return code;
  }
  return TL_OK;
}
