// The optimizer's moves of weights along their gradients (gradient.cpp, updates.cpp). Part of CTorch.h, whose rules hold here.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// What an update keeps to, in float32 [1] where its tensors are, or null: gradients are divided by `divisor`, which they
/// keep; nothing changes where `barrier` is 1.
typedef struct ct_limits {
  const ct_tensor *divisor, *barrier;
} ct_limits;
/// One fused update of `count` tensors; `step` [] counts from 1, `decay` is decoupled. `step` and `rate` [] lie where the
/// tensors do, in float32; on the CPU a rate may have any type.
int ct_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
              ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate, double beta1,
              double beta2, double decay, double epsilon, ct_limits limits);
int ct_sgd_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *momenta, int count,
            const ct_tensor *rate, double momentum, double decay, bool first, ct_limits limits);

// Updates tensor by tensor (updates.cpp), with the arguments of those above.
int ct_lion_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double beta1, double beta2, double decay, ct_limits limits);
int ct_lamb_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, ct_tensor *const *squares,
             int count, const ct_tensor *step, const ct_tensor *rate, double beta1, double beta2, double decay,
             double epsilon, ct_limits limits);
int ct_cautious_adamw_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means,
                       ct_tensor *const *squares, int count, const ct_tensor *step, const ct_tensor *rate,
                       double beta1, double beta2, double decay, double epsilon, ct_limits limits);
/// Of matrices, or kernels as matrices of a row for each output.
int ct_muon_(ct_tensor *const *weights, ct_tensor *const *grads, ct_tensor *const *means, int count,
             const ct_tensor *rate, double momentum, double decay, double epsilon, ct_limits limits);
/// Bounds every element of a gradient.
int ct_clip_values_(ct_tensor *gradient, double limit);
/// Bounds the norm of each output's gradient by `factor` times that of its weights.
int ct_clip_units_(ct_tensor *const *grads, ct_tensor *const *weights, int count, double factor);

#ifdef __cplusplus
}
#endif
