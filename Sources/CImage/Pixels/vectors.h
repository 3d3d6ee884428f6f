// Vectors by the compiler's extension, which it maps to the instruction set at hand.
#pragma once

typedef uint8_t bytes4 __attribute__((vector_size(4), aligned(1)));
typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1)));
typedef int16_t steps16 __attribute__((vector_size(32), aligned(2)));
typedef uint32_t colors4 __attribute__((vector_size(16), aligned(1)));
typedef int32_t sums16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t places4 __attribute__((vector_size(16), aligned(4)));
typedef double color __attribute__((vector_size(32), aligned(8)));
typedef double colors16 __attribute__((vector_size(128), aligned(8)));

#define CI_INLINE static inline __attribute__((always_inline))
#define CI_UNROLL _Pragma("clang loop unroll(full)")

CI_INLINE bytes16 load16(const uint8_t *at) {
  bytes16 loaded;
  memcpy(&loaded, at, sizeof loaded);
  return loaded;
}

/// Loads four pixels of three bytes, each followed by an empty byte; reads four bytes more than the pixels
/// have.
CI_INLINE colors4 load_pixels(const uint8_t *rgb) {
  const bytes16 zero = {0};
  return (colors4)__builtin_shufflevector(load16(rgb), zero, 0, 1, 2, 16, 3, 4, 5, 16, 6, 7, 8, 16, 9, 10, 11, 16);
}

/// Stores the three bytes of each pixel, and overwrites four bytes more.
CI_INLINE void store_pixels(uint8_t *rgb, colors4 pixels) {
  const bytes16 packed = (bytes16)pixels;
  const bytes16 stored =
      __builtin_shufflevector(packed, packed, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
  memcpy(rgb, &stored, sizeof stored);
}

/// Loads the first `count` of four pixels, without reading beyond them.
CI_INLINE colors4 load_last_pixels(const uint8_t *rgb, int32_t count) {
  uint8_t padded[16] = {0};
  memcpy(padded, rgb, (size_t)count * 3);
  return load_pixels(padded);
}

CI_INLINE void store_last_pixels(uint8_t *rgb, colors4 pixels, int32_t count) {
  uint8_t padded[16];
  store_pixels(padded, pixels);
  memcpy(rgb, padded, (size_t)count * 3);
}

/// At least so many pixels must be left in a row to load or store four with four bytes more.
enum { ROOM = 6 };

CI_INLINE void transpose(colors4 square[4]) {
  const colors4 a = __builtin_shufflevector(square[0], square[1], 0, 4, 1, 5);
  const colors4 b = __builtin_shufflevector(square[0], square[1], 2, 6, 3, 7);
  const colors4 c = __builtin_shufflevector(square[2], square[3], 0, 4, 1, 5);
  const colors4 d = __builtin_shufflevector(square[2], square[3], 2, 6, 3, 7);
  square[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  square[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  square[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  square[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
