#include "judge/internal.h"

#include <assert.h>
#include <string.h>

enum { LOG_SHIFT = 42 }; /* keeps sign, exponent and 10 bits: below 0.1 % of the value */

static tl_bins linear(double low, double high, double width)
{
  tl_bins bins = {.low = low, .width = width};
  const double steps = (high - low) / width;
  bins.count = steps < (double)(TL_BINS_MAX - 2) ? (uint32_t)steps + 2 : TL_BINS_MAX;
  const double per_unit = nearbyint(1.0 / width);
  if (fabs(per_unit * width - 1.0) < 1e-12) {
    bins.per_unit = per_unit;
    bins.low = nearbyint(low * per_unit) / per_unit;
  }
  return bins;
}

tl_bins tl_bins_for_errors(const tl_column *column)
{
  tl_unit unit, kelvin;
  const bool known = tl_unit_find(&unit, column->unit, NULL, NULL) == TL_OK &&
                     tl_unit_find(&kelvin, "K", NULL, NULL) == TL_OK;
  if (known && tl_unit_same_dimension(&unit, &kelvin)) return linear(0.0, 65.0, 0.001);
  if (column->resolution > 0.0)
    return linear(0.0, 65536.0 * column->resolution, column->resolution);
  return linear(0.0, column->high - column->low, (column->high - column->low) / 65536.0);
}

/* A range that the declared resolution fills with few bins; else the bins lie around the initial
 * value; else by bits. Values beyond the bins are told by the exact minimum and maximum. */
tl_bins tl_bins_for_column(const tl_column *column)
{
  const double range = column->high - column->low, half = (double)(TL_BINS_MAX / 2);
  if (column->resolution > 0.0) {
    if (range / column->resolution < (double)(TL_BINS_MAX - 2))
      return linear(column->low, column->high, column->resolution);
    return linear(column->initial - half * column->resolution,
                  column->initial + half * column->resolution, column->resolution);
  }
  if (range < 1e6) return linear(column->low, column->high, range / (double)(TL_BINS_MAX - 2));
  return (tl_bins){.count = 1u << (64 - LOG_SHIFT), .logarithmic = true};
}

