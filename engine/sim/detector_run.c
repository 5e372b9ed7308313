/* detector_run.c: a detector at a tick: features into windows, inference for the block, alarm, charge. */
#include "sim/internal.h"

uint8_t *tl_detector_dynamic(const tl_fleet *fleet, uint32_t block)
{
  return fleet->store.memory[TL_REGION_DYNAMIC] +
         (size_t)block * fleet->store.block_bytes[TL_REGION_DYNAMIC];
}

static void push_windowed(tl_frame *frame, uint8_t *bytes, uint32_t phase)
{
  const tl_detector *d = &frame->fleet->detector;
  const tl_detector_ring *ring = &d->rings[0];
  for (uint32_t channel = 0; channel < ring->channel_count; channel++) {
    tl_detector_feature(frame, &ring->channels[channel], frame->scratch->feature);
    tl_window_push_real(&d->versions[0].window, bytes, TL_BLOCK_ROWS, frame->row_padded, phase,
                        channel, frame->scratch->feature);
  }
}

void tl_detector_feature(tl_frame *frame, const tl_detector_channel *channel, double *out)
{
  const double *restrict value = frame->scratch->column[channel->value];
  const double mean = channel->mean, scale = channel->scale;
  if (channel->minus == TL_NO_COLUMN) {
    for (uint32_t i = 0; i < frame->row_padded; i++) out[i] = (value[i] - mean) * scale;
  } else {
    const double *restrict minus = frame->scratch->column[channel->minus];
    for (uint32_t i = 0; i < frame->row_padded; i++)
      out[i] = ((value[i] - minus[i]) - mean) * scale;
  }
}

/* Sums of one version for the whole block: a classifier's score is its first output. */
static void score_windowed(tl_frame *frame, const tl_window *w, const uint8_t *ring, uint32_t phase)
{
  int32_t *sums = frame->scratch->sums;
  int8_t *out = frame->scratch->outputs;
  if (w->reconstructs && frame->fleet->detector.reconstructs) {
    tl_window_score(w, ring, TL_BLOCK_ROWS, frame->row_padded, phase, sums);
    return;
  }
  tl_window_outputs(w, ring, TL_BLOCK_ROWS, frame->row_padded, phase, out);
  for (uint32_t i = 0; i < frame->row_padded; i++) sums[i] = out[i] - w->output_zero_point;
}

uint32_t tl_detector_version_of(const tl_frame *frame, uint32_t row)
{
  const tl_detector *d = &frame->fleet->detector;
  if (d->version_count == 1) return 0;
  const double version = frame->scratch->column[d->version][row];
  return version >= 1.0 ? (uint32_t)version : 0; /* the column's range ends at the last one */
}

/* Versions in a block are a roll-out in waves: each that runs there scores the block, and gives its
 * rows their scores. */
static void score_versions(tl_frame *frame, const uint8_t *ring, uint32_t phase)
{
  const tl_detector *d = &frame->fleet->detector;
  double *score = frame->scratch->column[d->score];
  for (uint32_t v = 0; v < d->version_count; v++) {
    uint32_t rows = 0;
    for (uint32_t i = 0; i < frame->row_padded; i++) rows += tl_detector_version_of(frame, i) == v;
    if (rows == 0) continue;
    score_windowed(frame, &d->versions[v].window, ring, phase);
    for (uint32_t i = 0; i < frame->row_padded; i++)
      if (tl_detector_version_of(frame, i) == v)
        score[i] = (double)frame->scratch->sums[i] * d->versions[v].scoring.scale;
  }
}

/* An inference may take longer than a tick and lasts until it is done: it is spread over the ticks of its
 * hop, so that the duty is that of the device, whatever its sampling rate. */
static void count_charge(tl_frame *frame)
{
  const tl_detector *d = &frame->fleet->detector;
  tl_scratch *s = frame->scratch;
  if (!d->has_battery) return;
  enum { COUNT, MESSAGES, CHARGE, TIME };
  const double share = 1.0 / (double)d->hop;
  for (uint32_t i = 0; i < frame->row_padded; i++) {
    const tl_detector_version *version = &d->versions[tl_detector_version_of(frame, i)];
    s->drawn[COUNT][i] = share;
    s->drawn[MESSAGES][i] = 0.0;
    s->drawn[CHARGE][i] = version->inference_C;
    s->drawn[TIME][i] = version->inference_s;
    s->column[d->inference_J][i] = version->inference_J;
  }
  const tl_coulomb_rows rows = {.charge_C = s->column[d->charge],
                                .state_of_charge = s->column[d->state_of_charge],
                                .duty = s->column[d->duty],
                                .capacity_C = s->column[d->capacity],
                                .sleep_A = s->column[d->sleep],
                                .inference_C = s->drawn[CHARGE],
                                .inference_s = s->drawn[TIME],
                                .message_C = s->drawn[MESSAGES],
                                .inferences = s->drawn[COUNT],
                                .messages = s->drawn[MESSAGES]};
  const int64_t dt_ns = tl_fleet_time_of_tick(frame->fleet, frame->tick + 1) -
                        tl_fleet_time_of_tick(frame->fleet, frame->tick);
  if (dt_ns > 0) tl_coulomb_run(frame->path, &rows, frame->row_padded, (double)dt_ns * 1e-9);
}

void tl_detector_run(tl_frame *frame)
{
  tl_fleet *fleet = frame->fleet;
  const tl_detector *d = &fleet->detector;
  const tl_detector_ring *ring = &d->rings[0];
  uint8_t *bytes = tl_detector_dynamic(fleet, frame->block) + ring->offset;
  const uint32_t phase = (uint32_t)(frame->tick % ring->window), next = (phase + 1) % ring->window;
  const bool infers = (frame->tick + 1) % d->hop == 0;
  if (d->windowed)
    push_windowed(frame, bytes, phase);
  else
    tl_detector_push(frame);
  count_charge(frame);
  if (!infers) return;
  const tl_alarm_rows rows = {.score = frame->scratch->column[d->score],
                              .threshold = frame->scratch->column[d->threshold],
                              .alarm = (uint8_t *)(uintptr_t)frame->scratch->raw[d->alarm],
                              .streak = (uint8_t *)(uintptr_t)frame->scratch->raw[d->streak],
                              .onsets = (int32_t *)(uintptr_t)frame->scratch->raw[d->onsets],
                              .onset_s = frame->scratch->column[d->onset_s]};
  /* before that the window holds zeros: no alarm from those */
  const bool armed =
      tl_detector_samples(ring, frame->tick) >= (int64_t)ring->window && frame->at_s >= d->arm_s;
  if (d->windowed && d->version_count == 1) {
    score_windowed(frame, &d->versions[0].window, bytes, next);
    tl_alarm_run(frame->path, &rows, frame->row_padded, frame->scratch->sums,
                 d->versions[0].scoring.scale, armed ? d->persist : 0, frame->at_s);
    return;
  }
  if (d->windowed)
    score_versions(frame, bytes, next);
  else
    tl_detector_infer(frame);
  if (armed) tl_alarm_decide(&rows, frame->row_padded, d->persist, frame->at_s);
}
