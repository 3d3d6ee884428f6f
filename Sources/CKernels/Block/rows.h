// The rows of a batch that a branch is computed for: those of the kept samples, numbered consecutively.
#pragma once

inline constexpr int chunk_rows = 96;  // rows that go through a half together: 16 tiles, and what they need stays in L2

CK_INLINE bool all_kept(const ck_samples &samples) { return samples.kept_count == samples.count; }

/// The first element of compact row `row` in a [count · tokens, C] matrix.
CK_INLINE int64_t kept_offset(const ck_samples &samples, int64_t row, int channels) {
  if (all_kept(samples)) return row * channels;
  const int64_t sample = samples.kept[row / samples.tokens];
  return (sample * samples.tokens + row % samples.tokens) * channels;
}

CK_INLINE int64_t kept_rows(const ck_samples &samples) { return (int64_t)samples.kept_count * samples.tokens; }
CK_INLINE int chunks_of(int64_t rows) { return (int)((rows + chunk_rows - 1) / chunk_rows); }

/// Copies the rows of the samples that are not kept, a sample a piece.
struct CopyDropped {
  const ck_samples &samples;
  int channels;
  const float *from;
  float *to;

  void operator()(int sample, int) {
    for (int i = 0; i < samples.kept_count; i++)
      if (samples.kept[i] == sample) return;
    const int64_t size = (int64_t)samples.tokens * channels;
    __builtin_memcpy(to + sample * size, from + sample * size, (size_t)size * sizeof *to);
  }
};

inline void copy_dropped(const ck_threads *threads, const ck_samples &samples, int channels, const float *from,
                         float *to) {
  if (from == to || all_kept(samples)) return;
  CopyDropped copy{samples, channels, from, to};
  for_pieces(threads, samples.count, copy);
}

/// Elements from one row to the next of a matrix in scratch memory: whole cache lines and one more, so that the rows of
/// a tile do not fall into the same set of the cache.
template <class T>
CK_INLINE int64_t scratch_stride(int columns) {
  constexpr int line = 64 / sizeof(T);
  return rounded_up(columns, line) + line;
}

/// Scratch memory handed out part by part, each on a cache line of its own; with a null base it counts bytes.
///
/// Under the address sanitizer a cache line that nobody may touch follows each part.
struct Scratch {
  char *base;
  int64_t used = 0;

  template <class T>
  T *take(int64_t count) {
    const int64_t size = count * (int64_t)sizeof(T), whole = rounded_up(size, 64) + CK_FENCE;
    char *part = base ? base + used : nullptr;
    used += whole;
    if (part) fence(part, (size_t)size, (size_t)whole);
    return (T *)part;
  }
};
