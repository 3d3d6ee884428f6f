// Forward of the global attention half (GSA): y = x + s · (o Wᵀ + b).
//
//   a = LayerNorm(x)           q = a W_qᵀ + b       [N, C] a sample, rows in patch order (patches.h)
//   u = patches(a) W_srᵀ + b   v = LayerNorm(u)     [M, C]; with r = 1, v = a
//   k, v = v W_kvᵀ + b                              [M, 2C]
//   o = softmax(q kᵀ/√d) v     by heads (head_attention.h)
//
// A few samples at a time go through three phases: pieces of tokens make a and q; pieces of keys make the summary and
// its k and v; pieces of tokens attend and write y. Saved as S: x̂, q, o [R, C], k v [K, 2C], the summary's x̂ [K, C];
// and both 1/σ and the softmax's logarithms.
#pragma once

template <class S, class P>
struct GlobalAttentionForward {
  using E = typename P::Element;
  using Packed = typename P::Packed;
  const ck_global_attention &attention;
  const Patches patches;
  const float *x;
  float *y;
  const ck_global_attention_saved *saved;
  char *scratch;
  int first_image = 0;  // of the span

  int span() const {
    const int64_t bytes = attention.channels * (int64_t)(2 * sizeof(E) + 2 * sizeof(float));
    return span_images(bytes, patches.tokens(), patches.samples.kept_count);
  }
  TokenPieces pieces() const {
    return TokenPieces(patches.tokens(), smaller(span(), patches.samples.kept_count - first_image));
  }

  struct Shared {
    E *normed;   // a [rows, C]: a patch's rows are one row of the convolution
    S *q, *kv;   // in evaluation
    int64_t size;
  };
  Shared shared() const {
    const int C = attention.channels;
    const int64_t rows = (int64_t)span() * patches.tokens(), keys = (int64_t)span() * patches.count();
    Scratch part{scratch};
    Shared room;
    room.normed = part.take<E>(rows * C);
    room.q = part.take<S>(rows * C);
    room.kv = part.take<S>(keys * 2 * C);
    room.size = part.used;
    return room;
  }

  struct Own {
    int64_t *offsets;
    E *mixed, *summary_normed;
    float *summary;
    char *head;
    int64_t size;
  };
  Own own(int worker) const {
    const int C = attention.channels, d = C / attention.heads;
    const int64_t rows = TokenPieces(patches.tokens(), 1).most_rows();
    Own room = {};
    for (int pass = 0; pass < 2; pass++) {  // the first finds the size
      Scratch part{pass ? scratch : nullptr, pass ? shared().size + worker * room.size : 0};
      const int64_t start = part.used;
      room.offsets = part.take<int64_t>(rows);
      room.mixed = part.take<E>(rows * scratch_stride<E>(C));
      room.summary_normed = part.take<E>(key_rows * scratch_stride<E>(C));
      room.summary = part.take<float>(key_rows * scratch_stride<float>(C));
      room.head = part.take<char>(Head<P>(nullptr, patches.count(), d).size);
      room.size = part.used - start;
    }
    return room;
  }

  S *q(const Shared &room) const {
    return saved ? (S *)saved->q + (int64_t)first_image * patches.tokens() * attention.channels : room.q;
  }
  S *kv(const Shared &room) const {
    return saved ? (S *)saved->kv + (int64_t)first_image * patches.count() * 2 * attention.channels : room.kv;
  }

  /// a and q of a piece of tokens, and their k and v if they are the keys.
  struct Queries {
    const GlobalAttentionForward &half;
    void operator()(int number, int worker) const {
      const auto &attention = half.attention;
      const Shared room = half.shared();
      const Own own = half.own(worker);
      const int C = attention.channels, N = half.patches.tokens();
      const TokenPieces::Piece piece = half.pieces()[number];
      const int64_t first = (int64_t)piece.image * N + piece.first, all_first = (int64_t)half.first_image * N + first;
      piece_offsets(half.patches, half.first_image, piece, own.offsets);
      for (int row = 0; row < piece.count(); row++) {
        S *hat = half.saved ? (S *)half.saved->normalized + (all_first + row) * C : nullptr;
        fetch_row<0>(half.x, own.offsets, row, piece.count(), C);
        const ck_norm &norm = attention.norm;
        const float reciprocal = normalize<S>(half.x + own.offsets[row], C, norm.epsilon, norm.gamma, norm.beta,
                                              room.normed + (first + row) * C, hat);
        if (half.saved) half.saved->reciprocal[all_first + row] = reciprocal;
      }
      const Strided<E> rows{room.normed + first * C, C};
      ToRows<S> to_q{half.q(room) + first * C, C, attention.q.bias};
      gemm<P>(rows, piece.count(), (const Packed *)attention.q.weight, C, C, to_q);
      if (attention.reduction > 1) return;
      ToRows<S> to_kv{half.kv(room) + first * 2 * C, 2 * C, attention.kv.bias};
      gemm<P>(rows, piece.count(), (const Packed *)attention.kv.weight, 2 * C, C, to_kv);
    }
  };

