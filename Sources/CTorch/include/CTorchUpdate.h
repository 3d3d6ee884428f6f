// One optimizer step for floats that lie in a row, and the norm of a gradient: plain C, no libtorch.
//
// Each element's result depends on that element alone: however a range is split, and on whatever processor, the bits
// are the same.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What one AdamW step needs beside the floats, worked out by the caller in double precision.
typedef struct {
  float scale;      ///< what every gradient is multiplied by first
  float keep;       ///< 1 - rate · decay
  float gain1;      ///< 1 - β₁
  float beta2;      ///< the part of the mean square that stays
  float gain2;      ///< 1 - β₂
  float step_size;  ///< rate / (1 - β₁ᵗ)
  float root;       ///< √(1 - β₂ᵗ)
  float epsilon;
} ct_adamw_values;

/// `w *= keep; w -= step_size · m / (√v / root + ε)`, after moving m and v towards g and g².
void ct_adamw_floats(float *w, const float *g, float *m, float *v, size_t count, const ct_adamw_values *values);

typedef struct {
  float scale;     ///< what every gradient is multiplied by first
  float decay;     ///< what of the weight is added to the gradient
  float momentum;  ///< the part of the momentum that stays; 0 at the first step, which starts it
  float nesterov;  ///< the part of the momentum that is added to the gradient
  float rate;
} ct_sgd_values;

/// `g += decay · w; m = momentum · m + g; w -= rate · (g + nesterov · m)`.
void ct_sgd_floats(float *w, const float *g, float *m, size_t count, const ct_sgd_values *values);

/// The sum of the squares, in double precision and in an order that depends on `count` alone.
double ct_squares(const float *g, size_t count);

#ifdef __cplusplus
}
#endif
