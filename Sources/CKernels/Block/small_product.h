// Products of small matrices that lie in the first two caches: what attention does within one head.
//
//   C[m × n] = A[m × k] · B[k × n], or C += A · B, in float32
//
// k counts steps of a product (products.h): a float, or a pair of bfloat16 values along the depth.
// A is read value by value at a[row · rows + step · steps], so a transpose of A costs nothing. B, a row of n values a
// step, and C are row major and read by whole vectors: n is a multiple of W. Each element of C is one sum over k in
// ascending order whatever m and n are, so its bits do not depend on how rows are grouped.
#pragma once

template <class P, int height, int vectors>
CK_INLINE void product_tile(int64_t k, const typename P::Packed *a, int64_t rows, int64_t steps,
                            const typename P::Packed *b, int64_t b_row, float *c, int64_t c_row, bool add) {
  F sum[height][vectors];
  CK_UNROLL for (int i = 0; i < height; i++)
    CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = add ? load(c + i * c_row + j * W) : zero();
  for (int64_t x = 0; x < k; x++) {
    decltype(P::right(b)) right[vectors];
    CK_UNROLL for (int j = 0; j < vectors; j++) right[j] = P::right(b + x * b_row + j * W);
    CK_UNROLL for (int i = 0; i < height; i++) {
      auto left = P::left(a + i * rows + x * steps);
      CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = P::multiply_add(sum[i][j], left, right[j]);
    }
  }
  CK_UNROLL for (int i = 0; i < height; i++)
    CK_UNROLL for (int j = 0; j < vectors; j++) store(c + i * c_row + j * W, sum[i][j]);
}

// All rows of `vectors` vectors' width: as many at a time as fill the registers, then three, then one by one.
template <class P, int vectors>
inline void product_columns(int64_t m, int64_t k, const typename P::Packed *a, int64_t rows, int64_t steps,
                            const typename P::Packed *b, int64_t b_row, float *c, int64_t c_row, bool add) {
  constexpr int most = smaller(12, tile_rows * panel_vectors / vectors);
  int64_t i = 0;
  for (; i + most <= m; i += most)
    product_tile<P, most, vectors>(k, a + i * rows, rows, steps, b, b_row, c + i * c_row, c_row, add);
  for (; i + 3 <= m; i += 3)
    product_tile<P, 3, vectors>(k, a + i * rows, rows, steps, b, b_row, c + i * c_row, c_row, add);
  for (; i < m; i++) product_tile<P, 1, vectors>(k, a + i * rows, rows, steps, b, b_row, c + i * c_row, c_row, add);
}

template <class P>
inline void small_product(int64_t m, int64_t n, int64_t k, const typename P::Packed *a, int64_t rows, int64_t steps,
                          const typename P::Packed *b, int64_t b_row, float *c, int64_t c_row, bool add) {
  int64_t j = 0;
  for (; j + panel <= n; j += panel)
    product_columns<P, panel_vectors>(m, k, a, rows, steps, b + j, b_row, c + j, c_row, add);
  for (; j + 2 * W <= n; j += 2 * W) product_columns<P, 2>(m, k, a, rows, steps, b + j, b_row, c + j, c_row, add);
  if (j < n) product_columns<P, 1>(m, k, a, rows, steps, b + j, b_row, c + j, c_row, add);
}
