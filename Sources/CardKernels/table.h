// What a library of kernels for cards offers: a table of C functions, which the program opens at run time.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Of this file: a library of another version is not used.
#define TWINS_CARD_KERNELS_VERSION 1

enum { TWINS_FLOAT32 = 0, TWINS_BFLOAT16 = 1 };
enum { TWINS_MOST_CHANNELS = 1024, TWINS_MOST_WARPS = 1024, TWINS_ROW_DIMENSIONS = 5 };

/// sum = x + factor · branch, and normed = LayerNorm(sum), over R rows of C channels; and what their gradients need.
///
/// x, sum, statistics, weights and all gradients but those of branch and normed are float32; branch and normed, and their
/// gradients, are of `type`. All lie row by row, but the branch (and its gradient) by its strides, channels side by side.
typedef struct twins_norm {
  int64_t rows, channels;
  /// Rows that share one factor.
  int64_t rows_per_sample;
  int32_t type;
  float epsilon;
  const float *x;
  /// Null where nothing is added; then sum is x.
  const void *branch;
  int64_t branch_sizes[TWINS_ROW_DIMENSIONS], branch_strides[TWINS_ROW_DIMENSIONS];
  /// Null stands for ones.
  const float *factors;
  const float *weight, *bias;
  float *sum;
  void *normed;
  /// Of each row: its mean, and the reciprocal of its deviation.
  float *mean, *reciprocal;
  // Backward. `sum_gradient` may be null.
  const float *sum_gradient;
  const void *normed_gradient;
  float *x_gradient;
  void *branch_gradient;
  /// Room for [TWINS_MOST_WARPS, 2, C].
  float *partial;
  /// [2, C]: of the weight, then of the bias.
  float *weight_gradients;
} twins_norm;

typedef struct twins_card_kernels {
  int32_t version;
  /// Put their kernels into the stream of the current card; 0, or the card's number of an error.
  int (*norm_forward)(void *stream, const twins_norm *norm);
  int (*norm_backward)(void *stream, const twins_norm *norm);
} twins_card_kernels;

/// The one name that such a library has.
const twins_card_kernels *twins_card_kernels_table(void);

#ifdef __cplusplus
}
#endif
