// Where the patches of an embedding lie: patch after patch of a map, map after map.
//
// A patch's D values are runs of contiguous ones: of tokens r runs of r·inputs, of planes inputs·r runs of r.
#pragma once

struct EmbeddedPatches {
  int samples, height, width, inputs, r, down, across;
  bool planes;

  explicit EmbeddedPatches(const ck_embedding &e)
      : samples(e.samples),
        height(e.height),
        width(e.width),
        inputs(e.inputs),
        r(e.patch),
        down(e.height / e.patch),
        across(e.width / e.patch),
        planes(e.layout == CK_PLANES) {}

  int depth() const { return inputs * r * r; }
  int64_t rows() const { return (int64_t)samples * down * across; }
  int64_t size() const { return (int64_t)samples * height * width * inputs; }
  bool cover_all() const { return down * r == height && across * r == width; }

  /// A patch's values: `planes` times r runs, from `first` on.
  struct Runs {
    int64_t first, along_planes, along_rows;
    int planes, r, length;
  };
  Runs operator[](int64_t row) const {
    const int64_t sample = row / (down * across), maps = sample * inputs * height * width;
    const int patch = (int)(row % (down * across));
    const int64_t token = (int64_t)(patch / across * r) * width + patch % across * r;
    if (planes) return {maps + token, (int64_t)height * width, width, inputs, r, r};
    return {maps + token * inputs, 0, (int64_t)width * inputs, 1, r, r * inputs};
  }

  /// The values of a patch in a row of a product, with a zero after them. The row has room for a vector more.
  template <class E>
  void gather(const float *x, int64_t row, E *to) const {
    const Runs runs = (*this)[row];
    // Whole vectors where x has them, since stores of some lanes are slow; what is too much, the next run overwrites.
    const int64_t whole = rounded_up(runs.length, W);
    for (int plane = 0; plane < runs.planes; plane++)
      for (int i = 0; i < runs.r; i++, to += runs.length) {
        const int64_t at = runs.first + plane * runs.along_planes + i * runs.along_rows;
        const int count = at + whole <= size() ? (int)whole : runs.length;
        for (int j = 0; j < count; j += W) {
          const int n = lanes_at(j, count);
          store_lanes(to + j, load_lanes(x + at + j, n), n);
        }
      }
    *to = E{};
  }

  /// A row's values to where the patch's lie.
  void scatter(const float *from, int64_t row, float *x) const {
    const Runs runs = (*this)[row];
    for (int plane = 0; plane < runs.planes; plane++)
      for (int i = 0; i < runs.r; i++, from += runs.length) {
        float *to = x + runs.first + plane * runs.along_planes + i * runs.along_rows;
        for (int j = 0; j < runs.length; j += W) {
          const int n = lanes_at(j, runs.length);
          store_lanes(to + j, load_lanes(from + j, n), n);
        }
      }
  }
};
