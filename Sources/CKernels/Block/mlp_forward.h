// Forward of the MLP half: y = x + s · (GELU(a W₁ᵀ + b₁) W₂ᵀ + b₂), a = LayerNorm(x).
//
// x, y [rows, C] float32, W₁ [H, C], W₂ [C, H], s = factor of drop path. A piece is a chunk of rows: a [96, C] and
// g = GELU(h) [96, H] live in its scratch memory in the products' element type, and never leave the L2 cache.
// Saved as S: x̂ [rows, C] and h = a W₁ᵀ + b₁ [rows, H], before GELU; and 1/σ.
#pragma once

template <class S, class P>
struct MlpForward {
  using E = typename P::Element;
  const ck_mlp &mlp;
  const ck_samples &samples;
  const float *x;
  float *y;
  const ck_mlp_saved *saved;
  char *scratch;
  int64_t scratch_size;

  struct Room {
    E *normed, *activated;
    int64_t size;
  };
  static Room room(const ck_mlp &mlp, char *base) {
    Scratch scratch{base};
    E *normed = scratch.take<E>(chunk_rows * scratch_stride<E>(mlp.channels));
    E *activated = scratch.take<E>(chunk_rows * scratch_stride<E>(mlp.hidden));
    return {normed, activated, scratch.used};
  }

  /// h = c + b₁ is saved, GELU(h) goes to fc2.
  struct Activate {
    const float *bias;
    S *saved;  // of the chunk's first row; may be null
    int64_t saved_stride;
    E *activated;
    int64_t stride;

    CK_INLINE void fetch(int row, int column, int columns) {
      if (saved) fetch_lines<1>(saved + row * saved_stride + column, columns);
    }
    template <int V>
    CK_INLINE void take(const Tile<V> &tile) {
      for_each_vector(tile, *this);
    }
    CK_INLINE void put(int row, int column, int count, F value) {
      F h = value + load_lanes(bias + column, count);
      if (saved) store_lanes(saved + row * saved_stride + column, h, count);
      store_lanes(activated + row * stride + column, gelu<S>(h), count);
    }
  };

  void operator()(int chunk, int worker) {
    const Room room = MlpForward::room(mlp, scratch + worker * scratch_size);
    const int64_t first = (int64_t)chunk * chunk_rows;
    const int rows = (int)smaller((int64_t)chunk_rows, kept_rows(samples) - first);
    const int C = mlp.channels, H = mlp.hidden;
    const int64_t stride = scratch_stride<E>(C), hidden_stride = scratch_stride<E>(H);
    S *normalized = saved ? (S *)saved->normalized + first * C : nullptr;
    S *preactivation = saved ? (S *)saved->preactivation + first * H : nullptr;
    int64_t offsets[chunk_rows];
    for (int row = 0; row < rows; row++) {
      offsets[row] = kept_offset(samples, first + row, C);
      E *normed = room.normed + row * stride;
      const float reciprocal = normalize<S>(x + offsets[row], C, mlp.epsilon, mlp.gamma, mlp.beta, normed,
                                            normalized ? normalized + row * C : nullptr);
      if (saved) saved->reciprocal[first + row] = reciprocal;
      normed[C] = E{};
      room.activated[row * hidden_stride + H] = E{};
    }
    Activate activate{mlp.bias1, preactivation, H, room.activated, hidden_stride};
    gemm<P>(Strided<E>{room.normed, stride}, rows, (const typename P::Packed *)mlp.weight1, H, C, activate);
    if (!y) return;
    ToResidual to_y{mlp.bias2, all(samples.factor), x, y, offsets};
    gemm<P>(Strided<E>{room.activated, hidden_stride}, rows, (const typename P::Packed *)mlp.weight2, C, H, to_y);
  }

  static int64_t scratch_bytes(const ck_mlp &mlp, int threads) { return room(mlp, nullptr).size * threads; }

  static void run(const ck_threads *threads, const ck_mlp &mlp, const ck_samples &samples, const float *x, float *y,
                  const ck_mlp_saved *saved, char *scratch) {
    if (y) copy_dropped(threads, samples, mlp.channels, x, y);
    MlpForward forward{mlp, samples, x, y, saved, scratch, room(mlp, nullptr).size};
    for_pieces(threads, chunks_of(kept_rows(samples)), forward);
  }
};
