// Rows of tokens as operands of small products (small_product.h). d is a multiple of 32.
//
// A row of A is broadcast value by value: "left", [count][d / step]. Rows of B are steps: "right", [count / step][d],
// where pairs of bfloat16 rows become one and a missing row of an odd count is zeros. In float32 the two are the same.
#pragma once

/// A row as another type.
template <class To, class From>
CK_INLINE void copy_row(To *to, const From *from, int64_t count) {
  for (int64_t x = 0; x < count; x += W) store(to + x, load(from + x));
}

template <class T>
inline void copy_rows(T *to, int64_t stride, const float *from, int64_t count, int64_t d) {
  for (int64_t i = 0; i < count; i++) copy_row(to + i * stride, from + i * d, d);
}

template <class P, class T>
inline void take_left(typename P::Packed *left, const T *rows, int64_t stride, int64_t count, int64_t d) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t x = 0; x < d; x += W) P::store_left(left + i * (d / P::step), x, load(rows + i * stride + x));
}

template <class P, class T>
inline void take_right(typename P::Packed *right, const T *rows, int64_t stride, int64_t count, int64_t d) {
  for (int64_t i = 0; i < count; i += 2)
    for (int64_t x = 0; x < d; x += W) {
      F even = load(rows + i * stride + x), odd = i + 1 < count ? load(rows + (i + 1) * stride + x) : zero();
      P::store_rows(right + i / P::step * d + x, d, even, odd);
    }
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

/// Values of 32 bits, [m × k] → [k × columns], with zeros in the columns from m on.
inline void transpose_rows(void *result, int64_t columns, const void *rows, int64_t m, int64_t k) {
  const float *from = (const float *)rows;
  float *to = (float *)result;
  for (int64_t j = 0; j < columns; j += W) {
    for (int64_t x = 0; x < k; x += W) {
      F a[W], b[W];
      CK_UNROLL for (int i = 0; i < W; i++) a[i] = j + i < m ? load(from + (j + i) * k + x) : zero();
      interleave(a, b);
      interleave(b, a);
      interleave(a, b);
      if constexpr (W == 16) interleave(b, a);
      CK_UNROLL for (int i = 0; i < W; i++) store(to + (x + i) * columns + j, W == 16 ? a[i] : b[i]);
    }
  }
}
