// Pillow's `Image.transform` with `AFFINE`, in doubles and with the operations in Pillow's order, since each
// rounds.
#pragma once

/// An image of four bytes a pixel with its border pixels repeated around it, so that interpolation needs no
/// bounds checks.
struct padded {
  const uint8_t *origin;  // the top left pixel of the image itself
  ptrdiff_t stride;
};

enum { RIM = CI_MOVE_RIM };

static void pad_row(const uint8_t *rgb, int32_t width, uint8_t *row) {
  int32_t x = 0;
  for (; x + ROOM <= width; x += 4) {
    const colors4 pixels = load_pixels(rgb + (size_t)x * 3);
    memcpy(row + 4 * x, &pixels, sizeof pixels);
  }
  for (; x < width; x++) {
    memcpy(row + 4 * x, rgb + (size_t)x * 3, 3);
    row[4 * x + 3] = 0;
  }
  for (int step = 1; step <= RIM; step++) {
    memcpy(row - 4 * step, row, 4);
    memcpy(row + 4 * (width - 1 + step), row + 4 * (width - 1), 4);
  }
}

static struct padded pad(const uint8_t *rgb, int32_t width, int32_t height, uint8_t *memory) {
  const size_t stride = 4 * ((size_t)width + 2 * RIM);
  uint8_t *origin = memory + RIM * stride + 4 * RIM;
  for (int32_t y = 0; y < height; y++) pad_row(rgb + (size_t)y * (size_t)width * 3, width, origin + (size_t)y * stride);
  uint8_t *first = origin - 4 * RIM, *last = first + (size_t)(height - 1) * stride;
  for (int step = 1; step <= RIM; step++) {
    memcpy(first - (size_t)step * stride, first, stride);
    memcpy(last + (size_t)step * stride, last, stride);
  }
  return (struct padded){origin, (ptrdiff_t)stride};
}

CI_INLINE color tap(const uint8_t *pixel) {
  bytes4 bytes;
  memcpy(&bytes, pixel, sizeof bytes);
  return __builtin_convertvector(bytes, color);
}

// Cubic interpolation with a = -1.
CI_INLINE color cubic(color v1, color v2, color v3, color v4, double d) {
  const color p2 = v3 - v1;
  const color p3 = 2 * (v1 - v2) + v3 - v4;
  const color p4 = v2 - v1 - v3 + v4;
  return v2 + d * (p2 + d * (p3 + d * p4));
}

