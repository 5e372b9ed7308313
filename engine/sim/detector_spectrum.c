/* detector_spectrum.c: a device that listens: a tick is a sample, frames of a spectrum (kernels/features) are what the
 * model's window holds. Every device of a fleet has heard as many samples, so all make their frames at the same ticks. */
#include "sim/internal.h"

#include "base/dmath.h"

#include <stdlib.h>

enum { FEATURES_BYTES = TL_FRONTEND_CHANNELS_MAX * 5 }; /* int32 and int8 of a frame */

static size_t padded8(size_t bytes) { return (bytes + 7) & ~(size_t)7; }

int64_t tl_detector_samples(const tl_detector_ring *ring, int64_t tick)
{
  if (!ring->has_spectrum) return tick + 1;
  const int64_t frame = ring->spectrum.def.frame_samples, step = ring->spectrum.def.step_samples;
  return tick + 1 < frame ? 0 : (tick + 1 - frame) / step + 1;
}

double *tl_detector_slot(const tl_frame *frame, const tl_detector_ring *ring, uint32_t slot)
{
  uint8_t *bytes = tl_detector_dynamic(frame->fleet, frame->block) + ring->offset;
  return (double *)(void *)bytes + (size_t)slot * TL_BLOCK_ROWS;
}

static tl_code check(const tl_fleet *fleet, const tl_fleet_def *def, uint32_t input, tl_error *err)
{
  const tl_detector_input *from = &def->detector.inputs[input];
  const int64_t rate = from->spectrum.sample_rate_Hz;
  if (from->channel_count != 1)
    return tl_fail(err, TL_E_ARG, def->where, "a spectrum is of one channel, not of %u",
                   from->channel_count);
  if (!(from->full_scale > 0.0 && from->full_scale < 1e12))
    return tl_fail(err, TL_E_ARG, def->where, "a spectrum's full scale must be above 0");
  if (fleet->stamps_ns || rate <= 0 || fleet->tick_ns > 1000000000 / rate + 1 ||
      fleet->tick_ns < 1000000000 / rate)
    return tl_fail(err, TL_E_ARG, def->where,
                   "the spectrum hears %lld samples a second, so the fleet's tick must be %lld ns, "
                   "not %lld ns",
                   (long long)rate, (long long)(rate > 0 ? 1000000000 / rate : 0),
                   (long long)fleet->tick_ns);
  return TL_OK;
}

tl_code tl_spectrum_create(tl_fleet *fleet, const tl_fleet_def *def, uint32_t input, tl_error *err)
{
  tl_detector *d = &fleet->detector;
  tl_detector_ring *ring = &d->rings[input];
  const tl_detector_input *from = &def->detector.inputs[input];
  const tl_tensor *tensor = tl_model_input(&d->versions[0].model, input);
  tl_kernel_status status;
  size_t bytes = 0;
  const tl_code code = check(fleet, def, input, err);
  if (code != TL_OK) return code;
  tl_frontend_def recipe = from->spectrum;
  recipe.output_scale = tensor->scale;
  recipe.output_zero_point = tensor->zero_point;
  for (uint32_t v = 0; v < d->version_count; v++) {
    const tl_tensor *other = tl_model_input(&d->versions[v].model, input);
    if (other->type != TL_TENSOR_INT8 || other->scale != tensor->scale ||
        other->zero_point != tensor->zero_point)
      return tl_fail(
          err, TL_E_MODEL, def->where,
          "%s: input %u hears a spectrum: it must be int8, with one scale and zero point "
          "in every version",
          def->detector.versions[v].name, input);
  }
  if (tl_frontend_bytes(&bytes, &recipe, &status) != TL_KERNEL_OK)
    return tl_fail(err, TL_E_ARG, def->where, "spectrum: %s", status.reason);
  ring->tables = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
  if (!ring->tables) return tl_fail(err, TL_E_LIMIT, def->where, "no memory for a spectrum");
  if (tl_frontend_setup(&ring->spectrum, ring->tables, bytes, &recipe, &status) != TL_KERNEL_OK)
    return tl_fail(err, TL_E_ARG, def->where, "spectrum: %s", status.reason);
  const uint32_t features = (uint32_t)ring->spectrum.feature_count;
  if (tensor->element_count % features != 0)
    return tl_fail(err, TL_E_MODEL, def->where,
                   "%s: input %u has %u elements, not a multiple of %u features",
                   def->detector.versions[0].name, input, tensor->element_count, features);
  ring->has_spectrum = true;
  ring->channel_count = features;
  ring->window = tensor->element_count / features;
  ring->samples_per_unit = 32767.0 / from->full_scale;
  return tl_store_add_bytes(&fleet->store, TL_REGION_DYNAMIC,
                            (uint32_t)padded8(ring->spectrum.state_bytes) * TL_BLOCK_ROWS,
                            &ring->hearing, err);
}

void tl_spectrum_reset(const tl_detector_ring *ring, uint8_t *dynamic)
{
  const size_t bytes = padded8(ring->spectrum.state_bytes);
  for (uint32_t row = 0; row < TL_BLOCK_ROWS; row++)
    tl_frontend_reset(&ring->spectrum, dynamic + ring->hearing + row * bytes);
}

static int16_t sample_of(double value, double per_unit)
{
  const double q = tl_math_round_even(value * per_unit);
  return q >= 32767.0 ? 32767 : q > -32768.0 ? (int16_t)q : -32768; /* a NaN is the lowest */
}

/* The frame's int8 features go into the window as the real numbers that they stand for. */
static void put_frame(tl_frame *frame, const tl_detector_ring *ring, uint32_t row,
                      const int8_t *quantised)
{
  const tl_frontend_def *def = &ring->spectrum.def;
  const int64_t done = tl_detector_samples(ring, frame->tick);
  const uint32_t phase = (uint32_t)((done - 1) % ring->window);
  for (uint32_t f = 0; f < ring->channel_count; f++)
    tl_detector_slot(frame, ring, phase * ring->channel_count + f)[row] =
        (double)(quantised[f] - def->output_zero_point) * (double)def->output_scale;
}

void tl_spectrum_push(tl_frame *frame, const tl_detector_ring *ring, const double *value)
{
  uint8_t *dynamic = tl_detector_dynamic(frame->fleet, frame->block) + ring->hearing;
  const size_t bytes = padded8(ring->spectrum.state_bytes);
  int32_t *features = (int32_t *)(void *)frame->scratch->model.spectrum;
  int8_t *quantised = (int8_t *)(features + TL_FRONTEND_CHANNELS_MAX);
  uint8_t *scratch = frame->scratch->model.spectrum + FEATURES_BYTES;
  for (uint32_t row = 0; row < frame->rows; row++) {
    const int16_t sample = sample_of(value[row], ring->samples_per_unit);
    size_t taken = 0;
    if (!tl_frontend_push(&ring->spectrum, dynamic + row * bytes, scratch, &sample, 1, &taken,
                          features))
      continue;
    tl_frontend_quantize(&ring->spectrum, quantised, features);
    put_frame(frame, ring, row, quantised);
  }
}
