// A linear layer by itself: y = x Wᵀ + b, and from dy its gradients.
//
//   dx = dy W        dW += dyᵀ x        db += Σ dy
//
// x [R, D], y [R, N] float32, W [N, D]. A classifier has few rows, as many as images, and its outputs may be many, so a
// piece of a product is a chunk of rows by some panels of columns. Backward takes rows in spans: a span's chunks, each a
// piece, become the operands dy and x (wgrad.h); then parts of dW, each a piece, sum over its rows. Nothing is saved but x.
#pragma once

/// Rows of float32 as those of a product: in its element type, one finite element after each.
template <class E>
inline void take_rows(E *to, int64_t stride, const float *from, int rows, int columns) {
  for (int row = 0; row < rows; row++) {
    for (int c = 0; c < columns; c += W) {
      const int n = lanes_at(c, columns);
      store_lanes(to + row * stride + c, load_lanes(from + (int64_t)row * columns + c, n), n);
    }
    to[row * stride + columns] = E{};
  }
}

/// y [R, columns] = x [R, depth] · B + bias.
template <class P>
struct LinearProduct {
  using E = typename P::Element;
  static constexpr int piece_columns = 256;
  static_assert(piece_columns % panel == 0);

  const int rows, depth, columns;
  const typename P::Packed *packed;
  const float *bias;  // may be null
  const float *x;
  float *y;
  char *scratch;

  static int64_t worker_bytes(int depth) {
    Scratch part{nullptr};
    part.take<E>(chunk_rows * scratch_stride<E>(depth));
    return part.used;
  }
  int across() const { return (columns + piece_columns - 1) / piece_columns; }

  void operator()(int piece, int worker) const {
    const int first = piece / across() * chunk_rows, column = piece % across() * piece_columns;
    const int count = smaller(chunk_rows, rows - first);
    const int64_t stride = scratch_stride<E>(depth);
    Scratch part{scratch + worker * worker_bytes(depth)};
    E *values = part.take<E>(chunk_rows * stride);
    take_rows(values, stride, x + (int64_t)first * depth, count, depth);
    ToRows<float> to_y{y + (int64_t)first * columns + column, columns, bias ? bias + column : nullptr};
    gemm<P>(Strided<E>{values, stride}, count, packed_panel<P>(packed, depth, column),
            smaller(piece_columns, columns - column), depth, to_y);
  }

  void run(const ck_threads *threads) { for_pieces(threads, chunks_of(rows) * across(), *this); }
};

template <class P>
struct LinearLayer {
  using E = typename P::Element;
  using Packed = typename P::Packed;

  /// Chunks of a span, whole blocks of rows (wgrad.h).
  static constexpr int span = 32;
  static_assert(span * chunk_rows % (block_steps * P::rows_per_step) == 0);

  const ck_linear_layer &layer;
  const float *x, *dy;
  char *scratch;
  int span_first = 0;

  /// The operands of dW, which all pieces of a span share.
  struct Operands {
    RowPanels<P> dy, x;
    int64_t size;
  };
  Operands operands() const {
    const int64_t capacity = (int64_t)smaller(span, chunks_of(layer.rows)) * chunk_rows / P::rows_per_step;
    Scratch part{scratch};
    Operands room;
    room.dy = {part.take<Packed>(RowPanels<P>::size(layer.outputs, capacity)), capacity};
    room.x = {part.take<Packed>(RowPanels<P>::size(layer.inputs, capacity)), capacity};
    room.size = part.used;
    return room;
  }

  /// A worker's own: a chunk of either operand's rows.
  int wider() const { return layer.inputs > layer.outputs ? layer.inputs : layer.outputs; }
  int64_t worker_bytes() const { return LinearProduct<P>::worker_bytes(wider()); }

  /// A chunk of the span becomes operands.
  void operator()(int chunk, int worker) const {
    const Operands room = operands();
    const int at = chunk * chunk_rows, first = span_first + at, rows = smaller(chunk_rows, layer.rows - first);
    Scratch part{scratch, room.size + worker * worker_bytes()};
    E *values = part.take<E>(chunk_rows * scratch_stride<E>(wider()));
    auto store = [&](const RowPanels<P> &to, const float *from, int columns) {
      const int64_t stride = scratch_stride<E>(columns);
      take_rows(values, stride, from + (int64_t)first * columns, rows, columns);
      store_operand(to, at, values, stride, rows, columns);
    };
    store(room.dy, dy, layer.outputs);
    store(room.x, x, layer.inputs);
  }

  /// The second phase of a span.
  struct Weights {
    const WeightGradient<P> gradient;
    int64_t steps;
    void operator()(int piece, int) const { gradient.run(piece, steps); }
  };

  static int64_t forward_scratch(const ck_linear_layer &layer, int threads) {
    return LinearProduct<P>::worker_bytes(layer.inputs) * threads;
  }

  static void forward(const ck_threads *threads, const ck_linear_layer &l, const float *x, float *y, char *scratch) {
    LinearProduct<P>{l.rows, l.inputs, l.outputs, (const Packed *)l.layer.weight, l.layer.bias, x, y, scratch}.run(
        threads);
  }

  static int64_t backward_scratch(const ck_linear_layer &layer, int threads) {
    const LinearLayer none{layer, nullptr, nullptr, nullptr};
    return none.operands().size + none.worker_bytes() * threads;
  }

  static void backward(const ck_threads *threads, const ck_linear_layer &l, const float *x, const float *dy, float *dx,
                       const ck_linear_gradients &gradients, char *scratch) {
    LinearLayer layer{l, x, dy, scratch};
    const Operands room = layer.operands();
    for (; layer.span_first < l.rows; layer.span_first += span * chunk_rows) {
      const int rows = smaller(l.rows - layer.span_first, span * chunk_rows);
      for_pieces(threads, chunks_of(rows), layer);
      Weights weights{{room.dy, room.x, l.outputs, l.inputs, gradients.weight, gradients.bias},
                      (rows + P::rows_per_step - 1) / P::rows_per_step};
      for_pieces(threads, weights.gradient.pieces(), weights);
    }
    if (!dx) return;
    LinearProduct<P>{l.rows, l.outputs, l.inputs, (const Packed *)l.layer.back, nullptr, dy, dx, scratch + room.size}
        .run(threads);
  }
};
