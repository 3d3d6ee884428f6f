// C[m, n] = Σₖ A[m, k] · B[k, n] in float32, with A's rows given one by one, B packed, and C handed to an epilogue.
//
// B is packed once a step (packing.h) in panels of `panel` columns (64, or 16 for AVX2): panel j holds
// [depth / step][width] values, width = panel, or for the last one the least of panel, panel/2, panel/4 that covers
// the columns left. Missing columns and a missing last depth are zeros. `packed_panel` gives a panel's place.
//
// How to use it:
//   gemm<P>(rows, m, packed, columns, depth, epilogue);
//   P         FloatProduct or DotProduct (products.h)
//   rows      rows(i) gives a pointer to row i of A, 0 ≤ i < m; only that row is read, from it up to `depth` rounded
//             up to P::step elements, so an odd depth needs one finite element after each row. `Strided` and `Listed`
//             below serve; a gather (windows, kept samples, patches) is a struct with that operator().
//   epilogue  epilogue.take(tile) for each tile of at most 6 rows and one panel's width:
//               tile.row, tile.rows       its first row, and how many are valid (acc has 6; rows is ≤ 6, row % 6 == 0)
//               tile.column, tile.columns its first column, and how many are valid (≤ V · W)
//               tile.acc[r][v]            W sums of row r; v < V
//             It may have fetch(row, column, columns), called one tile ahead, to prefetch what take will touch.
//             `ToRows` below adds a bias and stores; it shows the form. Take `for_each_vector` where rows are
//             independent; it calls epilogue.put(row, column, count, F) with count ≤ W valid lanes.
// The sum over the depth is taken in order by one accumulator per element: no result depends on m, on the tile that a
// row falls in, or on threads. Panels are outermost, so keep m · depth small enough for the L2 cache (96 rows, say).
#pragma once

inline constexpr int tile_rows = 6;

template <int V>
struct Tile {
  int row, rows, column, columns;
  F acc[tile_rows][V];
};

/// Calls epilogue.put for every valid vector of a tile.
template <int V, class Epilogue>
CK_INLINE void for_each_vector(const Tile<V> &tile, Epilogue &epilogue) {
  if (tile.rows == tile_rows && tile.columns == V * W) {
    CK_UNROLL for (int r = 0; r < tile_rows; r++)
      CK_UNROLL for (int v = 0; v < V; v++) epilogue.put(tile.row + r, tile.column + v * W, W, tile.acc[r][v]);
  } else {
    CK_UNROLL for (int r = 0; r < tile_rows; r++)
      CK_UNROLL for (int v = 0; v < V; v++)
        if (r < tile.rows && v * W < tile.columns)
          epilogue.put(tile.row + r, tile.column + v * W, smaller(W, tile.columns - v * W), tile.acc[r][v]);
  }
}

/// A's rows at a fixed distance from each other.
template <class T>
struct Strided {
  const T *base;
  int64_t stride;
  CK_INLINE const T *operator()(int row) const { return base + row * stride; }
};

/// A's rows anywhere.
template <class T>
struct Listed {
  const T *const *rows;
  CK_INLINE const T *operator()(int row) const { return rows[row]; }
};

/// Stores C + bias (none if null) as T at a fixed distance between rows.
template <class T>
struct ToRows {
  T *base;
  int64_t stride;
  const float *bias;

  template <int V>
  CK_INLINE void take(const Tile<V> &tile) {
    for_each_vector(tile, *this);
  }
  CK_INLINE void put(int row, int column, int count, F value) {
    T *to = base + row * stride + column;
    if (count == W) {
      if (bias) value = value + load(bias + column);
      store(to, value);
    } else {
      if (bias) value = value + load(bias + column, count);
      store(to, value, count);
    }
  }
};

/// The width of the panel that starts at `column`.
CK_INLINE int panel_width(int columns, int column) {
  int left = columns - column;
  return left > panel / 2 ? panel : left > panel / 4 && panel_vectors >= 2 ? panel / 2 : smaller(panel / 2, W);
}

/// Elements of packed B.
template <class P>
CK_INLINE int64_t packed_size(int columns, int depth) {
  int whole = columns / panel * panel;
  int width = whole + (columns > whole ? panel_width(columns, whole) : 0);
  return (int64_t)width * ((depth + P::step - 1) / P::step);
}

/// The panel that starts at `column`, a multiple of `panel`.
template <class P>
CK_INLINE const typename P::Packed *packed_panel(const typename P::Packed *packed, int depth, int column) {
  return packed + (int64_t)column * ((depth + P::step - 1) / P::step);
}

/// Asks the caches for the lines that hold `count` elements from `p` on, to be read (0) or written (1).
template <int writing, class T>
CK_INLINE void fetch_lines(const T *p, int count) {
  for (int i = 0; i < count; i += 64 / (int)sizeof(T)) __builtin_prefetch(p + i, writing);
}

/// Announces a tile to an epilogue that wants to know.
template <class Epilogue>
CK_INLINE void fetch_tile(Epilogue &epilogue, int row, int m, int column, int columns) {
  if constexpr (requires { epilogue.fetch(row, column, columns); }) {
    const int end = smaller(row + tile_rows, m);
    for (int r = row; r < end; r++) epilogue.fetch(r, column, columns);
  }
}

template <class P, int V, class Rows, class Epilogue>
inline void gemm_panel(const Rows &rows, int m, const typename P::Packed *b, int column, int columns, int depth,
                       Epilogue &epilogue) {
  const int steps = (depth + P::step - 1) / P::step;
  fetch_tile(epilogue, 0, m, column, columns);
  for (int row = 0; row < m; row += tile_rows) {
    fetch_tile(epilogue, row + tile_rows, m, column, columns);
    Tile<V> tile = {row, smaller(tile_rows, m - row), column, columns, {}};
    const typename P::Element *a[tile_rows];
    CK_UNROLL for (int r = 0; r < tile_rows; r++) a[r] = rows(smaller(row + r, m - 1));
    F acc[tile_rows][V];
    CK_UNROLL for (int r = 0; r < tile_rows; r++) CK_UNROLL for (int v = 0; v < V; v++) acc[r][v] = zero();
    const typename P::Packed *from = b;
    for (int64_t k = 0; k < steps; k++, from += V * W) {
      decltype(P::right(from)) right[V];
      CK_UNROLL for (int v = 0; v < V; v++) right[v] = P::right(from + v * W);
      CK_UNROLL for (int r = 0; r < tile_rows; r++) {
        auto left = P::left(a[r] + k * P::step);
        CK_UNROLL for (int v = 0; v < V; v++) acc[r][v] = P::multiply_add(acc[r][v], left, right[v]);
      }
    }
    CK_UNROLL for (int r = 0; r < tile_rows; r++) CK_UNROLL for (int v = 0; v < V; v++) tile.acc[r][v] = acc[r][v];
    epilogue.take(tile);
  }
}

template <class P, class Rows, class Epilogue>
inline void gemm(const Rows &rows, int m, const typename P::Packed *packed, int columns, int depth,
                 Epilogue &epilogue) {
  for (int column = 0; column < columns; column += panel) {
    const typename P::Packed *b = packed_panel<P>(packed, depth, column);
    const int left = smaller(panel, columns - column);
    switch (panel_width(columns, column) / W) {
      case panel_vectors: gemm_panel<P, panel_vectors>(rows, m, b, column, left, depth, epilogue); break;
      case 1: gemm_panel<P, 1>(rows, m, b, column, left, depth, epilogue); break;
      default: gemm_panel<P, 2>(rows, m, b, column, left, depth, epilogue); break;
    }
  }
}
