// Pillow's Resample.c for 8-bit images in our own words: two passes, weights in 22 fractional bits, and whole levels
// between the passes. The same integers give the same bytes on every processor.
#include "CImage.h"
#include "failure.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Weights must round as Pillow's do, so no multiplication may be joined with an addition.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !__has_feature(thread_sanitizer)
#define EVERY_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_PROCESSOR
#endif

// 8 bits of the result and 2 for overshoot are left free of 32.
enum { FRACTION = 32 - 8 - 2 };

// Lanes of a vector, and pixels of three channels that fit in: a lane keeps its channel from one vector to the next.
enum { LANES = 16, PIXELS = 5 };

typedef int32_t lanes __attribute__((vector_size(LANES * 4), aligned(4)));
typedef uint8_t levels __attribute__((vector_size(LANES), aligned(1)));

// The weights of the inputs of each output: inputs from `first` on, `taps` of them at most, zeros after the last.
struct weights {
  int32_t taps;
  int32_t *first;
  int32_t *fixed;  // outputs x taps
};

static double bicubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

static double bilinear(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

// How far an output looks to either side, in inputs.
static double reach(ci_axis axis, ci_filter filter) {
  double scale = (double)axis.in / axis.out;
  return (filter == CI_BILINEAR ? 1.0 : 2.0) * (scale < 1 ? 1 : scale);
}

static void inputs_of(ci_axis axis, ci_filter filter, int64_t output, int32_t *first, int32_t *end) {
  double center = (output + 0.5) * ((double)axis.in / axis.out);
  double support = reach(axis, filter);
  *first = (int32_t)(center - support + 0.5);
  if (*first < 0) *first = 0;
  *end = (int32_t)(center + support + 0.5);
  if (*end > axis.in) *end = (int32_t)axis.in;
}

void ci_axis_inputs(ci_axis axis, ci_filter filter, int32_t *first, int32_t *count) {
  int32_t start, end;
  inputs_of(axis, filter, axis.start, first, &end);
  inputs_of(axis, filter, axis.start + axis.count - 1, &start, &end);
  *count = end - *first;
}

static void weigh(ci_axis axis, ci_filter filter, int64_t output, int32_t first, int32_t end, double *exact,
                  int32_t *fixed) {
  double scale = (double)axis.in / axis.out;
  double center = (output + 0.5) * scale;
  double narrowing = 1.0 / (scale < 1 ? 1 : scale);
  double sum = 0;
  for (int32_t i = 0; i < end - first; i++) {
    double x = (i + first - center + 0.5) * narrowing;
    exact[i] = filter == CI_BILINEAR ? bilinear(x) : bicubic(x);
    sum += exact[i];
  }
  for (int32_t i = 0; i < end - first; i++) {
    double weight = sum != 0 ? exact[i] / sum : exact[i];
    fixed[i] = (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << FRACTION));
  }
}

static void free_weights(struct weights *weights) {
  free(weights->first);
  free(weights->fixed);
}

// `first` counts from the first input of the first output. 0, or 1 where there is no memory.
static int make_weights(ci_axis axis, ci_filter filter, struct weights *weights) {
  int32_t origin, all;
  ci_axis_inputs(axis, filter, &origin, &all);
  int32_t taps = 2 * (int32_t)ceil(reach(axis, filter)) + 1;
  weights->taps = taps;
  weights->first = malloc((size_t)axis.count * sizeof(int32_t));
  weights->fixed = calloc((size_t)axis.count * (size_t)taps, sizeof(int32_t));
  double *exact = malloc((size_t)taps * sizeof(double));
  int status = weights->first && weights->fixed && exact ? 0 : ci_fail("Out of memory");
  for (int32_t i = 0; status == 0 && i < axis.count; i++) {
    int32_t first, end;
    inputs_of(axis, filter, axis.start + i, &first, &end);
    weigh(axis, filter, axis.start + i, first, end, exact, weights->fixed + (size_t)i * (size_t)taps);
    weights->first[i] = first - origin;
  }
  free(exact);
  return status;
}

