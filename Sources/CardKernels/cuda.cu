// The kernels for NVIDIA's cards: libtwins_cuda.so, made by scripts/cuda-plugin.
#include "norm.h"

namespace {

constexpr int warps_per_block = 4;

__device__ int64_t warp_number() {
  return (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / twins::warp_size;
}

template <class T, int N>
__global__ void __launch_bounds__(warps_per_block * twins::warp_size) forward(twins_norm p, int64_t warps) {
  if (warp_number() < warps) twins::norm_forward<T, N>(p, warp_number(), warps);
}

template <class T, int N>
__global__ void __launch_bounds__(warps_per_block * twins::warp_size) backward(twins_norm p, int64_t warps) {
  if (warp_number() < warps) twins::norm_backward<T, N>(p, warp_number(), warps);
}

__global__ void weight_gradients(twins_norm p, int64_t shares) {
  twins::norm_weight_gradients(p, warp_number(), shares);
}

unsigned blocks(int64_t warps) { return static_cast<unsigned>((warps + warps_per_block - 1) / warps_per_block); }

template <class T, int N>
int launch(bool is_forward, cudaStream_t stream, const twins_norm &p) {
  constexpr int threads = warps_per_block * twins::warp_size;
  const int64_t warps = twins::norm_warps(p);
  if (warps == 0) return 0;
  if (is_forward) {
    forward<T, N><<<blocks(warps), threads, 0, stream>>>(p, warps);
  } else {
    backward<T, N><<<blocks(warps), threads, 0, stream>>>(p, warps);
    const int64_t sums = (2 * p.channels + twins::warp_size - 1) / twins::warp_size;
    weight_gradients<<<blocks(sums), threads, 0, stream>>>(p, warps);
  }
  return static_cast<int>(cudaGetLastError());
}

template <class T>
int launch(bool is_forward, void *stream, const twins_norm &p) {
  const auto own = static_cast<cudaStream_t>(stream);
  if (p.channels <= 64) return launch<T, 2>(is_forward, own, p);
  if (p.channels <= 128) return launch<T, 4>(is_forward, own, p);
  if (p.channels <= 256) return launch<T, 8>(is_forward, own, p);
  if (p.channels <= 512) return launch<T, 16>(is_forward, own, p);
  return launch<T, 32>(is_forward, own, p);
}

int launch(bool is_forward, void *stream, const twins_norm *p) {
  if (p->channels > TWINS_MOST_CHANNELS) return static_cast<int>(cudaErrorInvalidValue);
  return p->type == TWINS_BFLOAT16 ? launch<twins::BFloat16>(is_forward, stream, *p)
                                   : launch<float>(is_forward, stream, *p);
}

int norm_forward(void *stream, const twins_norm *p) { return launch(true, stream, p); }
int norm_backward(void *stream, const twins_norm *p) { return launch(false, stream, p); }

}  // namespace

extern "C" __attribute__((visibility("default"))) const twins_card_kernels *twins_card_kernels_table(void) {
  static const twins_card_kernels table = {TWINS_CARD_KERNELS_VERSION, norm_forward, norm_backward};
  return &table;
}
