// Backward of the MLP half: from dy to dx and the gradients of γ, β, W₁, b₁, W₂, b₂.
//
//   dz = s·dy          dW₂ += dzᵀ g    db₂ += Σ dz       g = GELU(h), a = γ·x̂ + β: recomputed
//   dh = (dz W₂)·GELU'(h)   dW₁ += dhᵀ a    db₁ += Σ dh
//   da = dh W₁         dx = dy + LayerNorm's backward of da, which gives dγ and dβ (norm.h)
//
// Rows are taken in spans of some chunks. A span goes through two phases: its chunks, each a piece, write
// dx and the four operands dz, dh, a, g as row panels (wgrad.h); then parts of dW₁ and dW₂, each a piece, sum over the
// span's rows. A span's operands fit in the L2 and L3 caches, and are all that is kept beside dx.
#pragma once

template <class S, class P>
struct MlpBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;

  static constexpr int64_t span_bytes = 3 << 20;

  /// Chunks of a span, whole blocks of rows (wgrad.h): as many as keep each thread's share of the operands within
  /// `span_bytes`, but at least four a thread. Fewer spans lose less where threads wait for each other on busy cores.
  static int span_chunks(const ck_mlp &mlp, int threads) {
    static_assert(4 * chunk_rows % (block_steps * P::rows_per_step) == 0);
    const int64_t chunk_bytes = 2 * (mlp.channels + mlp.hidden) * (int64_t)chunk_rows * (int64_t)sizeof(E);
    const int64_t fitting = threads * (span_bytes / chunk_bytes / 4 * 4);
    return (int)(fitting < 4 * threads ? 4 * threads : fitting);
  }

  /// What all pieces of a span share.
  struct Shared {
    RowPanels<P> dz, dh, normed, activated;
    float *norm_sums;  // [chunk][2][C]: dγ's and dβ's parts
    int64_t size;
  };
  static Shared shared_room(const ck_mlp &mlp, const ck_samples &samples, int threads, char *base) {
    const int C = mlp.channels, H = mlp.hidden;
    const int chunks = smaller(span_chunks(mlp, threads), chunks_of(kept_rows(samples)));
    const int64_t capacity = (int64_t)chunks * chunk_rows / P::rows_per_step;
    Scratch scratch{base};
    Shared shared;
    shared.dz = {scratch.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    shared.dh = {scratch.take<Packed>(RowPanels<P>::size(H, capacity)), capacity};
    shared.normed = {scratch.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    shared.activated = {scratch.take<Packed>(RowPanels<P>::size(H, capacity)), capacity};
    shared.norm_sums = scratch.take<float>((int64_t)chunks * 2 * C);
    shared.size = scratch.used;
    return shared;
  }

  /// A worker's own.
  struct Room {
    E *dz, *dh;
    float *da;
    int64_t size;
  };
  static Room room(const ck_mlp &mlp, char *base) {
    Scratch scratch{base};
    Room room;
    room.dz = scratch.take<E>(chunk_rows * scratch_stride<E>(mlp.channels));
    room.dh = scratch.take<E>(chunk_rows * scratch_stride<E>(mlp.hidden));
    room.da = scratch.take<float>(chunk_rows * scratch_stride<float>(mlp.channels));
    room.size = scratch.used;
    return room;
  }

  const ck_mlp &mlp;
  const ck_samples &samples;
  const ck_mlp_saved &saved;
  const float *dy;
  float *dx;
  const ck_mlp_gradients &gradients;
  const Shared shared;
  char *own;
  int64_t own_size;
  int64_t span_first = 0;

  /// From c = dz W₂: g as an operand, dh = c·GELU'(h) as an operand and as rows.
  struct Differentiate {
    const S *preactivation;  // of the chunk's first row
    int hidden;
    E *dh_rows;
    int64_t stride, first;
    RowPanels<P> dh, activated;

    CK_INLINE void fetch(int row, int column, int columns) {
      fetch_lines<0>(preactivation + (int64_t)row * hidden + column, columns);
    }
    template <int V>
    CK_INLINE void take(const Tile<V> &tile) {
      CK_UNROLL for (int r = 0; r < tile_rows; r += 2)
        CK_UNROLL for (int v = 0; v < V; v++)
          if (r < tile.rows && v * W < tile.columns)
            take_pair(tile.row + r, r + 1 < tile.rows, tile.column + v * W, smaller(W, tile.columns - v * W),
                      tile.acc[r][v], tile.acc[r + 1][v]);
    }
    CK_INLINE void take_pair(int row, bool pair, int column, int n, F even_sum, F odd_sum) {
      Gelu<S> even = one(row, column, n, even_sum), odd = {zero(), zero()};
      if (pair) odd = one(row + 1, column, n, odd_sum);
      dh.store_rows(first + row, column, even.derivative, odd.derivative);
      activated.store_rows(first + row, column, even.value, odd.value);
    }
    CK_INLINE Gelu<S> one(int row, int column, int n, F c) {
      Gelu<S> gelu = gelu_with_derivative<S>(load_lanes(preactivation + (int64_t)row * hidden + column, n));
      gelu.derivative = gelu.derivative * c;
      store_lanes(dh_rows + row * stride + column, gelu.derivative, n);
      return gelu;
    }
  };

  /// Rows `row` and the next of the chunk: dz as rows and operand, a as operand.
  void begin_rows(const Shared &shared, const Room &room, int64_t first, int row, int rows,
                  const int64_t *offsets) const {
    const int C = mlp.channels;
    const int64_t at = first - span_first + row, stride = scratch_stride<E>(C);
    const S *hat = (const S *)saved.normalized + (first + row) * C;
    const bool pair = row + 1 < rows;
    const F factor = all(samples.factor);
    for (int c = 0; c < C; c += W) {
      const int n = lanes_at(c, C);
      F gamma = load_lanes(mlp.gamma + c, n), beta = load_lanes(mlp.beta + c, n);
      F even = factor * load_lanes(dy + offsets[row] + c, n), even_normed = fma(load_lanes(hat + c, n), gamma, beta);
      F odd = zero(), odd_normed = zero();
      store_lanes(room.dz + row * stride + c, even, n);
      if (pair) {
        odd = factor * load_lanes(dy + offsets[row + 1] + c, n);
        odd_normed = fma(load_lanes(hat + C + c, n), gamma, beta);
        store_lanes(room.dz + (row + 1) * stride + c, odd, n);
      }
      shared.dz.store_rows(at, c, even, odd);
      shared.normed.store_rows(at, c, even_normed, odd_normed);
    }
    if (C % 2) room.dz[row * stride + C] = room.dz[(row + 1) * stride + C] = E{};
  }

  /// A chunk of the span.
  void operator()(int chunk, int worker) {
    const Room room = MlpBackward::room(mlp, own + worker * own_size);
    const int64_t first = span_first + (int64_t)chunk * chunk_rows;
    const int rows = (int)smaller((int64_t)chunk_rows, kept_rows(samples) - first);
    const int C = mlp.channels, H = mlp.hidden;
    const int64_t stride = scratch_stride<E>(C), hidden_stride = scratch_stride<E>(H);
    int64_t offsets[chunk_rows];
    for (int row = 0; row < rows; row++) offsets[row] = kept_offset(samples, first + row, C);
    for (int row = 0; row < rows; row += 2) begin_rows(shared, room, first, row, rows, offsets);
    if (H % 2)
      for (int row = 0; row < rows; row++) room.dh[row * hidden_stride + H] = E{};

    Differentiate differentiate{(const S *)saved.preactivation + first * H, H,      room.dh, hidden_stride,
                                first - span_first,                       shared.dh, shared.activated};
    gemm<P>(Strided<E>{room.dz, stride}, rows, (const Packed *)mlp.weight2_back, H, C, differentiate);
    const int64_t da_stride = scratch_stride<float>(C);
    ToRows<float> keep{room.da, da_stride, nullptr};
    gemm<P>(Strided<E>{room.dh, hidden_stride}, rows, (const Packed *)mlp.weight1_back, C, H, keep);

    float *dgamma = shared.norm_sums + (int64_t)chunk * 2 * C, *dbeta = dgamma + C;
    __builtin_memset(dgamma, 0, 2 * (size_t)C * sizeof *dgamma);
    for (int row = 0; row < rows; row++)
      normalize_backward(room.da + row * da_stride, (const S *)saved.normalized + (first + row) * C,
                         saved.reciprocal[first + row], C, mlp.gamma, dy + offsets[row], dx + offsets[row], dgamma,
                         dbeta);
  }

  /// The second phase of a span.
  struct Weights {
    const WeightGradient<P> fc1, fc2;
    int64_t steps;
    int chunks, channels;
    const float *norm_sums;
    ck_norm_gradients norm;

    int pieces() const { return fc1.pieces() + fc2.pieces() + 1; }
    void operator()(int piece, int) {
      if (piece < fc1.pieces()) return fc1.run(piece, steps);
      if (piece < fc1.pieces() + fc2.pieces()) return fc2.run(piece - fc1.pieces(), steps);
      add_norm_sums(norm_sums, chunks, channels, norm);
    }
  };

  static int64_t scratch_bytes(const ck_mlp &mlp, const ck_samples &samples, int threads) {
    return shared_room(mlp, samples, threads, nullptr).size + room(mlp, nullptr).size * threads;
  }

  static void run(const ck_threads *threads, const ck_mlp &mlp, const ck_samples &samples, const ck_mlp_saved &saved,
                  const float *dy, float *dx, const ck_mlp_gradients &gradients, char *scratch) {
    copy_dropped(threads, samples, mlp.channels, dy, dx);
    const Shared shared = shared_room(mlp, samples, threads->count, scratch);
    MlpBackward backward{mlp, samples, saved, dy, dx, gradients, shared, scratch + shared.size, room(mlp, nullptr).size};
    const int C = mlp.channels, H = mlp.hidden, span = span_chunks(mlp, threads->count);
    const int64_t rows = kept_rows(samples);
    for (int chunk = 0; chunk < chunks_of(rows); chunk += span) {
      backward.span_first = (int64_t)chunk * chunk_rows;
      const int64_t left = smaller(rows - backward.span_first, (int64_t)span * chunk_rows);
      for_pieces(threads, chunks_of(left), backward);
      Weights weights{{shared.dh, shared.normed, H, C, gradients.weight1, gradients.bias1},
                      {shared.dz, shared.activated, C, H, gradients.weight2, gradients.bias2},
                      (left + P::rows_per_step - 1) / P::rows_per_step,
                      chunks_of(left),
                      C,
                      shared.norm_sums,
                      {gradients.gamma, gradients.beta}};
      for_pieces(threads, weights.pieces(), weights);
    }
  }
};
