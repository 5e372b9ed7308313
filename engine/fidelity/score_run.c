#include "fidelity/score.h"

#include <stdlib.h>
#include <string.h>

/* All channels of one device, read into one block of memory. */
typedef struct channels {
  tl_trace *traces;
  uint32_t count;
  void *memory;
} channels;

static bool wanted(const tl_score_side *side, const tl_signal_def *signal, bool simulated,
                   const tl_score_pair *pairs, uint32_t pair_count)
{
  if (pairs == NULL)
    return !(simulated && signal->role == TL_INPUT &&
             strcmp(tl_recording_kind(side->recording), "run") == 0);
  for (uint32_t i = 0; i < pair_count; i++)
    if (strcmp(simulated ? pairs[i].sim : pairs[i].rec, signal->name) == 0) return true;
  return false;
}

static tl_code find_device(const tl_score_side *side, uint32_t fleet, uint32_t *out, tl_error *err)
{
  if (tl_recording_fleet_at(side->recording, fleet)->device_count == 1) {
    *out = 0;
    return TL_OK;
  }
  return tl_recording_device_find(side->recording, fleet, side->device, out, err);
}

/* Names of channels that are not read still count for messages: they come without samples. */
static tl_code read_side(channels *out, const tl_score_side *side, bool simulated,
                         const tl_score_pair *pairs, uint32_t pair_count, tl_error *err)
{
  uint32_t fleet_index = 0, device = 0;
  memset(out, 0, sizeof *out);
  tl_code code = tl_recording_fleet_find(side->recording, side->fleet, &fleet_index, err);
  if (code == TL_OK) code = find_device(side, fleet_index, &device, err);
  if (code != TL_OK) return code;

  const tl_recording_fleet *fleet = tl_recording_fleet_at(side->recording, fleet_index);
  const size_t samples = (size_t)fleet->sample_count;
  out->traces = calloc(fleet->signal_count + (size_t)1, sizeof *out->traces);
  out->memory = calloc((size_t)fleet->signal_count * samples + 1, sizeof(double));
  if (out->traces == NULL || out->memory == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "%s: no memory for %u channels of %zu samples",
                   tl_recording_path(side->recording), fleet->signal_count, samples);
  double *next = out->memory;
  for (uint32_t s = 0; s < fleet->signal_count && code == TL_OK; s++) {
    const tl_signal_def *signal = &fleet->signals[s];
    const bool read = wanted(side, signal, simulated, pairs, pair_count);
    if (!read && pairs == NULL) continue;
    out->traces[out->count++] = (tl_trace){.name = signal->name,
                                           .unit = signal->unit,
                                           .at_ns = fleet->times_ns,
                                           .value = next,
                                           .count = read ? samples : 0};
    if (read && samples > 0)
      code = tl_recording_read(side->recording, fleet_index, s, device, 0, samples, next, err);
    if (read) next += samples;
  }
  return code;
}

static void channels_free(channels *side)
{
  free(side->traces);
  free(side->memory);
}

tl_code tl_score_run(tl_score *out, const tl_score_side *sim, const tl_score_side *rec,
                     const tl_score_pair *pairs, uint32_t pair_count,
                     const tl_score_options *options, tl_error *err)
{
  channels a = {0}, b = {0};
  memset(out, 0, sizeof *out);
  tl_code code = read_side(&a, sim, true, pairs, pair_count, err);
  if (code == TL_OK) code = read_side(&b, rec, false, pairs, pair_count, err);
  if (code == TL_OK)
    code =
        tl_score_sets(out, a.traces, a.count, b.traces, b.count, pairs, pair_count, options, err);
  channels_free(&a);
  channels_free(&b);
  return code;
}