static inline uint8_t level(int32_t sum) {
  sum >>= FRACTION;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

// Repeats each weight for three channels, in vectors of five pixels whose last lane is idle.
static void spread(const struct weights *weights, int32_t count, int32_t vectors, lanes *spread) {
  memset(spread, 0, (size_t)count * (size_t)vectors * sizeof(lanes));
  for (int32_t i = 0; i < count; i++) {
    for (int32_t tap = 0; tap < weights->taps; tap++) {
      int32_t *at = (int32_t *)(spread + (size_t)i * (size_t)vectors + tap / PIXELS) + tap % PIXELS * 3;
      at[0] = at[1] = at[2] = weights->fixed[(size_t)i * (size_t)weights->taps + tap];
    }
  }
}

// One row: `line` goes on with readable bytes after its last pixel.
EVERY_PROCESSOR
static void scale_row(const uint8_t *line, const int32_t *first, const lanes *spread, int32_t vectors, int32_t count,
                      uint8_t *out) {
  for (int32_t i = 0; i < count; i++, out += 3) {
    const uint8_t *pixels = line + (size_t)first[i] * 3;
    lanes sum = {0};
    for (int32_t v = 0; v < vectors; v++, pixels += PIXELS * 3, spread++) {
      levels part;
      memcpy(&part, pixels, sizeof part);
      sum += __builtin_convertvector(part, lanes) * *spread;
    }
    const int32_t half = 1 << (FRACTION - 1);
    for (int channel = 0; channel < 3; channel++) {
      out[channel] = level(half + sum[channel] + sum[channel + 3] + sum[channel + 6] + sum[channel + 9] +
                           sum[channel + 12]);
    }
  }
}

// One row from the `taps` rows that begin at `rows`, each `bytes` long.
EVERY_PROCESSOR
static void mix_rows(const uint8_t *rows, size_t bytes, const int32_t *weights, int32_t taps, uint8_t *out) {
  const int32_t half = 1 << (FRACTION - 1);
  size_t at = 0;
  for (; at + LANES <= bytes; at += LANES) {
    lanes sum = {0};
    const uint8_t *row = rows + at;
    for (int32_t tap = 0; tap < taps; tap++, row += bytes) {
      levels part;
      memcpy(&part, row, sizeof part);
      sum += __builtin_convertvector(part, lanes) * weights[tap];
    }
    sum = (sum + half) >> FRACTION;
    sum &= sum > 0;
    sum = (sum & (sum < 255)) | (255 & (sum >= 255));
    levels done = __builtin_convertvector(sum, levels);
    memcpy(out + at, &done, sizeof done);
  }
  for (; at < bytes; at++) {
    int32_t sum = half;
    for (int32_t tap = 0; tap < taps; tap++) sum += rows[at + (size_t)tap * bytes] * weights[tap];
    out[at] = level(sum);
  }
}

static int scale_across(const uint8_t *rgb, int32_t width, int32_t height, ci_axis axis, ci_filter filter,
                        uint8_t *out) {
  struct weights weights = {0};
  int status = make_weights(axis, filter, &weights);
  int32_t vectors = (weights.taps + PIXELS - 1) / PIXELS;
  size_t bytes = (size_t)width * 3;
  lanes *wide = status ? NULL : malloc((size_t)axis.count * (size_t)vectors * sizeof(lanes));
  uint8_t *line = status ? NULL : calloc(bytes + (size_t)vectors * LANES, 1);
  if (status == 0 && !(wide && line)) status = ci_fail("Out of memory");
  if (status == 0) {
    spread(&weights, (int32_t)axis.count, vectors, wide);
    for (int32_t y = 0; y < height; y++, rgb += bytes, out += (size_t)axis.count * 3) {
      memcpy(line, rgb, bytes);
      scale_row(line, weights.first, wide, vectors, (int32_t)axis.count, out);
    }
  }
  free(line);
  free(wide);
  free_weights(&weights);
  return status;
}

static int scale_down(const uint8_t *rgb, int32_t width, int32_t height, ci_axis axis, ci_filter filter,
                      uint8_t *out) {
  struct weights weights = {0};
  int status = make_weights(axis, filter, &weights);
  size_t bytes = (size_t)width * 3;
  for (int32_t i = 0; status == 0 && i < axis.count; i++, out += bytes) {
    int32_t first = weights.first[i];
    int32_t taps = weights.taps < height - first ? weights.taps : height - first;
    mix_rows(rgb + (size_t)first * bytes, bytes, weights.fixed + (size_t)i * (size_t)weights.taps, taps, out);
  }
  free_weights(&weights);
  return status;
}

// Pillow turns the passes round for a very tall image that becomes lower.
static bool is_down_first(ci_axis across, ci_axis down) {
  return down.in > across.in * 100 && down.out < down.in;
}

int ci_resize(const uint8_t *rgb, ci_axis across, ci_axis down, ci_filter filter, uint8_t *between, uint8_t *out) {
  int32_t first, width, height;
  ci_axis_inputs(across, filter, &first, &width);
  ci_axis_inputs(down, filter, &first, &height);
  if (is_down_first(across, down)) {
    return scale_down(rgb, width, height, down, filter, between) ||
           scale_across(between, width, (int32_t)down.count, across, filter, out);
  }
  return scale_across(rgb, width, height, across, filter, between) ||
         scale_down(between, (int32_t)across.count, height, down, filter, out);
}

size_t ci_resize_between(ci_axis across, ci_axis down, ci_filter filter) {
  int32_t first, width, height;
  ci_axis_inputs(across, filter, &first, &width);
  ci_axis_inputs(down, filter, &first, &height);
  return 3 * (is_down_first(across, down) ? (size_t)width * (size_t)down.count
                                          : (size_t)across.count * (size_t)height);
}