/// The same for four pixels, each with its own `d`. Differences of levels are integers, so only the products
/// round.
CI_INLINE colors16 wide_cubic(bytes16 first, bytes16 second, bytes16 third, bytes16 fourth, color d) {
  const steps16 v1 = __builtin_convertvector(first, steps16), v2 = __builtin_convertvector(second, steps16);
  const steps16 v3 = __builtin_convertvector(third, steps16), v4 = __builtin_convertvector(fourth, steps16);
  const colors16 p2 = __builtin_convertvector(v3 - v1, colors16);
  const colors16 p3 = __builtin_convertvector(2 * (v1 - v2) + v3 - v4, colors16);
  const colors16 p4 = __builtin_convertvector(v2 - v1 - v3 + v4, colors16);
  const colors16 each = __builtin_shufflevector(d, d, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return __builtin_convertvector(v2, colors16) + each * (p2 + each * (p3 + each * p4));
}

CI_INLINE color cubic_at(const uint8_t *pixel, ptrdiff_t step, double d) {
  return cubic(tap(pixel - step), tap(pixel), tap(pixel + step), tap(pixel + 2 * step), d);
}

/// Interpolates the four rows around a pixel together, then the four results vertically.
CI_INLINE color square_at(const uint8_t *pixel, ptrdiff_t stride, double dx, double dy) {
  colors4 square[4];
  CI_UNROLL for (int i = 0; i < 4; i++) memcpy(square + i, pixel + (i - 1) * stride - 4, sizeof square[i]);
  transpose(square);
  const color zero = {0};
  const colors16 rows =
      wide_cubic((bytes16)square[0], (bytes16)square[1], (bytes16)square[2], (bytes16)square[3], zero + dx);
  return cubic(__builtin_shufflevector(rows, rows, 0, 1, 2, 3), __builtin_shufflevector(rows, rows, 4, 5, 6, 7),
               __builtin_shufflevector(rows, rows, 8, 9, 10, 11), __builtin_shufflevector(rows, rows, 12, 13, 14, 15),
               dy);
}

// Where a row or column is hit exactly its neighbours have no weight, as mostly in shear and translation.
CI_INLINE color bicubic_at(const uint8_t *pixel, ptrdiff_t stride, double dx, double dy) {
  if (dy == 0) return cubic_at(pixel, 4, dx);
  if (dx == 0) return cubic_at(pixel, stride, dy);
  return square_at(pixel, stride, dx, dy);
}

CI_INLINE color bilinear_at(const uint8_t *pixel, ptrdiff_t stride, double dx, double dy) {
  const color top = tap(pixel) + (tap(pixel + 4) - tap(pixel)) * dx;
  const color bottom = tap(pixel + stride) + (tap(pixel + stride + 4) - tap(pixel + stride)) * dx;
  return top + (bottom - top) * dy;
}

CI_INLINE void store_color(color value, uint8_t *rgb) {
  const color zero = {0};
  value = __builtin_elementwise_min(__builtin_elementwise_max(value, zero), zero + 255);
  const bytes4 levels = __builtin_convertvector(value, bytes4);
  memcpy(rgb, &levels, 3);
}

/// Where a pixel comes from: the pixel at or before it, and the distance beyond that one.
struct place {
  ptrdiff_t column, line;
  double dx, dy;
};

// Truncation equals the floor except just below zero.
CI_INLINE struct place place_of(double x, double y) {
  x -= 0.5;
  y -= 0.5;
  const ptrdiff_t column = x < 0 ? -1 : (ptrdiff_t)x, line = y < 0 ? -1 : (ptrdiff_t)y;
  return (struct place){column, line, x - (double)column, y - (double)line};
}

CI_INLINE int is_inside(double x, double y, int32_t width, int32_t height) {
  return x >= 0 && x < width && y >= 0 && y < height;
}

CI_INLINE void move_pixel(struct padded source, double x, double y, int32_t width, int32_t height, ci_filter filter,
                          uint8_t *rgb) {
  if (!is_inside(x, y, width, height)) {
    memcpy(rgb, ci_move_fill, 3);
    return;
  }
  const struct place at = place_of(x, y);
  const uint8_t *pixel = source.origin + at.line * source.stride + 4 * at.column;
  store_color(filter == CI_BICUBIC ? bicubic_at(pixel, source.stride, at.dx, at.dy)
                                   : bilinear_at(pixel, source.stride, at.dx, at.dy),
              rgb);
}

CI_INLINE int all_of(places4 conditions) { return __builtin_reduce_and(conditions) != 0; }

CI_INLINE places4 floor_of(color x) {
  const color zero = {0};
  return __builtin_convertvector(x, places4) + __builtin_convertvector(x < zero, places4);
}

CI_INLINE bytes16 pixels_at(const uint8_t *const pixel[4], ptrdiff_t offset) {
  colors4 pixels;
  CI_UNROLL for (int i = 0; i < 4; i++) {
    uint32_t four;
    memcpy(&four, pixel[i] + offset, sizeof four);
    pixels[i] = four;
  }
  return (bytes16)pixels;
}

/// Computes four pixels that come from neighbours in a row, or from the centres of columns; returns 0 where
/// they do not.
CI_INLINE int move_run(struct padded source, color x, color y, uint8_t *rgb) {
  const places4 one_each = {0, 1, 2, 3}, none = {0};
  x -= 0.5;
  y -= 0.5;
  const places4 column = floor_of(x), line = floor_of(y);
  const color dx = x - __builtin_convertvector(column, color), dy = y - __builtin_convertvector(line, color);
  const color zero = {0};
  const ptrdiff_t stride = source.stride;
  colors16 values;
  if (all_of(__builtin_convertvector(dy == zero, places4) & (column == none + column[0] + one_each) &
             (line == none + line[0]))) {
    const uint8_t *pixel = source.origin + line[0] * stride + 4 * (ptrdiff_t)column[0];
    values = wide_cubic(load16(pixel - 4), load16(pixel), load16(pixel + 4), load16(pixel + 8), dx);
  } else if (all_of(__builtin_convertvector(dx == zero, places4))) {
    const uint8_t *pixel[4];
    CI_UNROLL for (int i = 0; i < 4; i++) pixel[i] = source.origin + line[i] * stride + 4 * (ptrdiff_t)column[i];
    values = wide_cubic(pixels_at(pixel, -stride), pixels_at(pixel, 0), pixels_at(pixel, stride),
                        pixels_at(pixel, 2 * stride), dy);
  } else {
    return 0;
  }
  const colors16 none16 = {0};
  values = __builtin_elementwise_min(__builtin_elementwise_max(values, none16), none16 + 255);
  store_last_pixels(rgb, (colors4)__builtin_convertvector(__builtin_convertvector(values, sums16), bytes16), 4);
  return 1;
}

static void move(uint8_t *rgb, int32_t width, int32_t height, ci_affine map, ci_filter filter, uint8_t *memory) {
  const struct padded source = pad(rgb, width, height, memory);
  // Only shear and translation have such runs.
  const int has_runs = filter == CI_BICUBIC && map.a == 1 && map.e == 1;
  const color places = {0.5, 1.5, 2.5, 3.5};
  for (int32_t row = 0; row < height; row++) {
    for (int32_t column = 0; column < width; column += 4) {
      const int32_t count = width - column < 4 ? width - column : 4;
      const color u = places + column, x = map.a * u + map.b * (row + 0.5) + map.c;
      const color y = map.d * u + map.e * (row + 0.5) + map.f;
      // Everything between two places inside the image is inside too.
      if (!(has_runs && count == 4 && is_inside(x[0], y[0], width, height) && is_inside(x[3], y[3], width, height) &&
            move_run(source, x, y, rgb))) {
        for (int i = 0; i < count; i++) move_pixel(source, x[i], y[i], width, height, filter, rgb + 3 * i);
      }
      rgb += 3 * count;
    }
  }
}
