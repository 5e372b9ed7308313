/* frontend.h: spectral features of sound and vibration, as a microcontroller computes them.
 *
 * Why: the models of MLPerf Tiny listen to spectra, not to samples. What makes the spectra ships
 * beside the model, so the simulator runs the same integers: window, Fourier transform, mel
 * filters, noise reduction, gain, logarithm, cosine transform, int8. Two kinds:
 *   TL_FRONTEND_MICRO  the micro front end of TensorFlow Lite (int16 transform), bit for bit
 *   TL_FRONTEND_MEL    logarithm of mel filters over an int32 transform: near to what the
 *                      floating-point recipes of AD and KWS compute (docs/features.md has bounds)
 * Owns: nothing. Tables lie in the caller's memory and serve any number of devices and threads;
 * a state belongs to one device, holds no address and may be copied; scratch belongs to a thread.
 * Only setup computes with real numbers: + - * / alone, so tables are the same on every machine.
 * Threads: functions of different states and scratches may run at once. */
#ifndef TL_KERNELS_FEATURES_FRONTEND_H
#define TL_KERNELS_FEATURES_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/status.h"

enum {
  TL_FRONTEND_FFT_MIN = 64,
  TL_FRONTEND_FFT_MAX = 2048,
  TL_FRONTEND_CHANNELS_MAX = 128,
  TL_FRONTEND_ALIGNMENT = 8 /* of tables, states and scratch [bytes] */
};

typedef enum tl_frontend_kind { TL_FRONTEND_MICRO = 1, TL_FRONTEND_MEL } tl_frontend_kind;

/* How TL_FRONTEND_MEL spreads its triangles. */
typedef enum tl_mel_scale {
  TL_MEL_HTK = 1, /* 1127 ln(1 + f / 700), straight in mel, peak 1 (tf.signal) */
  TL_MEL_SLANEY   /* straight to 1 kHz, then logarithmic; straight in Hz, area 1 (librosa) */
} tl_mel_scale;

/* Recipe. Start from a function below, then change what differs. */
typedef struct tl_frontend_def {
  tl_frontend_kind kind;
  int32_t sample_rate_Hz; /* 1000 .. 192000 */
  int32_t frame_samples;  /* 16 .. fft_samples; what is missing to fft_samples is zeros */
  int32_t step_samples;   /* 1 .. frame_samples */
  int32_t fft_samples;    /* power of two, 64 .. 2048; 0: the smallest that holds a frame */
  int32_t channel_count;  /* mel filters, 1 .. 128 */
  float low_Hz, high_Hz;  /* 0 <= low < high <= half of the sample rate */
  int32_t
      coefficient_count; /* 0: the channels themselves; else so many of their cosine transform */

  /* TL_FRONTEND_MICRO; the numbers have the meaning and the defaults of the micro front end. */
  bool noise_reduction;         /* subtract a smoothed estimate of the noise, a channel each */
  int32_t smoothing_bits;       /* fraction bits of the estimate, 0 .. 16 */
  float even_smoothing_ratio;   /* share of the new frame in the estimate, 0 .. 1 */
  float odd_smoothing_ratio;    /* the same for channels 1, 3, 5, ... */
  float signal_remaining_ratio; /* at least this share is left, 0 .. 1 */
  bool pcan;                    /* gain control by the noise estimate; needs noise_reduction */
  float pcan_strength;          /* 0 .. 8 */
  float pcan_offset;            /* above 0 */
  int32_t pcan_gain_bits;       /* fraction bits of the gain, 0 .. 31 */
  bool log_scale;               /* natural logarithm, times 2^log_scale_bits */
  int32_t log_scale_bits;       /* 0 .. 10 */

  /* TL_FRONTEND_MEL */
  tl_mel_scale mel_scale;
  bool energy;     /* filters sum |X|^2; else |X| */
  bool decibel;    /* 10 log10 of energy, 20 log10 of magnitude; else natural logarithm */
  float log_floor; /* added before the logarithm, 1e-30 .. 1; samples count as -1 .. 1 */

  float output_scale;        /* feature units of one int8 step, 1e-4 .. 1e4 */
  int32_t output_zero_point; /* -128 .. 127 */
  uint32_t cookie_;          /* set by the functions below; catches a forgotten one */
} tl_frontend_def;

