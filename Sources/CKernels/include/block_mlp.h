// The MLP half of a block as one operation: y = x + factor · fc2(GELU(fc1(LayerNorm(x)))), and its gradients.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The samples of a batch, and those for which a branch is computed (drop path).
typedef struct ck_samples {
  int count;            ///< samples in the batch
  int tokens;           ///< rows of each
  int kept_count;       ///< samples that the branch is computed for
  const int32_t *kept;  ///< their numbers, ascending; not read where all are kept
  float factor;         ///< what the branch is multiplied by, 1 / (1 - rate)
} ck_samples;

/// The shapes and weights of the MLP half: C channels, H hidden.
typedef struct ck_mlp {
  ck_type type;  ///< of products and of what is saved; sums, norm and residual are float32
  int channels, hidden;
  float epsilon;  ///< LayerNorm's
  const float *gamma, *beta, *bias1, *bias2;
  const void *weight1, *weight2;            ///< fc1 [H, C] and fc2 [C, H] by ck_pack_forward
  const void *weight1_back, *weight2_back;  ///< by ck_pack_backward; null where nothing is trained
} ck_mlp;

/// What forward saves for backward, for the R = kept_count · tokens rows of the kept samples, in their order.
typedef struct ck_mlp_saved {
  void *normalized;     ///< x̂ [R, C], of `type`
  float *reciprocal;    ///< 1/σ [R]
  void *preactivation;  ///< h = fc1's output [R, H], of `type`
} ck_mlp_saved;

/// The buffers to which gradients are added; all float32 in the shapes of their weights.
typedef struct ck_mlp_gradients {
  float *gamma, *beta, *weight1, *bias1, *weight2, *bias2;
} ck_mlp_gradients;

/// Return the bytes of scratch memory, aligned to 64, that the two functions need with that many threads.
size_t ck_mlp_forward_scratch(const ck_mlp *mlp, int threads);
size_t ck_mlp_backward_scratch(const ck_mlp *mlp, const ck_samples *samples, int threads);

/// Writes y [count · tokens, C]; y may be x. For a sample that is not kept, y = x. `saved` is null in
/// evaluation; y is null where only the saved values are needed, and fc2 is not computed.
void ck_mlp_forward(const ck_threads *threads, const ck_mlp *mlp, const ck_samples *samples, const float *x, float *y,
                    const ck_mlp_saved *saved, void *scratch);

/// Writes dx from dy, which may be the same memory, and adds to the gradients.
void ck_mlp_backward(const ck_threads *threads, const ck_mlp *mlp, const ck_samples *samples,
                     const ck_mlp_saved *saved, const float *dy, float *dx, const ck_mlp_gradients *gradients,
                     void *scratch);

#ifdef __cplusplus
}
#endif
