// Backward of the local attention half (LSA): from dy to dx and the gradients of γ, β, W_qkv, b_qkv, W, b.
//
//   dz = s·dy                  dW += dzᵀ o         db += Σ dz
//   do = dz W                  dq, dk, dv of each window and head (head_attention.h)
//   dW_qkv += dqkvᵀ a          db_qkv += Σ dqkv    a = γ·x̂ + β, recomputed
//   da = dqkv W_qkv            dx = dy + LayerNorm's backward of da, which gives dγ and dβ (norm.h)
//
// A padded row has dz = 0 and a = 0, but is a key: its dk and dv go to the bias alone.
// Rows are taken in spans of a fixed number of pieces, a piece being a few windows. A span goes through two phases: its
// pieces write dx and the four operands dz, o, dqkv, a as row panels (wgrad.h); then parts of dW and dW_qkv, each a
// piece, sum over the span's rows. A span's operands fit in the L2 and L3 caches.
#pragma once

template <class S, class P>
struct LocalAttentionBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;
  const ck_local_attention &attention;
  const Windows windows;
  const ck_local_attention_saved &saved;
  const float *dy;
  float *dx;
  const ck_local_attention_gradients &gradients;
  char *scratch;
  int first_piece = 0;  // of the span

  static constexpr int64_t span_bytes = 3 << 20;

  int piece_windows() const { return windows_at_once(windows.area()); }
  int64_t piece_rows() const { return rounded_up((int64_t)piece_windows() * windows.area(), 2); }  // in the panels
  int pieces() const { return (int)((windows.count() + piece_windows() - 1) / piece_windows()); }

  /// As many pieces as keep the operands within `span_bytes`, but at least 8, and a multiple of 8.
  int span_pieces() const {
    const int64_t bytes = 6 * (int64_t)attention.channels * piece_rows() * (int64_t)sizeof(E);
    const int64_t fitting = span_bytes / bytes / 8 * 8;
    return smaller((int)(fitting < 8 ? 8 : fitting), pieces());
  }

  struct Shared {
    RowPanels<P> dz, mixed, dqkv, normed;
    float *norm_sums;  // [piece][2][C]
    int64_t size;
  };
  Shared shared() const {
    const int C = attention.channels;
    const int64_t capacity = span_pieces() * piece_rows() / P::rows_per_step;
    Scratch part{scratch};
    Shared room;
    room.dz = {part.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    room.mixed = {part.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    room.dqkv = {part.take<Packed>(RowPanels<P>::size(3 * C, capacity)), capacity};
    room.normed = {part.take<Packed>(RowPanels<P>::size(C, capacity)), capacity};
    room.norm_sums = part.take<float>((int64_t)span_pieces() * 2 * C);
    room.size = part.used;
    return room;
  }

  struct Own {
    int64_t *offsets;
    E *dz, *dqkv;
    float *dmixed, *dnormed;
    char *head;
    int64_t size;
  };
  Own own(int worker) const {
    const int C = attention.channels, area = windows.area(), d = C / attention.heads;
    const int64_t rows = piece_rows();
    Own room = {};
    for (int pass = 0; pass < 2; pass++) {  // the first finds the size
      Scratch part{pass ? scratch : nullptr, pass ? shared().size + worker * room.size : 0};
      const int64_t start = part.used;
      room.offsets = part.take<int64_t>(rows);
      room.dz = part.take<E>(rows * scratch_stride<E>(C));
      room.dqkv = part.take<E>(rows * scratch_stride<E>(3 * C));
      room.dmixed = part.take<float>(rows * scratch_stride<float>(C));
      room.dnormed = part.take<float>(rows * scratch_stride<float>(C));
      room.head = part.take<char>(Head<P>(nullptr, area, d).size);
      room.size = part.used - start;
    }
    return room;
  }

  /// dq, dk, dv of the piece's windows.
  void differentiate(const Own &room, int64_t first_window, int count) const {
    const int C = attention.channels, d = C / attention.heads, area = windows.area();
    const int64_t stride = scratch_stride<E>(3 * C), mixed_stride = scratch_stride<float>(C);
    Head<P> keys(room.head, area, d);
    for (int window = 0; window < count; window++)
      for (int head = 0; head < attention.heads; head++) {
        const S *q = (const S *)saved.qkv + (first_window + window) * area * 3 * C + head * d;
        const float *logarithms = saved.logarithms + ((first_window + window) * attention.heads + head) * area;
        const float *dmixed = room.dmixed + window * area * mixed_stride + head * d;
        E *dq = room.dqkv + window * area * stride + head * d;
        keys.take_keys(q + C, q + 2 * C, 3 * C, true);
        attention_backward<S>(keys, q, 3 * C, dmixed, mixed_stride, logarithms, dq, stride, area, head_scale(d));
        copy_rows(dq + C, stride, keys.dk, area, d);
        copy_rows(dq + 2 * C, stride, keys.dv, area, d);
      }
  }

  /// A piece of the span.
  void operator()(int piece, int worker) {
    const Shared span = shared();
    const Own room = own(worker);
    const int C = attention.channels, area = windows.area();
    const int64_t first_window = (int64_t)(first_piece + piece) * piece_windows();
    const int count = (int)smaller((int64_t)piece_windows(), windows.count() - first_window), rows = count * area;
    const int64_t first = first_window * area, at = piece * piece_rows();
    const int64_t stride = scratch_stride<E>(C), qkv_stride = scratch_stride<E>(3 * C);
    const int64_t float_stride = scratch_stride<float>(C);
    const S *hat = (const S *)saved.normalized + first * C;
    for (int i = 0; i < count; i++) windows.offsets(first_window + i, room.offsets + i * area);

    store_scaled(span.dz, at, room.dz, stride, dy, room.offsets, rows, C, windows.samples.factor);
    store_operand(span.mixed, at, (const S *)saved.mixed + first * C, C, rows, C);
    store_normed(span.normed, at, hat, room.offsets, rows, C, attention.norm);
    ToRows<float> to_dmixed{room.dmixed, float_stride, nullptr};
    gemm<P>(Strided<E>{room.dz, stride}, rows, (const Packed *)attention.projection.back, C, C, to_dmixed);
    differentiate(room, first_window, count);
    store_operand(span.dqkv, at, room.dqkv, qkv_stride, rows, 3 * C);
    ToRows<float> to_dnormed{room.dnormed, float_stride, nullptr};
    gemm<P>(Strided<E>{room.dqkv, qkv_stride}, rows, (const Packed *)attention.qkv.back, C, 3 * C, to_dnormed);

    float *dgamma = span.norm_sums + (int64_t)piece * 2 * C, *dbeta = dgamma + C;
    __builtin_memset(dgamma, 0, 2 * (size_t)C * sizeof *dgamma);
    for (int row = 0; row < rows; row++) {
      const int64_t offset = room.offsets[row];
      fetch_row<1>(dx, room.offsets, row, rows, C);
      if (offset == padding) continue;
      normalize_backward(room.dnormed + row * float_stride, hat + row * C, saved.reciprocal[first + row], C,
                         attention.norm.gamma, dy + offset, dx + offset, dgamma, dbeta);
    }
  }

  /// The second phase of a span.
  struct Weights {
    const WeightGradient<P> qkv, projection;
    int64_t steps;
    const float *norm_sums;
    int chunks, channels;
    const ck_norm_gradients &norm;

    int pieces() const { return qkv.pieces() + projection.pieces() + 1; }
    void operator()(int piece, int) {
      if (piece < qkv.pieces()) return qkv.run(piece, steps);
      if (piece < qkv.pieces() + projection.pieces()) return projection.run(piece - qkv.pieces(), steps);
      add_norm_sums(norm_sums, chunks, channels, norm);
    }
  };

  static int64_t scratch_bytes(const ck_local_attention &attention, const ck_samples &samples, int threads) {
    const LocalAttentionBackward none{attention, Windows(attention, samples), {}, nullptr, nullptr, {}, nullptr};
    return none.shared().size + none.own(0).size * threads;
  }

  static void run(const ck_threads *threads, const ck_local_attention &attention, const ck_samples &samples,
                  const ck_local_attention_saved &saved, const float *dy, float *dx,
                  const ck_local_attention_gradients &gradients, char *scratch) {
    copy_dropped(threads, samples, attention.channels, dy, dx);
    LocalAttentionBackward backward{attention, Windows(attention, samples), saved, dy, dx, gradients, scratch};
    const int C = attention.channels, all_pieces = backward.pieces(), span = backward.span_pieces();
    if (all_pieces == 0) return;
    const Shared room = backward.shared();
    for (int first = 0; first < all_pieces; first += span) {
      backward.first_piece = first;
      const int count = smaller(span, all_pieces - first);
      for_pieces(threads, count, backward);
      const int64_t last = smaller((int64_t)backward.piece_windows(),
                                   backward.windows.count() - (int64_t)(first + count - 1) * backward.piece_windows());
      const int64_t rows = (count - 1) * backward.piece_rows() + last * backward.windows.area();
      Weights weights{{room.dqkv, room.normed, 3 * C, C, gradients.qkv.weight, gradients.qkv.bias},
                      {room.dz, room.mixed, C, C, gradients.projection.weight, gradients.projection.bias},
                      (rows + P::rows_per_step - 1) / P::rows_per_step,
                      room.norm_sums,
                      count,
                      C,
                      gradients.norm};
      for_pieces(threads, weights.pieces(), weights);
    }
  }
};
