// Forward of a patch embedding: y = LayerNorm(u), u = p Wᵀ + b, p the patches of x (embedding_patches.h).
//
// y [R, C] float32, p [R, D], W [C, D]. A piece is a chunk of patches. Saved as S: u's x̂ [R, C]; and 1/σ.
#pragma once

template <class S, class P>
struct EmbeddingForward {
  using E = typename P::Element;
  const ck_embedding &embedding;
  const EmbeddedPatches patches;
  const float *x;
  float *y;
  const ck_embedding_saved *saved;
  char *scratch;
  int64_t scratch_size;

  struct Room {
    E *values;
    float *embedded;
    int64_t size;
  };
  static Room room(const ck_embedding &embedding, char *base) {
    Scratch scratch{base};
    E *values = scratch.take<E>(chunk_rows * scratch_stride<E>(EmbeddedPatches(embedding).depth()));
    float *embedded = scratch.take<float>(chunk_rows * scratch_stride<float>(embedding.channels));
    return {values, embedded, scratch.used};
  }

  void operator()(int chunk, int worker) const {
    const Room room = EmbeddingForward::room(embedding, scratch + worker * scratch_size);
    const int64_t first = (int64_t)chunk * chunk_rows;
    const int rows = (int)smaller((int64_t)chunk_rows, patches.rows() - first);
    const int C = embedding.channels, D = patches.depth();
    const int64_t stride = scratch_stride<E>(D), embedded_stride = scratch_stride<float>(C);
    for (int row = 0; row < rows; row++) patches.gather(x, first + row, room.values + row * stride);
    ToRows<float> to_embedded{room.embedded, embedded_stride, embedding.projection.bias};
    gemm<P>(Strided<E>{room.values, stride}, rows, (const typename P::Packed *)embedding.projection.weight, C, D,
            to_embedded);
    const ck_norm &norm = embedding.norm;
    for (int row = 0; row < rows; row++) {
      S *hat = saved ? (S *)saved->normalized + (first + row) * C : nullptr;
      const float reciprocal = normalize<S>(room.embedded + row * embedded_stride, C, norm.epsilon, norm.gamma,
                                            norm.beta, y + (first + row) * C, hat);
      if (saved) saved->reciprocal[first + row] = reciprocal;
    }
  }

  static int64_t scratch_bytes(const ck_embedding &embedding, int threads) {
    return room(embedding, nullptr).size * threads;
  }

  static void run(const ck_threads *threads, const ck_embedding &embedding, const float *x, float *y,
                  const ck_embedding_saved *saved, char *scratch) {
    const EmbeddedPatches patches(embedding);
    EmbeddingForward forward{embedding, patches, x, y, saved, scratch, room(embedding, nullptr).size};
    for_pieces(threads, chunks_of(patches.rows()), forward);
  }
};