  /// The summary of some patches, and its k and v.
  struct Keys {
    const GlobalAttentionForward &half;
    int64_t keys;
    void operator()(int number, int worker) const {
      const auto &attention = half.attention;
      const Shared room = half.shared();
      const Own own = half.own(worker);
      const int C = attention.channels, M = half.patches.count(), deep = attention.reduction * attention.reduction * C;
      const int64_t first = (int64_t)number * key_rows, all_first = (int64_t)half.first_image * M + first;
      const int rows = (int)smaller((int64_t)key_rows, keys - first);
      const E *patches[key_rows];
      for (int row = 0; row < rows; row++) {
        const int64_t image = (first + row) / M, patch = (first + row) % M;
        patches[row] = room.normed + image * half.patches.tokens() * C + patch * deep;
      }
      const int64_t stride = scratch_stride<float>(C), normed_stride = scratch_stride<E>(C);
      ToRows<float> to_summary{own.summary, stride, attention.convolution.bias};
      gemm<P>(Listed<E>{patches}, rows, (const Packed *)attention.convolution.weight, C, deep, to_summary);
      for (int row = 0; row < rows; row++) {
        S *hat = half.saved ? (S *)half.saved->summary_normalized + (all_first + row) * C : nullptr;
        const ck_norm &norm = attention.summary_norm;
        const float reciprocal = normalize<S>(own.summary + row * stride, C, norm.epsilon, norm.gamma, norm.beta,
                                              own.summary_normed + row * normed_stride, hat);
        if (half.saved) half.saved->summary_reciprocal[all_first + row] = reciprocal;
      }
      ToRows<S> to_kv{half.kv(room) + first * 2 * C, 2 * C, attention.kv.bias};
      gemm<P>(Strided<E>{own.summary_normed, normed_stride}, rows, (const Packed *)attention.kv.weight, 2 * C, C,
              to_kv);
    }
  };

  /// A piece of tokens attends to its samples' keys; y.
  struct Attend {
    const GlobalAttentionForward &half;
    void operator()(int number, int worker) const {
      const auto &attention = half.attention;
      const Shared room = half.shared();
      const Own own = half.own(worker);
      const int C = attention.channels, d = C / attention.heads, N = half.patches.tokens(), M = half.patches.count();
      const TokenPieces::Piece piece = half.pieces()[number];
      const int64_t stride = scratch_stride<E>(C);
      Head<P> keys(own.head, M, d);
      for (int i = 0; i < piece.images; i++) {
        const int64_t image = piece.image + i;
        const S *q = half.q(room) + (image * N + piece.first) * C, *kv = half.kv(room) + image * M * 2 * C;
        for (int head = 0; head < attention.heads; head++) {
          const int64_t all_heads = (half.first_image + image) * attention.heads + head;
          float *logarithms = half.saved ? half.saved->logarithms + all_heads * N + piece.first : nullptr;
          keys.take_keys(kv + head * d, kv + C + head * d, 2 * C, false);
          attention_forward<S>(keys, q + head * d, C, own.mixed + i * piece.queries * stride + head * d, stride,
                               logarithms, piece.queries, head_scale(d));
        }
      }
      const int64_t first = (int64_t)(half.first_image + piece.image) * N + piece.first;
      piece_offsets(half.patches, half.first_image, piece, own.offsets);
      if (half.saved)
        for (int row = 0; row < piece.count(); row++)
          copy_row((S *)half.saved->mixed + (first + row) * C, own.mixed + row * stride, C);
      ToResidual to_y{attention.projection.bias, all(half.patches.samples.factor), half.x, half.y, own.offsets};
      gemm<P>(Strided<E>{own.mixed, stride}, piece.count(), (const Packed *)attention.projection.weight, C, C, to_y);
    }
  };

  static int64_t scratch_bytes(const ck_global_attention &attention, const ck_samples &samples, int threads) {
    const GlobalAttentionForward none{attention, Patches(attention, samples), nullptr, nullptr, nullptr, nullptr};
    return none.shared().size + none.own(0).size * threads;
  }

  static void run(const ck_threads *threads, const ck_global_attention &attention, const ck_samples &samples,
                  const float *x, float *y, const ck_global_attention_saved *saved, char *scratch) {
    copy_dropped(threads, samples, attention.channels, x, y);
    GlobalAttentionForward half{attention, Patches(attention, samples), x, y, saved, scratch};
    for (; half.first_image < samples.kept_count; half.first_image += half.span()) {
      Queries queries{half};
      for_pieces(threads, half.pieces().count(), queries);
      if (attention.reduction > 1) {
        const int64_t count = (int64_t)half.pieces().images * half.patches.count();
        Keys keys{half, count};
        for_pieces(threads, (int)((count + key_rows - 1) / key_rows), keys);
      }
      Attend attend{half};
      for_pieces(threads, half.pieces().count(), attend);
    }
  }
};
