// Optimizer updates (gradient.cpp, updates.cpp). Part of CTorch.h, whose rules apply.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// An update's limits, float32 [1] on the tensors' device, or null: gradients are divided by `divisor` in
/// place; nothing changes where `barrier` is 1.
typedef struct ct_limits {
  const ct_tensor *divisor, *barrier;
} ct_limits;
/// One fused update of `count` tensors; `step` [] counts from 1, and decay is decoupled. `step` and `rate` []
/// are float32 on the tensors' device; on the CPU a rate may have any type.
int ct_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
              ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate, double beta1,
              double beta2, double decay, double epsilon, ct_limits limits);
int ct_sgd_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *momenta, int count,
            const ct_tensor *rate, double momentum, double decay, bool first, ct_limits limits);

// Updates of one tensor after another (updates.cpp), with arguments as above.
int ct_lion_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double beta1, double beta2, double decay, ct_limits limits);
int ct_lamb_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, ct_tensor *const *squares,
             int count, const ct_tensor *step, const ct_tensor *rate, double beta1, double beta2, double decay,
             double epsilon, ct_limits limits);
int ct_cautious_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
                       ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate,
                       double beta1, double beta2, double decay, double epsilon, ct_limits limits);
/// For matrices; a kernel counts as a matrix with one row per output.
int ct_muon_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double momentum, double decay, double epsilon, ct_limits limits);
/// Clips every element of a gradient to ±`limit`.
int ct_clip_values_(ct_tensor *gradient, double limit);
/// Clips each output's gradient to `factor` times the norm of its weights.
int ct_clip_units_(ct_tensor *const *grads, ct_tensor *const *weights, int count, double factor);

#ifdef __cplusplus
}
#endif
