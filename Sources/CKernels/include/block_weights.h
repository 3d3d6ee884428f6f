// Weights as the kernels of the block take them: packed once a step, for each direction of a product.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes of a weight [outputs, inputs], packed for activations of `type` with the instructions and products in use.
/// Both forms below take at most this.
size_t ck_packed_bytes(ck_type type, int outputs, int inputs);

/// Packs `weight` [outputs, inputs] for y = x Wᵀ.
void ck_pack_forward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                     void *packed);

/// Packs `weight` [outputs, inputs] for dx = dy W.
void ck_pack_backward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                      void *packed);

#ifdef __cplusplus
}
#endif
