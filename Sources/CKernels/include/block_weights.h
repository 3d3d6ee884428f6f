// Weights as the block's kernels need them: packed once a step, for each direction of a product.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A linear layer [outputs, inputs]; `back` is null where nothing is trained.
typedef struct ck_linear {
  const void *weight, *back;  ///< by ck_pack_forward and ck_pack_backward
  const float *bias;
} ck_linear;

/// The buffers to which a layer's gradients are added.
typedef struct ck_linear_gradients {
  float *weight, *bias;
} ck_linear_gradients;

/// LayerNorm's parameters.
typedef struct ck_norm {
  const float *gamma, *beta;
  float epsilon;
} ck_norm;

typedef struct ck_norm_gradients {
  float *gamma, *beta;
} ck_norm_gradients;

/// The bytes of a weight [outputs, inputs] packed for activations of `type` with the instructions and
/// products in use. Enough for either form below.
size_t ck_packed_bytes(ck_type type, int outputs, int inputs);

/// Packs `weight` [outputs, inputs] for y = x Wᵀ.
void ck_pack_forward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                     void *packed);

/// Packs `weight` [outputs, inputs] for dx = dy W.
void ck_pack_backward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                      void *packed);

/// Rearranges a convolution's weight [outputs, inputs, r, r] to a linear layer's [outputs, r·r·inputs], which
/// can be packed.
void ck_flatten_convolution(const ck_threads *threads, const float *weight, int outputs, int inputs, int r,
                            float *flat);

#ifdef __cplusplus
}
#endif
