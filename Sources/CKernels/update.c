#include "CKernels.h"
#include "every_processor.h"

// A product and a sum fused into one rounding would make a loop's body and its tail, or two processors,
// differ.
#pragma STDC FP_CONTRACT OFF

EVERY_PROCESSOR
void floats_adamw(float *restrict w, const float *restrict g, float *restrict m, float *restrict v,
                     size_t count, const floats_adamw_values *values) {
  const floats_adamw_values a = *values;
  for (size_t i = 0; i < count; ++i) {
    float gradient = a.scale * g[i];
    float mean = m[i] + a.gain1 * (gradient - m[i]);
    float square = a.beta2 * v[i] + a.gain2 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    w[i] = a.keep * w[i] - a.step_size * mean / (__builtin_elementwise_sqrt(square) / a.root + a.epsilon);
  }
}

EVERY_PROCESSOR
void floats_sgd(float *restrict w, const float *restrict g, float *restrict m, size_t count,
                   const floats_sgd_values *values) {
  const floats_sgd_values a = *values;
  for (size_t i = 0; i < count; ++i) {
    float gradient = a.scale * g[i] + a.decay * w[i];
    float momentum = a.momentum * m[i] + gradient;
    m[i] = momentum;
    w[i] -= a.rate * (gradient + a.nesterov * momentum);
  }
}

// Square i is added to lane i mod 16, and the lanes are added in order; a float's square is exact in a
// double.
enum { LANES = 16 };
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef double doubles __attribute__((vector_size(LANES * sizeof(double))));

EVERY_PROCESSOR
double floats_squares(const float *g, size_t count) {
  doubles lanes = {0};
  size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    floats some;
    __builtin_memcpy(&some, g + i, sizeof some);
    doubles exact = __builtin_convertvector(some, doubles);
    lanes += exact * exact;
  }
  for (size_t i = whole; i < count; ++i) lanes[i - whole] += (double)g[i] * g[i];
  double sum = 0;
  for (size_t lane = 0; lane < LANES; ++lane) sum += lanes[lane];
  return sum;
}
