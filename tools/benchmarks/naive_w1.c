#include "benchmarks/naive_w1.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct device {
  double heater_C, box_C, heater_on, setpoint_C;
  uint64_t random;
  int8_t window[NAIVE_WINDOW];
  int32_t score;
} device;

struct naive_w1 {
  uint32_t count, telemetry_rows;
  uint64_t step;
  device *devices;
  float *telemetry; /* [row][device][4] */
  int8_t in_weights[NAIVE_HIDDEN][NAIVE_WINDOW], out_weights[NAIVE_WINDOW][NAIVE_HIDDEN];
};

static const double C_heater = 243.46, G_heater = 0.87, C_box = 68.2, G_box = 0.74, power_W = 120.0,
                    room_C = 22.0, dt_s = 0.5;

int8_t naive_w1_weight(uint32_t layer, uint32_t index)
{
  const uint32_t hash = index * 2654435761u + layer * 40503u;
  return (int8_t)((int32_t)((hash >> 13) % 255u) - 127);
}

naive_w1 *naive_w1_create(uint32_t device_count, uint32_t telemetry_rows)
{
  naive_w1 *fleet = calloc(1, sizeof *fleet);
  if (!fleet) return NULL;
  fleet->count = device_count;
  fleet->telemetry_rows = telemetry_rows;
  fleet->devices = calloc(device_count, sizeof *fleet->devices);
  if (telemetry_rows)
    fleet->telemetry = calloc((size_t)telemetry_rows * device_count, 4 * sizeof(float));
  if (!fleet->devices || (telemetry_rows && !fleet->telemetry)) {
    naive_w1_free(fleet);
    return NULL;
  }
  for (uint32_t i = 0; i < NAIVE_HIDDEN * NAIVE_WINDOW; i++) {
    fleet->in_weights[i / NAIVE_WINDOW][i % NAIVE_WINDOW] = naive_w1_weight(1, i);
    fleet->out_weights[i / NAIVE_HIDDEN][i % NAIVE_HIDDEN] = naive_w1_weight(2, i);
  }
  for (uint32_t i = 0; i < device_count; i++) {
    device *d = &fleet->devices[i];
    d->heater_C = d->box_C = room_C;
    d->setpoint_C = 36.0 + 0.01 * (i % 400);
    d->heater_on = 1.0;
    d->random = 0x2545F4914F6CDD1Dull ^ (0x9E3779B97F4A7C15ull * (i + 1ull));
  }
  return fleet;
}

void naive_w1_free(naive_w1 *fleet)
{
  if (!fleet) return;
  free(fleet->devices);
  free(fleet->telemetry);
  free(fleet);
}

static void rates(const device *d, double heater_C, double box_C, double *heater_rate,
                  double *box_rate)
{
  *heater_rate = (power_W * d->heater_on - G_heater * (heater_C - box_C)) / C_heater;
  *box_rate = (G_heater * (heater_C - box_C) - G_box * (box_C - room_C)) / C_box;
}

static void plant(device *d)
{
  double h1, b1, h2, b2, h3, b3, h4, b4;
  rates(d, d->heater_C, d->box_C, &h1, &b1);
  rates(d, d->heater_C + dt_s / 2 * h1, d->box_C + dt_s / 2 * b1, &h2, &b2);
  rates(d, d->heater_C + dt_s / 2 * h2, d->box_C + dt_s / 2 * b2, &h3, &b3);
  rates(d, d->heater_C + dt_s * h3, d->box_C + dt_s * b3, &h4, &b4);
  d->heater_C += dt_s / 6 * (h1 + 2 * h2 + 2 * h3 + h4);
  d->box_C += dt_s / 6 * (b1 + 2 * b2 + 2 * b3 + b4);
}

static double uniform(uint64_t *state) /* xorshift64, (0, 1) */
{
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *state = x;
  return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
  const double radius = sqrt(-2.0 * log(uniform(state)));
  return radius * cos(6.283185307179586 * uniform(state));
}

static int8_t to_int8(double value, int32_t low)
{
  const double rounded = rint(value);
  return (int8_t)(rounded < low ? low : rounded > 127 ? 127 : rounded);
}

static int32_t infer(const naive_w1 *fleet, const int8_t *window)
{
  int8_t hidden[NAIVE_HIDDEN];
  for (int j = 0; j < NAIVE_HIDDEN; j++) {
    int32_t sum = 0;
    for (int i = 0; i < NAIVE_WINDOW; i++) sum += fleet->in_weights[j][i] * window[i];
    hidden[j] = to_int8((double)((float)sum * 0.004f), 0);
  }
  int32_t score = 0;
  for (int j = 0; j < NAIVE_WINDOW; j++) {
    int32_t sum = 0;
    for (int i = 0; i < NAIVE_HIDDEN; i++) sum += fleet->out_weights[j][i] * hidden[i];
    const int32_t error = to_int8((double)((float)sum * 0.03f), -128) - window[j];
    score += error * error;
  }
  return score;
}

static void sample(const naive_w1 *fleet, device *d, float *row)
{
  const double measured_C = d->box_C + 0.1 * normal(&d->random);
  if (measured_C < d->setpoint_C - 0.3) d->heater_on = 1.0;
  if (measured_C > d->setpoint_C + 0.3) d->heater_on = 0.0;
  memmove(d->window, d->window + 1, NAIVE_WINDOW - 1);
  d->window[NAIVE_WINDOW - 1] = to_int8((measured_C - d->setpoint_C) * 32.0, -128);
  d->score = infer(fleet, d->window);
  if (!row) return;
  row[0] = (float)measured_C;
  row[1] = (float)d->heater_C;
  row[2] = (float)d->heater_on;
  row[3] = (float)d->score;
}

void naive_w1_run(naive_w1 *fleet, uint32_t step_count)
{
  for (uint32_t step = 0; step < step_count; step++, fleet->step++) {
    const int sampled = fleet->step % NAIVE_STEPS_PER_SAMPLE == NAIVE_STEPS_PER_SAMPLE - 1;
    const uint64_t row =
        fleet->telemetry_rows ? fleet->step / NAIVE_STEPS_PER_SAMPLE % fleet->telemetry_rows : 0;
    for (uint32_t i = 0; i < fleet->count; i++) {
      device *d = &fleet->devices[i];
      plant(d);
      if (sampled)
        sample(fleet, d, fleet->telemetry ? fleet->telemetry + (row * fleet->count + i) * 4 : NULL);
    }
  }
}

double naive_w1_mean(const naive_w1 *fleet)
{
  double sum = 0.0;
  for (uint32_t i = 0; i < fleet->count; i++) sum += fleet->devices[i].box_C;
  return sum / fleet->count;
}
