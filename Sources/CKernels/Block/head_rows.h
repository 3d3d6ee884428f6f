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

/// Values of 32 bits, [m × k] → [k × columns], with zeros in the columns from m on.
inline void transpose_rows(void *result, int64_t columns, const void *rows, int64_t m, int64_t k) {
  const float *from = (const float *)rows;
  float *to = (float *)result;
  for (int64_t j = 0; j < columns; j += W) {
    for (int64_t x = 0; x < k; x += W) {
      F square[W];
      CK_UNROLL for (int i = 0; i < W; i++) square[i] = j + i < m ? load(from + (j + i) * k + x) : zero();
      transpose(square);
      CK_UNROLL for (int i = 0; i < W; i++) store(to + (x + i) * columns + j, square[i]);
    }
  }
}
