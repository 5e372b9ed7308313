/* closed_loop.c: what happens to a block at a tick, stage by stage; the leaves are in edge, kernels and the twin. */
#include "sim/internal.h"

#include "base/simd.h"
#include "sim/driven.h"

#include <assert.h>
#include <string.h>

#define COLUMN(index) (frame->scratch->column[index])

static void refresh(tl_frame *frame);
static tl_sensor_rows sensor_rows(const tl_frame *frame, const tl_sensor *sensor);
static tl_actuator_rows actuator_rows(const tl_frame *frame, const tl_actuator *actuator);

void tl_frame_bind(tl_frame *frame)
{
  const tl_store *store = &frame->fleet->store;
  frame->rows = tl_store_block_rows(store, frame->block);
  frame->row_padded = tl_rows_padded(frame->rows);
  frame->tick = frame->first_tick;
  for (uint32_t c = 0; c < store->column_count; c++) {
    unsigned char *rows = tl_store_rows(store, frame->block, c);
    frame->scratch->raw[c] = rows;
    frame->scratch->column[c] =
        store->columns[c].info.type == TL_F64 ? (double *)(void *)rows : NULL;
  }
  if (frame->fleet->stale[frame->block]) refresh(frame);
}

/* After a write to parameters: which stages have work, and the map. */
static void refresh(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  for (uint32_t i = 0; i < fleet->sensor_count; i++) {
    const tl_sensor_rows rows = sensor_rows(frame, &fleet->sensors[i]);
    const uint32_t features = tl_sensor_features(&rows, frame->row_padded);
    fleet->features[frame->block * fleet->sensor_count + i] = features;
    if (!(features & TL_SENSOR_HOLD))
      memset(rows.missing, 0, frame->row_padded * sizeof *rows.missing); /* no one else would */
  }
  for (uint32_t i = 0; i < fleet->actuator_count; i++) {
    const tl_actuator_rows rows = actuator_rows(frame, &fleet->actuators[i]);
    fleet->faulty[frame->block * fleet->actuator_count + i] =
        tl_actuator_faulty(&rows, frame->row_padded);
  }
  if (fleet->affine.map) tl_affine_build(fleet, frame->scratch, frame->block, frame->path);
  fleet->stale[frame->block] = 0;
}

static uint32_t stamp_at(const tl_drive *drive, int64_t at_ns)
{
  uint32_t low = 0, high = drive->count; /* last stamp <= at_ns, or the first */
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (drive->stamps_ns[middle] <= at_ns)
      low = middle;
    else
      high = middle;
  }
  return low;
}

void tl_frame_inputs(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  frame->at_ns = tl_fleet_time_of_tick(fleet, frame->tick);
  frame->next_ns = tl_fleet_time_of_tick(fleet, frame->tick + 1);
  frame->at_s = (double)frame->at_ns / 1e9;
  for (uint32_t d = 0; d < fleet->drive_count; d++) {
    const tl_drive *drive = &fleet->drives[d];
    const double value = drive->values[stamp_at(drive, frame->at_ns)];
    double *rows = COLUMN(drive->column);
    for (uint32_t i = 0; i < frame->row_padded; i++) rows[i] = value;
    if (fleet->store.columns[drive->column].region == TL_REGION_PARAM)
      fleet->store.param_stale[frame->block] = 1;
  }
}

static tl_sensor_rows sensor_rows(const tl_frame *frame, const tl_sensor *s)
{
  return (tl_sensor_rows){.measured = COLUMN(s->measured),
                          .truth = COLUMN(s->truth),
                          .noise = COLUMN(s->noise),
                          .bias = COLUMN(s->bias),
                          .drift_per_s = COLUMN(s->drift_per_s),
                          .drift_from_s = COLUMN(s->drift_from_s),
                          .resolution = COLUMN(s->resolution),
                          .dropout = COLUMN(s->dropout),
                          .stuck = COLUMN(s->stuck),
                          .missing = COLUMN(s->missing),
                          .low = s->def.low,
                          .high = s->def.high};
}

/* A sensor whose very first sample is missing or stuck holds what was true then, not the column's initial value. */
static void first_value(const tl_sensor_rows *rows, uint32_t row_count)
{
  for (uint32_t i = 0; i < row_count; i++) {
    const double value = rows->truth[i] < rows->low ? rows->low : rows->truth[i];
    rows->measured[i] = value > rows->high ? rows->high : value;
  }
}

void tl_frame_sense(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  const uint32_t first = frame->block * TL_BLOCK_ROWS;
  if (fleet->outputs_sensed)
    fleet->twin->output(frame->scratch->column, (tl_slice){0, frame->row_padded});
  for (uint32_t i = 0; i < fleet->sensor_count; i++) {
    const tl_sensor *sensor = &fleet->sensors[i];
    const uint32_t features = fleet->features[frame->block * fleet->sensor_count + i];
    float(*normal)[TL_BLOCK_ROWS] = frame->scratch->normal[i];
    if ((features & TL_SENSOR_NOISE) &&
        ((frame->tick & 3) == 0 || frame->tick == frame->first_tick))
      tl_rng_normal_block(frame->path, sensor->noise_key, first, frame->row_padded,
                          (uint64_t)frame->tick / 4, normal);
    if (features & TL_SENSOR_HOLD)
      for (uint32_t row = 0; row < frame->row_padded; row++)
        frame->scratch->uniform[row] =
            tl_rng_uniform(sensor->dropout_key, first + row, (uint64_t)frame->tick);
    const tl_sensor_rows rows = sensor_rows(frame, sensor);
    if (frame->tick == 0 && (features & TL_SENSOR_HOLD)) first_value(&rows, frame->row_padded);
    tl_sensor_sample(frame->path, &rows, frame->row_padded, features, frame->at_s,
                     normal[frame->tick & 3], frame->scratch->uniform);
  }
}

