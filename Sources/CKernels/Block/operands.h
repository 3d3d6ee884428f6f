// Rows as operands of a weight gradient (wgrad.h): two rows at a time, as panels take them.
#pragma once

/// Stores a chunk's kept rows in the panels: `first` is even, `count` rows, with zeros after an odd one.
template <class P, class T>
inline void store_operand(const RowPanels<P> &panels, int64_t first, const T *rows, int64_t stride, int count,
                          int columns) {
  for (int row = 0; row < count; row += 2)
    for (int c = 0; c < columns; c += W) {
      F even = load(rows + row * stride + c);
      F odd = row + 1 < count ? load(rows + (row + 1) * stride + c) : zero();
      panels.store_rows(first + row, c, even, odd);
    }
}

/// a = γ·x̂ + β of a row as operand; zero where the row is padding.
template <class S>
CK_INLINE F normed_lanes(const S *hat, const ck_norm &norm, int column, bool exists) {
  return exists ? fma(load(hat + column), load(norm.gamma + column), load(norm.beta + column)) : zero();
}

template <class P, class S>
inline void store_normed(const RowPanels<P> &panels, int64_t first, const S *hat, const int64_t *offsets, int count,
                         int columns, const ck_norm &norm) {
  for (int row = 0; row < count; row += 2) {
    const bool pair = row + 1 < count;
    for (int c = 0; c < columns; c += W)
      panels.store_rows(first + row, c, normed_lanes(hat + row * columns, norm, c, offsets[row] >= 0),
                        normed_lanes(hat + (row + pair) * columns, norm, c, pair && offsets[row + pair] >= 0));
  }
}

/// s·dy of the rows, as rows of a product and as operand.
template <class P, class E>
inline void store_scaled(const RowPanels<P> &panels, int64_t first, E *rows, int64_t stride, const float *dy,
                         const int64_t *offsets, int count, int columns, float factor) {
  for (int row = 0; row < count; row++) {
    fetch_row<0>(dy, offsets, row, count, columns);
    for (int c = 0; c < columns; c += W)
      store(rows + row * stride + c, offsets[row] >= 0 ? all(factor) * load(dy + offsets[row] + c) : zero());
  }
  store_operand(panels, first, rows, stride, count, columns);
}

/// dγ and dβ gain the parts of `chunks` chunks, [chunk][2][C], in order.
inline void add_norm_sums(const float *sums, int chunks, int columns, const ck_norm_gradients &gradients) {
  for (int chunk = 0; chunk < chunks; chunk++, sums += 2 * columns)
    for (int c = 0; c < columns; c += W) {
      const int n = lanes_at(c, columns);
      store_lanes(gradients.gamma + c, load_lanes(gradients.gamma + c, n) + load_lanes(sums + c, n), n);
      store_lanes(gradients.beta + c, load_lanes(gradients.beta + c, n) + load_lanes(sums + columns + c, n), n);
    }
}
