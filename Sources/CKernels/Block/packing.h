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

/// Packs columns [first, last) of B, `first` a multiple of `panel`; B[k, n] = weight[k · along_depth + n · along_column].
template <class P>
inline void pack(const float *weight, int columns, int depth, int64_t along_depth, int64_t along_column, int first,
                 int last, typename P::Packed *packed) {
  for (int column = first; column < last; column += panel) {
    const int width = panel_width(columns, column);
    auto *to = const_cast<typename P::Packed *>(packed_panel<P>(packed, depth, column));
    for (int k = 0; k < depth; k += P::step)
      for (int n = column; n < column + width; n++) {
        const float *from = weight + k * along_depth + n * along_column;
        bool inside = n < columns;
        *to++ = packed_value(P(), inside ? from[0] : 0, inside && k + 1 < depth ? from[along_depth] : 0);
      }
  }
}
