// A fully connected layer on rows of float32: y = x Wᵀ + b, dx = dy W, dW += dyᵀ x, db += Σ dy.
//
// x [rows, K], y [rows, N], W [N, K]. A piece is a chunk of rows, put into the products' element type in its scratch
// memory. Backward goes through spans of chunks in two phases, as the MLP half does (mlp_backward.h). Nothing is saved.
#pragma once

/// A chunk's rows in the products' type, an odd row's end zero.
template <class E>
inline void store_rows(const float *from, int columns, int rows, E *to, int64_t stride) {
  for (int row = 0; row < rows; row++) {
    for (int c = 0; c < columns; c += W) {
      const int n = lanes_at(c, columns);
      store_lanes(to + row * stride + c, load_lanes(from + (int64_t)row * columns + c, n), n);
    }
    to[row * stride + columns] = E{};
  }
}

/// A chunk's rows as operand of a weight gradient, zeros after an odd one.
template <class P>
inline void store_panels(const float *from, int columns, int rows, const RowPanels<P> &panels, int64_t at) {
  for (int row = 0; row < rows; row += 2, from += 2 * (int64_t)columns)
    for (int c = 0; c < columns; c += W) {
      const int n = lanes_at(c, columns);
      panels.store_rows(at + row, c, load_lanes(from + c, n),
                        row + 1 < rows ? load_lanes(from + columns + c, n) : zero());
    }
}

template <class P>
struct LinearForward {
  using E = typename P::Element;
  const ck_linear_layer &linear;
  int64_t rows;
  const float *x;
  float *y;
  E *scratch;

  static int64_t room(const ck_linear_layer &linear) { return chunk_rows * scratch_stride<E>(linear.inputs); }

  void operator()(int chunk, int worker) {
    const int64_t first = (int64_t)chunk * chunk_rows, stride = scratch_stride<E>(linear.inputs);
    const int count = (int)smaller((int64_t)chunk_rows, rows - first), K = linear.inputs, N = linear.outputs;
    E *own = scratch + worker * room(linear);
    store_rows(x + first * K, K, count, own, stride);
    ToRows<float> out{y + first * N, N, linear.bias};
    gemm<P>(Strided<E>{own, stride}, count, (const typename P::Packed *)linear.weight, N, K, out);
  }

  static int64_t scratch_bytes(const ck_linear_layer &linear, int threads) {
    return room(linear) * (int64_t)sizeof(E) * threads;
  }
  static void run(const ck_threads *threads, const ck_linear_layer &linear, int64_t rows, const float *x, float *y,
                  char *scratch) {
    LinearForward forward{linear, rows, x, y, (E *)scratch};
    for_pieces(threads, chunks_of(rows), forward);
  }
};

template <class P>
struct LinearBackward {
  using E = typename P::Element;
  using Packed = typename P::Packed;
  const ck_linear_layer &linear;
  int64_t rows;
  const float *x, *dy;
  float *dx;
  RowPanels<P> dy_panels, x_panels;
  E *own;
  int64_t span_first = 0;

  static constexpr int64_t span_bytes = 3 << 20;
  static int span_chunks(const ck_linear_layer &linear, int threads) {
    const int64_t chunk_bytes = (linear.inputs + linear.outputs) * (int64_t)chunk_rows * (int64_t)sizeof(E);
    const int64_t fitting = threads * (span_bytes / chunk_bytes / 4 * 4);
    return (int)(fitting < 4 * threads ? 4 * threads : fitting);
  }
  static int64_t capacity(const ck_linear_layer &linear, int64_t rows, int threads) {
    return (int64_t)smaller(span_chunks(linear, threads), chunks_of(rows)) * chunk_rows / P::rows_per_step;
  }
  static int64_t room(const ck_linear_layer &linear) { return chunk_rows * scratch_stride<E>(linear.outputs); }

  /// A chunk of the span.
  void operator()(int chunk, int worker) {
    const int64_t at = (int64_t)chunk * chunk_rows, first = span_first + at;
    const int count = (int)smaller((int64_t)chunk_rows, rows - first), K = linear.inputs, N = linear.outputs;
    store_panels(dy + first * N, N, count, dy_panels, at);
    store_panels(x + first * K, K, count, x_panels, at);
    if (!dx) return;
    E *rows = own + worker * room(linear);
    const int64_t stride = scratch_stride<E>(N);
    store_rows(dy + first * N, N, count, rows, stride);
    ToRows<float> out{dx + first * K, K, nullptr};
    gemm<P>(Strided<E>{rows, stride}, count, (const Packed *)linear.weight_back, K, N, out);
  }

  /// The second phase of a span.
  struct Weights {
    WeightGradient<P> gradient;
    int64_t steps;
    void operator()(int piece, int) { gradient.run(piece, steps); }
  };

  static int64_t scratch_bytes(const ck_linear_layer &linear, int64_t rows, int threads) {
    const int64_t panels = capacity(linear, rows, threads);
    Scratch scratch{nullptr};
    scratch.take<Packed>(RowPanels<P>::size(linear.outputs, panels));
    scratch.take<Packed>(RowPanels<P>::size(linear.inputs, panels));
    scratch.take<E>(room(linear) * threads);
    return scratch.used;
  }
  static void run(const ck_threads *threads, const ck_linear_layer &linear, int64_t rows, const float *x, const float *dy,
                  float *dx, float *dweight, float *dbias, char *memory) {
    const int64_t panels = capacity(linear, rows, threads->count);
    Scratch scratch{memory};
    const RowPanels<P> dy_panels{scratch.take<Packed>(RowPanels<P>::size(linear.outputs, panels)), panels};
    const RowPanels<P> x_panels{scratch.take<Packed>(RowPanels<P>::size(linear.inputs, panels)), panels};
    LinearBackward backward{linear, rows, x, dy, dx, dy_panels, x_panels,
                            scratch.take<E>(room(linear) * threads->count)};
    const int span = span_chunks(linear, threads->count);
    for (int chunk = 0; chunk < chunks_of(rows); chunk += span) {
      backward.span_first = (int64_t)chunk * chunk_rows;
      const int64_t left = smaller(rows - backward.span_first, (int64_t)span * chunk_rows);
      for_pieces(threads, chunks_of(left), backward);
      Weights weights{{dy_panels, x_panels, linear.outputs, linear.inputs, dweight, dbias},
                      (left + P::rows_per_step - 1) / P::rows_per_step};
      for_pieces(threads, weights.gradient.pieces(), weights);
    }
  }
};
