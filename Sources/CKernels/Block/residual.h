// The residual at the rows' offsets, and the end of a half: y = x + s · (c + b) in float32; padding has no place to go.
#pragma once

/// Rows of windows and patches lie scattered: asks for the one that comes `ahead` rows later, if there is one.
template <int writing>
CK_INLINE void fetch_row(const float *rows, const int64_t *offsets, int row, int count, int columns) {
  constexpr int ahead = 6;
  if (row + ahead < count && offsets[row + ahead] >= 0) fetch_lines<writing>(rows + offsets[row + ahead], columns);
}

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
