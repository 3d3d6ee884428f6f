// The little of CUDA that the kernels need, for a card's compiler and for the host's.
//
// A kernel is written for a warp of 32 lanes. On a card each thread is one lane; on the host one call is all 32, in the same
// order of sums.
#pragma once
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define TWINS_KERNEL __device__ __forceinline__
#define TWINS_DEVICE __device__ __forceinline__
#else
#define TWINS_KERNEL inline
#define TWINS_DEVICE inline
#endif

namespace twins {

constexpr int warp_size = 32;

#ifdef __CUDACC__
/// How many lanes of the warp a thread is.
constexpr int lanes_here = 1;
TWINS_DEVICE int first_lane() { return static_cast<int>(threadIdx.x) % warp_size; }
#else
constexpr int lanes_here = warp_size;
TWINS_DEVICE int first_lane() { return 0; }
#endif

/// Sums one value of each lane; all lanes have the result.
TWINS_DEVICE float warp_sum(float (&values)[lanes_here]) {
#ifdef __CUDACC__
  float value = values[0];
  for (int apart = warp_size / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(0xffffffffu, value, apart);
  return value;
#else
  for (int apart = warp_size / 2; apart > 0; apart /= 2) {
    float next[warp_size];
    for (int lane = 0; lane < warp_size; ++lane) next[lane] = values[lane] + values[lane ^ apart];
    std::memcpy(values, next, sizeof next);
  }
  return values[0];
#endif
}

TWINS_DEVICE float reciprocal_root(float x) {
#ifdef __CUDACC__
  return rsqrtf(x);
#else
  return 1 / __builtin_sqrtf(x);
#endif
}

/// The upper half of a float32, rounded to the nearest and to even.
struct BFloat16 {
  uint16_t bits;
};

TWINS_DEVICE float widened(float x) { return x; }
TWINS_DEVICE float widened(BFloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float wide;
  memcpy(&wide, &bits, sizeof wide);
  return wide;
}

TWINS_DEVICE void put(float &place, float x) { place = x; }
TWINS_DEVICE void put(BFloat16 &place, float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  place.bits = is_nan ? uint16_t{0x7fc0} : static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace twins
