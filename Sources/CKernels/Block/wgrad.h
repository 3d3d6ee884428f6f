// Gradient of a weight: dW[n, k] += Σₘ dy[m, n] · x[m, k], in float32, straight into its destination.
//
// Both operands are written by their producers as row panels, so nothing is transposed: panel j holds columns
// j·panel … as [steps][panel], where a step is one row of floats, or two rows as bfloat16 pairs (the missing row of an
// odd count is zeros). dy's values of a step are broadcast, x's loaded: 6 of dy by a panel of x are summed in registers.
// The rows are summed in blocks of `block_steps`, in order, so that both blocks stay in the L1 and L2 caches; each block
// is added to dW. Pieces of work own parts of dW, so its bits do not depend on threads; nor do they depend on how rows
// are divided into calls, as long as each but the last brings whole blocks.
#pragma once

inline constexpr int block_steps = 192;

/// An operand of a weight gradient: row panels with room for `capacity` steps each.
template <class P>
struct RowPanels {
  typename P::Packed *base;
  int64_t capacity;

  /// Where step `step` of the panel that holds `column` has that column's value.
  CK_INLINE typename P::Packed *at(int64_t step, int column) const {
    return base + ((column / panel) * capacity + step) * panel + column % panel;
  }
  /// Elements that panels for so many columns take.
  static int64_t size(int columns, int64_t capacity) { return rounded_up(columns, panel) * capacity; }

  /// Stores W columns of rows `row` and `row` + 1, `row` even.
  CK_INLINE void store_rows(int64_t row, int column, F even, F odd) const {
    P::store_rows(at(row / P::rows_per_step, column), panel, even, odd);
  }
};

/// dW's tile of `rows` ≤ 6 by `columns` ≤ V·W gains a block of steps.
template <class P, int R, int V>
CK_INLINE void wgrad_tile(const typename P::Packed *dy, const typename P::Packed *x, int steps, float *dw,
                          int64_t stride, int columns) {
  F acc[R][V];
  CK_UNROLL for (int r = 0; r < R; r++) CK_UNROLL for (int v = 0; v < V; v++) acc[r][v] = zero();
  for (int step = 0; step < steps; step++, dy += panel, x += panel) {
    decltype(P::right(x)) right[V];
    CK_UNROLL for (int v = 0; v < V; v++) right[v] = P::right(x + v * W);
    CK_UNROLL for (int r = 0; r < R; r++) {
      auto left = P::left(dy + r);
      CK_UNROLL for (int v = 0; v < V; v++) acc[r][v] = P::multiply_add(acc[r][v], left, right[v]);
    }
  }
  if (columns == V * W) {
    CK_UNROLL for (int r = 0; r < R; r++) CK_UNROLL for (int v = 0; v < V; v++) {
      float *to = dw + r * stride + v * W;
      store(to, load(to) + acc[r][v]);
    }
  } else {
    CK_UNROLL for (int r = 0; r < R; r++) CK_UNROLL for (int v = 0; v < V; v++) {
      float *to = dw + r * stride + v * W;
      const int n = smaller(W, columns - v * W);
      if (n > 0) store(to, load(to, n) + acc[r][v], n);
    }
  }
}

/// Rows `first` … of dW, at most those of one panel of dy, and columns `column` … of one panel of x.
template <class P, int V>
inline void wgrad_panels(const RowPanels<P> &dy, const RowPanels<P> &x, int64_t steps, int first, int rows,
                         int column, int columns, float *dw, int64_t stride) {
  for (int64_t step = 0; step < steps; step += block_steps) {
    const int count = (int)smaller((int64_t)block_steps, steps - step);
    const auto *right = x.at(step, column);
    for (int r = 0; r < rows;) {
      const auto *left = dy.at(step, first + r);
      float *to = dw + (first + r) * stride + column;
      if (rows - r >= 6) {
        wgrad_tile<P, 6, V>(left, right, count, to, stride, columns);
        r += 6;
      } else if (rows - r >= 4) {
        wgrad_tile<P, 4, V>(left, right, count, to, stride, columns);
        r += 4;
      } else {
        wgrad_tile<P, 1, V>(left, right, count, to, stride, columns);
        r += 1;
      }
    }
  }
}

/// dB[n] += Σₘ dy[m, n] for at most a panel's columns, each block in four interleaved sums.
template <class P>
inline void bias_gradient(const RowPanels<P> &dy, int64_t steps, int column, int columns, float *db) {
  const auto one = P::one();
  for (int v = 0; v * W < columns; v++) {
    float *to = db + column + v * W;
    const int n = smaller(W, columns - v * W);
    for (int64_t first = 0; first < steps; first += block_steps) {
      F sums[4] = {zero(), zero(), zero(), zero()};
      const int count = (int)smaller((int64_t)block_steps, steps - first);
      const auto *from = dy.at(first, column + v * W);
      for (int step = 0; step < count; step += 4)
        CK_UNROLL for (int i = 0; i < 4; i++)
          if (step + i < count) sums[i] = P::multiply_add(sums[i], P::right(from + (step + i) * panel), one);
      store(to, load(to, n) + ((sums[0] + sums[1]) + (sums[2] + sums[3])), n);
    }
  }
}

/// One product of a weight gradient with its bias gradient, as pieces: a few tiles of dy by a panel of x each.
template <class P>
struct WeightGradient {
  RowPanels<P> dy, x;
  int outputs, inputs;
  float *weight, *bias;  // bias may be null

  static constexpr int piece_rows = 4 * tile_rows;
  static constexpr int pieces_of_panel = (panel + piece_rows - 1) / piece_rows;
  int across() const { return (inputs + panel - 1) / panel; }
  int pieces() const { return (outputs + panel - 1) / panel * pieces_of_panel * across(); }

  void run(int piece, int64_t steps) const {
    const int column = piece % across() * panel, down = piece / across(), inside = down % pieces_of_panel * piece_rows;
    const int first = down / pieces_of_panel * panel + inside;
    const int rows = smaller(smaller(piece_rows, panel - inside), outputs - first);
    const int columns = smaller(panel, inputs - column);
    if (rows <= 0) return;
    switch (panel_width(inputs, column) / W) {
      case panel_vectors: wgrad_panels<P, panel_vectors>(dy, x, steps, first, rows, column, columns, weight, inputs); break;
      case 1: wgrad_panels<P, 1>(dy, x, steps, first, rows, column, columns, weight, inputs); break;
      default: wgrad_panels<P, 2>(dy, x, steps, first, rows, column, columns, weight, inputs); break;
    }
    if (column == 0 && bias && inside == 0)
      bias_gradient(dy, steps, first, smaller(panel, outputs - first), bias);
  }
};
