// Forward of the local attention half (LSA): y = x + s · (o Wᵀ + b), o = attention within windows.
//
//   a = LayerNorm(x)     q, k, v = a W_qkvᵀ + b     o = softmax(q kᵀ/√d) v, by heads (head_attention.h)
//
// Rows are windows' tokens (windows.h); a padded row is zero after the norm, so its q, k and v are the bias. A piece
// is two windows of 7 × 7: a [98, C] → q, k, v [98, 3C] → o [98, C] → y, all within the L2 cache. x and y are
// reached through the rows' offsets, so that cutting and joining windows costs nothing.
// Saved as S: x̂ and o [R, C], q k v [R, 3C]; and 1/σ [R] and the softmax's logarithms [windows, heads, w·w].
#pragma once

template <class S, class P>
struct LocalAttentionForward {
  using E = typename P::Element;
  const ck_local_attention &attention;
  const Windows windows;
  const float *x;
  float *y;
  const ck_local_attention_saved *saved;
  char *scratch;
  int64_t scratch_size;

  struct Room {
    int64_t *offsets;
    E *normed, *mixed;
    S *qkv;
    char *head;
    int64_t size;
  };
  static Room room(const ck_local_attention &attention, char *base) {
    Scratch scratch{base};
    const int C = attention.channels, area = attention.side * attention.side, d = C / attention.heads;
    const int64_t rows = (int64_t)area * windows_at_once(area);
    int64_t *offsets = scratch.take<int64_t>(rows);
    E *normed = scratch.take<E>(rows * scratch_stride<E>(C));
    E *mixed = scratch.take<E>(rows * scratch_stride<E>(C));
    S *qkv = scratch.take<S>(rows * 3 * C);
    char *head = scratch.take<char>(Head<P>(nullptr, area, d).size);
    return {offsets, normed, mixed, qkv, head, scratch.used};
  }

  void normalize_rows(const Room &room, int64_t first, int rows) {
    const int C = attention.channels;
    const int64_t stride = scratch_stride<E>(C);
    for (int row = 0; row < rows; row++) {
      E *normed = room.normed + row * stride;
      S *normalized = saved ? (S *)saved->normalized + (first + row) * C : nullptr;
      fetch_row<0>(x, room.offsets, row, rows, C);
      if (room.offsets[row] == padding) {
        __builtin_memset(normed, 0, (size_t)C * sizeof *normed);
        if (normalized) __builtin_memset(normalized, 0, (size_t)C * sizeof *normalized);
        if (saved) saved->reciprocal[first + row] = 0;
        continue;
      }
      const float reciprocal = normalize<S>(x + room.offsets[row], C, attention.norm.epsilon, attention.norm.gamma,
                                            attention.norm.beta, normed, normalized);
      if (saved) saved->reciprocal[first + row] = reciprocal;
    }
  }

  void attend(const Room &room, const S *qkv, int64_t first_window, int count) {
    const int C = attention.channels, d = C / attention.heads, area = windows.area();
    const int64_t stride = scratch_stride<E>(C);
    Head<P> keys(room.head, area, d);
    for (int window = 0; window < count; window++)
      for (int head = 0; head < attention.heads; head++) {
        const S *q = qkv + (int64_t)window * area * 3 * C + head * d;
        float *logarithms =
            saved ? saved->logarithms + ((first_window + window) * attention.heads + head) * area : nullptr;
        keys.take_keys(q + C, q + 2 * C, 3 * C, false);
        attention_forward<S>(keys, q, 3 * C, room.mixed + window * area * stride + head * d, stride, logarithms,
                             area, head_scale(d));
      }
  }

  void operator()(int piece, int worker) {
    const Room room = LocalAttentionForward::room(attention, scratch + worker * scratch_size);
    const int C = attention.channels, area = windows.area();
    const int64_t stride = scratch_stride<E>(C), first_window = (int64_t)piece * windows_at_once(area);
    const int count = (int)smaller((int64_t)windows_at_once(area), windows.count() - first_window);
    const int64_t first = first_window * area;
    const int rows = count * area;
    for (int i = 0; i < count; i++) windows.offsets(first_window + i, room.offsets + i * area);

    normalize_rows(room, first, rows);
    S *qkv = saved ? (S *)saved->qkv + first * 3 * C : room.qkv;
    ToRows<S> to_qkv{qkv, 3 * C, attention.qkv.bias};
    gemm<P>(Strided<E>{room.normed, stride}, rows, (const typename P::Packed *)attention.qkv.weight, 3 * C, C, to_qkv);
    attend(room, qkv, first_window, count);
    if (saved)
      for (int row = 0; row < rows; row++)
        copy_row((S *)saved->mixed + (first + row) * C, room.mixed + row * stride, C);
    ToResidual to_y{attention.projection.bias, all(windows.samples.factor), x, y, room.offsets};
    gemm<P>(Strided<E>{room.mixed, stride}, rows, (const typename P::Packed *)attention.projection.weight, C, C, to_y);
  }

  static int64_t scratch_bytes(const ck_local_attention &attention, int threads) {
    return room(attention, nullptr).size * threads;
  }

  static void run(const ck_threads *threads, const ck_local_attention &attention, const ck_samples &samples,
                  const float *x, float *y, const ck_local_attention_saved *saved, char *scratch) {
    copy_dropped(threads, samples, attention.channels, x, y);
    const Windows windows(attention, samples);
    LocalAttentionForward forward{attention, windows, x, y, saved, scratch, room(attention, nullptr).size};
    const int at_once = windows_at_once(windows.area());
    for_pieces(threads, (int)((windows.count() + at_once - 1) / at_once), forward);
  }
};
