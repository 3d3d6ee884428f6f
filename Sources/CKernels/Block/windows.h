// The order of rows in local attention: the windows of the kept samples, one after the other, each w·w rows.
//
// A map [H, W] is cut into ⌈H/w⌉ × ⌈W/w⌉ windows; rows past its right and bottom edge are padding: no token.
#pragma once

inline constexpr int64_t padding = -1;

struct Windows {
  const ck_samples &samples;
  int channels, height, width, side, down, across;

  Windows(const ck_local_attention &attention, const ck_samples &samples)
      : samples(samples),
        channels(attention.channels),
        height(attention.height),
        width(attention.width),
        side(attention.side),
        down((attention.height + attention.side - 1) / attention.side),
        across((attention.width + attention.side - 1) / attention.side) {}

  int area() const { return side * side; }
  int64_t count() const { return (int64_t)samples.kept_count * down * across; }

  /// The elements before each row of a window in a [count · H·W, C] matrix, or `padding`.
  void offsets(int64_t window, int64_t *result) const {
    const int64_t image = window / (down * across);
    const int64_t sample = samples.kept ? samples.kept[image] : image;
    const int top = (int)(window % (down * across)) / across * side, left = (int)(window % across) * side;
    for (int y = top; y < top + side; y++)
      for (int x = left; x < left + side; x++)
        *result++ = y < height && x < width ? ((sample * height + y) * width + x) * channels : padding;
  }
};

/// Windows that go through a half together: about as many rows as a chunk has.
CK_INLINE int windows_at_once(int area) { return area >= chunk_rows ? 1 : (chunk_rows + area / 2) / area; }
