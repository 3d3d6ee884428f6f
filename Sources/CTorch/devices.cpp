// What a device can do, and how it is to compute.
#include "handles.h"
#include <ATen/Context.h>
#include <cstdlib>
#include <dlfcn.h>

using ct::guarded;

int ct_set_deterministic(void) {
  return guarded([&] {
    constexpr const char *variables[][2] = {
        // cuBLAS: a workspace per stream, which fixes the order of sums.
        {"CUBLAS_WORKSPACE_CONFIG", ":4096:8"},
        // NCCL: one order of sums, and no sums in switches.
        {"NCCL_ALGO", "Ring"},
        {"NCCL_NVLS_ENABLE", "0"},
        // Ascend: operations and sums.
        {"HCCL_DETERMINISTIC", "true"},
        {"LCCL_DETERMINISTIC", "1"}};
    for (const auto &[name, value] : variables) setenv(name, value, /*overwrite=*/0);
    auto &context = at::globalContext();
    context.setDeterministicAlgorithms(true, /*warn_only=*/false);
    // No code here reads uninitialized memory, so filling it would only cost time.
    context.setDeterministicFillUninitializedMemory(false);
    context.setDeterministicCuDNN(true);
    context.setBenchmarkCuDNN(false);
  });
}

/// Whether a CUDA card has bfloat16 products: from compute capability 8.0 on. Older cards emulate them. The runtime that
/// libtorch has loaded is asked.
static bool cuda_has_bfloat16(int index) {
  constexpr int compute_capability_major = 75;
  const auto attribute = reinterpret_cast<int (*)(int *, int, int)>(dlsym(RTLD_DEFAULT, "cudaDeviceGetAttribute"));
  int major = 0;
  return !attribute || attribute(&major, compute_capability_major, index) != 0 || major >= 8;
}

int ct_has_bfloat16(int kind, int index, bool *out) {
  return guarded([&] {
    if (kind == CT_CPU) {
      *out = true;
    } else if (kind == CT_CUDA) {
      *out = cuda_has_bfloat16(index);
    } else {
      // Other devices have no query: try a product.
      *out = ct::attempted([&] {
               const auto one = at::ones({16, 16}, at::TensorOptions(ct::device(kind, index)).dtype(at::kBFloat16));
               TORCH_CHECK(at::mm(one, one).sum().item<float>() == 4096);
             }) == CT_DONE;
    }
  });
}
