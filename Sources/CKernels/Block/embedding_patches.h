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

  int runs() const { return planes ? inputs * r : r; }
  int run_length() const { return planes ? r : r * inputs; }

  /// The elements before run `run` of patch `row`.
  int64_t offset(int64_t row, int run) const {
    const int64_t sample = row / (down * across);
    const int patch = (int)(row % (down * across)), left = patch % across * r, top = patch / across * r + run % r;
    if (planes) return ((sample * inputs + run / r) * height + top) * width + left;
    return ((sample * height + top) * width + left) * inputs;
  }

  /// The values of a patch in a row of a product, with a zero after them. The row has room for a vector more.
  template <class E>
  void gather(const float *x, int64_t row, E *to) const {
    const int length = run_length();
    for (int run = 0; run < runs(); run++, to += length) {
      const int64_t at = offset(row, run);
      // Whole vectors where x has them, since stores of some lanes are slow; what is too much, the next run overwrites.
      const int beyond = at + rounded_up(length, W) > size() ? length : (int)rounded_up(length, W);
      for (int i = 0; i < length; i += W) {
        const int n = lanes_at(i, beyond);
        store_lanes(to + i, load_lanes(x + at + i, n), n);
      }
    }
    *to = E{};
  }

  /// A row's values to where the patch's lie.
  void scatter(const float *from, int64_t row, float *x) const {
    const int length = run_length();
    for (int run = 0; run < runs(); run++, from += length) {
      float *to = x + offset(row, run);
      for (int i = 0; i < length; i += W) {
        const int n = lanes_at(i, length);
        store_lanes(to + i, load_lanes(from + i, n), n);
      }
    }
  }
};
