// A single linear layer, such as the classifier: y = x Wᵀ + b, and its gradients.
#pragma once
#include "block_weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The shapes and weights for `rows` rows of D inputs each, to N outputs.
typedef struct ck_linear_layer {
  ck_type type;  ///< of products; x, y and sums are float32
  int rows, inputs, outputs;
  ck_linear layer;  ///< [N, D]
} ck_linear_layer;

/// Return the bytes of scratch memory, aligned to 64, that the two functions need with that many threads.
size_t ck_linear_layer_forward_scratch(const ck_linear_layer *layer, int threads);
size_t ck_linear_layer_backward_scratch(const ck_linear_layer *layer, int threads);

/// Writes y [rows, N].
void ck_linear_layer_forward(const ck_threads *threads, const ck_linear_layer *layer, const float *x, float *y,
                           void *scratch);

/// Writes dx, unless it is null, and adds to the gradients.
void ck_linear_layer_backward(const ck_threads *threads, const ck_linear_layer *layer, const float *x,
                            const float *dy, float *dx, const ck_linear_gradients *gradients, void *scratch);

#ifdef __cplusplus
}
#endif
