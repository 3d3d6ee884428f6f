// A reimplementation of Pillow's Resample.c for 8-bit images: two passes with weights in 22 fractional bits,
// rounded to 8 bits between the passes. Integer arithmetic gives the same bytes on every processor.
#include "CImage.h"
#include "Pixels/table.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

// Weights must round as Pillow's do, so no multiplication may be fused with an addition.
#pragma STDC FP_CONTRACT OFF

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double bilinear(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

static double bicubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

static double sinc(double x) {
  if (x == 0) return 1;
  x *= M_PI;
  return sin(x) / x;
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

/// A filter's function and its support, beyond which it is 0.
struct curve {
  double (*at)(double x);
  double end;
};

static const struct curve curves[] = {
    [CI_BILINEAR] = {bilinear, 1}, [CI_BICUBIC] = {bicubic, 2}, [CI_LANCZOS] = {lanczos, 3}, [CI_BOX] = {box, 0.5}};

// Returns how far an output's filter extends to either side, in input pixels.
static double reach(ci_axis axis, ci_filter filter) {
  double scale = (double)axis.in / axis.out;
  return curves[filter].end * (scale < 1 ? 1 : scale);
}

static int32_t most_taps(ci_axis axis, ci_filter filter) { return 2 * (int32_t)ceil(reach(axis, filter)) + 1; }

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
  double (*const curve)(double) = curves[filter].at;
  double sum = 0;
  for (int32_t i = 0; i < end - first; i++) {
    double x = (i + first - center + 0.5) * narrowing;
    exact[i] = curve(x);
    sum += exact[i];
  }
  for (int32_t i = 0; i < end - first; i++) {
    double weight = sum != 0 ? exact[i] / sum : exact[i];
    fixed[i] = (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << CI_FRACTION));
  }
}

// The alignment of the parts of the caller's memory: a cache line.
enum { LINE = 64 };

static size_t take(size_t *used, size_t bytes) {
  size_t start = *used;
  *used += (bytes + LINE - 1) / LINE * LINE;
  return start;
}

/// The offsets of the parts in the caller's memory; the two axes use the same parts one after the other.
struct layout {
  size_t between, first, taps, fixed, digits, exact, columns, weighed, bytes;
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

// Returns the bytes of a transposed row, padded to a multiple of four pixels.
static size_t turned(int64_t pixels) { return (size_t)(pixels + 3) / 4 * 4 * LINE; }

// Whether the vertical pass comes first, as in Pillow for a very tall image that becomes lower.
static bool is_down_first(ci_axis across, ci_axis down) {
  return down.in > across.in * 100 && down.out < down.in;
}

static struct layout layout_of(ci_axis across, ci_axis down, ci_filter filter) {
  int32_t first, width, height;
  ci_axis_inputs(across, filter, &first, &width);
  ci_axis_inputs(down, filter, &first, &height);
  size_t outputs = (size_t)(across.count > down.count ? across.count : down.count);
  size_t across_taps = (size_t)most_taps(across, filter), down_taps = (size_t)most_taps(down, filter);
  struct layout at = {0};
  at.between = take(&at.bytes, 3 * (is_down_first(across, down) ? (size_t)width * (size_t)down.count
                                                                : (size_t)across.count * (size_t)height));
  at.first = take(&at.bytes, outputs * sizeof(int32_t));
  at.taps = take(&at.bytes, outputs * sizeof(int32_t));
  at.fixed = take(&at.bytes, larger((size_t)across.count * across_taps, (size_t)down.count * down_taps) *
                                 sizeof(int32_t));
  at.digits = take(&at.bytes, larger((size_t)across.count * ci_digit_words((int32_t)across_taps),
                                     (size_t)down.count * ci_digit_words((int32_t)down_taps)) *
                                  sizeof(int32_t));
  at.exact = take(&at.bytes, larger(across_taps, down_taps) * sizeof(double));
  at.columns = take(&at.bytes, turned(width > height ? width : height));
  at.weighed = take(&at.bytes, turned(across.count));
  at.bytes += LINE;  // the caller's memory may begin anywhere in a cache line
  return at;
}

size_t ci_resize_memory(ci_axis across, ci_axis down, ci_filter filter) {
  return layout_of(across, down, filter).bytes;
}

// Computes the weights of an axis; `first` counts from the first input that any output uses.
static struct ci_weights make_weights(ci_axis axis, ci_filter filter, bool is_mirrored, struct layout at,
                                      uint8_t *memory) {
  struct ci_weights weights = {(int32_t)axis.count, most_taps(axis, filter), (int32_t *)(memory + at.first),
                               (int32_t *)(memory + at.taps), (int32_t *)(memory + at.fixed),
                               (int32_t *)(memory + at.digits)};
  int32_t origin, all;
  ci_axis_inputs(axis, filter, &origin, &all);
  for (int32_t i = 0; i < axis.count; i++) {
    int32_t first, end, place = is_mirrored ? (int32_t)axis.count - 1 - i : i;
    inputs_of(axis, filter, axis.start + i, &first, &end);
    weigh(axis, filter, axis.start + i, first, end, (double *)(memory + at.exact),
          weights.fixed + (size_t)place * (size_t)weights.most);
    weights.first[place] = first - origin;
    weights.taps[place] = end - first;
  }
  return weights;
}

void ci_resize(const uint8_t *rgb, size_t stride, ci_axis across, ci_axis down, ci_filter filter, int is_mirrored,
               uint8_t *memory, uint8_t *out) {
  const struct layout at = layout_of(across, down, filter);
  const struct ci_kernels *kernels = ci_kernels();
  memory += (LINE - (uintptr_t)memory % LINE) % LINE;
  int32_t first, width, height;
  ci_axis_inputs(across, filter, &first, &width);
  ci_axis_inputs(down, filter, &first, &height);
  uint8_t *between = memory + at.between, *columns = memory + at.columns, *weighed = memory + at.weighed;
  if (is_down_first(across, down)) {
    struct ci_weights weights = make_weights(down, filter, false, at, memory);
    kernels->weigh_down(rgb, stride, (size_t)width * 3, &weights, columns, between);
    weights = make_weights(across, filter, is_mirrored, at, memory);
    kernels->weigh_across(between, (size_t)width * 3, width, (int32_t)down.count, &weights, columns, weighed, out);
  } else {
    struct ci_weights weights = make_weights(across, filter, is_mirrored, at, memory);
    kernels->weigh_across(rgb, stride, width, height, &weights, columns, weighed, between);
    weights = make_weights(down, filter, false, at, memory);
    const size_t bytes = (size_t)across.count * 3;
    kernels->weigh_down(between, bytes, bytes, &weights, columns, out);
  }
}
