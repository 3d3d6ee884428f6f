// Packs a weight W[N, K] (float32, rows of K) as B of a product (gemm.h): once a step, by the owner of the weights.
//
// Forward y = x Wᵀ: columns N, depth K, B[k, n] = W[n, k]. Gradient of the input dx = dy W: columns K, depth N,
// B[n, k] = W[n, k]. A value is rounded to bfloat16 where P::Packed holds pairs.
#pragma once

CK_INLINE float packed_value(FloatProduct, float even, float) { return even; }

#if CK_DOT
CK_INLINE uint32_t packed_value(DotProduct, float even, float odd) {
  alignas(64) uint32_t lanes[W];
  store_pairs(lanes, paired(all(even), all(odd)));
  return lanes[0];
}
#endif

/// Packs columns of B, a panel a piece; B[k, n] = weight[k · along_depth + n · along_column].
template <class P>
struct Packing {
  const float *weight;
  int columns, depth;
  int64_t along_depth, along_column;
  typename P::Packed *packed;

  void operator()(int piece, int) {
    const int column = piece * panel, width = panel_width(columns, column);
    auto *to = const_cast<typename P::Packed *>(packed_panel<P>(packed, depth, column));
    for (int k = 0; k < depth; k += P::step)
      for (int n = column; n < column + width; n++) {
        const float *from = weight + k * along_depth + n * along_column;
        const bool inside = n < columns;
        *to++ = packed_value(P(), inside ? from[0] : 0, inside && k + 1 < depth ? from[along_depth] : 0);
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
