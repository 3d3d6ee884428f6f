// A patch embedding, y = LayerNorm(convolution(x)) with a stride equal to the kernel's size, and its
// gradients.
//
// Weights are packed as block_weights.h says.
#pragma once
#include "block_weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The layout of the maps from which patches of r × r are cut; pixels left over at the right and the bottom
/// belong to no patch.
typedef enum {
  CK_PLANES = 0,  ///< [samples, inputs, H, W]; a patch's values are [inputs, r, r], as in a convolution's weight
  CK_TOKENS = 1,  ///< [samples, H·W, inputs]; a patch's values are [r, r, inputs], see ck_flatten_convolution
} ck_layout;

/// The shapes and weights for `samples` maps of H × W: from `inputs` to C channels, D = inputs·r·r. H and W
/// are at least r.
typedef struct ck_embedding {
  ck_type type;  ///< of products and of what is saved; x, y, sums and norm are float32
  ck_layout layout;
  int samples, height, width;
  int inputs, channels, patch;
  ck_linear projection;  ///< [C, D]
  ck_norm norm;
} ck_embedding;

/// What forward saves for backward, for R = samples · ⌊H/r⌋·⌊W/r⌋ patches.
typedef struct ck_embedding_saved {
  void *normalized;   ///< x̂ [R, C], of `type`
  float *reciprocal;  ///< 1/σ [R]
} ck_embedding_saved;

typedef struct ck_embedding_gradients {
  ck_linear_gradients projection;  ///< in the convolution's own shape [C, inputs, r, r]
  ck_norm_gradients norm;
} ck_embedding_gradients;

/// Return the bytes of scratch memory, aligned to 64, that the two functions need with that many threads.
size_t ck_embedding_forward_scratch(const ck_embedding *embedding, int threads);
size_t ck_embedding_backward_scratch(const ck_embedding *embedding, int threads);

/// Writes y [R, C]. `saved` is null in evaluation.
void ck_embedding_forward(const ck_threads *threads, const ck_embedding *embedding, const float *x, float *y,
                          const ck_embedding_saved *saved, void *scratch);

/// Writes dx, unless it is null, and adds to the gradients.
void ck_embedding_backward(const ck_threads *threads, const ck_embedding *embedding, const ck_embedding_saved *saved,
                           const float *x, const float *dy, float *dx, const ck_embedding_gradients *gradients,
                           void *scratch);

#ifdef __cplusplus
}
#endif
