// Everything from outside that the kernels use. Included before functions are bound to an instruction set, since
// a system header's functions must stay callable from everywhere.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "block.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define CK_FENCE 64
#else
#define CK_FENCE 0
#endif

#define CK_INLINE inline __attribute__((always_inline))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

namespace ck {

/// The upper half of a float32.
struct bfloat16 {
  uint16_t bits;
};

constexpr int smaller(int a, int b) { return a < b ? a : b; }
constexpr int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
constexpr int64_t rounded_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

/// Lets the address sanitizer, if it is there, report every access to `part` from `size` up to `whole` bytes on.
inline void fence([[maybe_unused]] char *part, [[maybe_unused]] size_t size, [[maybe_unused]] size_t whole) {
#if CK_FENCE
  ASAN_UNPOISON_MEMORY_REGION(part, size);
  ASAN_POISON_MEMORY_REGION(part + size, whole - size);
#endif
}

}  // namespace ck
