// The classifier behind the blocks: y = x Wᵀ + b of few rows and many outputs, and its gradients.
#pragma once
#include "block_weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Shape and weights of `rows` features of D inputs each, to N outputs.
typedef struct ck_classifier {
  ck_type type;  ///< of products; x, y and sums are float32
  int rows, inputs, outputs;
  ck_linear layer;  ///< [N, D]
} ck_classifier;

/// Bytes of scratch memory, aligned to 64, that the two functions take with that many threads.
size_t ck_classifier_forward_scratch(const ck_classifier *classifier, int threads);
size_t ck_classifier_backward_scratch(const ck_classifier *classifier, int threads);

/// Writes y [rows, N].
void ck_classifier_forward(const ck_threads *threads, const ck_classifier *classifier, const float *x, float *y,
                           void *scratch);

/// Writes dx, unless it is null, and adds to the gradients.
void ck_classifier_backward(const ck_threads *threads, const ck_classifier *classifier, const float *x,
                            const float *dy, float *dx, const ck_linear_gradients *gradients, void *scratch);

#ifdef __cplusplus
}
#endif
