#include "CKernels.h"
#include "every_processor.h"

// As in update.c: a product and a sum fused into one rounding would make processors differ.
#pragma STDC FP_CONTRACT OFF

EVERY_PROCESSOR
void floats_lion(float *restrict w, const float *restrict g, float *restrict m, size_t count,
                 const floats_lion_values *values) {
  const floats_lion_values a = *values;
  for (size_t i = 0; i < count; ++i) {
    float gradient = a.scale * g[i];
    float direction = m[i] + a.gain1 * (gradient - m[i]);
    float sign = (direction > 0) - (direction < 0);
    m[i] += a.gain2 * (gradient - m[i]);
    w[i] = a.keep * w[i] - a.rate * sign;
  }
}

// Replaces the gradient by Adam's direction.
EVERY_PROCESSOR
static void adam_directions(float *restrict g, float *restrict m, float *restrict v, const float *restrict w,
                            size_t count, const floats_adamw_values *values, float decay) {
  const floats_adamw_values a = *values;
  for (size_t i = 0; i < count; ++i) {
    float gradient = a.scale * g[i];
    float mean = m[i] + a.gain1 * (gradient - m[i]);
    float square = a.beta2 * v[i] + a.gain2 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    g[i] = a.step_size * mean / (__builtin_elementwise_sqrt(square) / a.root + a.epsilon) + decay * w[i];
  }
}

EVERY_PROCESSOR
static void move(float *restrict w, const float *restrict g, size_t count, float keep, float rate) {
  for (size_t i = 0; i < count; ++i) w[i] = keep * w[i] - rate * g[i];
}

void floats_lamb(float *w, float *g, float *m, float *v, size_t count, const floats_adamw_values *values, float decay,
                 float rate) {
  adam_directions(g, m, v, w, count, values, decay);
  double own = decay ? floats_squares(w, count) : 0, of = decay ? floats_squares(g, count) : 0;
  double ratio = own > 0 && of > 0 ? __builtin_sqrt(own / of) : 1;
  move(w, g, count, 1, (float)(rate * ratio));
}

EVERY_PROCESSOR
void floats_cautious_adamw(float *restrict w, float *restrict g, float *restrict m, float *restrict v, size_t count,
                           const floats_adamw_values *values) {
  const floats_adamw_values a = *values;
  size_t agreeing = 0;
  for (size_t i = 0; i < count; ++i) {
    float gradient = a.scale * g[i];
    float mean = m[i] + a.gain1 * (gradient - m[i]);
    float square = a.beta2 * v[i] + a.gain2 * gradient * gradient;
    int agrees = mean * gradient > 0;
    agreeing += (size_t)agrees;
    m[i] = mean;
    v[i] = square;
    g[i] = agrees ? a.step_size * mean / (__builtin_elementwise_sqrt(square) / a.root + a.epsilon) : 0;
  }
  double share = (double)agreeing / (double)(count ? count : 1);
  move(w, g, count, a.keep, (float)(1 / (share > 1e-3 ? share : 1e-3)));
}

EVERY_PROCESSOR
void floats_clip_values(float *g, size_t count, float scale, float limit) {
  for (size_t i = 0; i < count; ++i) {
    float gradient = scale * g[i];
    g[i] = gradient > limit ? limit : gradient < -limit ? -limit : gradient;
  }
}

void floats_clip_units(float *g, const float *w, size_t count, size_t units, float scale, double factor) {
  size_t length = units ? count / units : 0;
  for (size_t unit = 0; unit < units; ++unit, g += length, w += length) {
    double norm = __builtin_sqrt(floats_squares(w, length)), own = scale * __builtin_sqrt(floats_squares(g, length));
    double most = (norm > 1e-3 ? norm : 1e-3) * factor;
    float all = own < most ? scale : (float)(scale * most / (own > 1e-6 ? own : 1e-6));
    for (size_t i = 0; i < length; ++i) g[i] *= all;
  }
}
