// Weights packed for the kernels (block_weights.h), by each operation itself or ahead of a step.
#pragma once
#include "handles.h"

#include "block.h"

namespace ct {

/// As many threads as libtorch's operations use, from the same pool.
ck_threads kernel_threads();

/// Allocates uninitialised memory for a kernel, aligned to 64 bytes.
inline at::Tensor bytes(size_t count) { return at::empty({static_cast<int64_t>(count)}, at::kByte); }

inline float *floats(const at::Tensor &tensor) { return tensor.data_ptr<float>(); }

/// A packed form of a weight [outputs, …].
struct Packing {
  ck_type type;
  /// Packed for dx = dy W instead of y = x Wᵀ.
  bool back;
  /// Packed as a convolution over tokens: [outputs, inputs, r, r] becomes [outputs, r·r·inputs].
  bool flattens = false;

  bool operator==(const Packing &other) const {
    return type == other.type && back == other.back && flattens == other.flattens;
  }
};

/// Returns a packed float32 weight [outputs, …]: this thread's ready form, or a new one.
at::Tensor packed(const at::Tensor &weight, Packing how);

}  // namespace ct
