// The positional encoding generator (PEG): y = x + a depthwise 3 × 3 convolution of x, and its gradients.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The shapes and weights for `samples` maps of H × W tokens [H·W, C], padded with zeros; all float32.
typedef struct ck_position {
  int samples, height, width, channels;
  const float *weight;  ///< [C, 3, 3]
  const float *bias;    ///< [C]
} ck_position;

/// Returns the bytes of scratch memory, aligned to 64, that each of the two functions needs.
size_t ck_position_scratch(const ck_position *position);

/// Writes y, which must not be x.
void ck_position_forward(const ck_threads *threads, const ck_position *position, const float *x, float *y,
                         void *scratch);

/// Writes dx, which must not be dy, and adds to the gradients of weight and bias.
void ck_position_backward(const ck_threads *threads, const ck_position *position, const float *x, const float *dy,
                          float *dx, float *dweight, float *dbias, void *scratch);

#ifdef __cplusplus
}
#endif
