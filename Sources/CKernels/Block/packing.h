// Packs a weight W[N, K] (float32, rows of K) as B of a product (gemm.h): once a step, by the owner of the weights.
//
// Forward y = x Wᵀ: columns N, depth K, B[k, n] = W[n, k]. Gradient of the input dx = dy W: columns K, depth N,
// B[n, k] = W[n, k]. A value is rounded to bfloat16 where P::Packed holds pairs.
#pragma once

/// Packs columns of B, a panel a piece.
template <class P>
struct Packing {
  using Packed = typename P::Packed;
  const float *weight;
  int columns, depth;
  Packed *packed;

  Packed *place(int piece) const {
    return const_cast<Packed *>(packed_panel<P>(packed, depth, piece * panel));
  }
};

/// B[n, k] = weight[n · columns + k]: a step is one row of the weight, or two.
template <class P>
struct PackingRows : Packing<P> {
  using Packing<P>::weight, Packing<P>::columns, Packing<P>::depth, Packing<P>::place;
  CK_INLINE F values(int row, int column) const {
    if (row >= depth || column >= columns) return zero();
    return load_lanes(weight + (int64_t)row * columns + column, lanes_at(column, columns));
  }

  void operator()(int piece, int) const {
    const int first = piece * panel, last = first + panel_width(columns, first);
    auto *to = place(piece);
    for (int row = 0; row < depth; row += P::step)
      for (int column = first; column < last; column += W, to += W) {
        if constexpr (P::step == 1) {
          store(to, values(row, column));
        } else {
          store_pairs(to, paired(values(row, column), values(row + 1, column)));
        }
      }
  }

  static void run(const ck_threads *threads, const float *weight, int outputs, int inputs, void *packed) {
    PackingRows packing{{weight, inputs, outputs, (typename P::Packed *)packed}};
    for_pieces(threads, (inputs + panel - 1) / panel, packing);
  }
};

/// B[k, n] = weight[n · depth + k]: W rows by W steps of the weight are transposed at a time.
template <class P>
struct PackingColumns : Packing<P> {
  using Packing<P>::weight, Packing<P>::columns, Packing<P>::depth, Packing<P>::place;
  static constexpr int depths = W * P::step;

  /// W steps of a row of the weight, from depth `k` on; 0 where there are none.
  CK_INLINE F steps(int row, int k) const {
    if (row >= columns) return zero();
    const float *from = weight + (int64_t)row * depth + k;
    F low = load_lanes(from, lanes_at(k, depth));
    if constexpr (P::step == 1) {
      return low;
    } else {
      return P::joined(low, k + W < depth ? load_lanes(from + W, lanes_at(k + W, depth)) : zero());
    }
  }

  void operator()(int piece, int) const {
    const int first = piece * panel, width = panel_width(columns, first);
    for (int column = first; column < first + width; column += W)
      for (int k = 0; k < depth; k += depths) {
        F square[W];
        CK_UNROLL for (int i = 0; i < W; i++) square[i] = steps(column + i, k);
        transpose(square);
        auto *to = place(piece) + (int64_t)(k / P::step) * width + column - first;
        CK_UNROLL for (int i = 0; i < W; i++)
          if (k + i * P::step < depth) store((float *)(to + (int64_t)i * width), square[i]);
      }
  }

  static void run(const ck_threads *threads, const float *weight, int outputs, int inputs, void *packed) {
    PackingColumns packing{{weight, outputs, inputs, (typename P::Packed *)packed}};
    for_pieces(threads, (outputs + panel - 1) / panel, packing);
  }
};

/// Values [blocks, m, n] as [blocks, n, m], a few blocks a piece: a convolution's weight is [outputs, inputs, r·r], and as
/// that of a linear layer [outputs, r·r, inputs].
struct Turning {
  static constexpr int blocks_of_piece = 8;
  const float *from;
  float *to;
  int blocks, m, n;
  bool adds;

  void operator()(int piece, int) const {
    for (int block = piece * blocks_of_piece; block < smaller((piece + 1) * blocks_of_piece, blocks); block++) {
      const float *source = from + (int64_t)block * m * n;
      float *target = to + (int64_t)block * m * n;
      for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
          const float value = source[(int64_t)i * n + j];
          target[(int64_t)j * m + i] = adds ? target[(int64_t)j * m + i] + value : value;
        }
    }
  }

  static void run(const ck_threads *threads, const float *from, float *to, int blocks, int m, int n, bool adds) {
    Turning turning{from, to, blocks, m, n, adds};
    for_pieces(threads, (blocks + blocks_of_piece - 1) / blocks_of_piece, turning);
  }
  static void flatten(const ck_threads *threads, const float *weight, int outputs, int inputs, int r, float *flat) {
    run(threads, weight, flat, outputs, inputs, r * r, false);
  }
  static void add_unflattened(const ck_threads *threads, const float *flat, int outputs, int inputs, int r,
                              float *weight) {
    run(threads, flat, weight, outputs, r * r, inputs, true);
  }
};

template <class P>
inline size_t packed_bytes(int outputs, int inputs) {
  const int64_t forward = packed_size<P>(outputs, inputs), backward = packed_size<P>(inputs, outputs);
  return (size_t)(forward > backward ? forward : backward) * sizeof(typename P::Packed);
}
