// The positional encoding generator (PEG): y = x + w ∗ x + b, each channel by itself, with zeros around the map.
//
//   (w ∗ x)[i, j] = Σ w[p, q] · x[i + p - 1, j + q - 1]     p, q in 0 … 2; x, y [H·W, C], w [C, 3, 3], b [C]
//   dx = dy + w̃ ∗ dy     w̃[p, q] = w[2 - p, 2 - q]
//   dw[p, q] += Σ dy[i, j] · x[i + p - 1, j + q - 1]     db += Σ dy
//
// All in float32, since it is as fast as memory. A piece is a band of a map; dw and db of the bands are summed in order.
#pragma once

struct Position {
  static constexpr int taps = 9;
  static constexpr int band = 8;  // rows of a map

  const ck_position &position;
  const float *weight;  // [9][C], in the order in which it meets the values
  const float *bias;    // null where there is none
  const float *from;
  float *to;

  static int bands(const ck_position &position) { return (position.height + band - 1) / band; }
  static int pieces(const ck_position &position) { return position.samples * bands(position); }

  /// Where a row of a sample's map starts; null above and below the map.
  const float *row(const float *base, int sample, int i) const {
    if (i < 0 || i >= position.height) return nullptr;
    return base + ((int64_t)sample * position.height + i) * position.width * position.channels;
  }

  void operator()(int piece, int) const {
    const int sample = piece / bands(position), first = piece % bands(position) * band;
    for (int i = first; i < smaller(first + band, position.height); i++)
      for (int c = 0; c < position.channels; c += W) row_of_channels(sample, i, c);
  }

  void row_of_channels(int sample, int i, int c) const {
    const int C = position.channels, n = lanes_at(c, C), last = position.width - 1;
    const float *rows[3] = {row(from, sample, i - 1), row(from, sample, i), row(from, sample, i + 1)};
    float *out = to + (rows[1] - from);
    F tap[taps];
    CK_UNROLL for (int k = 0; k < taps; k++) tap[k] = load_lanes(weight + k * C + c, n);
    const F start = bias ? load_lanes(bias + c, n) : zero();
    for (int j = 0; j <= last; j++) {
      const int64_t at = (int64_t)j * C + c;
      F value = start + load_lanes(rows[1] + at, n);
      CK_UNROLL for (int p = 0; p < 3; p++) {
        if (!rows[p]) continue;
        if (j > 0) value = fma(tap[3 * p], load_lanes(rows[p] + at - C, n), value);
        value = fma(tap[3 * p + 1], load_lanes(rows[p] + at, n), value);
        if (j < last) value = fma(tap[3 * p + 2], load_lanes(rows[p] + at + C, n), value);
      }
      store_lanes(out + at, value, n);
    }
  }

  static int64_t scratch_bytes(const ck_position &position) {
    const int64_t sums = pieces(position) + 1;  // and once the weight
    return sums * (taps + 1) * position.channels * (int64_t)sizeof(float);
  }

  /// w as [9][C], turned by half a turn for the backward pass.
  static void spread(const ck_position &position, bool turned, float *weight) {
    for (int k = 0; k < taps; k++)
      for (int c = 0; c < position.channels; c++)
        weight[k * position.channels + c] = position.weight[c * taps + (turned ? taps - 1 - k : k)];
  }

  static void forward(const ck_threads *threads, const ck_position &position, const float *x, float *y, char *scratch) {
    float *weight = (float *)scratch;
    spread(position, false, weight);
    Position half{position, weight, position.bias, x, y};
    for_pieces(threads, pieces(position), half);
  }

  static void backward(const ck_threads *threads, const ck_position &position, const float *x, const float *dy,
                       float *dx, float *dweight, float *dbias, char *scratch);
};

/// dx of a band, and its part of dw and db, [9 + 1][C].
struct PositionBackward {
  const Position dx;
  const float *x;
  float *sums;

  void operator()(int piece, int worker) const {
    dx(piece, worker);
    const auto &position = dx.position;
    const int C = position.channels, sample = piece / Position::bands(position);
    const int first = piece % Position::bands(position) * Position::band;
    float *own = sums + (int64_t)piece * (Position::taps + 1) * C;
    __builtin_memset(own, 0, (Position::taps + 1) * (size_t)C * sizeof *own);
    for (int i = first; i < smaller(first + Position::band, position.height); i++)
      for (int c = 0; c < C; c += W) add_row(sample, i, c, own + c);
  }

  void add_row(int sample, int i, int c, float *own) const {
    const int C = dx.position.channels, n = lanes_at(c, C), last = dx.position.width - 1;
    const float *rows[3] = {dx.row(x, sample, i - 1), dx.row(x, sample, i), dx.row(x, sample, i + 1)};
    const float *dy = dx.row(dx.from, sample, i);
    F sum[Position::taps + 1];
    CK_UNROLL for (int k = 0; k <= Position::taps; k++) sum[k] = load_lanes(own + k * C, n);
    for (int j = 0; j <= last; j++) {
      const int64_t at = (int64_t)j * C + c;
      const F d = load_lanes(dy + at, n);
      sum[Position::taps] = sum[Position::taps] + d;
      CK_UNROLL for (int p = 0; p < 3; p++) {
        if (!rows[p]) continue;
        if (j > 0) sum[3 * p] = fma(d, load_lanes(rows[p] + at - C, n), sum[3 * p]);
        sum[3 * p + 1] = fma(d, load_lanes(rows[p] + at, n), sum[3 * p + 1]);
        if (j < last) sum[3 * p + 2] = fma(d, load_lanes(rows[p] + at + C, n), sum[3 * p + 2]);
      }
    }
    CK_UNROLL for (int k = 0; k <= Position::taps; k++) store_lanes(own + k * C, sum[k], n);
  }
};

inline void Position::backward(const ck_threads *threads, const ck_position &position, const float *x, const float *dy,
                               float *dx, float *dweight, float *dbias, char *scratch) {
  const int C = position.channels;
  float *weight = (float *)scratch, *sums = weight + (taps + 1) * C;
  spread(position, true, weight);
  PositionBackward backward{{position, weight, nullptr, dy, dx}, x, sums};
  for_pieces(threads, pieces(position), backward);
  for (int piece = 0; piece < pieces(position); piece++, sums += (taps + 1) * C)
    for (int c = 0; c < C; c++) {
      for (int k = 0; k < taps; k++) dweight[c * taps + k] += sums[k * C + c];
      dbias[c] += sums[taps * C + c];
    }
}
