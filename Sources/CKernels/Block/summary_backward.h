// The keys' part of the global half's backward pass: through k and v, the summary's norm and the strided convolution.
//
//   dkv → dv = dkv W_kv → du = LayerNorm's backward → da of the patches = du W_sr
//
// A piece is 12 keys. It writes the operands dkv, v, du and patches(a), whose pairs of rows are pairs of patches.
#pragma once

/// Adds C to rows at a fixed distance.
struct AddToRows {
  float *base;
  int64_t stride;

  template <int V>
  CK_INLINE void take(const Tile<V> &tile) {
    for_each_vector(tile, *this);
  }
  CK_INLINE void put(int row, int column, int count, F value) {
    float *to = base + row * stride + column;
    store_lanes(to, load_lanes(to, count) + value, count);
  }
};

/// Stores C in rows anywhere.
struct ToListed {
  float *const *rows;

  template <int V>
  CK_INLINE void take(const Tile<V> &tile) {
    for_each_vector(tile, *this);
  }
  CK_INLINE void put(int row, int column, int count, F value) { store_lanes(rows[row] + column, value, count); }
};

template <class S, class P, class Half>
struct SummaryBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;
  const Half &half;

  void operator()(int number, int worker) const {
    const auto &attention = half.attention;
    const auto room = half.shared();
    const auto own = half.own(worker);
    const int C = attention.channels, M = half.patches.count();
    const int64_t first = (int64_t)number * key_rows, all_first = (int64_t)half.first_image * M + first;
    const int rows = (int)smaller((int64_t)key_rows, half.keys() - first);
    const int64_t stride = scratch_stride<E>(C), float_stride = scratch_stride<float>(C);
    const int64_t kv_stride = scratch_stride<E>(2 * C);
    const S *hat = (const S *)half.saved.summary_normalized + all_first * C;
    float *dpatches[key_rows];
    int64_t exists[key_rows];
    for (int row = 0; row < rows; row++) {
      const int64_t image = (first + row) / M, key = (first + row) % M;
      half.sum_parts(room, image, (int)key, own.dkv + row * kv_stride);
      dpatches[row] = room.dpatches + image * half.patches.tokens() * C + key * half.depth();
      exists[row] = 0;
    }
    store_operand(room.dkv, first, own.dkv, kv_stride, rows, 2 * C);
    store_normed(room.values, first, hat, exists, rows, C, attention.summary_norm);
    store_patches(room.unfolded, first, rows);
    ToRows<float> to_dvalues{own.rows, float_stride, nullptr};
    gemm<P>(Strided<E>{own.dkv, kv_stride}, rows, (const Packed *)attention.kv.back, C, 2 * C, to_dvalues);

    float *dgamma = room.summary_sums + (int64_t)number * 2 * C, *dbeta = dgamma + C;
    __builtin_memset(dgamma, 0, 2 * (size_t)C * sizeof *dgamma);
    for (int row = 0; row < rows; row++) {
      float *du = own.rows + row * float_stride;
      for (int c = 0; c < C; c += W) store(dpatches[row] + c, zero());  // nothing goes past the norm
      normalize_backward(du, hat + row * C, half.saved.summary_reciprocal[all_first + row], C,
                         attention.summary_norm.gamma, dpatches[row], du, dgamma, dbeta);
      copy_row(own.du + row * stride, du, C);
    }
    store_operand(room.du, first, own.du, stride, rows, C);
    ToListed to_patches{dpatches};
    gemm<P>(Strided<E>{own.du, stride}, rows, (const Packed *)attention.convolution.back, half.depth(), C, to_patches);
  }

  /// a of the keys' patches: columns are a patch's tokens, one after the other.
  void store_patches(const RowPanels<P> &panels, int64_t first, int rows) const {
    const int C = half.attention.channels, area = half.attention.reduction * half.attention.reduction;
    for (int row = 0; row < rows; row += 2) {
      const bool pair = row + 1 < rows;
      const S *even = saved_patch(first + row), *odd = saved_patch(first + row + pair);
      for (int token = 0; token < area; token++)
        for (int c = 0; c < C; c += W)
          panels.store_rows(first + row, token * C + c,
                            normed_lanes(even + token * C, half.attention.norm, c, true),
                            normed_lanes(odd + token * C, half.attention.norm, c, pair));
    }
  }
  const S *saved_patch(int64_t key) const {
    const int M = half.patches.count();
    const int64_t image = half.first_image + key / M;
    return (const S *)half.saved.normalized + image * half.patches.tokens() * half.attention.channels +
           key % M * half.depth();
  }
};

/// The gradients of the global half's weights from a span's operands: parts of them are pieces.
template <class P, class Half>
struct GlobalAttentionWeights {
  const Half &half;
  const WeightGradient<P> parts[4];  // q, projection, kv, convolution
  const int64_t steps[4];
  const float *norm_sums, *summary_sums;

  static int64_t steps_of(int64_t rows) { return (rows + P::rows_per_step - 1) / P::rows_per_step; }

  template <class Shared>
  GlobalAttentionWeights(const Half &half, const Shared &room)
      : half(half),
        parts{{room.dq, room.normed, C(), C(), half.gradients.q.weight, half.gradients.q.bias},
              {room.dz, room.mixed, C(), C(), half.gradients.projection.weight, half.gradients.projection.bias},
              {room.dkv, half.reduces() ? room.values : room.normed, 2 * C(), C(), half.gradients.kv.weight,
               half.gradients.kv.bias},
              {room.du, room.unfolded, C(), half.depth(), room.convolution, half.gradients.convolution.bias}},
        steps{steps_of(half.pieces().panel_rows()), steps_of(half.pieces().panel_rows()),
              steps_of(half.reduces() ? half.keys() : half.pieces().panel_rows()), steps_of(half.keys())},
        norm_sums(room.norm_sums),
        summary_sums(room.summary_sums) {}

  int C() const { return half.attention.channels; }
  int pieces() const {
    int count = 1;
    for (const auto &part : parts) count += part.pieces();
    return count;
  }
  void operator()(int piece, int) const {
    for (int i = 0; i < 4; piece -= parts[i].pieces(), i++)
      if (piece < parts[i].pieces()) return parts[i].run(piece, steps[i]);
    add_norm_sums(norm_sums, half.pieces().count(), C(), half.gradients.norm);
    if (half.reduces()) add_norm_sums(summary_sums, half.key_pieces(), C(), half.gradients.summary_norm);
  }
};