/* The front end of TFLM's micro_speech: 16 kHz, 30 ms every 20 ms, 40 channels of 125 .. 7500 Hz,
 * noise reduction, PCAN, logarithm times 64; int8 as its example makes it (666/256 a step). */
TL_API tl_frontend_def tl_frontend_def_micro_speech(void);

/* MLPerf Tiny keyword spotting: 16 kHz, 30 ms every 20 ms, 40 magnitudes of 20 .. 4000 Hz, natural
 * logarithm, 10 cosine coefficients; 49 frames are an input. int8 as of its reference model. */
TL_API tl_frontend_def tl_frontend_def_kws(void);

/* MLPerf Tiny anomaly detection: 16 kHz, 1024 samples every 512, 128 energies of 0 .. 8000 Hz in
 * decibel; 5 frames are an input. int8 as of its reference model. */
TL_API tl_frontend_def tl_frontend_def_anomaly(void);

/* Where the weights of a filter are, and what its sum goes through. */
typedef struct tl_frontend_filter {
  uint16_t bin_begin, bin_count;
  uint32_t weight_begin;
  uint32_t floor;         /* TL_FRONTEND_MEL: log_floor over the filter's gain, as */
  int32_t floor_exponent; /* floor * 2^floor_exponent */
  int32_t offset;         /* Q16, logarithm of the filter's gain */
} tl_frontend_filter;

/* Filled by setup; read it, do not write. */
typedef struct tl_frontend {
  tl_frontend_def def;
  int32_t fft_bits;      /* 2^fft_bits = def.fft_samples */
  int32_t bin_count;     /* fft_samples / 2 + 1 */
  int32_t feature_count; /* features of a frame: coefficients, else channels */
  size_t state_bytes, scratch_bytes;
  const uint16_t *window; /* Q12 (micro) or Q15, frame_samples */
  const void *twiddles;   /* tl_complex16 or tl_complex32, 3/4 of fft_samples */
  const tl_frontend_filter *filters;
  const uint16_t *weights; /* Q12 (micro) or Q15 */
  const uint16_t *log2_curve;
  const int16_t *gain;    /* PCAN: 125 numbers, else NULL */
  const int32_t *cosines; /* Q30, coefficient_count x channel_count, else NULL */
  uint32_t even_smoothing, odd_smoothing, signal_remaining; /* Q14 */
  int32_t gain_shift;
  int32_t log_per_octave; /* Q28, feature units of a factor of two */
  int32_t output_multiplier, output_shift;
} tl_frontend;

/* Bytes of tables that a recipe needs.
 * errors  TL_KERNEL_E_ARG: a number is out of its range or against another; the reason says which */
TL_API tl_kernel_code tl_frontend_bytes(size_t *bytes, const tl_frontend_def *def,
                                        tl_kernel_status *status);

/* Fills the tables in memory, which must outlive frontend and is aligned to TL_FRONTEND_ALIGNMENT.
 * errors  those of tl_frontend_bytes; TL_KERNEL_E_MEMORY: too little or badly aligned */
TL_API tl_kernel_code tl_frontend_setup(tl_frontend *frontend, void *memory, size_t memory_bytes,
                                        const tl_frontend_def *def, tl_kernel_status *status);

/* Makes a state (frontend->state_bytes, aligned) that of a device that has heard nothing. */
TL_API void tl_frontend_reset(const tl_frontend *frontend, void *state);

/* Takes samples until a frame is full; *taken of sample_count were taken. True when a frame was:
 * then features[feature_count] are written; call again with the samples that are left.
 * Units: TL_FRONTEND_MICRO whole numbers 0 .. 65535 (coefficients: their transform);
 * TL_FRONTEND_MEL Q16. scratch: frontend->scratch_bytes, aligned, needs no content. */
TL_API bool tl_frontend_push(const tl_frontend *frontend, void *state, void *scratch,
                             const int16_t *samples, size_t sample_count, size_t *taken,
                             int32_t *features);

/* int8 of features, feature_count each: nearest step of output_scale, halves up, kept in range. */
TL_API void tl_frontend_quantize(const tl_frontend *frontend, int8_t *quantized,
                                 const int32_t *features);

/* Model input of the newest frame_count frames: moves rows one up and puts row last. */
TL_API void tl_frontend_stack(int8_t *rows, int32_t frame_count, const int8_t *row,
                              int32_t feature_count);

#endif
