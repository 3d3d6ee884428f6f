// Rows of tokens between their type in memory and float32 in the caches. d is a multiple of W.
#pragma once

template <class T>
inline void widen_rows(float *result, const T *rows, int64_t stride, int64_t count, int64_t d) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t x = 0; x < d; x += W) store(result + i * d + x, load(rows + i * stride + x));
}

template <class T>
inline void narrow_rows(T *rows, int64_t stride, const float *values, int64_t count, int64_t d) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t x = 0; x < d; x += W) store(rows + i * stride + x, load(values + i * d + x));
}

/// A row as another type.
template <class To, class From>
CK_INLINE void copy_row(To *to, const From *from, int64_t count) {
  for (int64_t x = 0; x < count; x += W) store(to + x, load(from + x));
}

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

/// [m × d] → [d × columns], with zeros in the columns from m on.
inline void transpose_rows(float *result, int64_t columns, const float *rows, int64_t m, int64_t d) {
  for (int64_t j = 0; j < columns; j += W) {
    for (int64_t x = 0; x < d; x += W) {
      F a[W], b[W];
      CK_UNROLL for (int i = 0; i < W; i++) a[i] = j + i < m ? load(rows + (j + i) * d + x) : zero();
      interleave(a, b);
      interleave(b, a);
      interleave(a, b);
      if constexpr (W == 16) interleave(b, a);
      CK_UNROLL for (int i = 0; i < W; i++) store(result + (x + i) * columns + j, W == 16 ? a[i] : b[i]);
    }
  }
}