/* Order of the bits = order of the values. */
static uint64_t ordered_bits(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double from_ordered_bits(uint64_t ordered)
{
  const uint64_t bits = ordered >> 63 ? ordered & ~(UINT64_C(1) << 63) : ~ordered;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bin_of(const tl_bins *bins, double value)
{
  if (bins->logarithmic) return (uint32_t)(ordered_bits(value) >> LOG_SHIFT);
  const double at = (value - bins->low) * (1.0 / bins->width) + 0.5,
               last = (double)(bins->count - 1);
  return at <= 0.0 ? 0u : at >= last ? bins->count - 1u : (uint32_t)at;
}

static double centre_of(const tl_bins *bins, uint32_t bin)
{
  if (bins->logarithmic)
    return from_ordered_bits(((uint64_t)bin << LOG_SHIFT) + (UINT64_C(1) << (LOG_SHIFT - 1)));
  if (bins->per_unit > 0.0)
    return (nearbyint(bins->low * bins->per_unit) + (double)bin) / bins->per_unit;
  return bins->low + (double)bin * bins->width;
}

static tl_partial empty(void)
{
  return (tl_partial){.low = (double)INFINITY, .high = -(double)INFINITY};
}

/* The errors or values of the chosen rows, packed to the front; returns how many. */
static uint32_t gather(const tl_judge *judge, const tl_meter *meter, const tl_source *source,
                       uint32_t block, double out[TL_BLOCK_ROWS])
{
  const tl_world *world = judge->world;
  const tl_choice *choice = &meter->choice;
  const tl_fleet_id fleet = source->fleet;
  const uint32_t rows = tl_rows_of_block(tl_fleet_device_count(world, fleet), block);
  double setpoint[TL_BLOCK_ROWS];
  tl_block_values(world, fleet, block, rows, source->column, out);
  if (source->setpoint != TL_NO_COLUMN) {
    tl_block_values(world, fleet, block, rows, source->setpoint, setpoint);
    for (uint32_t i = 0; i < rows; i++) out[i] = fabs(out[i] - setpoint[i]);
    double *error_max = source->error_max + block * TL_BLOCK_ROWS;
    if (choice->devices == NULL)
      for (uint32_t i = 0; i < rows; i++)
        error_max[i] = out[i] > error_max[i] ? out[i] : error_max[i];
  }
  if (choice->devices == NULL) return rows;
  uint32_t count = 0;
  for (uint32_t k = choice->block_begin[block]; k < choice->block_begin[block + 1]; k++) {
    const uint32_t row = choice->devices[k] - block * TL_BLOCK_ROWS;
    const double value = out[row]; /* rows ascend: row >= count, nothing unread is overwritten */
    if (source->setpoint != TL_NO_COLUMN) {
      double *error_max = &source->error_max[choice->devices[k]];
      if (value > *error_max) *error_max = value;
    }
    out[count++] = value;
  }
  return count;
}

/* Eight lanes whatever the vector unit, added in lane order: the same bits everywhere. */
static tl_partial add_up(const double *value, uint32_t count, double band)
{
  double sum[TL_LANES] = {0}, low[TL_LANES], high[TL_LANES];
  tl_partial p = empty();
  for (uint32_t j = 0; j < TL_LANES; j++) {
    low[j] = (double)INFINITY;
    high[j] = -(double)INFINITY;
  }
  uint32_t i = 0;
  for (; i + TL_LANES <= count; i += TL_LANES)
    for (uint32_t j = 0; j < TL_LANES; j++) {
      const double v = value[i + j];
      sum[j] += v;
      low[j] = v < low[j] ? v : low[j];
      high[j] = v > high[j] ? v : high[j];
    }
  for (uint32_t j = 0; i < count; i++, j++) {
    sum[j] += value[i];
    low[j] = value[i] < low[j] ? value[i] : low[j];
    high[j] = value[i] > high[j] ? value[i] : high[j];
  }
  p.count = count;
  for (uint32_t k = 0; k < count && band < (double)INFINITY; k++) p.over += value[k] > band;
  for (uint32_t j = 0; j < TL_LANES; j++) {
    p.sum += sum[j];
    if (low[j] < p.low) p.low = low[j];
    if (high[j] > p.high) p.high = high[j];
  }
  return p;
}

/* Missing samples are NaN: moves the others to the front. Almost always there is nothing to do. */
static uint32_t drop_missing(double *value, uint32_t count)
{
  uint32_t missing = 0;
  for (uint32_t i = 0; i < count; i++) missing |= value[i] != value[i];
  if (!missing) return count;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    value[kept] = value[i];
    kept += value[i] == value[i];
  }
  return kept;
}

static void count_linear(uint64_t *counts, const tl_bins *bins, const double *value, uint32_t count)
{
  const double last = (double)(bins->count - 1), inverse = 1.0 / bins->width;
  uint32_t bin[TL_BLOCK_ROWS];
  for (uint32_t i = 0; i < count; i++) {
    double at = (value[i] - bins->low) * inverse + 0.5;
    at = at > 0.0 ? at : 0.0;
    bin[i] = (uint32_t)(int32_t)(at < last ? at : last);
  }
  for (uint32_t i = 0; i < count; i++) counts[bin[i]]++;
}

void tl_meter_sample_block(tl_judge *judge, tl_meter *meter, const tl_source *source,
                           uint32_t block, uint32_t thread, tl_partial *out)
{
  const tl_bins *bins = &meter->bins;
  double value[TL_BLOCK_ROWS];
  const uint32_t count = drop_missing(value, gather(judge, meter, source, block, value));
  *out = add_up(value, count, meter->band);
  if (bins->count == 0) return;
  uint64_t *counts = meter->counts + (size_t)thread * bins->count;
  if (!bins->logarithmic)
    count_linear(counts, bins, value, count);
  else
    for (uint32_t i = 0; i < count; i++) counts[bin_of(bins, value[i])]++;
}

static void combine(tl_partial *into, const tl_partial *p)
{
  into->sum += p->sum;
  into->count += p->count;
  into->over += p->over;
  if (p->low < into->low) into->low = p->low;
  if (p->high > into->high) into->high = p->high;
}

void tl_meter_close_window(tl_judge *judge, tl_meter *meter, int64_t begin_ns, int64_t end_ns)
{
  if (end_ns < meter->after_ns) return;
  if (meter->total.count == 0) meter->total = empty();
  const tl_partial *partials =
      judge->partials + (size_t)(meter - judge->meters) * judge->partial_stride;
  tl_partial now = empty();
  for (uint32_t i = 0; i < meter->source_count; i++) {
    const tl_source *source = &meter->sources[i];
    const tl_partial *own = partials + judge->first_block[source->fleet.index1 - 1];
    const uint32_t blocks = tl_fleet_block_count(judge->world, source->fleet);
    /* in block order: the same bits on any number of threads */
    for (uint32_t b = 0; b < blocks; b++) combine(&now, &own[b]);
    if (source->heat != NULL) tl_heat_add(source->heat, own, blocks, begin_ns, end_ns);
  }
  combine(&meter->total, &now);
  tl_track_add(&meter->track, begin_ns, end_ns, &now);
}

double tl_quantile_of(tl_statistic statistic)
{
  switch (statistic) {
    case TL_STAT_P50: return 0.50;
    case TL_STAT_P90: return 0.90;
    case TL_STAT_P95: return 0.95;
    case TL_STAT_P99: return 0.99;
    default: return 0.0;
  }
}

static double clamp(double value, const tl_partial *total)
{
  return value < total->low ? total->low : value > total->high ? total->high : value;
}

static double quantile(const tl_judge *judge, const tl_meter *meter, double q, double *bin_width)
{
  const tl_bins *bins = &meter->bins;
  const uint64_t rank = tl_rank_of(q, meter->total.count);
  const uint32_t first = bin_of(bins, meter->total.low), last = bin_of(bins, meter->total.high);
  uint64_t seen = 0;
  for (uint32_t b = first; b <= last; b++) {
    for (uint32_t t = 0; t < judge->thread_count; t++)
      seen += meter->counts[(size_t)t * bins->count + b];
    if (seen < rank) continue;
    const double centre = centre_of(bins, b);
    *bin_width = bins->logarithmic ? fabs(centre) / 1024.0 : bins->width;
    if (!bins->logarithmic && b == bins->count - 1) return meter->total.high; /* beyond the bins */
    if (!bins->logarithmic && b == 0) return meter->total.low;
    return clamp(centre, &meter->total);
  }
  assert(false && "histogram and count disagree");
  return (double)NAN;
}

tl_reading tl_meter_read(const tl_judge *judge, const tl_meter *meter,
                         const tl_threshold *threshold)
{
  const tl_partial *total = &meter->total;
  tl_reading out = {.observed = (double)NAN, .samples = total->count};
  if (total->count == 0) return out;
  const bool lower = threshold->op == TL_OP_MORE || threshold->op == TL_OP_AT_LEAST;
  switch (threshold->statistic) {
    case TL_STAT_MEAN: out.observed = total->sum / (double)total->count; break;
    case TL_STAT_MAX: out.observed = total->high; break;
    case TL_STAT_MIN: out.observed = total->low; break;
    case TL_STAT_COUNT: out.observed = (double)total->count; break;
    case TL_STAT_NONE: /* every sample must hold: the worst one decides */
      if (threshold->quantity == TL_QUANTITY_COMFORT_VIOLATION)
        out.observed = (double)total->over / (double)total->count;
      else if (threshold->op == TL_OP_WITHIN)
        out.observed = fabs(total->low) > fabs(total->high) ? total->low : total->high;
      else
        out.observed = lower ? total->low : total->high;
      break;
    default:
      out.observed = quantile(judge, meter, tl_quantile_of(threshold->statistic), &out.bin);
      break;
  }
  return out;
}
