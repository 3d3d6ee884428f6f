// A residual, drop path and LayerNorm in one kernel, and their gradients in two.
#pragma once
#include "lanes.h"
#include "table.h"

namespace twins {

/// Where the branch has a row.
TWINS_DEVICE int64_t branch_offset(const twins_norm &p, int64_t row) {
  int64_t offset = 0;
  for (int d = TWINS_ROW_DIMENSIONS - 1; d >= 0; --d) {
    offset += row % p.branch_sizes[d] * p.branch_strides[d];
    row /= p.branch_sizes[d];
  }
  return offset;
}

TWINS_DEVICE float factor(const twins_norm &p, int64_t row) { return p.factors ? p.factors[row / p.rows_per_sample] : 1; }

/// The rows of one warp of `warps`; a lane has every 32nd channel, at most N of them.
template <class T, int N>
TWINS_KERNEL void norm_forward(const twins_norm &p, int64_t warp, int64_t warps) {
  const int C = static_cast<int>(p.channels);
  for (int64_t row = warp; row < p.rows; row += warps) {
    const float *x = p.x + row * C;
    const T *branch = p.branch ? static_cast<const T *>(p.branch) + branch_offset(p, row) : nullptr;
    const float scale = factor(p, row);
    float values[lanes_here][N], own[lanes_here];
    for (int i = 0; i < lanes_here; ++i) {
      own[i] = 0;
      for (int n = 0; n < N; ++n) {
        const int c = first_lane() + i + n * warp_size;
        values[i][n] = 0;
        if (c >= C) continue;
        values[i][n] = branch ? x[c] + scale * widened(branch[c]) : x[c];
        if (branch) p.sum[row * C + c] = values[i][n];
        own[i] += values[i][n];
      }
    }
    const float mean = warp_sum(own) / static_cast<float>(C);
    for (int i = 0; i < lanes_here; ++i) {
      own[i] = 0;
      for (int n = 0; n < N; ++n) {
        const float apart = first_lane() + i + n * warp_size < C ? values[i][n] - mean : 0;
        own[i] += apart * apart;
      }
    }
    const float reciprocal = reciprocal_root(warp_sum(own) / static_cast<float>(C) + p.epsilon);
    for (int i = 0; i < lanes_here; ++i) {
      for (int n = 0; n < N; ++n) {
        const int c = first_lane() + i + n * warp_size;
        if (c >= C) continue;
        const float y = (values[i][n] - mean) * reciprocal * p.weight[c] + p.bias[c];
        put(static_cast<T *>(p.normed)[row * C + c], y);
      }
      if (first_lane() + i == 0) {
        p.mean[row] = mean;
        p.reciprocal[row] = reciprocal;
      }
    }
  }
}

/// Likewise; `sum` and the statistics are those of the forward pass. Leaves the warp's share of the weights' gradients.
template <class T, int N>
TWINS_KERNEL void norm_backward(const twins_norm &p, int64_t warp, int64_t warps) {
  const int C = static_cast<int>(p.channels);
  float weight_sums[lanes_here][N] = {}, bias_sums[lanes_here][N] = {};
  for (int64_t row = warp; row < p.rows; row += warps) {
    const float *sum = p.sum + row * C;
    const T *gradient = static_cast<const T *>(p.normed_gradient) + row * C;
    const float mean = p.mean[row], reciprocal = p.reciprocal[row];
    // The gradient of the row before its weights, and the row as it was normalised.
    float inner[lanes_here][N], normal[lanes_here][N], own[lanes_here], along[lanes_here];
    for (int i = 0; i < lanes_here; ++i) {
      own[i] = along[i] = 0;
      for (int n = 0; n < N; ++n) {
        const int c = first_lane() + i + n * warp_size;
        inner[i][n] = normal[i][n] = 0;
        if (c >= C) continue;
        const float g = widened(gradient[c]);
        normal[i][n] = (sum[c] - mean) * reciprocal;
        inner[i][n] = g * p.weight[c];
        own[i] += inner[i][n];
        along[i] += inner[i][n] * normal[i][n];
        weight_sums[i][n] += g * normal[i][n];
        bias_sums[i][n] += g;
      }
    }
    const float level = warp_sum(own) / static_cast<float>(C), slope = warp_sum(along) / static_cast<float>(C);
    T *branch = p.branch_gradient ? static_cast<T *>(p.branch_gradient) + branch_offset(p, row) : nullptr;
    const float scale = factor(p, row);
    for (int i = 0; i < lanes_here; ++i)
      for (int n = 0; n < N; ++n) {
        const int c = first_lane() + i + n * warp_size;
        if (c >= C) continue;
        float g = reciprocal * (inner[i][n] - level - normal[i][n] * slope);
        if (p.sum_gradient) g += p.sum_gradient[row * C + c];
        p.x_gradient[row * C + c] = g;
        if (branch) put(branch[c], scale * g);
      }
  }
  float *partial = p.partial + warp * 2 * C;
  for (int i = 0; i < lanes_here; ++i)
    for (int n = 0; n < N; ++n) {
      const int c = first_lane() + i + n * warp_size;
      if (c >= C) continue;
      partial[c] = weight_sums[i][n];
      partial[C + c] = bias_sums[i][n];
    }
}

/// Sums the shares of `shares` warps, always in the same order; a lane has one of the 2 · C sums.
TWINS_KERNEL void norm_weight_gradients(const twins_norm &p, int64_t warp, int64_t shares) {
  for (int i = 0; i < lanes_here; ++i) {
    const int64_t place = warp * warp_size + first_lane() + i;
    if (place >= 2 * p.channels) continue;
    float sum = 0;
    for (int64_t share = 0; share < shares; ++share) sum += p.partial[share * 2 * p.channels + place];
    p.weight_gradients[place] = sum;
  }
}

/// How many warps share the rows.
inline int64_t norm_warps(const twins_norm &p) { return p.rows < TWINS_MOST_WARPS ? p.rows : int64_t{TWINS_MOST_WARPS}; }

}  // namespace twins
