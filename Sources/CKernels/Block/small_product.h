// Products of small float32 matrices that lie in the first two caches: what attention does within one head.
//
//   C[m × n] = A[m × k] · B[k × n], or C += A · B
//
// A is read element by element at a[row · rows + column · columns], so a transpose costs nothing: rows and columns are
// swapped. B and C are row major and read by whole vectors: n is a multiple of W, padded by the caller. Each element of C is one sum
// over k in ascending order whatever m and n are, so its bits do not depend on how rows are grouped.
#pragma once

template <int height, int vectors>
CK_INLINE void product_tile(int64_t k, const float *a, int64_t rows, int64_t columns, const float *b, int64_t b_row, float *c,
                                int64_t c_row, bool add) {
  F sum[height][vectors];
  CK_UNROLL for (int i = 0; i < height; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = add ? load(c + i * c_row + j * W) : zero();
  }
  for (int64_t x = 0; x < k; x++) {
    F right[vectors];
    CK_UNROLL for (int j = 0; j < vectors; j++) right[j] = load(b + x * b_row + j * W);
    CK_UNROLL for (int i = 0; i < height; i++) {
      F left = all(a[i * rows + x * columns]);
      CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = fma(left, right[j], sum[i][j]);
    }
  }
  CK_UNROLL for (int i = 0; i < height; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) store(c + i * c_row + j * W, sum[i][j]);
  }
}

// All rows of `vectors` vectors' width: as many at a time as fill the registers, then three, then one by one.
template <int vectors>
inline void product_columns(int64_t m, int64_t k, const float *a, int64_t rows, int64_t columns, const float *b,
                            int64_t b_row, float *c, int64_t c_row, bool add) {
  constexpr int most = smaller(12, tile_rows * panel_vectors / vectors);
  int64_t i = 0;
  for (; i + most <= m; i += most)
    product_tile<most, vectors>(k, a + i * rows, rows, columns, b, b_row, c + i * c_row, c_row, add);
  for (; i + 3 <= m; i += 3)
    product_tile<3, vectors>(k, a + i * rows, rows, columns, b, b_row, c + i * c_row, c_row, add);
  for (; i < m; i++) product_tile<1, vectors>(k, a + i * rows, rows, columns, b, b_row, c + i * c_row, c_row, add);
}

inline void small_product(int64_t m, int64_t n, int64_t k, const float *a, int64_t rows, int64_t columns,
                          const float *b, int64_t b_row, float *c, int64_t c_row, bool add) {
  int64_t j = 0;
  for (; j + panel <= n; j += panel)
    product_columns<panel_vectors>(m, k, a, rows, columns, b + j, b_row, c + j, c_row, add);
  for (; j + 2 * W <= n; j += 2 * W) product_columns<2>(m, k, a, rows, columns, b + j, b_row, c + j, c_row, add);
  if (j < n) product_columns<1>(m, k, a, rows, columns, b + j, b_row, c + j, c_row, add);
}
