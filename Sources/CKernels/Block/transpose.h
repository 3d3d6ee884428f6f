// A square of W × W values of 32 bits in registers, transposed.
#pragma once

// Rows i and i + W/2 become 2i and 2i + 1, their elements taken in turn. log₂ W such rounds transpose a square.
template <class Vector>
CK_INLINE void interleave(const Vector *rows, Vector *result) {
  CK_UNROLL for (int i = 0; i < W / 2; i++) {
    Vector a = rows[i], b = rows[i + W / 2];
    if constexpr (sizeof(Vector) == 64) {
      result[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      result[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    } else {
      result[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      result[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }
}

/// square[i] lane j becomes square[j] lane i.
CK_INLINE void transpose(F *square) {
  F other[W];
  interleave(square, other);
  interleave(other, square);
  interleave(square, other);
  if constexpr (W == 16) {
    interleave(other, square);
  } else {
    CK_UNROLL for (int i = 0; i < W; i++) square[i] = other[i];
  }
}
