// A fully connected layer, y = x Wᵀ + b, on rows of float32: for what is no part of a block half.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ck_linear_layer {
  ck_type type;  ///< of products; sums are float32
  int inputs, outputs;
  const float *bias;        ///< [outputs], or null
  const void *weight;       ///< [outputs, inputs] by ck_pack_forward
  const void *weight_back;  ///< by ck_pack_backward; null where no dx is asked for
} ck_linear_layer;

/// Bytes of scratch memory, aligned to 64, that the two functions take with that many threads.
size_t ck_linear_forward_scratch(const ck_linear_layer *linear, int threads);
size_t ck_linear_backward_scratch(const ck_linear_layer *linear, int64_t rows, int threads);

/// Writes y [rows, outputs] from x [rows, inputs].
void ck_linear_forward(const ck_threads *threads, const ck_linear_layer *linear, int64_t rows, const float *x, float *y,
                       void *scratch);

/// Writes dx unless it is null, and adds to dW [outputs, inputs] and, unless it is null, to db [outputs].
void ck_linear_backward(const ck_threads *threads, const ck_linear_layer *linear, int64_t rows, const float *x,
                        const float *dy, float *dx, float *dweight, float *dbias, void *scratch);

#ifdef __cplusplus
}
#endif
