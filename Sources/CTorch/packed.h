// Weights in the forms that the kernels take (block_weights.h): packed by each operation for itself, or ahead of a step.
#pragma once
#include "handles.h"

#include "block.h"

namespace ct {

/// As many threads as libtorch's operations use, of the same pool.
ck_threads kernel_threads();

/// Memory for a kernel, aligned to 64 bytes; it is not set.
inline at::Tensor bytes(size_t count) { return at::empty({static_cast<int64_t>(count)}, at::kByte); }

inline float *floats(const at::Tensor &tensor) { return tensor.data_ptr<float>(); }

/// A form of a weight [outputs, …].
struct Packing {
  ck_type type;
  /// For dx = dy W, not for y = x Wᵀ.
  bool back;
  /// As the weight of a convolution over tokens, [outputs, inputs, r, r], which products take as [outputs, r·r·inputs].
  bool flattens = false;

  bool operator==(const Packing &other) const {
    return type == other.type && back == other.back && flattens == other.flattens;
  }
};

/// A float32 weight [outputs, …], packed: the one that lies ready for this thread, or a new one.
at::Tensor packed(const at::Tensor &weight, Packing how);

}  // namespace ct
