// Backward of a patch embedding: from dy to dx and the gradients of γ, β, W, b.
//
//   du = LayerNorm's backward of dy, which gives dγ and dβ (norm.h)
//   dW += duᵀ p    db += Σ du    dp = du W, which is dx of the patch: no two share a value
//
// Spans of some chunks go through two phases, as in mlp_backward.h: chunks write the operands du and p as row panels,
// and dx; then parts of dW sum over the span's rows. The weight of tokens is flattened, and so is dW until the end.
#pragma once

template <class S, class P>
struct EmbeddingBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;

  static constexpr int64_t span_bytes = 3 << 20;

  const ck_embedding &embedding;
  const EmbeddedPatches patches;
  const ck_embedding_saved &saved;
  const float *x, *dy;
  float *dx;
  const int threads;
  char *scratch;
  int64_t span_first = 0;

  /// Chunks of a span, whole blocks of rows (wgrad.h), as in mlp_backward.h.
  int span() const {
    static_assert(4 * chunk_rows % (block_steps * P::rows_per_step) == 0);
    const int64_t chunk_bytes = (embedding.channels + patches.depth()) * (int64_t)chunk_rows * (int64_t)sizeof(E);
    const int64_t fitting = threads * (span_bytes / chunk_bytes / 4 * 4);
    return (int)(fitting < 4 * threads ? 4 * threads : fitting);
  }
  int64_t span_rows() const { return smaller(patches.rows() - span_first, (int64_t)span() * chunk_rows); }

  /// The buffers that all pieces share.
  struct Shared {
    RowPanels<P> du, values;
    float *norm_sums;  // [chunk][2][C]: dγ's and dβ's parts
    float *flat;       // dW of a flattened weight
    int64_t size;
  };
  Shared shared() const {
    const int C = embedding.channels, D = patches.depth();
    const int chunks = smaller(span(), chunks_of(patches.rows()));
    const int64_t capacity = (int64_t)chunks * chunk_rows / P::rows_per_step;
    Scratch part{scratch};
    Shared room;
    room.du = {part.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    room.values = {part.take<Packed>(RowPanels<P>::size(D, capacity)), capacity};
    room.norm_sums = part.take<float>((int64_t)chunks * 2 * C);
    room.flat = part.take<float>(patches.planes ? 0 : (int64_t)C * D);
    room.size = part.used;
    return room;
  }

  /// A worker's own buffers.
  struct Own {
    E *du, *values;
    float *row, *zeros, *dvalues;
    int64_t size;
  };
  Own own(int worker) const {
    const int C = embedding.channels, D = patches.depth();
    Own room = {};
    for (int pass = 0; pass < 2; pass++) {  // the first finds the size
      Scratch part{pass ? scratch : nullptr, pass ? shared().size + worker * room.size : 0};
      const int64_t start = part.used;
      room.du = part.take<E>(chunk_rows * scratch_stride<E>(C));
      room.values = part.take<E>(chunk_rows * scratch_stride<E>(D));
      room.row = part.take<float>(rounded_up(C, W));  // copied in whole vectors
      room.zeros = part.take<float>(C);
      room.dvalues = part.take<float>(chunk_rows * scratch_stride<float>(D));
      room.size = part.used - start;
    }
    return room;
  }

  /// Computes a chunk of the span.
  void operator()(int chunk, int worker) const {
    const Shared room = shared();
    const Own own = this->own(worker);
    const int64_t at = (int64_t)chunk * chunk_rows, first = span_first + at;
    const int rows = (int)smaller((int64_t)chunk_rows, patches.rows() - first);
    const int C = embedding.channels, D = patches.depth();
    const int64_t stride = scratch_stride<E>(C), values_stride = scratch_stride<E>(D);
    float *dgamma = room.norm_sums + (int64_t)chunk * 2 * C, *dbeta = dgamma + C;
    __builtin_memset(dgamma, 0, 2 * (size_t)C * sizeof *dgamma);
    __builtin_memset(own.zeros, 0, (size_t)C * sizeof *own.zeros);  // no residual path around the norm
    for (int row = 0; row < rows; row++) {
      normalize_backward(dy + (first + row) * C, (const S *)saved.normalized + (first + row) * C,
                         saved.reciprocal[first + row], C, embedding.norm.gamma, own.zeros, own.row, dgamma, dbeta);
      copy_row(own.du + row * stride, own.row, C);
      own.du[row * stride + C] = E{};
      patches.gather(x, first + row, own.values + row * values_stride);
    }
    store_operand(room.du, at, own.du, stride, rows, C);
    store_operand(room.values, at, own.values, values_stride, rows, D);
    if (!dx) return;
    const int64_t dvalues_stride = scratch_stride<float>(D);
    ToRows<float> to_dvalues{own.dvalues, dvalues_stride, nullptr};
    gemm<P>(Strided<E>{own.du, stride}, rows, (const Packed *)embedding.projection.back, D, C, to_dvalues);
    for (int row = 0; row < rows; row++) patches.scatter(own.dvalues + row * dvalues_stride, first + row, dx);
  }

  /// The second phase of a span.
  struct Weights {
    const WeightGradient<P> projection;
    int64_t steps;
    int chunks, channels;
    const float *norm_sums;
    ck_norm_gradients norm;

    int pieces() const { return projection.pieces() + 1; }
    void operator()(int piece, int) const {
      if (piece < projection.pieces()) return projection.run(piece, steps);
      add_norm_sums(norm_sums, chunks, channels, norm);
    }
  };

  static int64_t scratch_bytes(const ck_embedding &embedding, int threads) {
    const EmbeddingBackward none{embedding, EmbeddedPatches(embedding), {}, nullptr, nullptr, nullptr, threads, nullptr};
    return none.shared().size + none.own(0).size * threads;
  }

  static void run(const ck_threads *threads, const ck_embedding &embedding, const ck_embedding_saved &saved,
                  const float *x, const float *dy, float *dx, const ck_embedding_gradients &gradients, char *scratch) {
    const EmbeddedPatches patches(embedding);
    EmbeddingBackward backward{embedding, patches, saved, x, dy, dx, threads->count, scratch};
    const int C = embedding.channels, D = patches.depth();
    const Shared room = backward.shared();
    float *dweight = patches.planes ? gradients.projection.weight : room.flat;
    if (!patches.planes) __builtin_memset(room.flat, 0, (size_t)C * (size_t)D * sizeof *room.flat);
    if (dx && !patches.cover_all()) __builtin_memset(dx, 0, (size_t)patches.size() * sizeof *dx);
    for (; backward.span_first < patches.rows(); backward.span_first += backward.span() * chunk_rows) {
      const int64_t rows = backward.span_rows();
      for_pieces(threads, chunks_of(rows), backward);
      Weights weights{{room.du, room.values, C, D, dweight, gradients.projection.bias},
                      (rows + P::rows_per_step - 1) / P::rows_per_step,
                      chunks_of(rows),
                      C,
                      room.norm_sums,
                      gradients.norm};
      for_pieces(threads, weights.pieces(), weights);
    }
    if (!patches.planes)
      Turning::add_unflattened(threads, room.flat, C, embedding.inputs, embedding.patch, gradients.projection.weight);
  }
};
