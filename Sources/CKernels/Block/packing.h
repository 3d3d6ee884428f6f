// Packs a weight W[N, K] (float32, rows of K) as B of a product (gemm.h): once a step, by the owner of the weights.
//
// Forward y = x Wᵀ: columns N, depth K, B[k, n] = W[n, k]. Gradient of the input dx = dy W: columns K, depth N,
// B[n, k] = W[n, k]. A value is rounded to bfloat16 where P::Packed holds pairs.
#pragma once

/// Packs columns of B, a panel a piece; B[k, n] = weight[k · along_depth + n · along_column], one of the two being 1.
template <class P>
struct Packing {
  const float *weight;
  int columns, depth;
  int along_depth, along_column;
  typename P::Packed *packed;

  /// W values of depth `k` from column `n` on; 0 where there are none.
  CK_INLINE F values(int k, int n) const {
    const float *from = weight + (int64_t)k * along_depth + (int64_t)n * along_column;
    if (k >= depth || n >= columns) return zero();
    if (along_column == 1) return load_lanes(from, lanes_at(n, columns));
    if (n + W <= columns) return gathered(from, along_column);
    float some[W] = {};
    for (int i = 0; n + i < columns; i++) some[i] = from[(int64_t)i * along_column];
    return load(some);
  }

  void operator()(int piece, int) {
    const int column = piece * panel, width = panel_width(columns, column);
    auto *to = const_cast<typename P::Packed *>(packed_panel<P>(packed, depth, column));
    for (int k = 0; k < depth; k += P::step)
      for (int n = column; n < column + width; n += W, to += W) {
        if constexpr (P::step == 1) {
          store(to, values(k, n));
        } else {
          store_pairs(to, paired(values(k, n), values(k + 1, n)));
        }
      }
  }

  static void forward(const ck_threads *threads, const float *weight, int outputs, int inputs, void *packed) {
    Packing packing{weight, outputs, inputs, 1, inputs, (typename P::Packed *)packed};
    for_pieces(threads, (outputs + panel - 1) / panel, packing);
  }
  static void backward(const ck_threads *threads, const float *weight, int outputs, int inputs, void *packed) {
    Packing packing{weight, inputs, outputs, inputs, 1, (typename P::Packed *)packed};
    for_pieces(threads, (inputs + panel - 1) / panel, packing);
  }
};

template <class P>
inline size_t packed_bytes(int outputs, int inputs) {
  const int64_t forward = packed_size<P>(outputs, inputs), backward = packed_size<P>(inputs, outputs);
  return (size_t)(forward > backward ? forward : backward) * sizeof(typename P::Packed);
}
