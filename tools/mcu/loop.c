#include "tools/mcu/loop.h"

#include "edge/alarm.h"

#include <string.h>

const char *tl_loop_refusal(const tl_model *model, const fw_config *config)
{
  if (config->channel_count == 0) return NULL; /* a controller alone */
  if (config->channel_count > FW_CHANNELS_MAX) return "at most 4 channels";
  if (model->input_count != 1 || tl_model_input(model, 0)->type != TL_TENSOR_INT8 ||
      tl_model_output(model, 0)->type != TL_TENSOR_INT8)
    return "a detector has one int8 input and an int8 output";
  if (tl_model_input(model, 0)->element_count % config->channel_count != 0)
    return "the channels do not divide the model's input";
  if (config->hop == 0 || config->persist == 0 || config->persist > 255)
    return "hop must be 1 or more and persist 1 to 255";
  return NULL;
}

void tl_loop_start(tl_loop *loop, const fw_config *config, int8_t *window, uint32_t inputs)
{
  *loop = (tl_loop){.config = *config, .window = window, .inputs = inputs};
  loop->control.command = config->command;
  loop->control.integral = config->integral;
  loop->control.last_measured = config->last_measured;
  loop->control.started = config->started;
  loop->score = config->score;
  loop->onset_s = config->onset_s;
  loop->onsets = (int32_t)config->onsets;
  loop->alarm = (uint8_t)config->alarm;
  loop->streak = (uint8_t)config->streak;
}

/* Nearest int8 of a feature, half to even; as tl_window_push_real of the simulator does it. */
static int8_t quantise(double value, const tl_tensor *input)
{
  const double per_unit = 1.0 / (double)input->scale;
  const double low = -128.0 - input->zero_point, high = 127.0 - input->zero_point;
  double x = value * per_unit;
  x = x > low ? x : low; /* a NaN, too */
  x = x < high ? x : high;
  const double shifted = x + 0x1.8p52; /* the integer stands in the low bits */
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return (int8_t)((int32_t)(uint32_t)bits + input->zero_point);
}

static double feature_of(const fw_channel *channel, double value, double minus)
{
  if (!channel->has_minus) return (value - channel->mean) * channel->scale;
  return ((value - minus) - channel->mean) * channel->scale;
}

bool tl_loop_push(tl_loop *loop, const tl_model *model, const fw_sample *sample)
{
  const uint32_t channels = loop->config.channel_count;
  if (channels == 0) return false;
  const uint32_t kept = loop->inputs - channels;
  memmove(loop->window, loop->window + channels, kept);
  for (uint32_t c = 0; c < channels; c++) {
    const double feature =
        feature_of(&loop->config.channels[c], sample->value[c], sample->minus[c]);
    loop->window[kept + c] = quantise(feature, tl_model_input(model, 0));
  }
  return (loop->config.tick + 1) % loop->config.hop == 0;
}

static int32_t squared_distance(const int8_t *a, const int8_t *b, uint32_t count)
{
  int32_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

void tl_loop_judge(tl_loop *loop, const tl_model *model, const int8_t *output,
                   const fw_sample *sample)
{
  const tl_tensor *out = tl_model_output(model, 0);
  const bool reconstructs = out->element_count == loop->inputs;
  const double step = (double)out->scale;
  const double scale = reconstructs ? step * step / (double)loop->inputs : step;
  const int32_t sum = reconstructs ? squared_distance(loop->window, output, loop->inputs)
                                   : output[0] - out->zero_point;
  const uint64_t window = loop->inputs / loop->config.channel_count;
  const bool is_full = loop->config.tick + 1 >= window;
  const tl_alarm_rows rows = {.score = &loop->score,
                              .threshold = &sample->threshold,
                              .alarm = &loop->alarm,
                              .streak = &loop->streak,
                              .onsets = &loop->onsets,
                              .onset_s = &loop->onset_s};
  tl_alarm_run(TL_PATH_SCALAR, &rows, 1, &sum, scale, is_full ? loop->config.persist : 0,
               sample->at_s);
}

void tl_loop_act(tl_loop *loop, const fw_sample *sample)
{
  tl_control_sample in = {.at_s = sample->at_s,
                          .dt_s = sample->dt_s,
                          .measured = sample->measured,
                          .setpoint = sample->setpoint,
                          .low = loop->config.low,
                          .high = loop->config.high,
                          .score = loop->score,
                          .alarm = loop->alarm};
  memcpy(in.gains, sample->gains, sizeof in.gains);
  tl_control_step(&loop->control, &in);
  if (loop->config.falls_back && loop->alarm) loop->control.command = loop->config.fallback_command;
  loop->config.tick++;
}
