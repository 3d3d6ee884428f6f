// The end of a half: y = x + s · (c + b) in float32, row by row at the rows' offsets; padding has no place to go.
#pragma once

struct ToResidual {
  const float *bias;
  F factor;
  const float *x;
  float *y;
  const int64_t *offsets;

  template <int V>
  CK_INLINE void take(const Tile<V> &tile) {
    for_each_vector(tile, *this);
  }
  CK_INLINE void fetch(int row, int column, int columns) {
    if (offsets[row] < 0) return;
    fetch_lines<0>(x + offsets[row] + column, columns);
    if (x != y) fetch_lines<1>(y + offsets[row] + column, columns);
  }
  CK_INLINE void put(int row, int column, int count, F value) {
    if (offsets[row] < 0) return;
    F branch = value + load_lanes(bias + column, count);
    const int64_t at = offsets[row] + column;
    store_lanes(y + at, fma(branch, factor, load_lanes(x + at, count)), count);
  }
};
