// The positional encoding generator: y = x + convolution(x), 3 × 3, each channel by itself, and its gradients.
#pragma once
#include "block_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Shape and weights over `samples` maps of H × W tokens [H·W, C], around which there are zeros; all float32.
typedef struct ck_position {
  int samples, height, width, channels;
  const float *weight;  ///< [C, 3, 3]
  const float *bias;    ///< [C]
} ck_position;

/// Bytes of scratch memory, aligned to 64, that each of the two functions takes.
size_t ck_position_scratch(const ck_position *position);

/// Writes y, which is not x.
void ck_position_forward(const ck_threads *threads, const ck_position *position, const float *x, float *y,
                         void *scratch);

/// Writes dx, which is not dy, and adds to the gradients of weight and bias.
void ck_position_backward(const ck_threads *threads, const ck_position *position, const float *x, const float *dy,
                          float *dx, float *dweight, float *dbias, void *scratch);

#ifdef __cplusplus
}
#endif
