#include "tools/mcu/loop.h"

#include "edge/alarm.h"

#include <string.h>

static bool is_quantised(const tl_tensor *tensor)
{
  return (tensor->type == TL_TENSOR_INT8 || tensor->type == TL_TENSOR_INT16) &&
         tensor->scale_count == 1 && tensor->scale > 0.0f;
}

const char *tl_loop_refusal(const tl_model *model, const fw_config *config)
{
  if (config->input_count == 0) return NULL; /* a controller alone */
  if (config->input_count > FW_INPUTS_MAX || config->input_count != model->input_count)
    return "the settings are of another number of inputs than the model has";
  for (uint32_t i = 0; i < model->input_count; i++) {
    const tl_tensor *input = tl_model_input(model, i);
    const uint32_t channels = config->channel_count[i];
    if (!is_quantised(input)) return "a detector's inputs are int8 or int16, quantised per tensor";
    if (channels == 0 || channels > FW_CHANNELS_MAX) return "an input has 1 to 4 channels";
    if (input->element_count % channels != 0) return "the channels do not divide the model's input";
  }
  const tl_tensor *output = tl_model_output(model, 0);
  if (!is_quantised(output)) return "a detector's output is int8 or int16, quantised per tensor";
  if (config->output >= output->element_count) return "the output has no such element";
  if (config->reconstructs &&
      (model->input_count != 1 || tl_model_input(model, 0)->element_count != output->element_count))
    return "the output is not as long as the input";
  if (config->hop == 0 || config->persist == 0 || config->persist > 255)
    return "hop must be 1 or more and persist 1 to 255";
  return NULL;
}

void tl_loop_start(tl_loop *loop, const tl_model *model, const fw_config *config, uint8_t *window)
{
  *loop = (tl_loop){.config = *config, .window = window};
  if (config->input_count > 0)
    loop->scoring = tl_scoring_of(model, config->reconstructs != 0, config->output);
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

static double feature_of(const fw_channel *channel, double value, double minus)
{
  if (!channel->has_minus) return (value - channel->mean) * channel->scale;
  return ((value - minus) - channel->mean) * channel->scale;
}

/* The oldest sample goes, the newest comes. */
static void push_input(const tl_loop *loop, uint32_t input, const tl_tensor *tensor,
                       uint8_t *window, const fw_sample *sample)
{
  const uint32_t channels = loop->config.channel_count[input];
  const uint32_t bytes = tensor->bytes / tensor->element_count * channels; /* of a sample */
  const double per_unit = 1.0 / (double)tensor->scale;
  memmove(window, window + bytes, tensor->bytes - bytes);
  for (uint32_t c = 0; c < channels; c++) {
    const uint32_t at = input * FW_CHANNELS_MAX + c;
    const double feature =
        feature_of(&loop->config.channels[at], sample->value[at], sample->minus[at]);
    tl_feature_quantise(window, tensor->type, tensor->element_count - channels + c, feature,
                        per_unit, tensor->zero_point);
  }
}

bool tl_loop_push(tl_loop *loop, const tl_model *model, const fw_sample *sample)
{
  uint8_t *window = loop->window;
  if (loop->config.input_count == 0) return false;
  for (uint32_t i = 0; i < model->input_count; i++) {
    const tl_tensor *tensor = tl_model_input(model, i);
    push_input(loop, i, tensor, window, sample);
    window += tensor->bytes;
  }
  return (loop->config.tick + 1) % loop->config.hop == 0;
}

void tl_loop_judge(tl_loop *loop, const tl_model *model, const uint8_t *output,
                   const fw_sample *sample)
{
  const uint64_t window = tl_model_input(model, 0)->element_count / loop->config.channel_count[0];
  const tl_alarm_rows rows = {.score = &loop->score,
                              .threshold = &sample->threshold,
                              .alarm = &loop->alarm,
                              .streak = &loop->streak,
                              .onsets = &loop->onsets,
                              .onset_s = &loop->onset_s};
  loop->score = tl_scoring_read(&loop->scoring, model, loop->window, output);
  if (loop->config.tick + 1 >= window) /* before that the window holds zeros: no alarm from those */
    tl_alarm_decide(&rows, 1, loop->config.persist, sample->at_s);
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
