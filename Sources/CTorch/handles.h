// The opaque tensor of the C header, and helpers that return one.
#pragma once
#include "CTorch.h"
#include "guarded.h"
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <atomic>

struct ct_tensor {
  at::Tensor value;
};

namespace ct {

/// Whether a card waits for something that will never come.
inline std::atomic<bool> card_is_stuck = false;

/// Runs `make` and returns its tensor to the caller through `out`.
template <class Make>
int returning(ct_tensor **out, Make &&make) noexcept {
  return guarded([&] { *out = new ct_tensor{make()}; });
}

inline at::IntArrayRef shape(const int64_t *sizes, int rank) { return {sizes, static_cast<size_t>(rank)}; }

static_assert(CT_CPU == static_cast<int>(at::kCPU) && CT_CUDA == static_cast<int>(at::kCUDA) &&
              CT_NPU == static_cast<int>(at::kPrivateUse1));

/// Converts to libtorch's device; the CPU has no index.
inline at::Device device(int kind, int index) {
  auto type = static_cast<at::DeviceType>(kind);
  return {type, static_cast<at::DeviceIndex>(type == at::kCPU ? -1 : index)};
}

static_assert(CT_UINT8 == static_cast<int>(at::kByte) && CT_INT64 == static_cast<int>(at::kLong) &&
              CT_FLOAT16 == static_cast<int>(at::kHalf) && CT_FLOAT32 == static_cast<int>(at::kFloat) && CT_FLOAT64 == static_cast<int>(at::kDouble) &&
              CT_BFLOAT16 == static_cast<int>(at::kBFloat16));

inline at::ScalarType type(int dtype) { return static_cast<at::ScalarType>(dtype); }

}  // namespace ct
