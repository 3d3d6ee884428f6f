// Backward of the global attention half (GSA): from dy to dx and every gradient; symbols as in the forward pass.
//
//   dz = s·dy     dW += dzᵀ o      do = dz W      dq, and each piece's part of dk and dv (head_attention.h)
//   dkv = Σ parts, in order        dW_kv += dkvᵀ v     dv = dkv W_kv     du = LayerNorm's backward of dv
//   dW_sr += duᵀ patches(a)        dW_q += dqᵀ a
//   da = dq W_q + patches⁻¹(du W_sr)                   dx = dy + LayerNorm's backward of da
//
// With r = 1 v is a, and da gains dv itself. Every bias gains the sum of its layer's gradients.
// A few samples at a time go through four phases: pieces of tokens (attention), of keys (summary_backward.h), of tokens
// (da and dx), and of the weights' gradients; in between, operands lie as row panels (wgrad.h).
#pragma once

template <class S, class P>
struct GlobalAttentionBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;
  const ck_global_attention &attention;
  const Patches patches;
  const ck_global_attention_saved &saved;
  const float *dy;
  float *dx;
  const ck_global_attention_gradients &gradients;
  char *scratch;
  int first_image = 0;  // of the span

  bool reduces() const { return attention.reduction > 1; }
  int depth() const { return reduces() ? attention.reduction * attention.reduction * attention.channels : 0; }
  int span() const {
    const int64_t bytes = attention.channels * (int64_t)(6 * sizeof(E) + 2 * sizeof(float));
    return span_images(bytes, patches.tokens(), patches.samples.kept_count);
  }
  TokenPieces pieces() const {
    return TokenPieces(patches.tokens(), smaller(span(), patches.samples.kept_count - first_image));
  }
  int64_t keys() const { return (int64_t)pieces().images * patches.count(); }
  int key_pieces() const { return (int)((keys() + key_rows - 1) / key_rows); }

  struct Shared {
    RowPanels<P> dz, mixed, dq, normed;  // rows in the pieces' room
    RowPanels<P> dkv;                    // rows as keys, or with r = 1 as tokens
    RowPanels<P> values, du, unfolded;   // v, du [K, C] and patches(a) [K, r·r·C]; only with r > 1
    E *dq_rows;                          // [pieces' room, C]
    float *dpatches;                     // da of the patches, [rows, C]; only with r > 1
    float *parts;                        // of dk and dv, [sample][chunk][M][2C]
    float *norm_sums, *summary_sums;     // [piece][2][C]
    float *convolution;                  // dW_sr as a linear layer's, [C, r·r·C]
    int64_t size;
  };
  Shared shared() const {
    const int C = attention.channels;
    const TokenPieces most(patches.tokens(), span());
    const int64_t rows = most.groups() * most.room(), keys = reduces() ? span() * (int64_t)patches.count() : 0;
    Scratch part{scratch};
    Shared room;
    room.dz = panels(part, C, rows);
    room.mixed = panels(part, C, rows);
    room.dq = panels(part, C, rows);
    room.normed = panels(part, C, rows);
    room.dkv = panels(part, 2 * C, reduces() ? keys : rows);
    room.values = panels(part, C, keys);
    room.du = panels(part, C, keys);
    room.unfolded = panels(part, depth(), keys);
    room.dq_rows = part.take<E>(rows * scratch_stride<E>(C));
    room.dpatches = part.take<float>(reduces() ? span() * (int64_t)patches.tokens() * C : 0);
    room.parts = part.take<float>((int64_t)span() * most.chunks * patches.count() * 2 * C);
    room.norm_sums = part.take<float>((int64_t)most.count() * 2 * C);
    room.summary_sums = part.take<float>((keys + key_rows - 1) / key_rows * 2 * C);
    room.convolution = part.take<float>((int64_t)C * depth());
    room.size = part.used;
    return room;
  }
  static RowPanels<P> panels(Scratch &part, int columns, int64_t rows) {
    const int64_t capacity = rounded_up(rows, 2) / P::rows_per_step;  // rows are stored two by two
    return {part.take<Packed>(RowPanels<P>::size(columns, capacity)), capacity};
  }

  struct Own {
    int64_t *offsets;
    E *dz, *dkv, *du;
    float *rows;
    char *head;
    int64_t size;
  };
  Own own(int worker) const {
    const int C = attention.channels, d = C / attention.heads, M = patches.count();
    const int64_t rows = TokenPieces(patches.tokens(), 1).most_rows(), most = rows > key_rows ? rows : key_rows;
    Own room = {};
    for (int pass = 0; pass < 2; pass++) {  // the first finds the size
      Scratch part{pass ? scratch : nullptr, pass ? shared().size + worker * room.size : 0};
      const int64_t start = part.used;
      room.offsets = part.take<int64_t>(rows);
      room.dz = part.take<E>(rows * scratch_stride<E>(C));
      room.dkv = part.take<E>(most * scratch_stride<E>(2 * C));
      room.du = part.take<E>(key_rows * scratch_stride<E>(C));
      room.rows = part.take<float>(most * scratch_stride<float>(C));
      room.head = part.take<char>(Head<P>(nullptr, M, d).size);
      room.size = part.used - start;
    }
    return room;
  }

  /// A piece's first row in what is saved.
  int64_t first_row(const TokenPieces::Piece &piece) const {
    return (int64_t)(first_image + piece.image) * patches.tokens() + piece.first;
  }

  /// Adds the pieces' parts of dk and dv of one key, in order.
  void sum_parts(const Shared &room, int64_t image, int key, E *result) const {
    const int C = attention.channels, chunks = pieces().chunks;
    const int64_t M = patches.count();
    for (int c = 0; c < 2 * C; c += W) {
      F sum = zero();
      for (int chunk = 0; chunk < chunks; chunk++)
        sum = sum + load(room.parts + ((image * chunks + chunk) * M + key) * 2 * C + c);
      store(result + c, sum);
    }
  }

  /// dq of a piece of tokens, its part of dk and dv, and the operands dz, o, dq.
  struct Attention {
    const GlobalAttentionBackward &half;
    void operator()(int number, int worker) const {
      const auto &attention = half.attention;
      const Shared room = half.shared();
      const Own own = half.own(worker);
      const TokenPieces pieces = half.pieces();
      const TokenPieces::Piece piece = pieces[number];
      const int C = attention.channels, rows = piece.count();
      const int64_t stride = scratch_stride<E>(C), at = pieces.start(number), first = half.first_row(piece);
      piece_offsets(half.patches, half.first_image, piece, own.offsets);
      store_scaled(room.dz, at, own.dz, stride, half.dy, own.offsets, rows, C, half.patches.samples.factor);
      store_operand(room.mixed, at, (const S *)half.saved.mixed + first * C, C, rows, C);
      ToRows<float> to_dmixed{own.rows, scratch_stride<float>(C), nullptr};
      gemm<P>(Strided<E>{own.dz, stride}, rows, (const Packed *)attention.projection.back, C, C, to_dmixed);
      for (int i = 0; i < piece.images; i++) differentiate(room, own, pieces, number, piece, i);
      store_operand(room.dq, at, room.dq_rows + at * stride, stride, rows, C);
    }

    void differentiate(const Shared &room, const Own &own, const TokenPieces &pieces, int number,
                       const TokenPieces::Piece &piece, int i) const {
      const auto &attention = half.attention;
      const int C = attention.channels, d = C / attention.heads, M = half.patches.count(), N = half.patches.tokens();
      const int64_t image = half.first_image + piece.image + i;
      const int64_t stride = scratch_stride<E>(C), float_stride = scratch_stride<float>(C);
      const S *q = (const S *)half.saved.q + (image * N + piece.first) * C;
      const S *kv = (const S *)half.saved.kv + image * M * 2 * C;
      E *dq = room.dq_rows + (pieces.start(number) + i * piece.queries) * stride;
      const float *dmixed = own.rows + i * piece.queries * float_stride;
      float *part =
          room.parts + ((piece.image + i) * (int64_t)pieces.chunks + piece.first / pieces.rows) * M * 2 * C;
      Head<P> keys(own.head, M, d);
      for (int head = 0; head < attention.heads; head++) {
        const float *logarithms = half.saved.logarithms + (image * attention.heads + head) * N + piece.first;
        keys.take_keys(kv + head * d, kv + C + head * d, 2 * C, true);
        attention_backward<S>(keys, q + head * d, C, dmixed + head * d, float_stride, logarithms, dq + head * d,
                              stride, piece.queries, head_scale(d));
        copy_rows(part + head * d, 2 * C, keys.dk, M, d);
        copy_rows(part + C + head * d, 2 * C, keys.dv, M, d);
      }
    }
  };

  /// da and dx of a piece of tokens, and the operand a; with r = 1 dkv too.
  struct Tokens {
    const GlobalAttentionBackward &half;
    void operator()(int number, int worker) const {
      const auto &attention = half.attention;
      const Shared room = half.shared();
      const Own own = half.own(worker);
      const TokenPieces pieces = half.pieces();
      const TokenPieces::Piece piece = pieces[number];
      const int C = attention.channels, rows = piece.count();
      const int64_t at = pieces.start(number), first = half.first_row(piece);
      const int64_t stride = scratch_stride<E>(C), float_stride = scratch_stride<float>(C);
      const S *hat = (const S *)half.saved.normalized + first * C;
      piece_offsets(half.patches, half.first_image, piece, own.offsets);
      store_normed(room.normed, at, hat, own.offsets, rows, C, attention.norm);
      begin(room, own, piece);
      AddToRows to_da{own.rows, float_stride};
      gemm<P>(Strided<E>{room.dq_rows + at * stride, stride}, rows, (const Packed *)attention.q.back, C, C, to_da);
      if (!half.reduces()) add_keys(room, own, piece, at, to_da);

      float *dgamma = room.norm_sums + (int64_t)number * 2 * C, *dbeta = dgamma + C;
      __builtin_memset(dgamma, 0, 2 * (size_t)C * sizeof *dgamma);
      for (int row = 0; row < rows; row++) {
        fetch_row<1>(half.dx, own.offsets, row, rows, C);
        normalize_backward(own.rows + row * float_stride, hat + row * C, half.saved.reciprocal[first + row], C,
                           attention.norm.gamma, half.dy + own.offsets[row], half.dx + own.offsets[row], dgamma,
                           dbeta);
      }
    }

    /// da starts as what came through the convolution.
    void begin(const Shared &room, const Own &own, const TokenPieces::Piece &piece) const {
      const int C = half.attention.channels, N = half.patches.tokens(), r = half.attention.reduction;
      const int inside = half.reduces() ? half.patches.count() * r * r : 0;
      for (int row = 0; row < piece.count(); row++) {
        const int64_t image = piece.image + row / piece.queries, token = piece.first + row % piece.queries;
        float *to = own.rows + row * scratch_stride<float>(C);
        for (int c = 0; c < C; c += W)
          store(to + c, token < inside ? load(room.dpatches + (image * N + token) * C + c) : zero());
      }
    }

    void add_keys(const Shared &room, const Own &own, const TokenPieces::Piece &piece, int64_t at,
                  AddToRows &to_da) const {
      const int C = half.attention.channels;
      const int64_t stride = scratch_stride<E>(2 * C);
      for (int row = 0; row < piece.count(); row++)
        half.sum_parts(room, piece.image + row / piece.queries, piece.first + row % piece.queries,
                       own.dkv + row * stride);
      store_operand(room.dkv, at, own.dkv, stride, piece.count(), 2 * C);
      gemm<P>(Strided<E>{own.dkv, stride}, piece.count(), (const Packed *)half.attention.kv.back, C, 2 * C, to_da);
    }
  };

  static int64_t scratch_bytes(const ck_global_attention &attention, const ck_samples &samples, int threads) {
    const GlobalAttentionBackward none{attention, Patches(attention, samples), {}, nullptr, nullptr, {}, nullptr};
    return none.shared().size + none.own(0).size * threads;
  }

  static void run(const ck_threads *threads, const ck_global_attention &attention, const ck_samples &samples,
                  const ck_global_attention_saved &saved, const float *dy, float *dx,
                  const ck_global_attention_gradients &gradients, char *scratch) {
    copy_dropped(threads, samples, attention.channels, dy, dx);
    GlobalAttentionBackward half{attention, Patches(attention, samples), saved, dy, dx, gradients, scratch};
    if (samples.kept_count == 0) return;
    const Shared room = half.shared();
    __builtin_memset(room.convolution, 0, (size_t)(attention.channels * half.depth()) * sizeof(float));
    for (; half.first_image < samples.kept_count; half.first_image += half.span()) {
      Attention on_queries{half};
      for_pieces(threads, half.pieces().count(), on_queries);
      if (half.reduces()) {
        SummaryBackward<S, P, GlobalAttentionBackward> on_keys{half};
        for_pieces(threads, half.key_pieces(), on_keys);
      }
      Tokens on_tokens{half};
      for_pieces(threads, half.pieces().count(), on_tokens);
      GlobalAttentionWeights<P, GlobalAttentionBackward> weights(half, room);
      for_pieces(threads, weights.pieces(), weights);
    }
    const int C = attention.channels;
    if (half.reduces())
      Turning::add_unflattened(threads, room.convolution, C, C, attention.reduction, gradients.convolution.weight);
  }
};