void tl_frame_infer(tl_frame *frame)
{
  if (frame->fleet->has_detector) tl_detector_run(frame);
}

static void control(tl_frame *frame, double dt_s)
{
  const tl_fleet *fleet = frame->fleet;
  const tl_controller *c = &fleet->controller;
  if (c->kind == TL_CONTROL_NONE) return;
  const tl_actuator *actuator = &fleet->actuators[c->actuator];
  double *command = COLUMN(actuator->command),
         *measured = COLUMN(fleet->sensors[c->sensor].measured);
  const double low = actuator->limits.low, high = actuator->limits.high;
  if (c->kind == TL_CONTROL_HYSTERESIS) {
    const tl_hysteresis_rows rows = {command, measured, COLUMN(c->setpoint), COLUMN(c->band)};
    tl_hysteresis_run(frame->path, &rows, frame->row_padded, low, high);
  } else {
    const tl_pid_rows rows = {command,
                              COLUMN(c->integral),
                              COLUMN(c->last_measured),
                              COLUMN(c->started),
                              measured,
                              COLUMN(c->setpoint),
                              COLUMN(c->kp),
                              COLUMN(c->ki),
                              COLUMN(c->kd)};
    tl_pid_run(&rows, frame->row_padded, low, high, dt_s);
  }
}

static void fall_back(tl_frame *frame)
{
  const tl_fleet *fleet = frame->fleet;
  if (!fleet->has_detector || fleet->detector.reaction != TL_REACT_FALLBACK) return;
  const uint8_t *alarm = frame->scratch->raw[fleet->detector.alarm];
  double *command = COLUMN(fleet->actuators[0].command);
  for (uint32_t i = 0; i < frame->row_padded; i++)
    if (alarm[i]) command[i] = fleet->detector.fallback_command;
}

static tl_actuator_rows actuator_rows(const tl_frame *frame, const tl_actuator *a)
{
  return (tl_actuator_rows){COLUMN(a->applied),  COLUMN(a->command),    COLUMN(a->stuck),
                            COLUMN(a->stuck_at), COLUMN(a->efficiency), COLUMN(a->position),
                            COLUMN(a->since_s)};
}

void tl_frame_act(tl_frame *frame)
{
  const tl_fleet *fleet = frame->fleet;
  const int64_t dt_ns =
      frame->next_ns > frame->at_ns ? frame->next_ns - frame->at_ns : fleet->dt_ns;
  const double dt_s = (double)dt_ns / 1e9;
  control(frame, dt_s);
  fall_back(frame);
  for (uint32_t i = 0; i < fleet->actuator_count; i++) {
    const tl_actuator *actuator = &fleet->actuators[i];
    const tl_actuator_rows rows = actuator_rows(frame, actuator);
    tl_actuator_apply(frame->path, &rows, frame->row_padded, &actuator->limits,
                      fleet->faulty[frame->block * fleet->actuator_count + i], frame->at_s, dt_s);
  }
}

void tl_frame_record(tl_frame *frame)
{
  const tl_world *world = frame->world;
  bool wanted = false;
  for (uint32_t i = 0; i < world->observer_count; i++) wanted |= world->observers[i].tick != NULL;
  if (!wanted) return;
  tl_fleet *fleet = frame->fleet;
  if (fleet->twin->output)
    fleet->twin->output(frame->scratch->column, (tl_slice){0, frame->row_padded});
  uint32_t index1 = 1;
  while (world->fleets[index1 - 1] != fleet) index1++;
  const tl_tick_view view = {
      {index1},     frame->block,           frame->rows,        frame->row_padded, frame->tick,
      frame->at_ns, frame->scratch->column, frame->scratch->raw};
  for (uint32_t i = 0; i < world->observer_count; i++)
    if (world->observers[i].tick) world->observers[i].tick(world->observers[i].self, &view);
}

void tl_frame_step(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  if (fleet->affine.map) {
    tl_affine_apply(fleet, frame->scratch->column, frame->block, frame->row_padded, frame->path);
    return;
  }
  tl_driven_step(fleet->twin, frame->scratch->column, (tl_slice){0, frame->row_padded},
                 frame->next_ns - frame->at_ns, fleet->dt_ns, frame->path);
}

void tl_frame_finish(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  if (fleet->twin->output)
    fleet->twin->output(frame->scratch->column, (tl_slice){0, frame->row_padded});
  double poison = 0.0; /* x - x is 0 for a number, NaN for NaN and infinity */
  for (uint32_t c = 0; c < fleet->twin->column_count; c++) {
    if (fleet->twin->columns[c].role != TL_STATE) continue;
    const double *rows = COLUMN(c);
    for (uint32_t i = 0; i < frame->row_padded; i++) poison += rows[i] - rows[i];
  }
  fleet->not_finite[frame->block] = !(poison == 0.0);
  fleet->digests[frame->block] = tl_store_digest(&fleet->store, frame->block);
}
